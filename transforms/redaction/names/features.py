"""What the model sees of a token: a class and a handful of strings, the same for equal tokens.

Belongs here: the description of one token and how descriptions are joined over a window.
Does not: weights (`model`), labels, training.

Everything that the model looks at is either a string of one token at a fixed distance or a pair or triple of
classes, so that all scores can be summed once and looked up afterwards (`model.Model`).
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from transforms.redaction.names.lexicon import lexicon, looks_family, looks_given, plain_kanji, to_hiragana
from transforms.redaction.names.vocabulary import WORD_CLASS
from transforms.text.tokens import Token

REACH: Final = 3
"""How many tokens to each side the model looks at."""

JOINED: Final = "連結"
"""Second part of speech of tokens that were put together again (`joining`)."""

SPOTTED: Final = "抽出"
"""Second part of speech of names that were cut out of other tokens (`spotting`)."""

_FUNCTION_POS: Final = frozenset({"助詞", "助動詞"})
MARK_POS: Final = frozenset({"補助記号", "記号"})
"""Parts of speech of punctuation."""

_SYMBOL_POS: Final = MARK_POS | {"空白"}
_SYMBOLS: Final = frozenset(
    "、。，．,.・／/:：()（）「」『』【】〈〉《》[]［］!?！？…‥ー-〜~→#＃@＠=＝&＆*＊_|｜〒●○◯■□★☆♪\"'“”’　 \n"
)
_SCRIPTS: Final = (
    ("H", re.compile(r"[ぁ-んー]+")),
    ("K", re.compile(r"[ァ-ヺー・]+")),
    ("C", re.compile(r"[一-龥々〆ヶ㐀-䶵豈-龎\U00020000-\U0003134f]+")),
    ("A", re.compile(r"[A-ZÀ-ÖØ-Þ]+")),
    ("T", re.compile(r"[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿĀ-ỹ]+")),
    ("a", re.compile(r"[A-Za-zÀ-ỹ]+")),
    ("9", re.compile(r"[0-9.,]+")),
)


def script(surface: str) -> str:
    """One letter for the script: H hiragana, K katakana, C kanji, A capitals, T Title, a Latin, 9 digits, M mixed."""
    for letter, pattern in _SCRIPTS:
        if pattern.fullmatch(surface):
            return letter
    return "M"


def name_flags(surface: str) -> str:
    """Letters for the lists of names that hold `surface`; empty where none does.

    S/s: a frequent or rare family name; G/g: a popular or rare given name; R/r: the same by reading; F: the reading of a
    family name; Q/q: in none, but kanji like a family or a given name's; m: several words with middle dots.
    """
    names = lexicon()
    count = names.surnames.get(surface, 0)
    flags = "S" if count > 50_000 else "s" if count or surface in names.surnames_rare else ""
    if surface in names.given_popular:
        flags += "G"
    elif surface in names.given:
        flags += "g"
    if not flags and (plain := plain_kanji(surface)) != surface:
        return name_flags(plain)
    if not flags:
        flags = "Q" * looks_family(surface) + "q" * looks_given(surface)
    reading = to_hiragana(surface)
    if reading in names.given_readings_popular:
        flags += "R"
    elif reading in names.given_readings:
        flags += "r"
    if len(surface) > 1 and reading in names.surname_readings:
        flags += "F"
    if "・" in surface[1:-1]:
        flags += "m"
    low = surface.lower()
    if low in names.romaji_surnames:
        flags += "F"
    if low in names.romaji_given:
        flags += "R"
    return flags


class Description(NamedTuple):
    """What the model sees of a token.

    Attributes:
        kind: its class.
        word: its surface, or its class where the surface is a name and would only be learnt by heart.
        own: strings that count where the token itself is judged.
        near: strings that count where a neighbour is judged.
        candidate: whether the token may be part of a name at all.
        role: class of `vocabulary` for words that are no name themselves, else "".
        letter: its `script`.
        flags: its `name_flags`.
    """

    kind: str
    word: str
    own: tuple[str, ...]
    near: tuple[str, ...]
    candidate: bool
    role: str = ""
    letter: str = ""
    flags: str = ""


def _role(token: Token) -> str:
    if token.pos == "代名詞" or token.pos3 == "人名":
        return ""
    return WORD_CLASS.get(token.surface, "")


def _kind(token: Token, letter: str, flags: str) -> str:
    surface, pos = token.surface, token.pos
    if pos in _FUNCTION_POS:
        return f"{surface}/{pos[-1]}"
    if pos in _SYMBOL_POS and not surface[:1].isalnum():
        return surface if surface in _SYMBOLS else "SYM"
    role = _role(token)
    if role:
        return f"{role}/{pos[0]}"
    length = min(len(surface), 4)
    if token.pos2 == "固有名詞":
        return f"{token.pos3[:2]}{token.pos4[:1]}{letter}{flags}"
    if pos in {"名詞", "接頭辞", "接尾辞", "形状詞", "代名詞"}:
        return f"{pos[0]}{token.pos2[:1]}{letter}{length}{flags}"
    return f"{pos[:2]}{letter}{flags}"


def _may_be_name(token: Token, letter: str) -> bool:
    if letter == "9" or (token.pos2 == "数詞" and letter != "C"):
        return False
    return token.pos not in _FUNCTION_POS and token.surface[:1].isalnum()


def describe(token: Token) -> Description:
    """The description of `token`, which depends on surface and part of speech alone."""
    surface = token.surface
    letter = script(surface)
    flags = name_flags(surface)
    kind = _kind(token, letter, flags)
    is_name = token.pos3 == "人名" or token.pos2 in {JOINED, SPOTTED}
    word = kind if is_name else surface
    pos = f"{token.pos[:2]}{token.pos2[:2]}{token.pos3[:2]}{token.pos4[:1]}"
    near = (f"w{word}", f"k{kind}", f"p{pos}", f"z{surface[-1:]}")
    own = (
        f"w{word}",
        f"k{kind}",
        f"p{pos}",
        f"z{surface[-1:]}",
        f"a{surface[:1]}",
        f"y{surface[-2:]}",
        f"s{letter}{min(len(surface), 6)}",
        f"f{flags}",
        f"pf{pos}{flags}",
        f"sf{letter}{flags}",
        f"ps{pos}{letter}{min(len(surface), 4)}",
        f"u{bool(token.kana)}{letter}",
    )
    return Description(kind, word, own, near, _may_be_name(token, letter), _role(token), letter, flags)


def _edge(name: str) -> Description:
    return Description(name, name, (), (f"w{name}",), candidate=False)


BOUNDARY: Final = _edge("<>")
"""Stands before the first and after the last token."""

SPACE: Final = _edge("< >")
"""White space between two tokens."""

NEWLINE: Final = _edge("<n>")
"""White space with a line's end in it."""


def left_strings(before2: Description, before: Description, here: Description) -> tuple[str, ...]:
    """What the model sees in a token together with the two before it."""
    return (
        f"A{before.kind}|{here.kind}",
        f"D{before2.kind}|{before.kind}",
        f"G{before2.kind}|{before.kind}|{here.kind}",
        f"I{before.word}|{here.kind}",
        f"K{before2.word}|{before.word}",
    )


def right_strings(here: Description, after: Description, after2: Description) -> tuple[str, ...]:
    """What the model sees in a token together with the two after it."""
    return (
        f"B{here.kind}|{after.kind}",
        f"E{after.kind}|{after2.kind}",
        f"H{here.kind}|{after.kind}|{after2.kind}",
        f"J{here.kind}|{after.word}",
        f"L{after.word}|{after2.word}",
    )


def middle_strings(before: Description, here: Description, after: Description) -> tuple[str, ...]:
    """What the model sees in a token together with both neighbours."""
    return (
        f"C{before.kind}|{after.kind}",
        f"F{before.kind}|{here.kind}|{after.kind}",
        f"M{before.word}|{here.kind}|{after.word}",
    )
