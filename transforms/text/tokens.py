"""Tokens: one morphological pass (fugashi over unidic-lite) that redaction and classification share.

Belongs here: the token, and the cheapest way to get a list of them.
Does not: what the words mean, dictionaries of names or drugs.
"""

from __future__ import annotations

import csv
import functools
import re
from typing import Final, NamedTuple

import fugashi
import unidic_lite  # type: ignore[import-untyped]

from transforms.text.fold import Folded

MAX_CHUNK: Final = 4_000
"""Code points given to the analyser at once. Its lattice grows with the length, so longer texts go in pieces."""

_CACHE_ENTRIES: Final = 300_000
_CACHED_LENGTH: Final = 48
_UNIT_SEP, _RECORD_SEP = "\x1f", "\x1e"
# Letters that the analyser cannot take (surrogates), stops at (NUL), or that separate our records.
_UNSAFE_RE: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")
_BREAK_RE: Final = re.compile(r"[。！？!?\n]")


class Token(NamedTuple):
    """A word as unidic-lite cuts it (short units).

    Attributes:
        surface: as it stands in the folded text.
        start: first code point in the folded text.
        end: one past the last code point.
        pos: part of speech, e.g. "名詞".
        pos2: its first subdivision, e.g. "固有名詞"; "" where there is none.
        pos3: e.g. "人名".
        pos4: e.g. "姓" or "名".
        lemma: dictionary form without unidic's gloss (コーヒー, not コーヒー-coffee); the surface of unknown words.
        kana: reading in katakana; "" for unknown words and signs.
    """

    surface: str
    start: int
    end: int
    pos: str
    pos2: str
    pos3: str
    pos4: str
    lemma: str
    kana: str


_Word = tuple[int, int, str, tuple[str, str, str, str, str, str]]
"""White space before, length, surface, features: all of a token but where it stands."""


Analysis = list[tuple[int, str, str]]
"""What the analyser wrote of a text: for each piece its offset, itself, and the records."""


def _analyser(node_format: str) -> fugashi.GenericTagger:
    """An analyser that writes each word by one of MeCab's output formats."""
    return fugashi.GenericTagger(
        f'-r /dev/null -d "{unidic_lite.DICDIR}" --output-format-type= --node-format="{node_format}"'
        f' --unk-format="{node_format}" --bos-format="" --eos-format=""'
    )


def _word(record: str) -> _Word:
    """Read a record of the full format: white space, surface, features as comma-separated values."""
    space, surface, features = record.split(_UNIT_SEP)
    values = ["" if v == "*" else v for v in next(csv.reader([features]))]
    values += [""] * (18 - len(values))
    pos, pos2, pos3, pos4 = values[:4]
    lemma = values[7].split("-", 1)[0] or surface
    return len(space), len(surface), surface, (pos, pos2, pos3, pos4, lemma, values[17])


class Tokenizer:
    """Cuts text into words. Not thread-safe: one a process (`get_tokenizer`).

    The analyser first writes surfaces and its own word ids, which is nearly as cheap as its bare pass; features are
    read from a table of the words met so far, and a text with a word that is new is written once more in full.
    """

    def __init__(self) -> None:
        ids = _UNIT_SEP.join(("%pS", "%m", "%phl", "%phr", "%c"))
        self._ids = _analyser(ids + _RECORD_SEP)
        self._full = _analyser(_UNIT_SEP.join(("%pS", "%m", "%H")) + _RECORD_SEP)
        self._known: dict[str, _Word] = {}

    def tokenize(self, folded: Folded | str) -> list[Token]:
        """Cut a text into words.

        Args:
            folded: a folded text (its `text` view is cut), or a plain string taken as folded.

        Returns:
            The words in order, with offsets into the folded text. White space is no word.
        """
        return self.tokens(self.analyse(folded))

    def analyse(self, folded: Folded | str) -> Analysis:
        """The analyser's part of `tokenize`: over many texts it is faster done for all of them before `tokens`."""
        text = folded if isinstance(folded, str) else folded.text
        text = _UNSAFE_RE.sub(" ", text)
        if len(text) <= MAX_CHUNK:
            return [(0, text, self._ids.parse(text))]
        pieces: Analysis = []
        start = 0
        while start < len(text):
            end = _chunk_end(text, start)
            piece = text[start:end]
            pieces.append((start, piece, self._ids.parse(piece)))
            start = end
        return pieces

    def tokens(self, analysis: Analysis) -> list[Token]:
        """The words that `analyse` found."""
        tokens: list[Token] = []
        add, new, known = tokens.append, tuple.__new__, self._known
        for offset, text, raw in analysis:
            records = raw.split(_RECORD_SEP)
            if not records[-1]:
                records.pop()
            try:
                words = [known[r] for r in records]
            except KeyError:
                words = self._learn(text, records)
            end = offset
            for space, length, surface, features in words:
                start = end + space
                end = start + length
                add(new(Token, (surface, start, end) + features))  # noqa: RUF005 (twice as fast)
        return tokens

    def _learn(self, text: str, records: list[str]) -> list[_Word]:
        """Read a piece in full, and remember its words under their ids."""
        full = self._full.parse(text).split(_RECORD_SEP)
        words = [_word(f) for f in full if f]
        if len(self._known) > _CACHE_ENTRIES:
            self._known.clear()
        self._known.update((r, w) for r, w in zip(records, words, strict=True) if len(r) <= _CACHED_LENGTH)
        return words


def _chunk_end(text: str, start: int) -> int:
    """Where a piece from `start` ends: behind the last sentence's end within the bound, else at the bound."""
    limit = start + MAX_CHUNK
    if limit >= len(text):
        return len(text)
    ends = [m.end() for m in _BREAK_RE.finditer(text, start + MAX_CHUNK // 2, limit)]
    return ends[-1] if ends else limit


@functools.cache
def get_tokenizer() -> Tokenizer:
    """The process's tokenizer."""
    return Tokenizer()
