"""From overlapping candidates to disjoint spans: longest match, then precedence of types, then score.

Belongs here: which candidate wins, and what becomes of the rest of one that loses.
Does not: finding candidates, replacing spans.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
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
    covered = bytearray(len(text))
    for span in ordered:
        if covered.find(1, span.start, span.end) < 0:
            parts = [span]
        elif span.type in DIRECT:
            parts = list(_rest(span, covered, text))
        else:
            continue
        for part in parts:
            covered[part.start : part.end] = b"\x01" * (part.end - part.start)
            taken.append(part)
    return sorted(taken)


_FREE: Final = re.compile(rb"\x00+")


def _rest(span: Span, covered: bytearray, text: str) -> Iterator[Span]:
    """The parts of a span that no winner covers and that hold a letter or digit."""
    for free in _FREE.finditer(covered, span.start, span.end):
        start, end = free.span()
        if any(c.isalnum() for c in text[start:end]):
            yield span._replace(start=start, end=end)
