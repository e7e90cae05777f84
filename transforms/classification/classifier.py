"""The classifier: documents in, the guide's labels and all that rules add to them out.

Belongs here: the order of the steps, texts that no model can judge, lines of JSON in and out, explanations.
Does not: features, weights, decisions, rules (each has its module beside this one).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from transforms.classification.assembly import enrich
from transforms.classification.decode import EXCLUSIVE, FIELDS, Decoded, Decoder, places
from transforms.classification.document import Document, GuideLabels
from transforms.classification.features import (
    BLOCKS,
    MAX_TEXT,
    MEANING,
    Prepared,
    hash_batch,
    names_of_buckets,
    prepare,
    prepare_many,
)
from transforms.classification.labels import Labels
from transforms.classification.linear import LinearModel, read_model, shipped_files
from transforms.classification.themes import taxonomy
from transforms.posts import SOURCES
from transforms.text.garbage import paused

BATCH: Final = 512
"""Documents whose features are in memory at once."""

MAX_LINE: Final = 8 * 1024 * 1024
"""Bytes of a line of JSON that are read."""

_UNSURE: Final = 0.2
"""The confidence of a text that no model was made for is at most this."""

_NOTHING: Final = GuideLabels(
    relevant=False, sentiment="neu", topics=(), speaker="public", intent="other", flags=()
)
_TOP_FEATURES: Final = 8
_BLOCKS: Final = (*BLOCKS, MEANING)


class Reason(NamedTuple):
    """One thing that spoke for or against a value.

    Attributes:
        block: chars, words, first, signals or meaning.
        feature: the n-gram or signal.
        weight: what it added to the score, before the look at how labels go together.
    """

    block: str
    feature: str
    weight: float


class Explanation(NamedTuple):
    """Why a document got its labels. It holds words of the text: it is shown, never stored.

    Attributes:
        labels: what was decided.
        probabilities: `<field>:<value>` -> calibrated probability, of the values given and of those just missed.
        reasons: `<field>:<value>` -> the features that weighed most, for each value given.
        rules: ids of rules that decided or hit.
    """

    labels: Labels
    probabilities: dict[str, float]
    reasons: dict[str, tuple[Reason, ...]]
    rules: tuple[str, ...]


class Classifier:
    """Classifies texts, redacted ones as a rule. One a process; it keeps no text."""

    def __init__(self, model: LinearModel) -> None:
        self._model = model
        self._decoder = Decoder.of(model.manifest)
        self._taxonomy_version = taxonomy().version

    @classmethod
    def load(cls) -> Classifier:
        """The classifier with the model that comes with the package.

        Returns:
            A classifier, ready.

        Raises:
            ModelError: the model's files do not belong together.
        """
        return cls(read_model(shipped_files()))

    @property
    def version(self) -> str:
        """The model's version, as it stands in every row."""
        return self._model.version

    def classify(self, document: Document) -> Labels:
        """Classify one document; see `classify_many`."""
        return self.classify_many([document])[0]

    def classify_many(self, documents: Sequence[Document]) -> list[Labels]:
        """Classify documents.

        Args:
            documents: any texts: empty, foreign and overlong ones get labels and say why they are unsure.

        Returns:
            One set of labels a document, in order; the same as if each had come alone.
        """
        labels: list[Labels] = []
        for start in range(0, len(documents), BATCH):
            with paused():
                labels += self.classify_prepared(prepare_many(documents[start : start + BATCH]))
        return labels

    def classify_prepared(self, batch: Sequence[Prepared]) -> list[Labels]:
        """Classify documents whose words the caller has already.

        Args:
            batch: as `features.prepare` made them, a few hundred at most.

        Returns:
            One set of labels a document, in order.
        """
        if not batch:
            return []
        with paused():
            decoded = self._decoder.decode(self._model.scores(hash_batch(batch)))
            return [self._assemble(p, d) for p, d in zip(batch, decoded, strict=True)]

    def classify_lines(self, lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
        """Classify lines of JSON, a batch at a time; memory does not grow with their number.

        Args:
            lines: one object each: text, and where known id, source, rating, author_official.

        Yields:
            One dict a line that is not blank, in order: id and labels, or id and `error` for a line that is no post.
        """
        pending: list[Document | dict[str, Any]] = []
        for line in lines:
            if line.strip():
                pending.append(parse_line(line))
            if len(pending) >= BATCH:
                yield from self._flush(pending)
                pending = []
        yield from self._flush(pending)

    def explain(self, document: Document) -> Explanation:
        """Classify one document and say why.

        Args:
            document: the post.

        Returns:
            Labels with the features and rules behind them.
        """
        prepared = prepare(document)
        batch = hash_batch([prepared])
        scores = self._model.scores(batch)
        labels = self._assemble(prepared, self._decoder.decode(scores)[0])
        chances = self._decoder.probabilities(scores)
        names = names_of_buckets(prepared)
        probabilities: dict[str, float] = {}
        reasons: dict[str, tuple[Reason, ...]] = {}
        for field, where in places().items():
            given = {"relevant": ("true",)}.get(field) or _values(labels, field)
            for offset, value in enumerate(FIELDS[field]):
                chance = float(chances[field][0, offset])
                if value in given or chance >= 0.15:
                    probabilities[f"{field}:{value}"] = round(chance, 4)
                if value in given:
                    parts = self._model.contributions(batch, where.start + offset)
                    top = sorted(parts.items(), key=lambda item: -abs(item[1]))[:_TOP_FEATURES]
                    reasons[f"{field}:{value}"] = tuple(
                        Reason(_BLOCKS[block], _shown(names[block, bucket]), round(weight, 4))
                        for (block, bucket), weight in top
                    )
        return Explanation(labels, probabilities, reasons, labels.evidence)

    def _flush(self, pending: Sequence[Document | dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Classify what is a document, and give the rest back as it is."""
        labels = iter(self.classify_many([p for p in pending if isinstance(p, Document)]))
        for one in pending:
            yield {"id": one.id, **next(labels).plain()} if isinstance(one, Document) else one

    def _assemble(self, prepared: Prepared, decoded: Decoded) -> Labels:
        """Put the models' labels and the rules' together."""
        reason = unsure_because(prepared)
        guide = _NOTHING if reason in {"empty", "no_words"} else decoded.labels
        extras = enrich(prepared.document, prepared.folded, guide, reading=prepared.reading)
        confidence = decoded.confidence if reason is None else min(decoded.confidence, _UNSURE)
        # By place, in the order of `Labels`: half the cost of names, once a post.
        return Labels(
            guide.relevant, guide.sentiment, guide.topics, extras.themes, extras.aspects, guide.speaker,
            extras.voice_class, guide.intent, guide.flags, extras.ae, extras.criticality, extras.care_setting,
            extras.stage_of_care, extras.department, extras.prefecture, extras.health_subject,
            extras.sensitive_category, extras.ad_claim_kinds, extras.permitted_use, round(confidence, 4), reason,
            extras.review_reasons, None, extras.evidence, self._model.version, self._taxonomy_version,
        )  # fmt: skip


def unsure_because(prepared: Prepared) -> str | None:
    """Why a text is not one that the models were made for.

    Args:
        prepared: the document as read.

    Returns:
        empty, no_words (signs, emoji, numbers or addresses alone), other_language (no kana and hardly a kanji among
        letters), too_long (only its beginning was read), or None.
    """
    text = prepared.folded.text
    if not text.strip():
        return "empty"
    words = _NO_WORDS_RE.sub("", text) if "[" in text or "://" in text else text
    if not words[:1].isalpha() and not any(map(str.isalpha, words)):
        return "no_words"
    if _foreign(text):
        return "other_language"
    return "too_long" if len(prepared.document.text) > MAX_TEXT else None


_NO_WORDS_RE: Final = re.compile(r"https?://\S{1,500}|\[[^\[\]\s]{1,80}\]", re.IGNORECASE)
"""What has letters and yet no words: addresses of the web, placeholders."""


_KANA_RE: Final = re.compile("[\u3041-\u30ff]")
_KANJI_RE: Final = re.compile("[\u4e00-\u9fff]")


@lru_cache(maxsize=64)
def _kana(count: int) -> re.Pattern[str]:
    """The beginning of a text up to so many kana."""
    return re.compile(f"(?:[^\u3041-\u30ff]*[\u3041-\u30ff]){{{count}}}")


def _foreign(text: str) -> bool:
    """Whether letters are those of another language: hardly any kana, and few kanji or a long text of nothing else."""
    beginning = text[:1000]
    enough = -(-len(beginning) // 20)
    if _kana(enough).match(beginning):
        return False
    kana = len(_KANA_RE.findall(beginning))
    letters = sum(map(str.isalpha, beginning))
    kanji = len(_KANJI_RE.findall(beginning))
    return letters >= 8 and kana * 20 < letters and (kanji * 3 < letters or (not kana and letters > 30))


def parse_line(line: bytes) -> Document | dict[str, Any]:
    """Read one line of JSON as a document.

    Args:
        line: as received.

    Returns:
        The document, or {"id", "error"} that says in one line, without any of its text, why it is none.
    """
    if len(line) > MAX_LINE:
        return {"id": None, "error": f"line is longer than {MAX_LINE} bytes"}
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return {"id": None, "error": "line is no JSON"}
    if not isinstance(row, dict):
        return {"id": None, "error": "line is no JSON object"}
    given = row.get("id")
    key = str(given) if isinstance(given, str | int) else None
    text = row.get("text")
    if not isinstance(text, str):
        return {"id": key, "error": "text is missing or no string"}
    source, rating, official = row.get("source"), row.get("rating"), row.get("author_official")
    return Document(
        text,
        key,
        source if source in SOURCES else None,
        rating if type(rating) is int and 1 <= rating <= 5 else None,
        official if isinstance(official, bool) else None,
    )


def _values(labels: Labels, field: str) -> tuple[str, ...]:
    """The values that a post was given."""
    value = getattr(labels, field)
    return (value,) if field in EXCLUSIVE else tuple(value)


def _shown(name: str) -> str:
    """A feature as one can read it."""
    return (
        name.replace("\x02", "^")
        .replace("\x03", "$")
        .replace("\ue000", "［氏名］")
        .replace("\ue001", "［識別子］")
    )
