"""False alarms and power of the detectors on simulated days, by mean level: `make bench-signals`.

Negative binomial counts (variance 1.5 times the mean) with a weekday pattern of 1.2 to 0.5; a surge triples one day. The
peers are epitweetr's extended EARS and EARS C2, with the same floor, at their own thresholds; the last column compares power
where both are cut to the same share of false alarms.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
from rich.console import Console
from rich.table import Table

from transforms.statistics import signals

WEEKDAYS = np.array([1.2, 1.1, 1.1, 1.0, 1.1, 0.7, 0.5])
MEANS = (0.3, 2.0, 10.0, 50.0)
DAYS, WARMUP = 260, 60
Margin = Callable[[np.ndarray, list[int], int], float]


def simulate(mean: float, rng: np.random.Generator) -> np.ndarray:
    """Counts of `DAYS` days."""
    levels = mean * WEEKDAYS[np.arange(DAYS) % 7]
    return rng.negative_binomial(levels / 0.5, 1 / 1.5)


def surge(mean: float, t: int, rng: np.random.Generator) -> int:
    """The count of a day three times as busy."""
    level = 3 * mean * WEEKDAYS[t % 7]
    return int(rng.negative_binomial(level / 0.5, 1 / 1.5))


def scored(detector: Callable[[np.ndarray, list[int], int], signals.Bound | None]) -> Margin:
    """How far above its bound a detector sees day t, in units of the bound's distance from the mean."""

    def margin(y: np.ndarray, weekdays: list[int], t: int) -> float:
        bound = detector(y, weekdays, t)
        return -np.inf if bound is None else signals.exceedance(float(y[t]), bound.expected, bound.upper)

    return margin


DETECTORS: dict[str, tuple[Margin, float]] = {
    "DOW-NB-56 α.01": (scored(lambda y, w, t: signals.dow_nb56(y, w, t, alpha=0.01)), 1.0),
    "epitweetr α.025": (scored(lambda y, _, t: signals.eears(y, t, floor=signals.MIN_SIGMA)), 1.0),
    "EARS C2 α.001": (scored(lambda y, _, t: signals.ears_c2(y, t, floor=signals.MIN_SIGMA)), 1.0),
}


def main(runs: int) -> None:
    """Print the table."""
    table = Table("mean a day", "method", "false alarms", "power", "power at DOW-NB-56's false alarms")
    for mean in MEANS:
        rng = np.random.default_rng(20261101)
        quiet: dict[str, list[float]] = {name: [] for name in DETECTORS}
        loud: dict[str, list[float]] = {name: [] for name in DETECTORS}
        for _ in range(runs):
            y = simulate(mean, rng)
            weekdays = [t % 7 for t in range(DAYS)]
            for t in range(WARMUP, DAYS):
                surged = y[: t + 1].copy()
                surged[t] = surge(mean, t, rng)
                for name, (margin, _) in DETECTORS.items():
                    quiet[name].append(margin(y, weekdays, t))
                    if t % 3 == 0:
                        loud[name].append(margin(surged, weekdays, t))
        first = next(iter(DETECTORS))
        allowed = float(np.mean(np.array(quiet[first]) > 1))
        for name in DETECTORS:
            q, s = np.array(quiet[name]), np.array(loud[name])
            cut = np.quantile(q, 1 - allowed)
            matched = float(np.mean(s > max(cut, -1e9)))
            table.add_row(
                f"{mean:g}", name, f"{np.mean(q > 1):.1%}", f"{np.mean(s > 1):.2f}", f"{matched:.2f}"
            )
    Console().print(table)
    print(f"{runs} runs of {DAYS - WARMUP} judged days each")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 12)
