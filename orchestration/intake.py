"""The landing zone: which files have arrived, and their posts in batches that a vault can write.

    landing/<YYYY-MM-DD>/<family>/…   arrived on that day (JST), of that family
    landing/<family>/…                arrived on the JST day of the file's last change
    landing/…                         the same, of a family that the content alone tells

Belongs here: walking folders, opening files, the ledger of what is loaded, what a source's rules keep out.
Does not: payload shapes (`transforms.sources`), encryption (`vault`), which posts are wanted (watchlist).

Links are not followed, odd names are not used, nothing is unpacked to a disk. No message, report or exception holds a
post, a name or an id; files are told by the hash of their content.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import stat
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple, Protocol

import pyarrow as pa

from transforms.posts import QUARANTINE_SCHEMA, RAW_SCHEMA, REMOVALS, Post, Quarantined
from transforms.sources import NO_SIBLINGS, ColumnMapping, Reading, Siblings, is_safe_name, read, siblings_of

JST: Final = timezone(timedelta(hours=9), "JST")
BATCH_ROWS: Final = 20_000

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_UNFINISHED: Final = (".part", ".partial", ".tmp", ".crdownload", "~")
_MAX_DEPTH: Final = 8
_HASH_STEP: Final = 1 << 20
_MAX_QUARANTINED_BYTES: Final = 16 << 20  # of raw bytes in one batch
_KEPT_ALWAYS: Final = frozenset({"source", "post_id", "created_at", "event_type", "changed_at", "edit_ids"})
_LANG, _EVENT, _AUTHOR = (RAW_SCHEMA.get_field_index(name) for name in ("lang", "event_type", "author_id"))


class LandingFile(NamedTuple):
    """A file below landing/.

    Attributes:
        path: where it lies.
        name: its path below landing/ without the folder of the day, with forward slashes.
        family: the folder's name that says whose file it is, None for a file beside the families.
        arrived_on: JST day of arrival.
        refused: why it is not opened (`unsafe_name`, `not_a_plain_file`), None if it may be.
    """

    path: Path
    name: str
    family: str | None
    arrived_on: date
    refused: str | None = None


class SourceRules(NamedTuple):
    """What the register of sources says about a file.

    Attributes:
        source_id: of the register.
        platforms: whose posts may come from it; None for any.
        allowed_fields: fields of a post that may be kept; None for all. Ids of posts, times and events always are.
        mapping: how the columns of a plain file are called, for a source without an adapter.
        blocked_languages: posts in these are dropped; a post without a language is not.
        blocked_accounts: ids of authors whose posts are dropped.
    """

    source_id: str
    platforms: frozenset[str] | None = None
    allowed_fields: frozenset[str] | None = None
    mapping: ColumnMapping | None = None
    blocked_languages: frozenset[str] = frozenset()
    blocked_accounts: frozenset[str] = frozenset()


class LedgerEntry(Protocol):
    """What a ledger knows of a file: the day to load it for, and when it was loaded whole, if it was."""

    @property
    def arrived_on(self) -> date:
        """JST day of its first arrival."""
        ...

    @property
    def done_at(self) -> int | None:
        """Unix seconds; None while it is not loaded whole."""
        ...


class FileLedger(Protocol):
    """Remembers by their hash which files are loaded; `orchestration.vault.Ledger` does."""

    def begin(self, sha256: str, source: str, arrived_on: date, name: str = "") -> Any:
        """Enter a file before it is loaded; an earlier entry stays as it is and is given."""
        ...

    def finish(self, entry: Any, *, posts: int, quarantined: int, now: datetime) -> Any:
        """Note that a file is loaded whole."""
        ...


@dataclass
class FileReport:
    """What became of one file: counts, never content.

    Attributes:
        file_id: SHA-256 of its bytes; of its name, where it was not opened.
        source_id: of the register, None where no source claims it.
        arrived_on: JST day that it was loaded for.
        shape: whose payload it was, None where nobody knows.
        posts: posts and edits that were given on.
        removals: events that take posts away.
        repeats: exact repeats within the file.
        dropped: posts that the source's rules keep out, by reason.
        quarantined: records set aside, by reason.
        is_whole: True once it was gone through to its end. False where its bytes end early or changed while they were
            read: it is not marked as loaded.
        is_known: True where it was loaded before and was not read again.
    """

    file_id: str
    source_id: str | None
    arrived_on: date
    shape: str | None = None
    posts: int = 0
    removals: int = 0
    repeats: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    quarantined: Counter[str] = field(default_factory=Counter)
    is_whole: bool = False
    is_known: bool = False

    @property
    def records(self) -> int:
        """Everything that was met in the file."""
        return self.posts + self.removals + self.repeats + self.dropped.total() + self.quarantined.total()


class Batch(NamedTuple):
    """Some records of a file.

    Attributes:
        posts: rows of `RAW_SCHEMA`.
        quarantined: rows of `QUARANTINE_SCHEMA`.
    """

    posts: pa.Table
    quarantined: pa.Table


class FileLoad(NamedTuple):
    """One file being loaded.

    Attributes:
        file: which.
        report: filled while `batches` runs.
        batches: to be gone through once, before the next file is asked for.
    """

    file: LandingFile
    report: FileReport
    batches: Iterator[Batch]


def landing_files(landing: Path, first: date | None = None, last: date | None = None) -> list[LandingFile]:
    """The files that arrived from one day to another, sorted by day and name.

    Hidden files and files that are still being delivered (`.part`, `.tmp` …) are passed over.

    Args:
        landing: the zone's folder.
        first: first JST day; None for the earliest.
        last: last JST day; None for the latest.
    """
    found = [
        file
        for file in _walk(landing, (), None)
        if (first is None or file.arrived_on >= first) and (last is None or file.arrived_on <= last)
    ]
    return sorted(found, key=lambda file: (file.arrived_on, file.name))


def _walk(folder: Path, parts: tuple[str, ...], day: date | None) -> Iterator[LandingFile]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.name.endswith(_UNFINISHED):
            continue
        if entry.is_dir(follow_symlinks=False) and len(parts) < _MAX_DEPTH and is_safe_name(entry.name):
            own_day = _day_of(entry.name) if not parts and day is None else None
            inner = parts if own_day else (*parts, entry.name)
            yield from _walk(Path(entry.path), inner, own_day or day)
            continue
        try:
            status = entry.stat(follow_symlinks=False)
        except FileNotFoundError:  # moved away while we looked
            continue
        arrived_on = day or datetime.fromtimestamp(status.st_mtime, JST).date()
        refused = None
        if not is_safe_name(entry.name):
            refused = "unsafe_name"
        elif not stat.S_ISREG(status.st_mode):
            refused = "not_a_plain_file"
        family = parts[0] if parts else None
        yield LandingFile(Path(entry.path), "/".join((*parts, entry.name)), family, arrived_on, refused)


def _day_of(name: str) -> date | None:
    if not _DAY.fullmatch(name):
        return None
    try:
        return date.fromisoformat(name)
    except ValueError:
        return None


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A plain file for reading; never through a link, never a pipe or device.

    Raises:
        OSError: it is none, or cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("not a plain file")
        yield stream


def file_hash(stream: BinaryIO) -> str:
    """SHA-256 of a file's bytes, in hexadecimal; it stands at its beginning afterwards."""
    digest = hashlib.sha256()
    while chunk := stream.read(_HASH_STEP):
        digest.update(chunk)
    stream.seek(0)
    return digest.hexdigest()


class Intake:
    """Loads the files of some days, one after the other.

    What a source's rules keep out is counted and not kept. A file is entered in the ledger before its first batch is
    given and marked as loaded when the next file is asked for, that is after the caller has written its batches; one that
    ends early is not marked.

    Args:
        landing: the zone's folder.
        claim: the rules for a file by its name below landing/, None if no source claims it: it is not read then.
        ledger: which files are loaded.
        now: when this run loads, with its zone.
        on_bytes: told how many bytes of landing files are read.
        batch_rows: rows of a batch, at most.
    """

    def __init__(
        self,
        landing: Path,
        *,
        claim: Callable[[str], SourceRules | None],
        ledger: FileLedger,
        now: datetime,
        on_bytes: Callable[[int], None] = lambda _: None,
        batch_rows: int = BATCH_ROWS,
    ) -> None:
        self._landing = landing
        self._claim = claim
        self._ledger = ledger
        self._now = now
        self._on_bytes = on_bytes
        self._batch_rows = batch_rows
        self._siblings: dict[Path, Siblings] = {}

    def load(self, first: date | None = None, last: date | None = None) -> Iterator[FileLoad]:
        """The files of the days from `first` to `last`, each to be gone through before the next.

        Yields:
            Every file, also one that is refused, unclaimed or known: its report tells.
        """
        for file in landing_files(self._landing, first, last):
            yield from self._file(file)

    def _file(self, file: LandingFile) -> Iterator[FileLoad]:
        rules = None if file.refused == "unsafe_name" else self._claim(file.name)
        reason = file.refused or ("unclaimed" if rules is None else None)
        if reason is not None:
            yield self._refused(file, rules, reason)
            return
        assert rules is not None
        with ExitStack() as stack:
            try:
                stream = stack.enter_context(opened(file.path))
                before = os.fstat(stream.fileno())
                file_id = file_hash(stream)
            except OSError:
                yield self._refused(file, rules, "unreadable_file")
                return
            entry = self._ledger.begin(file_id, rules.source_id, file.arrived_on, file.name)
            report = FileReport(file_id, rules.source_id, entry.arrived_on)
            if entry.done_at is not None:
                report.is_known = report.is_whole = True
                yield FileLoad(file, report, iter(()))
                return
            yield FileLoad(file, report, self._batches(file, stream, rules, report))
            after = os.fstat(stream.fileno())
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            report.is_whole = False
        if report.is_whole:
            self._ledger.finish(
                entry,
                posts=report.posts + report.removals,
                quarantined=report.quarantined.total(),
                now=self._now,
            )

    def _refused(self, file: LandingFile, rules: SourceRules | None, reason: str) -> FileLoad:
        file_id = hashlib.sha256(file.name.encode("utf-8", "surrogateescape")).hexdigest()
        report = FileReport(file_id, rules.source_id if rules else None, file.arrived_on)
        rows = _Rows(report, rules or SourceRules("none"), None, int(self._now.timestamp()))
        rows.set_aside(Quarantined(None, reason, b""), b"")
        return FileLoad(file, report, iter((rows.batch(),)))

    def _batches(
        self, file: LandingFile, stream: BinaryIO, rules: SourceRules, report: FileReport
    ) -> Iterator[Batch]:
        loaded_at = int(self._now.timestamp())
        reading = Reading(
            stream,
            loaded_at=loaded_at,
            family=file.family,
            siblings=self._siblings_beside(file),
            mapping=rules.mapping,
        )
        rows = _Rows(report, rules, file.family, loaded_at)
        told = 0
        try:
            for record in read(reading):
                if isinstance(record, Quarantined):
                    rows.set_aside(record, reading.context)
                else:
                    rows.add(record, reading.line)
                if rows.is_full(self._batch_rows):
                    yield rows.batch()
                    told = self._tell(stream, told)
        except OSError:  # the disk, not the bytes
            reading.is_whole = False
            rows.set_aside(Quarantined(reading.line, "unreadable_file", b""), b"")
        report.shape, report.repeats = reading.shape, reading.repeats
        report.is_whole = reading.is_whole
        yield rows.batch()
        self._on_bytes(max(0, os.fstat(stream.fileno()).st_size - told))

    def _tell(self, stream: BinaryIO, told: int) -> int:
        position = stream.tell()
        if position > told:
            self._on_bytes(position - told)
            return position
        return told

    def _siblings_beside(self, file: LandingFile) -> Siblings:
        """Facts from the sibling files in the folder of a file, read once a folder."""
        folder = file.path.parent
        if folder not in self._siblings:
            self._siblings[folder] = NO_SIBLINGS
            with (
                suppress(OSError),
                ExitStack() as stack,
            ):  # where it is read as a payload, the trouble is told
                streams = [stack.enter_context(opened(path)) for path in _sibling_files(folder)]
                self._siblings[folder] = siblings_of(streams, file.family)
        return self._siblings[folder]


def _sibling_files(folder: Path) -> list[Path]:
    found = []
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        is_one = entry.name.startswith(("locations.json", "users_")) and is_safe_name(entry.name)
        if is_one and entry.is_file(follow_symlinks=False):
            found.append(Path(entry.path))
    return found


class _Rows:
    """Collects the records of a file until they are a batch."""

    def __init__(self, report: FileReport, rules: SourceRules, family: str | None, loaded_at: int) -> None:
        self._report = report
        self._rules = rules
        self._family = family
        self._loaded_at = loaded_at
        self._posts: list[Post] = []
        self._lines: list[int | None] = []
        self._aside: list[tuple[Quarantined, bytes]] = []
        self._aside_bytes = 0

    def add(self, post: Post, line: int | None) -> None:
        """Takes a post, unless the source's rules keep it out."""
        rules, report = self._rules, self._report
        if rules.platforms is not None and post.source not in rules.platforms:
            report.dropped["unregistered_platform"] += 1
            return
        if post.event_type in REMOVALS:
            report.removals += 1
        elif post[_LANG] in rules.blocked_languages:
            report.dropped["blocked_language"] += 1
            return
        elif post[_AUTHOR] in rules.blocked_accounts:
            report.dropped["blocked_account"] += 1
            return
        else:
            report.posts += 1
        self._posts.append(post)
        self._lines.append(line)

    def set_aside(self, record: Quarantined, context: bytes) -> None:
        """Takes a quarantined record."""
        self._report.quarantined[record.reason] += 1
        self._aside.append((record, context))
        self._aside_bytes += len(record.raw) + len(context)

    def is_full(self, rows: int) -> bool:
        """Whether they are enough for a batch."""
        return (
            len(self._posts) >= rows or len(self._aside) >= rows or self._aside_bytes > _MAX_QUARANTINED_BYTES
        )

    def batch(self) -> Batch:
        """What was collected; the next batch begins empty."""
        batch = Batch(self._post_table(), self._aside_table())
        self._posts, self._lines, self._aside, self._aside_bytes = [], [], [], 0
        return batch

    def _post_table(self) -> pa.Table:
        if not self._posts:
            return RAW_SCHEMA.empty_table()
        columns: dict[str, Any] = dict(zip(Post._fields, zip(*self._posts, strict=True), strict=True))
        allowed = self._rules.allowed_fields
        for name in columns if allowed is not None else ():
            if allowed is not None and name not in allowed and name not in _KEPT_ALWAYS:
                columns[name] = None
        columns |= {"line": self._lines, **self._arrival()}
        return _table(columns, RAW_SCHEMA, len(self._posts))

    def _arrival(self) -> dict[str, pa.Scalar]:
        return {
            "file_id": pa.scalar(self._report.file_id),
            "arrived_on": pa.scalar(self._report.arrived_on),
            "loaded_at": pa.scalar(self._loaded_at),
        }

    def _aside_table(self) -> pa.Table:
        if not self._aside:
            return QUARANTINE_SCHEMA.empty_table()
        columns: dict[str, Any] = {
            "source_id": pa.scalar(self._rules.source_id),
            "family": None if self._family is None else pa.scalar(self._family),
            "line": [record.line for record, _ in self._aside],
            "reason": [record.reason for record, _ in self._aside],
            "raw": [record.raw for record, _ in self._aside],
            "context": [context for _, context in self._aside],
            **self._arrival(),
        }
        return _table(columns, QUARANTINE_SCHEMA, len(self._aside))


def _table(columns: Mapping[str, Sequence[Any] | pa.Scalar | None], schema: pa.Schema, rows: int) -> pa.Table:
    """A table of columns that are given as values, as one value for all rows, or as None for nothing."""
    return pa.Table.from_arrays(
        [_column(columns[each.name], each.type, rows) for each in schema], schema=schema
    )


def _column(values: Sequence[Any] | pa.Scalar | None, kind: pa.DataType, rows: int) -> pa.Array:
    if isinstance(values, pa.Scalar):
        return pa.repeat(values, rows).cast(kind)
    if values is None or not any(values):  # most posts are no reviews, have no edits
        return _nothing(values, kind, rows)
    return pa.array(values, kind)


def _nothing(values: Sequence[Any] | None, kind: pa.DataType, rows: int) -> pa.Array:
    if pa.types.is_list(kind):
        return pa.ListArray.from_arrays(
            pa.repeat(pa.scalar(0, pa.int32()), rows + 1), pa.nulls(0, kind.value_type)
        )
    if values is None or all(value is None for value in values):
        return pa.nulls(rows, kind)
    return pa.array(values, kind)


class Replayed(NamedTuple):
    """What became of quarantined records that were read again.

    Attributes:
        posts: rows of `RAW_SCHEMA`, for the day on which their file arrived.
        quarantined: rows of `QUARANTINE_SCHEMA` that are still bad, with the reason of today.
        fixed: how many records are bad no longer.
    """

    posts: pa.Table
    quarantined: pa.Table
    fixed: int


def replay(
    quarantined: pa.Table, *, rules_by_id: Callable[[str], SourceRules | None], now: datetime
) -> Replayed:
    """Reads quarantined records again, after a fix of the readers or of the rules.

    A record of which no source is left, or that is still bad, stays in quarantine. What stands for a whole file is not
    read again from here: its bytes were not kept. It is read again from landing/.

    Args:
        quarantined: rows of `QUARANTINE_SCHEMA`.
        rules_by_id: the rules of a source of the register.
        now: when this run loads, with its zone.
    """
    posts, still_bad = [RAW_SCHEMA.empty_table()], [QUARANTINE_SCHEMA.empty_table()]
    fixed = 0
    loaded_at = int(now.astimezone(UTC).timestamp())
    for row in quarantined.to_pylist():
        rules = rules_by_id(row["source_id"]) if row["line"] is not None and row["raw"] else None
        if rules is None:
            still_bad.append(pa.Table.from_pylist([row], QUARANTINE_SCHEMA))
            continue
        report = FileReport(row["file_id"], rules.source_id, row["arrived_on"])
        rows = _Rows(report, rules, row["family"], loaded_at)
        stream = io.BytesIO(row["context"] + row["raw"])
        reading = Reading(stream, loaded_at=loaded_at, family=row["family"], mapping=rules.mapping)
        reasons = []
        for record in read(reading):
            if isinstance(record, Quarantined):
                reasons.append(record.reason)
            else:
                rows.add(record, row["line"])
        posts.append(rows.batch().posts)
        if reasons:
            still_bad.append(pa.Table.from_pylist([{**row, "reason": reasons[0]}], QUARANTINE_SCHEMA))
        else:
            fixed += 1
    return Replayed(pa.concat_tables(posts), pa.concat_tables(still_bad), fixed)
