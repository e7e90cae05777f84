"""Emerging terms: which words more people use this week than in the four weeks before.

Belongs here: the comparison of a week with the weeks before it, from published counts. Does not: finding terms in texts
(`transforms.terms`), counting people.

Log-odds with an informative Dirichlet prior (Monroe, Colaresi and Quinn 2008): a term's odds among all who wrote, this week
against four weeks, both shrunk towards the term's odds over all five. A hidden week counts as the largest number that it may hide, and
so does a week in which a noun was not yet counted: growth is told too small rather than too great, and it is a function of
published numbers, so it tells nothing that they do not tell.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
from scipy.special import ndtr

from transforms.statistics.intervals import Z95
from transforms.statistics.signals import benjamini_hochberg

WEEKS_BEFORE = 4
PRIOR_AUTHORS = 100.0
"""Weight of the prior, as so many people who wrote."""
STRONG_Z = 3.0
Q_LEVEL = 0.10
LEAST_SOURCES = 2
NOUN = "noun"
NEW, RISING, USUAL = "新出", "急増", "通常"

TERMS_SCHEMA = pl.Schema(
    {
        "week_on": pl.Date,
        "voice_class": pl.String,
        "kind": pl.String,
        "term": pl.String,
        "authors": pl.Int64,
        "sources": pl.Int64,
        "usual_at_most": pl.Float64,
        "weeks_hidden": pl.Int64,
        "growth": pl.Float64,
        "growth_low": pl.Float64,
        "growth_high": pl.Float64,
        "z": pl.Float64,
        "q": pl.Float64,
        "terms_tested": pl.Int64,
        "trend": pl.String,
    }
)


def find_emerging(cells: pl.DataFrame, spoke: pl.DataFrame) -> pl.DataFrame:
    """Compare each week's published terms with the four weeks before.

    Args:
        cells: week_on, voice_class, kind, term, authors and sources (null where hidden), k. No row is 0, but of a noun before
            the first week in which any voice has a row.
        spoke: week_on, voice_class, authors: all who wrote and are published.

    Returns:
        `TERMS_SCHEMA`: a row for each published term of at least `LEAST_SOURCES` platforms. Its growth is null in the first
        four weeks that there are, and where nobody is published to compare with.
    """
    if cells.is_empty() or spoke.is_empty():
        return pl.DataFrame(schema=TERMS_SCHEMA)
    everyone: dict[tuple[str, date], int] = {}
    for week, voice, authors in spoke.select("week_on", "voice_class", "authors").iter_rows():
        everyone[voice, week] = authors or 0
    begin = min(week for _, week in everyone)
    known: dict[tuple[str, str, str, date], int | None] = {}
    first: dict[tuple[str, str], date] = {}
    for voice, kind, term, week, authors in cells.select(
        "voice_class", "kind", "term", "week_on", "authors"
    ).iter_rows():
        known[voice, kind, term, week] = authors
        first[kind, term] = min(week, first.get((kind, term), week))
    rows: list[dict[str, Any]] = []
    shown = cells.filter((pl.col("authors") > 0) & (pl.col("sources") >= LEAST_SOURCES))
    for row in shown.sort("week_on", "voice_class", "kind", "term").iter_rows(named=True):
        voice, kind, term, week = row["voice_class"], row["kind"], row["term"], row["week_on"]
        weeks = [week - timedelta(days=7 * back) for back in range(1, WEEKS_BEFORE + 1)]
        unheard = [kind == NOUN and w < first[kind, term] for w in weeks]
        counts: list[int | None] = [
            None if not_yet else known.get((voice, kind, term, w), 0)
            for w, not_yet in zip(weeks, unheard, strict=True)
        ]
        is_new = all(not_yet or n == 0 for n, not_yet in zip(counts, unheard, strict=True))
        hidden = sum(count is None for count in counts)
        before = sum(row["k"] - 1 if count is None else count for count in counts)
        told = {name: row[name] for name in ("week_on", "voice_class", "kind", "term", "authors", "sources")}
        told |= {"weeks_hidden": hidden, "trend": USUAL}
        if weeks[-1] >= begin:
            everyone_before = sum(everyone.get((voice, w), 0) for w in weeks)
            told |= {"usual_at_most": before / WEEKS_BEFORE, "is_new": is_new}
            told |= _growth(row["authors"], everyone.get((voice, week), 0), before, everyone_before)
        rows.append(told)
    return _judge(rows)


def _growth(now: int, everyone_now: int, before: int, everyone_before: int) -> dict[str, float]:
    """Odds ratio with its 95 % interval, z and p of a rise; nothing where there is nobody to compare with."""
    if everyone_now < now or everyone_before <= 0:
        return {}
    everyone_before = max(everyone_before, before)
    prior = PRIOR_AUTHORS * (now + before) / (everyone_now + everyone_before)
    rest = PRIOR_AUTHORS - prior
    x, y = now + prior, before + prior
    odds = np.log(x / (everyone_now - now + rest)) - np.log(y / (everyone_before - before + rest))
    spread = float(np.sqrt(1 / x + 1 / y))
    return {
        "growth": float(np.exp(odds)),
        "growth_low": float(np.exp(odds - Z95 * spread)),
        "growth_high": float(np.exp(odds + Z95 * spread)),
        "z": float(odds) / spread,
        "p": float(ndtr(-odds / spread)),
    }


def _judge(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Adjust over all terms of a week and voice, and name the trend."""
    families: dict[tuple[date, str], list[dict[str, Any]]] = {}
    for row in rows:
        if "p" in row:
            families.setdefault((row["week_on"], row["voice_class"]), []).append(row)
    for family in families.values():
        adjusted = benjamini_hochberg([row["p"] for row in family])
        for row, q in zip(family, adjusted, strict=True):
            row |= {"q": float(q), "terms_tested": len(family)}
            if row["z"] > STRONG_Z and q <= Q_LEVEL:
                row["trend"] = NEW if row["is_new"] else RISING
    digits = {"usual_at_most": 1, "growth": 2, "growth_low": 2, "growth_high": 2, "z": 2, "q": 4}
    told = [
        {name: round(row[name], digits[name]) if name in digits and name in row else row.get(name) for name in TERMS_SCHEMA}
        for row in rows
    ]  # fmt: skip
    return pl.DataFrame(told, schema=TERMS_SCHEMA)
