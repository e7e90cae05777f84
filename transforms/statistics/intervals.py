"""Intervals and rates of reputation: Wilson, net sentiment, shrinkage towards peers.

Belongs here: what one needs to show a share honestly. Does not: time series (`signals`, `effects`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import optimize, special

Z95 = 1.96


class Interval(NamedTuple):
    """A point with its bounds."""

    point: float
    low: float
    high: float


def wilson(hits: int, total: int, z: float = Z95) -> Interval:
    """Score interval of a proportion (Wilson 1927).

    Args:
        hits: successes, 0 to total.
        total: trials; 0 gives (0.5, 0, 1).
        z: normal quantile; 95 % two-sided by default.
    """
    if total <= 0:
        return Interval(0.5, 0.0, 1.0)
    p, zz = hits / total, z * z / total
    middle = (p + zz / 2) / (1 + zz)
    half = z * np.sqrt(p * (1 - p) / total + zz / (4 * total)) / (1 + zz)
    return Interval(p, float(max(0.0, middle - half)), float(min(1.0, middle + half)))


def net_sentiment(positive: int, negative: int, neutral: int = 0) -> float | None:
    """100 (P - N) / (P + N + Neu); without neutral posts this is NetBase's definition. None where nothing was counted."""
    total = positive + negative + neutral
    return None if total == 0 else 100.0 * (positive - negative) / total


MOST_WEIGHT = 200.0


class BetaPrior(NamedTuple):
    """Beta distribution of the peers' shares."""

    a: float
    b: float


def fit_beta_prior(hits: Sequence[int], totals: Sequence[int]) -> BetaPrior:
    """Empirical Bayes: the Beta-Binomial prior that makes the peers' counts most likely.

    Args:
        hits: successes of each peer.
        totals: trials of each peer.

    Returns:
        The prior; Beta(1, 1) if fewer than two peers have data. The weight a + b is held between 1 and
        `MOST_WEIGHT`, so that peers who happen to agree do not silence one's own data.
    """
    k, n = np.asarray(hits, float), np.asarray(totals, float)
    k, n = k[n > 0], n[n > 0]
    if len(n) < 2:
        return BetaPrior(1.0, 1.0)

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        share, weight = special.expit(parameters[0]), np.exp(parameters[1])
        a, b = share * weight, (1 - share) * weight
        value = np.sum(special.betaln(k + a, n - k + b) - special.betaln(a, b))
        both = special.digamma(n + weight) - special.digamma(weight)
        by_a = np.sum(special.digamma(k + a) - special.digamma(a) - both)
        by_b = np.sum(special.digamma(n - k + b) - special.digamma(b) - both)
        slope = [weight * share * (1 - share) * (by_a - by_b), a * by_a + b * by_b]
        return -float(value), -np.array(slope)

    start = np.array([special.logit(np.clip(k.sum() / n.sum(), 0.01, 0.99)), np.log(20.0)])
    found = optimize.minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=[(-8, 8), (0.0, np.log(MOST_WEIGHT))]
    )
    share, weight = float(special.expit(found.x[0])), float(np.exp(found.x[1]))
    return BetaPrior(share * weight, (1 - share) * weight)


class PeerComparison(NamedTuple):
    """One's own share beside the peers'.

    Attributes:
        own: shrunk share with its 95 % credible interval.
        peer: mean share of the peers.
        p_greater: probability that one's own is the greater one.
        verdict: 差がある, 差がない or 不明.
    """

    own: Interval
    peer: float
    p_greater: float
    verdict: str


SURE = 0.95
SAME_BAND = 0.05


def compare_with_peers(
    hits: int, total: int, peer_hits: Sequence[int], peer_totals: Sequence[int]
) -> PeerComparison:
    """Partial pooling: one's own share, shrunk towards the peers', against the peers' mean.

    `差がある` where one side is greater with probability above 0.95; `差がない` where the whole credible interval lies
    within five percentage points of the peers' mean; else `不明`. No ranking follows from it.
    """
    return compare_with_prior(hits, total, fit_beta_prior(peer_hits, peer_totals))


def compare_with_prior(hits: int, total: int, prior: BetaPrior) -> PeerComparison:
    """`compare_with_peers`, where the peers' distribution is known already."""
    a, b = prior.a + hits, prior.b + total - hits
    peer_mean = prior.a / (prior.a + prior.b)
    low, high = (float(x) for x in special.betaincinv(a, b, [0.025, 0.975]))
    p_greater = float(special.betaincc(a, b, peer_mean))
    if max(p_greater, 1 - p_greater) > SURE:
        verdict = "差がある"
    elif low > peer_mean - SAME_BAND and high < peer_mean + SAME_BAND:
        verdict = "差がない"
    else:
        verdict = "不明"
    return PeerComparison(Interval(a / (a + b), low, high), peer_mean, p_greater, verdict)
