"""What reviewers have said, kept in restricted/verdicts/: one row a case and reviewer, the later word of one replacing the earlier.

Belongs here: storing verdicts, reading them back, and what they come to: the outcome of each case, which marts and the review
queues read, and how often the labels were right. Does not: checking what was filled in (`transforms.reviewing`), files from
reviewers (`review_files`), when verdicts are destroyed (`retention`, `erasure`).

A verdict holds no text of the post. Its note was redacted before it came here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.review import AWARE
from orchestration.staging import read_day, write_day, write_table
from orchestration.zones import Zones
from transforms.classification.assembly import REVIEW_QUEUES
from transforms.classification.decode import EXCLUSIVE
from transforms.reviewing import CONFIRMED, REJECTED, SERIOUSNESS, gravest, outcome
from transforms.staging import Facts

VERDICTS, OUTCOMES = "verdicts", "outcomes"

_STR, _STRS = pa.string(), pa.list_(pa.string())
_LABELS = pa.struct(
    [
        ("relevant", pa.bool_()),
        ("sentiment", _STR),
        ("topics", _STRS),
        ("speaker", _STR),
        ("intent", _STR),
        ("flags", _STRS),
    ]
)

_OF_THE_CASE = [
    pa.field("queue", _STR, nullable=False),
    pa.field("post_key", _STR, nullable=False),
    pa.field("source", _STR, nullable=False),
    pa.field("posted_on", pa.date32(), nullable=False),
    pa.field("arrived_on", pa.date32(), nullable=False),
    pa.field("reviewed_on", pa.date32(), nullable=False),  # JST day of the import; retention counts from it
    pa.field("entities", _STRS, nullable=False),
    pa.field("voice_class", _STR, nullable=False),
    pa.field("claim_key", _STR),
    pa.field("drugs", _STRS, nullable=False),
]

VERDICT_SCHEMA = pa.schema(
    [
        pa.field("case_ref", _STR, nullable=False),
        *_OF_THE_CASE,
        pa.field("reviewer", _STR, nullable=False),  # a role
        pa.field("reviewed_at", AWARE, nullable=False),
        pa.field("verdict", _STR, nullable=False),
        pa.field("seriousness", _STR),
        pa.field("expectedness", _STR),
        pa.field("reported_on", pa.date32()),
        pa.field("labels_checked", pa.bool_(), nullable=False),
        pa.field("model_version", _STR, nullable=False),
        pa.field("model_labels", _LABELS, nullable=False),  # as the reviewer saw them
        pa.field("right_labels", _LABELS),  # after corrections; null where nothing was checked or corrected
        pa.field("note", _STR, nullable=False),  # redacted
    ]
)

OUTCOME_SCHEMA = pa.schema(
    [
        *_OF_THE_CASE,
        pa.field("topics", _STRS, nullable=False),  # after corrections, where the reviewers agree on them
        pa.field("status", _STR, nullable=False),  # a verdict, or conflict
        pa.field("reviewers", pa.int32(), nullable=False),
    ]
)
"""What all reviewers of a post in a queue come to: what dbt reads. No text, no note, no reviewer."""

_SAID: Final = (
    "verdict", "seriousness", "expectedness", "reported_on", "labels_checked", "right_labels", "note",
)  # fmt: skip
"""What makes a verdict another one than before."""

Verdict = dict[str, Any]
"""A row of `VERDICT_SCHEMA`."""


class Stored(NamedTuple):
    """What became of verdicts that came in.

    Attributes:
        new: of cases that this reviewer had not judged.
        changed: that replaced an earlier word of the same reviewer.
        same: that were known already.
    """

    new: int
    changed: int
    same: int


def read_verdicts(zones: Zones) -> list[Verdict]:
    """All verdicts, ordered by queue, post, day of arrival and reviewer."""
    rows: list[Verdict] = []
    for path in sorted((zones.restricted / VERDICTS).glob("arrived_on=*/part.parquet")):
        rows += pq.read_table(path, partitioning=None).to_pylist()
    return sorted(rows, key=_order)


def store_verdicts(zones: Zones, verdicts: Iterable[Verdict]) -> Stored:
    """Add verdicts. Use it under the run lock.

    Args:
        zones: where restricted/ is.
        verdicts: rows of `VERDICT_SCHEMA`; of one case and reviewer the last counts.

    Returns:
        What became of them. Storing the same ones again changes no file.
    """
    told: Counter[str] = Counter()
    by_day: dict[date, list[Verdict]] = {}
    for verdict in verdicts:
        by_day.setdefault(verdict["arrived_on"], []).append(verdict)
    for day, some in sorted(by_day.items()):
        table = read_day(zones.restricted / VERDICTS, day)
        known = {_who(row): row for row in (table.to_pylist() if table is not None else [])}
        fates = Counter(_take(known, verdict) for verdict in some)
        told += fates
        if fates["new"] or fates["changed"]:
            rows = sorted(known.values(), key=_order)
            write_day(
                zones.restricted / VERDICTS,
                day,
                pa.Table.from_pylist(rows, VERDICT_SCHEMA),
                VERDICT_SCHEMA,
            )
    return Stored(told["new"], told["changed"], told["same"])


def _take(known: dict[tuple[str, str], Verdict], verdict: Verdict) -> str:
    before = known.get(_who(verdict))
    if before is not None and all(before[name] == verdict[name] for name in _SAID):
        return "same"
    known[_who(verdict)] = verdict
    return "new" if before is None else "changed"


def _who(verdict: Verdict) -> tuple[str, str]:
    return verdict["case_ref"], verdict["reviewer"]


def _order(verdict: Verdict) -> tuple[Any, ...]:
    return tuple(verdict[name] for name in ("queue", "post_key", "arrived_on", "reviewer"))


class Outcome(NamedTuple):
    """What the reviewers of a post in a queue come to.

    Attributes:
        status: a verdict that all share, or conflict.
        verdicts: those that count: of the newest version of the post that was judged.
        seriousness: the gravest that was judged.
        expectedness: unexpected before expected.
        reported_on: the first day on which somebody says it was reported.
    """

    status: str
    verdicts: Sequence[Verdict]
    seriousness: str | None
    expectedness: str | None
    reported_on: date | None

    @property
    def checked(self) -> Mapping[str, Any] | None:
        """The right labels, where all who checked them agree; None where nobody did."""
        checked = [v["right_labels"] for v in self.verdicts if v["labels_checked"]]
        return checked[0] if checked and all(one == checked[0] for one in checked) else None


def outcomes(verdicts: Iterable[Verdict]) -> dict[tuple[str, str], Outcome]:
    """The outcome of each case.

    Args:
        verdicts: in the order of `read_verdicts`.

    Returns:
        By queue and post key.
    """
    found: dict[tuple[str, str], Outcome] = {}
    for case, group in groupby(verdicts, key=lambda v: (v["queue"], v["post_key"])):
        rows = list(group)
        newest = [row for row in rows if row["arrived_on"] == rows[-1]["arrived_on"]]
        reported = [row["reported_on"] for row in newest if row["reported_on"]]
        found[case] = Outcome(
            outcome(row["verdict"] for row in newest),
            newest,
            gravest((row["seriousness"] for row in newest), SERIOUSNESS),
            gravest((row["expectedness"] for row in newest), ("unexpected", "expected")),
            min(reported, default=None),
        )
    return found


def write_outcomes(zones: Zones, found: Mapping[tuple[str, str], Outcome]) -> int:
    """Write the outcomes for dbt.

    Returns:
        How many there are.
    """
    rows = []
    for one in found.values():
        last = one.verdicts[-1]
        rows.append(
            {
                **{field.name: last[field.name] for field in _OF_THE_CASE},
                "reviewed_on": max(v["reviewed_on"] for v in one.verdicts),
                "topics": (one.checked or last["model_labels"])["topics"],
                "status": one.status,
                "reviewers": len(one.verdicts),
            }
        )
    write_table(zones.restricted / OUTCOMES / "part.parquet", pa.Table.from_pylist(rows, OUTCOME_SCHEMA))
    return len(rows)


def judged_cases(zones: Zones) -> frozenset[tuple[str, str]]:
    """(queue, post key) of every case that somebody has judged."""
    return frozenset((v["queue"], v["post_key"]) for v in read_verdicts(zones))


def count_outcomes(found: Mapping[tuple[str, str], Outcome]) -> Facts:
    """Cases by queue and outcome, and how often labels were right: what the quality mart shows of them.

    A queue was right where its case was confirmed; unclear, doubled and disputed cases say neither. A label was right
    where somebody who checked all labels of the post left it.
    """
    facts: Facts = Counter()
    for (queue, _), one in found.items():
        facts["all", f"review_{one.status}:{queue}"] += 1
        if one.status in CONFIRMED | REJECTED:
            facts["all", f"review_right:queue.{queue}"] += one.status in CONFIRMED
            facts["all", f"review_judged:queue.{queue}"] += 1
    for labels, model in checked_labels(found).values():
        for value in _given(model):
            facts["all", f"review_right:{value}"] += value in _given(labels)
            facts["all", f"review_judged:{value}"] += 1
    return facts


def checked_labels(
    found: Mapping[tuple[str, str], Outcome],
) -> dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Posts of which somebody checked all labels, and nobody differed.

    Returns:
        Post key -> right labels, and the model's that were shown. A post of several queues counts once.
    """
    by_post: dict[str, list[Outcome]] = {}
    for queue in REVIEW_QUEUES:
        for (of, key), one in found.items():
            if of == queue and any(v["labels_checked"] for v in one.verdicts):
                by_post.setdefault(key, []).append(one)
    checked = {}
    for key, some in by_post.items():
        labels = some[0].checked
        if labels is not None and all(one.checked == labels for one in some):
            shown = next(v for v in some[0].verdicts if v["labels_checked"])
            checked[key] = (labels, shown["model_labels"])
    return checked


def _given(labels: Mapping[str, Any]) -> set[str]:
    """`<field>.<value>` of every label that a post was given."""
    given = {f"{field}.{labels[field]}" for field in EXCLUSIVE} if labels["relevant"] else set()
    return given | {f"{field}.{v}" for field in ("topics", "flags") for v in labels[field]}


def is_overdue(one: Outcome | None, due_on: date | None, today: date) -> bool:
    """Whether an adverse event's day has passed, nobody says that it was reported, and nobody has ruled it out."""
    if due_on is None or due_on >= today:
        return False
    if one is None:
        return True
    return one.reported_on is None and one.status not in REJECTED | {"duplicate"}
