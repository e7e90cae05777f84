"""Disproportionality of drug and event pairs: PRR, ROR, chi-squared, information component.

Exploratory only: WEB-RADR found that statistical signal detection on general social media is not to be recommended, and
every mart that carries these numbers says so. The unit is an author, drug and event once; posts are not patients.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats

WARNING_JA = "SNS投稿に基づく探索的指標であり、WEB-RADRは一般SNSでの統計的シグナル検出を推奨していない"


class TwoByTwo(NamedTuple):
    """Counts: a drug and event, b drug and other events, c other drugs and event, d neither."""

    a: int
    b: int
    c: int
    d: int


class Disproportionality(NamedTuple):
    """The measures; None where a denominator is zero.

    Attributes:
        prr: proportional reporting ratio, with the lower 95 % bound.
        ror: reporting odds ratio, with its 95 % bounds.
        chi2_yates: chi-squared with Yates' correction.
        ic: information component (log2, shrunk by a half), with its lower 95 % bound.
        signal_prr: a >= 3, PRR >= 2 and chi-squared >= 4 (Evans 2001, MHRA).
        signal_ror: lower bound above 1 and a >= 3 (PMDA's practice).
        signal_ic: lower bound above 0 (Bate 1998, Norén 2013); impossible below four reports.
    """

    prr: float | None
    prr_low: float | None
    ror: float | None
    ror_low: float | None
    ror_high: float | None
    chi2_yates: float | None
    ic: float
    ic_low: float
    signal_prr: bool
    signal_ror: bool
    signal_ic: bool


def information_component(observed: int, expected: float) -> tuple[float, float]:
    """IC = log2((O + 1/2) / (E + 1/2)) and its lower bound from the gamma posterior (Norén et al. 2013)."""
    ic = np.log2((observed + 0.5) / (expected + 0.5))
    low = np.log2(stats.gamma.ppf(0.025, observed + 0.5, scale=1 / (expected + 0.5)))
    return float(ic), float(low)


def measure(table: TwoByTwo) -> Disproportionality:
    """Compute all measures of a table."""
    a, b, c, d = table
    n = a + b + c + d
    defined = min(a, b, c, d) > 0
    prr = (a / (a + b)) / (c / (c + d)) if a + b and c and c + d else None
    prr_low = (
        float(np.exp(np.log(prr) - 1.96 * np.sqrt(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d))))
        if prr and a
        else None
    )
    ror = a * d / (b * c) if b and c else None
    spread = 1.96 * np.sqrt(1 / a + 1 / b + 1 / c + 1 / d) if defined else None
    low = float(np.exp(np.log(ror) - spread)) if ror and spread is not None else None
    high = float(np.exp(np.log(ror) + spread)) if ror and spread is not None else None
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    chi2 = n * max(0.0, abs(a * d - b * c) - n / 2) ** 2 / margins if margins else None
    ic, ic_low = information_component(a, (a + b) * (a + c) / n if n else 0.0)
    return Disproportionality(
        prr=prr,
        prr_low=prr_low,
        ror=ror,
        ror_low=low,
        ror_high=high,
        chi2_yates=chi2,
        ic=ic,
        ic_low=ic_low,
        signal_prr=a >= 3 and prr is not None and prr >= 2 and chi2 is not None and chi2 >= 4,
        signal_ror=a >= 3 and low is not None and low > 1,
        signal_ic=ic_low > 0,
    )


LEAST_HIDDEN = 2
PAIRS_SCHEMA = pl.Schema(
    {
        "month_on": pl.Date,
        "drug": pl.String,
        "event": pl.String,
        **dict.fromkeys(
            ("prr", "prr_low", "ror", "ror_low", "ror_high", "chi2_yates", "ic", "ic_low"), pl.Float64
        ),
        **dict.fromkeys(("signal_prr", "signal_ror", "signal_ic"), pl.Boolean),
    }
)


def measure_pairs(counts: pl.DataFrame) -> pl.DataFrame:
    """Measure each pair of drug and event whose own count is published, against all others of its month.

    The ratios let a reader compute all four counts of a pair's table. So they are shown only where each of the four may be: 0 or
    at least k, and what the hidden pairs add to it nothing, or k and more from two or more of them. Elsewhere only the three
    signals are, which are inequalities.

    Args:
        counts: month_on, drug, event, authors, k, is_suppressed; no row is 0.

    Returns:
        `PAIRS_SCHEMA`, a row a month and published pair.
    """
    rows = []
    for (month,), of_month in counts.sort("drug", "event").group_by("month_on", maintain_order=True):
        drug, event = of_month["drug"].to_numpy(), of_month["event"].to_numpy()
        authors = of_month["authors"].to_numpy()
        hidden = of_month["is_suppressed"].to_numpy().astype(np.bool_)
        for i in np.flatnonzero(~hidden):
            same_drug, same_event = drug == drug[i], event == event[i]
            parts = [
                same_drug & same_event, same_drug & ~same_event, ~same_drug & same_event, ~same_drug & ~same_event,
            ]  # fmt: skip
            found = measure(TwoByTwo(*(int(authors[part].sum()) for part in parts)))
            k = int(of_month["k"][int(i)])
            tellable = all(_may_be_told(authors[part], hidden[part], k) for part in parts)
            row = {"month_on": month, "drug": drug[i], "event": event[i]}
            for name, value in found._asdict().items():
                is_signal = isinstance(value, bool)
                row[name] = (
                    value if is_signal else round(value, 2) if tellable and value is not None else None
                )
            rows.append(row)
    return pl.DataFrame(rows, schema=PAIRS_SCHEMA)


def _may_be_told(authors: NDArray[np.int64], hidden: NDArray[np.bool_], k: int) -> bool:
    """Whether the sum of these counts may be known: it is no small one, and neither is what its hidden parts add."""
    unknown = int(authors[hidden].sum())
    total = int(authors.sum())
    return (total == 0 or total >= k) and (
        unknown == 0 or (unknown >= k and int(hidden.sum()) >= LEAST_HIDDEN)
    )
