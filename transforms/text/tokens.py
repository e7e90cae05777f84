"""Tokens: one morphological pass (fugashi over unidic-lite) that redaction and classification share.

Belongs here: the token, and the cheapest way to get a list of them.
Does not: what the words mean, dictionaries of names or drugs.
"""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple, overload

import fugashi
import unidic_lite  # type: ignore[import-untyped]

from transforms.text.fold import Folded

MAX_CHUNK: Final = 4_000
"""Code points given to the analyser at once. Its lattice grows with the length, so longer texts go in pieces."""

LONGEST_KEPT: Final = 48
"""Characters of the longest record under which anything is remembered."""

MOST_KEPT: Final = 100_000
"""Kinds of words remembered at each place that remembers any, which bounds what a worker holds however long it runs: the names
alone take some 3 kB a kind, and 100,000 posts hold 50,000 kinds."""

_UNIT_SEP, _RECORD_SEP = "\x1f", "\x1e"
# Letters that the analyser cannot take (surrogates), stops at (NUL), or that separate our records; folding leaves none.
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


class Lexeme:
    """A word without the place where it stands.

    Attributes:
        space: code points of white space before it.
        length: code points of the word.
        surface: as it stands in the folded text.
        features: pos, pos2, pos3, pos4, lemma and kana of its tokens.
    """

    __slots__ = ("features", "length", "space", "surface")

    def __init__(self, space: int, surface: str, features: tuple[str, str, str, str, str, str]) -> None:
        self.space = space
        self.length = len(surface)
        self.surface = surface
        self.features = features


class Piece(NamedTuple):
    """What the analyser wrote of a text or a part of it.

    Attributes:
        offset: where it begins in the folded text.
        text: the part.
        written: a record a word.
    """

    offset: int
    text: str
    written: str

    def records(self) -> list[str]:
        """The records of its words."""
        records = self.written.split(_RECORD_SEP)
        if not records[-1]:
            records.pop()
        return records


class Tokens(Sequence[Token]):
    """The words of a text. Lexemes and tokens are looked up when they are asked for: most readers look at few.

    Attributes:
        records: a record a word, which tells it from all others; readers may keep what they know of a word under it.
    """

    __slots__ = ("_all", "_known", "_lexemes", "_look_up", "_pieces", "_starts", "records")

    def __init__(
        self,
        pieces: Sequence[Piece],
        known: Mapping[str, Lexeme],
        look_up: Callable[[Sequence[Piece], list[str]], list[Lexeme]],
    ) -> None:
        """Take the pieces of a text, the lexemes of records met before, and what gives the lexemes of all."""
        self.records = pieces[0].records() if len(pieces) == 1 else [r for p in pieces for r in p.records()]
        self._pieces = pieces
        self._known = known
        self._look_up = look_up
        self._lexemes: list[Lexeme] | None = None
        self._starts: list[int] | None = None
        self._all: list[Token] | None = None

    @property
    def lexemes(self) -> list[Lexeme]:
        """The words without their places."""
        if self._lexemes is None:
            self._lexemes = self._look_up(self._pieces, self.records)
        return self._lexemes

    @property
    def starts(self) -> list[int]:
        """The first code point of each word in the folded text."""
        if self._starts is None:
            self._starts = []
            for piece in self._pieces:
                records = self.records if len(self._pieces) == 1 else piece.records()
                self._starts += _starts(records, piece.offset)
        return self._starts

    def times(self, surface: str) -> int:
        """How often a word stands in the text as a word."""
        record = f"{_UNIT_SEP}{surface}{_UNIT_SEP}"
        return sum([piece.written.count(record) for piece in self._pieces])

    def gaps(self) -> list[tuple[int, str]]:
        """Where white space stands between words: the index of the word behind it, and the white space."""
        if len(self._pieces) == 1:
            return [
                (i, r[: r.index(_UNIT_SEP)]) for i, r in enumerate(self.records) if i and r[0] != _UNIT_SEP
            ]
        return gaps(self.all(), "".join(piece.text for piece in self._pieces))

    def at(self, index: int) -> Token:
        """The token at an index that is not negative."""
        lexeme = self._known.get(self.records[index]) or self.lexemes[index]
        start = self.starts[index]
        return tuple.__new__(Token, (lexeme.surface, start, start + lexeme.length) + lexeme.features)  # noqa: RUF005 (twice as fast)

    def __len__(self) -> int:
        return len(self.records)

    @overload
    def __getitem__(self, index: int) -> Token: ...

    @overload
    def __getitem__(self, index: slice) -> list[Token]: ...

    def __getitem__(self, index: int | slice) -> Token | list[Token]:
        if self._all is not None:
            return self._all[index]
        if isinstance(index, slice):
            return [self.at(i) for i in range(*index.indices(len(self.records)))]
        return self.at(index if index >= 0 else index + len(self.records))

    def __iter__(self) -> Iterator[Token]:
        return iter(self.all())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self.all() == list(other)

    __hash__ = None  # type: ignore[assignment]  # like a list's

    def __repr__(self) -> str:
        """Their number: a text must not reach a log or a traceback."""
        return f"Tokens({len(self.records)} words)"

    def all(self) -> list[Token]:
        """All tokens; made once."""
        if self._all is None:
            new = tuple.__new__
            self._all = [
                new(Token, (w.surface, start, start + w.length) + w.features)  # noqa: RUF005 (twice as fast)
                for w, start in zip(self.lexemes, self.starts, strict=True)
            ]
        return self._all


def _starts(records: Iterable[str], offset: int) -> list[int]:
    """The first code point of each word, of which the records are given, and where the first begins."""
    starts: list[int] = []
    for record in records:
        space = record.index(_UNIT_SEP)
        starts.append(offset + space)
        offset += record.index(_UNIT_SEP, space + 1) - 1
    return starts


def surface_of(record: str) -> str:
    """The word that a record is of, as it stands in the folded text."""
    return record.split(_UNIT_SEP, 2)[1]


def gaps(tokens: Sequence[Token], text: str) -> list[tuple[int, str]]:
    """Where white space stands between tokens of a text: the index of the token behind it, and the white space."""
    return [
        (i, text[before.end : token.start])
        for i, (before, token) in enumerate(pairwise(tokens), start=1)
        if before.end != token.start
    ]


def _analyser(node_format: str) -> fugashi.GenericTagger:
    """An analyser that writes each word by one of MeCab's output formats."""
    return fugashi.GenericTagger(
        f'-r /dev/null -d "{unidic_lite.DICDIR}" --output-format-type= --node-format="{node_format}"'
        f' --unk-format="{node_format}" --bos-format="" --eos-format=""'
    )


def _lexeme(record: str) -> Lexeme:
    """Read a record of the full format: white space, surface, features as comma-separated values."""
    space, surface, features = record.split(_UNIT_SEP)
    values = ["" if v == "*" else v for v in next(csv.reader([features]))]
    values += [""] * (18 - len(values))
    pos, pos2, pos3, pos4 = values[:4]
    lemma = values[7].split("-", 1)[0] or surface
    return Lexeme(len(space), surface, (pos, pos2, pos3, pos4, lemma, values[17]))


class Tokenizer:
    """Cuts text into words. Not thread-safe: one a process (`get_tokenizer`).

    The analyser first writes surfaces and its own word ids, which is nearly as cheap as its bare pass; features are
    read from a table of the words met so far, and a text with a word that is new is written once more in full.
    """

    def __init__(self) -> None:
        # The id to the left tells what that to the right would: unidic-lite has the same on both sides of every word.
        ids = _UNIT_SEP.join(("%pS", "%m", "%phl", "%c"))
        self._ids = _analyser(ids + _RECORD_SEP)
        self._full = _analyser(_UNIT_SEP.join(("%pS", "%m", "%H")) + _RECORD_SEP)
        self._known: dict[str, Lexeme] = {}

    def tokenize(self, folded: Folded | str) -> Sequence[Token]:
        """Cut a text into words.

        Args:
            folded: a folded text (its `text` view is cut), or a plain string taken as folded.

        Returns:
            The words in order, with offsets into the folded text. White space is no word.
        """
        return self.tokens(self.analyse(folded))

    def analyse(self, folded: Folded | str) -> list[Piece]:
        """The analyser's part of `tokenize`: over many texts it is faster done for all of them before `tokens`."""
        text = _UNSAFE_RE.sub(" ", folded) if isinstance(folded, str) else folded.text
        if len(text) <= MAX_CHUNK:
            return [Piece(0, text, self._ids.parse(text))]
        pieces: list[Piece] = []
        start = 0
        while start < len(text):
            end = _chunk_end(text, start)
            piece = text[start:end]
            pieces.append(Piece(start, piece, self._ids.parse(piece)))
            start = end
        return pieces

    def tokens(self, pieces: Sequence[Piece]) -> Tokens:
        """The words that `analyse` found."""
        return Tokens(pieces, self._known, self._lexemes)

    def _lexemes(self, pieces: Sequence[Piece], records: list[str]) -> list[Lexeme]:
        """The words of a text."""
        try:
            return list(map(self._known.__getitem__, records))
        except KeyError:
            return self._learn(pieces, records)

    def _learn(self, pieces: Sequence[Piece], records: list[str]) -> list[Lexeme]:
        """Read the words of a text that are new, and remember them under their records."""
        full = [f for p in pieces for f in self._full.parse(p.text).split(_RECORD_SEP) if f]
        if len(self._known) > MOST_KEPT:
            self._known.clear()
        known = self._known.get
        return [known(r) or self._new(r, f) for r, f in zip(records, full, strict=True)]

    def _new(self, record: str, full: str) -> Lexeme:
        lexeme = _lexeme(full)
        if len(record) <= LONGEST_KEPT:
            self._known[record] = lexeme
        return lexeme


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
