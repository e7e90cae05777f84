"""Clauses of a post and how each is meant: stated, negated, asked, wished, heard, feared, meant the other way round.

Belongs here: where a clause ends, what marks it, whether a word in it is negated.
Does not: what the clause is about.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from operator import attrgetter
from typing import NamedTuple

from transforms.classification.lexicons import Hit, Scan

_SPLITS = frozenset({"split.end", "split.soft", "split.turn"})
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
_SETTLED_BY = re.compile(r"[^。!?\n]{0,4}(?:すぐ|翌日には|[0-9]日で)?(?:治ま|おさま|引い|消え)")


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
    length = len(scan.text)
    if not length:
        return []
    cues = scan.of("cues")
    bounds: list[tuple[int, bool, bool]] = []
    start = 0
    for hit in cues:
        kind = hit.entry.values[0]
        if kind not in _SPLITS:
            continue
        if hit.end - start < 2 and kind != "split.end":
            continue
        if hit.start < start:
            continue
        bounds.append((hit.end, kind == "split.turn", kind == "split.end"))
        start = hit.end
    if start < length:
        bounds.append((length, False, True))
    return _marked(bounds, [h for h in cues if h.entry.values[0] not in _SPLITS])


def _marked(bounds: list[tuple[int, bool, bool]], cues: list[Hit]) -> list[Clause]:
    """Give each clause the cues that stand in it, and each sentence's clauses those of the sentence."""
    found = _cues_by_clause(bounds, cues) if cues else {}
    shared = _shared_by_sentence(bounds, found) if found else {}
    clauses = []
    start = 0
    for i, (end, turns, ends) in enumerate(bounds):
        marks = found.get(i, _NONE) | shared.get(i, _NONE) if found else _NONE
        clauses.append(Clause(start, end, marks, turns, ends))
        start = end
    return clauses


def _cues_by_clause(bounds: list[tuple[int, bool, bool]], cues: list[Hit]) -> dict[int, frozenset[str]]:
    found: dict[int, frozenset[str]] = {}
    index = 0
    last = len(bounds) - 1
    for hit in cues:
        while index < last and hit.start >= bounds[index][0]:
            index += 1
        found[index] = found.get(index, _NONE) | {hit.entry.values[0]}
    return found


def _shared_by_sentence(
    bounds: list[tuple[int, bool, bool]], found: dict[int, frozenset[str]]
) -> dict[int, frozenset[str]]:
    """For each clause of a sentence the cues that mean the whole of it; sentences without one have no key."""
    shared: dict[int, frozenset[str]] = {}
    first = 0
    for i, (_, _, ends) in enumerate(bounds):
        if not ends:
            continue
        marks = _NONE.union(*(found[j] for j in range(first, i + 1) if j in found)) & _SENTENCE_CUES
        if marks:
            shared.update(dict.fromkeys(range(first, i + 1), marks))
        first = i + 1
    return shared


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


def settled(text: str, end: int, limit: int) -> bool:
    """Whether a symptom is said to have gone at once by what follows it (すぐ治まった)."""
    return _SETTLED_BY.match(text, end, limit) is not None
