from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.text.fold import fold, kanji_value

VECTORS = json.loads((Path(__file__).parents[2] / "fixtures/reference/text_vectors.json").read_text("utf-8"))

TEXT = st.text(alphabet=st.characters(), max_size=60)
"""Any code points, lone surrogates included."""


@pytest.mark.parametrize(
    ("given_text", "folded"),
    [
        ("０９０", "090"),
        ("ｶﾀｶﾅ ﾊﾞﾅﾅ ﾊﾟﾝ", "カタカナ バナナ パン"),
        ("か\u3099き", "がき"),
        ("①②⑩⓪", "12100"),
        ("❶➀➊⓵🔟", "111110"),
        ("0️⃣9️⃣0️⃣", "090"),
        ("㍼55年", "昭和55年"),
        ("℡", "TEL"),
        ("㎎", "mg"),
        ("田\u200b中\u2060さん\ufeff", "田中さん"),
        ("辻\U000e0100さん", "辻さん"),
        ("\u202e逆\u202c", "逆"),
        ("𝟎𝟗𝟎", "090"),
        ("٠٩٠", "090"),
        ("ＴＡＲＯ＠ｅｘａｍｐｌｅ．ｃｏｍ", "TARO@example.com"),
        ("090−1234‐5678ー9―0", "090-1234-5678-9-0"),
        ("コーヒーとタクシー", "コーヒーとタクシー"),
        ("1〜2錠", "1-2錠"),
        ("a\x00b\x1fc", "abc"),
        ("待って…", "待って…"),
        ("①4823", "・4823"),
        ("⑤③⑥", "536"),
    ],
)
def test_spellings_become_one(given_text: str, folded: str) -> None:
    assert fold(given_text).text == folded


@pytest.mark.parametrize(
    ("given_text", "numeric"),
    [
        ("〇九〇-一二三四-五六七八", "090-1234-5678"),
        ("〇九〇・一二三四・五六七八", "090・1234・5678"),
        ("0742（九三）0158", "0742(93)0158"),
        ("九一〇三の二二七七四六", "9103の227746"),
        ("昭和五五年三月二日", "昭和55年3月2日"),
        ("平成十二年三月二十日", "平成12年3月20日"),
        ("九十二歳", "92歳"),
        ("百五歳", "105歳"),
        ("北一条西二丁目", "北1条西2丁目"),
        ("本町一丁目二番地三", "本町1丁目2番地3"),
        ("京町四丁目七番地の二", "京町4丁目7番地の2"),
        ("五〇二号室", "502号室"),
        ("整理券二百三番", "整理券203番"),
    ],
)
def test_kanji_numerals_are_digits_where_they_are_numbers(given_text: str, numeric: str) -> None:
    assert fold(given_text).numeric.text == numeric


@pytest.mark.parametrize(
    "word",
    [
        "第一三共",
        "四日市市",
        "八王子",
        "〇〇病院",
        "五十肩",
        "七五三",
        "五苓散",
        "三条市",
        "二三日様子",
        "三千円",
        "三宅",
        "一緒",
        "十勝",
        "五十嵐さん",
        "123-4567 三重県",
    ],
)
def test_words_with_kanji_numerals_stay(word: str) -> None:
    assert fold(word).numeric.text == word


def test_text_view_keeps_kanji_numerals() -> None:
    folded = fold("母は九十二歳")
    assert folded.text == "母は九十二歳"
    assert folded.numeric.text == "母は92歳"
    assert folded.numeric.numeric is folded.numeric


def test_numeric_view_is_the_same_object_where_nothing_is_to_fold() -> None:
    folded = fold("今日は晴れ")
    assert folded.numeric is folded


@pytest.mark.parametrize("vector", [v for v in VECTORS["positive"] if v[2]], ids=lambda v: v[0])
def test_reference_vectors_appear_in_the_numeric_view(vector: list[str]) -> None:
    text, _, shown = vector
    assert shown in fold(text).numeric.text


@pytest.mark.parametrize(
    ("text", "part", "origin"),
    [
        ("電話は０９０ー１２３４", "090-1234", "０９０ー１２３４"),
        ("ﾊﾞﾅﾅとﾘﾝｺﾞ", "リンゴ", "ﾘﾝｺﾞ"),
        ("㍼55年", "昭和", "㍼"),
        ("㍼55年", "和", "㍼"),
        ("田\u200b中さん", "田中", "田\u200b中"),
        ("今池5️⃣-2️⃣2️⃣まで", "5-22", "5️⃣-2️⃣2️⃣"),
        ("父は八十一歳。", "81", "八十一"),
    ],
)
def test_offsets_lead_back_to_the_original(text: str, part: str, origin: str) -> None:
    view = fold(text).numeric
    start = view.text.index(part)
    low, high = view.origin_span(start, start + len(part))
    assert text[low:high] == origin


@given(TEXT)
def test_every_character_has_an_origin(text: str) -> None:
    for view in (fold(text), fold(text).numeric):
        previous = 0
        for at in range(len(view.text)):
            low, high = view.origin_span(at, at + 1)
            assert 0 <= low < high <= len(text)
            assert low >= previous
            previous = low
        assert view.origin_span(len(view.text), len(view.text)) == (len(text), len(text))


@given(TEXT)
def test_folding_a_folded_text_changes_nothing_more(text: str) -> None:
    once = fold(text).text
    assert fold(once).text == once


@given(st.text(alphabet="０１２３４５６７８９ａｂｃＡＢＣ－．＠ﾊﾞﾊﾟｶﾞ㎎", max_size=40))
def test_compatibility_forms_agree_with_nfkc(text: str) -> None:
    squeeze = re.compile(r"[-−]")
    assert squeeze.sub("", fold(text).text) == squeeze.sub(
        "", unicodedata.normalize("NFKC", text).replace("-", "")
    )


@given(st.integers(min_value=1, max_value=9999))
def test_kanji_value_reads_both_notations(number: int) -> None:
    digits = "〇一二三四五六七八九"
    assert kanji_value("".join(digits[int(c)] for c in str(number))) == str(number)
    scaled = ""
    for power, scale in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        count = number // power % 10
        if count:
            scaled += (digits[count] if count > 1 or not scale else "") + scale
    assert int(kanji_value(scaled)) == number


@pytest.mark.timeout(60)  # quadratic work would take minutes
@pytest.mark.parametrize("unit", ["ﾊﾞ", "一", "1-", "\u3099", "a\u0300", "①", "一の", "〇", "1"])
def test_long_repetitions_fold_in_linear_time(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    folded = fold(text).numeric
    assert folded.origin_span(0, len(folded.text))[1] <= len(text)


def test_repr_shows_no_text() -> None:
    assert "田中" not in repr(fold("田中さん"))
