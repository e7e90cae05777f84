"""Strengths and gaps: what a facility is praised and blamed for, beside the band in which its peers lie.

Belongs here: laying published counts out for partial pooling, and reading a verdict off it where some of the peers' counts are
hidden. Does not: partial pooling itself (`intervals`), where counts come from.

Everything is computed from published counts, so it tells nothing that they do not tell. A peer's hidden count lies anywhere
from 1 to k-1: the comparison is made with all hidden ones at the least and again at the most, and a verdict stands only
where both agree. What is shown of the peers takes in both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import polars as pl
from scipy import special

from transforms.statistics.intervals import BetaPrior, PeerComparison, compare_with_prior, fit_beta_prior

LEAST_PEERS = 3
"""Peers whose number of writers is published; with fewer there is no band to lie in."""
UNKNOWN, SAME, DIFFERENT = "不明", "差がない", "差がある"
STRENGTH, GAP, ALIKE = "強み", "課題", "同程度"

STRENGTHS_SCHEMA = pl.Schema(
    {
        "month_on": pl.Date,
        "entity": pl.String,
        "peer_set": pl.String,
        "voice_class": pl.String,
        "theme": pl.String,
        "polarity": pl.String,
        "authors": pl.Int64,
        "speaking_authors": pl.Int64,
        "share": pl.Float64,
        "share_low": pl.Float64,
        "share_high": pl.Float64,
        "peer_share_low": pl.Float64,
        "peer_share_high": pl.Float64,
        "peer_band_low": pl.Float64,
        "peer_band_high": pl.Float64,
        "peers_shown": pl.Int64,
        "peers_hidden": pl.Int64,
        "verdict": pl.String,
        "position": pl.String,
        "is_suppressed": pl.Boolean,
    }
)


class Peers(NamedTuple):
    """What is known of the peers' counts of one theme.

    Attributes:
        hits: writers who praise or blame, None where hidden.
        totals: writers who speak of the facility.
        k: the smallest count that is shown.
    """

    hits: tuple[int | None, ...]
    totals: tuple[int, ...]
    k: int

    def at(self, hidden: int) -> tuple[int, ...]:
        """The hits, if every hidden one were this (and no more than its total)."""
        return tuple(
            min(hidden, total) if hit is None else hit
            for hit, total in zip(self.hits, self.totals, strict=True)
        )


def find_strengths(cells: pl.DataFrame) -> pl.DataFrame:
    """Compare each own facility's praise and complaints by theme with its peers'.

    Args:
        cells: published cells of months: month_on, entity, class, peer_set, voice_class, theme (`all`: all who speak of
            the facility), polarity (pos, neg; `all` for theme `all`), authors (null where hidden), k (the smallest number
            shown). No row is 0.

    Returns:
        `STRENGTHS_SCHEMA`: a row for each own facility, month, theme and polarity of which it or a peer has a published
        count above 0, and for each hidden one of its own.
    """
    rows: list[dict[str, Any]] = []
    # One fit serves all own facilities of a peer set.
    prior = lru_cache(maxsize=None)(fit_beta_prior)
    groups = cells.filter(pl.col("peer_set").is_not_null()).sort("entity", "theme", "polarity")
    for (month, peer_set, voice), group in sorted(
        groups.group_by("month_on", "peer_set", "voice_class"), key=lambda g: tuple(map(str, g[0]))
    ):
        own = {e for e, c in group.select("entity", "class").iter_rows() if c == "own"}
        counts: dict[tuple[str, str], dict[str, int | None]] = {}
        least: dict[tuple[str, str], int] = {}
        for entity, theme, polarity, authors, k in group.select(
            "entity", "theme", "polarity", "authors", "k"
        ).iter_rows():
            counts.setdefault((theme, polarity), {})[entity] = authors
            least[theme, polarity] = max(k, least.get((theme, polarity), 0))
        totals = counts.pop(("all", "all"), {})
        for (theme, polarity), authors_of in sorted(counts.items()):
            others = {e: n for e, n in totals.items() if e not in own}
            peers = _peers(authors_of, others, least[theme, polarity])
            told = any(authors_of.values())
            for entity in sorted(own & totals.keys()):
                mine = authors_of.get(entity, 0)
                if mine is not None and not told:
                    continue
                rows.append(
                    {
                        "month_on": month,
                        "entity": entity,
                        "peer_set": peer_set,
                        "voice_class": voice,
                        "theme": theme,
                        "polarity": polarity,
                        **_compare(mine, totals[entity], peers, polarity, prior),
                    }
                )
    return pl.DataFrame(rows, schema=STRENGTHS_SCHEMA)


def _peers(authors_of: dict[str, int | None], totals: dict[str, int | None], k: int) -> Peers:
    known = [(authors_of.get(entity, 0), total) for entity, total in sorted(totals.items()) if total]
    return Peers(tuple(hit for hit, _ in known), tuple(total for _, total in known), k)


def _compare(
    mine: int | None, total: int | None, peers: Peers, polarity: str, prior: Callable[..., BetaPrior]
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "authors": mine,
        "speaking_authors": total,
        "peers_shown": len(peers.totals),
        "peers_hidden": sum(hit is None for hit in peers.hits),
        "verdict": UNKNOWN,
        "position": UNKNOWN,
        "is_suppressed": mine is None,
    }
    # A rest of 1 to k-1 is as small a group as any.
    if mine is None or total is None or total == 0 or 0 < abs(total - mine) < peers.k or mine > total:
        return row
    row["share"] = round(mine / total, 4)
    if len(peers.totals) < LEAST_PEERS:
        return row
    priors = [
        prior(peers.at(hidden), peers.totals)
        for hidden in ((1, peers.k - 1) if row["peers_hidden"] else (1,))
    ]
    compared = [compare_with_prior(mine, total, p) for p in priors]
    return row | _bands(priors, compared) | _verdict(compared, polarity)


def _bands(priors: Sequence[BetaPrior], compared: Sequence[PeerComparison]) -> dict[str, float]:
    ends = [special.betaincinv(p.a, p.b, [0.025, 0.975]) for p in priors]
    return {
        "share_low": round(min(c.own.low for c in compared), 4),
        "share_high": round(max(c.own.high for c in compared), 4),
        "peer_share_low": round(min(c.peer for c in compared), 4),
        "peer_share_high": round(max(c.peer for c in compared), 4),
        "peer_band_low": round(float(min(low for low, _ in ends)), 4),
        "peer_band_high": round(float(max(high for _, high in ends)), 4),
    }


def _verdict(compared: Sequence[PeerComparison], polarity: str) -> dict[str, str]:
    if len({(c.verdict, c.verdict == DIFFERENT and c.p_greater > 0.5) for c in compared}) > 1:
        return {}
    found = compared[0]
    if found.verdict == DIFFERENT:
        position = STRENGTH if (found.p_greater > 0.5) == (polarity == "pos") else GAP
    else:
        position = ALIKE if found.verdict == SAME else UNKNOWN
    return {"verdict": found.verdict, "position": position}
