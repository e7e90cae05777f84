"""Put names together again that the analyser cut into pieces: いわ|も|と先生, 陽|葵, カ|ズ|ホ.

Belongs here: which neighbouring tokens become one, by the lists of names and by what stands around them.
Does not: whether the result is a name in its place (`model`, `finder`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from transforms.redaction.names import extra
from transforms.redaction.names.features import JOINED, MARK_POS, script
from transforms.redaction.names.lexicon import is_listed, is_popular, looks_given
from transforms.redaction.names.vocabulary import HONORIFIC_CLASSES, WORD_CLASS, words
from transforms.text.tokens import Token, Tokens, surface_of

MAX_LENGTH: Final = 7
"""Characters of the longest name that is put together."""

MAX_ADDRESSED: Final = 4

NAME_KANJI: Final = frozenset("子山川島城村町谷斗目寺皆")
"""Words of `vocabulary` that end names as well."""

_OPENING: Final = frozenset("「『([【〈《<")
_CLOSING: Final = frozenset("」』)]】〉》>")
_NO_START: Final = frozenset("っゃゅょぁぃぅぇぉーんをッャュョァィゥェォンヲ")

# One letter a token, so that a regular expression finds the few places where something may be joined: c one kanji, d two
# kanji, e two kanji that are a name or a place, k katakana and h hiragana of up to four, H honorific, ( and ) brackets,
# , comma or middle dot, n numeral in kanji, p particle in hiragana, T title in kanji, X other words in kanji, x anything else.
# Each branch begins with a class of its own, so that most places cost a look at one letter; what is counted possessively
# is never tried again with fewer, as none of its letters may follow.
HINT: Final = re.compile(
    r"""
    [cden](?:
        (?<![cdenXT].)(?:(?P<addressed>[cden]{1,3}+)(?=H) | (?<=[cde])(?P<linked>k[cde])(?=[HT]))
      | (?P<kanji>(?<=c)[cde]{1,3} | (?<=[de])c[cde]{0,2} | (?<=d)e | (?<=e)[de])
    )
  | k(?P<katakana>k{1,3})
  | [hp](?=[hp]{1,4}+[HT])(?:
        (?:(?<=\(.)|(?<=^.))(?P<quoted>[hp]{1,3}+)(?=H)
      | (?P<before>[hp]{1,4}+)
    )
  | (?<=\()(?P<inside>[hpkcdenXT]{2,5}+)(?=[),])
    """,
    re.VERBOSE | re.MULTILINE,
)
"""Matches in the string of all `place_code`s where `join` may find something; the group tells what."""


_TITLES: Final = frozenset({"DOCTOR", "CHIEF", "STAFF"})
_LINKS: Final = frozenset("ノヶケ")


def place_code(token: Token) -> str:
    """The letter of a token in the string that `join` searches."""
    surface = token.surface
    role = WORD_CLASS.get(surface)
    if role in HONORIFIC_CLASSES:
        return "H"
    if token.pos in MARK_POS:
        return _symbol_code(surface)
    letter = script(surface)
    if letter == "C":
        return "T" if role in _TITLES and surface not in NAME_KANJI else _kanji_code(token)
    return _kana_code(token, letter)


def _kana_code(token: Token, letter: str) -> str:
    if len(token.surface) > 4 or letter not in {"H", "K"}:
        return "x"
    if letter == "K":
        return "k"
    return "p" if token.pos == "助詞" else "h"


def _kanji_code(token: Token) -> str:
    surface = token.surface
    if token.pos2 == "数詞":
        return "n" if len(surface) == 1 else "X"
    if len(surface) > 2 or (token.pos3.startswith("助数詞") and surface not in NAME_KANJI):
        return "X"
    known = token.pos3 in {"人名", "地名"}
    if not known and surface in WORD_CLASS and surface not in NAME_KANJI:
        return "X"
    if len(surface) == 1:
        return "c"
    return "e" if known else "d"


def _symbol_code(surface: str) -> str:
    if surface in _OPENING:
        return "("
    if surface in _CLOSING:
        return ")"
    if surface in {"、", ",", "・", "/"}:
        return ","
    return "h" if script(surface) == "H" else "x"


def joined(tokens: Sequence[Token]) -> Token:
    """One token of several neighbours."""
    return Token(
        "".join(t.surface for t in tokens),
        tokens[0].start,
        tokens[-1].end,
        "名詞",
        JOINED,
        "".join(t.pos[0] for t in tokens),
        "",
        "",
        "".join(t.kana for t in tokens),
    )


def join(tokens: Sequence[Token], codes: str) -> list[Token] | None:
    """Join the pieces of names in one text; see `join_many`.

    Args:
        tokens: of the text.
        codes: their `place_code`s, one letter each.
    """
    return join_many([tokens], codes)[0]


def join_many(texts: Sequence[Sequence[Token]], codes: str) -> list[list[Token] | None]:
    """Join the pieces of names.

    Args:
        texts: the tokens of each.
        codes: their `place_code`s, one letter each, with a line's end behind each text.

    Returns:
        For each text its tokens with each run that makes a listed name replaced by one token; None where nothing joins.
    """
    result: list[list[Token] | None] = [None] * len(texts)
    runs: dict[int, list[tuple[int, int]]] = {}
    at = first = 0
    for place in HINT.finditer(codes):
        while place.start() - first > len(texts[at]):
            first += len(texts[at]) + 1
            at += 1
        if found := _runs(texts[at], place.lastgroup or "", place.start() - first, place.end() - first):
            runs.setdefault(at, []).extend(found)
    for at, found in runs.items():
        result[at] = _with_runs(texts[at], found)
    return result


def _with_runs(tokens: Sequence[Token], runs: Sequence[tuple[int, int]]) -> list[Token]:
    """Tokens with each run as one."""
    result: list[Token] = []
    done = 0
    for start, end in runs:
        result += tokens[done:start]
        result.append(joined(tokens[start:end]))
        done = end
    return result + list(tokens[done:])


def _runs(tokens: Sequence[Token], kind: str, start: int, end: int) -> Sequence[tuple[int, int]]:
    """Which tokens of a place become one."""
    if kind == "linked":
        return [(start, end)] if tokens[start + 1].surface in _LINKS and _is_tight(tokens[start:end]) else ()
    if (kind == "addressed" and _is_addressed_name(tokens[start:end])) or (
        kind == "quoted" and _is_pet_name(tokens[start:end])
    ):
        return [(start, end)]
    if not _may_join_all(tokens, start, end):
        return ()
    runs: list[tuple[int, int]] = []
    while start < end - 1:
        size = _longest(tokens, start, end, to_the_end=kind in {"quoted", "before", "inside"})
        if size and (
            _is_endeared(tokens, start, start + size) or not is_grammar(tokens, start, start + size)
        ):
            runs.append((start, start + size))
        start += size or 1
    return runs


def _may_join_all(tokens: Sequence[Token], start: int, end: int) -> bool:
    """Whether any neighbours among tokens make a listed name, or kanji like a given name's or of no known word."""
    if isinstance(tokens, Tokens):
        return _may_join_records(tuple(tokens.records[start:end]))
    return _may_join(_surfaces(tokens, start, end))


def _surfaces(tokens: Sequence[Token], start: int, end: int) -> tuple[str, ...]:
    if isinstance(tokens, Tokens):
        return tuple(map(surface_of, tokens.records[start:end]))
    return tuple([t.surface for t in tokens[start:end]])


@lru_cache(100_000)
def _may_join_records(records: tuple[str, ...]) -> bool:
    """`_may_join` of the words that the analyser wrote so."""
    return _may_join(tuple(map(surface_of, records)))


def _may_join(surfaces: tuple[str, ...]) -> bool:
    count = len(surfaces)
    parts = ["".join(surfaces[i:j]) for i in range(count) for j in range(i + 2, count + 1)]
    return any(is_listed(part) or looks_given(part) for part in parts)


def _is_tight(parts: Sequence[Token]) -> bool:
    """Whether no white space stands between tokens."""
    return parts[-1].end - parts[0].start == sum(len(t.surface) for t in parts)


def _is_pet_name(parts: Sequence[Token]) -> bool:
    """Whether kana between a bracket and an honorific make one name: no words of their own."""
    if (
        parts[-1].end - parts[0].start > MAX_ADDRESSED
        or parts[0].surface[0] in _NO_START
        or parts[0].surface in {"お", "ご"}
    ):
        return False
    return all(len(t.surface) <= 2 and t.surface not in WORD_CLASS for t in parts)


def _is_whole(tokens: Sequence[Token], start: int, stop: int) -> bool:
    """Whether no kanji touch a run of kanji."""
    return (start == 0 or script(tokens[start - 1].surface) != "C") and (
        stop == len(tokens) or script(tokens[stop].surface) != "C"
    )


def _is_addressed_name(parts: Sequence[Token]) -> bool:
    """Whether kanji before an honorific make one name: no full name, none that ends in a word like 員."""
    surface = "".join(t.surface for t in parts)
    if parts[-1].end - parts[0].start != len(surface) or len(surface) > MAX_ADDRESSED:
        return False
    if any(t.pos3 == "人名" and len(t.surface) > 1 for t in parts):
        return is_listed(surface)
    ends = parts[-1].surface not in WORD_CLASS or parts[-1].surface in NAME_KANJI or is_listed(surface)
    return ends and parts[0].surface not in WORD_CLASS


def _is_endeared(tokens: Sequence[Token], start: int, end: int) -> bool:
    """Whether a popular given name stands before くん or ちゃん: 待合で|み|う|ちゃん."""
    if end == len(tokens) or WORD_CLASS.get(tokens[end].surface, "") not in {"KUN", "CHAN"}:
        return False
    if end + 1 < len(tokens) and tokens[end + 1].surface == "と":
        return False
    return is_popular("".join(t.surface for t in tokens[start:end]))


_PREDICATES: Final = frozenset({"動詞", "形容詞", "助動詞"})
_CASES: Final = frozenset("をがにへで")
_OF_PLACE_OR_TIME: Final = words(
    "うち ウチ おうち ほか よそ となり むこう ここ そこ あそこ どこ きょう きのう あした あす いま いつも さっき まえ つぎ むかし こんど さいしょ さいご はじめ もと ふつう"
)


_FORMAL_NOUNS: Final = words("とき こと あと ほう ため もの ところ ほか まま わけ はず うえ たび")
"""Nouns that carry a clause: 申し出た|とき|は主任が."""


def is_grammar(tokens: Sequence[Token], start: int, end: int) -> bool:
    """Whether kana go on with the sentence before them (診て|くれ|た先生, かもしれ|ない|と先生), or are of the kind of うち|の先生.

    Args:
        tokens: of the text.
        start: the first that would be joined.
        end: one past the last.
    """
    first = tokens[start]
    if end - start == 2 and tokens[start + 1].surface == "の" and first.surface in _OF_PLACE_OR_TIME:
        return True
    whole = "".join(t.surface for t in tokens[start:end])
    if first.surface in _FORMAL_NOUNS and tokens[start + 1].pos == "助詞" and whole not in extra.READINGS:
        return True
    if start == 0 or tokens[start - 1].end < first.start or first.pos not in {*_PREDICATES, "助詞"}:
        return False
    before = tokens[start - 1]
    if before.pos in _PREDICATES or before.pos2 == "接続助詞":
        return True
    if first.pos not in _PREDICATES:
        return False
    return before.surface in _CASES or before.pos3 == "サ変可能"


def _is_particle_after_noun(tokens: Sequence[Token], start: int, end: int) -> bool:
    """Whether the run is better read as a particle and a name (看護師 の ゆり) than as one name (のゆり)."""
    if start == 0 or tokens[start].pos != "助詞" or tokens[start - 1].pos in MARK_POS:
        return False
    return is_listed("".join(t.surface for t in tokens[start + 1 : end]))


def _longest(tokens: Sequence[Token], start: int, end: int, *, to_the_end: bool) -> int:
    """How many tokens from `start` make the longest listed name; 0 if none do."""
    surfaces = _surfaces(tokens, start, end)
    if surfaces[0][0] in _NO_START:
        return 0
    for size in [end - start] if to_the_end else range(end - start, 1, -1):
        if _is_name(tokens, start, surfaces[:size]) and _is_tight(tokens[start : start + size]):
            return 0 if _is_particle_after_noun(tokens, start, end) else size
    return 0


def _is_name(tokens: Sequence[Token], start: int, surfaces: Sequence[str]) -> bool:
    """Whether tokens from `start` with these surfaces make a listed name, or two kanji that look like a given one."""
    surface = "".join(surfaces)
    if len(surface) <= MAX_LENGTH and is_listed(surface):
        return True
    return len(surfaces) == len(surface) == 2 and looks_given(surface) and _is_whole(tokens, start, start + 2)
