"""The trained part: how likely each token of a text belongs to a name.

A linear-chain conditional random field (Lafferty, McCallum, Pereira 2001) with two states, name and not name, over
runs of neighbouring tokens that may be names at all. Features are hashed to integers; what depends on one token or on
two or three neighbours alone is summed once and looked up afterwards, so a token costs a few look-ups.

Belongs here: weights, how they are read and checked, probabilities.
Does not: features (`features`), training (`training.names`), what to do with a probability (`finder`).
"""

from __future__ import annotations

import hashlib
import io
import math
import zlib
from array import array
from collections.abc import Callable, Iterable, Sequence
from importlib.resources import files
from operator import itemgetter
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from transforms.redaction.names.features import (
    BOUNDARY,
    NEWLINE,
    REACH,
    SPACE,
    Description,
    describe,
    left_strings,
    middle_strings,
    right_strings,
)
from transforms.redaction.names.joining import place_code
from transforms.text.tokens import LONGEST_KEPT, MOST_KEPT, Token, Tokens

BUCKETS: Final = 1 << 18
"""Integers that feature strings are hashed to."""

WEIGHTS_FILE: Final = "data/weights.npz"
HASH_FILE: Final = "data/weights.sha256.txt"

NEVER: Final = -99.0
"""Evidence of words that cannot be part of a name."""

DULL: Final = -4.5
"""Words with less evidence from themselves are no names, whatever stands beside them (cross-validated: 1 in 400 lost, before honorifics none)."""

DULL_ADDRESSED: Final = -9.0
"""The same before an honorific."""

UNLIKELY: Final = -4.0
"""Words with less evidence from themselves and their neighbours one by one need no closer look (none lost)."""

BOUNDARY_ROW, SPACE_ROW, NEWLINE_ROW = range(3)
"""The rows of what is no word: `REACH` boundaries stand at both ends of a text."""

_ROW_BITS: Final = 20
_ROW_MASK: Final = (1 << _ROW_BITS) - 1
"""Rows of three words make one key of a cache. Far fewer words are remembered than these bits can count."""

_MARGIN: Final = 1e-6
"""Odds so close below a bar may pass it after rounding."""

_KEY: Final = itemgetter(0, 3, 4, 5, 6)
"""What tells kinds of tokens apart, besides whether they have a reading: surface and parts of speech, all that `describe` looks at."""


class ModelError(ValueError):
    """The file of weights is not the one that was trained, or cannot be read."""


def bucket(string: str) -> int:
    """The integer of a feature string (CRC-32, the same on every machine)."""
    return zlib.crc32(string.encode("utf-8", "surrogatepass")) & (BUCKETS - 1)


def _start(prefix: str) -> int:
    """The CRC-32 of a prefix, to go on from: the strings of a token are hashed for many distances."""
    return zlib.crc32(prefix.encode())


_OWN: Final = _start("0")
_BEFORE: Final = tuple(_start(f"-{d}") for d in range(1, REACH + 1))
_AFTER: Final = tuple(_start(f"+{d}") for d in range(1, REACH + 1))


def window_strings(window: Sequence[Description]) -> list[str]:
    """All feature strings of the token in the middle of a window.

    Args:
        window: `REACH` descriptions, the token's own, and `REACH` more.
    """
    here = window[REACH]
    strings = [f"0{s}" for s in here.own]
    for distance in range(1, REACH + 1):
        strings += [f"-{distance}{s}" for s in window[REACH - distance].near]
        strings += [f"+{distance}{s}" for s in window[REACH + distance].near]
    strings += left_strings(window[REACH - 2], window[REACH - 1], here)
    strings += middle_strings(window[REACH - 1], here, window[REACH + 1])
    strings += right_strings(here, window[REACH + 1], window[REACH + 2])
    return strings


class Weights(NamedTuple):
    """What training found.

    Attributes:
        values: float32, shape (BUCKETS,): evidence for a name.
        transitions: float32, shape (2, 2): from state to state between neighbours, 0 is not name and 1 is name.
        bias: added to every token's evidence.
    """

    values: npt.NDArray[np.float32]
    transitions: npt.NDArray[np.float32]
    bias: float


def dump_weights(weights: Weights) -> bytes:
    """The file's bytes: small weights dropped, the rest as half floats; equal weights give equal bytes."""
    kept = np.flatnonzero(np.abs(weights.values) >= 0.01).astype(np.uint32)
    arrays: dict[str, npt.NDArray[Any]] = {
        "at": kept,
        "values": weights.values[kept].astype(np.float16),
        "transitions": weights.transitions.astype(np.float32),
        "bias": np.array(weights.bias, np.float32),
    }
    packed = io.BytesIO()
    np.savez_compressed(packed, allow_pickle=False, **arrays)
    return packed.getvalue()


def parse_weights(data: bytes, sha256: str) -> Weights:
    """Read weights.

    Args:
        data: the file's bytes.
        sha256: the hash that it must have, in hexadecimal.

    Raises:
        ModelError: the hash differs.
    """
    found = hashlib.sha256(data).hexdigest()
    if found != sha256.strip():
        raise ModelError(
            f"weights of the name model have hash {found[:12]}…, {sha256.strip()[:12]}… was expected"
        )
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        at, kept = arrays["at"], arrays["values"]
        transitions, bias = arrays["transitions"], float(arrays["bias"])
    values = np.zeros(BUCKETS, np.float32)
    values[at] = kept
    return Weights(values, transitions, bias)


def load_weights() -> Weights:
    """The weights that ship with the package."""
    here = files(__package__)
    return parse_weights((here / WEIGHTS_FILE).read_bytes(), (here / HASH_FILE).read_text("ascii"))


class Word:
    """A kind of token with its evidence summed.

    Attributes:
        description: what the model sees of it.
        surface: as it stands in the folded text; "" for white space and boundaries.
        pos: its part of speech.
        pos2: the first subdivision.
        pos3: the second.
        pos4: the third.
        code: its letter for `joining`.
        evidence: from itself, `NEVER` where it cannot be part of a name; then what it gives to the words 1, 2, 3 to
            its right and to those 1, 2, 3 to its left.
    """

    __slots__ = ("code", "description", "evidence", "pos", "pos2", "pos3", "pos4", "surface")

    def __init__(
        self, token: Token, description: Description, code: str, values: Sequence[float], bias: float
    ) -> None:
        self.surface = token.surface
        self.pos, self.pos2, self.pos3, self.pos4 = token[3:7]
        self.description = description
        self.code = code
        own = NEVER
        if description.candidate:
            own = _total(values, [s.encode("utf-8", "surrogatepass") for s in description.own], _OWN) + bias
        near = [s.encode("utf-8", "surrogatepass") for s in description.near]
        self.evidence = (own, *[_total(values, near, start) for start in (*_BEFORE, *_AFTER)])


def _total(values: Sequence[float], strings: Iterable[bytes], start: int) -> float:
    """Weight of feature strings that share a prefix."""
    return sum([values[zlib.crc32(s, start) & (BUCKETS - 1)] for s in strings])


def with_spaces(tokens: Sequence[Token], text: str) -> list[Token | None]:
    """The tokens with an entry for white space between them: None for a line's end, a token of "" for a space."""
    units: list[Token | None] = []
    end = 0
    for token in tokens:
        if token.start > end and units:
            units.append(None if "\n" in text[end : token.start] else _SPACE_TOKEN)
        units.append(token)
        end = token.end
    return units


_SPACE_TOKEN: Final = Token("", 0, 0, "空白", "", "", "", "", "")


def describe_unit(unit: Token | None) -> Description:
    """The description of an entry of `with_spaces`."""
    if unit is None:
        return NEWLINE
    return SPACE if unit.pos == "空白" else describe(unit)


def padded(descriptions: Sequence[Description]) -> list[Description]:
    """The descriptions with `REACH` boundaries at each end."""
    edge = [BOUNDARY] * REACH
    return [*edge, *descriptions, *edge]


class Likely(NamedTuple):
    """Words that may belong to a name, in order; all arrays have shape (words,).

    Attributes:
        at: their indices.
        evidence: for a name.
        after_other: whether the word before may be part of a name at all.
        before_other: whether the word behind may.
    """

    at: npt.NDArray[np.intp]
    evidence: npt.NDArray[np.float64]
    after_other: npt.NDArray[np.bool_]
    before_other: npt.NDArray[np.bool_]


_Strings = Callable[[Description, Description, Description], tuple[str, ...]]


class Model:
    """Probabilities of names. Remembers what it has summed; one a process, not thread-safe.

    A kind of word is a row of the model's table, so that the evidence of all words of many texts is summed in a few
    passes over arrays: `words` gives rows, `at` the words of rows.
    """

    def __init__(self, weights: Weights) -> None:
        self._values = array("f", weights.values.tobytes())
        self._bias = weights.bias
        (self._stay_out, self._enter), (self._leave, self._stay_in) = weights.transitions.tolist()
        self._evidence = np.zeros((1 + 2 * REACH, 0))
        self._is_honorific = np.zeros(0, np.bool_)
        self.forget()

    def forget(self) -> None:
        """Drop what was remembered; rows given before mean nothing any more."""
        self._words = [
            Word(_SPACE_TOKEN, d, "\n", self._values, self._bias) for d in (BOUNDARY, SPACE, NEWLINE)
        ]
        self._codes = [word.code for word in self._words]
        self._summed = 0
        self._of_key: dict[tuple[bool, tuple[str, ...]], int] = {}
        self._of_record: dict[str, int] = {}
        self._left: dict[int, float] = {}
        self._middle: dict[int, float] = {}
        self._right: dict[int, float] = {}

    def forget_if_full(self) -> None:
        """Drop what was remembered where it has become too much. To be asked between texts."""
        caches = (self._words, self._of_record, self._left, self._middle, self._right)
        if max(map(len, caches)) > MOST_KEPT:
            self.forget()

    def word(self, row: int) -> Word:
        """The word of a row."""
        return self._words[row]

    def at(self, rows: Iterable[int]) -> list[Word]:
        """The words of rows."""
        return list(map(self._words.__getitem__, rows))

    def words(self, tokens: Sequence[Token]) -> list[int]:
        """The rows of tokens."""
        if not isinstance(tokens, Tokens):
            return [self._row(t) for t in tokens]
        try:
            return list(map(self._of_record.__getitem__, tokens.records))
        except KeyError:
            return self._learn(tokens)

    def codes(self, rows: Iterable[int]) -> str:
        """The letters of words for `joining`; a line's end for a boundary."""
        return "".join(map(self._codes.__getitem__, rows))

    def _learn(self, tokens: Tokens) -> list[int]:
        """The rows of tokens, remembered under their records."""
        known = self._of_record
        rows = [known[r] if r in known else self._row(tokens.at(i)) for i, r in enumerate(tokens.records)]
        known.update((r, w) for r, w in zip(tokens.records, rows, strict=True) if len(r) <= LONGEST_KEPT)
        return rows

    def _row(self, token: Token) -> int:
        key = (token.kana != "", _KEY(token))
        row = self._of_key.get(key)
        if row is None:
            row = self._of_key[key] = len(self._words)
            word = Word(token, describe(token), place_code(token), self._values, self._bias)
            self._words.append(word)
            self._codes.append(word.code)
        return row

    def _sum_up(self) -> None:
        """Bring the arrays up to the table."""
        size = len(self._words)
        if size > self._evidence.shape[1]:
            self._evidence = np.zeros((1 + 2 * REACH, 2 * size))
            self._is_honorific = np.zeros(2 * size, np.bool_)
            self._summed = 0
        new = self._words[self._summed :]
        if new:
            self._evidence[:, self._summed : size] = np.array([word.evidence for word in new]).T
            self._is_honorific[self._summed : size] = [word.code == "H" for word in new]
            self._summed = size

    def likely(self, rows: npt.NDArray[np.int64]) -> Likely:
        """The words that are worth a closer look, with the evidence from themselves and what stands around them.

        Args:
            rows: of texts, with `REACH` boundaries before the first, between any two and behind the last.
        """
        self._sum_up()
        own, before1, before2, before3, after1, after2, after3 = self._evidence
        itself = own[rows]
        is_worth = itself > DULL
        addressed = np.flatnonzero(self._is_honorific[rows]) - 1
        is_worth[addressed] |= itself[addressed] > DULL_ADDRESSED
        at = np.flatnonzero(is_worth)
        evidence = (
            itself[at]
            + before1[rows[at - 1]]
            + after1[rows[at + 1]]
            + before2[rows[at - 2]]
            + after2[rows[at + 2]]
            + before3[rows[at - 3]]
            + after3[rows[at + 3]]
        )
        is_likely = evidence > UNLIKELY
        at, evidence = at[is_likely], evidence[is_likely]
        return Likely(
            at,
            evidence + self._together(rows, at),
            itself[at - 1] > NEVER,
            itself[at + 1] > NEVER,
        )

    def _together(self, rows: npt.NDArray[np.int64], at: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
        """What words and their neighbours together add to the evidence: with two before, one to each side, two behind."""
        before2, before, here, after, after2 = (rows[at + step] for step in (-2, -1, 0, 1, 2))
        total = np.zeros(len(at))
        for cache, strings, trio in (
            (self._left, left_strings, (before2, before, here)),
            (self._middle, middle_strings, (before, here, after)),
            (self._right, right_strings, (here, after, after2)),
        ):
            keys = ((trio[0] << _ROW_BITS | trio[1]) << _ROW_BITS | trio[2]).tolist()
            total += [cache[k] if k in cache else self._remember(cache, k, strings) for k in keys]
        return total

    def _remember(self, cache: dict[int, float], key: int, strings: _Strings) -> float:
        """The weight of what three words give together, by the key that their rows make."""
        trio = (key >> 2 * _ROW_BITS, key >> _ROW_BITS & _ROW_MASK, key & _ROW_MASK)
        found = strings(*[self._words[row].description for row in trio])
        total = cache[key] = sum([self._values[bucket(s)] for s in found])
        return total

    def probabilities(self, likely: Likely, least: float) -> list[tuple[int, float]]:
        """How probable it is that words belong to a name.

        Args:
            likely: what `likely` found.
            least: words with less are of no interest; those that stand alone are left out where it is certain.

        Returns:
            The index and the probability of each.
        """
        at, evidence = likely.at.tolist(), likely.evidence.tolist()
        parts = np.flatnonzero(np.diff(likely.at) != 1) + 1
        firsts, ends = np.append(0, parts)[: len(at)], np.append(parts, len(at))[: len(at)]
        odds = likely.evidence[firsts]
        odds = odds + np.where(likely.after_other[firsts], self._enter - self._stay_out, 0.0)
        odds = odds + np.where(likely.before_other[firsts], self._leave - self._stay_out, 0.0)
        is_open = (ends - firsts > 1) | (odds > math.log(least / (1 - least)) - _MARGIN)
        result: list[tuple[int, float]] = []
        for first, end in zip(firsts[is_open].tolist(), ends[is_open].tolist(), strict=True):
            found = self.chain(
                evidence[first:end],
                after_other=bool(likely.after_other[first]),
                before_other=bool(likely.before_other[end - 1]),
            )
            result += zip(at[first:end], found, strict=True)
        return result

    def chain(self, evidence: Sequence[float], *, after_other: bool, before_other: bool) -> list[float]:
        """Probabilities of neighbouring words, by forward and backward sums over both states.

        Args:
            evidence: of each word.
            after_other: whether a word that may be a name, but is not, touches the first.
            before_other: whether one touches the last.
        """
        odds = evidence[0] + (self._enter - self._stay_out if after_other else 0.0)
        back = self._leave - self._stay_out if before_other else 0.0
        if len(evidence) == 1:
            return [_sigmoid(odds + back)]
        ahead = [odds]  # log odds of each word, given all to its left
        for own in evidence[1:]:
            odds = (
                own
                + _log_add(self._enter, odds + self._stay_in)
                - _log_add(self._stay_out, odds + self._leave)
            )
            ahead.append(odds)
        result = [0.0] * len(evidence)
        for i in range(len(evidence) - 1, -1, -1):
            result[i] = _sigmoid(ahead[i] + back)
            following = evidence[i] + back
            back = _log_add(self._leave, following + self._stay_in) - _log_add(
                self._stay_out, following + self._enter
            )
        return result


def _sigmoid(odds: float) -> float:
    return 1 / (1 + math.exp(-odds)) if odds > -700 else 0.0


def _log_add(a: float, b: float) -> float:
    high, low = (a, b) if a > b else (b, a)
    return high + math.log1p(math.exp(low - high))
