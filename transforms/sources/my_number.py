"""Striking out My Numbers (個人番号) before anything is written.

Nobody may collect or keep another's number (番号法 20条), so this runs in memory on every text that comes in and on the
raw bytes of what is set aside, before the first write of any zone. A false alarm costs a few digits; a miss breaks a law.

The number has twelve digits, the last a check digit (番号法 施行令 8条, 平成26年総務省令85号 5条): with P(n) the n-th digit from
the right of the first eleven and Q(n) = n + 1 for n <= 6, n - 5 for n >= 7, it is 11 - (sum of P(n) Q(n) mod 11), and 0
where that remainder is 0 or 1.

Belongs here: finding and replacing that one number, by itself alone: no other module is trusted for it.
Does not: any other identifier (`transforms.redaction`).
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate, pairwise
from typing import Final

PLACEHOLDER: Final = "［マイナンバー］"

_DIGITS: Final = 12
_WEIGHTS: Final = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)  # Q(11) to Q(1)
_CIRCLED: Final = "⓪①②③④⑤⑥⑦⑧⑨"
_KANJI: Final = {
    **{letter: str(value) for value, letter in enumerate("〇一二三四五六七八九")},
    **{letter: str(value) for value, letter in enumerate("零壱弐参肆伍陸漆捌玖")},
    **{letter: str(value) for value, letter in enumerate(_CIRCLED)},
    "壹": "1", "貳": "2", "參": "3",
}  # fmt: skip
# Zeros of all scripts on the basic plane (Unicode 14, general category Nd), each the first of a run of ten. Written out,
# because a class of the basic plane alone is searched twice as fast as `\d`.
_ZEROS: Final = [
    "30",
    "660",
    "6f0",
    "7c0",
    "966",
    "9e6",
    "a66",
    "ae6",
    "b66",
    "be6",
    "c66",
    "ce6",
    "d66",
    "de6",
    "e50",
    "ed0",
    "f20",
    "1040",
    "1090",
    "17e0",
    "1810",
    "1946",
    "19d0",
    "1a80",
    "1a90",
    "1b50",
    "1bb0",
    "1c40",
    "1c50",
    "a620",
    "a8d0",
    "a900",
    "a9d0",
    "a9f0",
    "aa50",
    "abf0",
    "ff10",
]
_COMMON_DIGIT: Final = (
    f"[{''.join(f'{chr(int(zero, 16))}-{chr(int(zero, 16) + 9)}' for zero in _ZEROS)}{''.join(_KANJI)}]"
)
_DIGIT: Final = rf"[\d{''.join(_KANJI)}]"
_TIGHT: Final = r"\-\u2010-\u2015\u2212\u30fc\uff0d\uff70\ufe63\u00b7\u30fb\uff65._\uff0e\uff3f~\uff5e\u301c"
_GAP: Final = rf"[\s\u3000{_TIGHT},\uff0c\u3001/\uff0f:\uff1aの\u200b-\u200f\u2060\ufeff\u00ad\0]{{0,3}}"
# The quick one is asked first, so that a text without a run of twelve costs one scan.
_RUN: Final = re.compile(rf"{_DIGIT}(?:{_GAP}{_DIGIT}){{{_DIGITS - 1},}}")
_QUICK: Final = re.compile(rf"{_COMMON_DIGIT}(?:{_GAP}{_COMMON_DIGIT}){{{_DIGITS - 1}}}")
_GROUP: Final = re.compile(
    rf"[{_CIRCLED}]+|[{''.join(letter for letter in _KANJI if letter not in _CIRCLED)}]+|\d+"
)  # ①1234… is an item's mark and a number
_LOOSE: Final = re.compile(r"[,\uff0c\u3001/\uff0f:\uff1aの\n]")
_NAMED: Final = re.compile(
    r"マイ\s?ナンバー|まいなんばー|ﾏｲﾅﾝﾊﾞｰ|マイナ(?:の|カードの|保険証の)?(?:番号|カード|保険証)|個人\s?番号|共通番号|"
    r"my[\s_-]?number|individual\s+number",
    re.IGNORECASE,
)
_NEAR_BEFORE: Final = 30
_NEAR_AFTER: Final = 20
_CARD_LENGTHS: Final = range(14, 20)


def check_digit(first_eleven: str) -> int:
    """The check digit of a My Number.

    Args:
        first_eleven: eleven ASCII digits.

    Returns:
        0 to 9.
    """
    remainder = sum(int(digit) * weight for digit, weight in zip(first_eleven, _WEIGHTS, strict=True)) % 11
    return 0 if remainder <= 1 else 11 - remainder


def strip_text(text: str) -> str:
    """The text with every My Number replaced by ［マイナンバー］.

    Struck out: twelve digits with a right check digit, in any digits (full-width, kanji, circled, other scripts) and with
    white space, hyphens and the like between them; near マイナンバー or 個人番号 any twelve digits, right or not.
    Left alone: digits of a longer unbroken number, card numbers in even groups, twelve digits that lists, dates or times
    make by chance.
    """
    if not _QUICK.search(text):
        is_basic = len(text.encode("utf-16-le", "surrogatepass")) == 2 * len(text)
        if is_basic or not _RUN.search(text):
            return text
    return _strip(text)


def _strip(text: str) -> str:
    pieces: list[str] = []
    position = 0
    for start, end in _found(text):
        pieces += text[position:start], PLACEHOLDER
        position = end
    return "".join((*pieces, text[position:])) if pieces else text


class _Run:
    """Digits with gaps between them: groups without a gap, of which some may be a number."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self._text = text
        self._groups = [(group.start(), group.end()) for group in _GROUP.finditer(text, start, end)]
        self._digits = "".join(_value(letter) for start, end in self._groups for letter in text[start:end])
        self._is_card = self._looks_like_card()

    def numbers(self, names: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        """Where My Numbers stand, given where they are named."""
        groups = self._groups
        sums = [0, *accumulate(end - start for start, end in groups)]
        first = last = 0
        while first < len(groups):
            while last < len(groups) and sums[last] - sums[first] < _DIGITS:
                last += 1
            if sums[last] - sums[first] == _DIGITS:
                start, end = groups[first][0], groups[last - 1][1]
                digits = self._digits[sums[first] : sums[last]]
                is_right = (
                    not self._is_card and int(digits[-1]) == check_digit(digits[:-1]) and len(set(digits)) > 1
                )
                if _is_named(start, end, names) or (is_right and self._is_one(first, last)):
                    yield start, end
                    first = last - 1
            first += 1
            last = max(last, first)

    def _is_one(self, first: int, last: int) -> bool:
        """Whether groups are written as one: in fours, or with one gap throughout. A phone number and a day are not."""
        groups = self._groups[first:last]
        if _LOOSE.search(self._text, groups[0][0], groups[-1][1]):
            return False
        gaps = {self._text[one[1] : other[0]] for one, other in pairwise(groups)}
        return len(gaps) <= 1 or all(end - start == 4 for start, end in groups)

    def _looks_like_card(self) -> bool:
        """Whether it is all one payment card's number, which other rules find: begins in fours, Luhn's sum right."""
        digits = self._digits
        start, end = self._groups[0]
        if len(self._groups) < 3 or len(digits) not in _CARD_LENGTHS or end - start != 4:
            return False
        doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
        return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _found(text: str) -> Iterator[tuple[int, int]]:
    names = [(name.start(), name.end()) for name in _NAMED.finditer(text)]
    for run in _RUN.finditer(text):
        yield from _Run(text, run.start(), run.end()).numbers(names)


def _is_named(start: int, end: int, names: list[tuple[int, int]]) -> bool:
    """Whether a name stands near, before or after."""
    place = bisect_left(names, (start, 0))
    before = place > 0 and start - names[place - 1][1] <= _NEAR_BEFORE
    return before or (place < len(names) and names[place][0] - end <= _NEAR_AFTER)


def _value(letter: str) -> str:
    return _KANJI.get(letter) or str(unicodedata.decimal(letter))


# -- raw bytes ---------------------------------------------------------------------------------------------------------

_ESCAPE: Final = re.compile(
    r"\\u([0-9a-fA-F]{4})(?:(?<=\\u[dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2}))?"
)
_REFERENCE: Final = re.compile(r"&#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}));")


def strip_bytes(raw: bytes) -> bytes:
    r"""Raw bytes of a record with every My Number replaced.

    The bytes may be UTF-8, UTF-16 with its mark, CP932, or none of them; digits may be written as they are, as `\u`
    escapes of JSON or as character references. What holds no number comes back as it is.
    """
    for encoding in _encodings(raw):
        try:
            text = raw.decode(encoding, "surrogateescape" if encoding == "utf-8" else "strict")
        except UnicodeDecodeError:
            continue
        stripped = _strip_escaped(text)
        if stripped == text:
            return raw
        return stripped.encode(encoding, "surrogateescape" if encoding == "utf-8" else "replace")
    return raw


def _encodings(raw: bytes) -> tuple[str, ...]:
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ("utf-16", "utf-8")
    try:
        raw.decode()
    except UnicodeDecodeError:
        return ("cp932", "utf-8")
    return ("utf-8",)


def _strip_escaped(text: str) -> str:
    if "\\u" not in text and "&#" not in text:
        return strip_text(text)
    plain, places = _unescape(text)
    pieces: list[str] = []
    position = 0
    for start, end in _found(plain):
        pieces += text[position : places[start]], PLACEHOLDER
        position = places[end]
    return "".join((*pieces, text[position:])) if pieces else text


def _letter(mark: re.Match[str]) -> str:
    """What an escape or a reference stands for."""
    if mark.re is _REFERENCE:
        code = int(mark[1], 16) if mark[1] else int(mark[2])
    elif mark[2]:  # a pair of surrogates
        code = 0x10000 + ((int(mark[1], 16) - 0xD800) << 10) + int(mark[2], 16) - 0xDC00
    else:
        code = int(mark[1], 16)
    return chr(code) if code <= 0x10FFFF else "\ufffd"


def _unescape(text: str) -> tuple[str, list[int]]:
    """The text with escapes resolved, and where each of its letters, and its end, stands in the original."""
    plain: list[str] = []
    places: list[int] = []
    position = 0
    marks = sorted((*_ESCAPE.finditer(text), *_REFERENCE.finditer(text)), key=lambda mark: mark.start())
    for mark in marks:
        plain += text[position : mark.start()]
        places += range(position, mark.start())
        plain.append(_letter(mark))
        places.append(mark.start())
        position = mark.end()
    plain += text[position:]
    places += range(position, len(text) + 1)
    return "".join(plain), places
