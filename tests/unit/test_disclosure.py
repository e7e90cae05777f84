"""The publication rule: its invariants, and an attacker that knows all of linear algebra."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.disclosure import (
    CELL_COLUMNS,
    Sums,
    determined,
    hold_back,
    hold_numbers,
    protect,
    publishable,
    small,
)

K = 10


def sums(*equations: tuple[int, list[int]]) -> Sums:
    """Sums from (total, parts)."""
    rows = [(e, c, c == total) for e, (total, parts) in enumerate(equations) for c in [total, *parts]]
    equation, cell, is_total = zip(*rows, strict=True)
    return Sums(np.array(equation), np.array(cell), np.array(is_total, dtype=bool))


def protected(authors: list[int], known: Sums) -> list[bool]:
    return protect(np.array(authors), np.full(len(authors), K), known).tolist()


def attack(authors: np.ndarray, hidden: np.ndarray, known: Sums) -> dict[int, float]:
    """Every hidden cell that the sums and the shown cells determine, by the rank of the equations."""
    unknowns = np.flatnonzero(hidden)
    if not unknowns.size:
        return {}
    matrix = np.zeros((int(known.equation.max()) + 1, authors.size))
    matrix[known.equation, known.cell] = np.where(known.is_total, -1, 1)
    matrix = matrix[:, unknowns]
    rank = np.linalg.matrix_rank(matrix)
    found = {}
    for i, cell in enumerate(unknowns):
        row = np.zeros(unknowns.size)
        row[i] = 1
        if np.linalg.matrix_rank(np.vstack([matrix, row])) == rank:
            found[int(cell)] = float(authors[cell])
    return found


def test_zero_and_k_are_shown_and_between_is_hidden() -> None:
    assert small(np.array([0, 1, 9, 10, 19]), np.array([10, 10, 10, 10, 20])).tolist() == [
        False,
        True,
        True,
        False,
        True,
    ]


def test_a_total_does_not_give_its_only_hidden_part_back() -> None:
    # 32 = 12 + 17 + 3: the smallest shown part goes with the 3
    assert protected([32, 12, 17, 3], sums((0, [1, 2, 3]))) == [False, True, False, True]


def test_two_hidden_parts_that_are_fewer_than_k_together_take_a_third() -> None:
    assert protected([40, 20, 14, 4, 2], sums((0, [1, 2, 3, 4]))) == [False, False, True, True, True]


def test_two_hidden_parts_that_are_k_together_are_enough() -> None:
    assert protected([32, 20, 6, 6], sums((0, [1, 2, 3]))) == [False, False, True, True]


def test_a_zero_is_no_cover() -> None:
    assert protected([15, 12, 3, 0], sums((0, [1, 2, 3]))) == [False, True, True, False]


def test_an_only_part_takes_its_total_with_it() -> None:
    assert protected([9, 9], sums((0, [1]))) == [True, True]
    assert protected([12, 9, 0], sums((0, [1, 2]))) == [True, True, False]  # authors of two parts may overlap


def test_a_hidden_total_is_not_the_sum_of_shown_parts() -> None:
    known = sums((0, [1, 2]), (3, [0, 4]))
    hidden = protected([25, 12, 13, 31, 6], known)  # 31 = 25 + 6 hides 25, and 25 = 12 + 13 must not show it
    assert hidden == [True, True, False, False, True]


def test_a_bridge_between_two_covered_blocks_is_found() -> None:
    # Rows and columns each have two unknowns, yet the cell that links two blocks follows from the sums.
    blocks = [[5, 5, 0, 0], [5, 5, 5, 0], [0, 0, 5, 5], [0, 0, 5, 5]]
    cells = [c for row in blocks for c in row]
    rows = [(16 + r, [4 * r + c for c in range(4)]) for r in range(4)]
    columns = [(20 + c, [4 * r + c for r in range(4)]) for c in range(4)]
    known = sums(*rows, *columns)
    authors = np.array([*cells, *(sum(r) for r in blocks), *(sum(c) for c in zip(*blocks, strict=True))])
    hidden = np.array([0 < c < K for c in cells] + [False] * 8)
    assert attack(authors, hidden, known) == {6: 5.0}
    assert np.flatnonzero(determined(hidden, known)).tolist() == [6]


@st.composite
def tables(draw: st.DrawFn) -> tuple[np.ndarray, Sums]:
    """A table of up to 5 x 5 with margins and a grand total; some cells also summed in a third way."""
    rows, columns = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    inner = np.array(
        draw(st.lists(st.integers(0, 30), min_size=rows * columns, max_size=rows * columns)), dtype=np.int64
    ).reshape(rows, columns)
    index = np.arange(rows * columns).reshape(rows, columns)
    first = rows * columns
    equations = [(first + r, index[r].tolist()) for r in range(rows)]
    equations += [(first + rows + c, index[:, c].tolist()) for c in range(columns)]
    grand = first + rows + columns
    equations.append((grand, [first + r for r in range(rows)]))
    equations.append((grand, [first + rows + c for c in range(columns)]))
    values = [*inner.ravel(), *inner.sum(axis=1), *inner.sum(axis=0), inner.sum()]
    if draw(st.booleans()):
        some = draw(st.lists(st.integers(0, first - 1), min_size=1, max_size=4, unique=True))
        equations.append((grand + 1, some))
        values.append(inner.ravel()[some].sum())
    return np.array(values, dtype=np.int64), sums(*equations)


@settings(max_examples=150, deadline=None)
@given(tables())
def test_the_attacker_finds_no_hidden_cell(table: tuple[np.ndarray, Sums]) -> None:
    authors, known = table
    hidden = protect(authors, np.full(authors.size, K), known)
    assert attack(authors, hidden, known) == {}
    assert hidden[small(authors, np.full(authors.size, K))].all()
    assert not hidden[authors == 0].any()
    for equation in range(int(known.equation.max()) + 1):
        member = known.equation == equation
        total = known.cell[member & known.is_total][0]
        parts = known.cell[member & ~known.is_total]
        assert hidden[total] or authors[parts][hidden[parts]].sum() not in range(1, K)


def test_a_cell_given_away_by_sums_that_it_is_not_in_is_protected_too() -> None:
    """All sums of the cell of 1 are hidden or zero already; two further sums together still told it."""
    inner = [[0, 3, 8], [1, 0, 0], [9, 0, 1]]
    index = [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    known = sums(
        *((9 + r, index[r]) for r in range(3)),
        *((12 + c, [row[c] for row in index]) for c in range(3)),
        (15, [9, 10, 11]),
        (15, [12, 13, 14]),
    )
    values = [*(v for row in inner for v in row), 11, 1, 10, 10, 3, 9, 22]
    authors = np.array(values, dtype=np.int64)
    assert attack(authors, protect(authors, np.full(authors.size, K), known), known) == {}


@settings(max_examples=50, deadline=None)
@given(tables())
def test_the_sparse_check_agrees_with_the_rank(table: tuple[np.ndarray, Sums]) -> None:
    authors, known = table
    hidden = small(authors, np.full(authors.size, K))
    assert set(np.flatnonzero(determined(hidden, known)).tolist()) == set(attack(authors, hidden, known))


def test_without_protection_the_attacker_does_find_cells() -> None:
    authors, known = np.array([32, 12, 17, 3]), sums((0, [1, 2, 3]))
    assert attack(authors, small(authors, np.full(4, K)), known) == {3: 3.0}


def cells(*rows: tuple[str, date, str, str, str, int]) -> pl.DataFrame:
    """Topic cells of one entity: grain, period, topic, breakdown, value, authors."""
    monday, month = date(2026, 6, 1), date(2026, 6, 1)
    return pl.DataFrame(
        [
            {
                "mart": "topics",
                "grain": grain,
                "period_on": period,
                "week_on": monday if grain != "month" else None,
                "month_on": month,
                "entity": "own-a",
                "voice_class": "patient_voice",
                "d1": topic,
                "breakdown": breakdown,
                "value": value,
                "parent": None,
                "parent_entity": None,
                "family": None,
                "authors": authors,
                "posts": authors,
                "clusters": authors,
                "sources": 1,
                "amount": None,
                "amounts": 0,
                "k": K,
            }
            for grain, period, topic, breakdown, value, authors in rows
        ],
        schema_overrides={
            "parent": pl.String,
            "parent_entity": pl.String,
            "family": pl.String,
            "amount": pl.Float64,
        },
    )


def shown(table: pl.DataFrame) -> dict[tuple[str, date, str], int | None]:
    return {(r["grain"], r["period_on"], r["value"]): r["authors"] for r in table.iter_rows(named=True)}


def test_breakdowns_and_periods_are_sums_that_a_reader_knows() -> None:
    first, second = date(2026, 6, 1), date(2026, 6, 2)
    result = publishable(
        cells(
            ("week", first, "wait", "all", "all", 40),
            ("week", first, "wait", "sentiment", "neg", 25),
            ("week", first, "wait", "sentiment", "pos", 15),
            ("day", first, "wait", "all", "all", 22),
            ("day", second, "wait", "all", "all", 14),
            ("day", date(2026, 6, 3), "wait", "all", "all", 4),
        )
    )
    assert shown(result) == {
        ("week", first, "all"): 40,
        ("week", first, "neg"): 25,
        ("week", first, "pos"): 15,
        ("day", first, "all"): 22,
        ("day", second, "all"): None,  # the week less the other days would tell the 4
        ("day", date(2026, 6, 3), "all"): None,
    }
    hidden = result.filter(pl.col("is_suppressed"))
    assert hidden.select("authors", "posts", "clusters", "sources").null_count().row(0) == (2, 2, 2, 2)


def test_no_cells_are_no_trouble() -> None:
    assert publishable(cells(("day", date(2026, 6, 1), "wait", "all", "all", 1)).clear()).is_empty()


def test_the_order_of_rows_changes_nothing() -> None:
    rng = np.random.default_rng(3)
    rows = [
        ("week", date(2026, 6, 1), f"t{t}", "sentiment" if s else "all", s or "all", int(rng.integers(0, 40)))
        for t in range(6)
        for s in ("", "pos", "neg", "neu")
    ]
    table = cells(*rows)
    assert publishable(table).equals(publishable(table.sample(fraction=1, shuffle=True, seed=4)))
    assert set(CELL_COLUMNS) <= set(table.columns)


def mart(*rows: tuple[str, int | None]) -> pl.DataFrame:
    return pl.DataFrame(
        [{"topic": t, "authors": a, "is_suppressed": a is None} for t, a in rows],
        schema={"topic": pl.String, "authors": pl.Int64, "is_suppressed": pl.Boolean},
    )


@pytest.mark.parametrize(
    ("before", "now", "seen"),
    [(20, 20, 20), (20, 25, 20), (20, 11, 20), (20, 29, 20), (20, 30, 30), (20, None, None), (None, 12, 12)],
)
def test_a_release_changes_a_cell_by_nothing_or_by_k(
    before: int | None, now: int | None, seen: int | None
) -> None:
    result = hold_back(mart(("wait", before)), mart(("wait", now), ("cost", 12)), keys=["topic"], k=K)
    assert result["authors"].to_list() == [seen, 12]
    assert result["is_held"].to_list() == [seen != now, False]
    assert result.columns == ["topic", "authors", "is_suppressed", "is_held"]


@pytest.mark.parametrize(
    "old",
    [mart(("wait", 20)).rename({"topic": "subject"}), mart(("wait", 20), ("wait", 20)), mart(("wait", 20)).drop("authors")],
    ids=["other keys", "keys that name several rows", "no authors"],
)  # fmt: skip
def test_rows_that_cannot_be_found_again_are_not_compared(old: pl.DataFrame) -> None:
    result = hold_back(old, mart(("wait", 21)), keys=["topic"], k=K)
    assert result["authors"].to_list() == [21]
    assert result["is_held"].to_list() == [False]


def test_a_column_that_came_or_went_does_not_let_a_few_authors_be_seen() -> None:
    old = mart(("wait", 20), ("cost", 30)).with_columns(pl.lit("x").alias("went"))
    new = mart(("wait", 24), ("cost", 60)).with_columns(
        pl.col("authors").alias("posts"), pl.lit(value=True).alias("is_marked")
    )
    result = hold_back(old, new, keys=["topic"], k=K)
    assert result["authors"].to_list() == [20, 60]
    assert result["posts"].to_list() == [None, 60]
    assert result["is_marked"].to_list() == [True, True]
    assert result["is_held"].to_list() == [True, False]
    assert result.columns == [*new.columns, "is_held"]


def effect(
    authors: int | None, before: int | None, weeks: int, ratio: float | None, band: str = "減"
) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "measure": "m",
                "authors": authors,
                "authors_before": before,
                "weeks": weeks,
                "ratio": ratio,
                "band": band,
            }
        ],
        schema_overrides={"authors": pl.Int64, "authors_before": pl.Int64, "ratio": pl.Float64},
    )


@pytest.mark.parametrize(
    ("now", "seen"),
    [
        ((40, 80, 7, 0.51), (40, 80, 7, 0.5)),  # another cell's count moved the ratio a little
        ((40, 83, 7, 0.51), (40, 80, 7, 0.5)),
        ((40, 95, 7, 0.51), (40, 95, 7, 0.5)),
        ((60, 80, 7, 0.7), (60, 80, 7, 0.7)),
        ((40, 80, 8, 0.6), (40, 80, 8, 0.6)),  # a week more is more to compute from
        ((40, 80, 7, None), (40, 80, 7, None)),  # hidden now: hidden
        ((None, 80, 7, 0.51), (None, 80, 7, 0.51)),
    ],
)
def test_fractions_settle_with_their_row(
    now: tuple[int | None, int, int, float | None], seen: tuple[int | None, int, int, float | None]
) -> None:
    result = hold_numbers(
        effect(40, 80, 7, 0.5), effect(*now, band="同程度"), keys=["measure"], k=K, people=["authors_before"], evidence=["weeks"]
    )  # fmt: skip
    assert result.columns == effect(*now).columns
    assert result.select("authors", "authors_before", "weeks", "ratio").row(0) == seen
    assert result["band"].to_list() == ["同程度"]


def test_fractions_of_new_rows_and_of_new_layouts_are_taken_as_they_come() -> None:
    wanted = {"keys": ["measure"], "k": K, "people": ["authors_before"], "evidence": ["weeks"]}
    old = effect(40, 80, 7, 0.5)
    other = effect(40, 81, 7, 0.51).with_columns(measure=pl.lit("n"))
    assert hold_numbers(old, other, **wanted).equals(other)
    assert hold_numbers(old.drop("ratio"), effect(40, 81, 7, 0.51), **wanted).equals(effect(40, 81, 7, 0.51))
    unseen = effect(40, 80, 7, None)
    assert hold_numbers(unseen, effect(40, 80, 7, 0.51), **wanted)["ratio"].to_list() == [0.51]


def test_a_value_that_sums_contradict_costs_no_other_cell() -> None:
    # Authors do not add up: a = b + c and a = b leave c at 0, which nobody is. Nothing that is hidden besides changes that.
    authors = np.array([3, 3, 1, 40, 43])
    a, b, c, d, m = range(5)
    sums = Sums(
        equation=np.array([0, 0, 0, 1, 1, 2, 2, 2]),
        cell=np.array([a, b, c, a, b, m, a, d]),
        is_total=np.array([True, False, False, True, False, True, False, False]),
    )
    hidden = protect(authors, np.full(5, 10), sums)
    assert hidden.tolist() == [True, True, True, True, False]
