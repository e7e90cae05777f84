"""Erasure: a post or an author goes from every zone, and does not come back.

Belongs here: finding and physically removing what is to be erased. Does not: refusing it later (`tombstones`), what is
past its time (`retention`), computing marts again.

An erasure is recorded first (encrypted, under a key of its own) and carried out after that, in four steps that may each be
repeated: a plan is written that holds what will be counted; files are rewritten without the rows; certificates are issued;
the record goes, with its key. Killed at any moment, the next run resumes it to the same end.

Raw files are rewritten encrypted. What the file system keeps of the old ones cannot be read without the day's key, which is
destroyed with the day. Staging and restricted/ are rewritten whole. The warehouse cannot take rows out of its file (DuckDB
keeps the bytes of deleted rows): `open_days` says which days of it have to be computed again into a new file.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.certificates import Certificate, Certificates, Destroyed
from orchestration.erased_ids import RAW_IDENTITY, ErasedIds
from orchestration.keyring import KeyDestroyedError, Keyring, Pseudonymiser
from orchestration.rewriting import (
    SCAN_ROWS,
    RowTest,
    arrived_on,
    count,
    parquet_files,
    posted_days,
    rewrite_without,
    scan,
)
from orchestration.tombstones import TOMBSTONE_KEY, Removal, Tombstones
from orchestration.vault import Batch, Shelf, Vault
from orchestration.zones import Zones, make_private, remove, write_atomic

_RECORD_KEY_PREFIX: Final = "erasure-"
_PLAN_KEY: Final = "plan-of-erasure"

_RECORD_SCHEMA: Final = pa.schema(
    [
        pa.field("source", pa.string(), nullable=False),
        pa.field("post_id", pa.string()),
        pa.field("author_id", pa.string()),
        pa.field("at", pa.int64()),
        pa.field("reason", pa.string(), nullable=False),
    ]
)
_KEYS_SCHEMA: Final = pa.schema([pa.field("post_key", pa.string(), nullable=False)])


class ErasureReport(NamedTuple):
    """What an erasure did.

    Attributes:
        removals: posts and accounts that were asked for.
        rows: rows removed, by zone.
        posted_days: days of writing of removed staging rows: their marts have to be computed again.
        arrived_days: days of arrival whose staging files were rewritten.
        certificates: new ones.
    """

    removals: int
    rows: dict[str, int]
    posted_days: frozenset[date]
    arrived_days: frozenset[date]
    certificates: list[Certificate]


class _Plan(NamedTuple):
    """What an erasure will have removed, written down before it removes anything.

    Attributes:
        task: id of the erasure in its certificates.
        pending: names of the records that it carries out.
        removals: posts and accounts asked for.
        rows: rows by zone.
        posted_days: ISO days of writing of the staging rows.
        arrived_days: ISO days of arrival of the staging files.
        erased: pseudonyms of the staging rows by key id.
        batches: batches of the vault to rewrite, the fields of `Batch` with the day in ISO form.
        files: files of staging and restricted/ to rewrite, below the home.
    """

    task: str
    pending: list[str]
    removals: int
    rows: dict[str, int]
    posted_days: list[str]
    arrived_days: list[str]
    erased: dict[str, list[str]]
    batches: list[tuple[Shelf, str, str, str, int]]
    files: list[str]


class _Found(NamedTuple):
    """Rows of staging and restricted/ that will go."""

    rows: Counter[str]
    posted_days: set[date]
    arrived_days: set[date]
    keys: dict[str, set[str]]
    files: list[Path]


class Erasure:
    """Erases from all zones below one home. Use it under the run lock.

    Args:
        zones: the home.
        vault: its vault.
        pseudonymiser: knows what an id is called in staging.
        certificates: the chain.
    """

    def __init__(
        self, zones: Zones, vault: Vault, pseudonymiser: Pseudonymiser, certificates: Certificates
    ) -> None:
        self._zones = zones
        self._vault = vault
        self._keyring: Keyring = vault.keyring
        self._names = pseudonymiser
        self._certificates = certificates
        self._pending = zones.tombstones / "pending"
        self._erased = zones.tombstones / "erased"
        self._plan = zones.tombstones / "plan"
        self._open_days = zones.tombstones / "open_days"
        self.tombstones = Tombstones(zones, self._keyring)

    def record(self, removals: Iterable[Removal], now: datetime) -> int:
        """Note what has to go, so that no crash can forget it. Nothing is removed yet.

        Args:
            removals: posts and accounts.
            now: the time, with its zone.

        Returns:
            How many were noted.
        """
        noted = list(dict.fromkeys(removals))
        if not noted:
            return 0
        self._note(noted)
        self.tombstones.add(noted, int(now.timestamp()))
        return len(noted)

    def is_pending(self) -> bool:
        """Whether an erasure is recorded that was not carried out to its end."""
        return self._plan.exists() or bool(self._pending_names())

    def propagate(self, now: datetime) -> ErasureReport:
        """Carry out everything that is recorded, and what an earlier run left unfinished.

        Args:
            now: the time, with its zone.

        Returns:
            What was done in all.
        """
        report = ErasureReport(0, {}, frozenset(), frozenset(), [])
        while self.is_pending():
            report = _sum(report, self._carry_out(now))
        # A crash while an erasure was being noted leaves a key that encrypts nothing.
        self._keyring.destroy(*self._keyring.ids(_RECORD_KEY_PREFIX))
        self.tombstones.compact(int(now.timestamp()))
        return report

    def open_days(self) -> list[date]:
        """Days of writing whose marts still have to be computed again, sorted."""
        if not self._open_days.exists():
            return []
        record = self._keyring.unseal(_PLAN_KEY, self._open_days.read_bytes(), context="open_days")
        return [date.fromisoformat(day) for day in json.loads(record)]

    def close_days(self, days: Iterable[date]) -> None:
        """Note that the marts of these days were computed again and published."""
        self._store_open_days({*self.open_days()} - {*days})

    def reapply(self, now: datetime) -> ErasureReport:
        """Erase again what a restored backup has brought back: raw posts by tombstone, staging rows by pseudonym.

        Args:
            now: the time, with its zone.

        Returns:
            What was done.
        """
        back = [
            Removal(source, post_id, author_id, None, "delete")
            for batch in self._vault.batches("raw")
            for rows in self._vault.iterate(batch, ["source", "post_id", "author_id", "created_at"])
            for source, post_id, author_id, refused in self._refused(rows)
            if refused and post_id is not None
        ]
        self.record(back, now)
        report = self.propagate(now)
        known = {path.stem: path for path in self._erased.glob("*.parquet") if not path.name.startswith(".")}
        for key_id, path in known.items():
            keys = self._vault.cipher.read(path, TOMBSTONE_KEY)["post_key"].to_pylist()
            gone = _or_has_key(_nothing, {key_id: keys})
            found = self._find_pseudonymous(gone)
            for file in found.files:
                rewrite_without(file, gone)
            done = [
                Destroyed("erasure", zone, f"restored rows of {key_id}", n)
                for zone, n in sorted(found.rows.items())
                if n
            ]
            self._store_open_days({*self.open_days(), *found.posted_days})
            issued = self._certificates.issue(secrets.token_hex(8), done, now)
            report = _sum(
                report,
                ErasureReport(
                    0, found.rows, frozenset(found.posted_days), frozenset(found.arrived_days), issued
                ),
            )
        return report

    # Recording ----------------------------------------------------------------------------------------------------

    def _note(self, removals: list[Removal]) -> None:
        name = secrets.token_hex(16)
        columns = {field: [getattr(removal, field) for removal in removals] for field in _RECORD_SCHEMA.names}
        make_private(self._pending)
        with self._vault.cipher.writer(
            self._pending / f"{name}.parquet", _RECORD_SCHEMA, _RECORD_KEY_PREFIX + name
        ) as writer:
            writer.write_table(pa.table(columns, schema=_RECORD_SCHEMA))

    def _pending_names(self) -> list[str]:
        if not self._pending.exists():
            return []
        return sorted(path.stem for path in self._pending.glob("*.parquet") if not path.name.startswith("."))

    def _read_pending(self, names: Iterable[str]) -> list[Removal]:
        removals: dict[Removal, None] = {}
        for name in names:
            table = self._vault.cipher.read(self._pending / f"{name}.parquet", _RECORD_KEY_PREFIX + name)
            removals |= dict.fromkeys(Removal(**row) for row in table.to_pylist())
        return list(removals)

    # Carrying out -------------------------------------------------------------------------------------------------

    def _carry_out(self, now: datetime) -> ErasureReport:
        if not self._plan.exists():
            self._make_plan(now)
        sealed = self._plan.read_bytes()
        plan = _Plan(**json.loads(self._keyring.unseal(_PLAN_KEY, sealed, context="plan")))
        # Records whose key is gone were finished: the crash came while they were being dropped.
        live = [name for name in plan.pending if self._keyring.exists(_RECORD_KEY_PREFIX + name)]
        removals = self._read_pending(live)
        if removals:
            self._rewrite_all(removals, plan)
        self._remember_erased(plan.erased)
        days = [date.fromisoformat(day) for day in plan.posted_days]
        self._store_open_days({*self.open_days(), *days})
        done = [
            Destroyed("erasure", zone, "rows of erased posts", n)
            for zone, n in sorted(plan.rows.items())
            if n
        ]
        issued = self._certificates.issue(plan.task, done, now)
        self._keyring.destroy(*(_RECORD_KEY_PREFIX + name for name in plan.pending))
        for name in plan.pending:
            remove(self._pending / f"{name}.parquet")
        remove(self._plan)
        return ErasureReport(
            removals=plan.removals,
            rows=plan.rows,
            posted_days=frozenset(days),
            arrived_days=frozenset(date.fromisoformat(day) for day in plan.arrived_days),
            certificates=issued,
        )

    def _make_plan(self, now: datetime) -> None:
        """Count what will go, before anything goes: a resumed run would find less."""
        names = self._pending_names()
        removals = self._read_pending(names)
        self.tombstones.add(removals, int(now.timestamp()))
        hits = list(self._vault_hits(ErasedIds(removals)))
        if versions := _other_versions(hits, removals):
            self.record(versions, now)
            names, removals = self._pending_names(), [*removals, *versions]
            hits = list(self._vault_hits(ErasedIds(removals)))
        ids = ErasedIds(removals)
        rows: Counter[str] = Counter()
        for batch, parts in hits:
            rows[batch.shelf] += count(parts)
        found = self._find_pseudonymous(self._pseudonym_mask(ids))
        plan = _Plan(
            task=secrets.token_hex(8),
            pending=names,
            removals=len(removals),
            rows=dict(rows + found.rows),
            posted_days=sorted(day.isoformat() for day in found.posted_days),
            arrived_days=sorted(day.isoformat() for day in found.arrived_days),
            erased={key_id: sorted(keys) for key_id, keys in found.keys.items()},
            batches=[(b.shelf, b.arrived_on.isoformat(), b.source, b.name, b.generation) for b, _ in hits],
            files=[str(path.relative_to(self._zones.root)) for path in found.files],
        )
        sealed = self._keyring.seal(_PLAN_KEY, json.dumps(plan._asdict()).encode(), context="plan")
        write_atomic(self._plan, sealed)

    def _find_pseudonymous(self, gone: RowTest) -> _Found:
        found = _Found(Counter(), set(), set(), {}, [])
        for path in parquet_files(self._zones.staging):
            if not (parts := scan(path, gone)):
                continue
            found.files.append(path)
            found.rows["staging"] += count(parts)
            found.posted_days.update(posted_days(parts))
            if day := arrived_on(path):
                found.arrived_days.add(day)
            for part in parts:
                names = part.select(["key_id", "post_key"])
                for key_id, key in zip(*(column.to_pylist() for column in names.columns), strict=True):
                    found.keys.setdefault(key_id, set()).add(key)
        # The queues know posts only, so an author's rows there are found by the posts that staging has of the author.
        in_queues = _or_has_key(gone, found.keys)
        for path in parquet_files(self._zones.restricted):
            if parts := scan(path, in_queues):
                found.files.append(path)
                found.rows["restricted"] += count(parts)
        return found

    def _rewrite_all(self, removals: list[Removal], plan: _Plan) -> None:
        ids = ErasedIds(removals)
        for shelf, day, source, name, generation in plan.batches:
            batch = Batch(shelf, date.fromisoformat(day), source, name, generation)
            if self._vault.path(batch).exists():
                self._rewrite_batch(batch, ids.mask_of(shelf))
        gone = _or_has_key(self._pseudonym_mask(ids), plan.erased)
        for file in plan.files:
            if (path := self._zones.root / file).exists():
                rewrite_without(path, gone)

    # The vault ----------------------------------------------------------------------------------------------------

    def _vault_hits(self, ids: ErasedIds) -> Iterator[tuple[Batch, list[pa.RecordBatch]]]:
        """Batches that hold something to erase, with the rows that go: of raw posts only what identifies them."""
        shelves: tuple[tuple[Shelf, tuple[str, ...]], ...] = (("raw", RAW_IDENTITY), ("quarantine", ()))
        for shelf, wanted in shelves:
            gone = ids.mask_of(shelf)
            for batch in self._vault.batches(shelf):
                try:
                    columns = [
                        name for name in self._vault.schema(batch).names if not wanted or name in wanted
                    ]
                    parts = (
                        rows.filter(gone(rows)) for rows in self._vault.iterate(batch, columns, SCAN_ROWS)
                    )
                    going = [part for part in parts if part.num_rows]
                except KeyDestroyedError:
                    continue  # an interrupted purge left the file: nobody can read it any more
                if going:
                    yield batch, going

    def _rewrite_batch(self, batch: Batch, gone: RowTest) -> None:
        """Write a batch anew, under the same key, without the rows that go."""
        kept = 0
        schema = self._vault.schema(batch)
        with self._vault.writer(batch, schema) as writer:
            for rows in self._vault.iterate(batch):
                rest = rows.filter(pc.invert(gone(rows)))
                kept += rest.num_rows
                writer.write_batch(rest)
        if kept == 0:
            self._vault.remove(batch)

    def _refused(self, rows: pa.RecordBatch) -> Iterator[tuple[str, str | None, str | None, str | None]]:
        columns = [rows[name].to_pylist() for name in ("source", "post_id", "author_id", "created_at")]
        refused = self.tombstones.refuse_many(*columns)
        yield from zip(*columns[:3], refused, strict=True)

    # Staging and restricted ---------------------------------------------------------------------------------------

    def _pseudonym_mask(self, ids: ErasedIds) -> RowTest:
        posts = _array(self._pseudonyms(ids.posts))
        authors = _array(self._pseudonyms(ids.authors))

        def gone(rows: pa.RecordBatch) -> pa.BooleanArray:
            mask = pc.is_in(rows["post_key"], posts)
            if "author_key" in rows.schema.names:
                mask = pc.or_(mask, pc.is_in(rows["author_key"], authors))
            return mask

        return gone

    def _pseudonyms(self, ids: Iterable[tuple[str, str]]) -> set[str]:
        by_source: dict[str, list[str]] = {}
        for source, id_ in ids:
            by_source.setdefault(source, []).append(id_)
        return {
            name
            for source, some in by_source.items()
            for names in self._names.candidates(source, some).values()
            for name in names
        }

    # Memory -------------------------------------------------------------------------------------------------------

    def _remember_erased(self, erased: dict[str, list[str]]) -> None:
        """Keep the pseudonyms of erased rows, so that a restored backup can be cleared of them (`reapply`)."""
        make_private(self._erased)
        for key_id, keys in erased.items():
            path = self._erased / f"{key_id}.parquet"
            if path.exists():
                keys = sorted({*keys, *self._vault.cipher.read(path, TOMBSTONE_KEY)["post_key"].to_pylist()})  # noqa: PLW2901
            with self._vault.cipher.writer(path, _KEYS_SCHEMA, TOMBSTONE_KEY) as writer:
                writer.write_table(pa.table({"post_key": keys}, schema=_KEYS_SCHEMA))

    def _store_open_days(self, days: set[date]) -> None:
        if not days:
            remove(self._open_days)
            return
        record = json.dumps(sorted(day.isoformat() for day in days)).encode()
        write_atomic(self._open_days, self._keyring.seal(_PLAN_KEY, record, context="open_days"))


def _other_versions(
    hits: Iterable[tuple[Batch, list[pa.RecordBatch]]], removals: Iterable[Removal]
) -> list[Removal]:
    """Removals of the earlier and later versions of erased posts, which platforms give ids of their own."""
    known = ErasedIds(removals).posts
    found: dict[tuple[str, str], None] = {}
    for part in (part for _, parts in hits for part in parts if "edit_ids" in part.schema.names):
        columns = (part[name].to_pylist() for name in ("source", "post_id", "edit_ids"))
        for source, post_id, versions in zip(*columns, strict=True):
            if versions:
                found |= dict.fromkeys((source, id_) for id_ in sorted({post_id, *versions} - {None}))
    return [Removal(source, id_, None, None, "delete") for source, id_ in found if (source, id_) not in known]


def _sum(one: ErasureReport, other: ErasureReport) -> ErasureReport:
    return ErasureReport(
        one.removals + other.removals,
        dict(Counter(one.rows) + Counter(other.rows)),
        one.posted_days | other.posted_days,
        one.arrived_days | other.arrived_days,
        one.certificates + other.certificates,
    )


def _array(values: set[str]) -> pa.Array:
    return pa.array(sorted(values), pa.string())


def _nothing(rows: pa.RecordBatch) -> pa.BooleanArray:
    return pa.array([False] * rows.num_rows, pa.bool_())


def _or_has_key(gone: RowTest, keys: Mapping[str, Iterable[str]]) -> RowTest:
    """Rows that go by `gone`, or whose `post_key` is one of `keys` (by key id)."""
    wanted = _array({key for some in keys.values() for key in some})
    return lambda rows: pc.or_(gone(rows), pc.is_in(rows["post_key"], wanted))
