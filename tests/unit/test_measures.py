"""Measures whose effect is known, and what is shown of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from transforms.statistics import effects
from transforms.statistics.measures import MEASURES_SCHEMA, evaluate, ratio_band

FIRST = date(2026, 3, 30)  # a Monday
BEFORE, AFTER = 16, 14
START = FIRST + timedelta(days=7 * BEFORE)
LAST = FIRST + timedelta(days=7 * (BEFORE + AFTER) - 1)
PEERS = ["b", "c", "d", "e"]
ENTITIES = pl.DataFrame({"entity": ["a", *PEERS, "w"], "peer_set": ["f"] * 5 + [None]})


def action(**changes: Any) -> pl.DataFrame:
    row = {
        "action": "booking", "entity": "a", "topics": ["access"], "themes": ["ACC_BOOK"], "control_topics": ["cost"],
        "control_entities": [], "start_on": START, "ramp_days": 14, "expected_direction": "fewer",
    } | changes  # fmt: skip
    return pl.DataFrame(
        [row],
        schema_overrides={
            n: pl.List(pl.String) for n in ("topics", "themes", "control_topics", "control_entities")
        },
    )


def weeks(own_ratio: float = 1.0, *, mean: float = 40, peer_mean: float = 40, k: int = 10) -> pl.DataFrame:
    rng = np.random.default_rng(11)
    rows = []
    for entity in ["a", *PEERS]:
        for i in range(BEFORE + AFTER):
            level = (mean if entity == "a" else peer_mean) * (
                own_ratio if entity == "a" and i >= BEFORE else 1.0
            )
            n = round(level) + int(rng.integers(0, 3)) - (level > 1)
            cells = [
                ("topic", "access", n),
                ("theme", "ACC_BOOK", n),
                ("topic", "cost", round(mean) + int(rng.integers(0, 3))),
            ]
            for kind, subject, authors in [*cells, ("spoken", "all", n + 160 + int(rng.integers(0, 9)))]:
                rows.append((FIRST + timedelta(days=7 * i), entity, kind, subject, authors, 0 < authors < k))
    columns = ["week_on", "entity", "kind", "subject", "authors", "is_suppressed"]
    return pl.DataFrame(rows, schema=columns, orient="row").filter(pl.col("authors") > 0)


def judged(table: pl.DataFrame, subject: str = "access", **changes: Any) -> dict[str, Any]:
    found = evaluate(action(**changes), table, ENTITIES, FIRST, LAST)
    return found.filter(pl.col("subject") == subject).row(0, named=True)


@pytest.mark.parametrize(
    ("ratio", "direction", "verdict"),
    [
        (0.45, "fewer", effects.IMPROVED),
        (1.8, "fewer", effects.WORSE),
        (1.8, "more", effects.IMPROVED),
        (0.45, "more", effects.WORSE),
    ],
)
def test_a_change_is_found_and_named_by_what_was_expected(ratio: float, direction: str, verdict: str) -> None:
    row = judged(weeks(ratio), expected_direction=direction)
    assert (row["verdict"], row["is_provisional"]) == (verdict, False)
    assert row["level_ratio"] == pytest.approx(ratio, rel=0.1)
    assert row["level_low"] <= row["level_ratio"] <= row["level_high"]
    assert row["peers_band"] == ratio_band(ratio)
    assert row["peers_p"] == pytest.approx(0.2)  # 1 / facilities


def test_a_measure_without_effect_is_not_called_one() -> None:
    row = judged(weeks(1.0))
    assert row["verdict"] in (effects.SAME, effects.UNDECIDED)
    assert row["level_band"] == row["peers_lead_band"] == "同程度"


def test_the_control_topic_stands_beside_the_aim() -> None:
    found = evaluate(action(), weeks(0.45), ENTITIES, FIRST, LAST)
    roles = dict(found.select("subject", "role").iter_rows())
    assert roles == {"access": "target", "ACC_BOOK": "target", "cost": "control"}
    verdicts = dict(found.select("subject", "verdict").iter_rows())
    assert verdicts["cost"] not in (effects.IMPROVED, effects.WORSE)


def test_one_hidden_week_leaves_verdict_and_bands_only() -> None:
    table = weeks(0.45)
    hidden = (pl.col("entity") == "a") & (pl.col("week_on") == FIRST) & (pl.col("kind") != "spoken")
    row = judged(table.with_columns(is_suppressed=hidden))
    assert (row["verdict"], row["weeks_hidden"], row["level_band"]) == (effects.IMPROVED, 1, ratio_band(0.45))
    numbers = [n for n in MEASURES_SCHEMA if n.startswith(("level_", "slope_")) and n not in ("level_band", "level_p_at_most")]  # fmt: skip
    assert {row[n] for n in [*numbers, "dispersion"]} == {None}


def test_few_complaints_are_no_basis_for_a_verdict() -> None:
    row = judged(weeks(0.2, mean=2))
    assert (row["verdict"], row["level_band"]) == (effects.UNDECIDED, None)


def test_a_young_series_is_judged_provisionally_or_not_at_all() -> None:
    young = START - timedelta(days=7 * 7)
    row = evaluate(action(), weeks(0.45), ENTITIES, young, LAST).filter(subject="access").row(0, named=True)
    assert (row["verdict"], row["is_provisional"], row["weeks_before"]) == (effects.IMPROVED, True, 7)
    assert row["slope_ratio"] is None  # too few weeks to tell
    assert row["level_ratio"] is not None
    younger = START - timedelta(days=7 * 5)
    row = evaluate(action(), weeks(0.45), ENTITIES, younger, LAST).filter(subject="access").row(0, named=True)
    assert (row["verdict"], row["level_band"]) == (effects.UNDECIDED, None)


def test_the_ramp_is_left_out() -> None:
    row = judged(weeks(0.45), ramp_days=15)
    assert row["weeks_after"] == AFTER - 3


def test_peers_are_those_of_the_ledger_if_they_suffice_and_never_treated_themselves() -> None:
    assert judged(weeks(0.45))["peers"] == 4
    assert judged(weeks(0.45), control_entities=["b", "c", "d"])["peers"] == 3
    assert judged(weeks(0.45), control_entities=["b", "c"])["peers"] == 4
    both = pl.concat([action(), action(action="other", entity="b")])
    found = evaluate(both, weeks(0.45), ENTITIES, FIRST, LAST)
    assert found.filter(action="booking", subject="access")["peers"].item() == 3
    assert found.filter(action="booking", subject="cost")["peers"].item() == 4


def test_nothing_collected_or_not_begun_is_undecided() -> None:
    assert evaluate(action(), weeks(), ENTITIES, None, None).is_empty()
    assert evaluate(action().clear(), weeks(), ENTITIES, FIRST, LAST).schema == MEASURES_SCHEMA
    row = judged(weeks(), start_on=LAST + timedelta(days=30))
    assert (row["verdict"], row["weeks_after"]) == (effects.UNDECIDED, 0)
    row = judged(weeks(), start_on=FIRST - timedelta(days=30))
    assert (row["verdict"], row["weeks_before"]) == (effects.UNDECIDED, 0)
    row = judged(weeks().clear())
    assert row["verdict"] == effects.UNDECIDED


@pytest.mark.parametrize(
    ("ratio", "band"),
    [(0.3, "半分未満"), (0.5, "減"), (0.86, "同程度"), (1.16, "増"), (2.0, "2倍以上"), (9, "2倍以上")],
)
def test_bands(ratio: float, band: str) -> None:
    assert ratio_band(ratio) == band
