"""A bigger model beside the linear one: held to the guide, never shown what is not redacted, missed by nobody."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.classification.classifier import Classifier
from transforms.classification.decode import FIELDS
from transforms.classification.document import Document, GuideLabels
from transforms.classification.linear import LinearModel, read_model, shipped_files
from transforms.classification.second_opinion import (
    Answer,
    NoAnswer,
    SecondOpinion,
    Unavailable,
    check_answer,
    merge,
    read_answer,
)

WAITED = "3時間待たされた。受付の対応も最悪。"
PHONE = "-".join(["090", "3141", "5926"])
LINEAR = GuideLabels(
    relevant=True, sentiment="neg", topics=("wait",), speaker="patient", intent="complaint", flags=()
)


class Guest:
    """A model of few words."""

    version = "guest-1"

    def __init__(self, *answers: Answer | NoAnswer) -> None:
        self.answers = answers
        self.seen: list[str] = []

    def answer_many(self, texts: Sequence[str]) -> Sequence[Answer | NoAnswer]:
        self.seen += texts
        return self.answers[: len(texts)]


@pytest.fixture(scope="module")
def linear() -> Classifier:
    return Classifier(shipped())


@cache
def shipped() -> LinearModel:
    return read_model(shipped_files())


def asked(guest: Any, *texts: str) -> tuple[SecondOpinion, list[Any]]:
    model = SecondOpinion(shipped(), guest)
    return model, model.classify_many([Document(text, source="x") for text in texts])


def test_what_the_guest_says_goes_into_rules_and_rows() -> None:
    guest = Guest(Answer({"topics": ["manner"], "sentiment": "mixed", "flags": ["adverse_event"]}, 0.9))
    model, [labels] = asked(guest, WAITED)
    assert labels.topics == ("manner",)
    assert labels.sentiment == "mixed"
    assert labels.review_reasons == ("adverse_event",)
    assert {a.topic for a in labels.aspects} <= {"manner"}
    assert (labels.model_version, labels.confidence) == ("guest-1", 0.9)
    assert model.told == {"answered": 1}
    assert "guest-1" in model.version


def test_where_it_does_not_answer_the_linear_model_does(linear: Classifier) -> None:
    [want] = linear.classify_many([Document(WAITED, source="x")])
    model, labels = asked(Guest(NoAnswer("timeout")), WAITED, WAITED)
    assert labels == [want, want]
    assert model.told == {"timeout": 1, "missing": 1}
    model, labels = asked(Unavailable("not_installed"), WAITED)
    assert labels == [want]
    assert model.told == {"not_installed": 1}


def test_it_never_sees_what_is_not_redacted(linear: Classifier) -> None:
    guest = Guest(Answer({"sentiment": "pos"}))
    text = f"電話は{PHONE}です。{WAITED}"
    model, labels = asked(guest, text, WAITED, "")
    assert guest.seen == [WAITED]
    assert model.told == {"not_redacted": 1, "answered": 1, "empty": 1}
    assert labels[0] == linear.classify(Document(text, source="x"))
    assert labels[1].sentiment == "pos"


@pytest.mark.parametrize(
    "text",
    [
        "", "わかりません", "{", "}{", "[]", "{}", '{"mood": "bad"}', '{"sentiment": "angry"}', '{"sentiment": ["neg"]}',
        '{"topics": "wait"}', '{"topics": ["waiting"]}', '{"topics": ["wait", "wait"]}', '{"topics": ["wait", "cost", "care", "manner"]}',
        '{"relevant": "yes"}', '{"flags": [1]}', '{"sentiment": null}', "{" * 5000 + "}" * 5000,
    ],
)  # fmt: skip
def test_a_bad_answer_is_none(text: str) -> None:
    assert read_answer(text) == NoAnswer("bad_answer")


def test_an_answer_may_come_in_words_and_fences() -> None:
    told = read_answer(
        'Sure:\n```json\n{"sentiment": "neg", "topics": [], "flags": [], "x": 1, "confidence": 2}\n```'
    )
    assert told == Answer({"sentiment": "neg", "topics": [], "flags": []}, None)


_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(), st.text(max_size=9), st.sampled_from(FIELDS["topics"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*FIELDS, "confidence", "other"]), _JSON))
def test_whatever_is_answered_fits_the_guide_or_is_nothing(row: dict[str, Any]) -> None:
    told = check_answer(row)
    if isinstance(told, NoAnswer):
        return
    both = merge(LINEAR, told.labels)
    assert both.sentiment in FIELDS["sentiment"]
    assert both.speaker in FIELDS["speaker"]
    assert both.intent in FIELDS["intent"]
    assert set(both.topics) <= set(FIELDS["topics"])
    assert set(both.flags) <= set(FIELDS["flags"])
    assert bool(both.topics) == both.relevant


@given(st.text(max_size=60))
def test_any_text_is_an_answer_or_none(text: str) -> None:
    assert isinstance(read_answer(text), Answer | NoAnswer)


def test_a_post_that_is_not_about_care_has_no_topics() -> None:
    assert merge(LINEAR, {"relevant": False})[2:5] == ((), "patient", "other")
    assert merge(LINEAR, {"topics": []}).topics == ("wait",)
    assert merge(LINEAR._replace(relevant=False, topics=()), {"relevant": True}).topics == ("other",)
