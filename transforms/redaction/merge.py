"""From overlapping candidates to disjoint spans: longest match, then precedence of types, then score.

Belongs here: which candidate wins, and what becomes of the rest of one that loses.
Does not: finding candidates, replacing spans.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from transforms.redaction.spans import DIRECT, Span

PRECEDENCE: Final[dict[str, int]] = {
    name: rank
    for rank, name in enumerate(
        (
            "URL", "EMAIL", "CREDIT_CARD", "MY_NUMBER", "LICENSE", "PENSION_ID", "RESIDENCE_CARD", "PASSPORT", "PHONE", "IP", "BANK_ACCOUNT", "POSTAL",
            "INSURANCE_ID", "PLATE", "ADDRESS", "BIRTHDATE", "PATIENT_ID", "HANDLE", "ROOM", "DATE", "AFFILIATION", "PERSON", "AGE",
        )
    )
}  # fmt: skip
"""Which type wins where two candidates are equally long. Every type of `spans` has its place."""


def merge(candidates: Iterable[Span], text: str) -> list[Span]:
    """Choose disjoint spans.

    The longest candidate wins; of equally long ones the type that comes first in `PRECEDENCE`, then the higher score.
    What a losing candidate of a direct type covers beyond the winners stays covered, as long as it holds a letter or
    digit: better a span too many than half an address left.

    Args:
        candidates: spans in any order, overlapping or not.
        text: the original text that their offsets are of.

    Returns:
        Spans sorted by start, none overlapping another.
    """
    ordered = sorted(candidates, key=lambda s: (s.start - s.end, PRECEDENCE[s.type], -s.score, s.start))
    taken: list[Span] = []
    for span in ordered:
        rivals = [t for t in taken if t.start < span.end and span.start < t.end]
        if not rivals:
            taken.append(span)
        elif span.type in DIRECT:
            taken.extend(_rest(span, rivals, text))
    return sorted(taken)


def _rest(span: Span, rivals: list[Span], text: str) -> list[Span]:
    """The parts of a span that no rival covers and that hold a letter or digit."""
    parts: list[Span] = []
    position = span.start
    for rival in [*sorted(rivals), Span(span.end, span.end, span.type, 0, "")]:
        if rival.start > position and any(c.isalnum() for c in text[position : rival.start]):
            parts.append(span._replace(start=position, end=rival.start))
        position = max(position, rival.end)
    return parts
