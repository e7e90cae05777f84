"""Folding: one plain spelling for what people write in many, with every fold mapped back to the original.

Belongs here: what makes two spellings of the same characters equal (width, half-width kana, circled digits,
invisible characters, dashes, kanji numerals) and the map of offsets. Nothing is stored; a folded text is a shadow
on which detection runs, and replacement happens on the original by offsets.
Does not: words (see `tokens`), meaning, redaction.

Two views, because they serve different readers:

* `Folded.text` is for tokens, names and the classifier's lexicons. Kanji numerals stay as written, since 三月 or
  五十嵐 in digits would tear the dictionary's words apart.
* `Folded.numeric` is for recognizers of numbers, dates and addresses: kanji numerals are digits wherever they are
  numbers, and dashes beside them are hyphens. It is computed when first asked for, and is the same object where
  there is no kanji numeral to fold.

Spans of both views map to the original by `origin_span`.
"""

from __future__ import annotations

import bisect
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

_DASHES: Final = "-‐‑‒–—―−─━ー－ｰ˗⁃﹣〜～~∼〰⁓"
"""Dashes of every kind. They become hyphens between digits only: the ー of コーヒー must live."""

_KEEP: Final = frozenset("…‥゛゜´¨｀￣")
"""Compatibility characters that stay: their expansions bring spaces and full stops that nobody wrote."""

_EXTRA: Final = {
    **{chr(0x2776 + i): str(i + 1) for i in range(10)},  # ❶
    **{chr(0x24EB + i): str(i + 11) for i in range(10)},  # ⓫
    **{chr(0x24F5 + i): str(i + 1) for i in range(10)},  # ⓵
    **{chr(0x2780 + i): str(i + 1) for i in range(10)},  # ➀
    **{chr(0x278A + i): str(i + 1) for i in range(10)},  # ➊
    **{chr(0x1F130 + i): chr(65 + i) for i in range(26)},  # 🄰
    **{chr(0x1F150 + i): chr(65 + i) for i in range(26)},  # 🅐
    **{chr(0x1F170 + i): chr(65 + i) for i in range(26)},  # 🅰
    "⓿": "0",
    "🔟": "10",
    "🄋": "0",
    "🄌": "0",
}

_RANGES: Final = (
    (0x00, 0x20),
    (0x7F, 0x3400),
    (0xA000, 0xAC00),  # Yi to Meetei Mayek: digits of other scripts
    (0xD800, 0xE000),  # lone surrogates
    (0xF900, 0x10000),  # compatibility ideographs and forms
    (0x10000, 0x12000),
    (0x13430, 0x13460),
    (0x16000, 0x1FC00),  # mathematical letters and digits, enclosed letters
    (0x2F800, 0x2FA20),
    (0xE0000, 0xE0200),  # tags and variation selectors
)
"""The code points that can need a fold. Ideographs and Hangul syllables between them never do."""

_INVISIBLE: Final = frozenset("\u20e3\u034f\u115f\u1160\u3164\uffa0")


def _folded_char(char: str) -> str:
    """What a character becomes by itself; the character where nothing needs doing."""
    if char in _KEEP or char in "\t\n\r":
        return char
    if char in _EXTRA:
        return _EXTRA[char]
    category = unicodedata.category(char)
    if category == "Cs":
        return "\ufffd"
    if (
        category in {"Cc", "Cf"}
        or char in _INVISIBLE
        or unicodedata.name(char, "").startswith("VARIATION SEL")
    ):
        return ""
    if category == "Nd":
        return str(unicodedata.digit(char))
    return unicodedata.normalize("NFKC", char)


def _tables() -> tuple[dict[int, str], dict[str, str]]:
    """Folds that keep the length, as a translation table, and those that change it."""
    same: dict[int, str] = {}
    other: dict[str, str] = {}
    for low, high in _RANGES:
        for code in range(low, high):
            char = chr(code)
            folded = _folded_char(char)
            if folded == char:
                continue
            if len(folded) == 1:
                same[code] = folded
            else:
                other[char] = folded
    return same, other


_SAME, _OTHER = _tables()
_CIRCLED: Final = frozenset(
    c for c in map(chr, _SAME) if unicodedata.category(c) == "No" and _SAME[ord(c)].isdigit()
)


def _char_class(chars: Iterable[int]) -> str:
    """A character class that holds the given code points, and beyond the BMP everything but emoji.

    The `re` module looks BMP characters up in a table but walks through every range above it; the two wide ranges
    keep that walk short, and what they catch too much is folded to itself.
    """
    parts: list[str] = []
    codes = sorted(c for c in chars if c < 0x10000)
    start = previous = codes[0]
    for code in [*codes[1:], -1]:
        if code == previous + 1:
            previous = code
            continue
        parts.append(f"\\u{start:04x}-\\u{previous:04x}")
        start = previous = code
    return "[" + "".join(parts) + "\U0001f51f\U00010000-\U0001f2ff\U0001fbf0-\U0010ffff]"


_MARKS: Final = "[\u3099\u309a\uff9e\uff9f\u0300-\u036f]"
_SAME_RE: Final = re.compile(_char_class(_SAME) + "+")
_OTHER_CLASS: Final = _char_class(map(ord, _OTHER))
# A base with its combining marks is one unit; so is every single character whose length changes.
_RESHAPE_RE: Final = re.compile(f"[^\\s\u0300-\u036f\u3099\u309a]{_MARKS}{{1,8}}|{_OTHER_CLASS}")
_HAS_RESHAPE_RE: Final = re.compile(f"{_OTHER_CLASS[:-1]}{_MARKS[1:]}")
_ANY_RE: Final = re.compile(_char_class({*_SAME, *map(ord, _OTHER)})[:-1] + _MARKS[1:])
"""What any fold of single characters begins with: most texts hold none, and one look tells."""
_DASH_RE: Final = re.compile(rf"(?<=[0-9)])(\s?)([{_DASHES}]{{1,2}})(?=\s?[0-9(])")
_HAS_DASH_RE: Final = re.compile(rf"[0-9)]\s?-?[{_DASHES[1:]}]")


class Folded:
    """A text folded for detection, with the way back.

    Attributes:
        original: the text as given.
        text: the folded text.
    """

    __slots__ = ("_ends", "_numeric", "_replaced", "_starts", "original", "text")

    def __init__(self, original: str, text: str, starts: list[int] | None, ends: list[int] | None) -> None:
        self.original = original
        self.text = text
        self._starts = starts
        self._ends = ends
        self._numeric: Folded | None = None
        self._replaced: tuple[Folded, list[tuple[int, int, str]]] | None = None

    def __repr__(self) -> str:
        return f"Folded({len(self.original)} -> {len(self.text)} code points)"

    @property
    def numeric(self) -> Folded:
        """The view with kanji numerals in digits, over the same original."""
        if self._numeric is None:
            self._numeric = _fold_numerals(self)
        return self._numeric

    def origins(self, start: int, end: int) -> tuple[Sequence[int], Sequence[int]]:
        """Where in the original each character of a span of `text` begins, and where each ends."""
        if self._starts is None or self._ends is None:
            return range(start, end), range(start + 1, end + 1)
        return self._starts[start:end], self._ends[start:end]

    def origin_span(self, start: int, end: int) -> tuple[int, int]:
        """Map a span of `text` to the original.

        Args:
            start: first code point in the folded text.
            end: one past the last code point; at least `start`.

        Returns:
            The span of the original, in code points. It takes in invisible characters within and right behind it,
            and the whole of a character of which a part is meant (㍼ for 昭).
        """
        if self._replaced is not None:
            self._starts, self._ends = _origins(*self._replaced)
            self._replaced = None
        if self._starts is None or self._ends is None:
            return start, end
        if start >= end:
            at = self._starts[start] if start < len(self._starts) else len(self.original)
            return at, at
        return self._starts[start], self._ends[end - 1]


def fold(text: str) -> Folded:
    """Fold a text.

    Width and compatibility forms (NFKC, a character at a time), half-width kana with their marks, circled and
    keycap digits and digits of other scripts become plain; zero-width, bidi, control and variation characters go;
    lone surrogates become U+FFFD; dashes of every kind become hyphens where they stand between digits or
    parentheses. Linear in the length of the text.

    Args:
        text: any string, lone surrogates included.

    Returns:
        The folded text with its map to the original.
    """
    if text.isascii() and text.isprintable():
        return Folded(text, text, None, None)
    if not _ANY_RE.search(text):
        return Folded(text, _fold_dashes(text), None, None)
    if _HAS_RESHAPE_RE.search(text):
        return _fold_reshaping(text)
    return Folded(text, _fold_dashes(_translate(text)), None, None)


def _translate(text: str) -> str:
    """Apply the folds that keep the length."""
    return _SAME_RE.sub(_translate_run, text)


def _translate_run(match: re.Match[str]) -> str:
    """Fold a run of characters. A circled digit alone before a number is a bullet, not the number's first digit."""
    run = match[0]
    if run[0] in _CIRCLED and (run[1:2] or match.string[match.end() : match.end() + 1]).isdecimal():
        before = match.string[match.start() - 1 : match.start()]
        if not before or not (before.isdecimal() or before in _DASHES):
            return "・" + run[1:].translate(_SAME)
    return run.translate(_SAME)


def _fold_dashes(text: str) -> str:
    """Hyphens for dashes between digits; the length stays."""
    if not _HAS_DASH_RE.search(text):
        return text
    return _DASH_RE.sub(lambda m: m[1] + "-" * len(m[2]), text)


def _unit(chars: str) -> str:
    """What a base with combining marks, or one character, becomes."""
    if len(chars) == 1:
        return _folded_char(chars)
    plain = "".join(_folded_char(c) for c in chars)
    return unicodedata.normalize("NFC", plain)


def _fold_reshaping(text: str) -> Folded:
    """Fold a text in which characters appear or vanish, keeping the origin of each."""
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    position = 0

    def plain(until: int) -> None:
        pieces.append(_translate(text[position:until]))
        starts.extend(range(position, until))
        ends.extend(range(position + 1, until + 1))

    for match in _RESHAPE_RE.finditer(text):
        plain(match.start())
        position = match.end()
        folded = _unit(match[0])
        if not folded:
            if ends:
                ends[-1] = position
            continue
        pieces.append(folded)
        starts.extend([match.start()] * len(folded))
        ends.extend([position] * len(folded))
    plain(len(text))
    return Folded(text, _fold_dashes("".join(pieces)), starts, ends)


# Kanji numerals -------------------------------------------------------------------------------------------------

_POSITIONAL: Final = {"〇": 0, "零": 0, "○": 0, "◯": 0, "一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9,
                      "壱": 1, "壹": 1, "弐": 2, "参": 3}  # fmt: skip
_SCALES: Final = {"十": 10, "拾": 10, "百": 100, "千": 1000}
_DIGIT: Final = "〇零○◯一二三四五六七八九"
_FORMAL: Final = "壱壹弐参"
"""Formal numerals, read beside units and zeros only: 参 is in many words."""
_UNIT: Final = (
    r"歳|才|年(?!生)|月|ヶ月|か月|カ月|日(?!市|間|様)|丁目|番地|番(?!町|丁|館|街|人|煎)|号(?!泣)|(?<=[東西南北][0-9一二三四五六七八九])条|条(?=[東西南北])|階(?!段)|号室"
    r"|線|区|通り?目|枝|回生|組"
)
_JOIN: Final = r"[\s・･.,/()のノ\-]"
_NUMERAL_RE: Final = re.compile(
    rf"""
    (?P<positional>
        [{_DIGIT}]{{6,20}}                                             # long enough to be a number by itself
      | (?<![{_DIGIT}十百千万])[{_DIGIT}]{{1,20}}(?=[)(]?\s?[{_DASHES}]\s?[{_DIGIT}0-9(])    # 〇九〇-
      | (?<=[{_DIGIT}0-9)][{_DASHES}])[{_DIGIT}]{{1,20}}(?![十百千])      # -一二三四
      | (?<=[{_DIGIT}0-9)][{_DASHES}]\s)[{_DIGIT}]{{1,20}}(?![十百千])
      | (?<=[0-9])[{_DIGIT}]{{1,8}}(?=[0-9\-(])                         # 9九1
      | (?<=[0-9][(])[{_DIGIT}]{{1,8}}(?=[)][\s\-]?[0-9])              # 0742(九三)0158
      | (?<=[{_DIGIT}0-9][のノ])[{_DIGIT}]{{1,4}}(?![{_DIGIT}十百千]|つ|人)  # 五の三の二
      | (?<=番地[のノ])[{_DIGIT}]{{1,4}}(?![{_DIGIT}十百千]|つ|人)
      | (?<![{_DIGIT}十百千万])[{_DIGIT}]{{1,4}}(?=[のノ][{_DIGIT}0-9]{{1,4}}(?:[のノ]|[\s、。」)(,]|番|号|$))
      | (?<=番地|丁目|[一-龥]町)[{_DIGIT}]{{1,3}}(?![{_DIGIT}十百千万つ人日月年回度番軒目])
      | (?<=[【「『(（])[{_DIGIT}]{{2,6}}(?=[】」』)）])                   # 【二九】
      | (?<=[棟館寮町村室])[{_DIGIT}]{{2,5}}(?![{_DIGIT}十百千万人回度日月年つ])
      | [{_DIGIT}]{{2,8}}(?=号室|丁目|番地|歳|才|年)
      | [一二三四五六七八九{_FORMAL}][{_DIGIT}{_FORMAL}]{{0,5}}〇[{_DIGIT}{_FORMAL}]{{0,5}}             # 五〇六
      | [二三四五六七八九][一二三四五六七八九]〇?[{_DIGIT}]{{0,4}}(?=番(?!町|丁|館|街))
    )
    | (?P<scaled>[{_DIGIT}{_FORMAL}]{{0,1}}[十百千拾][{_DIGIT}{_FORMAL}十百千拾]{{0,6}}|[{_DIGIT}{_FORMAL}]{{1,4}})(?={_UNIT})
    | (?P<lot>(?<=[町村字番\-])[{_DIGIT}]{{0,1}}[十百千][{_DIGIT}十百千]{{1,6}}|(?<=-)[{_DIGIT}]?十[{_DIGIT}]?(?=-))
    """,
    re.VERBOSE,
)
_CLUSTER_RE: Final = re.compile(
    rf"[{_DIGIT}0-9](?<![{_DIGIT}0-9].)[{_DIGIT}0-9]*+(?:{_JOIN}{{1,2}}[{_DIGIT}0-9]++)+", re.DOTALL
)
"""Runs joined by what joins the groups of a number: 〇九〇・一二三四・五六七八, 六八九の一四二七."""
_WORD_RE: Final = re.compile(f"(?<=[0-9] )[{_DIGIT}](?=[重戸島条次沢鷹原])")
"""A numeral that begins a place's name behind a number: 〒123-4567 三重県."""
_CLUSTER_DIGITS: Final = 7
_HOUSE_RE: Final = re.compile(
    rf"[{_DIGIT}十百0-9](?<![{_DIGIT}十百千0-9].)[{_DIGIT}十百0-9]{{0,3}}(?:[のノ之\-][{_DIGIT}十百0-9]{{1,4}}){{2,3}}(?![{_DIGIT}十百千人つ])",
    re.DOTALL,
)
"""Three numbers or four joined like a house's: 二ノ十四ノ八."""
_HOUSE_UNIT_RE: Final = re.compile("番地|号室|丁目")
_ASCII_DIGIT_RE: Final = re.compile("[0-9]")
_RUN_RE: Final = re.compile(f"[{_DIGIT}{_FORMAL}十百千拾]+")
_APPROXIMATE: Final = frozenset({"一二", "二三", "三四", "四五", "五六", "六七", "七八", "八九"})
"""Two neighbours are a guess (二三日), not a number, unless an era or a year stands before them."""


def kanji_value(numeral: str) -> str:
    """The digits of a kanji numeral: positional (二〇二四 -> 2024) or with scales (五十五 -> 55)."""
    if not any(c in _SCALES for c in numeral):
        return "".join(str(_POSITIONAL[c]) for c in numeral)
    total = digit = 0
    for char in numeral:
        if char in _SCALES:
            total += (digit or 1) * _SCALES[char]
            digit = 0
        else:
            digit = digit * 10 + _POSITIONAL[char]
    return str(total + digit)


def digits_for_numerals(text: str) -> str:
    """A text with digits for every kanji numeral, whether it is a number there or not: 十日町 -> 10日町, 三ノ宮 -> 3ノ宮."""
    return _RUN_RE.sub(lambda run: kanji_value(run[0]), text)


def _clusters(text: str) -> list[tuple[int, int]]:
    """Where groups of numerals make one long number together."""
    long = (
        m
        for m in _CLUSTER_RE.finditer(text)
        if sum(c in _POSITIONAL or c.isdigit() for c in m[0]) >= _CLUSTER_DIGITS
    )
    return sorted(m.span() for m in (*long, *_HOUSE_RE.finditer(text)))


def _is_number(text: str, start: int, end: int) -> bool:
    """Whether a run of kanji numerals is a number: not all circles (〇〇病院), not a guess (二三日)."""
    run = text[start:end]
    if not any(c not in "〇○◯零" for c in run):
        return start > 0 and text[start - 1] in _DASHES
    if run in _APPROXIMATE and not _HOUSE_UNIT_RE.match(text, end):
        return start > 0 and (text[start - 1] in "和成正治年月" or text[start - 1] in _DASHES)
    return True


def _fold_numerals(folded: Folded) -> Folded:
    """The numeric view of a folded text."""
    text = folded.text
    runs = list(_RUN_RE.finditer(text))
    if not runs:
        return folded
    # Fewer numerals make no cluster: one needs seven digits, or three numbers.
    may_cluster = len(runs) > 2 or sum(len(run[0]) for run in runs) >= _CLUSTER_DIGITS
    clusters = _clusters(text) if may_cluster or _ASCII_DIGIT_RE.search(text) else []
    pieces: list[str] = []
    replaced: list[tuple[int, int, str]] = []
    position = 0
    for run in runs:
        start, end = run.span()
        if _WORD_RE.match(text, start):
            continue
        nearest = bisect.bisect_right(clusters, (start, len(text))) - 1
        if nearest < 0 or end > clusters[nearest][1]:
            match = _NUMERAL_RE.match(text, start)
            if not match or not _is_number(text, match.start(), match.end()):
                continue
            start, end = match.span()
        value = kanji_value(text[start:end])
        pieces += (text[position:start], value)
        replaced.append((start, end, value))
        position = end
    if not pieces:
        return folded
    pieces.append(text[position:])
    numeric = Folded(folded.original, _fold_dashes("".join(pieces)), None, None)
    numeric._numeric = numeric  # noqa: SLF001 (a view of its own kind)
    numeric._replaced = (folded, replaced)  # noqa: SLF001 (few texts are ever asked for the way back)
    return numeric


def _origins(folded: Folded, replaced: Sequence[tuple[int, int, str]]) -> tuple[list[int], list[int]]:
    """Where in the original each character begins and ends of a folded text with stretches replaced by digits."""
    starts: list[int] = []
    ends: list[int] = []
    position = 0
    for start, end, value in [*replaced, (len(folded.text), len(folded.text), "")]:
        firsts, lasts = folded.origins(position, start)
        starts.extend(firsts)
        ends.extend(lasts)
        if len(value) == end - start:
            firsts, lasts = folded.origins(start, end)
            starts.extend(firsts)
            ends.extend(lasts)
        else:
            low, high = folded.origin_span(start, end)
            starts.extend([low] * len(value))
            ends.extend([high] * len(value))
        position = end
    return starts, ends
