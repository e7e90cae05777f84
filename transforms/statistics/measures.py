"""What improvement measures came to: each measure's subjects before and after, beside peers and a control topic.

Belongs here: laying weeks out for the regressions of `effects`, and which numbers of an effect are fit for publication.
Does not: the regressions, the ledger of measures, tables of a warehouse.

The verdict is reached on all weeks, hidden ones too: it is one of four words. A ratio is shown only where every week that it
is computed from is published; elsewhere it is a band. Beside it stands a plain ratio of published months, which anyone
can check by hand and which can tell nothing that the months do not tell.

Exposure is the number of people who speak of the facility that week and do not complain of what the measure is to change: with
the complainers among them a measure that works would lessen its own denominator, and raise its control.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from transforms.statistics import effects
from transforms.statistics.alerts import at_most

LEAST_A_WEEK = 5.0
"""Complaints a week before the start below which a verdict is luck: 判定不能."""
LEAST_PEERS = 3
RATIO_BANDS = (
    (0.5, "半分未満"),
    (1 - effects.BAND, "減"),
    (1 + effects.BAND, "同程度"),
    (2.0, "増"),
    (np.inf, "2倍以上"),
)

Floats = NDArray[np.float64]

MEASURES_SCHEMA = pl.Schema(
    {
        "action": pl.String,
        "entity": pl.String,
        "kind": pl.String,
        "subject": pl.String,
        "role": pl.String,
        "verdict": pl.String,
        "is_provisional": pl.Boolean,
        "weeks_before": pl.Int64,
        "weeks_after": pl.Int64,
        "weeks_hidden": pl.Int64,
        "level_band": pl.String,
        "level_ratio": pl.Float64,
        "level_low": pl.Float64,
        "level_high": pl.Float64,
        "level_p_at_most": pl.Float64,
        "slope_ratio": pl.Float64,
        "slope_low": pl.Float64,
        "slope_high": pl.Float64,
        "dispersion": pl.Float64,
        "peers": pl.Int64,
        "peers_band": pl.String,
        "peers_p": pl.Float64,
        "peers_lead_band": pl.String,
    }
)


class Subject(NamedTuple):
    """What a measure is judged by: a topic or a theme, as its aim or as a control that it should not touch."""

    kind: str
    name: str
    role: str


SPOKEN = Subject("spoken", "all", "")
"""All who speak of a facility."""


class Weeks(NamedTuple):
    """One facility's weeks of one subject.

    Attributes:
        complaints: authors who complain of it.
        others: authors who speak of the facility and do not complain of what the measure is to change.
        hidden: whether the publication rule hides either.
    """

    complaints: Floats
    others: Floats
    hidden: NDArray[np.bool_]


class Calendar(NamedTuple):
    """Whole weeks that were collected, the measure's first whole week among them.

    Attributes:
        mondays: of each week.
        start: index of the first week that begins on or after the measure's first day.
        ramp: weeks from there until it works in full.
    """

    mondays: list[date]
    start: int
    ramp: int


def evaluate(
    actions: pl.DataFrame, weeks: pl.DataFrame, entities: pl.DataFrame, first: date | None, last: date | None
) -> pl.DataFrame:
    """Judge each subject of each measure.

    Args:
        actions: action, entity, topics, themes, control_topics, control_entities, start_on, ramp_days, expected_direction.
        weeks: week_on, entity, kind (topic, theme; spoken for all who speak of the entity), subject, authors, is_suppressed;
            no row is 0.
        entities: entity, peer_set.
        first: first day collected; None where nothing was.
        last: last day collected.

    Returns:
        `MEASURES_SCHEMA`, a row a measure and subject.
    """
    rows: list[dict[str, Any]] = []
    if first is not None and last is not None:
        table = _Table(weeks)
        for action in actions.iter_rows(named=True):
            calendar = _calendar(action["start_on"], action["ramp_days"], first, last)
            subjects = _subjects(action)
            for subject in subjects:
                facilities = [action["entity"], *_peers(action, subject, actions, entities)]
                series = [
                    table.weeks(entity, subject, _aims(subjects), calendar.mondays) for entity in facilities
                ]
                rows.append(_judge(action, subject, calendar, series[0], series[1:]))
    return pl.DataFrame(rows, schema=MEASURES_SCHEMA).sort("action", "role", "kind", "subject")


def _subjects(action: dict[str, Any]) -> list[Subject]:
    return [
        *(Subject("topic", name, "target") for name in action["topics"]),
        *(Subject("theme", name, "target") for name in action["themes"]),
        *(Subject("topic", name, "control") for name in action["control_topics"]),
    ]


def _aims(subjects: Sequence[Subject]) -> list[Subject]:
    """Topics that the measure aims at; its themes, where it names no topic. Themes are parts of topics."""
    targets = [s for s in subjects if s.role == "target"]
    return [s for s in targets if s.kind == "topic"] or targets


def _calendar(start_on: date, ramp_days: int, first: date, last: date) -> Calendar:
    monday = first + timedelta(days=-first.weekday() % 7)
    count = max(0, ((last - monday).days + 1) // 7)
    mondays = [monday + timedelta(days=7 * i) for i in range(count)]
    start = sum(m < start_on for m in mondays)
    return Calendar(mondays, start, -(-ramp_days // 7))


class _Table:
    """Weekly counts, looked up by entity and subject."""

    def __init__(self, weeks: pl.DataFrame) -> None:
        self._cells = {
            (entity, kind, subject, week): (authors, hidden)
            for week, entity, kind, subject, authors, hidden in weeks.select(
                "week_on", "entity", "kind", "subject", "authors", "is_suppressed"
            ).iter_rows()
        }

    def weeks(self, entity: str, subject: Subject, aims: Sequence[Subject], mondays: Sequence[date]) -> Weeks:
        """Weeks of a subject at an entity.

        Args:
            entity: the facility.
            subject: whose complaints count.
            aims: whose complaints do not count as exposure.
            mondays: of the weeks.
        """
        complaints, hidden = self._series(entity, subject, mondays)
        others, hidden_too = self._series(entity, SPOKEN, mondays)
        hidden |= hidden_too
        for aim in aims:
            aimed_at, hidden_too = self._series(entity, aim, mondays)
            others, hidden = others - aimed_at, hidden | hidden_too
        return Weeks(complaints, np.maximum(others, 0.0), hidden)

    def _series(
        self, entity: str, subject: Subject, mondays: Sequence[date]
    ) -> tuple[Floats, NDArray[np.bool_]]:
        found = [self._cells.get((entity, subject.kind, subject.name, m), (0, False)) for m in mondays]
        return np.array([n for n, _ in found], np.float64), np.array(
            [hidden for _, hidden in found], np.bool_
        )


def _peers(
    action: dict[str, Any], subject: Subject, actions: pl.DataFrame, entities: pl.DataFrame
) -> list[str]:
    """Facilities to compare with: those that the ledger names, or, with fewer than three, all of the peer set.

    Facilities with a measure of their own on the same subject are no peers.
    """
    column = "topics" if subject.kind == "topic" else "themes"
    touched = set(actions.filter(pl.col(column).list.contains(subject.name))["entity"].to_list())
    named = [e for e in action["control_entities"] if e not in touched]
    if len(named) >= LEAST_PEERS:
        return named
    sets = dict(entities.select("entity", "peer_set").iter_rows())
    mine = sets.get(action["entity"])
    every = [e for e, s in sorted(sets.items()) if s is not None and s == mine]
    return [e for e in every if e != action["entity"] and e not in touched]


def _judge(
    action: dict[str, Any], subject: Subject, calendar: Calendar, own: Weeks, peers: list[Weeks]
) -> dict[str, Any]:
    effect = effects.interrupted_time_series(
        own.complaints,
        own.others,
        calendar.start,
        ramp=calendar.ramp,
        fewer_is_better=action["expected_direction"] == "fewer",
        min_before=effects.SHORT_BEFORE,
        min_after=effects.SHORT_AFTER,
    )
    enough = bool(calendar.start) and float(own.complaints[: calendar.start].mean()) >= LEAST_A_WEEK
    week = np.arange(len(own.complaints))
    used = (week < calendar.start) | (week >= calendar.start + calendar.ramp)
    hidden = int(own.hidden[used].sum())
    row: dict[str, Any] = dict.fromkeys(MEASURES_SCHEMA) | {
        "action": action["action"],
        "entity": action["entity"],
        "kind": subject.kind,
        "subject": subject.name,
        "role": subject.role,
        "verdict": effect.verdict if enough else effects.UNDECIDED,
        "is_provisional": effect.weeks_before < effects.MIN_BEFORE or effect.weeks_after < effects.MIN_AFTER,
        "weeks_before": effect.weeks_before,
        "weeks_after": effect.weeks_after,
        "weeks_hidden": hidden,
    }
    if effect.level is not None and enough:
        row |= {"level_band": ratio_band(effect.level.ratio), "level_p_at_most": at_most(effect.level.p)}
        if not hidden:
            row |= _numbers(effect)
    return row | _against_peers(own, peers, calendar, used)


def _numbers(effect: effects.Effect) -> dict[str, float | None]:
    found = {"level": effect.level, "slope": effect.slope}
    return {
        **{
            f"{what}_{name}": round(getattr(ratio, name), 2)
            for what, ratio in found.items()
            if ratio is not None
            for name in ("ratio", "low", "high")
        },
        "dispersion": None if effect.dispersion is None else round(effect.dispersion, 1),
    }


def _against_peers(
    own: Weeks, peers: list[Weeks], calendar: Calendar, used: NDArray[np.bool_]
) -> dict[str, Any]:
    """The change over the peers' change, as bands: it is computed from many hidden weeks of other facilities."""
    found = effects.difference_in_differences(
        [w.complaints[used] for w in (own, *peers)], [w.others[used] for w in (own, *peers)], 0, calendar.start
    )  # fmt: skip
    if found is None or calendar.start >= int(used.sum()):
        return {"peers": len(peers)}
    return {
        "peers": found.peers,
        "peers_band": ratio_band(found.ratio),
        "peers_p": round(found.p, 3),
        "peers_lead_band": ratio_band(found.lead),
    }


def ratio_band(ratio: float) -> str:
    """The band of a ratio; within 15 % of 1 it is 同程度."""
    return next(name for limit, name in RATIO_BANDS if ratio < limit)
