"""Emerging terms: what rises is told, by how much at least, and nothing that published numbers do not tell."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from transforms.statistics.emerging import TERMS_SCHEMA, find_emerging

FIRST = date(2026, 6, 1)
WEEKS = [FIRST + timedelta(days=7 * i) for i in range(6)]
CELLS = {
    "week_on": pl.Date, "voice_class": pl.String, "kind": pl.String, "term": pl.String, "authors": pl.Int64,
    "sources": pl.Int64, "k": pl.Int64,
}  # fmt: skip


def cells(kind: str, term: str, *counts: int | None, sources: int = 3) -> pl.DataFrame:
    """A term's weeks; 0 is no row, None a hidden one."""
    return pl.DataFrame(
        [
            (week, "public", kind, term, n, None if n is None else sources, 10)
            for week, n in zip(WEEKS, counts, strict=False)
            if n != 0
        ],
        schema=CELLS,
        orient="row",
    )


def spoke(*authors: int) -> pl.DataFrame:
    return pl.DataFrame(
        {"week_on": WEEKS[: len(authors)], "voice_class": ["public"] * len(authors), "authors": authors}
    )


def last(table: pl.DataFrame, everyone: pl.DataFrame) -> dict[str, Any]:
    result = find_emerging(table, everyone)
    assert result.schema == TERMS_SCHEMA
    return result.filter(pl.col("week_on") == table["week_on"].max()).row(0, named=True)


EVERYONE = spoke(1000, 1000, 1000, 1000, 1000)


@pytest.mark.parametrize(
    ("counts", "trend"),
    [((10, 10, 10, 10, 40), "急増"), ((0, 0, 0, 0, 25), "新出"), ((20, 22, 19, 21, 24), "通常"), ((40, 40, 40, 40, 10), "通常")],
)  # fmt: skip
def test_what_rises_is_told(counts: tuple[int, ...], trend: str) -> None:
    row = last(cells("drug", "薬", *counts), EVERYONE)
    assert row["trend"] == trend
    assert row["growth_low"] < row["growth"] < row["growth_high"]
    assert (row["z"] > 3) == (trend != "通常")
    assert row["usual_at_most"] == sum(counts[:4]) / 4


def test_the_log_odds_are_those_of_the_formula() -> None:
    row = last(cells("drug", "薬", 10, 10, 10, 10, 40), EVERYONE)
    prior = 100 * 80 / 5000
    odds = np.log((40 + prior) / (960 + 100 - prior)) - np.log((40 + prior) / (3960 + 100 - prior))
    assert row["growth"] == pytest.approx(np.exp(odds), abs=0.005)
    assert row["z"] == pytest.approx(odds / np.sqrt(2 / (40 + prior)), abs=0.005)


def test_a_word_that_only_more_people_in_all_say_does_not_rise() -> None:
    row = last(cells("drug", "薬", 10, 10, 10, 10, 40), spoke(1000, 1000, 1000, 1000, 4000))
    assert row["trend"] == "通常"
    assert row["growth_low"] < 1 < row["growth_high"]


def test_a_hidden_week_counts_as_the_most_that_it_may_hide() -> None:
    hidden = last(cells("drug", "薬", None, 0, None, 0, 30), EVERYONE)
    most = last(cells("drug", "薬", 9, 0, 9, 0, 30), EVERYONE)
    assert {**hidden, "weeks_hidden": 0} == most
    assert hidden["weeks_hidden"] == 2


def test_a_noun_is_not_known_before_its_first_week_and_a_word_of_a_lexicon_is() -> None:
    noun = last(cells("noun", "花粉", 0, 0, 0, 0, 30), EVERYONE)
    drug = last(cells("drug", "薬", 0, 0, 0, 0, 30), EVERYONE)
    assert (noun["weeks_hidden"], noun["usual_at_most"]) == (4, 9.0)
    assert (drug["weeks_hidden"], drug["usual_at_most"]) == (0, 0.0)
    assert noun["growth"] < drug["growth"]
    elsewhere = cells("noun", "花粉", 12).with_columns(voice_class=pl.lit("patient_voice"))
    known = last(pl.concat([elsewhere, cells("noun", "花粉", 0, 0, 0, 0, 30)]), EVERYONE)
    assert known["weeks_hidden"] == 0, "it was counted then, and nobody of this voice said it"


def test_hidden_weeks_and_terms_of_one_platform_are_no_rows() -> None:
    assert find_emerging(cells("drug", "薬", None, None), EVERYONE).is_empty()
    assert find_emerging(cells("drug", "薬", 30, sources=1), EVERYONE).is_empty()
    assert find_emerging(cells("drug", "薬"), EVERYONE).is_empty()


def test_the_first_weeks_have_nothing_to_be_compared_with() -> None:
    result = find_emerging(cells("drug", "薬", 30, 60), EVERYONE)
    assert result["growth"].to_list() == [None, None]
    assert result["trend"].to_list() == ["通常", "通常"]


def test_many_terms_are_adjusted_together() -> None:
    rising = cells("drug", "薬", 10, 10, 10, 10, 22)
    alone = last(rising, EVERYONE)
    others = [cells("drug", f"薬{i}", 20, 20, 20, 20, 20) for i in range(50)]
    result = find_emerging(pl.concat([rising, *others]), EVERYONE)
    among = result.filter((pl.col("term") == "薬") & (pl.col("week_on") == WEEKS[4])).row(0, named=True)
    assert (alone["terms_tested"], among["terms_tested"]) == (1, 51)
    assert among["q"] > alone["q"]
    assert among["growth"] == alone["growth"]
