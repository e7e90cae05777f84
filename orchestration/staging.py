"""Staging on disk: one Parquet file a day of arrival and kind, replaced as a whole.

Belongs here: where a day's file lies, writing it atomically with its schema checked, reading days back.
Does not: what the columns mean (`transforms.posts`), computing them (`transforms.staging`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.zones import atomic_file

FACTS_SCHEMA = pa.schema(
    [
        pa.field("arrived_on", pa.date32(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("fact", pa.string(), nullable=False),
        pa.field("value", pa.float64(), nullable=False),
    ]
)
"""Numbers about a day's load, for the quality mart: posts_in, rejected:<reason>, redacted:<TYPE>, …"""


def day_file(folder: Path, day: date, name: str = "part.parquet") -> Path:
    """Path of a day's file."""
    return folder / f"arrived_on={day.isoformat()}" / name


def write_table(path: Path, table: pa.Table) -> None:
    """Replace a file, private, so that a crash leaves the old one or the new one."""
    with atomic_file(path) as file:
        pq.write_table(table, file, compression="zstd")


def write_day(folder: Path, day: date, table: pa.Table, schema: pa.Schema, name: str = "part.parquet") -> int:
    """Replace a day's file.

    Args:
        folder: of the kind, e.g. staging/redacted.
        day: of arrival.
        table: the rows; must have exactly the schema's columns.
        schema: to cast to.
        name: file name within the day.

    Returns:
        Rows written.

    Raises:
        pyarrow.ArrowInvalid: the table does not fit the schema.
    """
    write_table(day_file(folder, day, name), table.select(schema.names).cast(schema))
    return int(table.num_rows)


def read_day(
    folder: Path, day: date, columns: list[str] | None = None, name: str = "part.parquet"
) -> pa.Table | None:
    """Read a day's file, None if there is none."""
    path = day_file(folder, day, name)
    return pq.read_table(path, columns=columns, partitioning=None) if path.exists() else None


def fitted(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """A table of an earlier version of Koe as the present one writes it: columns that it did not know are empty.

    Args:
        table: as read.
        schema: the present one.

    Returns:
        Exactly the schema's columns.

    Raises:
        ValueError: a column that may not be empty is missing.
    """
    known = [
        table[field.name] if field.name in table.column_names else pa.nulls(table.num_rows, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(known, names=schema.names).cast(schema)


def read_days(
    folder: Path, days: Iterable[date], columns: list[str] | None = None
) -> Iterator[tuple[date, pa.Table]]:
    """Read the days that have a file, one after the other."""
    for day in days:
        table = read_day(folder, day, columns)
        if table is not None:
            yield day, table
