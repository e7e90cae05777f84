"""The queues that want a human: adverse events, crisis, distress, misinformation and rumours, takedown.

Belongs here: writing candidates into restricted/ with redacted text and a case reference, and reading them back.
Does not: deciding what is a candidate (`transforms.classification`), what reviewers say (`verdicts`), files that go out to
them and come back (`review_files`).

The clock of a marketing authorisation holder starts when a post was first loaded. A case keeps that time however often
its day is staged again, and when the post is delivered once more on a later day.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.settings import JST
from orchestration.staging import day_file, write_day
from orchestration.zones import Zones
from transforms.classification.assembly import REVIEW_QUEUES
from transforms.reviewing import EVENT_QUEUE

_STR, _STRS = pa.string(), pa.list_(pa.string())
AWARE = pa.timestamp("s", tz="UTC")

REVIEW_SCHEMA = pa.schema(
    [
        pa.field("case_ref", _STR, nullable=False),
        pa.field("post_key", _STR, nullable=False),
        pa.field("source", _STR, nullable=False),
        pa.field("posted_on", pa.date32(), nullable=False),
        pa.field("arrived_on", pa.date32(), nullable=False),
        pa.field(
            "first_aware_at", AWARE, nullable=False
        ),  # when the post was first loaded; never moves later
        pa.field("text", _STR, nullable=False),  # redacted
        pa.field("entities", _STRS, nullable=False),
        pa.field("relevant", pa.bool_(), nullable=False),
        pa.field("sentiment", _STR, nullable=False),
        pa.field("topics", _STRS, nullable=False),
        pa.field("speaker", _STR, nullable=False),
        pa.field("voice_class", _STR, nullable=False),
        pa.field("intent", _STR, nullable=False),
        pa.field("flags", _STRS, nullable=False),
        pa.field("department", _STR),
        pa.field("prefecture", _STR),
        pa.field("drugs", _STRS, nullable=False),  # of the suspected events, as the lexicon names them
        pa.field("events", _STRS, nullable=False),
        pa.field("serious", pa.bool_(), nullable=False),  # whether any of them is, by the words
        pa.field("claim_key", _STR),
        pa.field("evidence", _STRS, nullable=False),
        pa.field("confidence", pa.float32(), nullable=False),
        pa.field("model_version", _STR, nullable=False),
    ]
)
"""A case of a queue. Pseudonymous, with redacted text."""

_AS_LABELLED = (
    "post_key", "source", "posted_on", "arrived_on", "entities", "relevant", "sentiment", "topics", "speaker", "voice_class",
    "intent", "flags", "department", "prefecture", "claim_key", "evidence", "confidence", "model_version",
)  # fmt: skip


class Awareness:
    """When each adverse event first became known, over all days: read once a run.

    Args:
        zones: where restricted/ is.
    """

    def __init__(self, zones: Zones) -> None:
        self._first: dict[str, datetime] = {}
        for path in sorted((zones.restricted / EVENT_QUEUE).rglob("part.parquet")):
            # Rows that a version before the clock wrote say nothing of it.
            if "first_aware_at" in pq.read_schema(path).names:
                table = pq.read_table(path, columns=["post_key", "first_aware_at"], partitioning=None)
                for key, at in zip(*(column.to_pylist() for column in table.columns), strict=True):
                    self._first[key] = min(at, self._first.get(key, at))

    def earliest(self, post_key: str, day: date, loaded_at: int | None) -> datetime:
        """The earlier of a post's load and of what is known of it, which is known from then on.

        Args:
            post_key: of the post.
            day: of arrival; counts only where neither is known.
            loaded_at: Unix seconds, None where it was not kept.
        """
        before = self._first.get(post_key)
        if loaded_at is None and before is not None:
            return before
        at = known_at(day, loaded_at)
        self._first[post_key] = first = min(at, before or at)
        return first


def write_queues(
    zones: Zones,
    day: date,
    redacted: pa.Table,
    classified: pa.Table,
    *,
    awareness: Awareness,
    judged: Collection[tuple[str, str]] = (),
) -> dict[str, int]:
    """Replace the day's part of every queue.

    Args:
        zones: where restricted/ is.
        day: of arrival.
        redacted: the day's rows with text.
        classified: the same rows, in the same order, with labels.
        awareness: when adverse events became known; the day's are added.
        judged: (queue, post key) of cases that a reviewer has judged: they stay, whatever the labels say by now.

    Returns:
        Candidates by queue.
    """
    reasons = classified["review_reasons"].to_pylist()
    keys = classified["post_key"].to_pylist()
    counts: dict[str, int] = {}
    for queue in REVIEW_QUEUES:
        chosen = [
            queue in (wanted or []) or (queue, key) in judged
            for wanted, key in zip(reasons, keys, strict=True)
        ]
        if not any(chosen) and not day_file(zones.restricted / queue, day).exists():
            continue
        mask = pa.array(chosen, pa.bool_())
        some = redacted.filter(mask)
        cases = _cases(queue, day, some, classified.filter(mask))
        for case, loaded_at in zip(cases, some["loaded_at"].to_pylist(), strict=True):
            case["first_aware_at"] = (
                awareness.earliest(case["post_key"], day, loaded_at)
                if queue == EVENT_QUEUE
                else known_at(day, loaded_at)
            )
        table = pa.Table.from_pylist(cases, REVIEW_SCHEMA)
        counts[queue] = write_day(zones.restricted / queue, day, table, REVIEW_SCHEMA)
    return counts


def _cases(queue: str, day: date, redacted: pa.Table, classified: pa.Table) -> list[dict[str, Any]]:
    rows = classified.select([*_AS_LABELLED, "ae"]).to_pylist()
    cases = []
    for row, text in zip(rows, redacted["text"].to_pylist(), strict=True):
        suspected = row.pop("ae")
        cases.append(
            {
                **row,
                "case_ref": f"{queue[:2].upper()}-{day:%Y%m%d}-{row['post_key'][:12]}",
                "text": text,
                "drugs": sorted({e["drug"] for e in suspected if e["drug"]}),
                "events": sorted({e["event_pt"] or e["event"] for e in suspected if e["event"]}),
                "serious": any(e["serious"] for e in suspected),
            }
        )
    return cases


def known_at(day: date, loaded_at: int | None) -> datetime:
    """When a post became known: the time of its load, or the beginning of its day of arrival where that was not kept."""
    if loaded_at is None:
        return datetime.combine(day, time(), JST).astimezone(UTC)
    return datetime.fromtimestamp(loaded_at, UTC)


def queue_days(zones: Zones, queue: str) -> Iterator[date]:
    """The days of arrival for which a queue has a file, sorted."""
    for folder in sorted((zones.restricted / queue).glob("arrived_on=*")):
        yield date.fromisoformat(folder.name.removeprefix("arrived_on="))


def read_cases(
    zones: Zones, queues: Collection[str] = REVIEW_QUEUES, columns: Sequence[str] | None = None
) -> pl.DataFrame:
    """All cases of some queues.

    Args:
        zones: where restricted/ is.
        queues: which.
        columns: which; all by default.

    Returns:
        Rows of `REVIEW_SCHEMA` with their `queue`, ordered by queue, day of arrival and case.
    """
    names = [n for n in REVIEW_SCHEMA.names if columns is None or n in {*columns, "arrived_on", "case_ref"}]
    schema = pa.schema([REVIEW_SCHEMA.field(name) for name in names])
    parts = [pl.DataFrame(schema.empty_table()).with_columns(queue=pl.lit("", pl.String))]
    for queue in queues:
        for day in queue_days(zones, queue):
            path = day_file(zones.restricted / queue, day)
            # What a version before this schema wrote is passed over; its day is written anew when it is staged again.
            if path.exists() and set(REVIEW_SCHEMA.names) <= set(pq.read_schema(path).names):
                table = pq.read_table(path, columns=names, partitioning=None).cast(schema)
                parts.append(pl.DataFrame(table).with_columns(queue=pl.lit(queue)))
    cases = pl.concat(parts).sort("queue", "arrived_on", "case_ref")
    return cases.select(columns) if columns else cases
