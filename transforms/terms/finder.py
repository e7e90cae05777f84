"""Finds terms in redacted texts: words of the lexicons, and nouns that may become known to be on many lips.

Belongs here: the lexicon of illnesses, procedures and technologies, nouns and what keeps one from being a term. Does not:
counting who said them, deciding which are said by enough people (`orchestration.assets`, `statistics.emerging`).

A term is never a name. Names, places and brands that the analyser knows are no nouns here, nor is a word of which any part is on
the independent scanner's name list, what stands in a placeholder, or what the watchlist looks for. A term has at most
`LONGEST` characters, so that no term is a run of a text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from importlib import resources
from typing import Final, NamedTuple

from ahocorasick_rs import AhoCorasick, MatchKind

from transforms.classification import lexicons
from transforms.redaction.operators import placeholder_spans
from transforms.redaction.scan import find_names, name_list
from transforms.text.fold import fold
from transforms.text.garbage import paused
from transforms.text.tokens import Lexeme, Tokens, get_tokenizer

LONGEST: Final = 12
"""Characters of the longest noun: one less than what counts as a run of somebody's text."""
MOST: Final = 40
"""Nouns of one post that are kept."""
MAX_SCANNED: Final = 4_000
KINDS: Final = ("drug", "illness", "procedure", "technology")
_DRUG_TYPES: Final = frozenset({"drug", "vaccine", "device", "aesthetic"})
_ADDRESSED: Final = frozenset({"さん", "さま", "様", "ちゃん", "くん", "君", "氏", "殿", "先生"})
_NO_NOUNS: Final = frozenset({"固有名詞", "数詞", "助動詞語幹"})
_LEAST_KATAKANA, _LEAST_LATIN = 3, 3
_KATAKANA: Final = re.compile(r"[ァ-ヶー]+")
_LATIN: Final = re.compile(r"[a-z][a-z0-9\-]+")
_KANJI: Final = re.compile(r"[一-鿿々]")
_WORD: Final = re.compile(r"[ぁ-ゖァ-ヶー一-鿿々a-z0-9\-]+")
_COUNTED: Final = re.compile(r"[0-9〇一二三四五六七八九十百千万]+[^0-9]{0,3}")


class LexiconRow(NamedTuple):
    """A line of lexicon.tsv."""

    kind: str
    name: str
    group: str
    terms: tuple[str, ...]


class Terms(NamedTuple):
    """What was found in a text.

    Attributes:
        terms: `kind:name` of words of the lexicons, sorted.
        conditions: groups of the illnesses among them, sorted.
        nouns: other nouns by their numbers, sorted.
    """

    terms: tuple[str, ...]
    conditions: tuple[str, ...]
    nouns: tuple[int, ...]


@cache
def lexicon_rows() -> tuple[LexiconRow, ...]:
    """The shipped lexicon.

    Raises:
        ValueError: a line does not have four columns.
    """
    text = resources.files(__package__).joinpath("lexicon.tsv").read_text(encoding="utf-8")
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        values = line.split("\t")
        if len(values) != 4:
            raise ValueError(f"lexicon.tsv line {number}: {len(values)} columns, expected 4")
        rows.append(LexiconRow(values[0], values[1], values[2], tuple(values[3].split("|"))))
    return tuple(rows)


def number_of(noun: str, key: bytes = b"") -> int:
    """A noun's number: 63 bits of a keyed hash, so that rare nouns are carried no further than the text.

    Args:
        noun: the word.
        key: up to 64 bytes; without it nobody can try words until one has the number.
    """
    return int.from_bytes(hashlib.blake2b(noun.encode(), digest_size=8, key=key).digest()) >> 1


class TermFinder:
    """Finds terms, and remembers which noun has which number. Not thread-safe: one a process.

    Attributes:
        heard: nouns met since this was last emptied, by number. Only those that enough people said may be written anywhere.
    """

    def __init__(self, excluded: Collection[str] = (), key: bytes = b"") -> None:
        """Take words that are never terms (names of the watchlist), and the key of the nouns' numbers."""
        self._key = key
        self.heard: dict[int, str] = {}
        self._numbers: dict[str, int | None] = {}
        self._excluded = tuple(sorted({fold(word).text.lower() for word in excluded}))
        spelt = [(fold(term).text.lower(), row) for row in lexicon_rows() for term in row.terms]
        self._rows = [row for _, row in spelt]
        self._edges = [bool(_LATIN.fullmatch(term)) for term, _ in spelt]
        self._automaton = AhoCorasick(
            [t for t, _ in spelt], matchkind=MatchKind.LeftmostLongest, store_patterns=False
        )

    def __repr__(self) -> str:
        """How many nouns it has met: words must not reach a log."""
        return f"TermFinder({len(self.heard)} nouns)"

    def find_many(self, texts: Sequence[str | None]) -> list[Terms]:
        """The terms of each text; none for None.

        Args:
            texts: redacted texts.
        """
        with paused():
            return [_NOTHING if text is None else self._find(text) for text in texts]

    def _find(self, text: str) -> Terms:
        folded = fold(_without_placeholders(text[:MAX_SCANNED]))
        lowered = folded.text.lower()
        found = set(_drugs(lexicons.scan(folded)))
        groups: set[str] = set()
        spelt: set[str] = set()
        if len(lowered) == len(folded.text):
            for index, start, end in self._automaton.find_matches_as_indexes(lowered):
                if self._edges[index] and _within_word(lowered, start, end):
                    continue
                row = self._rows[index]
                found.add(f"{row.kind}:{row.name}")
                spelt.add(lowered[start:end])
                groups.update([row.group] if row.group else [])
        words = get_tokenizer().tokenize(folded)
        numbers = {
            number
            for noun in _nouns(words.lexemes if isinstance(words, Tokens) else ())
            if noun not in spelt and (number := self._number(noun)) is not None
        }
        return Terms(tuple(sorted(found)), tuple(sorted(groups)), tuple(sorted(numbers)[:MOST]))

    def _number(self, noun: str) -> int | None:
        """The number of a noun that may be a term; what was decided of a noun is remembered."""
        if noun not in self._numbers:
            # The beginning of a facility's name stands for it; its end (皮膚科) is a word.
            allowed = _is_term(noun) and not any(
                name.startswith(noun) or name in noun for name in self._excluded
            )
            self._numbers[noun] = number_of(noun, self._key) if allowed else None
        number = self._numbers[noun]
        if number is not None:
            self.heard[number] = noun
        return number

    def forget(self) -> None:
        """Forget the nouns that were met."""
        self.heard.clear()
        self._numbers.clear()


_NOTHING: Final = Terms((), (), ())


def _without_placeholders(text: str) -> str:
    for start, end in reversed(placeholder_spans(text)):
        text = f"{text[:start]}。{text[end:]}"
    return text


def _drugs(scan: lexicons.Scan) -> Iterator[str]:
    for hit in scan.longest("drugs"):
        name, kind, *_ = hit.entry.values
        if kind in _DRUG_TYPES:
            yield f"drug:{name}"


def _within_word(text: str, start: int, end: int) -> bool:
    return bool(_LATIN.fullmatch(text[max(0, start - 1) : start + 1])) or bool(
        text[end : end + 1].isascii() and text[end : end + 1].isalpha()
    )


def _nouns(words: Sequence[Lexeme]) -> Iterator[str]:
    """Runs of common nouns without a gap; a run with a name or a place in it is none."""
    run: list[Lexeme] = []
    for word in words:
        pos = word.features[0]
        if run and (word.space or pos not in ("名詞", "接尾辞")):
            yield from _joined(run)
            run = []
        if pos == "名詞" or (run and pos == "接尾辞"):
            run.append(word)
    yield from _joined(run)


def _joined(run: Sequence[Lexeme]) -> Iterator[str]:
    if not run or run[-1].surface in _ADDRESSED:  # who is addressed so is a person
        return
    kinds = [word.features[:3] for word in run]
    if any(kind[1] in _NO_NOUNS for kind in kinds):
        return
    if all(kind[2] in ("副詞可能", "助数詞可能") for kind in kinds):
        return
    yield "".join([word.surface for word in run]).lower()


def _is_term(noun: str) -> bool:
    """Whether a noun is a word that one can read, and nobody's name."""
    if not 2 <= len(noun) <= LONGEST or not _WORD.fullmatch(noun) or _COUNTED.fullmatch(noun):
        return False
    if not _KANJI.search(noun):
        least = _LEAST_KATAKANA if _KATAKANA.fullmatch(noun) else _LEAST_LATIN
        if not (_KATAKANA.fullmatch(noun) or _LATIN.fullmatch(noun)) or len(noun) < least:
            return False
    if _is_name(noun) or any(_is_name(word.surface) for word in get_tokenizer().tokenize(noun)):
        return False
    return not any(find_names(noun)) and not any(find_names(f"{noun}さん"))


def _is_name(word: str) -> bool:
    """Whether the independent scanner's list has a word as a name, in any spelling."""
    names = name_list()
    listed = (names.families, names.givens, names.family_romaji, names.given_romaji)
    readings = (names.family_readings, names.given_readings)
    as_read = "".join(chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" else c for c in word)
    return any(word in words for words in listed) or any(as_read in words for words in readings)
