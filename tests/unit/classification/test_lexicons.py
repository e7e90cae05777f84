"""The tables are well formed, every spelling finds itself, and a text of any shape can be read."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rule_cases import read

from transforms.classification import lexicons
from transforms.classification.themes import taxonomy
from transforms.text.fold import fold

TABLES = (
    "drugs", "events", "departments", "places", "settings", "stages", "sensitive", "people", "cues", "polarity",
    "themes", "adverts", "criticality",
)  # fmt: skip
PREFECTURES = 47


@pytest.mark.parametrize("table", TABLES)
def test_every_line_is_complete(table: str) -> None:
    for row in lexicons.rows(table):
        assert all(term for term in row["terms"].split("|")), row
        assert not (row["at"] and row["around"]), row
        assert row["terms"].strip() == row["terms"], row


@pytest.mark.parametrize("table", TABLES)
def test_conditions_are_bounded(table: str) -> None:
    """No repeat over a group and none over any character: a condition must not climb through its window twice."""
    for row in lexicons.rows(table):
        assert not re.search(r"\)[*+]|(?<!\\)\.[*+]|\)\{[0-9]+,\}", row["at"] + row["around"]), row


@pytest.mark.parametrize("table", TABLES)
def test_every_plain_spelling_finds_its_own_line(table: str) -> None:
    for row in lexicons.rows(table):
        if row["at"] or row["around"]:
            continue
        for term in row["terms"].split("|"):
            spelling = term.split("=")[-1].replace("*", "薬").replace("\\n", "\n")
            hits = read(spelling).scan.of(table)
            assert any(hit.start == 0 and hit.end >= len(fold(spelling).text) for hit in hits), (table, term)


def test_all_prefectures_are_there() -> None:
    named = {row["prefecture"] for row in lexicons.rows("places") if row["rule"] == "full"}
    assert len(named) == PREFECTURES


def test_themes_and_judging_words_name_the_taxonomy() -> None:
    known = set(taxonomy().themes) | set(taxonomy().topics)
    for row in lexicons.rows("themes"):
        assert row["theme"] in taxonomy().themes
    for row in lexicons.rows("polarity"):
        assert row["themes"] == "*" or set(row["themes"].split(",")) <= known
        assert row["polarity"] in {"+", "-"}


def test_serious_is_yes_or_no_and_levels_are_grades() -> None:
    assert {row["serious"] for row in lexicons.rows("events")} == {"0", "1"}
    assert {row["level"] for row in lexicons.rows("criticality")} == {"1", "2", "3", "4", "5"}


@pytest.mark.parametrize(
    ("text", "table", "first"),
    [
        ("マンジャロ始めました", "drugs", "チルゼパチド"),
        ("ﾏﾝｼﾞｬﾛ始めました", "drugs", "チルゼパチド"),
        ("ロキソニン飲んだ", "drugs", "ロキソプロフェン"),
        ("カロナールだけ出た", "drugs", "アセトアミノフェン"),
        ("血圧の注射って何", "drugs", "降圧薬"),
        ("シングリックス2回目", "drugs", "帯状疱疹ワクチン"),
        ("ペースメーカーの電池", "drugs", "ペースメーカー"),
        ("シャンビリがきつい", "events", "離脱症状"),
        ("頭がぐわんぐわんするめまい", "events", "めまい"),
        ("39度の熱", "events", "発熱"),
    ],
)
def test_words_are_known(text: str, table: str, first: str) -> None:
    assert first in [hit.entry.values[0] for hit in read(text).scan.longest(table)]


@pytest.mark.parametrize(
    ("text", "table"),
    [
        ("薬局の前に停めた", "drugs"),
        ("薬剤師さんに会った", "drugs"),
        ("ピルグリム号の話", "drugs"),
        ("スピルバーグの映画", "drugs"),
        ("文句をぶつぶつ言う", "events"),
        ("息を吐いて", "events"),
        ("医療脱毛サロンの契約", "events"),
    ],
)
def test_look_alikes_are_not_found(text: str, table: str) -> None:
    assert not read(text).scan.of(table)


def test_a_hit_covers_the_stretch_that_its_condition_matched() -> None:
    scan = read("髪の毛がごそっと抜けた").scan
    (hit,) = scan.longest("events")
    assert scan.text[hit.start : hit.end] == "髪の毛がごそっと抜け"


def test_capitals_that_grow_in_lower_case_keep_offsets() -> None:
    scan = read("İİİ ロキソニン").scan
    (hit,) = scan.longest("drugs")
    assert scan.text[hit.start : hit.end] == "ロキソニン"


def test_a_long_text_is_read_up_to_its_bound() -> None:
    scan = read("あ" * lexicons.MAX_SCANNED + "ロキソニン").scan
    assert len(scan.text) == lexicons.MAX_SCANNED
    assert not scan.of("drugs")


@given(st.text(max_size=200))
def test_any_text_can_be_scanned(text: str) -> None:
    scan = read(text).scan
    for hits in scan.hits.values():
        assert hits == sorted(hits, key=lambda h: (h.start, h.end))
        assert all(0 <= hit.start < hit.end <= len(scan.text) for hit in hits)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 8)), max_size=12))
def test_longest_keeps_no_hit_within_another(spans: list[tuple[int, int]]) -> None:
    entry = lexicons.Entry("t", "t.x", ("x",), None, None)
    hits = [lexicons.Hit(start, start + size, entry) for start, size in spans]
    kept = lexicons.longest(hits)
    for one in kept:
        assert not any(o is not one and o.start <= one.start and one.end <= o.end for o in kept)
    for hit in hits:
        assert any(k.start <= hit.start and hit.end <= k.end for k in kept)


def test_the_digest_names_the_content() -> None:
    assert re.fullmatch(r"[0-9a-f]{12}", lexicons.digest())
