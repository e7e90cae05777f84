"""Names in spellings that no dictionary knows: letter by letter (田 中 先 生, 戸・倉・文・枝, T a n a k a), small Latin letters, nicknames.

Belongs here: runs of single letters with separators, put together and compared with the lists; Latin words beside a
title, whatever their case; nicknames by their shape (つっちー, えっちゃん).
Does not: names cut by the analyser alone (`joining`, `spotting`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from transforms.redaction.names.lexicon import is_given_reading, lexicon, to_hiragana
from transforms.redaction.names.vocabulary import words

_SEPARATOR: Final = r"[ ・_/*|.]{1,2}"
_RUN: Final = re.compile(
    rf"[一-龥々](?<![一-龥々].)(?:{_SEPARATOR}[一-龥々]){{1,7}}(?![一-龥々])"
    rf"|[ぁ-ん](?<![ぁ-んー].)(?:{_SEPARATOR}[ぁ-んー]){{1,7}}(?![ぁ-んー])"
    rf"|[ァ-ヺ](?<![ァ-ヺー].)(?:{_SEPARATOR}[ァ-ヺー]){{1,7}}(?![ァ-ヺー])"
    rf"|[A-Za-z](?<![A-Za-z].)(?:{_SEPARATOR}[A-Za-z]){{3,11}}(?![A-Za-z])",
    re.DOTALL,
)
_SEPARATORS: Final = re.compile(_SEPARATOR)
_TITLES: Final = (
    "先生",
    "医師",
    "院長",
    "師長",
    "主任",
    "様",
    "殿",
    "氏",
    "さん",
    "さま",
    "せんせい",
    "くん",
    "ちゃん",
    "サン",
    "サマ",
)
_BEHIND: Final = re.compile(r"\s?(?:先生|医師|院長|さん|さま|様|氏|殿|くん|ちゃん|[)」』〉])")


def spaced(text: str) -> Iterator[tuple[int, int, int]]:
    """Names written letter by letter.

    Args:
        text: folded.

    Yields:
        Start and end of the name, and the end of the run, which may hold a title besides.
    """
    for run in _RUN.finditer(text):
        letters = _SEPARATORS.sub("", run[0])
        title = next((t for t in _TITLES if letters.endswith(t) and len(letters) > len(t) + 1), "")
        name = letters[: len(letters) - len(title)]
        if not _is_name(name, addressed=bool(title) or _BEHIND.match(text, run.end()) is not None):
            continue
        left = len(name)
        end = run.start()
        while left:
            left -= not _SEPARATORS.match(text, end)
            end += 1
        yield run.start(), end, run.end()


def _is_name(name: str, *, addressed: bool) -> bool:
    """A frequent family name or a full name in kanji; in kana and Latin letters only where it is addressed."""
    names = lexicon()
    if name[0] >= "一":
        if name in names.surnames and (addressed or len(name) > 2):
            return True
        if name in names.surnames_rare and len(name) > 2:
            return True
        return any(
            (name[:cut] in names.surnames or name[:cut] in names.surnames_rare) and name[cut:] in names.given
            for cut in range(2, len(name) - 1)
        )
    if name.isascii():
        return len(name) > 4 and (
            name.lower() in names.romaji_surnames or (addressed and name.lower() in names.romaji_given)
        )
    reading = to_hiragana(name)
    return addressed and (
        reading in names.surname_readings_frequent or reading in names.given_readings_popular
    )


_GAP: Final = re.compile(r" (?<=[ぁ-んァ-ヺー] )(?=[ぁ-んァ-ヺー])")
"""A space between kana. The pattern begins with the space, as little else is looked for so quickly."""

_KANA_BEFORE: Final = re.compile(r"(?:[ぁ-んー]{2,}|[ァ-ヺー]{2,})\Z")
_KANA_BEHIND: Final = re.compile(r"[ぁ-んー]{2,}|[ァ-ヺー]{2,}")
_BEFORE_KANA: Final = frozenset("はがのとも")
"""Particles that go before a name in kana."""

_AFTER_KANA: Final = re.compile(
    r"さん|さま|くん|ちゃん|せんせい|です|でした|だっ|という|って|[はがのにをとも]|(?![ぁ-んー])"
)
_LONGEST_PART: Final = 6


def kana_pairs(text: str) -> Iterator[tuple[int, int]]:
    """Full names in kana with a space between: きだ りりあ, ミワ ジュンコ.

    Args:
        text: folded.

    Yields:
        Their spans. The family name is a frequent one, the given name a listed one.
    """
    for gap in _GAP.finditer(text):
        behind = _KANA_BEHIND.match(text, gap.end())
        before = _KANA_BEFORE.search(text, max(0, gap.start() - _LONGEST_PART - 1), gap.start())
        if behind is None or before is None:
            continue
        start = _family_start(to_hiragana(before[0]))
        length = _given_length(to_hiragana(behind[0]))
        if start is not None and length:
            yield before.start() + start, gap.end() + length


def _family_start(kana: str) -> int | None:
    """Where in a run of kana the family name begins that it ends with."""
    readings = lexicon().surname_readings_frequent
    for start in range(max(0, len(kana) - _LONGEST_PART), len(kana) - 1):
        if kana[start:] in readings and (start == 0 or kana[start - 1] in _BEFORE_KANA):
            return start
    return None


def _given_length(kana: str) -> int:
    """How many kana make the given name that a run of kana begins with."""
    for length in range(min(_LONGEST_PART, len(kana)), 1, -1):
        if _AFTER_KANA.match(kana, length) and is_given_reading(kana[:length]):
            return length
    return 0


_LATIN: Final = re.compile(
    r"[DPa-z](?<![A-Za-z].)(?:(?:(?<=[Dd])[Rr]|(?<=[Pp])rof)\.? ?(?P<behind>[A-Za-z]{3,15})(?![A-Za-z])"
    r"|(?<=[a-z])(?<![@._/-].)[a-z]{2,14}(?= ?(?:先生|さん|様|さま|医師|氏|くん|ちゃん)))",
    re.DOTALL,
)


def latin(text: str) -> Iterator[tuple[int, int]]:
    """Listed names in Latin letters of any case beside a title: dr.kuroda, matsuda先生.

    Args:
        text: folded.

    Yields:
        Their spans, without titles.
    """
    names = lexicon()
    for find in _LATIN.finditer(text):
        group = find.lastindex or 0
        low = find[group].lower()
        if low in names.romaji_surnames or low in names.romaji_given or _is_doctor(find):
            yield find.span(group)


def _is_doctor(find: re.Match[str]) -> bool:
    """Whether a Latin word behind Dr. is somebody's name by its capital or its syllables and what follows it, and no brand."""
    name = find["behind"]
    if name is None or name.lower() in _BRANDS_OF_DOCTORS or not _GOES_ON.match(find.string, find.end()):
        return False
    return (find[0][:2] == "Dr" and name[0].isupper()) or _ROMAJI.fullmatch(name.lower()) is not None


_ROMAJI: Final = re.compile(
    r"(?:(?:ch|sh|ts|[kgnhbpmr]y|j|[kgsztdnhbpmyrwf])?[aiueo]|n(?![aiueoy])|(?P<long>[kstp])(?=(?P=long))){3,8}"
)
"""Three syllables of Japanese or more, in Latin letters."""

_BRANDS_OF_DOCTORS: Final = words(
    "martens scholl schole jart dre who web fone stone slump strange stop heli car"
)
_GOES_ON: Final = re.compile(r"[のはがにもと、。」)\n\0]|から|だ|です|って|\Z")
"""What follows somebody's name: particles, marks, an end (`finder` puts a NUL between texts)."""

_NICKNAME: Final = re.compile(r"[っッ](?<=[ぁ-んァ-ヶ].)(?P<ending>ちゃん|くん|ちー|しー|きー|つん|ぴー)")
_KANA: Final = re.compile(r"[ぁ-んァ-ヶー]")
_PARTICLES: Final = frozenset("はのがとやもをに")
_LONGEST_STEM: Final = 3
_NOT_STEMS: Final[dict[bool, frozenset[str]]] = {
    True: frozenset({"お", "ぼ", "じ", "ば", "め", "ち", "に", "ね", "とう", "かあ"}),
    False: frozenset(
        {
            "お",
            "ぼ",
            "じ",
            "ば",
            "め",
            "ち",
            "あ",
            "こ",
            "そ",
            "ど",
            "か",
            "おば",
            "おじ",
            "に",
            "ね",
            "ぽ",
            "ほ",
            "み",
            "え",
            "キャ",
            "マ",
        }
    ),
}
"""Stems of おっちゃん, ぼっちゃん and the like, and besides of あっち, こっち, えっち where no honorific follows."""


def nicknames(text: str) -> Iterator[tuple[int, int]]:
    """Nicknames by their shape: one to three kana, a small っ and an ending of endearment.

    Args:
        text: folded.

    Yields:
        Their spans, the ending included, as nothing of the name stands without it.
    """
    for find in _NICKNAME.finditer(text):
        start = _stem_start(text, find.start())
        is_called = find["ending"] in {"ちゃん", "くん"}
        if start < find.start() and text[start : find.start()] not in _NOT_STEMS[is_called]:
            yield start, find.end()


def _stem_start(text: str, end: int) -> int:
    """Where the kana before a small っ begin that make a nickname's stem; `end` if they are part of a longer word."""
    starts = range(end - 1, max(-1, end - 1 - _LONGEST_STEM), -1)
    for start in starts:
        if not _KANA.match(text[start]):
            break
        if start == 0 or not _KANA.match(text[start - 1]):
            begins_with_particle = text[start] in _PARTICLES and start and text[start - 1].isalnum()
            return start + 1 if begins_with_particle and start + 1 < end else start
    return next((start for start in starts if start and text[start - 1] in _PARTICLES), end)
