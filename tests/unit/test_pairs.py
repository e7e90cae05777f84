"""Which pairs of medicine and event are measured, and where their ratios may be shown."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from transforms.statistics.disproportionality import TwoByTwo, measure, measure_pairs

MONTH = date(2026, 6, 1)
K = 10


def pairs(*rows: tuple[str, str, int], month: date = MONTH) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"month_on": month, "drug": d, "event": e, "authors": n, "k": K, "is_suppressed": n < K}
            for d, e, n in rows
        ]
    )


ALL_SHOWN = pairs(("a", "rash", 40), ("a", "fever", 60), ("b", "rash", 20), ("b", "fever", 300))


def test_a_pair_is_measured_against_all_others_of_its_month() -> None:
    found = measure_pairs(pl.concat([ALL_SHOWN, pairs(("a", "rash", 999), month=date(2026, 7, 1))]))
    row = found.filter(month_on=MONTH, drug="a", event="rash").row(0, named=True)
    want = measure(TwoByTwo(40, 60, 20, 300))
    assert (row["prr"], row["ror"], row["ic"], row["chi2_yates"]) == pytest.approx(
        (want.prr, want.ror, want.ic, want.chi2_yates), abs=0.006
    )
    assert row["signal_prr"]
    assert row["signal_ror"]
    assert row["signal_ic"]
    rare = found.filter(month_on=MONTH, drug="b", event="rash").row(0, named=True)
    assert not (rare["signal_prr"])
    assert not (rare["signal_ror"])
    assert not (rare["signal_ic"])


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ([("b", "rash", 20), ("b", "fever", 300)], True),
        ([("b", "rash", 7), ("b", "fever", 300)], False),  # c is a small number
        ([("b", "rash", 20), ("c", "rash", 5), ("b", "fever", 300)], False),  # c less b's is
        ([("b", "rash", 20), ("c", "rash", 5), ("d", "rash", 5), ("b", "fever", 300)], True),
        ([("b", "rash", 20), ("c", "rash", 5), ("d", "rash", 4), ("b", "fever", 300)], False),
        ([("b", "rash", 20), ("b", "fever", 300), ("b", "cough", 3)], False),
        ([("b", "fever", 300)], True),  # nobody else had it: 0 may be known
    ],
)
def test_ratios_are_shown_where_each_count_behind_them_may_be(
    more: list[tuple[str, str, int]], *, told: bool
) -> None:
    found = measure_pairs(pairs(("a", "rash", 40), ("a", "fever", 60), *more))
    row = found.filter(drug="a", event="rash").row(0, named=True)
    assert (row["ic"] is not None) == told
    assert row["signal_ic"]


def test_a_hidden_pair_is_not_listed() -> None:
    found = measure_pairs(pairs(("a", "rash", 9), ("b", "rash", 11), ("b", "fever", 300)))
    assert found.select("drug", "event").rows() == [("b", "fever"), ("b", "rash")]
    assert measure_pairs(ALL_SHOWN.clear()).is_empty()
