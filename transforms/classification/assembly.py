"""Everything that rules add to the guide's labels, in one call a post.

Belongs here: the order of the rules, the record that they fill, the queues that want a human.
Does not: the rules themselves, the models, files.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from transforms.classification.adverse_events import AdverseEvent, find
from transforms.classification.aspects import Aspect, aspects_of
from transforms.classification.clauses import Clause, split
from transforms.classification.criticality import criticality
from transforms.classification.document import Document, GuideLabels
from transforms.classification.facets import (
    care_setting,
    department,
    evidence,
    health_subject,
    prefecture,
    sensitive_category,
    stage_of_care,
    voice_class,
)
from transforms.classification.legal import PERMITTED_USE, ad_claim_kinds, takedown_candidate
from transforms.classification.lexicons import Scan, scan
from transforms.classification.themes import themes_of
from transforms.text.fold import Folded

REVIEW_QUEUES: tuple[str, ...] = ("adverse_event", "crisis", "distress", "misinformation", "takedown")
"""Queues in the order of urgency within a post's list; the names are those of `review_reasons`."""


class Extras(NamedTuple):
    """What the rules add; the fields are those of the classified row (`transforms.posts.LABEL_FIELDS`).

    Attributes:
        themes: theme codes under the post's topics.
        aspects: one a theme.
        voice_class: see `facets.VOICE_CLASSES`.
        ae: suspected adverse events; empty unless the post is flagged adverse_event.
        criticality: 0 to 5, the worst statement.
        harm_claimed: whether somebody is said to have come to harm.
        care_setting: 外来, 入院, 救急, 産科, 小児, 精神, 在宅, 健診, 薬局, オンライン or None.
        stage_of_care: a step of care or None.
        department: as the text names it or None.
        prefecture: with its 都, 道, 府 or 県, or None.
        health_subject: self, family, other, public_figure or generic.
        sensitive_category: a category of the higher threshold or None.
        ad_claim_kinds: see `legal.AD_KINDS`.
        permitted_use: always internal_only.
        review_reasons: see `REVIEW_QUEUES`.
        evidence: ids of the rules that decided.
    """

    themes: tuple[str, ...]
    aspects: tuple[Aspect, ...]
    voice_class: str
    ae: tuple[AdverseEvent, ...]
    criticality: int
    harm_claimed: bool
    care_setting: str | None
    stage_of_care: str | None
    department: str | None
    prefecture: str | None
    health_subject: str
    sensitive_category: str | None
    ad_claim_kinds: tuple[str, ...]
    permitted_use: str
    review_reasons: tuple[str, ...]
    evidence: tuple[str, ...]


class Reading(NamedTuple):
    """A text read once: what models take features from and rules decide on.

    Attributes:
        scan: the text with its hits.
        clauses: its clauses.
    """

    scan: Scan
    clauses: list[Clause]


def read(folded: Folded) -> Reading:
    """Find all words of the lexicons and divide the text, once for models and rules."""
    scanned = scan(folded)
    return Reading(scanned, split(scanned))


def read_many(folded: Sequence[Folded]) -> list[Reading]:
    """Read texts as `read` does, a step at a time for all."""
    return [Reading(scanned, split(scanned)) for scanned in list(map(scan, folded))]


def enrich(
    document: Document, folded: Folded, guide: GuideLabels, *, reading: Reading | None = None
) -> Extras:
    """Fill everything that rules decide.

    Args:
        document: the post.
        folded: its text folded.
        guide: the labels of the guide.
        reading: `read(folded)`, where the caller already has it.

    Returns:
        The extras of the post. Any text gives some: an empty or foreign one gives empty fields.
    """
    scanned, clauses = reading if reading is not None else read(folded)
    topics = guide.topics if guide.relevant else ()
    themes = themes_of(scanned, topics) if topics else ()
    flagged = "adverse_event" in guide.flags
    events = tuple(find(scanned, clauses, guide)) if flagged else ()
    worst = criticality(scanned, clauses, guide, events)
    kinds = ad_claim_kinds(scanned, clauses, guide)
    # By place, in the order of `Extras`, and no rule is asked of a table without a hit: most posts have few.
    return Extras(
        themes,
        aspects_of(scanned, clauses, themes, guide.sentiment) if themes else (),
        voice_class(guide.speaker, document),
        events,
        worst.level,
        worst.harm_claimed,
        care_setting(scanned) if guide.relevant else None,
        stage_of_care(scanned, topics) if guide.relevant else None,
        department(scanned, guide),
        prefecture(scanned, guide),
        health_subject(scanned, guide),
        sensitive_category(scanned),
        kinds,
        PERMITTED_USE,
        review_reasons(guide, worst.level),
        _evidence(scanned, worst.evidence, flagged=flagged, advertises=bool(kinds)),
    )


def review_reasons(labels: GuideLabels, criticality_level: int) -> tuple[str, ...]:
    """The queues that want a human for a post.

    Args:
        labels: flags and intent.
        criticality_level: 0 to 5.

    Returns:
        Names of `REVIEW_QUEUES` in its order; empty for most posts. A rumour goes where false claims do: whether it is
        one, only a reviewer can say.
    """
    wanted = {*labels.flags, "misinformation"} if labels.intent == "rumour" else labels.flags
    if not wanted:
        return ()
    reasons = [queue for queue in REVIEW_QUEUES[:4] if queue in wanted]
    if takedown_candidate(labels, criticality_level):
        reasons.append("takedown")
    return tuple(reasons)


def _evidence(scanned: Scan, worst: tuple[str, ...], *, flagged: bool, advertises: bool) -> tuple[str, ...]:
    """Rule ids, the most telling tables first."""
    found = list(worst)
    hits = scanned.hits
    if flagged:
        found += evidence(scanned.of("drugs")) + evidence(scanned.of("events"))
    if advertises:
        found += evidence(scanned.of("adverts"))
    if "polarity" in hits:
        found += evidence(hits["polarity"], 2)
    if "sensitive" in hits:
        found += evidence(hits["sensitive"], 1)
    return tuple(dict.fromkeys(found)) if len(found) > 1 else tuple(found)
