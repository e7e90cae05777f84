"""The span: what a recognizer gives, what is merged, and what an operator replaces.

Belongs here: the type, the closed list of identifier types, their order of precedence.
Does not: how spans are found.
"""

from __future__ import annotations

from typing import NamedTuple

DIRECT: frozenset[str] = frozenset(
    {
        "PERSON", "PHONE", "EMAIL", "HANDLE", "URL", "ADDRESS", "POSTAL", "BIRTHDATE", "MY_NUMBER", "INSURANCE_ID",
        "PATIENT_ID", "LICENSE", "PASSPORT", "RESIDENCE_CARD", "PENSION_ID", "CREDIT_CARD", "BANK_ACCOUNT", "PLATE", "IP",
    }
)  # fmt: skip
"""Types that identify a person by themselves."""

QUASI: frozenset[str] = frozenset({"AGE", "AFFILIATION", "ROOM", "DATE"})
"""Types that identify a person together with others."""


class Span(NamedTuple):
    """A stretch of the text as given that identifies somebody.

    Attributes:
        start: first code point of the original text.
        end: one past the last code point.
        type: one of `DIRECT` or `QUASI`.
        score: 0 to 1, how sure the rule is.
        rule: id of the rule that found it, `<family>.<name>`, e.g. `phone.mobile` or `person.honorific`.
    """

    start: int
    end: int
    type: str
    score: float
    rule: str
