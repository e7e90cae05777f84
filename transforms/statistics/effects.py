"""Did a measure work: interrupted time series and difference in differences on weekly counts.

Belongs here: the regressions and the verdicts. Does not: which measures there are (`config/actions.yaml`), which posts count.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from statsmodels.genmod.families import Poisson
from statsmodels.genmod.generalized_linear_model import GLM

MIN_BEFORE, MIN_AFTER = 12, 8
"""Weeks needed before and after; with fewer the verdict is 判定不能."""
SHORT_BEFORE, SHORT_AFTER = 6, 4
"""Weeks from which a provisional number is worth showing, marked as such. They are too few to tell a change of slope."""
BAND = 0.15
"""Ratios within 1 ± 15 % are equivalent to no change; set before looking at data."""
LAGS = 4
IMPROVED, WORSE, SAME, UNDECIDED = "改善", "悪化", "変化なし", "判定不能"


class Ratio(NamedTuple):
    """A rate ratio with its 95 % interval and p-value."""

    ratio: float
    low: float
    high: float
    p: float


class Effect(NamedTuple):
    """What a measure came to.

    Attributes:
        level: ratio of the rate just after to what the earlier trend foretold.
        slope: ratio a week by which the trend changed; None where there are too few weeks to tell.
        dispersion: Pearson's.
        weeks_before: weeks used before the start.
        weeks_after: weeks used after the transition.
        verdict: 改善, 悪化, 変化なし or 判定不能.
    """

    level: Ratio | None
    slope: Ratio | None
    dispersion: float | None
    weeks_before: int
    weeks_after: int
    verdict: str


def verdict(ratio: Ratio | None, *, fewer_is_better: bool) -> str:
    """Judge a ratio: whole interval within the band is 変化なし, wholly on one side of 1 and point beyond the band a change."""
    if ratio is None or not np.isfinite([ratio.low, ratio.high]).all():
        return UNDECIDED
    if ratio.low > 1 - BAND and ratio.high < 1 + BAND:
        return SAME
    if ratio.high < 1 and ratio.ratio < 1 - BAND:
        return IMPROVED if fewer_is_better else WORSE
    if ratio.low > 1 and ratio.ratio > 1 + BAND:
        return WORSE if fewer_is_better else IMPROVED
    return UNDECIDED


class _Fit(NamedTuple):
    """Coefficients with their errors, degrees of freedom left, Pearson's dispersion (at least 1)."""

    estimates: NDArray[np.float64]
    errors: NDArray[np.float64]
    free: int
    dispersion: float

    def ratio(self, index: int) -> Ratio:
        """A coefficient as a ratio, with Student's 95 % interval and p."""
        estimate, error = float(self.estimates[index]), float(self.errors[index])
        reach = float(stats.t.ppf(0.975, self.free)) * error
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            low, high = np.exp(estimate - reach), np.exp(estimate + reach)
            p = 2 * stats.t.sf(abs(np.divide(estimate, error)), self.free)
            return Ratio(float(np.exp(estimate)), float(low), float(high), float(p))


def interrupted_time_series(
    counts: ArrayLike,
    exposure: ArrayLike,
    start: int,
    *,
    ramp: int = 0,
    fewer_is_better: bool = True,
    min_before: int = MIN_BEFORE,
    min_after: int = MIN_AFTER,
) -> Effect:
    """Segmented quasi-Poisson regression of weekly counts.

    log E[Y_t] = b0 + b1 t + b2 X_t + b3 (t - t0) X_t + log(exposure_t), X = 1 from the start on. The time since the start enters,
    not the calendar's: t X gives a wrong change of level (Xiao et al. 2021, PMC8271192).

    Errors are those of Newey and West with 4 lags or the quasi-likelihood's, whichever are the greater, under Student's law. Newey-West
    alone is too sure of itself over so few weeks: on 15 Poisson weeks without any change it calls one in every fourth case, the
    greater of the two in one of twenty-five (28 weeks: one in five, one in twenty-three).

    Args:
        counts: authors a week who complain.
        exposure: authors a week who say anything, as offset; weeks of 0 are left out.
        start: index of the first week under the measure.
        ramp: weeks of transition after the start, left out.
        fewer_is_better: whether a fall is the improvement.
        min_before: weeks needed before the start.
        min_after: weeks needed after the transition.

    Returns:
        The effect; without numbers where there are too few weeks.
    """
    y, offset = np.asarray(counts, float), np.asarray(exposure, float)
    t = np.arange(len(y), dtype=float)
    used = (offset > 0) & ((t < start) | (t >= start + ramp))
    before, after = int((used & (t < start)).sum()), int((used & (t >= start)).sum())
    if before < min_before or after < min_after or not y[used].sum():
        return Effect(None, None, None, before, after, UNDECIDED)
    x = (t >= start).astype(float)
    terms = [np.ones_like(t), t - start, x, (t - start) * x]
    is_long = before >= MIN_BEFORE and after >= MIN_AFTER
    design = np.column_stack(terms if is_long else terms[:3])[used]
    fit = _fit(y[used], design, np.log(offset[used]))
    if fit is None:
        return Effect(None, None, None, before, after, UNDECIDED)
    level, slope = fit.ratio(2), fit.ratio(3) if is_long else None
    return Effect(
        level, slope, fit.dispersion, before, after, verdict(level, fewer_is_better=fewer_is_better)
    )


def _fit(y: NDArray[np.float64], design: NDArray[np.float64], offset: NDArray[np.float64]) -> _Fit | None:
    free = len(y) - design.shape[1]
    if free < 1:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # separation shows in infinite intervals, which the verdict refuses
        try:
            model = GLM(y, design, family=Poisson(), offset=offset)
            plain = model.fit(scale=1.0)
            robust = model.fit(scale="X2", cov_type="HAC", cov_kwds={"maxlags": LAGS, "use_correction": True})
        except (ValueError, np.linalg.LinAlgError):
            return None
    dispersion = max(1.0, float(plain.pearson_chi2) / free)
    errors = np.fmax(np.asarray(plain.bse) * np.sqrt(dispersion), np.asarray(robust.bse))
    return _Fit(np.asarray(plain.params), errors, free, dispersion)


class DifferenceInDifferences(NamedTuple):
    """The treated facility's change over the peers' change.

    Attributes:
        ratio: (after / before of the treated) / (after / before of the peers).
        p: share of facilities, the treated one among them, whose own ratio is at least as extreme (permutation).
        lead: ratio of the last weeks before the start to the weeks before those, treated over peers: near 1 if trends were parallel.
        peers: how many.
    """

    ratio: float
    p: float
    lead: float
    peers: int


def _rate(counts: NDArray[np.float64], exposure: NDArray[np.float64], weeks: slice) -> float:
    # Half a case keeps a quiet facility's ratio finite.
    return float((counts[weeks].sum() + 0.5) / (exposure[weeks].sum() + 1.0))


def difference_in_differences(
    counts: Sequence[ArrayLike], exposures: Sequence[ArrayLike], treated: int, start: int
) -> DifferenceInDifferences | None:
    """Compare a facility's change of rate with its peers' over the same weeks.

    Args:
        counts: weekly counts of each facility.
        exposures: weekly authors of each facility.
        treated: index of the facility with the measure.
        start: index of the first week under it.

    Returns:
        None with fewer than three peers or fewer than eight weeks before. With few facilities cluster errors mislead, hence the
        permutation: its smallest possible p is 1 / facilities.
    """
    if len(counts) < 4 or start < 8:
        return None
    ys = [np.asarray(c, float) for c in counts]
    es = [np.asarray(e, float) for e in exposures]
    half = start // 2

    def change(index: int, earlier: slice, later: slice) -> float:
        return float(np.log(_rate(ys[index], es[index], later) / _rate(ys[index], es[index], earlier)))

    def against_others(index: int, earlier: slice, later: slice) -> float:
        others = [change(i, earlier, later) for i in range(len(ys)) if i != index]
        return change(index, earlier, later) - float(np.mean(others))

    before, after = slice(0, start), slice(start, None)
    effects = [against_others(i, before, after) for i in range(len(ys))]
    extreme = sum(abs(e) >= abs(effects[treated]) - 1e-12 for e in effects)
    lead = against_others(treated, slice(0, half), slice(half, start))
    return DifferenceInDifferences(
        float(np.exp(effects[treated])), extreme / len(effects), float(np.exp(lead)), len(ys) - 1
    )
