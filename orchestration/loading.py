"""From landing into the vault, and from the vault to a day's posts.

Belongs here: what the register says about a file, writing batches, tombstones and removals, counting, clearing landing.
Does not: walking and reading landing (`intake`), payload shapes (`transforms.sources`), identity (`transforms.identity`).
"""

from __future__ import annotations

import gc
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.config.sources import SourceEntry, SourceRegister
from orchestration.guard import quiet
from orchestration.installation import Installation
from orchestration.intake import FileLoad, Intake, SourceRules, landing_files, replay
from orchestration.keyring import KeyDestroyedError
from orchestration.progress import Reporter
from orchestration.staging import FACTS_SCHEMA, day_file, write_table
from orchestration.tombstones import Removal, removal_of
from orchestration.vault import Batch, FileEntry, Ledger
from orchestration.zones import one_barrier
from transforms.identity import resolve
from transforms.posts import QUARANTINE_SCHEMA, RAW_SCHEMA, REMOVALS, Post
from transforms.sources import ColumnMapping
from transforms.staging import Facts

FILE_FACTS_SCHEMA = FACTS_SCHEMA.append(pa.field("file_id", pa.string()))
UNKNOWN_SOURCE = "unknown"
ID = ("source", "post_id")
_BY_REDACTION = "redaction-"
"""Begins the names of quarantine batches that point to raw posts which could not be redacted."""


def rules_of(entry: SourceEntry | None) -> SourceRules | None:
    """What the register says about a source, as intake takes it."""
    if entry is None:
        return None
    mapping = _mapping(entry) if entry.reader == "table" else None
    return SourceRules(
        source_id=entry.id,
        platforms=frozenset(entry.platforms),
        allowed_fields=frozenset(entry.allowed_fields),
        mapping=mapping,
        blocked_languages=frozenset(entry.blocked_languages),
        blocked_accounts=frozenset(entry.blocked_accounts),
    )


def _mapping(entry: SourceEntry) -> ColumnMapping:
    columns = dict(entry.columns)
    if entry.platform_column:
        columns["source"] = entry.platform_column
    return ColumnMapping(
        columns,
        source=None if entry.platform_column else entry.platforms[0],
        source_values={platform: platform for platform in entry.platforms},
        zone=ZoneInfo(entry.timezone),
    )


def waiting_days(installation: Installation) -> list[date]:
    """Days of arrival for which landing holds files that a source claims, sorted."""
    register = installation.config.sources
    files = landing_files(installation.zones.landing)
    return sorted({f.arrived_on for f in files if f.refused is None and register.source_of(f.name)})


class LateLedger:
    """A ledger that notes files as loaded only when their batches are known to be on the disk."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._finished: dict[str, tuple[FileEntry, int, int, datetime]] = {}

    def begin(self, sha256: str, source: str, arrived_on: date, name: str = "") -> FileEntry:
        """Enter a file; a copy of one that was gone through is known already."""
        if sha256 in self._finished:
            entry, _, _, now = self._finished[sha256]
            return entry._replace(done_at=int(now.timestamp()))
        return self._ledger.begin(sha256, source, arrived_on, name)

    def finish(self, entry: FileEntry, *, posts: int, quarantined: int, now: datetime) -> FileEntry:
        """Remember that a file was gone through."""
        self._finished[entry.sha256] = (entry, posts, quarantined, now)
        return entry

    def settle(self) -> None:
        """Note all of them as loaded."""
        for entry, posts, quarantined, now in self._finished.values():
            self._ledger.finish(entry, posts=posts, quarantined=quarantined, now=now)


@contextmanager
def spared_heap() -> Iterator[None]:
    """Let Python's collector of cycles pass over what lives already.

    Modules and dictionaries, walked again and again while many posts are made, are a fifth of the time of reading them.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@spared_heap()
def load_days(installation: Installation, days: Sequence[date], reporter: Reporter) -> dict[date, Facts]:
    """Load the files that arrived on some days, carry out removals, clear landing of what is loaded whole.

    Args:
        installation: whose landing and vault.
        days: a range of JST days.
        reporter: told in bytes of landing files.

    Returns:
        Counts of the files of this load, by the day that they were loaded for.
    """
    now = datetime.now(UTC)
    register = installation.config.sources
    files = landing_files(installation.zones.landing, days[0], days[-1])
    reporter.begin("load", sum(f.path.lstat().st_size for f in files))
    ledger = LateLedger(installation.ledger)
    intake = Intake(
        installation.zones.landing,
        claim=lambda name: rules_of(register.source_of(name)),
        ledger=ledger,
        now=now,
        on_bytes=reporter.advance,
    )
    facts: dict[tuple[date, str], Facts] = {}
    done: list[FileLoad] = []
    with one_barrier():
        for load in intake.load(days[0], days[-1]):
            counted = _load_file(installation, load, register, now)
            if not load.report.is_known:
                facts[load.report.arrived_on, load.report.file_id] = counted
            done.append(load)
        _add_facts(installation, facts)
    with one_barrier():
        ledger.settle()
    installation.erasure.propagate(now)
    for load in done:
        if load.report.is_whole and load.file.refused is None:
            load.file.path.unlink(missing_ok=True)
    _remove_empty_folders(installation)
    total: dict[date, Facts] = {}
    for (day, _), counted in facts.items():
        total[day] = total.get(day, Counter()) + counted
    return total


def _load_file(installation: Installation, load: FileLoad, register: SourceRegister, now: datetime) -> Facts:
    report = load.report
    facts: Facts = Counter()
    for number, batch in enumerate(load.batches):
        name = f"{report.file_id[:40]}-{number:05d}"
        _record_removals(installation, batch.posts, now)
        posts, refused = _without_erased(installation, batch.posts)
        if posts.num_rows:
            installation.vault.write_raw(report.arrived_on, report.source_id or UNKNOWN_SOURCE, name, posts)
        if batch.quarantined.num_rows:
            installation.vault.write_quarantine(
                report.arrived_on, report.source_id or UNKNOWN_SOURCE, name, batch.quarantined
            )
        facts.update((source, "loaded") for source, event in _pairs(posts) if event not in REMOVALS)
        facts.update((source, "removal") for source, event in _pairs(batch.posts) if event in REMOVALS)
        facts.update((source, "refused:erased") for source in refused)
    label = _label(register, report.source_id)
    for reason, n in report.quarantined.items():
        facts[label, f"rejected:{reason}"] += n
    for reason, n in report.dropped.items():
        facts[label, f"dropped:{reason}"] += n
    facts[label, "duplicate"] += report.repeats
    for source, fact in [key for key in facts if key[1] in ("loaded", "refused:erased")]:
        facts[source, "posts_in"] += facts[source, fact]
    facts[label, "posts_in"] += report.repeats + report.quarantined.total() + report.dropped.total()
    return +facts


def _label(register: SourceRegister, source_id: str | None) -> str:
    """What a file's own numbers are counted under: its platform, or the source's id where it has several."""
    entry = register.source(source_id) if source_id else None
    if entry is None:
        return UNKNOWN_SOURCE
    return entry.platforms[0] if len(entry.platforms) == 1 else entry.id


def _pairs(posts: pa.Table) -> Iterable[tuple[str, str]]:
    return zip(posts["source"].to_pylist(), posts["event_type"].to_pylist(), strict=True)


def _record_removals(installation: Installation, posts: pa.Table, now: datetime) -> None:
    events = posts.filter(pc.is_in(posts["event_type"], pa.array(sorted(REMOVALS))))
    if events.num_rows:
        rows = events.select(list(Post._fields)).to_pylist()
        removals: list[Removal] = [r for row in rows if (r := removal_of(Post(**row)))]
        installation.erasure.record(removals, now)


def _without_erased(installation: Installation, posts: pa.Table) -> tuple[pa.Table, list[str]]:
    """Posts that no tombstone refuses, and the sources of those refused. Events themselves are kept."""
    reasons = installation.erasure.tombstones.refuse_many(
        *(posts[name].to_pylist() for name in ("source", "post_id", "author_id", "created_at", "edit_ids"))
    )
    is_event = pc.is_in(posts["event_type"], pa.array(sorted(REMOVALS))).to_pylist()
    keep = [event or reason is None for event, reason in zip(is_event, reasons, strict=True)]
    if all(keep):
        return posts, []
    mask = pa.array(keep)
    return posts.filter(mask), posts.filter(pc.invert(mask))["source"].to_pylist()


def _add_facts(installation: Installation, facts: dict[tuple[date, str], Facts]) -> None:
    """Add the files' numbers to their days: loading a file again after a crash replaces its own."""
    for day in {day for day, _ in facts}:
        path = day_file(installation.zones.staging / "facts", day, "raw.parquet")
        mine = {file_id: counted for (of, file_id), counted in facts.items() if of == day}
        rows = [
            {"arrived_on": day, "source": source, "fact": fact, "value": float(n), "file_id": file_id}
            for file_id, counted in mine.items()
            for (source, fact), n in sorted(counted.items())
        ]
        table = pa.Table.from_pylist(rows, FILE_FACTS_SCHEMA)
        if path.exists():
            earlier = pl.read_parquet(path, hive_partitioning=False).filter(
                ~pl.col("file_id").is_in(list(mine))
            )
            table = pa.concat_tables([earlier.to_arrow().cast(FILE_FACTS_SCHEMA), table])
        write_table(path, table)


def _remove_empty_folders(installation: Installation) -> None:
    landing = installation.zones.landing
    for folder in sorted((p for p in landing.rglob("*") if p.is_dir() and not p.is_symlink()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()


class Origins:
    """When posts were first written, for edits that arrive alone: filled from the days that a run passes.

    Args:
        installation: whose vault knows the earlier days.
        first: the first day of the run.
    """

    def __init__(self, installation: Installation, first: date) -> None:
        self._installation = installation
        self._first = first
        self._known: list[pl.DataFrame] = []
        self._has_earlier = False

    def note(self, posts: pl.DataFrame) -> None:
        """Remember a day's posts."""
        self._known.append(posts.select(*ID, pl.col("created_at").alias("first_at")))

    def restore(self, posts: pl.DataFrame) -> pl.DataFrame:
        """Give edits the time at which their post was first written, as far as the vault still knows it."""
        if not (posts["event_type"] == "edit").any():
            return posts
        if not self._has_earlier:
            self._has_earlier = True
            self._known.insert(0, self._earlier())
        first = (
            pl.concat(self._known).join(posts, on=ID, how="semi").group_by(ID).agg(pl.col("first_at").min())
        )
        earliest = pl.min_horizontal("created_at", "first_at")
        return (
            posts.join(first, on=ID, how="left", maintain_order="left")
            .with_columns(created_at=earliest)
            .drop("first_at")
        )

    def _earlier(self) -> pl.DataFrame:
        kept = self._installation.config.policy.retention.raw_days
        days = [self._first - timedelta(days=back) for back in range(1, kept + 1)]
        raw = self._installation.vault.read_raw(days, [*ID, "created_at", "event_type"])
        rows = pl.DataFrame(RAW_SCHEMA.empty_table() if raw is None else raw)
        return rows.filter(pl.col("event_type") == "create").select(
            *ID, pl.col("created_at").alias("first_at")
        )


def raw_of_day(installation: Installation, day: date, origins: Origins) -> pa.Table | None:
    """The live posts that arrived on a day, one version a post; None if nothing ever arrived on it."""
    raw = installation.vault.read_raw([day])
    if raw is None:
        return None
    posts = resolve(pl.DataFrame(raw)).posts
    origins.note(posts)
    return origins.restore(posts).to_arrow()


def quarantine_failures(
    installation: Installation, day: date, raw: pa.Table, failed: Sequence[tuple[int, str]]
) -> None:
    """Note the posts of a day that could not be redacted, in place of what an earlier redaction of the day noted.

    A note says where the post came from and why it failed. It holds no text and no id: the post itself lies in the vault's
    raw zone, is erased there, and is redacted again with its day.
    """
    now = int(datetime.now(UTC).timestamp())
    rows = (
        raw.select(["source", "file_id", "line"]).take([i for i, _ in failed]).to_pylist() if failed else []
    )
    by_source: dict[str, list[dict[str, object]]] = {}
    for row, (_, reason) in zip(rows, failed, strict=True):
        record = {
            "source_id": row["source"],
            "family": None,
            "file_id": row["file_id"],
            "line": row["line"],
            "reason": reason,
            "raw": b"",
            "context": b"",
            "arrived_on": day,
            "loaded_at": now,
        }
        by_source.setdefault(row["source"], []).append(record)
    written = {
        installation.vault.write_quarantine(
            day,
            source,
            _BY_REDACTION + hashlib.sha256(f"{day}{source}".encode()).hexdigest()[:16],
            pa.Table.from_pylist(records, QUARANTINE_SCHEMA),
        )
        for source, records in by_source.items()
    }
    for batch in installation.vault.batches("quarantine", [day]):
        if batch.name.startswith(_BY_REDACTION) and batch not in written:
            installation.vault.remove(batch)


class Replay(NamedTuple):
    """What came of reading the quarantine again.

    Attributes:
        days: days of arrival that have to be staged again, sorted.
        fixed: records that are bad no longer; their posts lie in the raw zone now.
        still_bad: records that stay in quarantine.
        to_redact: posts that redaction set aside; staging their days tries them again.
    """

    days: list[date]
    fixed: int
    still_bad: int
    to_redact: int


@quiet
def replay_quarantined(
    installation: Installation, first: date | None = None, last: date | None = None
) -> Replay:
    """Read again what was set aside, after a fix of the readers or of the configuration. Use it under the run lock.

    What is good now goes to the raw zone under the day on which it arrived, is counted in that day's facts and leaves the
    quarantine, in this order: killed in between, the next replay does the same again over the same files.

    Args:
        installation: whose vault.
        first: first day of arrival; None for the earliest.
        last: last day of arrival; None for the latest.
    """
    now = datetime.now(UTC)
    days: set[date] = set()
    counts: Counter[str] = Counter()
    for batch in installation.vault.batches("quarantine"):
        if batch.arrived_on < (first or date.min) or batch.arrived_on > (last or date.max):
            continue
        try:
            records = installation.vault.read(batch)
        except KeyDestroyedError:
            continue  # an interrupted purge left the file: nobody can read it any more
        if not batch.name.startswith(_BY_REDACTION):
            told, has_posts = _replay_batch(installation, batch, records, now)
        else:
            has_posts = bool(installation.vault.batches("raw", [batch.arrived_on]))
            told = Counter({"to_redact" if has_posts else "still_bad": records.num_rows})
        counts += told
        if has_posts:
            days.add(batch.arrived_on)
    installation.erasure.propagate(now)
    return Replay(sorted(days), counts["fixed"], counts["still_bad"], counts["to_redact"])


def _replay_batch(
    installation: Installation, batch: Batch, records: pa.Table, now: datetime
) -> tuple[Counter[str], bool]:
    """Read a batch's records again; what became of them, and whether posts came out."""
    register = installation.config.sources
    replayed = replay(records, rules_by_id=lambda id_: rules_of(register.source(id_)), now=now)
    told = Counter(fixed=replayed.fixed, still_bad=replayed.quarantined.num_rows)
    if not replayed.fixed and not replayed.posts.num_rows:
        return told, False
    _record_removals(installation, replayed.posts, now)
    posts, refused = _without_erased(installation, replayed.posts)
    # The same fix gives the same name; what another fix brings out of the batch later lies beside it.
    what = repr((records.num_rows, replayed.posts.select(["file_id", "line", *ID]).to_pylist()))
    name = f"{batch.name[:48]}-{hashlib.sha256(what.encode()).hexdigest()[:16]}"
    installation.vault.write_raw(batch.arrived_on, batch.source, name, posts)
    facts: Facts = Counter((source, "loaded") for source, event in _pairs(posts) if event not in REMOVALS)
    facts.update((source, "refused:erased") for source in refused)
    for source, fact in list(facts):
        facts[source, "posts_in"] += facts[source, fact]
    label = _label(register, batch.source)
    facts[label, "posts_in"] -= replayed.fixed
    for reason, n in Counter(records["reason"].to_pylist()).items():
        facts[label, f"rejected:{reason}"] -= n
    for reason, n in Counter(replayed.quarantined["reason"].to_pylist()).items():
        facts[label, f"rejected:{reason}"] += n
    _add_facts(installation, {(batch.arrived_on, name): Counter({k: n for k, n in facts.items() if n})})
    installation.vault.write_quarantine(batch.arrived_on, batch.source, batch.name, replayed.quarantined)
    return told, posts.num_rows > 0
