"""Plain CSV, JSON and Parquet files by a mapping of columns, for sources that no platform module knows.

Belongs here: what a mapping may say, and posts by it.
Does not: reading the mapping from a configuration file.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, BinaryIO, Final, Literal, NamedTuple, cast, get_args

import pyarrow as pa
import pyarrow.parquet as pq

from transforms.posts import REMOVALS, EventType, Post, Source
from transforms.sources.adapter import JsonAdapter, Records, Row, RowReader, Siblings, TableAdapter
from transforms.sources.canonical import (
    Rejected,
    as_id,
    clean_text,
    html_to_text,
    language,
    required_author,
    required_id,
    stars,
)
from transforms.sources.exports import platform
from transforms.sources.times import epoch_seconds, iso_seconds, local_seconds

TimeUnit = Literal["iso", "seconds", "milliseconds", "microseconds"]
Markup = Literal["plain", "html"]

FIELDS: Final = (
    "source", "post_id", "author_id", "created_at", "text", "lang", "event_type", "reply_to_id", "thread_id", "rating",
    "place_name", "place_id", "author_official", "changed_at",
)  # fmt: skip
_REQUIRED: Final = ("post_id", "created_at", "text")
_NAMELESS: Final = frozenset({"qa", "google_review", "bbs", "blog"})  # where a post may have no author's id
_EVENTS: Final = frozenset(get_args(EventType))
_PER_SECOND: Final[Mapping[str, int]] = MappingProxyType(
    {"seconds": 1, "milliseconds": 1_000, "microseconds": 1_000_000}
)
_YES: Final = frozenset({"true", "1", "yes", "t"})
_NO: Final = frozenset({"false", "0", "no", "f"})
_NO_VALUES: Final[Mapping[str, Source]] = MappingProxyType({})
_BATCH: Final = 4_096


class ColumnMapping(NamedTuple):
    """How the columns of a plain file are called. Columns that it does not name are never read.

    Attributes:
        columns: column by canonical field (`FIELDS`); in JSON a path with dots, `user.id`. `post_id`, `created_at` and
            `text` are needed.
        source: the platform of all rows; None if a column tells.
        source_values: platform by the value of the `source` column; names that exports commonly use are known.
        zone: of times that are written without one; None if such times are to be refused.
        times: how times are written.
        markup: how texts are written.
        encoding: of delimited text without byte order mark that is not UTF-8.
    """

    columns: Mapping[str, str]
    source: Source | None = None
    source_values: Mapping[str, Source] = _NO_VALUES
    zone: dt.tzinfo | None = None
    times: TimeUnit = "iso"
    markup: Markup = "plain"
    encoding: str = "cp932"

    def check(self) -> None:
        """Tells what is wrong with the mapping itself.

        Raises:
            ValueError: one line, naming the field.
        """
        unknown = sorted(set(self.columns) - set(FIELDS))
        if unknown:
            raise ValueError(f"columns: {unknown[0]!r} is no field of a post (known: {', '.join(FIELDS)})")
        missing = [name for name in _REQUIRED if name not in self.columns]
        if missing:
            raise ValueError(f"columns: {missing[0]!r} is missing")
        if self.source is None and "source" not in self.columns:
            raise ValueError("source: give a platform, or a column that tells it")
        if self.source not in _NAMELESS and self.source is not None and "author_id" not in self.columns:
            raise ValueError(
                "columns: 'author_id' is missing: without it an account's deletion could not be followed"
            )

    def json_adapter(self) -> JsonAdapter:
        """The adapter for JSON records of this mapping."""
        paths = {field: column.split(".") for field, column in self.columns.items()}

        def recognises(value: Any) -> bool:
            return type(value) is dict and paths["post_id"][0] in value

        def records(value: Any, _: Siblings) -> Records:
            if type(value) is not dict:
                raise Rejected("wrong_shape")
            return (self._post(lambda field: _by_path(value, paths.get(field, ()))),)

        return JsonAdapter("mapped", "mapped", recognises, records)

    def table_adapter(self) -> TableAdapter:
        """The adapter for delimited text of this mapping."""
        wanted = set(self.columns.values())

        def reader(header: Row, _: Sequence[Row]) -> RowReader:
            places = {field: header.index(column) for field, column in self.columns.items()}

            def read(row: Row) -> Post:
                return self._post(lambda field: row[places[field]] or None if field in places else None)

            return read

        return TableAdapter("mapped", "mapped", lambda row: wanted <= set(row), reader, self.encoding)

    def _post(self, cell: Callable[[str], Any]) -> Post:
        named = str(cell("source") or "")
        source = self.source or self.source_values.get(named) or platform(named)
        event = cell("event_type") or "create"
        if event not in _EVENTS:
            raise Rejected("unknown_event")
        event = cast("EventType", event)
        if event in REMOVALS:
            post_id, author_id = as_id(cell("post_id")), as_id(cell("author_id"))
            if post_id is None and author_id is None:
                raise Rejected("bad_id")
            return Post(
                source, post_id, author_id, self._time_or_none(cell("created_at")), None, event_type=event
            )
        author = as_id if source in _NAMELESS else required_author
        changed_at = cell("changed_at")
        return Post(
            source,
            required_id(cell("post_id")),
            author(cell("author_id")),
            self._time(cell("created_at")),
            html_to_text(cell("text")) if self.markup == "html" else clean_text(cell("text")),
            language(cell("lang")),
            event,
            as_id(cell("reply_to_id")),
            as_id(cell("thread_id")),
            stars(cell("rating")),
            clean_text(cell("place_name")),
            as_id(cell("place_id")),
            _truth(cell("author_official")),
            None if changed_at is None else self._time(changed_at),
        )

    def _time(self, value: object) -> int:
        if self.times != "iso":
            if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
                value = int(value)
            return epoch_seconds(value, _PER_SECOND[self.times])
        try:
            return iso_seconds(value)
        except Rejected:
            if self.zone is None:
                raise
            local = dt.datetime.fromtimestamp(local_seconds(value, 0), dt.UTC)
            return int(local.replace(tzinfo=self.zone).timestamp())

    def _time_or_none(self, value: object) -> int | None:
        """The time of a removal, which is followed whatever its time says."""
        try:
            return self._time(value)
        except Rejected:
            return None


def _by_path(value: Any, path: Sequence[str]) -> Any:
    if not path:
        return None
    for name in path:
        if type(value) is not dict:
            return None
        value = value.get(name)
    return value


def _truth(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower() if value is not None else ""
    return True if word in _YES else False if word in _NO else None


def parquet_rows(stream: BinaryIO, mapping: ColumnMapping) -> Iterator[dict[str, Any]]:
    """The rows of a Parquet file, of the mapped columns only, batch by batch.

    Args:
        stream: the file, seekable.
        mapping: whose columns are read; times of a timestamp type are given as ISO texts in UTC.

    Raises:
        Rejected: `corrupt_parquet`; `unknown_shape` where a mapped column is not there.
    """
    try:
        file = pq.ParquetFile(stream)
        wanted = sorted({column.split(".")[0] for column in mapping.columns.values()})
        if not set(wanted) <= set(file.schema_arrow.names):
            raise Rejected("unknown_shape")
        for batch in file.iter_batches(batch_size=_BATCH, columns=wanted):
            table = pa.Table.from_batches([batch])
            for index, field in enumerate(table.schema):
                if pa.types.is_timestamp(field.type):
                    table = table.set_column(index, field.name, _as_iso(table.column(index)))
            yield from table.to_pylist()
    except (pa.ArrowException, OSError):
        raise Rejected("corrupt_parquet") from None


def _as_iso(column: pa.ChunkedArray) -> pa.ChunkedArray:
    zone = "Z" if column.type.tz else ""
    texts = [
        None if moment is None else f"{moment.isoformat(sep='T', timespec='seconds')[:19]}{zone}"
        for moment in column.cast(pa.timestamp("s", column.type.tz and "UTC"), safe=False).to_pylist()
    ]
    return pa.chunked_array([pa.array(texts, pa.string())])
