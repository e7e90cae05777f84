"""From the bytes of one file to posts and quarantined records: the driver that all adapters share.

Belongs here: telling what a file is, walking its lines, documents, events or rows, and the rules that every record
meets (length, time, repeats within the file).
Does not: what a platform's fields mean (`platforms`), files and folders, My Numbers (`__init__` strips them).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, BinaryIO

import ijson

from transforms.posts import Post, Quarantined
from transforms.sources import json_values, registry, tables
from transforms.sources.adapter import NO_SIBLINGS, JsonAdapter, Records, Siblings
from transforms.sources.canonical import Refused, Rejected
from transforms.sources.mapped import ColumnMapping, parquet_rows
from transforms.sources.streams import (
    MAX_LINE,
    ByteSource,
    Damaged,
    LongLine,
    UnendedLine,
    as_utf8,
    begins_binary,
    expand,
    lines,
    looks_binary,
)
from transforms.sources.tables import RAW_LIMIT

_HEAD = 1 << 16
_HEAD_LINES = 200
_FUTURE = 86_400  # seconds past the time of loading that a clock may be ahead
# Records of one file that are remembered to drop repeats; later ones `identity` drops.
_REPEATS_WITHIN = 200_000
_SSE = re.compile(rb"(?:\A|\n)(?:event|data|id|retry):|\A:", re.ASCII)
# What an adapter may stumble over in a value of a type that no documentation mentions.
_UNFORESEEN = (TypeError, KeyError, IndexError, AttributeError, ValueError, OverflowError, RecursionError)
_KEPT = frozenset({"create", "edit"})


class Reading:
    """Iterates over the records of one file, once.

    Attributes:
        shape: whose payload it is; None until it is known.
        line: line on which the record that was given last begins, from 1; None where the payload has no lines. Within a
            zip, of its member.
        context: what has to stand before a record that was set aside so that it can be read again: a table's header.
        repeats: exact repeats that were dropped.
        is_whole: False where the bytes end early or are corrupt. Such a file is to be delivered again.
    """

    def __init__(
        self,
        stream: BinaryIO,
        *,
        loaded_at: int,
        family: str | None = None,
        siblings: Siblings = NO_SIBLINGS,
        mapping: ColumnMapping | None = None,
    ) -> None:
        """Prepares the reading; nothing is read yet.

        Args:
            stream: the file's bytes; seekable where it may be a zip or Parquet.
            loaded_at: Unix seconds at which the run loads; a post more than a day later is refused.
            family: the landing folder's name, which decides where the content alone does not.
            siblings: facts from other files of the folder.
            mapping: how the columns of a plain table, JSON or Parquet file are called; asked before the adapters.
        """
        self.shape: str | None = None
        self.line: int | None = None
        self.context = b""
        self.repeats = 0
        self.is_whole = True
        self._stream = stream
        self._horizon = loaded_at + _FUTURE
        self._family = family
        self._siblings = siblings
        self._mapping = mapping
        self._seen: dict[object, int] = {}

    def __iter__(self) -> Iterator[Post | Quarantined]:
        """Reads on.

        Yields:
            Posts and events, and what was set aside, in the order of the file.
        """
        try:
            for source in expand(self._stream):
                yield from self._payload(as_utf8(source))
        except Damaged as damage:
            yield self._damaged(damage, None)

    def _payload(self, source: ByteSource) -> Iterator[Post | Quarantined]:
        self.line = None
        self.context = b""
        head = _first_words(source)
        if not head.strip():
            yield (
                self._damaged(source.damage, None) if source.damage else Quarantined(None, "empty_file", b"")
            )
            return
        try:
            yield from self._by_shape(source, head)
        except Rejected as rejected:
            self.line = None
            yield Quarantined(None, rejected.reason, head[:RAW_LIMIT])

    def _by_shape(self, source: ByteSource, head: bytes) -> Iterator[Post | Quarantined]:
        if head.startswith(b"PAR1"):
            return self._parquet()
        if begins_binary(head):
            raise Rejected("not_text")
        adapter = self._adapter_by_lines(source)
        if adapter is not None:
            return self._json_lines(source, adapter)
        if head.lstrip()[:1] in {b"{", b"["}:
            return self._document(source)
        if looks_binary(head):
            raise Rejected("not_text")
        if _SSE.search(head[:4096]):
            return self._events(source)
        if head.lstrip()[:1] == b"<":
            raise Rejected("invalid_json")  # an error page in place of an answer
        return self._table(source)

    # -- JSON ------------------------------------------------------------------------------------------------------

    def _adapters(self) -> Iterable[JsonAdapter]:
        known = registry.json_adapters(self._family)
        return known if self._mapping is None else (self._mapping.json_adapter(), *known)

    def _recognise(self, value: object) -> JsonAdapter | None:
        return next((adapter for adapter in self._adapters() if adapter.recognises(value)), None)

    def _adapter_by_lines(self, source: ByteSource) -> JsonAdapter | None:
        """Whose JSON lines these are, judged by the first lines that tell; None if they are no JSON lines."""
        size = _HEAD
        head = source.peek(size)
        while b"\n" not in head.lstrip() and len(head) == size and size < MAX_LINE:
            size *= 4
            head = source.peek(size)
        candidates = head.split(b"\n")
        if len(head) == size:
            candidates.pop()  # cut by the look, not by the file
        looked_at = [line for line in islice(candidates, _HEAD_LINES) if line.strip()]
        is_lines = False
        for number, line in enumerate(looked_at):
            if line.lstrip()[:1] not in {b"{", b"["}:
                continue
            try:
                value = json_values.loads(line)
            except Rejected:
                continue
            adapter = self._recognise(value)
            if adapter is not None:
                return adapter
            is_lines = is_lines or (number == 0 and bool(value) and len(looked_at) > 1)
        if is_lines:
            raise Rejected("unknown_shape")
        return None

    def _json_lines(self, source: ByteSource, adapter: JsonAdapter) -> Iterator[Post | Quarantined]:
        self.shape = adapter.name
        records, siblings = adapter.records, self._siblings
        loads, admit = json_values.loads, self._admit
        number = 0
        try:
            for line in lines(source):
                number += 1
                if len(line) < 2 and not line.strip():
                    continue
                self.line = number
                try:
                    found = records(loads(line if type(line) is bytes else _checked(line)), siblings)
                except (Rejected, *_UNFORESEEN) as refusal:
                    if not line.isspace():
                        yield Quarantined(number, _reason_of_line(refusal, line), bytes(line[:RAW_LIMIT]))
                    continue
                for record in found:  # as `_sift` does, without its cost: this is the hot loop
                    admitted = admit(record)
                    if isinstance(admitted, str):
                        yield Quarantined(number, admitted, _raw(record, found, line.__bytes__)[:RAW_LIMIT])
                    elif admitted is not None:
                        yield admitted
        except Damaged as damage:
            yield self._damaged(damage, number + 1)

    def _document(self, source: ByteSource) -> Iterator[Post | Quarantined]:
        """One JSON value: read whole, or item by item where it is a great list."""
        if len(source.peek(MAX_LINE + 1)) > MAX_LINE:
            yield from self._great_list(source)
            return
        try:
            document = source.read_all(MAX_LINE)
        except Damaged as damage:
            yield self._damaged(damage, None)
            return
        value = json_values.loads(document)
        items = value if type(value) is list else [value]
        adapter = self._adapter_of(items) or self._recognise(value)
        if adapter is None:
            if value in ({}, []):
                return
            raise Rejected("unknown_shape")
        self.shape = adapter.name
        has_lines = b"\n" in document.strip()
        refused: list[Refused] = []
        for item in items:
            self.line = None if has_lines else 1
            for record in _records_of(adapter, item, self._siblings):
                admitted = self._admit(record)
                if isinstance(admitted, str):
                    refused.append(Refused(admitted, record.part if isinstance(record, Refused) else item))
                elif admitted is not None:
                    yield admitted
        if not refused:
            return
        places = json_values.locate(document, [one.part for one in refused])
        for one, (line, raw) in zip(refused, places, strict=True):
            self.line = line
            yield Quarantined(line, one.reason, raw[:RAW_LIMIT])

    def _adapter_of(self, items: list[Any]) -> JsonAdapter | None:
        for item in items[:_HEAD_LINES]:
            adapter = self._recognise(item)
            if adapter is not None:
                return adapter
        if all(item in ({}, []) for item in items[:1]):  # an answer without hits does not tell whose it is
            return next((adapter for adapter in self._adapters() if adapter.family == self._family), None)
        return None

    def _great_list(self, source: ByteSource) -> Iterator[Post | Quarantined]:
        if not source.peek(_HEAD).lstrip().startswith(b"["):
            raise Rejected("document_too_big")
        adapter: JsonAdapter | None = None
        try:
            for item in ijson.items(source, "item", use_float=True):
                adapter = adapter or self._must_recognise(item)
                found = _records_of(adapter, item, self._siblings)
                yield from self._sift(found, None, lambda item=item: json_values.as_bytes(item))  # type: ignore[misc]
        except Damaged as damage:
            yield self._damaged(damage, None)
        except (ijson.JSONError, UnicodeDecodeError):
            yield self._damaged(Damaged("invalid_json"), None)

    def _must_recognise(self, value: object) -> JsonAdapter:
        adapter = self._recognise(value)
        if adapter is None:
            raise Rejected("unknown_shape")
        self.shape = adapter.name
        return adapter

    def _events(self, source: ByteSource) -> Iterator[Post | Quarantined]:
        """Server-sent events (HTML standard, 9.2.6): `event` and `data` lines, ended by an empty one."""
        adapter = self._must_recognise({"event": "", "payload": ""})
        try:
            for start, event, data in _frames(source):
                self.line = start
                try:
                    frame = {"event": event, "payload": data.decode()}
                except UnicodeDecodeError:
                    yield Quarantined(start, "wrong_encoding", data[:RAW_LIMIT])
                    continue
                found = _records_of(adapter, frame, self._siblings)
                yield from self._sift(found, start, lambda data=data: data)  # type: ignore[misc]
        except Damaged as damage:
            yield self._damaged(damage, (self.line or 0) + 1)

    def _sift(
        self, found: Records, line: int | None, whole: Callable[[], bytes]
    ) -> Iterator[Post | Quarantined]:
        """What of the records of one value is good, and what is set aside: `whole` gives the bytes of the value."""
        for record in found:
            admitted = self._admit(record)
            if isinstance(admitted, str):
                yield Quarantined(line, admitted, _raw(record, found, whole)[:RAW_LIMIT])
            elif admitted is not None:
                yield admitted

    # -- tables ----------------------------------------------------------------------------------------------------

    def _table(self, source: ByteSource) -> Iterator[Post | Quarantined]:
        head = source.peek(_HEAD)
        if len(head) == _HEAD:
            head = head[: head.rfind(b"\n") + 1]
        known = registry.table_adapters(self._family)
        header = tables.find_header(
            head, known if self._mapping is None else (self._mapping.table_adapter(), *known)
        )
        self.shape = header.adapter.name
        read_row = header.adapter.reader(header.row, header.preamble)
        rows = tables.TableRows(source, header)
        try:
            for line, row in rows:
                self.line = line
                if isinstance(row, tables.BadRow):
                    self.context = rows.head
                    yield Quarantined(line, row.reason, row.raw)
                    continue
                try:
                    post = read_row(row)
                    admitted = None if post is None else self._admit(post)
                except (Rejected, *_UNFORESEEN) as refusal:
                    admitted = _reason_of(refusal)
                if isinstance(admitted, str):
                    self.context = rows.head
                    yield Quarantined(line, admitted, rows.raw())
                elif admitted is not None:
                    yield admitted
        except Damaged as damage:
            yield self._damaged(damage, (self.line or 0) + 1)

    def _parquet(self) -> Iterator[Post | Quarantined]:
        if self._mapping is None or not self._stream.seekable():
            raise Rejected("unknown_shape")
        self.shape = "parquet"
        adapter = self._mapping.json_adapter()
        self._stream.seek(0)
        for row in parquet_rows(self._stream, self._mapping):
            found = _records_of(adapter, row, self._siblings)
            yield from self._sift(found, None, lambda row=row: json_values.as_bytes(row))  # type: ignore[misc]

    # -- every record ----------------------------------------------------------------------------------------------

    def _admit(self, record: Post | Refused) -> Post | str | None:
        """The post, None for a repeat, or the reason why it is set aside."""
        if isinstance(record, Refused):
            return record.reason
        event, created_at = record[6], record[3]
        if created_at is not None and created_at > self._horizon and event in _KEPT:
            return "created_at_in_future"
        seen = self._seen
        if len(seen) > _REPEATS_WITHIN:
            for key in list(islice(seen, _REPEATS_WITHIN // 2)):
                del seen[key]
        content = hash((record[2], record[4]) if event == "create" else record)
        key = (record[0], record[1]) if event == "create" else content
        known = seen.get(key)
        if known is None:
            seen[key] = content
            return record
        if known == content:
            self.repeats += 1
            return None
        return "duplicate_id_conflict"

    def _damaged(self, damage: Damaged, line: int | None) -> Quarantined:
        self.is_whole = damage.is_final
        self.line = line
        return Quarantined(line, damage.reason, damage.rest[:RAW_LIMIT])


def _first_words(source: ByteSource) -> bytes:
    """The head of a payload, with something in it unless there is nothing far and wide."""
    size = _HEAD
    head = source.peek(size)
    while len(head) == size and size < MAX_LINE and not head.strip():
        size *= 4
        head = source.peek(size)
    return head


def _records_of(adapter: JsonAdapter, item: object, siblings: Siblings) -> Records:
    try:
        return adapter.records(item, siblings)
    except Rejected as rejected:
        return (Refused(rejected.reason, item),)
    except _UNFORESEEN:
        return (Refused("wrong_shape", item),)


def _checked(line: bytes) -> bytes:
    if isinstance(line, LongLine):
        raise Rejected("line_too_long")
    return bytes(line)


def _reason_of(refusal: Exception) -> str:
    return refusal.reason if isinstance(refusal, Rejected) else "wrong_shape"


def _reason_of_line(refusal: Exception, line: bytes) -> str:
    reason = _reason_of(refusal)
    if isinstance(line, UnendedLine) and reason in {"wrong_encoding", "invalid_json"}:
        return "truncated_line"
    return reason


def _raw(record: Post | Refused, found: Records, whole: Callable[[], bytes]) -> bytes:
    """The bytes of a bad record: its own part where it shares the value with others."""
    if isinstance(record, Refused) and isinstance(found, list) and len(found) > 1:
        return json_values.as_bytes(record.part)
    return whole()


def _frames(source: ByteSource) -> Iterator[tuple[int, str, bytes]]:
    """Server-sent events: the line on which the data begin, the event's name, the data.

    Raises:
        Damaged: where the stream breaks off.
    """
    start, event = 0, ""
    data: list[bytes] = []
    for number, line in enumerate(lines(source), 1):
        name, _, value = line.rstrip(b"\r").partition(b":")
        value = value.removeprefix(b" ")
        if not name and not value:
            if data:
                yield start, event, b"\n".join(data)
            event, data = "", []
        elif name == b"event":
            event = value.decode("utf-8", "replace")
        elif name == b"data":
            start = start if data else number
            data.append(value)
            if sum(map(len, data)) > MAX_LINE:
                yield start, event, b"\n".join(data)[:MAX_LINE]
                data = []
    if data:  # cut before its empty line
        yield start, event, b"\n".join(data)
