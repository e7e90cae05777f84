"""Strengths and gaps: told from published counts alone, and only where hidden ones could not make it otherwise."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from transforms.statistics.intervals import compare_with_peers
from transforms.statistics.strengths import STRENGTHS_SCHEMA, find_strengths

MONTH = date(2026, 6, 1)
PEERS = ("p1", "p2", "p3", "p4")


def cells(
    own: int | None, peers: list[int | None], *, theme: str = "ACC_WAIT", polarity: str = "neg", total: int = 400, k: int = 10
) -> pl.DataFrame:  # fmt: skip
    """One theme of an own facility of which 400 people wrote, and of four peers of which 200 did."""
    rows = [("own-a", "own", theme, polarity, own), ("own-a", "own", "all", "all", total)]
    for peer, authors in zip(PEERS, peers, strict=True):
        if authors != 0:
            rows.append((peer, "competitor", theme, polarity, authors))
        rows.append((peer, "competitor", "all", "all", 200))
    return pl.DataFrame(
        [(MONTH, e, c, "facilities", "patient_voice", t, p, a, k) for e, c, t, p, a in rows],
        schema={
            "month_on": pl.Date, "entity": pl.String, "class": pl.String, "peer_set": pl.String, "voice_class": pl.String,
            "theme": pl.String, "polarity": pl.String, "authors": pl.Int64, "k": pl.Int64,
        },
        orient="row",
    )  # fmt: skip


def told(table: pl.DataFrame) -> dict[str, Any]:
    result = find_strengths(table)
    assert result.schema == STRENGTHS_SCHEMA
    [row] = result.iter_rows(named=True)
    return row


@pytest.mark.parametrize(
    ("own", "polarity", "verdict", "position"),
    [
        (120, "neg", "差がある", "課題"),
        (120, "pos", "差がある", "強み"),
        (12, "neg", "差がある", "強み"),
        (40, "neg", "差がない", "同程度"),
    ],
)
def test_a_facility_is_read_against_the_band_of_its_peers(
    own: int, polarity: str, verdict: str, position: str
) -> None:
    row = told(cells(own, [20, 22, 18, 21], polarity=polarity))
    assert (row["verdict"], row["position"]) == (verdict, position)
    assert row["share"] == own / 400
    assert row["share_low"] < row["share_high"]
    assert row["peer_band_low"] < row["peer_share_low"] == row["peer_share_high"] < row["peer_band_high"]
    assert (row["peers_shown"], row["peers_hidden"]) == (4, 0)


def test_nobody_complaining_where_peers_are_blamed_is_a_strength() -> None:
    row = told(cells(0, [40, 36, 44, 38]))
    assert (row["authors"], row["position"], row["is_suppressed"]) == (0, "強み", False)


def test_the_comparison_is_that_of_partial_pooling() -> None:
    row = told(cells(60, [20, 30, 11, 40]))
    expected = compare_with_peers(60, 400, [20, 30, 11, 40], [200] * 4)
    assert row["share_low"] == pytest.approx(expected.own.low, abs=1e-4)
    assert row["peer_share_low"] == pytest.approx(expected.peer, abs=1e-4)
    assert row["verdict"] == expected.verdict


def test_a_verdict_stands_only_where_hidden_counts_could_not_change_it() -> None:
    at_least, at_most = ([hidden] * 4 for hidden in (1, 9))
    clear, close = 100, 14
    assert compare_with_peers(close, 400, at_least, [200] * 4).verdict == "差がある"
    assert compare_with_peers(close, 400, at_most, [200] * 4).verdict != "差がある"
    assert told(cells(close, [None] * 4))["verdict"] == "不明"
    row = told(cells(clear, [None] * 4))
    assert (row["verdict"], row["position"], row["peers_hidden"]) == ("差がある", "課題", 4)
    assert row["peer_share_low"] < 9 / 200 / 2 < row["peer_share_high"]


def test_what_is_hidden_or_nearly_everyone_is_not_compared() -> None:
    hidden = told(cells(None, [20, 22, 18, 21]))
    assert (hidden["authors"], hidden["share"], hidden["verdict"], hidden["is_suppressed"]) == (None, None, "不明", True)  # fmt: skip
    rest_of_nine = told(cells(41, [20, 22, 18, 21], total=50))
    assert (rest_of_nine["authors"], rest_of_nine["share"], rest_of_nine["verdict"]) == (41, None, "不明")


def test_two_peers_are_no_band() -> None:
    table = cells(120, [20, 22, 18, 21]).filter(~pl.col("entity").is_in(["p3", "p4"]))
    row = told(table)
    assert (row["share"], row["peer_band_low"], row["verdict"]) == (0.3, None, "不明")


def test_a_theme_of_which_nobody_is_told_is_no_row() -> None:
    assert find_strengths(cells(0, [None, 0, 0, 0])).is_empty()
    assert find_strengths(cells(0, [None, 0, 0, 0]).clear()).is_empty()


def test_own_facilities_are_not_each_others_peers() -> None:
    table = cells(120, [20, 22, 18, 21])
    second = table.filter(pl.col("entity") == "own-a").with_columns(entity=pl.lit("own-b"))
    both = find_strengths(pl.concat([table, second]))
    assert both["peers_shown"].to_list() == [4, 4]
    assert both.drop("entity").unique().height == 1
