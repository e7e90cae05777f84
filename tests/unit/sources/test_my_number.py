"""My Numbers are struck out of texts and raw bytes, whatever they are written with. Numbers are made here, at test time."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from source_payloads import PAYLOADS, outcome

from transforms.sources.my_number import PLACEHOLDER, check_digit, strip_bytes, strip_text

ELEVEN = st.text("0123456789", min_size=11, max_size=11).filter(lambda digits: len(set(digits)) > 1)
FORMS = {
    "ascii": "0123456789",
    "full-width": "０１２３４５６７８９",
    "kanji": "〇一二三四五六七八九",
    "old kanji": "零壱弐参肆伍陸漆捌玖",
    "circled": "⓪①②③④⑤⑥⑦⑧⑨",
    "arabic-indic": "٠١٢٣٤٥٦٧٨٩",
    "mathematical": "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗",
}
GAPS = ["", "-", " ", "－", "‐", "—", "ー", "　", ".", "・", "_", " - ", "\u200b", "〜", "\u00ad"]


def whole(eleven: str) -> str:
    return eleven + str(check_digit(eleven))


def wrong(eleven: str) -> str:
    return eleven + str((check_digit(eleven) + 1) % 10)


def spaced(number: str, gap: str, size: int = 4) -> str:
    return gap.join(number[start : start + size] for start in range(0, 12, size))


@pytest.mark.parametrize(("eleven", "digit"), [("12345678901", 8), ("00000000000", 0), ("99999999999", 6)])
def test_check_digit(eleven: str, digit: int) -> None:
    """The first is the published example 123456789018; the others are reckoned by hand."""
    total = sum(int(d) * q for d, q in zip(reversed(eleven), [2, 3, 4, 5, 6, 7, 2, 3, 4, 5, 6], strict=True))
    assert check_digit(eleven) == (0 if total % 11 <= 1 else 11 - total % 11) == digit


@pytest.mark.parametrize("form", FORMS)
def test_every_form_and_gap_is_struck_out_without_any_word_beside_it(form: str) -> None:
    dress = str.maketrans("0123456789", FORMS[form])
    struck = {
        gap: strip_text(f"控え：{spaced(whole('12345678901'), gap).translate(dress)}です") for gap in GAPS
    }
    assert struck == dict.fromkeys(GAPS, f"控え：{PLACEHOLDER}です")


@settings(max_examples=200, deadline=None)
@given(ELEVEN, st.sampled_from(GAPS), st.sampled_from([1, 2, 3, 4, 6]), st.sampled_from(list(FORMS)))
def test_any_number_is_struck_out(eleven: str, gap: str, size: int, form: str) -> None:
    number = spaced(whole(eleven), gap, size).translate(str.maketrans("0123456789", FORMS[form]))
    assert strip_text(f"窓口で({number})と") == f"窓口で({PLACEHOLDER})と"


@pytest.mark.parametrize(
    "word",
    [
        "マイナンバー",
        "個人番号",
        "ﾏｲﾅﾝﾊﾞｰ",
        "まいなんばー",
        "My Number",
        "マイナ番号",
        "共通番号",
        "マイナカード",
    ],
)
@pytest.mark.parametrize(
    "text", ["{word}は{number}です", "{number}が私の{word}", "{word}、メモしたのは次のとおり。\n{number}"]
)
def test_near_its_name_a_number_with_a_slip_is_struck_out_too(word: str, text: str) -> None:
    number = wrong("12345678901")
    assert number not in strip_text(text.format(word=word, number=number))
    assert PLACEHOLDER in strip_text(text.format(word=word, number=number))
    assert PLACEHOLDER in strip_text(text.format(word=word, number=spaced(number, "の")))


@pytest.mark.parametrize("number", ["1234 5678 9018", "1234-5678-9018"])
@pytest.mark.parametrize("other", ["090-0123-4567", "03-0123-4567", "2026"])
def test_other_numbers_beside_it_stay(number: str, other: str) -> None:
    assert strip_text(f"{number} {other}") == f"{PLACEHOLDER} {other}"
    assert strip_text(f"{other} {number}") == f"{other} {PLACEHOLDER}"


def test_the_mark_of_an_item_is_no_digit_of_it() -> None:
    for number in (whole("12345678901"), spaced(whole("12345678901"), " ")):
        assert strip_text(f"①{number}②保険証") == f"①{PLACEHOLDER}②保険証"


def test_two_numbers_in_a_row() -> None:
    first, second = whole("12345678901"), whole("98765432109")
    assert strip_text(f"{first} {second}") == f"{PLACEHOLDER} {PLACEHOLDER}"
    assert strip_text(f"{first}、{second}") == f"{PLACEHOLDER}、{PLACEHOLDER}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "予約10時なのに呼ばれたの12時40分",
        "03-0123-4567 または 090-0123-4567",
        "カード番号 4111 1111 1111 1111 を復唱",
        "https://x.com/a/status/2117407711733853529",
        "1234567890181",  # thirteen digits
        "2026-11-03 09:05:12",
        f"控え {wrong('12345678901')}",
        "000000000000",
        "一、二、三、四、五、六、七、八、九、〇、一、八",  # a list
    ],
)
def test_what_is_no_my_number_stays(text: str) -> None:
    assert strip_text(text) == text


def test_a_text_without_one_is_the_same_object() -> None:
    text = "受付で番号123を呼ばれた"
    assert strip_text(text) is text


@pytest.mark.timeout(60)  # quadratic work would take minutes
@pytest.mark.parametrize(
    "text", ["1 " * 50_000, "1" * 100_000, "12-" * 33_000, "1-2-3-4-5-6-7-8-9-0-1- " * 4_000, "の" * 100_000]
)
def test_time_is_linear(text: str) -> None:
    assert len(strip_text(text)) <= len(text) + 100


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_raw_bytes(form: str, encoding: str) -> None:
    number = whole("12345678901").translate(str.maketrans("0123456789", FORMS[form]))
    raw = f'{{"text":"控え {number}"'.encode(encoding)
    assert strip_bytes(raw).decode(encoding) == f'{{"text":"控え {PLACEHOLDER}"'


def test_raw_bytes_in_cp932_and_in_no_encoding() -> None:
    number = whole("12345678901")
    assert strip_bytes(f"控え,{number}".encode("cp932")).decode("cp932") == f"控え,{PLACEHOLDER}"
    assert number.encode() not in strip_bytes(b"\x82\xff\x80\x82 " + number.encode() + b" \xff\xfe")


@pytest.mark.parametrize("form", FORMS)
def test_raw_bytes_in_escapes(form: str) -> None:
    number = whole("12345678901").translate(str.maketrans("0123456789", FORMS[form]))
    units = number.encode("utf-16-be")
    escaped = "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
    assert strip_bytes(f'{{"a":"\\u30de {escaped}"}}'.encode()).decode() == f'{{"a":"\\u30de {PLACEHOLDER}"}}'
    references = "".join(f"&#{ord(letter)};" for letter in number)
    assert strip_bytes(f"<p>{references}</p>".encode()).decode() == f"<p>{PLACEHOLDER}</p>"


def test_raw_bytes_without_one_come_back_as_they_are() -> None:
    for raw in (b"", b"\xff\xfe\xff", b'{"id":2117407711733853529}', "予約".encode("cp932")):
        assert strip_bytes(raw) is raw


def test_no_number_passes_the_door() -> None:
    """In a text, in what is set aside, in a table and in a whole file that is refused."""
    number = whole("12345678901")
    tweets = (PAYLOADS / "bad" / "future_created_at.jsonl").read_bytes().splitlines()
    payloads = [
        b"\n".join(line.replace(b'"text": "', b'"text": "' + number.encode() + b" ") for line in tweets),
        b"\n".join(line.replace(b'"text": "', b'"text": "' + number.encode() + b" ")[:-9] for line in tweets),
        (PAYLOADS / "bad/csv_column_count.csv")
        .read_bytes()
        .replace(b"kumori_ex022,,", b"kumori_ex022,," + number.encode()),
        b"<html>" + number.encode(),
    ]
    for payload in payloads:
        found = outcome(payload)
        assert found.records
        assert number not in repr(found.records)
        assert PLACEHOLDER in "".join(filter(None, found.texts)) + "".join(
            r.raw.decode("cp932", "ignore") + r.raw.decode("utf-8", "ignore") for r in found.quarantined
        )


def test_false_alarms_are_rare() -> None:
    """Among twelve digits in a row by chance one in eleven has a right check digit; among phones and dates, hardly any."""
    chance = random.Random(7)
    texts = [
        f"{chance.choice(['03', '06', '045', '090'])}-{chance.randrange(10_000):04d}-{chance.randrange(10_000):04d} "
        f"{chance.randrange(1, 13)}/{chance.randrange(1, 29)} {chance.randrange(9, 18)}:{chance.randrange(60):02d}"
        for _ in range(2_000)
    ]
    assert sum(PLACEHOLDER in strip_text(text) for text in texts) < 20
