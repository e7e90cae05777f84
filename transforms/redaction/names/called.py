"""Listed names by the honorific or title behind them, whatever words the analyser cut there: 治療室の|も|え|かさん, と|よ|子さん.

Belongs here: one pass over a text for honorifics and one for titles, and the listed names that stand right before them.
Does not: names that are no list's, or whose kana go on to the left (`model`, `finder`), names without an honorific.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from transforms.redaction.names import extra
from transforms.redaction.names.lexicon import (
    ENDING_READINGS,
    Listed,
    is_family,
    is_given_reading,
    is_popular,
    lexicon,
    to_hiragana,
)
from transforms.redaction.names.vocabulary import WORD_CLASS, words

_HONORIFIC: Final = re.compile(
    r"[さくち先医ばじ婆爺](?<=[ぁ-んァ-ヶヱヰー子江枝恵代世乃美].)"
    r"(?:(?<=さ)[んま](?!ざ)|(?<=く)ん|(?<=ち)ゃん|(?<=先)生|(?<=医)師|(?<=ば)あ|(?<=じ)い|(?<=[婆爺]))",
    re.DOTALL,
)
"""An honorific behind kana or a kanji that ends given names. Its first character is looked for first, which is quick."""

_TITLE: Final = re.compile(
    r"[先医院看師薬助主技](?<=[一-龥々].)(?:(?<=先)生|(?<=医)師|(?<=院)長|(?<=師)長|(?<=[看薬助])(?:護|剤|産)師|(?<=主)治医|(?<=技)師)(?![一-龥々])",
    re.DOTALL,
)
"""A title behind kanji, and before none: 川口医師会, 青森医師不足 name places."""

_KANJI_BEFORE: Final = re.compile(r"[一-龥々ヶケノ]+\Z")
_LONGEST_KANJI: Final = 4

_OF_THE_OLD: Final = frozenset("ばじ婆爺")
_ENDEARING: Final = frozenset("くち")
"""How honorifics begin that stand behind given names alone."""

_OF_DOCTORS: Final = frozenset("先医")
"""How titles begin that stand behind much besides names: 看護師さんと先生."""

_OF_ANYBODY: Final = frozenset("さくち")
"""How honorifics begin that full names stand before."""

_KANA: Final = re.compile(r"[ぁ-んー]+|[ァ-ヶヱヰー]+")
_HIRAGANA: Final = re.compile(r"[ぁ-んー]")
_LONGEST: Final = 5
_LONGEST_FULL: Final = 9
_SHORTEST_FULL: Final = 4
_PARTICLES: Final = frozenset("はのがとにもでや")
_PEOPLE: Final = frozenset("師付員士医手任長科室部夫妻娘孫兄弟姉妹母父男女")
"""Kanji that words for people and places of work end in: behind other kanji kana are more likely the word's own ending."""

_OLD_KANA: Final = str.maketrans("ゑゐ", "えい")

_NO_NAMES: Final = words(
    "みな おく かみ おば おじ ねえ にい かあ とう ばあ じい はん おや いと ひと たち くま ぞう かめ とり うし うま りす つき ほし はな ほとけ いも たこ いか さる とら きつね たぬき"
    " むすめ むすこ まご とも あね いもうと おとうと あか にわ となり みせ やく おとな おまえ あんた おに おうじ ひめ おひめ うちの すが なら ひい なお さか なのか とか では"
)
"""Words that are called so as well: みなさん, おくさん, くまさん."""


def titled(text: str) -> Iterator[tuple[int, int]]:
    """Listed family names in kanji right before a title, with no kanji before them: 担当の本条医師, 字は林野看護師の.

    Args:
        text: folded.

    Yields:
        Their spans, without titles.
    """
    for find in _TITLE.finditer(text):
        end = find.start()
        run = _KANJI_BEFORE.search(text, max(0, end - _LONGEST_KANJI - 1), end)
        if run and 1 < len(run[0]) <= _LONGEST_KANJI and run[0] not in WORD_CLASS and is_family(run[0]):
            yield run.span()


def called(text: str) -> Iterator[tuple[int, int]]:
    """Listed names in kana right before an honorific.

    Args:
        text: folded.

    Yields:
        Their spans, without honorifics.
    """
    for find in _HONORIFIC.finditer(text):
        end = find.start()
        honorific = find[0][0]
        if honorific == "ち" and text.startswith("と", find.end()) and not _is_childs(text, end):
            continue
        start = _full_start(text, end) if honorific in _OF_ANYBODY else None
        if start is None:
            start = _name_start(text, end, honorific)
        if start is not None:
            yield start, end


def _is_childs(text: str, end: int) -> bool:
    """Whether a popular name stands before ちゃんと behind の or a mark, so that it does not mean "properly"."""
    for start in (end - 3, end - 2):
        before = text[start - 1 : start] if start > 0 else ""
        if start >= 0 and is_popular(text[start:end]) and (before == "の" or not before.isalnum()):
            return True
    return False


@cache
def _names(honorific: str, *, is_plain: bool) -> tuple[Listed | frozenset[str], ...]:
    """The lists of names that stand before an honorific that begins so.

    Args:
        honorific: its first character; empty where the name ends in a kanji of given names.
        is_plain: whether the name is long or begins behind something else than a particle that may be its first kana.
            Rare names count only there.
    """
    names = lexicon()
    if honorific in _OF_THE_OLD or not honorific:
        return (names.given_readings,)
    if is_plain and honorific not in _OF_DOCTORS:
        given: tuple[Listed | frozenset[str], ...] = (names.given_readings,)
    else:
        given = (names.given_readings_popular, extra.READINGS)
    return given if honorific in _ENDEARING else (*given, names.surname_readings_frequent)


def _name_start(text: str, end: int, honorific: str) -> int | None:
    """Where the longest listed name begins that ends there and begins like a word."""
    ending = ENDING_READINGS.get(text[end - 1 : end], "")
    kana_end = end - bool(ending)
    for start in range(max(0, kana_end - _LONGEST), kana_end - 1):
        kana = text[start:kana_end]
        if not _KANA.fullmatch(kana) or not _begins(text, start):
            continue
        if kana in WORD_CLASS or kana in _NO_NAMES:
            return None
        name = to_hiragana(kana).translate(_OLD_KANA) + ending
        lists = _names(
            "" if ending else honorific, is_plain=len(kana) > 2 or text[start - 1 : start] not in _PARTICLES
        )
        if any(name in names for names in lists):
            is_particle = name[0] == "の" and any(name[1:] in names for names in lists)
            return start + is_particle
    return None


def _is_full_name(kana: str) -> bool:
    """Whether a frequent family name and a given name make it: きたのれおん."""
    names = lexicon()
    return any(
        kana[:cut] in names.surname_readings_frequent and _is_given(kana[cut:])
        for cut in range(2, len(kana) - 1)
    )


def _is_given(kana: str) -> bool:
    """Whether kana are a given name, and no word that is called so as well."""
    return kana not in _NO_NAMES and is_given_reading(kana)


def _full_start(text: str, end: int) -> int | None:
    """Where the longest full name in kana begins that ends there and begins like a word."""
    if end < _SHORTEST_FULL or not _KANA.fullmatch(text, end - _SHORTEST_FULL, end):
        return None
    for start in range(max(0, end - _LONGEST_FULL), end - _SHORTEST_FULL + 1):
        if not (_KANA.fullmatch(text, start, end) and _begins(text, start)):
            continue
        kana = to_hiragana(text[start:end])
        if kana[0] == "の" and _begins(text, start + 1) and _is_given(kana[1:]):
            return start + 1
        if _is_full_name(kana):
            return start
    return None


def _begins(text: str, start: int) -> bool:
    """Whether a word may begin there: behind a mark, a particle, or a word for somebody."""
    before, first = text[start - 1 : start], text[start]
    if not before or before in _PARTICLES:
        return True
    if before == "ー" or _HIRAGANA.match(before):
        return False
    if _KANA.match(before):
        return _HIRAGANA.match(first) is not None
    return before < "一" or before in _PEOPLE
