"""Taking rows out of the plain Parquet files of staging/ and restricted/.

Belongs here: finding files with rows of posts, scanning their keys, rewriting them without some rows.
Does not: deciding which rows go (`erasure`, `retention`); encrypted files (`vault`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from orchestration.zones import atomic_file

SCAN_ROWS: Final = 262_144
_IDENTITY_COLUMNS: Final = ("post_key", "author_key", "key_id", "posted_on", "arrived_on", "reviewed_on")

RowTest = Callable[[pa.RecordBatch], pa.BooleanArray]
"""Which rows of a batch go. It sees the columns `post_key`, `author_key`, `key_id`, `posted_on`, `arrived_on`, `reviewed_on`,
where a file has them, and may see others."""


class Removed(NamedTuple):
    """What was taken out of a file.

    Attributes:
        rows: how many rows.
        posted_days: their days of writing, where the file has them.
    """

    rows: int
    posted_days: set[date]


def parquet_files(directory: Path) -> list[Path]:
    """Whole Parquet files below a folder that have rows of posts (a column `post_key`), sorted."""
    paths = sorted(path for path in directory.rglob("*.parquet") if not path.name.startswith("."))
    return [path for path in paths if "post_key" in pq.read_schema(path).names]


def arrived_on(path: Path) -> date | None:
    """The day of arrival that a file's folder names."""
    for part in path.parts:
        if part.startswith("arrived_on="):
            return date.fromisoformat(part.removeprefix("arrived_on="))
    return None


def scan(path: Path, gone: RowTest) -> list[pa.RecordBatch]:
    """The rows of a file that go, by the columns that identify rows; no others are read."""
    found: list[pa.RecordBatch] = []
    with pq.ParquetFile(path) as file:
        present = [name for name in _IDENTITY_COLUMNS if name in file.schema_arrow.names]
        for rows in file.iter_batches(SCAN_ROWS, columns=present):
            going = rows.filter(gone(rows))
            if going.num_rows:
                found.append(going)
    return found


def rewrite_without(path: Path, gone: RowTest) -> Removed:
    """Rewrite a file without some rows, in one step; it is left alone where none of them is in it."""
    going = scan(path, gone)
    if going:
        _rewrite(path, gone)
    return Removed(count(going), posted_days(going))


def count(parts: Iterable[pa.RecordBatch]) -> int:
    """Rows in all."""
    return sum(part.num_rows for part in parts)


def posted_days(parts: Iterable[pa.RecordBatch]) -> set[date]:
    """Days of writing of the rows."""
    return {
        day
        for part in parts
        if "posted_on" in part.schema.names
        for day in part["posted_on"].unique().to_pylist()
    }


def _rows(path: Path) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(path) as file:
        yield from file.iter_batches(SCAN_ROWS)


def _rewrite(path: Path, gone: RowTest) -> None:
    with (
        atomic_file(path) as file,
        pq.ParquetWriter(file, pq.read_schema(path), compression="zstd") as writer,
    ):
        for rows in _rows(path):
            writer.write_batch(rows.filter(pc.invert(gone(rows))))
