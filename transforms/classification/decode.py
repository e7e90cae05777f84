"""From probabilities to the guide's labels.

Belongs here: which values are given, in which order, and how sure the whole is.
Does not: where the numbers come from, what rules add.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import compress
from typing import Any, Final, NamedTuple

import numpy as np

from transforms.classification.calibration import F64, Scaling, binary, exclusive
from transforms.classification.document import GuideLabels
from transforms.classification.features import F32

FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "relevant": ("true",),
    "sentiment": ("neg", "neu", "pos", "mixed"),
    "topics": (
        "wait", "manner", "explanation", "care", "medication", "safety", "facility", "access", "admin", "cost", "inpatient",
        "privacy", "online", "prevention", "symptom", "newtech", "workforce", "policy", "reputation", "other",
    ),
    "speaker": ("patient", "family", "hcp", "facility", "company", "media", "public", "spam"),
    "intent": ("complaint", "praise", "question", "request", "experience", "information", "rumour", "other"),
    "flags": ("adverse_event", "misinformation", "crisis", "testimonial", "ad_claim", "distress", "named_attack"),
}  # fmt: skip
"""Field -> its values, in the order of the model's columns."""

EXCLUSIVE: Final = ("sentiment", "speaker", "intent")
"""Fields of which a post has exactly one value."""

MAX_TOPICS: Final = 3


def columns() -> tuple[str, ...]:
    """The model's columns, `<field>:<value>`."""
    return tuple(f"{field}:{value}" for field, values in FIELDS.items() for value in values)


def places() -> dict[str, slice]:
    """Where each field's columns stand."""
    found: dict[str, slice] = {}
    start = 0
    for field, values in FIELDS.items():
        found[field] = slice(start, start + len(values))
        start += len(values)
    return found


class Decoded(NamedTuple):
    """One document's labels and how sure they are.

    Attributes:
        labels: of the guide.
        confidence: the geometric mean of the probabilities of relevance, sentiment, main topic, speaker and intent.
        adverse_event: the probability of an adverse event, which a human's queue sorts by.
    """

    labels: GuideLabels
    confidence: float
    adverse_event: float


class Decoder(NamedTuple):
    """Calibrations and thresholds, as trained.

    Attributes:
        scalings: field -> calibration.
        thresholds: field -> the probability from which each value is given; for fields with one value, what is added to
            each value's log probability before the largest is taken.
    """

    scalings: Mapping[str, Scaling]
    thresholds: Mapping[str, F64]

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> Decoder:
        """Read what training wrote.

        Args:
            manifest: of the model.

        Returns:
            The decoder.
        """
        scalings = {
            field: Scaling(float(value["slope"]), tuple(value["offsets"]))
            for field, value in manifest["calibration"].items()
        }
        thresholds = {field: np.asarray(value) for field, value in manifest["thresholds"].items()}
        return cls(scalings, thresholds)

    def probabilities(self, scores: F32) -> dict[str, F64]:
        """Calibrated probabilities by field.

        Args:
            scores: documents by columns.

        Returns:
            Field -> documents by values.
        """
        where = places()
        return {
            field: (exclusive if field in EXCLUSIVE else binary)(
                scores[:, where[field]], self.scalings[field]
            )
            for field in FIELDS
        }

    def decode(self, scores: F32) -> list[Decoded]:
        """Decide.

        Args:
            scores: documents by columns.

        Returns:
            One decision a document.
        """
        chances = self.probabilities(scores)
        relevant = chances["relevant"][:, 0] >= self.thresholds["relevant"][0]
        picked = {
            field: (np.log(np.maximum(chances[field], 1e-9)) + self.thresholds[field]).argmax(axis=1)
            for field in EXCLUSIVE
        }
        topics = pick_topics(chances["topics"], self.thresholds["topics"])
        flags = chances["flags"] >= self.thresholds["flags"]
        sure = [chances[field].max(axis=1) for field in EXCLUSIVE]
        sure.append(np.where(relevant, chances["relevant"][:, 0], 1.0 - chances["relevant"][:, 0]))
        sure.append(np.where(relevant, chances["topics"].max(axis=1), 1.0))
        confidence = np.exp(np.mean(np.log(np.maximum(sure, 1e-6)), axis=0))
        return [
            Decoded(_labels(found, values, given, relevant=yes), sure_of, event)
            for yes, found, values, given, sure_of, event in zip(
                relevant.tolist(),
                topics,
                zip(*(picked[field].tolist() for field in EXCLUSIVE), strict=True),
                flags.tolist(),
                confidence.tolist(),
                chances["flags"][:, 0].tolist(),
                strict=True,
            )
        ]


def _labels(
    topics: Sequence[int], picked: tuple[int, ...], flags: Sequence[bool], *, relevant: bool
) -> GuideLabels:
    """The labels of one document by their indices; one that is not relevant has no topics and the intent other."""
    sentiment, speaker, intent = [
        FIELDS[field][index] for field, index in zip(EXCLUSIVE, picked, strict=True)
    ]
    return GuideLabels(
        relevant=relevant,
        sentiment=sentiment,
        topics=tuple([FIELDS["topics"][j] for j in topics]) if relevant else (),
        speaker=speaker,
        intent=intent if relevant else "other",
        flags=tuple(compress(FIELDS["flags"], flags)),
    )


def pick_topics(chances: F64, thresholds: F64) -> list[Sequence[int]]:
    """The topics of each document: those over their thresholds, the likeliest always, three at most.

    Args:
        chances: documents by topics.
        thresholds: by topic.

    Returns:
        Indices by document, the main topic first.
    """
    margin = chances / thresholds
    most = np.sort(margin, axis=1)[:, -min(MAX_TOPICS, chances.shape[1])]
    best = margin.max(axis=1)
    given = (margin >= np.minimum(1.0, best)[:, None]) & (margin >= most[:, None])
    counts = given.sum(axis=1).tolist()
    ranked = np.argsort(np.where(given, -chances, 1.0), axis=1, kind="stable")[:, :MAX_TOPICS].tolist()
    return [order[: min(count, MAX_TOPICS)] for order, count in zip(ranked, counts, strict=True)]
