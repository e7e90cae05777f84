"""The ledger of measures as dbt reads it: an edit is noticed and stays on record."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from orchestration.config.actions import Action
from orchestration.exports import ACTIONS_SCHEMA, ledger_rows

DAY, LATER = date(2026, 8, 1), date(2026, 9, 1)
VALUES = {
    "id": "a", "entity": "h", "topics": ["wait"], "start_date": "2026-08-15", "description": "増員", "registered_on": "2026-07-01",
    "owner": "外来",
}  # fmt: skip


def action(**changes: Any) -> Action:
    return Action.model_validate(VALUES | changes)


def test_a_measure_is_believed_as_it_is_first_met() -> None:
    [row] = ledger_rows([action()], [], LATER)
    assert (row["action"], row["start_on"], row["edited_on"]) == ("a", date(2026, 8, 15), None)
    assert pa.Table.from_pylist([row], ACTIONS_SCHEMA).num_rows == 1
    assert ledger_rows([action()], [row], LATER) == [row]


@pytest.mark.parametrize(
    "changes",
    [{"start_date": "2026-08-20"}, {"topics": ["wait", "cost"]}, {"expected_direction": "more"}, {"ramp_days": 7},
     {"registered_on": "2026-06-01"}, {"control_topics": ["cost"]}],
)  # fmt: skip
def test_an_edit_is_dated(changes: dict[str, Any]) -> None:
    before = ledger_rows([action()], [], DAY)
    edited = ledger_rows([action(**changes)], before, LATER)
    assert edited[0]["edited_on"] == LATER
    assert ledger_rows([action(**changes)], edited, date(2026, 10, 1)) == edited


def test_better_words_are_no_edit() -> None:
    before = ledger_rows([action()], [], DAY)
    [row] = ledger_rows([action(description="外来を一人増員", owner="外来運営")], before, LATER)
    assert (row["edited_on"], row["description"]) == (None, "外来を一人増員")


def test_a_measure_that_comes_back_is_no_new_one() -> None:
    gone = ledger_rows([], ledger_rows([action()], [], DAY), DAY)
    assert [row["is_current"] for row in gone] == [False]
    [row] = ledger_rows([action(start_date="2026-09-10")], gone, LATER)
    assert (row["is_current"], row["edited_on"]) == (True, LATER)
