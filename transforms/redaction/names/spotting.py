"""Listed names in kana, and hard family names, where the analyser's cuts run through them.

Belongs here: one pass over the text for a few thousand names, and which of the finds make sense where they stand.
Does not: names whose pieces lie side by side before an honorific or in brackets (`joining`), the final word on a name
(`model`, `finder`).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Final

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from transforms.redaction.names import extra
from transforms.redaction.names.features import MARK_POS, SPOTTED, script
from transforms.redaction.names.joining import is_grammar, joined
from transforms.redaction.names.lexicon import lexicon
from transforms.redaction.names.vocabulary import HONORIFIC_CLASSES, WORD_CLASS
from transforms.text.tokens import Token, Tokens

SHORT: Final = 1_000
"""Characters of the longest text that is searched through for each name by itself."""

_HONORIFIC: Final = re.compile(
    r"さん|さま|くん|ちゃん|たん|先生|せんせい|様|君|氏|医師|院長|師長|主任|助産師|看護師|薬剤師|技師|技士|保健師|療法士|先輩|副院長|部長|薬局長|ナース|ドクター"
    r"|って(?:人|いう|ゆう|言う|男|子|やつ|看護|医|先生|研修|外科|内科|整形|薬剤|技師|名前|名札|名字|苗字)"
    r"|という|とかいう(?:人|男|子|やつ|看護|医|先生|薬剤|若い|研修|受付)"
)
_ENDEARING: Final = re.compile(r"くん|ちゃん(?!と)")
"""Stand behind nothing but names, whatever goes before: 入院している|はると|くん."""

_INTRODUCED: Final = re.compile(r"です|と申|と名乗|と言い|といい|宛|あて")
_TITLED: Final = re.compile(r"\((?:看護|医師|医者|薬剤)")
_CUE: Final = re.compile(f"{_HONORIFIC.pattern}|{_INTRODUCED.pattern}|{_TITLED.pattern}")
_CUE_BEGINS: Final = frozenset("さくちたせ先様君氏医院師主助看薬技保療副部ナドっとで宛あ(")
"""The characters that `_CUE` may begin with."""

_PEOPLE: Final = frozenset({"KIN", "STAFF", "DOCTOR", "CHIEF", "PATIENT", "LABEL", "SENSEI"})
_LABELS: Final = frozenset({"STAFF", "DOCTOR", "LABEL"})
_JOINERS: Final = frozenset({"の", "と", "や", "は", "が", "に"})
_TOLD_OF: Final = frozenset({"札に", "当は", "医は", "前は"})
"""How what is said of somebody ends: 名札に, 担当は, 主治医は, 名前は."""

_SWALLOWED: Final = frozenset("はのがにとも")
"""Particles that the analyser takes for the first kana of a word."""

_OF_SOMEBODY: Final = frozenset("の師付")
"""What ends the word before a name that is told without an honorific: 看護助手のいまい, 看護師いまい, 受付いまい."""
_BEHIND: Final = frozenset({"助詞", *MARK_POS})


@cache
def _spotter() -> tuple[AhoCorasick, list[str], list[bool]]:
    """The names in one automaton, the names, and which of them need no honorific."""
    names = lexicon()
    kana = {
        r
        for r in chain(names.given_readings_popular, extra.READINGS, names.surname_readings_frequent)
        if len(r) >= 3
    }
    families = {n for n in chain(extra.HARD_FAMILY_NAMES, names.surnames) if len(n) > 1}
    children = {n for n in extra.KANJI_GIVEN - extra.EVERYDAY if len(n) > 1}
    patterns = sorted(kana | families | children)
    automaton = AhoCorasick(patterns, matchkind=MatchKind.LeftmostLongest, implementation=Implementation.DFA)
    return automaton, patterns, [_is_likely(p, cued=False) for p in patterns]


def spot(tokens: Sequence[Token], text: str) -> list[Token] | None:
    """Cut names out of tokens that run through them.

    Args:
        tokens: of the text.
        text: the folded text.

    Returns:
        The tokens with each such name as one token; None where there is none.
    """
    finds = _finds(tokens, text)
    if not finds:
        return None
    starts = tokens.starts if isinstance(tokens, Tokens) else [token.start for token in tokens]
    result: list[Token] = []
    done = 0
    for find in finds:
        first = bisect_right(starts, find[1]) - 1
        if first < done or tokens[first].end >= find[2]:
            continue
        last = first
        while last < len(tokens) - 1 and tokens[last].end < find[2]:
            last += 1
        if not _is_name(tokens, text, find, first, last):
            continue
        _, start, end = find
        result += tokens[done:first]
        if tokens[first].start < start:
            result.append(_particle(text, tokens[first].start, start))
        result.append(_name(tokens[first : last + 1], text, start, end))
        done = last + 1
        rest = tokens[last].end
        if rest > end:
            result.append(_rest(text, end, rest))
            rest = result[-1].end
            while done < len(tokens) and tokens[done].start < rest:
                done += 1
    if not done:
        return None
    return result + list(tokens[done:])


def _is_name(tokens: Sequence[Token], text: str, find: tuple[int, int, int], first: int, last: int) -> bool:
    """Whether a find is a name where it stands.

    Args:
        tokens: of the text.
        text: folded.
        find: which name, and where it begins and ends.
        first: the word that it begins in.
        last: the word that it ends in.
    """
    which, start, end = find
    is_within = tokens[first].start < start
    if is_within and not _is_behind_particle(tokens[first], text, start, end):
        return False
    addressed = _HONORIFIC.match(text, end) is not None or (
        _INTRODUCED.match(text, end) is not None and (first == 0 or tokens[first - 1].pos == "補助記号")
    )
    if not addressed and not _ends_there(tokens, text, find, first, last):
        return False
    titled = _TITLED.match(text, end) is not None or _is_told_of(tokens, first)
    cued = addressed or titled or _is_somebodys(tokens, first)
    if not _is_likely(_spotter()[1][which], cued=cued):
        return False
    if is_within or _ENDEARING.match(text, end):
        return True
    if _spotter()[1][which] in extra.KANJI_GIVEN and not cued and not _is_whole(tokens, text, first, end):
        return False
    return _opens(tokens, first, addressed=addressed) and not is_grammar(tokens, first, last + 1)


def _finds(tokens: Sequence[Token], text: str) -> list[tuple[int, int, int]]:
    """Names that may have to be cut out of other words: which, and where they begin and end."""
    automaton, patterns, likely = _spotter()
    finds = [
        find
        for find in automaton.find_matches_as_indexes(text)
        if likely[find[0]]
        or text[find[1] - 1 : find[1]] in _OF_SOMEBODY
        or text[find[1] - 2 : find[1]] in _TOLD_OF
        or (text[find[2] : find[2] + 1] in _CUE_BEGINS and _CUE.match(text, find[2]))
    ]
    if not isinstance(tokens, Tokens) or len(text) > SHORT:
        return finds
    return [find for find in finds if not _is_cut_out(patterns[find[0]], tokens, text)]


def _is_cut_out(name: str, tokens: Tokens, text: str) -> bool:
    """Whether the analyser made a word of a name wherever it stands."""
    return tokens.times(name) == text.count(name)


def _name(parts: Sequence[Token], text: str, start: int, end: int) -> Token:
    whole = joined(parts)
    return whole._replace(surface=text[start:end], start=start, end=end, pos2=SPOTTED)


def _ends_there(
    tokens: Sequence[Token], text: str, find: tuple[int, int, int], first: int, last: int
) -> bool:
    """Whether a name without an honorific ends where a word does, or a child's before a particle: りりあ|の."""
    which, _, end = find
    if tokens[last].end == end:
        return _closes(tokens, last)
    name = _spotter()[1][which]
    if tokens[last].end != end + 1 or text[end] not in _SWALLOWED:
        return False
    if name not in extra.READINGS or name in extra.EVERYDAY:
        return False
    before = tokens[first - 1] if first else None
    return before is None or before.end < tokens[first].start or before.pos in MARK_POS


def _is_whole(tokens: Sequence[Token], text: str, first: int, end: int) -> bool:
    """Whether no kanji touch a name in kanji, but those of a relative: 結月の, 長女柚月も."""
    if script(text[end : end + 1]) == "C":
        return False
    before = tokens[first - 1] if first else None
    if before is None or before.end < tokens[first].start or script(before.surface[-1]) != "C":
        return True
    return WORD_CLASS.get(before.surface, "") == "KIN"


def _is_behind_particle(token: Token, text: str, start: int, end: int) -> bool:
    """Whether a name begins behind a particle that the analyser took for the beginning of a word: 内科|のみ|やけ先生."""
    if start - token.start != 1 or text[token.start] not in _SWALLOWED:
        return False
    return _HONORIFIC.match(text, end) is not None


def _particle(text: str, start: int, end: int) -> Token:
    surface = text[start:end]
    return Token(surface, start, end, "助詞", "格助詞", "", "", surface, "")


def _rest(text: str, start: int, end: int) -> Token:
    """What is left behind a name of the word that it was cut out of, with the honorific that begins there, or って alone."""
    if text.startswith("って", start) and end <= start + 2:
        return Token("って", start, start + 2, "助詞", "副助詞", "", "", "って", "ッテ")
    if end == start + 1 and text[start] in _SWALLOWED:
        return _particle(text, start, end)
    honorific = _HONORIFIC.match(text, start)
    end = max(end, honorific.end()) if honorific else end
    return Token(text[start:end], start, end, "接尾辞", "名詞的", "一般", "", text[start:end], "")


def _is_somebodys(tokens: Sequence[Token], first: int) -> bool:
    """Whether a profession stands before a word, or の and a profession or a relative: 看護師, 看護助手の, うちの."""
    if first and WORD_CLASS.get(tokens[first - 1].surface, "") == "STAFF":
        return True
    if first < 2 or tokens[first - 1].surface != "の":
        return False
    return WORD_CLASS.get(tokens[first - 2].surface, "") in _PEOPLE


def _is_told_of(tokens: Sequence[Token], first: int) -> bool:
    """Whether what is said of a profession or written on a label is a word: 担当医は, 名札に."""
    if first < 2 or tokens[first - 1].surface not in {"は", "に"}:
        return False
    return WORD_CLASS.get(tokens[first - 2].surface, "") in _LABELS


_NUMERALS: Final = frozenset("一二三四五六七八九十百千万")


def _is_likely(name: str, *, cued: bool) -> bool:
    """Readings of family names, and numbers, are too often words to count without a cue."""
    if cued or (name in extra.HARD_FAMILY_NAMES and not _NUMERALS.issuperset(name)):
        return True
    return name in lexicon().given_readings_popular or name in extra.READINGS or name in extra.KANJI_GIVEN


def _opens(tokens: Sequence[Token], first: int, *, addressed: bool) -> bool:
    if first == 0 or tokens[first].surface[0] >= "一":
        return True
    before = tokens[first - 1]
    if before.end < tokens[first].start or before.pos in MARK_POS:
        return True
    if addressed and before.surface == "の":
        return True
    if before.surface in _JOINERS:
        return first > 1 and (
            WORD_CLASS.get(tokens[first - 2].surface, "") in _PEOPLE or tokens[first - 2].pos3 == "人名"
        )
    return WORD_CLASS.get(before.surface, "") in _PEOPLE | HONORIFIC_CLASSES


def _closes(tokens: Sequence[Token], last: int) -> bool:
    if last == len(tokens) - 1 or tokens[last].surface[-1] >= "一":
        return True
    behind = tokens[last + 1]
    if behind.start > tokens[last].end or behind.pos in _BEHIND:
        return True
    return (
        behind.surface in {"です", "だ"} or WORD_CLASS.get(behind.surface, "") in HONORIFIC_CLASSES | _PEOPLE
    )
