"""What each training post weighs, so that the posts together are such as Koe reads.

Belongs here: the shares that labels, lengths and platforms are expected to have, the weights that bring them about.
Does not: the fit and the thresholds that the weights go into.

The writers of training posts wrote much of what is rare, and shortly. Thresholds that are best on their posts give too much of it on
others. The weights are those nearest to equal ones that have the wanted shares (raking: Deming and Stephan 1940, in its dual
form), within bounds, so that no post counts for many.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from transforms.classification.decode import FIELDS, places
from transforms.classification.features import F32

F64 = npt.NDArray[np.float64]

SHARES: Final[dict[str, tuple[float, ...]]] = {
    "relevant": (0.905,),
    "sentiment": (0.465, 0.185, 0.275, 0.075),
    "topics": (
        0.04, 0.135, 0.115, 0.18, 0.155, 0.07, 0.04, 0.09, 0.06, 0.075, 0.045, 0.045, 0.04, 0.095, 0.045, 0.045, 0.045, 0.055,
        0.065, 0.045,
    ),
    "speaker": (0.485, 0.195, 0.07, 0.025, 0.025, 0.02, 0.16, 0.02),
    "intent": (0.255, 0.13, 0.1, 0.025, 0.225, 0.14, 0.025, 0.1),
    "flags": (0.105, 0.055, 0.06, 0.12, 0.04, 0.02, 0.095),
}  # fmt: skip
"""Shares of all posts by value, in the order of `decode.FIELDS`: what is expected of a mixed week, and how the gold posts are made up."""

PLATFORMS: Final = {
    "x": 0.37, "google_review": 0.25, "blog": 0.15, "qa": 0.1, "bbs": 0.05, "bluesky": 0.035, "mastodon": 0.025, "youtube": 0.02,
}  # fmt: skip

LENGTHS: Final = ((45, 0.07), (62, 0.2), (85, 0.27), (115, 0.17), (180, 0.05), (260, 0.07), (10**9, 0.17))
"""Shares of posts by length: under so many characters, and not under those before."""

SEVERAL: Final = (0.455, 0.055)
"""Shares of posts with two topics, and with three."""

_BOUNDS: Final = (0.25, 4.0)
_SLACK: Final = 0.002
"""How much a wish may be missed rather than weights driven apart."""


def weights(rows: Sequence[dict[str, Any]], truth: F32, trust: F64) -> F64:
    """Weigh posts.

    Args:
        rows: the posts.
        truth: posts by columns, the share of opinions that hold the label there.
        trust: by post, what it would count if all shares were as wanted.

    Returns:
        A weight a post, 1 on average.
    """
    table, wanted = _table(rows, truth), _wanted()
    before = np.log(trust)

    def loss(tilt: F64) -> tuple[float, F64]:
        logs = before + table @ tilt
        top = logs.max()
        powers = np.exp(logs - top)
        total = powers.sum()
        value = float(np.log(total) + top - wanted @ tilt + _SLACK / 2 * tilt @ tilt)
        return value, table.T @ (powers / total) - wanted + _SLACK * tilt

    best = minimize(loss, np.zeros(len(wanted)), jac=True, method="L-BFGS-B", options={"maxiter": 200})
    logs = table @ best.x
    found = np.exp(logs - logs.max())
    bounded = np.clip(found / found.mean(), *_BOUNDS) * trust
    return np.asarray(bounded / bounded.mean())


def _table(rows: Sequence[dict[str, Any]], truth: F32) -> F64:
    """What each post adds to each share."""
    lengths = np.searchsorted(
        [below for below, _ in LENGTHS], [len(row["text"]) for row in rows], side="right"
    )
    sources = np.asarray([[row["source"] == name for name in PLATFORMS] for row in rows])
    topics = truth[:, places()["topics"]].sum(axis=1)
    # Where opinions differ, a post of 1.5 topics is half a post of two.
    several = np.stack([np.maximum(0, 1 - np.abs(topics - count)) for count in (2, 3)], axis=1)
    parts = (truth, sources, np.eye(len(LENGTHS))[lengths], several)
    return np.concatenate([np.asarray(part, dtype=np.float64) for part in parts], axis=1)


def _wanted() -> F64:
    """The shares in the order of `_table`."""
    by_value = [share for field in FIELDS for share in SHARES[field]]
    return np.asarray([*by_value, *PLATFORMS.values(), *(share for _, share in LENGTHS), *SEVERAL])
