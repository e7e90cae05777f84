"""What the law makes of a post: advertising claims by kind, testimonials, attacks on a person, use that is permitted.

Belongs here: the kinds that 医療法 6条の5 and its guideline, 薬機法 66-68条 and the 景表法 notice on stealth marketing know, as cues
for models and as labels; the use that a row allows.
Does not: the flags themselves (a model decides them), any decision: a label is an opinion that a human confirms.
"""

from __future__ import annotations

from collections.abc import Sequence

from transforms.classification.clauses import Clause, clause_at
from transforms.classification.document import GuideLabels
from transforms.classification.lexicons import Scan

PERMITTED_USE = "internal_only"
"""The only value of `permitted_use`.

A patient's account of a treatment may not attract patients, whatever it says (医療法施行規則1条の9第1号), a disclaimer does not
help, and lifting the limit on items (1条の9の2) does not lift this. Other posts are others' words. So every row is for
improving the service inside; none is ever called promotable, and no code path gives another value.
"""

AD_KINDS: tuple[str, ...] = (
    "guarantee", "superlative", "comparative", "before_after", "unapproved", "testimonial", "incentivised_review",
    "celebrity", "discount_hype", "exaggerated",
)  # fmt: skip
"""Kinds of advertising claim, what the law and its guideline forbid by name first; `exaggerated` takes the rest (誇大)."""

_ANYBODY = "incentivised_review"


def ad_cues(scan: Scan) -> tuple[str, ...]:
    """Kinds of claim whose words stand in the text, whoever speaks and however it is meant: features for a model.

    Args:
        scan: the text with its hits.

    Returns:
        Kinds in the order of `AD_KINDS`.
    """
    found = {hit.entry.values[0] for hit in scan.of("adverts")}
    return tuple(kind for kind in AD_KINDS if kind in found)


def ad_claim_kinds(scan: Scan, clauses: Sequence[Clause], labels: GuideLabels) -> tuple[str, ...]:
    """Kinds of claim that a post makes.

    Only a post that a model flags as an advertising claim makes one: a denounced, quoted or lawful advertisement does
    not. A reward for a review is told by anybody, since it is the reviewer who gives it away.

    Args:
        scan: the text with its hits.
        clauses: of the same text.
        labels: whether a model flags the post as an advertising claim.

    Returns:
        Kinds in the order of `AD_KINDS`; empty for none. A flagged post has at least one.
    """
    flagged = "ad_claim" in labels.flags
    if not flagged and "adverts" not in scan.hits:
        return ()
    found = set()
    for hit in scan.of("adverts"):
        kind = hit.entry.values[0]
        if flagged or (kind == _ANYBODY and "denied" not in clauses[clause_at(clauses, hit.start)].cues):
            found.add(kind)
    if flagged and not found:
        found.add("exaggerated")
    return tuple(kind for kind in AD_KINDS if kind in found)


def testimonial_cues(scan: Scan, labels: GuideLabels) -> bool:
    """Whether a patient or relative tells what a treatment brought: the words for it, not the model's flag.

    Args:
        scan: the text with its hits.
        labels: the speaker.

    Returns:
        True where a patient's voice speaks of a treatment's course or effect.
    """
    if labels.speaker not in {"patient", "family"}:
        return False
    themes = {hit.entry.values[0] for hit in scan.of("themes")}
    return bool(themes & {"CLI_QUALITY", "CLI_PAIN", "INF_NEWTX", "DEV_EQUIP"})


def attack_cues(scan: Scan) -> tuple[str, ...]:
    """What an attack on a named person is made of, as far as words show it: features for a model.

    Args:
        scan: the text with its hits.

    Returns:
        Of `blame` (words that blame somebody), `call` (a call to act together) and `person` (somebody is pointed out,
        って医者, という看護師) those that stand in the text, in this order. None of them is an attack by itself.
    """
    found = {hit.entry.values[0] for hit in scan.of("cues")}
    return tuple(cue for cue in ("blame", "call", "person") if cue in found)


def takedown_candidate(labels: GuideLabels, criticality: int) -> bool:
    """Whether a human should consider asking the platform to act (情プラ法: it decides within 7 days).

    A named person blamed, or a false claim that harms; never a complaint as such, however hard.

    Args:
        labels: flags and intent.
        criticality: 0 to 5.

    Returns:
        True for a candidate. Nothing is ever requested by the tool.
    """
    if "named_attack" in labels.flags:
        return criticality >= 2 or labels.intent == "rumour"
    return "misinformation" in labels.flags and labels.intent == "rumour" and "crisis" in labels.flags
