"""Whether labels are given in other shares than before: a model, a source or the world has changed.

Belongs here: the population stability index of label counts and its test. Does not: which days are compared, what is warned of.

PSI = Σ (p - q) ln(p / q) over the values of a label, with p the shares now and q those before (Siddiqi 2006). Where nothing
has changed, PSI / (1/n + 1/m) follows about a χ² of one degree fewer than there are values (Yurdakul & Naranjo 2020), which
says how much of it is chance. By custom 0.1 is a moderate change and 0.25 a large one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
from scipy import stats

MODERATE: Final = 0.1
CHANCE: Final = 0.01
"""A change that chance alone brings as often as this is none."""

MIN_COUNT: Final = 100
"""Labels that must have been given in either period: below, nothing can be said."""


class Shift(NamedTuple):
    """How far the shares of a label's values have moved.

    Attributes:
        psi: population stability index, 0 where nothing moved.
        p: how often chance alone brings as much.
        value: the value whose share moved most.
        share_before: its share before.
        share_now: its share now.
    """

    psi: float
    p: float
    value: str
    share_before: float
    share_now: float

    @property
    def is_drift(self) -> bool:
        """Whether the change is more than chance, and large enough to matter."""
        return self.psi >= MODERATE and self.p < CHANCE


def shift(before: Mapping[str, int], now: Mapping[str, int]) -> Shift | None:
    """Compare the counts of a label's values in two periods.

    Args:
        before: value -> how often it was given.
        now: likewise; a value may be missing in either.

    Returns:
        The shift; None where a period holds fewer than `MIN_COUNT` labels or there are not two values.
    """
    values = sorted({*before, *now})
    old = np.asarray([before.get(v, 0) for v in values], dtype=np.float64)
    new = np.asarray([now.get(v, 0) for v in values], dtype=np.float64)
    if len(values) < 2 or old.sum() < MIN_COUNT or new.sum() < MIN_COUNT:
        return None
    # Half a count each (Jeffreys), so that a value seen in one period only weighs finitely.
    q, p = (old + 0.5) / (old + 0.5).sum(), (new + 0.5) / (new + 0.5).sum()
    psi = float(np.sum((p - q) * np.log(p / q)))
    chance = float(stats.chi2.sf(psi / (1 / old.sum() + 1 / new.sum()), len(values) - 1))
    most = int(np.abs(p - q).argmax())
    return Shift(psi, chance, values[most], float(q[most]), float(p[most]))
