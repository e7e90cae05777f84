"""Clauses of a post and how each is meant: stated, negated, asked, wished, heard, feared, meant the other way round.

Belongs here: where a clause ends, what marks it, whether a word in it is negated.
Does not: what the clause is about.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from transforms.classification.lexicons import Hit, Scan

_SPLITS = frozenset({"split.end", "split.soft", "split.turn"})
_SENTENCE_CUES = frozenset({"question", "hearsay", "irony", "wish"})
"""Cues that stand at the end of a sentence and mean all of its clauses."""

_NEGATED = re.compile(
    r"[^。、!?\n]{0,5}?(?:な(?:い|かっ|く(?:て|、|な[っりる])|し(?:で|に|。|、|$)|ければ)|ませ(?:ん|ず)|ず(?:に|、|。|$)|ぬ(?:。|$)"
    r"|無(?:い|し|く)|ゼロ|へん(?:。|か|$|わ|で|し)|ありませ|じゃ(?:な|ね)|では(?:な|あり)|消え|治ま|おさま|止ま(?:っ|り)|免れ|避け)"
)
_NOT_NEGATED = re.compile(
    r"[^。、!?\n]{0,5}?な(?:く(?:は|も)な|いわけ(?:では|じゃ)な|い(?:こと|もの)(?:は|も)な|いと(?:いけ|だめ|なら)|ければ(?:なら|いけ)"
    r"|く(?:な)?い?[?？]|い(?:の)?(?:かな|ですか|でしょうか|だろうか|か[?。]))|[^。、!?\n]{0,5}?じゃな(?:い|く)(?:て|です)?か?[?]"
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
    found: list[set[str]] = [set() for _ in bounds]
    index = 0
    for hit in cues:
        while index < len(bounds) - 1 and hit.start >= bounds[index][0]:
            index += 1
        found[index].add(hit.entry.values[0])
    first = 0
    for i, (_, _, ends) in enumerate(bounds):
        if not ends:
            continue
        shared = _SENTENCE_CUES.intersection(*[set().union(*found[first : i + 1])])
        for marks in found[first : i + 1]:
            marks.update(shared)
        first = i + 1
    clauses = []
    start = 0
    for (end, turns, ends), cue_set in zip(bounds, found, strict=True):
        clauses.append(Clause(start, end, frozenset(cue_set), turns, ends))
        start = end
    return clauses


def clause_at(clauses: list[Clause], offset: int) -> int:
    """The index of the clause in which a folded offset lies; the last one for an offset past the end.

    Args:
        clauses: of one text, at least one.
        offset: folded offset.

    Returns:
        An index into `clauses`.
    """
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
