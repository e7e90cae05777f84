"""How bad the worst statement of a post is, 0 to 5, after Care Opinion's criticality.

Belongs here: the level, and whether harm is claimed.
Does not: flags (a model decides them), review queues (assembly.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from transforms.classification.adverse_events import AdverseEvent
from transforms.classification.clauses import Clause, clause_at, negated
from transforms.classification.document import GuideLabels
from transforms.classification.lexicons import Hit, Scan

_LEAST = {"crisis": 4, "distress": 4, "adverse_event": 2}
"""The level that a flag brings with it: danger and unsafe practice are 4; a side effect that is told is 2 unless serious."""

_HARM_REASONS = frozenset({"death", "serious_harm", "error", "neglect"})
_BLAMING_TOPICS = frozenset({"safety", "care", "medication", "privacy", "manner"})
_UNREAL = frozenset({"conditional"})


class Criticality(NamedTuple):
    """The worst statement.

    Attributes:
        level: 0 none, 1 minor annoyance, 2 clear dissatisfaction, 3 distress or rights, 4 possible harm or unsafe
            practice, 5 alleged serious harm or death.
        harm_claimed: whether the post says that somebody came to harm.
        evidence: the rules that decided, the worst first.
    """

    level: int
    harm_claimed: bool
    evidence: tuple[str, ...]


_NONE = Criticality(0, harm_claimed=False, evidence=())


def criticality(
    scan: Scan, clauses: Sequence[Clause], labels: GuideLabels, events: Sequence[AdverseEvent] = ()
) -> Criticality:
    """Grade a post by its worst statement, not by the mean.

    Words of harm count in full where the post judges badly or tells of harm (negative or mixed sentiment, a flag of harm);
    in a neutral or glad post they are no criticism, and the level stays below what a complaint would get.

    Args:
        scan: the text with its hits.
        clauses: of the same text.
        labels: sentiment, intent, topics and flags.
        events: suspected adverse events of the post; a serious one that is told is at least 4.

    Returns:
        The level with its evidence. An irrelevant post has 0.
    """
    if not labels.relevant:
        return _NONE
    least = max((_LEAST.get(flag, 0) for flag in labels.flags), default=0) if labels.flags else 0
    if least < 4 and any(e.serious and not (e.negated or e.feared or e.asked) for e in events):
        least = 4
    told = labels.sentiment in {"neg", "mixed"} or least > 0
    if not told or labels.intent == "praise":
        return _NONE
    hits = _stated(scan, clauses) if "criticality" in scan.hits else []
    worst = max((int(h.entry.values[0]) for h in hits), default=0)
    level = max(least, min(worst, _cap(labels, least)))
    if labels.sentiment == "neg" and labels.intent == "complaint":
        level = max(level, 2)
    elif labels.sentiment in {"neg", "mixed"}:
        level = max(level, 1)
    if not hits:
        return _unworded(level)
    harm = level >= 4 and any(h.entry.values[1] in _HARM_REASONS for h in hits)
    top = sorted(hits, key=lambda h: -int(h.entry.values[0]))
    return Criticality(
        level,
        harm_claimed=harm,
        evidence=tuple(dict.fromkeys(f"criticality.{h.entry.values[1]}" for h in top))[:3],
    )


@lru_cache(maxsize=8)
def _unworded(level: int) -> Criticality:
    """A level that no word of the text tells."""
    return Criticality(level, harm_claimed=False, evidence=())


def _cap(labels: GuideLabels, least: int) -> int:
    """The highest level that the kind of post allows: an illness told is no allegation against care."""
    if least >= 4 or labels.intent in {"complaint", "rumour"} or "safety" in labels.topics:
        return 5
    if _BLAMING_TOPICS.intersection(labels.topics) and labels.intent == "experience":
        return 4
    return 3


def _stated(scan: Scan, clauses: Sequence[Clause]) -> list[Hit]:
    """Hits that are said to be so: not negated, not merely possible."""
    found = []
    for hit in scan.of("criticality"):
        clause = clauses[clause_at(clauses, hit.start)]
        if negated(scan.text, hit.end, clause.end) or _UNREAL & clause.cues:
            continue
        found.append(hit)
    return found
