"""Delimited text: encodings, records over several lines, and what is wrong with a row, in bounded memory.

Belongs here: from bytes to rows with the line that they begin on.
Does not: what a column means.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from transforms.sources.adapter import Row, TableAdapter
from transforms.sources.canonical import Rejected
from transforms.sources.streams import ByteSource, Damaged, LongLine, lines

RAW_LIMIT = 1 << 20
"""Bytes of a bad record that are kept."""

_HEADER_WITHIN = 20  # rows; an export's preamble is shorter
_DELIMITERS = (",", "\t", ";")
_ESCAPED = re.compile("[\udc80-\udcff]")


class Header(NamedTuple):
    """How a table is to be read.

    Attributes:
        adapter: whose export it is.
        encoding: of its bytes.
        delimiter: between its cells.
        preamble: rows before the header.
        row: the header.
    """

    adapter: TableAdapter
    encoding: str
    delimiter: str
    preamble: tuple[Row, ...]
    row: Row


class BadRow(NamedTuple):
    """A record that is no row of the table: its reason and its bytes."""

    reason: str
    raw: bytes


def find_header(head: bytes, adapters: Sequence[TableAdapter]) -> Header:
    """Finds whose export begins with these bytes.

    Args:
        head: whole lines from the beginning, without byte order mark.
        adapters: in the order in which they are asked.

    Raises:
        Rejected: `wrong_encoding` where no header is known and the bytes are no UTF-8, else `unknown_shape`.
    """
    encodings = dict.fromkeys(["utf-8", *(adapter.encoding for adapter in adapters)])
    for encoding in encodings:
        text = head.decode(encoding, "surrogateescape")
        for delimiter in _DELIMITERS:
            rows = _first_rows(text, delimiter)
            for number, row in enumerate(rows):
                for adapter in adapters:
                    if encoding in {"utf-8", adapter.encoding} and adapter.recognises(row):
                        return Header(adapter, encoding, delimiter, tuple(rows[:number]), row)
    try:
        head.decode()
    except UnicodeDecodeError:
        raise Rejected("wrong_encoding") from None
    raise Rejected("unknown_shape")


def _first_rows(text: str, delimiter: str) -> list[Row]:
    rows: list[Row] = []
    reader = csv.reader(iter(text.splitlines(keepends=True)[: 4 * _HEADER_WITHIN]), delimiter=delimiter)
    try:
        for row in reader:
            rows.append([cell.strip() for cell in row])
            if len(rows) == _HEADER_WITHIN:
                break
    except csv.Error:
        pass
    return rows


class _TextLines:
    """Feeds a CSV reader line by line and remembers what it has been fed since the last whole record."""

    def __init__(self, source: ByteSource, encoding: str) -> None:
        self._lines = lines(source)
        self._encoding = encoding
        self._taken: list[bytes] = []
        self._size = 0
        self.is_exhausted = False
        self.is_undecodable = False
        self.is_too_long = False
        self.count = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        try:
            line = next(self._lines)
        except StopIteration:
            self.is_exhausted = True
            raise
        self.count += 1
        if self._size < RAW_LIMIT:
            self._taken.append(line)
            self._size += len(line)
        if type(line) is LongLine:
            self.is_too_long = True
            return "\n"
        try:
            return line.decode(self._encoding) + "\n"
        except UnicodeDecodeError:
            self.is_undecodable = True
            return line.decode(self._encoding, "surrogateescape") + "\n"

    def begin_record(self) -> None:
        self._taken.clear()
        self._size = 0
        self.is_undecodable = self.is_too_long = False

    def raw(self) -> bytes:
        return b"\n".join(self._taken)[:RAW_LIMIT]


class TableRows:
    """The records after a table's header.

    Attributes:
        head: the bytes up to the end of the header, once a record was given.
    """

    def __init__(self, source: ByteSource, header: Header) -> None:
        self._fed = _TextLines(source, header.encoding)
        self._header = header
        self.head = b""

    def raw(self) -> bytes:
        """The bytes of the record given last, cut to `RAW_LIMIT`."""
        return self._fed.raw()

    def __iter__(self) -> Iterator[tuple[int, Row | BadRow]]:
        """Reads on.

        A record is set aside where its cells do not decode (`wrong_encoding`), where it has too few or too many of them
        (`column_count`; never shifted into the wrong columns), where a quote never closes (`unclosed_quote`) or stands
        where none may (`malformed_row`). Quotes are held to RFC 4180: read kindly, an open one joins two posts into one.

        Yields:
            Each record with the line that it begins on, from 1.

        Raises:
            Damaged: where the bytes break off, with the record that is cut as `rest`.
        """
        fed = self._fed
        reader = csv.reader(fed, delimiter=self._header.delimiter, strict=True)
        width = len(self._header.row)
        to_skip = len(self._header.preamble) + 1
        while True:
            start = fed.count + 1
            fed.begin_record()
            try:
                row = next(reader, None)
            except csv.Error as error:
                yield start, BadRow(_why_unreadable(fed, start, error), fed.raw())
                continue
            except Damaged as damage:
                damage.rest = b"\n".join(part for part in (fed.raw(), damage.rest) if part)
                raise
            if row is None:
                return
            if to_skip:
                to_skip -= 1
                self.head += fed.raw() + b"\n"
            elif len(row) == width and not fed.is_undecodable:
                yield start, row
            elif row and (reason := _why_bad(fed, row, width)):
                yield start, BadRow(reason, fed.raw())


def _why_unreadable(fed: _TextLines, start: int, error: csv.Error) -> str:
    if fed.is_too_long:
        return "line_too_long"
    if fed.count > start or fed.is_exhausted:  # it went on into the next lines in search of the quote's end
        return "unclosed_quote"
    return "text_too_long" if "field larger" in str(error) else "malformed_row"


def _why_bad(fed: _TextLines, row: Row, width: int) -> str:
    if fed.is_too_long:
        return "line_too_long"
    if fed.is_undecodable and any(_ESCAPED.search(cell) for cell in row):
        return "wrong_encoding"
    return "column_count" if len(row) != width else ""
