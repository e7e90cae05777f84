"""Detectors of surges in counts: EARS C1-C3, epitweetr's EARS, day-of-week negative binomial, CUSUM, Farrington.

Series are numbers of distinct authors a day (or week), oldest first, without gaps. A detector gives the upper bound for one
point from the points before it; an alarm is a value strictly above the bound unless its source says otherwise.

Belongs here: detectors, which of them a history allows, multiplicity, tiers. Does not: reading or publishing series.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

MIN_SIGMA = 0.5
"""Floor of the standard deviation: without it a quiet week alarms at one post (Burkom's advice)."""

Floats = NDArray[np.float64]


class Bound(NamedTuple):
    """What a detector says about one point.

    Attributes:
        upper: alarm above this.
        expected: mean of the baseline.
        dispersion: variance to mean ratio, where the detector estimates one.
        p: probability of such a value or a greater one, where the detector gives one.
    """

    upper: float
    expected: float
    dispersion: float | None = None
    p: float | None = None


def _ears_baseline(y: Floats, t: int, guard: int, size: int, floor: float) -> tuple[float, float] | None:
    window = y[max(0, t - guard - size) : max(0, t - guard)]
    if len(window) < size:
        return None
    return float(window.mean()), max(float(window.std(ddof=1)), floor)


def ears_c1(y: ArrayLike, t: int, *, alpha: float = 0.001, size: int = 7, floor: float = 0.0) -> Bound | None:
    """EARS C1: mean and standard deviation of the `size` points before t (Hutwagner 2003).

    Args:
        y: the series.
        t: index of the point to judge.
        alpha: one-sided level.
        size: points of the baseline.
        floor: least standard deviation.

    Returns:
        None while the baseline is too short.
    """
    base = _ears_baseline(np.asarray(y, float), t, 0, size, floor)
    return base and Bound(base[0] + float(stats.norm.ppf(1 - alpha)) * base[1], base[0])


def ears_c2(y: ArrayLike, t: int, *, alpha: float = 0.001, size: int = 7, floor: float = 0.0) -> Bound | None:
    """EARS C2: as C1, with two days between baseline and t so that a slow start does not raise its own bound."""
    base = _ears_baseline(np.asarray(y, float), t, 2, size, floor)
    if base is None:
        return None
    mean, sigma = base
    z = (float(np.asarray(y, float)[t]) - mean) / sigma if sigma else np.inf
    return Bound(mean + float(stats.norm.ppf(1 - alpha)) * sigma, mean, p=float(stats.norm.sf(z)))


def ears_c3(y: ArrayLike, t: int, *, alpha: float = 0.025, size: int = 7, floor: float = 0.0) -> Bound | None:
    """EARS C3: C2's excess of the last two days carried forward, as R's surveillance has it.

    It alarms on quiet days after a surge: not for messages.
    """
    series = np.asarray(y, float)
    bases = [_ears_baseline(series, t - back, 2, size, floor) for back in range(3)]
    if any(b is None for b in bases):
        return None
    mean, sigma = bases[0]  # type: ignore[misc]
    carried = sum(max(0.0, (series[t - back] - bases[back][0]) / bases[back][1] - 1) for back in (1, 2))  # type: ignore[index]
    upper = series[t] + sigma * (float(stats.norm.ppf(1 - alpha)) - carried)
    return Bound(max(0.0, float(upper)), mean)


def eears(
    y: ArrayLike,
    t: int,
    *,
    alpha: float = 0.025,
    alpha_outlier: float = 0.05,
    size: int = 7,
    decay: float = 4.0,
    floor: float = 0.0,
) -> Bound | None:
    """Extended EARS of epitweetr: a prediction interval whose baseline weighs outliers down.

    Args:
        y: the series.
        t: index of the point to judge.
        alpha: one-sided level, divided by the number of regions where several are tested.
        alpha_outlier: level beyond which a baseline point is weighed down.
        size: points of the baseline.
        decay: how fast the weight falls.
        floor: least standard deviation.
    """
    window = np.asarray(y, float)[max(0, t - size) : t]
    n = len(window)
    if n < size:
        return None
    residuals = window - window.mean()
    # Standard deviation without the point itself, from the sums (closed form of leave-one-out).
    left_out = np.sqrt(np.maximum(((residuals**2).sum() - residuals**2 * n / (n - 1)) / (n - 2), 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        studentised = np.nan_to_num(residuals / (left_out * np.sqrt(1 - 1 / n)), nan=0.0, posinf=np.inf)
        threshold = float(stats.t.ppf(1 - alpha_outlier, n - 2))
        weights = np.where(studentised <= threshold, 1.0, (threshold / studentised) ** decay)
    weights *= n / weights.sum()
    mean = float((weights * window).sum() / n)
    sigma = max(float(np.sqrt((weights * (window - mean) ** 2).sum() / (n - 1))), floor)
    return Bound(mean + float(stats.t.ppf(1 - alpha, n - 1)) * sigma * float(np.sqrt(1 + 1 / n)), mean)


def upper_count(mean: ArrayLike, dispersion: ArrayLike, alpha: float) -> Floats:
    """Upper quantile of counts with variance `dispersion * mean` (negative binomial; Poisson up to 1.01)."""
    return _by_law(mean, dispersion, lambda law, shape, _: law.ppf(1 - alpha, *shape))


def tail(mean: ArrayLike, dispersion: ArrayLike, value: ArrayLike) -> Floats:
    """Probability of a count of `value` or more, with variance `dispersion * mean`."""
    values = np.asarray(value, float)
    return _by_law(
        mean,
        dispersion,
        lambda law, shape, where: law.sf(np.broadcast_to(values, where.shape)[where] - 1, *shape),
    )


def _by_law(
    mean: ArrayLike,
    dispersion: ArrayLike,
    ask: Callable[[Any, tuple[Floats, ...], NDArray[np.bool_]], Floats],
) -> Floats:
    """Ask the law of each count, Poisson or negative binomial, and put the answers in one array."""
    # SciPy's law and its shape apart: a law with its shape fixed is a new object, whose making costs more than the answer.
    means, spread = np.broadcast_arrays(np.asarray(mean, float), np.asarray(dispersion, float))
    result = np.empty(means.shape)
    poisson = spread <= 1.01
    if poisson.any():
        result[poisson] = ask(stats.poisson, (means[poisson],), poisson)
    wide = ~poisson
    if wide.any():
        result[wide] = ask(stats.nbinom, (means[wide] / (spread[wide] - 1), 1 / spread[wide]), wide)
    return result


def negative_binomial_bound(
    mean: float, dispersion: float, alpha: float, value: float
) -> tuple[float, float]:
    """Upper quantile and tail probability of one count with variance `dispersion * mean` (Poisson up to 1.01)."""
    return float(upper_count([mean], [dispersion], alpha)[0]), float(tail([mean], [dispersion], [value])[0])


DOW_WINDOW, DOW_GUARD = 56, 2


class Bounds(NamedTuple):
    """What a detector says about the same point of several series: see `Bound`, one number a series."""

    upper: Floats
    expected: Floats
    dispersion: Floats
    p: Floats


def dow_nb56_of_each(
    y: ArrayLike,
    weekdays: Sequence[int],
    t: int,
    *,
    alpha: float = 0.01,
    trusted: NDArray[np.bool_] | None = None,
) -> Bounds | None:
    """Day-of-week negative binomial over eight weeks, of several series at once: Farrington's idea on daily data.

    Args:
        y: a row a series.
        weekdays: 0 to 6 for each point; holidays are given the number of Sundays.
        t: index of the point to judge.
        alpha: one-sided level.
        trusted: of the shape of y: false where a reviewer confirmed an event, which does not count as baseline.

    Returns:
        None while there are fewer than 58 points before t. The baseline is t-58 to t-3. Weekday factors are shrunk towards
        1 by one average day; points beyond 2.58 standard deviations are weighed down by their square.
    """
    first, last = t - DOW_WINDOW - DOW_GUARD, t - DOW_GUARD
    if first < 0:
        return None
    series = np.asarray(y, float)
    history = series[:, first:last]
    days = np.asarray(weekdays)[first:last]
    believed = np.ones(history.shape) if trusted is None else trusted[:, first:last].astype(float)
    mean = np.maximum((believed * history).sum(axis=1) / np.maximum(believed.sum(axis=1), 1), 1e-9)
    is_day = (days[:, None] == np.arange(7)).astype(float)
    factors = ((believed * history) @ is_day + mean[:, None]) / (mean[:, None] * (believed @ is_day + 1))
    by_day = factors[:, days]
    weights = believed
    for _ in range(2):
        expected = mean[:, None] * by_day
        z = (history - expected) / np.sqrt(np.maximum(expected, 0.05))
        with np.errstate(divide="ignore"):
            weights = believed * np.where(z <= 2.58, 1.0, (2.58 / z) ** 2)
        mean = (weights * history).sum(axis=1) / np.maximum((weights * by_day).sum(axis=1), 1e-9)
    expected = mean[:, None] * by_day
    squares = weights * (history - expected) ** 2 / np.maximum(expected, 0.05)
    dispersion = np.maximum(1.0, squares.sum(axis=1) / (DOW_WINDOW - 8))
    now = np.maximum(mean * factors[:, weekdays[t]], 0.02)
    return Bounds(upper_count(now, dispersion, alpha), now, dispersion, tail(now, dispersion, series[:, t]))


def dow_nb56(
    y: ArrayLike, weekdays: Sequence[int], t: int, *, alpha: float = 0.01, confirmed: Sequence[int] = ()
) -> Bound | None:
    """`dow_nb56_of_each` of one series.

    Args:
        y: the series.
        weekdays: 0 to 6 for each point; holidays are given the number of Sundays.
        t: index of the point to judge.
        alpha: one-sided level.
        confirmed: indices that a reviewer confirmed as events: they do not count as baseline.
    """
    series = np.asarray(y, float)[None, :]
    found = dow_nb56_of_each(series, weekdays, t, alpha=alpha, trusted=_without(series, confirmed))
    return found and _of_one(found)


def _without(series: Floats, confirmed: Sequence[int]) -> NDArray[np.bool_]:
    trusted = np.ones(series.shape, dtype=np.bool_)
    trusted[0, list(confirmed)] = False
    return trusted


def _of_one(bounds: Bounds) -> Bound:
    return Bound(*(float(numbers[0]) for numbers in bounds))


def ears_c2_of_each(
    y: ArrayLike, t: int, *, alpha: float = 0.001, size: int = 7, floor: float = MIN_SIGMA
) -> Bounds | None:
    """`ears_c2` of several series at once, a row each, with a tail probability that holds for small counts too.

    The normal law calls three posts after a quiet week one in a million. Here p is the count law's, with the baseline's own
    dispersion, a mean of half a case more (Jeffreys), and the variance of a mean of `size` days added.

    Returns:
        None while the baseline is too short.
    """
    series = np.asarray(y, float)
    if t < size + 2:
        return None
    window = series[:, t - 2 - size : t - 2]
    mean, sigma = window.mean(axis=1), window.std(axis=1, ddof=1)
    upper = mean + float(stats.norm.ppf(1 - alpha)) * np.maximum(sigma, floor)
    careful = mean + 0.5 / size
    dispersion = np.maximum(1.0, sigma**2 / careful) * (1 + 1 / size)
    return Bounds(upper, mean, dispersion, tail(careful, dispersion, series[:, t]))


class CusumStep(NamedTuple):
    """One step of a CUSUM."""

    score: float
    alarm: bool


CUSUM_K, CUSUM_H = 1.04, 2.26


def cusum(
    y: ArrayLike, mean: float, *, k: float = CUSUM_K, h: float = CUSUM_H, reset: bool = True
) -> list[CusumStep]:
    """One-sided CUSUM of standardised counts (Rossi 1999's simplest form, z = (y - m) / sqrt(m)): finds a slow creep.

    Args:
        y: the series to watch.
        mean: of the training part.
        k: reference value.
        h: alarm at this score or above.
        reset: begin at zero again after an alarm, so that one event does not alarm for weeks.
    """
    steps = []
    score = 0.0
    for value in np.asarray(y, float):
        score = max(0.0, score + (value - mean) / np.sqrt(max(mean, 1e-9)) - k)
        alarm = score >= h
        steps.append(CusumStep(float(score), bool(alarm)))
        if alarm and reset:
            score = 0.0
    return steps


class PoissonFit(NamedTuple):
    """A weighted Poisson regression with log link."""

    coefficients: Floats
    mean: Floats
    leverage: Floats
    dispersion: float


def fit_poisson(design: Floats, y: Floats, weights: Floats) -> PoissonFit:
    """Fit by iteratively reweighted least squares (McCullagh and Nelder 1989); dispersion is Pearson's, at least 1."""
    mean: Floats = y + 0.1
    eta: Floats = np.log(mean)
    coefficients: Floats = np.zeros(design.shape[1])
    for _ in range(50):
        working = eta + (y - mean) / mean
        root = np.sqrt(weights * mean)
        solved = np.linalg.lstsq(design * root[:, None], working * root, rcond=None)[0]
        converged = np.allclose(solved, coefficients, rtol=1e-10, atol=1e-10)
        coefficients = np.asarray(solved, np.float64)
        eta = np.asarray(np.clip(design @ coefficients, -30, 30), np.float64)
        mean = np.asarray(np.exp(eta), np.float64)
        if converged:
            break
    q, _ = np.linalg.qr(design * np.sqrt(weights * mean)[:, None])
    free = max(1, len(y) - design.shape[1])
    dispersion = float((weights * (y - mean) ** 2 / mean).sum() / free)
    return PoissonFit(coefficients, mean, np.clip((q**2).sum(axis=1), 0, 1 - 1e-9), max(1.0, dispersion))


def _season_blocks(
    length: int, t: int, *, years: int, half_window: int, periods: int, frequency: int
) -> NDArray[np.int64]:
    """Season of each point: `periods` around the same week of each year, 1 to periods-1 between; 0 outside."""
    blocks = np.zeros(length, dtype=np.int64)
    blocks[max(0, t - half_window) : t + 1] = periods
    references = [t - frequency * i for i in range(years + 1)]
    for newer, reference in itertools.pairwise(references):
        blocks[max(0, reference - half_window) : reference + half_window + 1] = periods
        between = newer - 2 * half_window - 1 - reference
        sizes = np.full(periods - 1, between // (periods - 1))
        sizes[: between % (periods - 1)] += 1
        start = reference + half_window + 1
        for season, size in enumerate(sizes, start=1):
            blocks[start : start + size] = season
            start += int(size)
    return blocks


def farrington(
    y: ArrayLike,
    t: int,
    *,
    years: int | None = None,
    half_window: int = 3,
    periods: int = 10,
    excluded: int = 26,
    alpha: float = 0.005,
    frequency: int = 52,
) -> Bound | None:
    """Farrington flexible with a negative binomial threshold (Noufaily et al. 2013), for weekly series.

    Args:
        y: weekly counts.
        t: index of the week to judge.
        years: how many years back; as many as there are, if None.
        half_window: weeks around the same week of earlier years.
        periods: levels of the seasonal factor.
        excluded: latest weeks that do not count as baseline.
        alpha: one-sided level.
        frequency: weeks a year.

    Returns:
        None with less than one year and a half. The trend is dropped where it would extrapolate above every count seen.
    """
    series = np.asarray(y, float)
    years = years or (t - half_window) // frequency
    if years < 1 or t - frequency * years - half_window < 0 or t < excluded + frequency:
        return None
    blocks = _season_blocks(
        len(series), t, years=years, half_window=half_window, periods=periods, frequency=frequency
    )
    used = np.flatnonzero(blocks[: t - excluded])
    counts, seasons = series[used], blocks[used]
    levels = np.unique(np.append(seasons, periods))
    time = (used - t).astype(float)

    def design(season: NDArray[np.int64], when: Floats, trend: bool) -> Floats:  # noqa: FBT001
        dummies = (season[:, None] == levels[None, 1:]).astype(float)
        parts = [np.ones((len(season), 1)), dummies]
        return np.hstack([*parts, when[:, None]]) if trend else np.hstack(parts)

    for trend in (True, False):
        matrix = design(seasons, time, trend)
        fit = fit_poisson(matrix, counts, np.ones(len(counts)))
        fit = fit_poisson(matrix, counts, _anscombe_weights(counts, fit))
        now = design(np.array([periods]), np.array([0.0]), trend)
        expected = float(np.exp(np.clip(now @ fit.coefficients, -30, 30))[0])
        if not trend or (expected <= counts.max() and years >= 3):
            break
    upper, p = negative_binomial_bound(expected, fit.dispersion, alpha, float(series[t]))
    return Bound(upper, expected, fit.dispersion, p)


def _anscombe_weights(counts: Floats, fit: PoissonFit, threshold: float = 2.58) -> Floats:
    residuals = (
        1.5
        * (counts ** (2 / 3) * fit.mean ** (-1 / 6) - np.sqrt(fit.mean))
        / np.sqrt(fit.dispersion * (1 - fit.leverage))
    )
    weights = np.where(residuals > threshold, 1 / np.maximum(residuals, 1e-9) ** 2, 1.0)
    return np.asarray(weights * len(weights) / weights.sum())


def below_limit54(y: ArrayLike, t: int, *, least: float = 5, points: int = 28) -> bool:
    """Whether too few were counted lately for any alarm: fewer than five in four weeks (Farrington's limit54)."""
    return float(np.asarray(y, float)[max(0, t - points + 1) : t + 1].sum()) < least


def method_for(history: int) -> str:
    """The detector that so many days of history allow: none, c2 or dow_nb56."""
    if history < 10:
        return "none"
    return "c2" if history < DOW_WINDOW + DOW_GUARD else "dow_nb56"


def detect_each(
    y: ArrayLike,
    weekdays: Sequence[int],
    t: int,
    *,
    alpha: float = 0.01,
    trusted: NDArray[np.bool_] | None = None,
) -> tuple[str, Bounds | None]:
    """Judge day t of several series of equal history by the best method that it allows.

    Returns:
        The method's name and its bounds; ("none", None) while the series are being learned.
    """
    method = method_for(t)
    if method == "dow_nb56":
        return method, dow_nb56_of_each(y, weekdays, t, alpha=alpha, trusted=trusted)
    if method == "c2":
        return method, ears_c2_of_each(y, t)
    return method, None


def detect(
    y: ArrayLike, weekdays: Sequence[int], t: int, *, alpha: float = 0.01, confirmed: Sequence[int] = ()
) -> tuple[str, Bound | None]:
    """`detect_each` of one series; `confirmed` are the indices that a reviewer confirmed as events."""
    series = np.asarray(y, float)[None, :]
    method, bounds = detect_each(series, weekdays, t, alpha=alpha, trusted=_without(series, confirmed))
    return method, bounds and _of_one(bounds)


def weekday_numbers(days: Sequence[date], holidays: frozenset[date]) -> list[int]:
    """0 (Monday) to 6; a holiday counts as a Sunday."""
    return [6 if day in holidays else day.weekday() for day in days]


def benjamini_hochberg(p: ArrayLike) -> Floats:
    """Adjusted p-values (q) that control the false discovery rate (Benjamini and Hochberg 1995). NaN stays NaN."""
    values = np.asarray(p, float)
    q = np.full(values.shape, np.nan)
    known = np.flatnonzero(~np.isnan(values))
    if not len(known):
        return q
    order = known[np.argsort(values[known])]
    ranked = values[order] * len(known) / np.arange(1, len(known) + 1)
    q[order] = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1.0)
    return q


class Evidence(NamedTuple):
    """What a tier is decided from.

    Attributes:
        value: authors on the day.
        expected: by the baseline.
        upper: the bound.
        p: unadjusted.
        q: adjusted over the night's family.
        consecutive: days in a row above the bound, this one included.
        negative_share_up: whether the share of negative posts rose too.
        sources: platforms involved.
        media: whether a media account is involved.
        healthy: whether every source concerned delivered as usual.
    """

    value: float
    expected: float
    upper: float
    p: float
    q: float
    consecutive: int
    negative_share_up: bool
    sources: int
    media: bool
    healthy: bool


def exceedance(value: float, expected: float, upper: float) -> float:
    """Farrington's score X = (y - mu) / (U - mu); 1 is the bound."""
    return (value - expected) / max(upper - expected, 1e-9)


def tier(evidence: Evidence, family: int, *, q_level: float = 0.10, crisis_level: float = 0.01) -> str:
    """The tier of an alert.

    Returns:
        `none`, `情報` (Benjamini-Hochberg), `注意` (and an exceedance of 1.5 or two days in a row), `警戒` (Bonferroni over the
        night's family, more negative, and two sources or a media account). Fewer than three authors that day alarm nobody.
        Where a source is silent it is `inconclusive` instead of `none`: never all clear. An alarm stands all the same, since what
        did not arrive can only have made the count smaller.
    """
    if evidence.value < 3 or evidence.value <= evidence.upper or not evidence.q <= q_level:
        return "none" if evidence.healthy else "inconclusive"
    if (
        evidence.p * max(1, family) <= crisis_level
        and evidence.negative_share_up
        and (evidence.sources >= 2 or evidence.media)
    ):
        return "警戒"
    if exceedance(evidence.value, evidence.expected, evidence.upper) >= 1.5 or evidence.consecutive >= 2:
        return "注意"
    return "情報"


def source_health(volumes: ArrayLike, *, low: float = 1.5, high: float = 2.0) -> str:
    """Whether a source delivers as usual: the last 7 of 28 days against all 28.

    Args:
        volumes: posts a day, oldest first, the last being the day judged.
        low: standard deviations below the mean that count as low.
        high: standard deviations above it that count as high.

    Returns:
        learning (fewer than 28 days), missing (nothing on the last day of a source that never is silent), low, high or ok.
    """
    window = np.asarray(volumes, float)[-28:]
    if len(window) < 28:
        return "learning"
    if window[-1] == 0 and np.quantile(window, 0.25) > 0:
        return "missing"
    mean, sigma = window.mean(), window.std(ddof=1)
    recent = window[-7:].mean()
    if recent < mean - low * sigma:
        return "low"
    return "high" if recent > mean + high * sigma else "ok"
