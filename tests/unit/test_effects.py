"""Effects on simulated weeks whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from transforms.statistics import effects


def weeks(
    ratio: float, *, before: int = 20, after: int = 14, trend: float = 0.0, seed: int = 5
) -> tuple[np.ndarray, np.ndarray]:
    t = np.arange(before + after)
    exposure = np.full(t.shape, 200.0)
    rate = 0.2 * np.exp(trend * t) * np.where(t >= before, ratio, 1.0)
    return np.random.default_rng(seed).poisson(rate * exposure), exposure


@pytest.mark.parametrize(("ratio", "want"), [(0.5, effects.IMPROVED), (1.8, effects.WORSE)])
def test_a_change_is_found_with_its_size(ratio: float, want: str) -> None:
    got = effects.interrupted_time_series(*weeks(ratio), start=20)
    assert got.verdict == want
    assert got.level is not None
    assert got.level.low < ratio < got.level.high


def test_no_change_is_not_taken_for_one() -> None:
    found = [effects.interrupted_time_series(*weeks(1.0, seed=s), start=20).verdict for s in range(20)]
    assert sum(v in (effects.IMPROVED, effects.WORSE) for v in found) <= 3


@pytest.mark.parametrize(("before", "after"), [(8, 7), (16, 12)])
def test_chance_is_seldom_taken_for_a_change(before: int, after: int) -> None:
    rng = np.random.default_rng(4)
    found = [
        effects.interrupted_time_series(
            rng.poisson(27, before + after),
            rng.poisson(60, before + after),
            before,
            min_before=6,
            min_after=4,
        ).verdict
        for _ in range(120)
    ]
    assert sum(v in (effects.IMPROVED, effects.WORSE) for v in found) <= 10  # Newey and West alone: about 28


def test_a_steady_trend_is_no_effect() -> None:
    got = effects.interrupted_time_series(*weeks(1.0, trend=-0.03), start=20)
    assert got.verdict not in (effects.IMPROVED, effects.WORSE)
    assert got.level is not None
    assert got.level.low < 1 < got.level.high


def test_more_may_be_better() -> None:
    assert (
        effects.interrupted_time_series(*weeks(1.8), start=20, fewer_is_better=False).verdict
        == effects.IMPROVED
    )


@pytest.mark.parametrize(("before", "after"), [(11, 14), (20, 7), (0, 30)])
def test_too_few_weeks_are_undecided(before: int, after: int) -> None:
    got = effects.interrupted_time_series(*weeks(0.3, before=before, after=after), start=before)
    assert (got.verdict, got.level) == (effects.UNDECIDED, None)


def test_silence_is_undecided_and_weeks_without_exposure_do_not_count() -> None:
    assert (
        effects.interrupted_time_series(np.zeros(40), np.full(40, 100.0), start=20).verdict
        == effects.UNDECIDED
    )
    counts, exposure = weeks(0.5)
    exposure[:9] = 0
    assert effects.interrupted_time_series(counts, exposure, start=20).weeks_before == 11


def test_the_ramp_is_left_out() -> None:
    assert effects.interrupted_time_series(*weeks(0.5), start=20, ramp=3).weeks_after == 11


def test_verdict_by_the_band() -> None:
    assert effects.verdict(effects.Ratio(1.0, 0.9, 1.1, 0.9), fewer_is_better=True) == effects.SAME
    assert effects.verdict(effects.Ratio(0.9, 0.82, 0.99, 0.03), fewer_is_better=True) == effects.UNDECIDED
    assert effects.verdict(effects.Ratio(0.5, 0.1, 2.0, 0.3), fewer_is_better=True) == effects.UNDECIDED
    assert effects.verdict(None, fewer_is_better=True) == effects.UNDECIDED


def test_difference_in_differences_takes_the_common_change_out() -> None:
    shared = 0.6
    facilities = [weeks(shared * (0.5 if i == 0 else 1.0), seed=i) for i in range(6)]
    got = effects.difference_in_differences(
        [c for c, _ in facilities], [e for _, e in facilities], treated=0, start=20
    )
    assert got is not None
    assert got.ratio == pytest.approx(0.5, rel=0.15)
    assert got.p == pytest.approx(1 / 6)
    assert got.lead == pytest.approx(1, abs=0.2)
    assert (
        effects.difference_in_differences([facilities[0][0]] * 3, [facilities[0][1]] * 3, treated=0, start=20)
        is None
    )
