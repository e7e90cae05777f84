from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from transforms.redaction.recognizers import check_digits
from transforms.redaction.recognizers.base import Found, Recognizer
from transforms.redaction.recognizers.places import get_places
from transforms.redaction.recognizers.registry import RECOGNIZERS, get_gate
from transforms.redaction.spans import DIRECT, QUASI
from transforms.text.fold import fold

REFERENCE = Path(__file__).parents[2] / "fixtures/reference"
TEXT_VECTORS = json.loads((REFERENCE / "text_vectors.json").read_text("utf-8"))
ID_VECTORS = json.loads((REFERENCE / "id_vectors.json").read_text("utf-8"))

TYPES = {
    "MYNUMBER": {"MY_NUMBER"}, "PHONE_MOB": {"PHONE"}, "PHONE_FIX": {"PHONE"}, "PHONE_IP": {"PHONE"}, "PHONE_FREE": {"PHONE"},
    "POST": {"POSTAL"}, "PASSPORT": {"PASSPORT"}, "ZAIRYU": {"RESIDENCE_CARD"}, "PLATE": {"PLATE"}, "WAREKI": {"DATE", "BIRTHDATE"},
    "SEIREKI": {"DATE", "BIRTHDATE"}, "EMAIL": {"EMAIL"}, "HANDLE": {"HANDLE"}, "URLUSER": {"URL"}, "LINEID": {"HANDLE"}, "IPV4": {"IP"},
    "MAC": {"IP"}, "KIGO_BANGO": {"INSURANCE_ID"}, "PATIENT_ID": {"PATIENT_ID"}, "CARD": {"CREDIT_CARD"}, "ADDR": {"ADDRESS"}, "AGE": {"AGE"},
}  # fmt: skip
"""Our types by the vectors' names."""


def found_in(text: str) -> list[Found]:
    return get_gate().find(fold(text).numeric.text)


def family(found: Found) -> str:
    return found.rule.removeprefix("birth")


def rules_of(text: str) -> set[str]:
    return {rule for f in found_in(text) for rule in (f.rule, f.rule.replace("birthdate.", "date."))}


@pytest.mark.parametrize("recognizer", RECOGNIZERS, ids=lambda r: r.rule)
def test_each_example_is_found_through_the_gate(recognizer: Recognizer) -> None:
    examples = getattr(recognizer, "examples", ())
    assert [text for text in examples if recognizer.rule not in rules_of(text)] == []


@pytest.mark.parametrize("recognizer", RECOGNIZERS, ids=lambda r: r.rule)
def test_each_near_miss_is_left_by_its_recognizer(recognizer: Recognizer) -> None:
    near_misses = getattr(recognizer, "near_misses", ())
    assert [text for text in near_misses if recognizer.rule in {f.rule for f in found_in(text)}] == []


def test_texts_have_the_same_matches_together_as_alone() -> None:
    texts = [
        fold(text).numeric.text
        for r in RECOGNIZERS
        for text in (*getattr(r, "examples", ()), *getattr(r, "near_misses", ()))
    ]
    assert get_gate().find_many(texts) == [get_gate().find(text) for text in texts]


def test_every_recognizer_has_examples_and_near_misses() -> None:
    exempt = {"address.municipality", "address.prefecture"}  # tested below, against the gazetteer
    lacking = {
        r.rule for r in RECOGNIZERS if not (getattr(r, "examples", ()) and getattr(r, "near_misses", ()))
    }
    assert lacking <= exempt


def test_rules_are_unique_and_every_type_but_names_is_recognized() -> None:
    assert len({r.rule for r in RECOGNIZERS}) == len(RECOGNIZERS)
    examples = [text for r in RECOGNIZERS for text in getattr(r, "examples", ())]
    types = {f.type for text in examples for f in found_in(text)} | {"ADDRESS"}
    assert types == (DIRECT | QUASI) - {"PERSON"}


@pytest.mark.parametrize("vector", TEXT_VECTORS["positive"], ids=lambda v: v[0])
def test_reference_vectors_are_found_whole(vector: list[str]) -> None:
    text, kind, shown = vector
    numeric = fold(text).numeric.text
    wanted = shown or numeric
    start = numeric.index(wanted)
    covered = {i for f in found_in(text) for i in range(f.start, f.end)}
    assert all(i in covered for i in range(start, start + len(wanted)) if numeric[i].isdigit())
    assert TYPES[kind] & {f.type for f in found_in(text)}


LOOK_ALIKES = [v for v in TEXT_VECTORS["negative"] if v != ["0120-123-456", "PHONE_FIX"]]
"""Without the free-phone number that is only no fixed line: it is a PHONE to us."""


@pytest.mark.parametrize("vector", LOOK_ALIKES, ids=lambda v: f"{v[1]} {v[0]}")
def test_reference_look_alikes_are_left(vector: list[str]) -> None:
    text, kind = vector
    assert not TYPES[kind] & {f.type for f in found_in(text)}


@pytest.mark.parametrize(
    ("check", "key"),
    [
        (check_digits.my_number, "mynumber"), (check_digits.my_number, "mynumber_remainder<=1"),
        (check_digits.corporate_number, "corporate13"), (check_digits.driving_licence, "license12"),
        (check_digits.driving_licence, "license12_rem0_cd1"), (check_digits.driving_licence, "license12_rem1_cd0"),
        (check_digits.luhn, "insurer8"), (check_digits.luhn, "insurer6"), (check_digits.luhn, "kohi_payer8"),
        (check_digits.luhn, "kohi_recipient7"), (check_digits.luhn, "medfacility10"), (check_digits.card, "card16"),
    ],
)  # fmt: skip
def test_check_digits(check: object, key: str) -> None:
    assert callable(check)
    assert all(check(number) for number in ID_VECTORS[key]["valid"])
    assert not any(check(number) for number in ID_VECTORS[key]["invalid"])


def my_number(rng: random.Random) -> str:
    body = "".join(str(rng.randrange(10)) for _ in range(11))
    return next(body + str(d) for d in range(10) if check_digits.my_number(body + str(d)))


def test_bare_grouped_my_numbers_need_their_check_digit() -> None:
    rng = random.Random(20)
    for _ in range(50):
        number = my_number(rng)
        shown = f"{number[:4]} {number[4:8]} {number[8:]}"
        assert "MY_NUMBER" in {f.type for f in found_in(f"封筒に{shown}とあった")}
        wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
        shown = f"{wrong[:4]} {wrong[4:8]} {wrong[8:]}"
        assert "MY_NUMBER" not in {f.type for f in found_in(f"荷物の{shown}が届かない")}
        assert "MY_NUMBER" in {f.type for f in found_in(f"マイナンバー {shown}")}


DRESSES = ["{}", "{}です", "（{}）", "「{}」", "\n{}\n", "→{}", "{}、"]


@pytest.mark.parametrize("dress", DRESSES)
@pytest.mark.parametrize(
    ("cue", "number", "kind"),
    [
        ("電話は", "03-5550-0148", "PHONE"), ("携帯 ", "08012345678", "PHONE"), ("マイナンバー", "123456789018", "MY_NUMBER"),
        ("診察券番号", "0034521", "PATIENT_ID"), ("保険者番号は", "06139997", "INSURANCE_ID"), ("免許証番号", "309012345620", "LICENSE"),
        ("旅券番号は", "TK1234567", "PASSPORT"), ("基礎年金番号は", "1234-567890", "PENSION_ID"), ("普通 ", "1234567", "BANK_ACCOUNT"),
        ("カードは", "4111 1111 1111 1111", "CREDIT_CARD"), ("〒", "154-0002", "POSTAL"),
    ],
)  # fmt: skip
def test_numbers_are_found_in_every_dress_and_width(dress: str, cue: str, number: str, kind: str) -> None:
    wide = number.translate({ord(c): chr(ord(c) + 0xFEE0) for c in "0123456789"})
    for shown in (number, wide):
        text = "受付で" + cue + dress.format(shown)
        folded = fold(text).numeric
        spans = [folded.origin_span(f.start, f.end) for f in found_in(text) if f.type == kind]
        start = text.index(shown)
        assert any(low <= start and start + len(shown) <= high for low, high in spans), text


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("東京都世田谷区桜丘3-14-2 メゾン桜201に", "東京都世田谷区桜丘3-14-2 メゾン桜201"),
        ("札幌市中央区北一条西二丁目の角", "札幌市中央区北1条西2丁目"),
        ("京都市中京区烏丸通夷川上ル少将井町221のビル3階", "京都市中京区烏丸通夷川上ル少将井町221のビル3階"),
        ("旭川市4条通9丁目1703番地", "旭川市4条通9丁目1703番地"),
        ("世田谷区の桜丘3-14-2に", "世田谷区の桜丘3-14-2"),
        ("渋谷区恵比寿西二ノ十四ノ八です", "渋谷区恵比寿西2ノ14ノ8"),
        ("長野県松本市大字島内1234番地", "長野県松本市大字島内1234番地"),
        ("金沢市香林坊2-1-1 マンション香林坊 B棟 203号", "金沢市香林坊2-1-1 マンション香林坊 B棟 203号"),
        (
            "住まいは和歌山県東牟婁郡那智勝浦町大字色川字向平88番地、",
            "和歌山県東牟婁郡那智勝浦町大字色川字向平88番地",
        ),
        ("鳥取県 米子市角盤町1丁目2番3号です", "鳥取県 米子市角盤町1丁目2番3号"),
        ("大田区池上七丁目に住む", "大田区池上7丁目"),
        ("〒123-4567 三重県津市上浜町3-14-2", "三重県津市上浜町3-14-2"),
        ("実家は富士市中丸5の家", "富士市中丸5"),
        ("土佐市宮ノ内3-14-2サンライズ桜205の", "土佐市宮ノ内3-14-2サンライズ桜205"),
        ("新潟県十日町市川西2-18に", "新潟県10日町市川西2-18"),
    ],
)
def test_addresses_are_found_from_prefecture_to_room(text: str, address: str) -> None:
    folded = fold(text).numeric
    assert address in [folded.text[f.start : f.end] for f in found_in(text) if f.type == "ADDRESS"]


def test_towns_with_numerals_in_their_names_are_found() -> None:
    """Folding makes digits of numerals where a number may be: 十三日町5-6, 三ノ宮5-6, 前九年5-6."""
    towns = sorted(
        city + town
        for city, names in get_places().towns.items()
        for town in names
        if set(town) & set("一二三四五六七八九十百千") and city[-1] in "市町村" and "ー" not in town
    )
    missed = []
    for town in towns[::97]:
        text = f"実家は{town}5-6です。"
        folded = fold(text).numeric
        spans = [folded.origin_span(f.start, f.end) for f in found_in(text) if f.type == "ADDRESS"]
        if not any(low <= 3 and high >= len(town) + 6 for low, high in spans):
            missed.append(town)
    assert missed == []


@pytest.mark.parametrize(
    "text",
    [
        "横浜市の病院で3時間",
        "大阪市内3-4回通院",
        "千葉県で1番の名医",
        "港区在住の40代",
        "札幌市立病院で2回",
        "福岡市民病院の5階",
        "川崎市の川崎病患者3-5人",
    ],
)
def test_municipalities_alone_are_no_address(text: str) -> None:
    assert "ADDRESS" not in {f.type for f in found_in(text)}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1980年3月2日生まれ", "BIRTHDATE"),
        ("生年月日：S55.3.2", "BIRTHDATE"),
        ("（花子、1955/1/3）", "BIRTHDATE"),
        ("2024年6月2日に手術", "DATE"),
        ("令和5年10月8日、検査", "DATE"),
    ],
)
def test_births_are_told_from_events(text: str, kind: str) -> None:
    assert max(found_in(text), key=lambda f: f.end - f.start).type == kind


def test_a_post_without_cues_runs_no_recognizer() -> None:
    assert found_in("今日は天気がよくて気持ちいい") == []


@pytest.mark.timeout(60)  # quadratic work would take minutes
def test_a_long_diary_is_read_in_linear_time() -> None:
    assert len([f for f in found_in("1日 めまい\n" * 20_000) if f.rule == "date.diary_line"]) == 20_000
