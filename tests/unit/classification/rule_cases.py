"""What the tests of the classification rules share: a text read, and labels by keyword. Every text is invented."""

from __future__ import annotations

from transforms.classification import assembly
from transforms.classification.document import Document, GuideLabels
from transforms.text.fold import fold


def read(text: str) -> assembly.Reading:
    return assembly.read(fold(text))


def labels(
    *,
    relevant: bool = True,
    sentiment: str = "neu",
    topics: tuple[str, ...] = (),
    speaker: str = "patient",
    intent: str = "experience",
    flags: tuple[str, ...] = (),
) -> GuideLabels:
    return GuideLabels(relevant, sentiment, topics, speaker, intent, flags)


def enrich(text: str, guide: GuideLabels | None = None, *, official: bool | None = None) -> assembly.Extras:
    document = Document(text, author_official=official)
    return assembly.enrich(document, fold(text), guide or labels())
