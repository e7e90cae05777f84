"""Polarity of each theme of a post, clause by clause: 先生は最高だけど待ち時間が地獄 is +1 and −1, not 0.

Belongs here: from themes, judging words and the meaning of clauses to −1, 0 or +1 a theme.
Does not: the sentiment of the whole post (a model decides it).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from transforms.classification.clauses import Clause, clause_at, negated
from transforms.classification.lexicons import Entry, Hit, Scan, longest
from transforms.classification.themes import taxonomy

_SENTIMENT = {"pos": 1, "neg": -1}


class Aspect(NamedTuple):
    """What a post says of one theme.

    Attributes:
        theme: theme code.
        topic: its topic.
        polarity: −1, 0 or +1.
    """

    theme: str
    topic: str
    polarity: int


class Judgement(NamedTuple):
    """A judging word in its clause.

    Attributes:
        clause: index of the clause.
        value: −1 or +1, negation and irony applied.
        themes: the themes that the word speaks of; empty for any.
    """

    clause: int
    value: int
    themes: frozenset[str]


@lru_cache(maxsize=1024)
def _scope(entry: Entry) -> frozenset[str]:
    themes = entry.values[1]
    return frozenset() if themes == "*" else frozenset(themes.split(","))


def judgements(scan: Scan, clauses: Sequence[Clause]) -> list[Judgement]:
    """The judging words of a text with their sign.

    Args:
        scan: the text with its hits.
        clauses: of the same text.

    Returns:
        In order of place. Of words that overlap with the same scope the longest counts.
    """
    if "polarity" not in scan.hits:
        return []
    found = []
    by_scope: dict[frozenset[str], list[Hit]] = {}
    for hit in scan.of("polarity"):
        by_scope.setdefault(_scope(hit.entry), []).append(hit)
    for scope, hits in by_scope.items():
        for hit in longest(hits):
            at = clause_at(clauses, hit.end - 1)
            clause = clauses[at]
            value = 1 if hit.entry.values[0] == "+" else -1
            if negated(scan.text, hit.end, clause.end):
                value = -value
            elif value > 0 and ("irony" in clause.cues or "wish" in clause.cues):
                value = -1
            found.append(Judgement(at, value, scope))
    found.sort()
    return found


def polarity_of(total: int) -> int:
    """The sign of a sum: −1, 0 or +1."""
    return (total > 0) - (total < 0)


def aspects_of(
    scan: Scan, clauses: Sequence[Clause], themes: Sequence[str], sentiment: str
) -> tuple[Aspect, ...]:
    """Judge each theme by the clauses that speak of it.

    A word that speaks of the theme counts wherever it stands. Otherwise the general words of the theme's clauses count,
    then those of the clauses beside them up to the next turn; and where nothing judges, the post's sentiment does,
    unless it is mixed. Words against the sentiment of the post count where the post speaks in two ways (it turns, or
    judges both ways); in a post of one mind they are quoted, feared or overcome.

    Args:
        scan: the text with its hits.
        clauses: of the same text.
        themes: codes to judge.
        sentiment: neg, neu, pos or mixed.

    Returns:
        One aspect a theme, in the order given.
    """
    if not themes:
        return ()
    words = judgements(scan, clauses)
    general = _SENTIMENT.get(sentiment, 0)
    if not words:
        return tuple([_aspect(code, general) for code in themes])
    known = taxonomy().themes
    places: dict[str, set[int]] = {}
    wanted = set(themes)
    for hit in scan.of("themes"):
        code = hit.entry.values[0]
        if code in wanted:
            places.setdefault(code, set()).add(clause_at(clauses, hit.start))
    of_one_mind = general != 0 and len({w.value for w in words}) == 1 and not any(c.turns for c in clauses)
    found = []
    for code in themes:
        topic = known[code].topic
        value = _judge(code, topic, places.get(code, set()), words, clauses)
        if value is None or (of_one_mind and value == -general):
            value = general
        found.append(Aspect(code, topic, value))
    return tuple(found)


@lru_cache(maxsize=1024)
def _aspect(code: str, polarity: int) -> Aspect:
    """What the post's sentiment says of a theme."""
    return Aspect(code, taxonomy().themes[code].topic, polarity)


def _judge(
    code: str, topic: str, at: set[int], words: list[Judgement], clauses: Sequence[Clause]
) -> int | None:
    """The polarity of one theme, None where no word judges it."""
    own = [w for w in words if code in w.themes or topic in w.themes]
    here = [w.value for w in own if w.clause in at] + [
        w.value for w in words if not w.themes and w.clause in at
    ]
    if here:
        return polarity_of(sum(here)) or polarity_of(sum(w.value for w in own))
    if own:
        return polarity_of(sum(w.value for w in own))
    near = _beside(at, clauses)
    beside = [w.value for w in words if not w.themes and w.clause in near]
    return polarity_of(sum(beside)) if beside else None


def _beside(at: set[int], clauses: Sequence[Clause]) -> set[int]:
    """Clauses after and before those given, as far as no turn and no sentence lies between."""
    near: set[int] = set()
    for i in at:
        if i + 1 < len(clauses) and not clauses[i].turns and not clauses[i].ends:
            near.add(i + 1)
        if i > 0 and not clauses[i - 1].turns and not clauses[i - 1].ends:
            near.add(i - 1)
    return near - at
