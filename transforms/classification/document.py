"""What the classifier is given, and the labels that its models give to its rules.

Belongs here: the two records that pass between the trained models and the rules.
Does not: how any label is decided.
"""

from __future__ import annotations

from typing import NamedTuple


class Document(NamedTuple):
    """One text to classify. Everything but the text is optional.

    Attributes:
        text: the post, redacted or not, as written.
        id: the caller's id; given back, never read.
        source: the platform (`transforms.posts.SOURCES`), None if unknown.
        rating: stars, 1 to 5, as the writer gave them.
        author_official: whether the account is proven to speak for an organisation; None if not known.
    """

    text: str
    id: str | None = None
    source: str | None = None
    rating: int | None = None
    author_official: bool | None = None

    def __repr__(self) -> str:
        """Its length and source: a text must not reach a log or a traceback."""
        return f"Document({len(self.text)} characters, source={self.source})"


class GuideLabels(NamedTuple):
    """The labels of the annotation guide, as the models (or an annotator) decide them.

    Attributes:
        relevant: whether the post is about health care.
        sentiment: neg, neu, pos or mixed.
        topics: one to three topic codes, the main first; empty where not relevant.
        speaker: patient, family, hcp, facility, company, media, public or spam.
        intent: complaint, praise, question, request, experience, information, rumour or other.
        flags: codes of the guide, any number.
    """

    relevant: bool
    sentiment: str
    topics: tuple[str, ...]
    speaker: str
    intent: str
    flags: tuple[str, ...]
