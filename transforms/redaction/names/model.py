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
import re
import zlib
from array import array
from collections.abc import Iterable, Sequence
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
from transforms.text.tokens import LONGEST_KEPT, Token, Tokens

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

_WORTH: Final = re.compile("[wW]|[aA](?=[AWX])")
"""Where a closer look is worth it in a string of signs (`_sign`)."""

_KEY: Final = itemgetter(0, 3, 4, 5, 6)
"""What tells kinds of tokens apart, besides whether they have a reading: surface and parts of speech, all that `describe` looks at."""

_MAX_CACHED: Final = 300_000


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
        own: evidence from itself; `NEVER` where it cannot be part of a name.
        sign: its letter for `_WORTH`.
        before: evidence that it gives to the token 1, 2, 3 to its right.
        after: evidence that it gives to the token 1, 2, 3 to its left.
    """

    __slots__ = (
        "after1",
        "after2",
        "after3",
        "before1",
        "before2",
        "before3",
        "code",
        "description",
        "own",
        "pos",
        "pos2",
        "pos3",
        "pos4",
        "sign",
        "surface",
    )

    def __init__(
        self, token: Token, description: Description, code: str, values: Sequence[float], bias: float
    ) -> None:
        self.surface = token.surface
        self.pos, self.pos2, self.pos3, self.pos4 = token[3:7]
        self.description = description
        self.code = code
        self.own = NEVER
        if description.candidate:
            own = [s.encode("utf-8", "surrogatepass") for s in description.own]
            self.own = _total(values, own, _OWN) + bias
        self.sign = _sign(self.own, is_honorific=code == "H")
        near = [s.encode("utf-8", "surrogatepass") for s in description.near]
        self.before1, self.before2, self.before3 = (_total(values, near, start) for start in _BEFORE)
        self.after1, self.after2, self.after3 = (_total(values, near, start) for start in _AFTER)


def _sign(own: float, *, is_honorific: bool) -> str:
    """A letter for a word: w worth a closer look, a worth it before an honorific, x not; in capitals for honorifics."""
    sign = "w" if own > DULL else "a" if own > DULL_ADDRESSED else "x"
    return sign.upper() if is_honorific else sign


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


class Model:
    """Probabilities of names. Caches what it has summed; one a process, not thread-safe."""

    def __init__(self, weights: Weights) -> None:
        self._values = array("f", weights.values.tobytes())
        self._bias = weights.bias
        self.known: dict[tuple[bool, tuple[str, ...]], Word] = {}
        self._of_record: dict[str, Word] = {}
        self._left: dict[tuple[Word, Word, Word], float] = {}
        self._middle: dict[tuple[Word, Word, Word], float] = {}
        self._right: dict[tuple[Word, Word, Word], float] = {}
        self.boundary, self.space, self.newline = (
            Word(_SPACE_TOKEN, d, "x", self._values, self._bias) for d in (BOUNDARY, SPACE, NEWLINE)
        )
        (self._stay_out, self._enter), (self._leave, self._stay_in) = weights.transitions.tolist()

    def words(self, tokens: Sequence[Token]) -> list[Word]:
        """The kinds of tokens."""
        if not isinstance(tokens, Tokens):
            return [self._word(t) for t in tokens]
        try:
            return list(map(self._of_record.__getitem__, tokens.records))
        except KeyError:
            return self._learn(tokens)

    def _learn(self, tokens: Tokens) -> list[Word]:
        """The kinds of tokens, remembered under their records."""
        if len(self._of_record) > _MAX_CACHED:
            self._of_record.clear()
        known = self._of_record
        words = [known.get(r) or self._word(tokens.at(i)) for i, r in enumerate(tokens.records)]
        known.update((r, w) for r, w in zip(tokens.records, words, strict=True) if len(r) <= LONGEST_KEPT)
        return words

    def _word(self, token: Token) -> Word:
        key = (token.kana != "", _KEY(token))
        word = self.known.get(key)
        if word is None:
            if len(self.known) > _MAX_CACHED:
                self.known.clear()
            word = self.known[key] = Word(token, describe(token), place_code(token), self._values, self._bias)
        return word

    def likely(self, words: Sequence[Word]) -> list[tuple[int, float]]:
        """The words that are worth a closer look.

        Args:
            words: of a text, with `REACH` boundaries at each end.

        Returns:
            Indices, with the evidence from each word and its neighbours one by one.
        """
        found = []
        for place in _WORTH.finditer("".join([word.sign for word in words])):
            i = place.start()
            evidence = (
                words[i].own
                + words[i - 1].before1
                + words[i + 1].after1
                + words[i - 2].before2
                + words[i + 2].after2
                + words[i - 3].before3
                + words[i + 3].after3
            )
            if evidence > UNLIKELY:
                found.append((i, evidence))
        return found

    def evidence(self, words: Sequence[Word], at: int) -> float:
        """What a word and its neighbours together add to the evidence.

        Args:
            words: of a text, with `REACH` boundaries at each end.
            at: index of the word, at least `REACH`.
        """
        before2, before, here, after, after2 = words[at - 2 : at + 3]
        left = self._left.get((before2, before, here))
        if left is None:
            strings = left_strings(before2.description, before.description, here.description)
            left = self._remember(self._left, (before2, before, here), strings)
        middle = self._middle.get((before, here, after))
        if middle is None:
            strings = middle_strings(before.description, here.description, after.description)
            middle = self._remember(self._middle, (before, here, after), strings)
        right = self._right.get((here, after, after2))
        if right is None:
            strings = right_strings(here.description, after.description, after2.description)
            right = self._remember(self._right, (here, after, after2), strings)
        return left + middle + right

    def _remember(
        self,
        cache: dict[tuple[Word, Word, Word], float],
        key: tuple[Word, Word, Word],
        strings: Iterable[str],
    ) -> float:
        if len(cache) > _MAX_CACHED:
            cache.clear()
        total = cache[key] = sum([self._values[bucket(s)] for s in strings])
        return total

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
