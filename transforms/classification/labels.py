"""The classified post: every label that `transforms.posts.LABEL_FIELDS` names.

Belongs here: the record and how it is written as plain values.
Does not: how a label is decided.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from transforms.classification.adverse_events import AdverseEvent
from transforms.classification.aspects import Aspect


class Labels(NamedTuple):
    """One post's labels; fields and their order are those of `transforms.posts.LABEL_FIELDS`, which says what each means."""

    relevant: bool
    sentiment: str
    topics: tuple[str, ...]
    themes: tuple[str, ...]
    aspects: tuple[Aspect, ...]
    speaker: str
    voice_class: str
    intent: str
    flags: tuple[str, ...]
    ae: tuple[AdverseEvent, ...]
    criticality: int
    care_setting: str | None
    stage_of_care: str | None
    department: str | None
    prefecture: str | None
    health_subject: str
    sensitive_category: str | None
    ad_claim_kinds: tuple[str, ...]
    permitted_use: str
    confidence: float
    confidence_reason: str | None
    review_reasons: tuple[str, ...]
    claim_key: str | None
    evidence: tuple[str, ...]
    model_version: str
    taxonomy_version: str

    def plain(self) -> dict[str, Any]:
        """The labels as dicts, lists and scalars, as JSON and Arrow take them.

        Returns:
            Field -> value.
        """
        row: dict[str, Any] = {name: list(v) if type(v) is tuple else v for name, v in self._asdict().items()}
        row["aspects"] = [aspect._asdict() for aspect in self.aspects]
        row["ae"] = [event._asdict() for event in self.ae]
        return row
