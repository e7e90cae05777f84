"""What is done with each type of identifier, as the privacy officer sets it.

Belongs here: the policy's schema and the defaults of the two modes.
Does not: reading it from a file, the operators themselves (`operators`).

Modes. `internal` gives text for use inside the controller's walls (pseudonymous at best: the words themselves can be
searched for). `anonymous` follows the five rules for anonymised information (Enforcement Rules, article 34): besides
descriptors and identification codes it takes links and singular descriptions, bands what remains, and drops posts in
which several quasi-identifiers meet, since together they describe one person.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from transforms.redaction.spans import DIRECT, QUASI

Mode = Literal["internal", "anonymous"]
Operator = Literal["placeholder", "generalise", "pseudonym", "keep", "drop_post"]

_ALL: Final = sorted(DIRECT | QUASI)
_GENERALISED: Final[dict[Mode, frozenset[str]]] = {
    "internal": frozenset({"ADDRESS", "AGE", "DATE", "URL"}),
    "anonymous": frozenset({"ADDRESS", "AGE", "DATE"}),
}
_MAX_QUASI: Final[dict[Mode, int | None]] = {"internal": None, "anonymous": 3}
_IDENTIFICATION_CODES: Final = frozenset(
    {
        "MY_NUMBER",
        "INSURANCE_ID",
        "LICENSE",
        "PASSPORT",
        "RESIDENCE_CARD",
        "PENSION_ID",
        "CREDIT_CARD",
        "BANK_ACCOUNT",
    }
)
"""Numbers that the law calls identification codes or that cost money when misused: they may not be kept."""


def default_operators(mode: Mode) -> dict[str, Operator]:
    """The operator of each type in a mode."""
    return {name: "generalise" if name in _GENERALISED[mode] else "placeholder" for name in _ALL}


class RedactionPolicy(BaseModel):
    """How a text is redacted.

    Attributes:
        mode: see the module's docstring.
        operators: exceptions from the mode's defaults, by type.
        allow: words that are never redacted, such as the hospital's own published number. Compared after folding.
        deny: words that are always redacted, each with its type. Compared after folding, wherever they stand.
        max_quasi: a post with so many quasi-identifiers or more is dropped; None for never, the mode's default if unset.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Mode = "internal"
    operators: Mapping[str, Operator] = Field(default_factory=dict)
    allow: tuple[str, ...] = ()
    deny: Mapping[str, str] = Field(default_factory=dict)
    max_quasi: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _known_types(self) -> Self:
        """Refuse unknown types, empty words, and keeping what the law wants gone."""
        for name in [*self.operators, *self.deny.values()]:
            if name not in DIRECT | QUASI:
                msg = f"unknown identifier type {name!r}; known are {', '.join(_ALL)}"
                raise ValueError(msg)
        kept = sorted(n for n, op in self.operators.items() if op == "keep" and n in _IDENTIFICATION_CODES)
        if kept:
            msg = f"{', '.join(kept)} may not be kept: an identification code"
            raise ValueError(msg)
        if any(not word.strip() for word in [*self.allow, *self.deny]):
            msg = "allow and deny hold an empty word"
            raise ValueError(msg)
        return self

    def operator(self, name: str) -> Operator:
        """The operator for a type."""
        return self.operators.get(name) or (
            "generalise" if name in _GENERALISED[self.mode] else "placeholder"
        )

    def quasi_limit(self) -> int | None:
        """From how many quasi-identifiers on a post is dropped; None for never."""
        return self.max_quasi if self.max_quasi is not None else _MAX_QUASI[self.mode]
