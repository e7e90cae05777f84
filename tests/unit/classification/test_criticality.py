"""The worst statement counts, not the mean; an illness told is no allegation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rule_cases import labels, read

from transforms.classification import criticality
from transforms.classification.adverse_events import find
from transforms.classification.document import GuideLabels

COMPLAINT = labels(sentiment="neg", intent="complaint", topics=("care",))


def grade(text: str, guide: GuideLabels = COMPLAINT) -> int:
    return criticality.criticality(*read(text), guide).level


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("駐車場が狭い", 2),  # a complaint is never below clear dissatisfaction
        ("受付の態度が最悪", 2),
        ("医者に怒鳴られて泣いた", 3),
        ("病名を大声で呼ばれた", 3),
        ("アレルギーを伝えたのに同じ薬を出された", 4),
        ("癌を見落とされていた", 4),
        ("手術を間違えて後遺症が残った", 5),
        ("点滴のミスで父が亡くなった", 5),
    ],
)
def test_levels_of_a_complaint(text: str, level: int) -> None:
    assert grade(text) == level


def test_the_worst_statement_counts() -> None:
    assert grade("駐車場が狭い。待ち時間も長い。売店は便利。そして点滴の量を間違えられた") == 4


def test_a_mild_remark_without_complaint_is_minor() -> None:
    assert grade("待ち時間はちょっと長い", labels(sentiment="mixed", topics=("wait",))) == 1


@pytest.mark.parametrize(
    "guide",
    [
        labels(sentiment="pos", intent="praise", topics=("care",)),
        labels(sentiment="neu", intent="question", topics=("symptom",)),
        labels(relevant=False, sentiment="neg", intent="other"),
    ],
)
def test_words_of_harm_are_no_criticism_by_themselves(guide: GuideLabels) -> None:
    assert grade("手術の後遺症で失明した人の話", guide) == 0


def test_an_illness_told_stays_below_an_allegation() -> None:
    assert (
        grade("父が亡くなった。悲しい", labels(sentiment="neg", topics=("symptom",), speaker="family")) <= 3
    )


@pytest.mark.parametrize(("flag", "least"), [("crisis", 4), ("distress", 4), ("adverse_event", 2)])
def test_a_flag_brings_its_level(flag: str, least: int) -> None:
    assert grade("窓口で", labels(flags=(flag,))) == least


def test_a_serious_event_that_is_told_is_possible_harm() -> None:
    guide = labels(flags=("adverse_event",), topics=("medication",))
    scan, clauses = read("造影剤でアナフィラキシーを起こした")
    assert criticality.criticality(scan, clauses, guide, find(scan, clauses, guide)).level == 4
    scan, clauses = read("造影剤でアナフィラキシーになるのが怖い")
    assert criticality.criticality(scan, clauses, guide, find(scan, clauses, guide)).level == 2


def test_harm_is_claimed_only_with_words_of_harm() -> None:
    claimed = criticality.criticality(*read("誤診で手遅れになった"), COMPLAINT)
    assert claimed.harm_claimed
    assert claimed.evidence
    assert not criticality.criticality(*read("待合が混んでいた"), COMPLAINT).harm_claimed


def test_denied_harm_is_none() -> None:
    assert grade("後遺症はなかったが態度が最悪") == 2


@given(
    st.text(max_size=60),
    st.sampled_from(["neg", "neu", "pos", "mixed"]),
    st.sampled_from(["complaint", "praise", "question", "experience", "rumour", "other"]),
    st.lists(
        st.sampled_from(["adverse_event", "crisis", "distress", "named_attack"]), max_size=2, unique=True
    ),
)
def test_the_level_is_a_grade(text: str, sentiment: str, intent: str, flags: list[str]) -> None:
    found = criticality.criticality(
        *read(text), labels(sentiment=sentiment, intent=intent, flags=tuple(flags))
    )
    assert 0 <= found.level <= 5
    assert not found.harm_claimed or found.level >= 4
