"""Where clauses end, what marks them, what negates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rule_cases import read

from transforms.classification import clauses


def parts(text: str) -> list[str]:
    reading = read(text)
    return [reading.scan.text[c.start : c.end] for c in reading.clauses]


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("先生は最高だけど待ち時間が地獄", ["先生は最高だけど", "待ち時間が地獄"]),
        ("丁寧だった。また行く", ["丁寧だった。", "また行く"]),
        ("予約したのに待った!ひどい", ["予約したのに", "待った!", "ひどい"]),
        ("腕はいいが、愛想がない", ["腕はいいが、", "愛想がない"]),
        ("一行目\n二行目", ["一行目\n", "二行目"]),
        ("建物は古いものの、清潔", ["建物は古いものの、", "清潔"]),
    ],
)
def test_clauses_end_at_marks_and_turns(text: str, want: list[str]) -> None:
    assert parts(text) == want


@pytest.mark.parametrize("text", ["一方的に話された", "傘がない", "行くのにバスを使う", "一方通行の道"])
def test_look_alikes_of_turns_do_not_turn(text: str) -> None:
    assert not any(c.turns for c in read(text).clauses)


@pytest.mark.parametrize(
    ("text", "cue"),
    [
        ("何科に行けばいいですか?", "question"),
        ("もっと説明してほしい", "wish"),
        ("院長が代わるらしいよ", "hearsay"),
        ("さすが大病院、三時間コース", "irony"),
        ("副作用が怖い", "fear"),
        ("前の病院より早い", "comparison"),
        ("薬を飲んだら腫れた", "taken"),
    ],
)
def test_a_clause_knows_how_it_is_meant(text: str, cue: str) -> None:
    assert any(cue in c.cues for c in read(text).clauses)


def test_a_question_means_the_whole_sentence_and_no_other() -> None:
    first, second, third = read("薬を飲んで、発疹が出るのは普通ですか?熱はない").clauses
    assert "question" in first.cues
    assert "question" in second.cues
    assert "question" not in third.cues


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("痛くなかった", "痛"),
        ("待たされなかった", "待たされ"),
        ("副作用はゼロだった", "副作用"),
        ("副作用は一切なし。", "副作用"),
        ("熱は出ませんでした", "熱は出"),
        ("優しくない", "優し"),
        ("発疹は出ずに済んだ", "発疹は出"),
    ],
)
def test_negation_follows_its_word(text: str, word: str) -> None:
    assert clauses.negated(text, text.index(word) + len(word), len(text))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("痛かった", "痛"),
        ("痛くなくはない", "痛"),
        ("不安がないわけではない", "不安が"),
        ("やばくない?", "やば"),
        ("ひどくない?", "ひど"),
        ("説明しないといけない", "説明し"),
        ("もう一度聞かなければならない", "聞か"),
        ("待ち時間が長い", "待ち時間"),
    ],
)
def test_double_negation_duty_and_rhetoric_do_not_negate(text: str, word: str) -> None:
    assert not clauses.negated(text, text.index(word) + len(word), len(text))


def test_negation_does_not_cross_the_clause() -> None:
    text = "痛い、眠れない"
    assert not clauses.negated(text, text.index("痛い") + 2, text.index("、") + 1)


def test_nothing_negates_behind_the_end() -> None:
    assert not clauses.negated("痛い", 2, 2)


def test_an_empty_text_has_no_clause() -> None:
    assert read("").clauses == []


@given(st.text(alphabet="あ先生が痛いけど、。!?\nのにだないx ", max_size=80))
def test_clauses_cover_the_text(text: str) -> None:
    reading = read(text)
    assert "".join(reading.scan.text[c.start : c.end] for c in reading.clauses) == reading.scan.text
    for offset in range(len(reading.scan.text)):
        found = reading.clauses[clauses.clause_at(reading.clauses, offset)]
        assert found.start <= offset < found.end
