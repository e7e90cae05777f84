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
from collections.abc import Iterable, Sequence
from importlib.resources import files
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
from transforms.text.tokens import Token

BUCKETS: Final = 1 << 18
"""Integers that feature strings are hashed to."""

WEIGHTS_FILE: Final = "data/weights.bin"
HASH_FILE: Final = "data/weights.sha256"

_MAX_CACHED: Final = 300_000


class ModelError(ValueError):
    """The file of weights is not the one that was trained, or cannot be read."""


def bucket(string: str) -> int:
    """The integer of a feature string (CRC-32, the same on every machine)."""
    return zlib.crc32(string.encode("utf-8", "surrogatepass")) & (BUCKETS - 1)


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
    parts = io.BytesIO()
    for name in sorted(arrays):
        np.save(parts, arrays[name], allow_pickle=False)
    return zlib.compress(parts.getvalue(), 9)


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
    parts = io.BytesIO(zlib.decompress(data))
    arrays = {name: np.load(parts, allow_pickle=False) for name in ("at", "bias", "transitions", "values")}
    values = np.zeros(BUCKETS, np.float32)
    values[arrays["at"]] = arrays["values"]
    return Weights(values, arrays["transitions"], float(arrays["bias"]))


def load_weights() -> Weights:
    """The weights that ship with the package."""
    here = files(__package__)
    return parse_weights((here / WEIGHTS_FILE).read_bytes(), (here / HASH_FILE).read_text("ascii"))


class Word:
    """A kind of token with its evidence summed.

    Attributes:
        description: what the model sees of it.
        code: its letter for `joining`.
        own: evidence from itself.
        before: evidence that it gives to the token 1, 2, 3 to its right.
        after: evidence that it gives to the token 1, 2, 3 to its left.
    """

    __slots__ = ("after", "before", "code", "description", "own")

    def __init__(self, description: Description, code: str, weights: Weights) -> None:
        total = _Summer(weights.values)
        self.description = description
        self.code = code
        self.own = total(f"0{s}" for s in description.own) + weights.bias
        self.before = tuple(total(f"-{d}{s}" for s in description.near) for d in range(1, REACH + 1))
        self.after = tuple(total(f"+{d}{s}" for s in description.near) for d in range(1, REACH + 1))


class _Summer:
    """Sums the weights of feature strings."""

    __slots__ = ("_values",)

    def __init__(self, values: npt.NDArray[np.float32]) -> None:
        self._values = values

    def __call__(self, strings: Iterable[str]) -> float:
        values = self._values
        return float(sum(values[bucket(s)] for s in strings))


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
        self._weights = weights
        self._total = _Summer(weights.values)
        self._words: dict[tuple[str, str, str, str], Word] = {}
        self._left: dict[tuple[Word, Word, Word], float] = {}
        self._middle: dict[tuple[Word, Word, Word], float] = {}
        self._right: dict[tuple[Word, Word, Word], float] = {}
        self._edges = {d: Word(d, "x", weights) for d in (BOUNDARY, SPACE, NEWLINE)}
        (self._stay_out, self._enter), (self._leave, self._stay_in) = weights.transitions.tolist()

    def word(self, token: Token) -> Word:
        """The kind of a token."""
        key = (token[0], token[3], token[5], token[6])
        word = self._words.get(key)
        if word is None:
            if len(self._words) > _MAX_CACHED:
                self._words.clear()
            word = self._words[key] = Word(describe(token), place_code(token), self._weights)
        return word

    def edge(self, description: Description) -> Word:
        """The kind of a boundary, a space or a line's end."""
        return self._edges[description]

    def evidence(self, words: Sequence[Word], at: int) -> float:
        """Evidence that a word is part of a name, its neighbours considered.

        Args:
            words: of a text, with `REACH` boundaries at each end.
            at: index of the word, at least `REACH`.
        """
        far_left, before2, before, here, after, after2, far_right = words[at - REACH : at + REACH + 1]
        total = here.own + far_left.before[2] + before2.before[1] + before.before[0]
        total += after.after[0] + after2.after[1] + far_right.after[2]
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
        return total + left + middle + right

    def _remember(
        self,
        cache: dict[tuple[Word, Word, Word], float],
        key: tuple[Word, Word, Word],
        strings: Iterable[str],
    ) -> float:
        if len(cache) > _MAX_CACHED:
            cache.clear()
        total = cache[key] = self._total(strings)
        return total

    def chain(self, evidence: Sequence[float]) -> list[float]:
        """Probabilities of neighbouring words, by forward and backward sums over both states."""
        if len(evidence) == 1:
            return [_sigmoid(evidence[0])]
        ahead = []  # log odds of name before each word's right context
        odds = evidence[0]
        ahead.append(odds)
        for own in evidence[1:]:
            odds = (
                own
                + _log_add(self._enter, odds + self._stay_in)
                - _log_add(self._stay_out, odds + self._leave)
            )
            ahead.append(odds)
        back = 0.0
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
