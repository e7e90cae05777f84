"""Golden values from R's surveillance and epitweetr, computed there once; and rules of the tiers."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.statistics import disproportionality, intervals, signals

GOLDEN = json.loads((Path(__file__).parent.parent / "fixtures/reference/golden_signals.json").read_text())
EXACT = {"abs": 1e-6}


@pytest.mark.parametrize(("series", "golden", "options"), [
    ("ts1", "eears_ts1_U0", {"alpha_outlier": 0.0}),
    ("ts1", "eears_ts1_U0_dw", {}),
    ("ts2", "eears_ts2_U0_dw", {}),
    ("ts2", "eears_ts2_U0_dw_bonf24", {"alpha": 0.025 / 24}),
])  # fmt: skip
def test_extended_ears(series: str, golden: str, options: dict[str, float]) -> None:
    for t, want in enumerate(GOLDEN[golden]):
        bound = signals.eears(GOLDEN[series], t, **options)
        assert (
            (bound is None)
            if want is None
            else (bound is not None and bound.upper == pytest.approx(want, **EXACT))
        )


@pytest.mark.parametrize(
    ("name", "detector", "alpha"),
    [("C1", signals.ears_c1, 0.001), ("C2", signals.ears_c2, 0.001), ("C3", signals.ears_c3, 0.025)],
)
def test_ears(name: str, detector: Callable[..., signals.Bound | None], alpha: float) -> None:
    first = GOLDEN[f"{name}_first_t"] - 1
    y = GOLDEN["ts2"]
    assert detector(y, first - 1, alpha=alpha) is None
    for t, upper, alarm in zip(
        range(first, len(y)), GOLDEN[f"{name}_upper"], GOLDEN[f"{name}_alarm"], strict=True
    ):
        bound = detector(y, t, alpha=alpha)
        assert bound is not None
        assert bound.upper == pytest.approx(upper, **EXACT)
        assert (y[t] > bound.upper) == alarm


def test_cusum() -> None:
    y = GOLDEN["ts2"]
    steps = signals.cusum(y[7:], float(np.mean(y[:7])), reset=False)
    assert [int(s.alarm) for s in steps] == GOLDEN["cusum_alarm"]
    assert sum(s.alarm for s in signals.cusum(y[7:], float(np.mean(y[:7])))) < sum(GOLDEN["cusum_alarm"])


def test_farrington() -> None:
    y = GOLDEN["farrington_y"]
    for t, upper, alarm in zip(
        range(306, 312), GOLDEN["farrington_upper"], GOLDEN["farrington_alarm"], strict=True
    ):
        bound = signals.farrington(y, t, years=4)
        assert bound is not None
        assert bound.upper == upper
        assert (y[t] > bound.upper) == alarm


def test_dow_nb56() -> None:
    golden = GOLDEN["dow_nb56"]
    weekdays = [i % 7 for i in range(len(golden["y"]))]
    for key in ("t59", "t60", "t61"):
        t = int(key[1:])
        bound = signals.dow_nb56(golden["y"], weekdays, t)
        assert bound is not None
        assert (bound.expected, bound.dispersion, bound.upper, bound.p) == pytest.approx(
            (golden[key]["mu0"], golden[key]["phi"], golden[key]["U"], golden[key]["p"]), abs=1e-6
        )
    assert signals.dow_nb56(golden["y"], weekdays, 57) is None


def test_a_confirmed_event_does_not_raise_its_own_bound() -> None:
    y = [10] * 70
    y[40:45] = [60] * 5
    weekdays = [i % 7 for i in range(70)]
    told = signals.dow_nb56(y, weekdays, 69, confirmed=range(40, 45))
    untold = signals.dow_nb56(y, weekdays, 69)
    assert told is not None
    assert untold is not None
    assert told.upper < untold.upper
    assert told.expected == pytest.approx(10, rel=0.05)


@pytest.mark.parametrize(
    ("days", "method"),
    [(0, "none"), (9, "none"), (10, "c2"), (57, "c2"), (58, "dow_nb56"), (400, "dow_nb56")],
)
def test_history_decides_the_method(days: int, method: str) -> None:
    assert signals.method_for(days) == method
    name, bound = signals.detect([3.0] * (days + 1), [i % 7 for i in range(days + 1)], days)
    assert name == method
    assert (bound is None) == (method == "none")


def test_many_series_are_judged_as_each_alone() -> None:
    y = np.random.default_rng(3).poisson(np.array([[0.2], [3.0], [20.0]]), (3, 90))
    weekdays = [i % 7 for i in range(90)]
    trusted = np.ones(y.shape, dtype=bool)
    trusted[1, 70:75] = False
    for t in (30, 80):
        method, bounds = signals.detect_each(y, weekdays, t, trusted=trusted)
        assert bounds is not None
        for row in range(3):
            confirmed = range(70, 75) if row == 1 else ()
            name, alone = signals.detect(y[row], weekdays, t, confirmed=confirmed)
            assert alone is not None
            assert name == method
            assert (bounds.upper[row], bounds.expected[row], bounds.p[row]) == pytest.approx(
                (alone.upper, alone.expected, alone.p)
            )
        if method == "c2":
            c2 = signals.ears_c2(y[2], t, floor=signals.MIN_SIGMA)
            assert c2 is not None
            assert (bounds.upper[2], bounds.expected[2]) == pytest.approx((c2.upper, c2.expected))


def test_three_posts_after_a_quiet_week_are_no_wonder() -> None:
    y = [0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 3]
    normal = signals.ears_c2(y, 10, floor=signals.MIN_SIGMA)
    _, counted = signals.detect(y, [0] * 11, 10)
    assert normal is not None
    assert counted is not None
    assert normal.p is not None
    assert normal.p < 1e-6
    assert counted.p is not None
    assert 0.001 < counted.p < 0.05
    assert counted.upper == normal.upper


def test_holidays_are_sundays() -> None:
    days = [date(2026, 11, 2), date(2026, 11, 3), date(2026, 11, 8)]
    assert signals.weekday_numbers(days, frozenset({date(2026, 11, 3)})) == [0, 6, 6]


def test_benjamini_hochberg_by_hand() -> None:
    q = signals.benjamini_hochberg([0.01, 0.04, 0.03, 0.005, np.nan])
    assert q[:4] == pytest.approx([0.02, 0.04, 0.04, 0.02])
    assert np.isnan(q[4])


def evidence(**changes: object) -> signals.Evidence:
    base = signals.Evidence(
        value=20,
        expected=5,
        upper=12,
        p=1e-6,
        q=1e-4,
        consecutive=1,
        negative_share_up=True,
        sources=2,
        media=False,
        healthy=True,
    )
    return base._replace(**changes)


@pytest.mark.parametrize(("changes", "tier"), [
    ({}, "警戒"),
    ({"negative_share_up": False}, "注意"),
    ({"sources": 1}, "注意"),
    ({"sources": 1, "media": True}, "警戒"),
    ({"p": 1e-3, "upper": 16}, "情報"),
    ({"p": 1e-3, "upper": 16, "consecutive": 2}, "注意"),
    ({"q": 0.2}, "none"),
    ({"q": float("nan")}, "none"),
    ({"value": 2, "upper": 1}, "none"),
    ({"value": 12}, "none"),
    ({"healthy": False}, "警戒"),  # what did not arrive can only have made the count smaller
    ({"healthy": False, "value": 0}, "inconclusive"),
    ({"healthy": False, "q": 0.2}, "inconclusive"),
])  # fmt: skip
def test_tiers(changes: dict[str, object], tier: str) -> None:
    assert signals.tier(evidence(**changes), family=100) == tier


@pytest.mark.parametrize(("volumes", "health"), [
    ([10] * 27, "learning"),
    ([10, 12] * 14, "ok"),
    ([10] * 27 + [0], "missing"),
    ([20, 22, 18] * 7 + [3] * 7, "low"),
    ([10, 12, 8] * 7 + [60] * 7, "ok"),
    ([0] * 28, "ok"),
])  # fmt: skip
def test_source_health(volumes: list[int], health: str) -> None:
    assert signals.source_health(volumes) == health


def test_disproportionality() -> None:
    want = GOLDEN["two_by_two"]
    got = disproportionality.measure(disproportionality.TwoByTwo(want["a"], want["b"], want["c"], want["d"]))
    assert (got.prr, got.prr_low, got.ror, got.ror_low, got.chi2_yates) == pytest.approx(
        (want["prr"], want["prr_lo95"], want["ror"], want["ror_lo95"], want["chi2_yates"]), abs=1e-6
    )
    assert got.signal_prr
    assert got.signal_ror
    assert got.signal_ic
    for row in GOLDEN["ic"]:
        assert disproportionality.information_component(row["o"], row["e"]) == pytest.approx(
            (row["ic"], row["ic025"]), abs=1e-6
        )


@given(st.tuples(*[st.integers(0, 10_000)] * 4))
def test_disproportionality_never_fails_and_needs_reports(counts: tuple[int, int, int, int]) -> None:
    got = disproportionality.measure(disproportionality.TwoByTwo(*counts))
    if counts[0] < 3:
        assert not got.signal_prr
        assert not got.signal_ror
        assert not got.signal_ic


def test_wilson() -> None:
    got = intervals.wilson(12, 40)
    assert [got.low, got.high] == pytest.approx(GOLDEN["wilson_12_40"], abs=1e-6)
    assert intervals.wilson(0, 0) == (0.5, 0.0, 1.0)


@given(st.integers(0, 500), st.integers(0, 500))
def test_wilson_holds_its_point(hits: int, misses: int) -> None:
    got = intervals.wilson(hits, hits + misses)
    assert 0 <= got.low <= got.point + 1e-12
    assert got.point - 1e-12 <= got.high <= 1


def test_net_sentiment() -> None:
    assert intervals.net_sentiment(30, 10) == 50
    assert intervals.net_sentiment(30, 10, 40) == 25
    assert intervals.net_sentiment(0, 0) is None


def test_peers_shrink_small_numbers_and_leave_large_ones() -> None:
    peers = ([50, 55, 45, 52], [100, 100, 100, 100])
    small, large = intervals.compare_with_peers(4, 4, *peers), intervals.compare_with_peers(900, 1000, *peers)
    assert small.own.point < 0.7
    assert small.verdict == "不明"
    assert large.verdict == "差がある"
    assert intervals.compare_with_peers(5_050, 10_000, *peers).verdict == "差がない"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=150, max_size=200))
def test_detectors_stand_any_counts(y: list[int]) -> None:
    weekdays = [i % 7 for i in range(len(y))]
    for t in (60, len(y) - 1):
        for bound in (
            signals.ears_c2(y, t, floor=0.5),
            signals.eears(y, t, floor=0.5),
            signals.dow_nb56(y, weekdays, t),
            signals.farrington(y, t),
        ):
            assert bound is None or (np.isfinite(bound.upper) and bound.upper >= 0)
