"""Clauses of a post and how each is meant: stated, negated, asked, wished, heard, feared, meant the other way round.

Belongs here: where a clause ends, what marks it, whether a word in it is negated.
Does not: what the clause is about.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

from transforms.classification.lexicons import Scan

_MARKS = re.compile(r"[。!?\n、…→;]+")
_SOFT = frozenset("、…→;")
_SENTENCE_CUES = frozenset({"question", "hearsay", "irony", "wish"})
"""Cues that stand at the end of a sentence and mean all of its clauses."""

_NONE: frozenset[str] = frozenset()
_END = attrgetter("end")
_FEW = 24
"""Clauses up to which walking beats halving."""

_GAP = (
    r"(?!しか)(?:く|は|も|が|を|に|と|か|さ|し|して|じゃ|では|って|ほど|れ|され|て|出|出て|感じ|こと|わけ|など|だ|い|いこと|いわけ"
    r"|一切|全く|まったく|ほとんど|全然|特に|ほぼ|あり){0,3}?"
)
"""What may stand between a word and its negation: particles, endings, adverbs, no other word."""

_NEGATED = re.compile(
    _GAP
    + r"(?:な(?:い|かっ|く(?:て|、|な[っりる]|済)|し(?:で|に|。|、|$)|ければ)|ませ(?:ん|ず)|ず(?:に|、|。|$)|ぬ(?:。|$)"
    r"|無(?:い|し|く)|ゼロ|へん(?:。|か|$|わ|で|し)|じゃ(?:な|ね)|では(?:な|あり)|消え|治ま|おさま|止ま(?:っ|り)|免れ)"
)
_NOT_NEGATED = re.compile(
    _GAP
    + r"(?:な(?:く(?:は|も)な|いわけ(?:では|じゃ)な|い(?:こと|もの)(?:は|も)な|いと(?:いけ|だめ|なら)|ければ(?:なら|いけ)"
    r"|い(?:の)?(?:かな|ですか|でしょうか|だろうか|か[?。])|い[?]|くね?[?])|なく(?:て|ちゃ)(?:は)?(?:いけ|なら|だめ)"
    r"|じゃな(?:い|く)(?:て|です)?か?[?])"
)


class Clause(NamedTuple):
    """A stretch of a post that says one thing.

    Attributes:
        start: first folded character.
        end: one past the last, its mark of ending included.
        cues: what marks it: question, hearsay, irony and wish are those of the whole sentence.
        turns: whether the next clause is set against it (けど, が, のに).
        ends: whether the sentence ends with it.
    """

    start: int
    end: int
    cues: frozenset[str]
    turns: bool
    ends: bool


def split(scan: Scan) -> list[Clause]:
    """Divide a scanned text.

    Args:
        scan: the text with its hits.

    Returns:
        Clauses in order that cover the whole text; none for an empty one.
    """
    text = scan.text
    if not text:
        return []
    ends = [(mark.end(), False, not _SOFT.issuperset(mark[0])) for mark in _MARKS.finditer(text)]
    if not ends or ends[-1][0] < len(text):
        ends.append((len(text), False, True))
    hits = scan.hits.get("cues")
    if hits is None:
        return _plain(ends)
    turns: list[tuple[int, bool, bool]] = []
    cues: list[tuple[int, str]] = []
    for start, end, entry in hits:
        cue = entry.values[0]
        if cue == "turn":
            turns.append((end, True, False))
        else:
            cues.append((start, cue))
    return _marked(_apart(ends + turns) if turns else ends, cues)


def _plain(ends: list[tuple[int, bool, bool]]) -> list[Clause]:
    """The clauses of a text that nothing marks."""
    clauses = []
    start = 0
    for end, turns, closes in ends:
        clauses.append(Clause(start, end, _NONE, turns, closes))
        start = end
    return clauses


def _apart(ends: list[tuple[int, bool, bool]]) -> list[tuple[int, bool, bool]]:
    """Ends in order, a turn and the mark right behind it as one."""
    ends.sort()
    apart: list[tuple[int, bool, bool]] = []
    for end, turns, closes in ends:
        if apart and end - apart[-1][0] <= 1:
            before = apart.pop()
            apart.append((end, before[1] or turns, before[2] or closes))
        else:
            apart.append((end, turns, closes))
    return apart


def _marked(ends: list[tuple[int, bool, bool]], cues: list[tuple[int, str]]) -> list[Clause]:
    """Give each clause the cues that stand in it, and each sentence's clauses those of the sentence."""
    if not cues:
        return _plain(ends)
    found = _cues_by_clause(ends, cues)
    _share(ends, found)
    clauses = []
    start = 0
    new = tuple.__new__  # a third of the cost of Clause(...)
    for i, (end, turns, closes) in enumerate(ends):
        clauses.append(new(Clause, (start, end, found.get(i, _NONE), turns, closes)))
        start = end
    return clauses


def _cues_by_clause(
    bounds: list[tuple[int, bool, bool]], cues: list[tuple[int, str]]
) -> dict[int, frozenset[str]]:
    found: dict[int, frozenset[str]] = {}
    index = 0
    last = len(bounds) - 1
    for start, cue in cues:
        while index < last and start >= bounds[index][0]:
            index += 1
        if index not in found:
            found[index] = _single(cue)
        elif cue not in found[index]:
            found[index] |= {cue}
    return found


@lru_cache(maxsize=64)
def _single(cue: str) -> frozenset[str]:
    return frozenset({cue})


def _share(ends: list[tuple[int, bool, bool]], found: dict[int, frozenset[str]]) -> None:
    """Give every clause of a sentence the cues that mean the whole of it."""
    spoken = [
        (i, marks & _SENTENCE_CUES) for i, marks in found.items() if not marks.isdisjoint(_SENTENCE_CUES)
    ]
    last, given = -1, _NONE
    for i, marks in spoken:
        if i <= last and marks <= given:
            continue
        first = i
        while first > 0 and not ends[first - 1][2]:
            first -= 1
        given = marks if i > last else given | marks
        last = i
        while not ends[last][2] and last + 1 < len(ends):
            last += 1
        for clause in range(first, last + 1):
            found[clause] = found.get(clause, _NONE) | given


def clause_at(clauses: Sequence[Clause], offset: int) -> int:
    """The index of the clause in which a folded offset lies; the last one for an offset past the end.

    Args:
        clauses: of one text, at least one.
        offset: folded offset.

    Returns:
        An index into `clauses`.
    """
    if len(clauses) > _FEW:
        return min(bisect_right(clauses, offset, key=_END), len(clauses) - 1)
    for i, clause in enumerate(clauses):
        if offset < clause.end:
            return i
    return len(clauses) - 1


def negated(text: str, end: int, limit: int) -> bool:
    """Whether what ends at an offset is negated by what follows in its clause.

    Japanese negates after the word: 痛くなかった, 副作用はゼロ. A double negation (なくはない, ないわけではない), a duty
    (しないといけない) and a rhetorical question (やばくない?) do not negate.

    Args:
        text: folded text in lower case.
        end: one past the last character of the word.
        limit: one past the last character of the clause.

    Returns:
        True where the word is denied.
    """
    if end >= limit:
        return False
    return _NEGATED.match(text, end, limit) is not None and _NOT_NEGATED.match(text, end, limit) is None
