"""What a recognizer is, and the gate that runs only those which a post can concern.

Belongs here: the recognizer's shape, the trigger words' automaton, the walk over matches.
Does not: any pattern of any type.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, Protocol

import ahocorasick_rs

Check = Callable[[re.Match[str]], bool | None]

LONG_DIGITS: Final = "\0long"
"""Trigger: six digits or more close to each other."""

KANA_BETWEEN: Final = "\0kana"
"""Trigger: one kana between digits, as on number plates."""

ERA_YEAR: Final = "\0era"
"""Trigger: the letter of an era before a year and a separator (S55.3.2)."""

_DIGIT_RUN: Final = re.compile(r"[0-9]+")
_LATIN: Final = re.compile(r"[A-Za-z_](?:[A-Za-z_]|(?<!_) [A-Za-z] )")
_LONG: Final = 6
_SHAPES: Final = {
    LONG_DIGITS: re.compile(r"(?:[0-9][^0-9]{0,3}){5}[0-9]"),
    KANA_BETWEEN: re.compile(r"[0-9A-Z]\s{0,2}[あ-をYEHKMTB]\s{0,2}[・.·0-9]"),
    ERA_YEAR: re.compile(r"[MTSHRmtshr明大昭平令]\s?\.?\s?[0-9]{1,2}\s?[年./・\-]"),
}
"""Shapes that stand for triggers. All of them hold digits, so they are looked for only where there are any."""


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


Needs = Literal["digit", "latin", "nothing"]
"""What a text must hold for a recognizer to find anything in it: a digit, two Latin letters, or neither."""


class Recognizer(Protocol):
    """Anything that finds spans in the numeric view of a post."""

    @property
    def rule(self) -> str:
        """Its id."""

    @property
    def triggers(self) -> tuple[str, ...]:
        """Raw substrings, lower case: one must be in the post, or the recognizer is not run."""

    @property
    def needs(self) -> Needs:
        """What a text must hold besides a trigger."""

    def find(self, text: str, digits: Sequence[int]) -> Iterable[Found]:
        """Its matches in a text, of which the places where runs of digits begin are known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A recognizer made of a regular expression, context words and a validator.

    Attributes:
        rule: id, `<family>.<name>`.
        type: identifier type of its spans.
        regex: the pattern over the numeric view. The group `id` is the span, if there is one, else the whole match;
            the group `cue`, if there is one, is what the trace shows.
        triggers: raw substrings, one of which must be in the post; Latin ones in lower case stand for upper case and
            capitals too. `LONG_DIGITS`, `KANA_BETWEEN` and `ERA_YEAR` stand for shapes.
        needs: what else a post must hold.
        at_digits: whether a match begins where a run of digits does. Then the pattern is tried at those places only,
            which costs a small part of a search.
        hint: a pattern that every match contains a match of and that is quicker to search for, where there is one.
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
    needs: Needs = "digit"
    at_digits: bool = False
    hint: re.Pattern[str] | None = None
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

    def find(self, text: str, digits: Sequence[int]) -> Iterable[Found]:
        """Matches that pass guard, check and context."""
        if self.at_digits:
            matches = self._at_digits(text, digits)
        elif self.hint is not None and not self.hint.search(text):
            return ()
        else:
            matches = [*self.regex.finditer(text)]
        return [found for match in matches if (found := self._judge(match)) is not None] if matches else ()

    def _at_digits(self, text: str, digits: Sequence[int]) -> list[re.Match[str]]:
        """Matches that begin with a run of digits, none within another."""
        found: list[re.Match[str]] = []
        position = 0
        match_at = self.regex.match
        for start in digits:
            if start >= position and (match := match_at(text, start)) is not None:
                position = match.end()
                found.append(match)
        return found

    def _judge(self, match: re.Match[str]) -> Found | None:
        """A match as a finding; None if guard, check or context refuse it."""
        if self.guard is not None and not self.guard(match):
            return None
        start, end = match.span("id") if self._has_id else match.span()
        if start < 0:
            start, end = match.span()
        if start == end:
            return None
        verdict = None if self.check is None else self.check(match)
        cue = (match["cue"] or "") if self._has_cue else ""
        score = self.score
        if verdict is True:
            score = max(score, 0.99)
        elif self.context:
            cue = self._context_word(match.string, start, end)
            if not cue:
                return None
        elif verdict is False and not cue:
            return None
        return Found(start, end, self.type, score, self.rule, cue)

    def _context_word(self, text: str, start: int, end: int) -> str:
        """The first context word near a match, or ""."""
        near = text[max(0, start - self.before) : end + self.after].lower()
        return next((word for word in self.context if word in near), "")


class Gate:
    """Runs, of many recognizers, those whose triggers and needs a text meets."""

    def __init__(self, recognizers: Iterable[Recognizer]) -> None:
        self._recognizers = tuple(recognizers)
        masks: dict[str, int] = {}
        for index, recognizer in enumerate(self._recognizers):
            for trigger in recognizer.triggers:
                for spelling in _spellings(trigger):
                    masks[spelling] = masks.get(spelling, 0) | 1 << index
        words = sorted(w for w in masks if not w.startswith("\0"))
        self._automaton = ahocorasick_rs.AhoCorasick(words, implementation=ahocorasick_rs.Implementation.DFA)
        self._masks = [masks[w] for w in words]
        self._shapes = [
            (_LONG if w == LONG_DIGITS else 1, _SHAPES[w].search, mask)
            for w, mask in masks.items()
            if w in _SHAPES
        ]
        self._need_digit = self._mask_of("digit")
        self._need_latin = self._mask_of("latin")
        self._active: dict[int, tuple[int, ...]] = {}

    def find(self, text: str) -> list[Found]:
        """Matches in one text; see `find_many`."""
        return self.find_many([text])[0]

    def find_many(self, texts: Sequence[str]) -> list[list[Found]]:
        """Matches of every recognizer concerned in each text, in no order.

        A recognizer goes through all texts that concern it before the next one does, so that its pattern stays in the
        processor's cache.

        Args:
            texts: the numeric views of folded posts.
        """
        runs = [[m.span() for m in _DIGIT_RUN.finditer(text)] for text in texts]
        digits = [[start for start, _ in of_text] for of_text in runs]
        waiting: dict[int, list[int]] = {}
        for at, text in enumerate(texts):
            for index in self._concerned(text, sum([end - start for start, end in runs[at]])):
                waiting.setdefault(index, []).append(at)
        found: list[list[Found]] = [[] for _ in texts]
        for index in sorted(waiting):
            find = self._recognizers[index].find
            for at in waiting[index]:
                found[at].extend(find(texts[at], digits[at]))
        return found

    def _concerned(self, text: str, digits: int) -> tuple[int, ...]:
        """Which recognizers have a trigger and what else they need in a text with so many digits."""
        active = 0
        masks = self._masks
        for index, _, _ in self._automaton.find_matches_as_indexes(text, overlapping=True):
            active |= masks[index]
        if digits:
            for least, search, mask in self._shapes:
                if digits >= least and search(text):
                    active |= mask
        else:
            active &= ~self._need_digit
        if active & self._need_latin and not _LATIN.search(text):
            active &= ~self._need_latin
        chosen = self._active.get(active)
        return self._chosen(active) if chosen is None else chosen

    def _chosen(self, active: int) -> tuple[int, ...]:
        """The recognizers of a mask. Masks come again and again, so a bounded number is remembered."""
        chosen = tuple(i for i in range(len(self._recognizers)) if active >> i & 1)
        if len(self._active) < _REMEMBERED:
            self._active[active] = chosen
        return chosen

    def _mask_of(self, needs: Needs) -> int:
        return sum(1 << i for i, r in enumerate(self._recognizers) if r.needs == needs)


_REMEMBERED: Final = 20_000


def _spellings(trigger: str) -> set[str]:
    """A trigger as it may be written: Latin words in small letters, capitals, and with a capital first."""
    return {trigger, trigger.upper(), trigger.capitalize()} if trigger.isascii() else {trigger}


def digits_of(text: str) -> str:
    """Its ASCII digits."""
    return "".join(c for c in text if c in "0123456789")
