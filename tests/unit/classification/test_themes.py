"""The taxonomy is whole, and a post's themes lie under its topics."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rule_cases import read

from transforms.classification import themes

TOPICS = (
    "wait", "manner", "explanation", "care", "medication", "safety", "facility", "access", "admin", "cost", "inpatient",
    "privacy", "online", "prevention", "symptom", "newtech", "workforce", "policy", "reputation", "other",
)  # fmt: skip


def test_topics_are_those_of_the_guide() -> None:
    assert tuple(themes.taxonomy().topics) == TOPICS


def test_every_topic_but_other_has_a_default_theme() -> None:
    defaults = {theme.topic for theme in themes.taxonomy().themes.values() if theme.default}
    assert defaults == set(TOPICS) - {"other"}


def test_every_theme_says_whose_it_is() -> None:
    for theme in themes.taxonomy().themes.values():
        assert all((theme.ja, theme.en, theme.owner_ja, theme.definition_ja, theme.examples)), theme.code


@pytest.mark.parametrize("theme", themes.taxonomy().themes.values(), ids=lambda theme: theme.code)
def test_a_theme_is_seen_in_its_examples(theme: themes.Theme) -> None:
    assert [e for e in theme.examples if theme.code not in themes.mentioned(read(e).scan)] == []


@pytest.mark.parametrize(
    ("text", "topics", "want"),
    [
        ("予約したのに2時間待たされた", ("wait",), ("ACC_WAIT",)),
        ("電話がつながらず予約が取れない", ("access",), ("ACC_BOOK",)),
        ("駐車場が満車で予約も取れない", ("access",), ("ACC_BOOK", "ACC_LOC")),
        ("受付で怒鳴られた。態度が悪い", ("manner",), ("STF_MANNER", "RGT_RESPECT")),
        ("あの人のおかげで今がある", ("manner",), ("STF_MANNER",)),
        ("うれしい日だった", ("other",), ()),
        ("電話がつながらない", ("wait",), ("ACC_WAIT",)),
        ("面会が15分だけ、ご飯は冷めてた", ("inpatient",), ("ENV_FOOD", "FAM_VISIT")),
    ],
)
def test_themes_of_a_post(text: str, topics: tuple[str, ...], want: tuple[str, ...]) -> None:
    assert themes.themes_of(read(text).scan, topics) == want


@given(st.text(max_size=60), st.lists(st.sampled_from(TOPICS), max_size=3, unique=True))
def test_themes_lie_under_the_topics(text: str, topics: list[str]) -> None:
    found = themes.themes_of(read(text).scan, topics)
    assert len(set(found)) == len(found)
    of = themes.taxonomy().themes
    assert {of[code].topic for code in found} == set(topics) - {"other"}
