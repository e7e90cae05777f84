"""Alerts on series whose events are known, and what is shown of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from transforms.statistics import alerts, signals
from transforms.statistics.alerts import ALERTS_SCHEMA, find_alerts, lay_out
from transforms.statistics.holidays import rest_days

FIRST = date(2026, 6, 1)  # a Monday
NO_EVENTS = pl.DataFrame(
    schema={"entity": pl.String, "topic": pl.String, "first_on": pl.Date, "last_on": pl.Date}
)
K = 10


def usual(mean: float, days: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).poisson(mean, days)


def counts(series: dict[tuple[str, str], Sequence[int]], grain: str = "day", **more: Any) -> pl.DataFrame:
    step = 1 if grain == "day" else 7
    rows = [
        {
            "grain": grain, "period_on": FIRST + timedelta(days=i * step), "entity": entity, "kind": "topic", "subject": topic,
            "topic": topic, "authors": int(n), "k": K, "all_authors": int(n) + 5, "sources": 2, "is_media": False,
            "is_suppressed": 0 < n < K, "all_suppressed": False,
        } | more
        for (entity, topic), numbers in series.items()
        for i, n in enumerate(numbers)
        if n
    ]  # fmt: skip
    return pl.DataFrame(rows)


def health(days: int, silent: Sequence[int] = (), status: str = "silent") -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"posted_on": FIRST + timedelta(days=i), "source": s, "status": status if s == "x" and i in silent else "ok"}
            for i in range(days)
            for s in ("x", "qa")
        ]
    )  # fmt: skip


def alarms(found: pl.DataFrame, grain: str = "day") -> pl.DataFrame:
    return found.filter((pl.col("kind") != "entity") & (pl.col("grain") == grain))


def statuses(found: pl.DataFrame, entity: str) -> list[str]:
    mine = found.filter((pl.col("kind") == "entity") & (pl.col("entity") == entity)).sort("period_on")
    return mine["tier"].to_list()


def test_a_surge_is_found_on_its_days_and_no_others() -> None:
    y = np.full(100, 12)
    y[80:83] = 40
    found = alarms(
        find_alerts(
            counts({("a", "wait"): y, ("b", "wait"): np.tile([11, 13, 12], 34)[:100]}), health(100), NO_EVENTS
        )
    )
    assert found.select("period_on", "entity", "method").rows() == [
        (FIRST + timedelta(days=d), "a", "dow_nb56") for d in (80, 81, 82)
    ]
    assert found["tier"].to_list() == ["警戒"] * 3


def test_numbers_are_shown_where_every_count_behind_them_is() -> None:
    y = np.full(100, 12)
    y[80] = 40
    shown = alarms(find_alerts(counts({("a", "wait"): y}), health(100), NO_EVENTS)).row(0, named=True)
    assert shown["observed"] == 40
    assert shown["expected"] == pytest.approx(12, abs=0.5)
    assert shown["expected"] < shown["threshold"] < 40
    assert shown["p"] < 1e-6
    assert shown["p_at_most"] == 1e-6
    assert shown["exceedance"] == pytest.approx(
        (40 - shown["expected"]) / (shown["threshold"] - shown["expected"]), abs=0.1
    )
    assert (shown["baseline"], shown["family"], shown["consecutive"]) == (56, 1, 1)


def test_one_hidden_count_in_the_baseline_leaves_bands_only() -> None:
    y = np.full(100, 12)
    y[80], y[50] = 40, 7
    shown = alarms(find_alerts(counts({("a", "wait"): y}), health(100), NO_EVENTS)).row(0, named=True)
    assert shown["observed"] == 40
    for number in ("expected", "threshold", "dispersion", "p", "exceedance", "consecutive"):
        assert shown[number] is None, number
    assert (shown["observed_band"], shown["expected_band"], shown["threshold_band"]) == (
        "20〜49人", "10〜19人", "20〜49人",
    )  # fmt: skip
    assert shown["q_at_most"] == 1e-6


def test_a_hidden_alarm_tells_nothing_but_that_it_is_one() -> None:
    y = np.tile([0, 1], 50)
    y[80] = 9
    rows = alarms(find_alerts(counts({("a", "wait"): y}), health(100), NO_EVENTS))
    shown = rows.row(0, named=True)
    assert rows.height == 1
    assert (shown["tier"], shown["observed_band"], shown["is_withheld"]) == ("情報", "非表示", False)
    told = {"grain", "period_on", "entity", "kind", "subject", "tier", "method", "observed_band", "baseline", "family", "is_withheld"}  # fmt: skip
    assert {name for name, value in shown.items() if value is not None} == told


@pytest.mark.parametrize(
    ("total", "hidden_total", "tier"), [(19, False, "情報"), (20, False, "警戒"), (500, True, "情報")]
)
def test_a_tier_is_told_of_a_hidden_count_only_under_a_large_published_total(
    total: int, *, hidden_total: bool, tier: str
) -> None:
    y = np.tile([0, 1], 50)
    y[80] = 9
    table = counts({("a", "wait"): y}).with_columns(
        all_authors=pl.when(pl.col("authors") == 9).then(total).otherwise(10 * pl.col("authors")),
        all_suppressed=pl.lit(hidden_total),
    )
    assert alarms(find_alerts(table, health(100), NO_EVENTS))["tier"].to_list() == [tier]


def test_numbers_that_are_shown_follow_from_published_counts_alone() -> None:
    y = usual(60, 100, seed=8)
    y[90] = 120
    days = [FIRST + timedelta(days=i) for i in range(100)]
    found = alarms(find_alerts(counts({("a", "wait"): y}), health(100), NO_EVENTS))
    shown = found.row(by_predicate=pl.col("period_on") == days[90], named=True)
    window = slice(90 - 58, 90 + 1)
    weekdays = signals.weekday_numbers(days[window], rest_days(days[0], days[-1]))
    _, bound = signals.detect(y[window], weekdays, 58)
    assert bound is not None
    assert (shown["expected"], shown["threshold"]) == (round(bound.expected, 1), bound.upper)
    assert shown["p"] == pytest.approx(bound.p, rel=0.5)


def test_what_a_hidden_alarm_shows_does_not_depend_on_the_hidden_count() -> None:
    shown = []
    for n in range(5, 10):
        y = np.tile([0, 1], 50)
        y[80] = n
        shown.append(alarms(find_alerts(counts({("a", "wait"): y}), health(100), NO_EVENTS)))
    assert all(rows.equals(shown[0]) for rows in shown)


def test_a_hidden_alarm_over_a_published_baseline_is_withheld_and_the_day_not_called_clear() -> None:
    # hidden to protect another cell: a reader who can compute the threshold would learn that it is above it
    y = np.full(100, 12)
    y[80] = 40
    table = counts({("a", "wait"): y}).with_columns(
        is_suppressed=pl.col("period_on") == FIRST + timedelta(days=80)
    )
    found = find_alerts(table, health(100), NO_EVENTS)
    assert alarms(found)["is_withheld"].to_list() == [True]
    assert statuses(found, "a")[80] == "alert_hidden"


def test_a_silent_source_is_never_all_clear() -> None:
    loud, quiet = np.full(100, 12), np.full(100, 12)
    loud[80] = 40
    found = find_alerts(
        counts({("a", "wait"): loud, ("b", "wait"): quiet}), health(100, silent=[80, 81]), NO_EVENTS
    )
    assert statuses(found, "a")[80:83] == ["alert", "inconclusive", "clear"]
    assert statuses(found, "b")[80:83] == ["inconclusive", "inconclusive", "clear"]
    assert alarms(found)["silent_sources"].to_list() == ["x"]


def test_days_are_learnt_first_and_quiet_ones_give_no_green_light() -> None:
    y = np.tile([1, 0, 1], 34)[:100]
    found = find_alerts(
        counts({("small", "wait"): y, ("large", "wait"): np.full(100, 12)}), health(100), NO_EVENTS
    )
    assert statuses(found, "large")[:10] == ["learning"] * 10
    assert set(statuses(found, "large")[10:]) == {"clear"}
    assert set(statuses(found, "small")[10:]) == {"low_power"}
    methods = found.filter(pl.col("entity") == "large").sort("period_on")["method"].to_list()
    assert methods == ["none"] * 10 + ["c2"] * 48 + ["dow_nb56"] * 42


def test_a_confirmed_event_does_not_hide_the_next() -> None:
    y = np.full(100, 12)
    y[60:75] = 60
    y[90] = 45
    event = pl.DataFrame(
        {
            "entity": ["a"], "topic": [None], "first_on": [FIRST + timedelta(days=60)],
            "last_on": [FIRST + timedelta(days=74)],
        },
        schema=NO_EVENTS.schema,
    )  # fmt: skip
    table = counts({("a", "wait"): y})
    day = pl.col("period_on") == FIRST + timedelta(days=90)
    told = alarms(find_alerts(table, health(100), event)).filter(day).row(0, named=True)
    untold = alarms(find_alerts(table, health(100), NO_EVENTS)).filter(day)
    assert told["expected"] == pytest.approx(12, abs=0.5)
    assert untold.is_empty() or untold["expected"][0] > told["expected"]
    elsewhere = event.with_columns(entity=pl.lit("b"))
    assert alarms(find_alerts(table, health(100), elsewhere)).equals(
        alarms(find_alerts(table, health(100), NO_EVENTS))
    )


def test_a_holiday_is_compared_with_sundays() -> None:
    days = [FIRST + timedelta(days=i) for i in range(120)]
    resting = rest_days(days[0], days[-1])
    y = np.array([4 if d.weekday() == 6 or d in resting else 20 for d in days])
    marine = date(2026, 7, 20)  # Marine Day, a Monday
    assert marine in resting
    after = days.index(date(2026, 9, 21))  # Respect for the Aged Day
    y[after] = 19
    found = alarms(find_alerts(counts({("a", "wait"): y}), health(120), NO_EVENTS))
    assert found["period_on"].to_list() == [days[after]]
    assert date(2026, 8, 14) in resting
    assert date(2026, 12, 30) in rest_days(date(2026, 12, 1), date(2027, 1, 31))
    assert date(2027, 1, 4) not in rest_days(date(2026, 12, 1), date(2027, 1, 31))


def test_more_series_make_each_alarm_harder() -> None:
    y = np.full(100, 12)
    y[80] = 23
    alone = alarms(find_alerts(counts({("a", "wait"): y}), health(100), NO_EVENTS))
    crowd = {("a", "wait"): y} | {(f"e{i}", "wait"): np.full(100, 12) for i in range(60)}
    assert alone.height == 1
    assert alarms(find_alerts(counts(crowd), health(100), NO_EVENTS)).is_empty()


def test_a_slow_creep_is_found_by_the_week() -> None:
    weeks = [20, 19, 21, 20, 22, 18, 20, 21, 19, 20, 28, 29, 29, 30]
    found = alarms(find_alerts(counts({("a", "wait"): weeks}, "week"), health(98), NO_EVENTS), "week")
    assert found["method"].unique().to_list() == ["cusum"]
    assert found["period_on"].min() >= FIRST + timedelta(days=77)  # one week alone is no creep
    row = found.row(0, named=True)
    assert (row["p"], row["q_at_most"]) == (None, None)
    assert row["observed"] > row["threshold"] > row["expected"]
    steady = alarms(find_alerts(counts({("a", "wait"): [20] * 14}, "week"), health(98), NO_EVENTS), "week")
    assert steady.is_empty()


def test_a_week_that_is_not_over_is_not_judged() -> None:
    weeks = [20] * 12 + [60]
    found = find_alerts(counts({("a", "wait"): weeks}, "week"), health(12 * 7 + 6), NO_EVENTS)
    assert alarms(found, "week").is_empty()
    found = find_alerts(counts({("a", "wait"): weeks}, "week"), health(13 * 7), NO_EVENTS)
    assert alarms(found, "week").height == 1


def test_seventy_eight_weeks_are_judged_by_farrington() -> None:
    weeks = usual(20, 100, seed=4)
    weeks[95] = 70
    found = alarms(find_alerts(counts({("a", "wait"): weeks}, "week"), health(700), NO_EVENTS), "week")
    hit = found.filter(pl.col("period_on") == FIRST + timedelta(days=95 * 7)).row(0, named=True)
    assert hit["method"] == "farrington"
    assert hit["q_at_most"] <= 0.001
    by_method = found.group_by("method").agg(pl.col("period_on").min())
    assert set(by_method["method"]) <= {"farrington", "cusum"}


def test_two_alarms_in_a_row_and_a_strong_one_call_for_attention() -> None:
    y = np.full(100, 12)
    y[80:82] = 24
    tiers = alarms(
        find_alerts(counts({("a", "wait"): y}, all_authors=1000, sources=1), health(100), NO_EVENTS)
    )["tier"].to_list()
    assert tiers == ["情報", "注意"]


def test_nothing_collected_is_no_alert() -> None:
    empty = counts({("a", "wait"): [1]}).clear()
    assert find_alerts(empty, health(1).clear(), NO_EVENTS).schema == ALERTS_SCHEMA
    assert find_alerts(empty, health(5), NO_EVENTS).is_empty()
    assert (
        find_alerts(counts({("a", "wait"): [3, 2]}), health(2), NO_EVENTS)["tier"].to_list()
        == ["learning"] * 2
    )


def test_series_have_no_gaps() -> None:
    panel = lay_out(counts({("a", "wait"): [3, 0, 0, 5]}), FIRST, FIRST + timedelta(days=4), 1, NO_EVENTS)
    assert panel.y.tolist() == [[3, 0, 0, 5, 0]]
    assert panel.hidden.tolist() == [[True, False, False, True, False]]


@pytest.mark.parametrize(
    ("p", "level"), [(None, None), (float("nan"), None), (0.0, 1e-6), (0.002, 0.01), (0.7, 1.0)]
)
def test_probabilities_are_rounded_up(p: float | None, level: float | None) -> None:
    assert alerts.at_most(p) == level
