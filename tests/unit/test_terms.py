"""Terms: words of the lexicons and nouns are found, names are not."""

from __future__ import annotations

import re

import pytest

from transforms.classification import lexicons
from transforms.redaction.scan import find_names
from transforms.terms.finder import KINDS, LONGEST, TermFinder, lexicon_rows, number_of


def nouns(text: str, *excluded: str) -> set[str]:
    finder = TermFinder(excluded)
    [found] = finder.find_many([text])
    assert {number_of(word) for word in finder.heard.values()} >= set(found.nouns)
    return {finder.heard[number] for number in found.nouns}


@pytest.mark.parametrize(
    ("text", "terms", "conditions"),
    [
        ("糖尿病でマンジャロを使い始めた", {"illness:糖尿病", "technology:GLP-1受容体作動薬"}, ("糖尿病・代謝",)),
        ("ダヴィンチで前立腺癌の手術を受けた", {"technology:ロボット手術", "illness:前立腺がん", "procedure:手術"}, ("がん",)),
        ("ＮＩＰＴを受けるか迷う", {"technology:出生前診断"}, ()),
        ("うつ病と喘息", {"illness:うつ病", "illness:喘息"}, ("こころ", "呼吸器")),
        ("copdといわれた", {"illness:COPD"}, ("呼吸器",)),
        ("abcopdxという製品", set(), ()),
        ("ロキソニンが効いた", {"drug:ロキソプロフェン"}, ()),
        ("薬をもらった", set(), ()),
        ("", set(), ()),
    ],
)  # fmt: skip
def test_words_of_the_lexicons(text: str, terms: set[str], conditions: tuple[str, ...]) -> None:
    [found] = TermFinder().find_many([text])
    assert {t for t in found.terms if not t.startswith("drug:") or t in terms} == terms
    assert set(found.terms) >= terms
    assert found.conditions == conditions


def test_common_nouns_are_found_as_they_are_put_together() -> None:
    assert nouns("予約センターの電話が鳴りやまず、待合室の椅子が足りない") == {
        "予約センター",
        "電話",
        "待合室",
        "椅子",
    }


@pytest.mark.parametrize(
    "text",
    [
        "佐藤さんに会った", "高橋医師の話", "田中太郎が来た", "陽葵が生まれた", "患者の［氏名］と話した", "サトウさんと話す",
        "山田と鈴木", "横浜へ行く", "渡辺院長", "ワタナベに頼む",
    ],
)  # fmt: skip
def test_no_name_is_a_term(text: str) -> None:
    found = nouns(text)
    names = (
        "佐藤",
        "高橋",
        "田中",
        "太郎",
        "陽葵",
        "氏名",
        "サトウ",
        "山田",
        "鈴木",
        "横浜",
        "渡辺",
        "ワタナベ",
    )
    assert not [noun for noun in found for name in names if name.lower() in noun]


def test_facilities_of_the_watchlist_and_their_beginnings_are_no_terms() -> None:
    assert nouns("こもれび坂皮膚科の皮膚科外来", "こもれび坂皮膚科") == {"皮膚科外来"}


def test_a_term_is_no_run_of_a_text() -> None:
    text = "国民健康保険高額療養費制度改正案特別委員会"
    assert all(len(noun) <= LONGEST for noun in nouns(text))
    assert all(len(row.name) <= LONGEST for row in lexicon_rows())
    assert nouns("二十四時間と三回と100回") == set()


def test_what_is_not_asked_for_is_not_looked_at_and_nothing_tells_words() -> None:
    finder = TermFinder()
    [nothing] = finder.find_many([None])
    assert nothing == ((), (), ())
    finder.find_many(["待合室"])
    assert "待合室" not in repr(finder)
    finder.forget()
    assert finder.heard == {}
    [again] = finder.find_many(["待合室"])
    assert set(again.nouns) == set(finder.heard)


def test_numbers_cannot_be_guessed_without_the_key() -> None:
    assert number_of("待合室", b"one key") != number_of("待合室", b"another") != number_of("待合室")
    [found] = TermFinder(key=b"one key").find_many(["待合室"])
    assert found.nouns == (number_of("待合室", b"one key"),)
    assert 0 <= number_of("待合室") < 2**63


def test_the_lexicon_is_in_order() -> None:
    rows = lexicon_rows()
    assert {row.kind for row in rows} | {"drug"} == set(KINDS)
    assert len({(row.kind, row.name) for row in rows}) == len(rows)
    assert all(bool(row.group) == (row.kind == "illness") for row in rows)
    spelt = [term for row in rows for term in row.terms]
    assert all(term == term.lower() and term for term in spelt)
    assert not [r.name for r in rows if any(find_names(r.name)) or re.search("[:|]", r.name)]
    assert not {r.name for r in rows if r.kind == "illness"} & {r["name"] for r in lexicons.rows("drugs")}
