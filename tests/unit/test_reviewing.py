"""What reviewers may write, what several of them come to, and when an adverse event is due."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.classification.assembly import REVIEW_QUEUES
from transforms.reviewing import (
    CLAIM_QUEUE,
    EVENT_QUEUE,
    FILLED,
    OPEN,
    Due,
    ReviewError,
    corrected,
    due,
    outcome,
    read_filled,
    verdicts_of,
)

AWARE = date(2026, 11, 2)
LABELS: dict[str, Any] = {
    "relevant": True, "sentiment": "neg", "topics": ["wait"], "speaker": "patient", "intent": "complaint", "flags": [],
}  # fmt: skip


def test_a_row_of_an_event_is_read_in_both_languages() -> None:
    row = {
        "verdict": "該当", "reviewer": "薬剤師A", "seriousness": "重篤", "expectedness": "expected", "reported_on": "2026/11/9",
        "labels_checked": "はい", "new_topics": "medication|safety", "new_flags": "-", "note": "添付文書に記載あり",
    }  # fmt: skip
    filled = read_filled(row, EVENT_QUEUE)
    assert filled is not None
    assert filled[:6] == ("confirmed", "薬剤師A", "serious", "expected", date(2026, 11, 9), True)
    assert filled.corrections == {"topics": ["medication", "safety"], "flags": []}


def test_a_claim_is_true_or_false_and_nothing_else_is() -> None:
    told = {queue: set(verdicts_of(queue)) for queue in REVIEW_QUEUES}
    assert [queue for queue, words in told.items() if "false" in words] == [CLAIM_QUEUE]
    filled = read_filled({"verdict": "誤り", "reviewer": "広報"}, CLAIM_QUEUE)
    assert filled is not None
    assert filled.verdict == "false"


def test_what_was_left_blank_says_nothing() -> None:
    assert read_filled({}, "crisis") is None
    assert read_filled({"reviewer": "薬剤師A", "verdict": "  ", "labels_checked": None}, "crisis") is None
    assert read_filled({"labels_checked": False, "new_topics": None}, "crisis") is None


@pytest.mark.parametrize(
    ("queue", "row", "column"),
    [
        ("crisis", {"verdict": "たぶん"}, "verdict"),
        ("crisis", {"verdict": "誤り"}, "verdict"),
        (CLAIM_QUEUE, {"verdict": "該当"}, "verdict"),
        ("crisis", {"note": "あとで"}, "verdict"),
        ("crisis", {"verdict": "該当", "reviewer": ""}, "reviewer"),
        ("crisis", {"verdict": "該当", "reviewer": "薬" * 41}, "reviewer"),
        ("crisis", {"verdict": "該当", "seriousness": "重篤"}, "seriousness"),
        (EVENT_QUEUE, {"verdict": "該当", "seriousness": "ひどい"}, "seriousness"),
        (EVENT_QUEUE, {"verdict": "該当", "expectedness": "?"}, "expectedness"),
        (EVENT_QUEUE, {"verdict": "該当", "reported_on": "2026-02-30"}, "reported_on"),
        (EVENT_QUEUE, {"verdict": "該当", "reported_on": "昨日"}, "reported_on"),
        ("crisis", {"verdict": "該当", "labels_checked": "たぶん"}, "labels_checked"),
        ("crisis", {"verdict": "該当", "new_topics": "waiting"}, "new_topics"),
        ("crisis", {"verdict": "該当", "new_topics": "wait manner care cost"}, "new_topics"),
        ("crisis", {"verdict": "該当", "new_sentiment": "neg pos"}, "new_sentiment"),
        ("crisis", {"verdict": "該当", "note": "x" * 2001}, "note"),
        ("crisis", {"verdict": "該当", "note": "\x07"}, "note"),
    ],
)
def test_a_mistake_names_its_column_and_quotes_nothing(queue: str, row: dict[str, str], column: str) -> None:
    with pytest.raises(ReviewError) as told:
        read_filled({"reviewer": "薬剤師A", **row}, queue)
    assert str(told.value).startswith(f"{column}: expected")
    assert not any(
        value and value in str(told.value).split(":", 1)[1] for value in row.values() if len(value) > 3
    )


@given(
    st.dictionaries(
        st.sampled_from(FILLED),
        st.one_of(
            st.text(max_size=30),
            st.none(),
            st.booleans(),
            st.integers(),
            st.lists(st.text(max_size=5), max_size=3),
        ),
    ),
    st.sampled_from(REVIEW_QUEUES),
)
def test_any_row_is_taken_or_refused_in_one_line(row: dict[str, Any], queue: str) -> None:
    try:
        filled = read_filled(row, queue)
    except ReviewError as error:
        assert "\n" not in str(error)  # noqa: PT017
        return
    assert filled is None or filled.verdict in verdicts_of(queue)


def test_corrections_fit_the_guide() -> None:
    assert corrected(LABELS, {})["topics"] == ["wait"]
    away = corrected({**LABELS, "flags": ["crisis"]}, {"relevant": False})
    assert (away["topics"], away["intent"], away["flags"]) == ([], "other", ["crisis"])
    with pytest.raises(ReviewError, match="new_topics"):
        corrected(LABELS, {"topics": []})


def test_reviewers_agree_differ_or_have_not_looked() -> None:
    assert outcome([]) == OPEN
    assert outcome(["false", "false"]) == "false"
    assert outcome(["confirmed", "unclear"]) == "conflict"


@pytest.mark.parametrize(
    ("operator", "seriousness", "expectedness", "due_on"),
    [
        ("mah", None, None, date(2026, 11, 17)),
        ("agency", None, None, date(2026, 11, 17)),  # what a contractor knows, the holder knows
        ("mah", "death", "expected", date(2026, 11, 17)),
        ("mah", "serious", "unexpected", date(2026, 11, 17)),
        ("mah", "serious", None, date(2026, 11, 17)),
        ("mah", "serious", "expected", date(2026, 12, 2)),
        ("mah", "not_serious", "unexpected", None),
    ],
)
def test_fifteen_days_until_a_person_says_otherwise(
    operator: Any, seriousness: str | None, expectedness: str | None, due_on: date | None
) -> None:
    days = due(AWARE, operator, seriousness, expectedness)
    assert days == Due(date(2026, 11, 17), date(2026, 12, 2), due_on)


@pytest.mark.parametrize("operator", ["hospital", "research"])
def test_others_have_no_clock(operator: Any) -> None:
    assert due(AWARE, operator, "death", "unexpected") == Due(None, None, None)
