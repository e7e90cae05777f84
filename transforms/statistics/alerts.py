"""Alerts: which complaints surged on which day or in which week, and what of an alarm may be shown.

Belongs here: laying counts out as series, judging each night's family of them, tiers, and which numbers of an alarm are
fit for publication. Does not: the detectors (`signals`), where counts come from, tables of a warehouse.

Detection sees all counts, small ones too. What is shown of an alarm follows from four rules:

1. A number (expected, threshold, dispersion, p, exceedance) is shown only where the count of the day and every count of its
   baseline are published: a reader could compute it from the published marts, so it tells nothing new. It is rounded, so that a
   count which a release still holds back (`transforms.disclosure.hold_back`) does not show through.
2. Elsewhere there are bands. They are inequalities over many counts and give none of them away.
3. q depends on all other series of the night and is only ever shown as a band, and only beside a published count.
4. An alarm on a hidden count says "some, and more than usual", without a band. Of the 1 to k-1 that it may be, five or more
   stay possible. A tier above the lowest would leave fewer: it is shown only where the number of all who spoke of the subject is
   published and at least twice k, so that the hidden count may as well be a large one. Where a published count stands in its
   baseline a reader could compute a threshold above k-1, learn that the hidden count is above it, and subtract it from a
   total: such an alarm is withheld.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from transforms.statistics import signals
from transforms.statistics.holidays import rest_days

HORIZON_DAYS, HORIZON_WEEKS = 182, 26
"""How far back days and weeks are judged, at each run anew: what is older has been told."""
LEAST_TODAY = 3
Q_LEVEL = 0.10
STRONG_X = 1.5
LITTLE = 2.0
"""Expected authors a day below which no method sees a day three times as busy: no green light then."""
TRAINING_WEEKS, LEAST_TRAINING, RUN_WEEKS = 26, 8, 8
FARRINGTON_WEEKS = 78
P_LEVELS = (1e-6, 1e-4, 0.001, 0.01, 0.05, 0.10)
BANDS = ((10, "10人未満"), (20, "10〜19人"), (50, "20〜49人"), (100, "50〜99人"), (np.inf, "100人以上"))
HIDDEN_BAND = "非表示"
KEYS = ("grain", "period_on", "entity", "kind", "subject")

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

ALERTS_SCHEMA = pl.Schema(
    {
        "grain": pl.String,
        "period_on": pl.Date,
        "entity": pl.String,
        "kind": pl.String,
        "subject": pl.String,
        "tier": pl.String,
        "method": pl.String,
        "observed": pl.Int64,
        "observed_band": pl.String,
        "expected": pl.Float64,
        "expected_band": pl.String,
        "threshold": pl.Float64,
        "threshold_band": pl.String,
        "dispersion": pl.Float64,
        "p": pl.Float64,
        "p_at_most": pl.Float64,
        "q_at_most": pl.Float64,
        "exceedance": pl.Float64,
        "consecutive": pl.Int64,
        "baseline": pl.Int64,
        "family": pl.Int64,
        "silent_sources": pl.String,
        "is_withheld": pl.Boolean,
        "alerts": pl.Int64,
    }
)
DAY_STATUSES = ("alert", "alert_hidden", "learning", "inconclusive", "low_power", "clear")
ENTITY, ALL = "entity", "all"


class Panel(NamedTuple):
    """Series of one grain over the same periods: a row a series, a column a period.

    Attributes:
        labels: entity, kind and subject of each row.
        periods: first day of each column.
        y: authors who complain.
        total: authors who speak of the subject at all.
        sources: platforms that the complaints come from.
        media: whether a medium spoke of the subject.
        hidden: whether the publication rule hides the complaints' count.
        spacious: whether the total is published and so large that it leaves a hidden count open.
        trusted: false where a reviewer confirmed an event.
    """

    labels: list[tuple[str, str, str]]
    periods: list[date]
    y: Floats
    total: Floats
    sources: Floats
    media: Bools
    hidden: Bools
    spacious: Bools
    trusted: Bools


class Verdict(NamedTuple):
    """One alarm inside the house, all numbers unrounded."""

    row: int
    t: int
    tier: str
    method: str
    bound: signals.Bound
    q: float
    consecutive: int
    baseline: slice
    family: int


def lay_out(counts: pl.DataFrame, first: date, last: date, step: int, confirmed: pl.DataFrame) -> Panel:
    """Lay counts of one grain out as series without gaps.

    Args:
        counts: as `find_alerts` takes them, of one grain.
        first: first period.
        last: first day of the last period.
        step: days a period, 1 or 7.
        confirmed: events that a reviewer confirmed: entity, topic (None for all), first_on, last_on.

    Returns:
        The panel, rows in order of their labels.
    """
    periods = [first + timedelta(days=i) for i in range(0, (last - first).days + 1, step)]
    spacious = ~pl.col("all_suppressed") & (pl.col("all_authors") >= 2 * pl.col("k"))
    counts = counts.filter(pl.col("period_on").is_in(periods)).with_columns(is_spacious=spacious)
    rows = counts.select("entity", "kind", "subject", "topic").unique().sort("entity", "kind", "subject")
    labels = list(rows.select("entity", "kind", "subject").iter_rows())
    placed = counts.join(rows.with_row_index("row"), on=["entity", "kind", "subject"], how="inner")
    at = (
        placed["row"].to_numpy().astype(np.int64),
        ((placed["period_on"] - first).dt.total_days() // step).to_numpy().astype(np.int64),
    )
    shape = (len(labels), len(periods))

    def table(column: str, kind: type[np.generic]) -> NDArray[Any]:
        numbers = np.zeros(shape, dtype=kind)
        numbers[at] = placed[column].to_numpy()
        return numbers

    return Panel(
        labels,
        periods,
        table("authors", np.float64),
        table("all_authors", np.float64),
        table("sources", np.float64),
        table("is_media", np.bool_),
        table("is_suppressed", np.bool_),
        table("is_spacious", np.bool_),
        _trusted(rows, periods, step, confirmed),
    )


def _trusted(rows: pl.DataFrame, periods: Sequence[date], step: int, confirmed: pl.DataFrame) -> Bools:
    trusted = np.ones((rows.height, len(periods)), dtype=np.bool_)
    for entity, topic, begins, ends in confirmed.select("entity", "topic", "first_on", "last_on").iter_rows():
        mine = (rows["entity"] == entity).to_numpy().copy()
        if topic is not None:
            mine &= (rows["topic"] == topic).to_numpy()
        within = np.array([p <= ends and p + timedelta(days=step - 1) >= begins for p in periods])
        trusted[np.ix_(mine, within)] = False
    return trusted


def judge_days(panel: Panel, silent: dict[date, str]) -> tuple[list[Verdict], list[dict[str, Any]]]:
    """Judge each day of the horizon as one family: all series that speak enough to be tested.

    Args:
        panel: of days.
        silent: days on which a source brought nothing or too little, with its name.

    Returns:
        The alarms, and what each day came to for each entity as rows of `ALERTS_SCHEMA`, without the number of its alerts.
    """
    if not panel.periods or not panel.labels:
        return [], []
    weekdays = signals.weekday_numbers(panel.periods, rest_days(panel.periods[0], panel.periods[-1]))
    alarms: list[Verdict] = []
    days: list[dict[str, Any]] = []
    consecutive = np.zeros(len(panel.labels), dtype=np.int64)
    for t in range(max(0, len(panel.periods) - HORIZON_DAYS), len(panel.periods)):
        method, bounds = signals.detect_each(panel.y, weekdays, t, trusted=panel.trusted)
        healthy = panel.periods[t] not in silent
        found: list[Verdict] = []
        if bounds is not None:
            y = panel.y[:, t]
            consecutive = np.where(y > bounds.upper, consecutive + 1, 0)
            found = list(_day_alarms(panel, t, method, bounds, consecutive, healthy=healthy))
            alarms.extend(found)
        days.extend(_day_statuses(panel, t, (method, bounds), found, silent.get(panel.periods[t])))
    return alarms, days


def _day_alarms(
    panel: Panel,
    t: int,
    method: str,
    bounds: signals.Bounds,
    consecutive: NDArray[np.int64],
    *,
    healthy: bool,
) -> Iterator[Verdict]:
    y = panel.y[:, t]
    tested = panel.y[:, max(0, t - 27) : t + 1].sum(axis=1) >= 5  # limit54: fewer in four weeks alarm nobody
    q = signals.benjamini_hochberg(np.where(tested, bounds.p, np.nan))
    family = int(tested.sum())
    baseline = _day_baseline(method, t)
    for row in np.flatnonzero(tested & (y >= LEAST_TODAY) & (y > bounds.upper) & (q <= Q_LEVEL)):
        evidence = signals.Evidence(
            value=float(y[row]),
            expected=float(bounds.expected[row]),
            upper=float(bounds.upper[row]),
            p=float(bounds.p[row]),
            q=float(q[row]),
            consecutive=int(consecutive[row]),
            negative_share_up=_share_is_up(panel, int(row), t, baseline),
            sources=int(panel.sources[row, t]),
            media=bool(panel.media[row, t]),
            healthy=healthy,
        )
        bound = signals.Bound(*(float(numbers[row]) for numbers in bounds))
        yield Verdict(
            int(row), t, signals.tier(evidence, family), method, bound, evidence.q, evidence.consecutive, baseline, family
        )  # fmt: skip


def _day_baseline(method: str, t: int) -> slice:
    guard = signals.DOW_GUARD
    size = signals.DOW_WINDOW if method == "dow_nb56" else 7
    return slice(t - guard - size, t - guard)


def _share_is_up(panel: Panel, row: int, t: int, baseline: slice) -> bool:
    before, spoke = panel.y[row, baseline].sum(), panel.total[row, baseline].sum()
    today, speak = panel.y[row, t], panel.total[row, t]
    return bool(speak > 0 and (spoke == 0 or today / speak > before / spoke))


def _day_statuses(
    panel: Panel,
    t: int,
    judged: tuple[str, signals.Bounds | None],
    found: Sequence[Verdict],
    silent: str | None,
) -> Iterator[dict[str, Any]]:
    """What a day came to for each entity: no green light while learning, unheard, or too quiet to tell."""
    method, bounds = judged
    alarmed = {panel.labels[v.row][0] for v in found}
    loudest: dict[str, float] = {}
    for row, (entity, *_) in enumerate(panel.labels):
        expected = 0.0 if bounds is None else float(bounds.expected[row])
        loudest[entity] = max(expected, loudest.get(entity, 0.0))
    for entity, expected in loudest.items():
        if entity in alarmed:
            status = "alert"
        elif bounds is None:
            status = "learning"
        elif silent is not None:
            status = "inconclusive"
        else:
            status = "low_power" if expected < LITTLE else "clear"
        yield dict.fromkeys(ALERTS_SCHEMA) | {
            "grain": "day",
            "period_on": panel.periods[t],
            "entity": entity,
            "kind": ENTITY,
            "subject": ALL,
            "tier": status,
            "method": method,
            "silent_sources": silent,
            "is_withheld": False,
        }


def judge_weeks(panel: Panel) -> list[Verdict]:
    """Judge whole weeks: CUSUM from eight weeks of history, Farrington from 78.

    CUSUM has no p: its alarms are 情報, and 注意 where they are strong or come two weeks in a row. Farrington's weeks are a
    family as days are; a week that is nothing special beside the half year before and the season of earlier years counts as p = 1
    there without a regression, which makes q greater and never smaller.
    """
    alarms: list[Verdict] = []
    before: dict[int, int] = {}
    for t in range(max(LEAST_TRAINING, len(panel.periods) - HORIZON_WEEKS), len(panel.periods)):
        tested = panel.y[:, max(0, t - 3) : t + 1].sum(axis=1) >= 5
        if t >= FARRINGTON_WEEKS:
            found = list(_farrington_alarms(panel, t, tested, before))
        else:
            found = list(_cusum_alarms(panel, t, tested, before))
        alarms.extend(found)
        before = {v.row: v.consecutive for v in found}
    return alarms


def _cusum_alarms(panel: Panel, t: int, tested: Bools, before: dict[int, int]) -> Iterator[Verdict]:
    run = min(RUN_WEEKS, t - LEAST_TRAINING)
    start = t - run
    training = slice(max(0, start - TRAINING_WEEKS), start)
    family = int(tested.sum())
    for row in np.flatnonzero(tested & (panel.y[:, t] >= LEAST_TODAY)):
        believed = panel.trusted[row, training]
        if believed.sum() < LEAST_TRAINING // 2:
            continue
        weeks = panel.y[row, training][believed]
        mean = (float(weeks.sum()) + 0.5) / len(weeks)
        # Rossi's statistic takes the mean for known and the weeks for Poisson: neither holds, so its unit is made wider.
        dispersion = max(1.0, float(weeks.var(ddof=1)) / mean) * (1 + 1 / len(weeks))
        unit = float(np.sqrt(dispersion))
        # A confirmed event begins the sum anew: it is known, and what comes after it is judged by itself.
        known = np.flatnonzero(~panel.trusted[row, start:t])
        begin = start + (int(known[-1]) + 1 if known.size else 0)
        steps = signals.cusum(mean + (panel.y[row, begin : t + 1] - mean) / unit, mean)
        if not steps[-1].alarm:
            continue
        carried = 0.0 if len(steps) < 2 or steps[-2].alarm else steps[-2].score
        least = mean + unit * np.sqrt(mean) * (signals.CUSUM_H + signals.CUSUM_K - carried)
        bound = signals.Bound(float(np.ceil(least - 1e-9)) - 1, mean, dispersion)
        consecutive = before.get(int(row), 0) + 1
        strong = signals.exceedance(float(panel.y[row, t]), bound.expected, bound.upper) >= STRONG_X
        tier = "注意" if strong or consecutive >= 2 else "情報"
        yield Verdict(
            int(row), t, tier, "cusum", bound, np.nan, consecutive, slice(training.start, t), family
        )


def _farrington_alarms(panel: Panel, t: int, tested: Bools, before: dict[int, int]) -> Iterator[Verdict]:
    usual = panel.y[:, max(0, t - TRAINING_WEEKS) : t].mean(axis=1)
    seasons = [panel.y[:, max(0, w - 3) : w + 4].mean(axis=1) for w in range(t - 52, -1, -52)]
    least = np.min([usual, *seasons], axis=0)
    worth_it = panel.y[:, t] > least + np.sqrt(least)
    p = np.where(tested, 1.0, np.nan)
    bounds: dict[int, signals.Bound] = {}
    for candidate in np.flatnonzero(tested & (panel.y[:, t] >= LEAST_TODAY) & worth_it):
        y = np.where(panel.trusted[candidate], panel.y[candidate], usual[candidate])
        y[t] = panel.y[candidate, t]
        judged = signals.farrington(y, t)
        if judged is not None and judged.p is not None:
            bounds[int(candidate)], p[candidate] = judged, judged.p
    q = signals.benjamini_hochberg(p)
    family = int(tested.sum())
    for row, bound in bounds.items():
        value = float(panel.y[row, t])
        consecutive = before.get(row, 0) + 1
        evidence = signals.Evidence(
            value=value,
            expected=bound.expected,
            upper=bound.upper,
            p=float(p[row]),
            q=float(q[row]),
            consecutive=consecutive,
            negative_share_up=_share_is_up(panel, row, t, slice(max(0, t - TRAINING_WEEKS), t)),
            sources=int(panel.sources[row, t]),
            media=bool(panel.media[row, t]),
            healthy=True,
        )
        tier = signals.tier(evidence, family)
        if tier != "none":
            yield Verdict(row, t, tier, "farrington", bound, evidence.q, consecutive, slice(0, t), family)


def show(panel: Panel, grain: str, alarms: Sequence[Verdict], silent: dict[date, str]) -> pl.DataFrame:
    """What may be shown of the alarms, by the rules above.

    Args:
        panel: that they were found in.
        grain: day or week.
        alarms: as judged.
        silent: days on which a source was silent, with its name.

    Returns:
        A row an alarm, `ALERTS_SCHEMA`. A withheld one has no number, and must not leave the warehouse.
    """
    rows = [_shown(panel, grain, alarm, silent) for alarm in alarms]
    return pl.DataFrame(rows, schema=ALERTS_SCHEMA).sort(KEYS)


def _shown(panel: Panel, grain: str, alarm: Verdict, silent: dict[date, str]) -> dict[str, Any]:
    row, t, bound = alarm.row, alarm.t, alarm.bound
    entity, kind, subject = panel.labels[row]
    value = float(panel.y[row, t])
    is_hidden = bool(panel.hidden[row, t])
    baseline, hidden = panel.y[row, alarm.baseline], panel.hidden[row, alarm.baseline]
    every = not is_hidden and not bool(hidden.any())
    fields: dict[str, Any] = dict.fromkeys(ALERTS_SCHEMA) | {
        "grain": grain,
        "period_on": panel.periods[t],
        "entity": entity,
        "kind": kind,
        "subject": subject,
        "tier": "情報" if is_hidden and not panel.spacious[row, t] else alarm.tier,
        "method": alarm.method,
        "observed_band": HIDDEN_BAND,
        "baseline": len(baseline),
        "family": alarm.family,
        "silent_sources": silent.get(panel.periods[t]) if grain == "day" else None,
        "is_withheld": is_hidden and bool(((baseline > 0) & ~hidden).any()),
    }
    if is_hidden:
        return fields
    fields |= {
        "observed": int(value),
        "observed_band": band(value),
        "expected_band": band(bound.expected),
        "threshold_band": band(bound.upper),
        "p_at_most": at_most(bound.p),
        "q_at_most": at_most(alarm.q),
        "consecutive": alarm.consecutive if every else None,
    }
    if every:
        fields |= {
            "expected": round(bound.expected, 1),
            "threshold": bound.upper,
            "dispersion": None if bound.dispersion is None or np.isnan(bound.dispersion) else round(bound.dispersion, 1),
            "p": None if bound.p is None else float(f"{bound.p:.1g}"),
            "exceedance": round(signals.exceedance(value, bound.expected, bound.upper), 1),
        }  # fmt: skip
    return fields


def band(authors: float) -> str:
    """The band of a number of authors."""
    return next(name for limit, name in BANDS if authors < limit)


def at_most(p: float | None) -> float | None:
    """The smallest level of `P_LEVELS` that a probability does not exceed; None where there is none."""
    if p is None or np.isnan(p):
        return None
    return next((level for level in P_LEVELS if p <= level), 1.0)


def find_alerts(counts: pl.DataFrame, health: pl.DataFrame, confirmed: pl.DataFrame) -> pl.DataFrame:
    """Judge all days and whole weeks of the horizon.

    Args:
        counts: grain (day, week), period_on, entity, kind (topic, theme), subject, topic, authors, k, is_suppressed, sources,
            all_authors and all_suppressed (of all who speak of the subject), is_media; no row is 0.
        health: posted_on, source, status of each source on each day collected.
        confirmed: events that a reviewer confirmed: entity, topic (None for all), first_on, last_on.

    Returns:
        `ALERTS_SCHEMA`: a row an alarm, and a row a day and entity (kind `entity`) whose tier is one of `DAY_STATUSES`.
    """
    if health.is_empty() or counts.is_empty():
        return pl.DataFrame(schema=ALERTS_SCHEMA)
    first, last = health["posted_on"].min(), health["posted_on"].max()
    assert isinstance(first, date)
    assert isinstance(last, date)
    silent = silent_days(health)
    monday, sunday = (
        first + timedelta(days=-first.weekday() % 7),
        last - timedelta(days=(last.weekday() + 1) % 7),
    )
    of_days = lay_out(counts.filter(pl.col("grain") == "day"), first, last, 1, confirmed)
    of_weeks = lay_out(
        counts.filter(pl.col("grain") == "week"), monday, sunday - timedelta(days=6), 7, confirmed
    )
    by_day, statuses = judge_days(of_days, silent)
    shown = pl.concat(
        [show(of_days, "day", by_day, silent), show(of_weeks, "week", judge_weeks(of_weeks), silent)]
    )
    return pl.concat([shown, _count_alerts(statuses, shown)]).sort(KEYS)


def _count_alerts(statuses: Sequence[dict[str, Any]], shown: pl.DataFrame) -> pl.DataFrame:
    """Days with the number of alarms that may be told; an alarm that may not is still no green light."""
    told = (
        shown.filter((pl.col("grain") == "day") & ~pl.col("is_withheld"))
        .group_by("period_on", "entity")
        .agg(pl.len().cast(pl.Int64).alias("told"))
    )
    days = pl.DataFrame(statuses, schema=ALERTS_SCHEMA).join(told, on=["period_on", "entity"], how="left")
    number = pl.col("told").fill_null(0)
    hidden = (pl.col("tier") == "alert") & (number == 0)
    return days.with_columns(
        number.alias("alerts"), pl.when(hidden).then(pl.lit("alert_hidden")).otherwise("tier").alias("tier")
    ).drop("told")


def silent_days(health: pl.DataFrame) -> dict[date, str]:
    """Days on which a source was silent or low, with the names of these sources."""
    bad = health.filter(pl.col("status").is_in(["silent", "low"])).sort("posted_on", "source")
    joined = bad.group_by("posted_on", maintain_order=True).agg(pl.col("source").str.join(", "))
    return dict(joined.iter_rows())
