"""Polarity by theme and clause, with the traps of colloquial Japanese."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rule_cases import read

from transforms.classification import aspects, themes


def judged(text: str, topics: tuple[str, ...], sentiment: str = "neu") -> dict[str, int]:
    scan, clauses = read(text)
    codes = themes.themes_of(scan, topics)
    return {a.theme: a.polarity for a in aspects.aspects_of(scan, clauses, codes, sentiment)}


@pytest.mark.parametrize(
    ("text", "topics", "want"),
    [
        ("先生は最高だけど待ち時間が地獄", ("care", "wait"), {"CLI_QUALITY": 1, "ACC_WAIT": -1}),
        ("建物は古いけど掃除が行き届いてて綺麗", ("facility",), {"ENV_CLEAN": 1, "ENV_FACIL": -1}),
        (
            "説明は丁寧に図を描いてくれた。でも会計で一時間待った",
            ("explanation", "wait"),
            {"COM_EXPLAIN": 1, "ACC_WAIT": -1},
        ),
        ("病院食がおいしい。駐車場は狭い", ("inpatient", "access"), {"ENV_FOOD": 1, "ACC_LOC": -1}),
    ],
)
def test_a_mixed_post_is_not_averaged(text: str, topics: tuple[str, ...], want: dict[str, int]) -> None:
    assert judged(text, topics, "mixed") == want


@pytest.mark.parametrize(
    ("text", "topic", "want"),
    [
        ("注射が全然痛くなかった", "care", 1),
        ("予約制だから待たずに診てもらえた", "wait", 1),
        ("全然待たされなかった", "wait", 1),
        ("受付が神対応", "manner", 1),
        ("副作用はなかった", "medication", 1),
        ("副作用がつらい", "medication", -1),
        ("病院食がおいしくない", "inpatient", -1),
        ("看護師さんが優しくない", "manner", -1),
        ("待ち時間えぐくない?", "wait", -1),
        ("待ち時間が地獄", "wait", -1),
        ("なんで2時間も待つの?", "wait", -1),
        ("さすが大病院、予約しても3時間待ち(笑)", "wait", -1),
        ("もっと丁寧に説明してほしい", "explanation", -1),
        ("電話がつながらない", "access", -1),
        ("治療費が思ったより安くて安心", "cost", 1),
        ("診察室の会話が待合に丸聞こえ", "privacy", -1),
        ("精神科の先生が怖い", "manner", -1),
        ("神経内科の待ち時間", "wait", 0),
    ],
)
def test_polarity_of_one_theme(text: str, topic: str, want: int) -> None:
    found = judged(text, (topic,))
    assert want in found.values(), found
    assert -want not in found.values() or want == 0, found


def test_where_no_word_judges_the_sentiment_of_the_post_does() -> None:
    assert judged("診察まで一日がかり", ("wait",), "neg") == {"ACC_WAIT": -1}
    assert judged("診察まで一日がかり", ("wait",), "pos") == {"ACC_WAIT": 1}
    assert judged("診察まで一日がかり", ("wait",), "mixed") == {"ACC_WAIT": 0}


def test_the_judgement_may_stand_in_the_next_clause() -> None:
    assert judged("待ち時間は、とにかく最悪", ("wait",)) == {"ACC_WAIT": -1}


def test_a_judgement_does_not_cross_a_turn() -> None:
    assert judged("診断書をもらいに行ったけど最悪", ("admin",), "neu") == {"ADM_PROC": 0}


def test_no_themes_no_aspects() -> None:
    scan, clauses = read("最高")
    assert aspects.aspects_of(scan, clauses, (), "pos") == ()


@given(st.text(max_size=80), st.sampled_from(["neg", "neu", "pos", "mixed"]))
def test_one_aspect_a_theme(text: str, sentiment: str) -> None:
    scan, clauses = read(text)
    codes = tuple(themes.taxonomy().themes)
    found = aspects.aspects_of(scan, clauses, codes, sentiment)
    assert [a.theme for a in found] == list(codes)
    assert all(a.polarity in {-1, 0, 1} for a in found)
    assert all(themes.taxonomy().themes[a.theme].topic == a.topic for a in found)
