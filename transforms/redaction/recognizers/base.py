"""What a recognizer is, and the gate that runs only those which a post can concern.

Belongs here: the recognizer's shape, the trigger words' automaton, the walk over matches.
Does not: any pattern of any type.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

import ahocorasick_rs

Check = Callable[[re.Match[str]], bool | None]

DIGITS: Final = "\0digits"
"""Trigger: at least one digit in the post."""

LONG_DIGITS: Final = "\0long"
"""Trigger: six digits or more close to each other."""

WORDS: Final = "\0latin"
"""Trigger: a run of Latin letters or digits that holds an underscore, at sign, dot or colon."""

KANA_BETWEEN: Final = "\0kana"
"""Trigger: one kana between digits, as on number plates."""

_ALWAYS: Final = {
    DIGITS: re.compile(r"[0-9]"),
    LONG_DIGITS: re.compile(r"(?:[0-9][^0-9]{0,3}){5}[0-9]"),
    KANA_BETWEEN: re.compile(r"[0-9A-Z]\s{0,2}[あ-をYEHKMTB]\s{0,2}[・.·0-9]"),
    WORDS: re.compile(r"[A-Za-z0-9][_@.:·][A-Za-z0-9]|@[A-Za-z0-9]"),
}


class Found(NamedTuple):
    """A match in the numeric view, before it is mapped to the original.

    Attributes:
        start: first code point in the numeric view.
        end: one past the last.
        type: identifier type.
        score: 0 to 1.
        rule: id of the recognizer.
        cue: the context word that was found beside it, "" where the pattern speaks for itself.
    """

    start: int
    end: int
    type: str
    score: float
    rule: str
    cue: str = ""


class Recognizer(Protocol):
    """Anything that finds spans in the numeric view of a post."""

    @property
    def rule(self) -> str:
        """Its id."""

    @property
    def triggers(self) -> tuple[str, ...]:
        """Raw substrings, lower case: one must be in the post, or the recognizer is not run."""

    def find(self, text: str) -> Iterable[Found]:
        """Its matches in a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A recognizer made of a regular expression, context words and a validator.

    Attributes:
        rule: id, `<family>.<name>`.
        type: identifier type of its spans.
        regex: the pattern over the numeric view. The group `id` is the span, if there is one, else the whole match;
            the group `cue`, if there is one, is what the trace shows.
        triggers: raw substrings, lower case, one of which must be in the post. `DIGITS`, `LONG_DIGITS` and `WORDS`
            stand for shapes.
        score: how sure the rule is.
        context: words of which one must stand near the match unless the validator is certain; empty for none.
        before: how many characters before the match are searched for them.
        after: how many characters behind the match are searched for them.
        guard: refuses what cannot be the identifier (month 13), whatever stands beside it.
        check: the validator. True is certain without any context, None says nothing; False says that a check digit
            is wrong, and then a context word decides: typing errors and single masked digits identify all the same.
        examples: texts in which it finds something; the tests run them.
        near_misses: texts in which it must find nothing.
    """

    rule: str
    type: str
    regex: re.Pattern[str]
    triggers: tuple[str, ...]
    score: float = 0.9
    context: tuple[str, ...] = ()
    before: int = 24
    after: int = 0
    guard: Callable[[re.Match[str]], bool] | None = None
    check: Check | None = None
    examples: tuple[str, ...] = ()
    near_misses: tuple[str, ...] = ()
    _has_id: bool = field(init=False, repr=False, default=False)
    _has_cue: bool = field(init=False, repr=False, default=False)

    def __post_init__(self) -> None:
        """Note which groups the pattern has."""
        object.__setattr__(self, "_has_id", "id" in self.regex.groupindex)
        object.__setattr__(self, "_has_cue", "cue" in self.regex.groupindex)

    def find(self, text: str) -> Iterator[Found]:
        """Matches that pass guard, check and context."""
        for match in self.regex.finditer(text):
            if self.guard is not None and not self.guard(match):
                continue
            start, end = match.span("id") if self._has_id else match.span()
            if start < 0:
                start, end = match.span()
            if start == end:
                continue
            verdict = None if self.check is None else self.check(match)
            cue = (match["cue"] or "") if self._has_cue else ""
            score = self.score
            if verdict is True:
                score = max(score, 0.99)
            elif self.context:
                cue = self._context_word(text, start, end)
                if not cue:
                    continue
            elif verdict is False and not cue:
                continue
            yield Found(start, end, self.type, score, self.rule, cue)

    def _context_word(self, text: str, start: int, end: int) -> str:
        """The first context word near a match, or ""."""
        near = text[max(0, start - self.before) : end + self.after].lower()
        return next((word for word in self.context if word in near), "")


class Gate:
    """Runs, of many recognizers, those whose triggers a text holds."""

    def __init__(self, recognizers: Iterable[Recognizer]) -> None:
        self._recognizers = tuple(recognizers)
        by_word: dict[str, set[int]] = {}
        for index, recognizer in enumerate(self._recognizers):
            for word in recognizer.triggers:
                by_word.setdefault(word, set()).add(index)
        words = sorted(w for w in by_word if w not in _ALWAYS)
        self._automaton = ahocorasick_rs.AhoCorasick(words)
        self._by_word = [frozenset(by_word[w]) for w in words]
        self._shapes = [(_ALWAYS[w].search, frozenset(s)) for w, s in by_word.items() if w in _ALWAYS]

    def find(self, text: str) -> list[Found]:
        """Matches of every recognizer concerned, in no order.

        Args:
            text: the numeric view of a folded post.
        """
        active: set[int] = set()
        for index, _, _ in self._automaton.find_matches_as_indexes(text.lower(), overlapping=True):
            active |= self._by_word[index]
        for search, indices in self._shapes:
            if search(text):
                active |= indices
        found: list[Found] = []
        for index in active:
            found.extend(self._recognizers[index].find(text))
        return found


def digits_of(text: str) -> str:
    """Its ASCII digits."""
    return "".join(c for c in text if c in "0123456789")
