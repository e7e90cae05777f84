"""Retention: what is past its time is destroyed, the key first and then the files, with a certificate.

Belongs here: finding what has expired and destroying it. Does not: removals that somebody asked for (`erasure`), statistics,
which stay.

A purge writes down what it will destroy before it destroys anything, and drops the note at its very end: killed at any
moment, the next run goes through the same list again, where what is gone already counts as done.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.certificates import Certificate, Certificates, Destroyed
from orchestration.config.policy import Policy
from orchestration.config.sources import SourceRegister
from orchestration.keyring import PSEUDONYM_PREFIX, Keyring, KeyringError, parse_period
from orchestration.rewriting import RowTest, parquet_files, rewrite_without, scan
from orchestration.settings import JST
from orchestration.vault import Batch, Shelf, Vault, VaultError, parse_data_key_id
from orchestration.zones import Zones, remove, write_atomic

_PLAN_KEY: Final = "plan-of-purge"
_ALL: Final = "all"
"""Stands for the batches of a day."""
_SHELVES: Final[tuple[Shelf, ...]] = ("raw", "quarantine")


class Keep(NamedTuple):
    """How long things are kept, in days.

    Attributes:
        raw: raw posts, after arrival.
        quarantine: quarantined records, after arrival.
        pseudonyms: a pseudonym key and its staging rows, after the end of its period.
        restricted: rows of the review queues, after arrival.
        by_source: raw posts and quarantined records of a source of the register, where that is shorter.
        verdicts: what reviewers said, after they did.
    """

    raw: int
    quarantine: int
    pseudonyms: int
    restricted: int
    by_source: Mapping[str, int]
    verdicts: int = 400

    @classmethod
    def of(cls, policy: Policy, register: SourceRegister) -> Keep:
        """The shorter of what policy and register say."""
        days = policy.retention
        return cls(
            raw=days.raw_days,
            quarantine=days.quarantine_days,
            pseudonyms=days.pseudonym_days,
            restricted=days.restricted_days,
            by_source={source.id: source.retention_days for source in register.sources},
            verdicts=days.verdict_days,
        )

    def shelf_days(self, shelf: Shelf, source: str) -> int:
        """Days that a shelf of the vault keeps what a source gave."""
        general = self.raw if shelf == "raw" else self.quarantine
        return min(general, self.by_source.get(source, general))


class Expired(NamedTuple):
    """One thing to destroy.

    Attributes:
        zone: raw, quarantine, staging, restricted or verdicts.
        what: for the certificate: a day and source, a period, or a day.
        rows: how many rows that is.
        key_id: the key that goes with it, None for restricted/.
        arrived_on: ISO day of arrival (of review for verdicts), None for a period.
        source: of the register, None for a period or restricted/.
        generation: of the day's key.
    """

    zone: str
    what: str
    rows: int
    key_id: str | None
    arrived_on: str | None = None
    source: str | None = None
    generation: int = 1


class PurgeReport(NamedTuple):
    """What a purge did.

    Attributes:
        rows: rows destroyed, by zone.
        keys: ids of the keys destroyed.
        certificates: new ones.
    """

    rows: dict[str, int]
    keys: list[str]
    certificates: list[Certificate]


class Retention:
    """Destroys what is past its time below one home. Use it under the run lock.

    Args:
        zones: the home.
        vault: its vault.
        certificates: the chain.
        keep: how long things are kept.
    """

    def __init__(self, zones: Zones, vault: Vault, certificates: Certificates, keep: Keep) -> None:
        self._zones = zones
        self._vault = vault
        self._keyring: Keyring = vault.keyring
        self._certificates = certificates
        self._keep = keep
        self._plan = zones.certificates / "purge_plan"

    def purge(self, now: datetime) -> PurgeReport:
        """Destroy everything that has expired, first what an interrupted purge left.

        Args:
            now: the time, with its zone; days are counted in Japan.

        Returns:
            What was destroyed.
        """
        report = PurgeReport({}, [], [])
        if self._plan.exists():
            report = _sum(report, self._carry_out(now))
        if expired := self.expired(now.astimezone(JST).date()):
            plan = {"task": secrets.token_hex(8), "expired": [item._asdict() for item in expired]}
            write_atomic(self._plan, self._keyring.seal(_PLAN_KEY, json.dumps(plan).encode()))
            report = _sum(report, self._carry_out(now))
        return report

    def expired(self, today: date) -> list[Expired]:
        """What a purge on that day would destroy, in a fixed order.

        Args:
            today: in Japan.
        """
        return [
            *(item for shelf in _SHELVES for item in self._expired_days(shelf, today)),
            *self._expired_periods(today),
            *self._expired_reviews(today),
        ]

    # Finding ------------------------------------------------------------------------------------------------------

    def _expired_days(self, shelf: Shelf, today: date) -> list[Expired]:
        rows: Counter[Batch] = Counter()
        for batch in self._vault.batches(shelf):
            day = batch._replace(name=_ALL)
            if self._has_passed(day, today):
                try:
                    rows[day] += self._vault.rows(batch)
                except (VaultError, KeyringError):
                    rows[day] += 0  # damaged, or its key is gone: it goes all the same
        for key_id in self._keyring.ids(f"{shelf}-"):  # keys of days whose rows were all erased
            arrived_on, source, generation = parse_data_key_id(key_id)
            day = Batch(shelf, arrived_on, source, _ALL, generation)
            if self._has_passed(day, today):
                rows[day] += 0
        return [
            Expired(
                zone=shelf,
                what=day.key_id.removeprefix(f"{shelf}-"),
                rows=count,
                key_id=day.key_id,
                arrived_on=day.arrived_on.isoformat(),
                source=day.source,
                generation=day.generation,
            )
            for day, count in sorted(rows.items())
        ]

    def _has_passed(self, day: Batch, today: date) -> bool:
        return (today - day.arrived_on).days >= self._keep.shelf_days(day.shelf, day.source)

    def _expired_periods(self, today: date) -> list[Expired]:
        key_ids = [
            key_id
            for key_id in self._keyring.ids(PSEUDONYM_PREFIX)
            if parse_period(key_id).last + timedelta(days=self._keep.pseudonyms) < today
        ]
        rows: Counter[str] = Counter()
        if key_ids:
            gone = _has_period(key_ids)
            for path in parquet_files(self._zones.staging):
                for part in scan(path, gone):
                    rows.update(part["key_id"].to_pylist())
        return [
            Expired("staging", key_id.removeprefix(PSEUDONYM_PREFIX), rows[key_id], key_id)
            for key_id in key_ids
        ]

    def _expired_reviews(self, today: date) -> list[Expired]:
        rows: Counter[tuple[str, date]] = Counter()
        for path in parquet_files(self._zones.restricted):
            for zone, column, kept in self._review_rules():
                for part in scan(path, _until(column, today - timedelta(days=kept))):
                    rows.update((zone, day) for day in part[column].to_pylist())
        return [
            Expired(zone, day.isoformat(), count, None, day.isoformat())
            for (zone, day), count in sorted(rows.items())
        ]

    def _review_rules(self) -> tuple[tuple[str, str, int], ...]:
        """Zone of the certificate, column of the day, days kept: of cases, and of what reviewers said of them."""
        return ("restricted", "arrived_on", self._keep.restricted), (
            "verdicts",
            "reviewed_on",
            self._keep.verdicts,
        )

    # Destroying ---------------------------------------------------------------------------------------------------

    def _carry_out(self, now: datetime) -> PurgeReport:
        plan = json.loads(self._keyring.unseal(_PLAN_KEY, self._plan.read_bytes()))
        expired = [Expired(**item) for item in plan["expired"]]
        keys = [item.key_id for item in expired if item.key_id is not None]
        self._keyring.destroy(*keys)
        self._remove_files(expired)
        done = [Destroyed("retention", item.zone, item.what, item.rows, item.key_id) for item in expired]
        issued = self._certificates.issue(plan["task"], done, now)
        remove(self._plan)
        rows: Counter[str] = Counter()
        for item in expired:
            rows[item.zone] += item.rows
        return PurgeReport(dict(rows), keys, issued)

    def _remove_files(self, expired: list[Expired]) -> None:
        self._vault.remove_days(
            Batch(shelf, date.fromisoformat(item.arrived_on), item.source, _ALL, item.generation)
            for item in expired
            for shelf in _SHELVES
            if item.zone == shelf and item.arrived_on is not None and item.source is not None
        )
        self._remove_periods([item.key_id for item in expired if item.zone == "staging" and item.key_id])
        for zone, column, _ in self._review_rules():
            days = [
                date.fromisoformat(item.arrived_on)
                for item in expired
                if item.zone == zone and item.arrived_on
            ]
            for path in parquet_files(self._zones.restricted) if days else ():
                rewrite_without(path, _until(column, max(days)))

    def _remove_periods(self, key_ids: list[str]) -> None:
        """Take the rows of destroyed pseudonym keys out of the queues, which hold no key id, and then out of staging."""
        if not key_ids:
            return
        gone = _has_period(key_ids)
        staging = parquet_files(self._zones.staging)
        posts = {key for path in staging for part in scan(path, gone) for key in part["post_key"].to_pylist()}
        if posts:
            wanted = pa.array(sorted(posts), pa.string())
            for path in parquet_files(self._zones.restricted):
                rewrite_without(path, lambda rows: pc.is_in(rows["post_key"], wanted))
        for path in staging:
            rewrite_without(path, gone)
        for key_id in key_ids:
            remove(self._zones.tombstones / "erased" / f"{key_id}.parquet")


def _has_period(key_ids: Iterable[str]) -> RowTest:
    wanted = pa.array(sorted(key_ids), pa.string())

    def gone(rows: pa.RecordBatch) -> pa.BooleanArray:
        if "key_id" not in rows.schema.names:
            return pa.array([False] * rows.num_rows, pa.bool_())
        return pc.is_in(rows["key_id"], wanted)

    return gone


def _until(column: str, last: date) -> RowTest:
    """Rows whose day is past; a verdict's day is that of the review alone."""

    def gone(rows: pa.RecordBatch) -> pa.BooleanArray:
        judged = "reviewed_on" in rows.schema.names
        if column not in rows.schema.names or (judged and column != "reviewed_on"):
            return pa.array([False] * rows.num_rows, pa.bool_())
        return pc.less_equal(rows[column], pa.scalar(last, pa.date32()))

    return gone


def _sum(one: PurgeReport, other: PurgeReport) -> PurgeReport:
    return PurgeReport(
        dict(Counter(one.rows) + Counter(other.rows)),
        one.keys + other.keys,
        one.certificates + other.certificates,
    )
