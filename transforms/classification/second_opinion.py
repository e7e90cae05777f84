"""A bigger model beside the linear one: what it may answer, and how its answers and the linear model's come together.

Belongs here: the interface of such a model, checking its answers against the guide's vocabularies, the fallback and its
counting. Does not: running a model or asking one (`orchestration.models`), which model is allowed (config/policy.yaml).

A bigger model is a guest. It sees redacted text only: a text in which the independent scanner still finds somebody is never
shown to it. Whatever it answers is one of the guide's values or counts as no answer, so that a post that talks to the model
gets a wrong label at worst. Where it does not answer, the linear model does, and the reason is counted.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from transforms.classification.classifier import Classifier
from transforms.classification.decode import EXCLUSIVE, FIELDS, MAX_TOPICS, Decoded
from transforms.classification.document import GuideLabels
from transforms.classification.features import Prepared, hash_batch
from transforms.classification.labels import Labels
from transforms.classification.linear import LinearModel
from transforms.redaction import scan
from transforms.text.garbage import paused

MAX_ANSWER: Final = 64 * 1024
"""Letters of an answer that are read."""

NOT_REDACTED: Final = "not_redacted"


class Answer(NamedTuple):
    """What a bigger model says of one text.

    Attributes:
        labels: field of the guide -> value, of the fields that it answers.
        confidence: 0 to 1; None where it does not say.
    """

    labels: Mapping[str, Any]
    confidence: float | None = None


class NoAnswer(NamedTuple):
    """Why there is none.

    Attributes:
        reason: a code of lower-case words joined by underscores.
    """

    reason: str


class GuestModel(Protocol):
    """A model that answers for texts. It raises nothing: what goes wrong is a `NoAnswer`."""

    @property
    def version(self) -> str:
        """Names the model in every row that it answered: letters, digits and . _ -."""
        ...

    def answer_many(self, texts: Sequence[str]) -> Sequence[Answer | NoAnswer]:
        """One answer a text."""
        ...


class SecondOpinion(Classifier):
    """A classifier that asks a bigger model, and takes the linear one where that does not answer.

    Args:
        model: the linear model.
        guest: the bigger one.
    """

    def __init__(self, model: LinearModel, guest: GuestModel) -> None:
        super().__init__(model)
        self._guest = guest
        self.told: Counter[str] = Counter()
        """`answered`, and texts that the linear model decided by the reason for it."""

    @property
    def version(self) -> str:
        """The bigger model's version, over the linear one's."""
        return f"{self._guest.version}+{super().version}"

    def classify_prepared(self, batch: Sequence[Prepared]) -> list[Labels]:
        """Classify documents whose words the caller has already; see `Classifier.classify_prepared`."""
        if not batch:
            return []
        answers = self._ask([one.document.text for one in batch])
        with paused():
            decoded = self._decoder.decode(self._model.scores(hash_batch(batch)))
            return [self._opinion(p, d, a) for p, d, a in zip(batch, decoded, answers, strict=True)]

    def _ask(self, texts: Sequence[str]) -> list[Answer | NoAnswer]:
        """The guest's answers, without those of texts that it may not see."""
        kept_back = scan.residual_rows(texts)
        shown = [i for i, text in enumerate(texts) if i not in kept_back and text.strip()]
        answers: list[Answer | NoAnswer] = [
            NoAnswer(NOT_REDACTED if i in kept_back else "empty") for i in range(len(texts))
        ]
        given = self._guest.answer_many([texts[i] for i in shown]) if shown else []
        for i, answer in zip(
            shown, given, strict=False
        ):  # one that answers too little has not answered the rest
            answers[i] = answer
        for i in shown[len(given) :]:
            answers[i] = NoAnswer("missing")
        self.told.update(a.reason if isinstance(a, NoAnswer) else "answered" for a in answers)
        return answers

    def _opinion(self, prepared: Prepared, decoded: Decoded, answer: Answer | NoAnswer) -> Labels:
        if isinstance(answer, NoAnswer):
            return self._assemble(prepared, decoded)
        confidence = decoded.confidence if answer.confidence is None else answer.confidence
        merged = decoded._replace(labels=merge(decoded.labels, answer.labels), confidence=confidence)
        return self._assemble(prepared, merged)._replace(model_version=self._guest.version)


def merge(linear: GuideLabels, given: Mapping[str, Any]) -> GuideLabels:
    """The linear model's labels with those that a bigger one gave, made to fit the guide.

    Args:
        linear: of the same text.
        given: field -> checked value.

    Returns:
        Labels; a post that is not relevant has no topics and the intent other, a relevant one has a topic.
    """
    values: dict[str, Any] = {f: tuple(v) if isinstance(v, list) else v for f, v in given.items()}
    both = linear._replace(**values)
    if not both.relevant:
        return both._replace(topics=(), intent="other")
    return both if both.topics else both._replace(topics=linear.topics or ("other",))


def read_answer(text: str) -> Answer | NoAnswer:
    """Read what a model of words answered: a JSON object with fields of the guide, perhaps in a fence or among words.

    Args:
        text: as answered; untrusted.

    Returns:
        The answer, or `bad_answer` where it is no such object or a value is none of the guide's.
    """
    text = text[:MAX_ANSWER]
    begin, end = text.find("{"), text.rfind("}")
    if begin < 0 or end < begin:
        return NoAnswer("bad_answer")
    try:
        row = json.loads(text[begin : end + 1])
    except (ValueError, RecursionError):
        return NoAnswer("bad_answer")
    return check_answer(row)


def check_answer(row: Any) -> Answer | NoAnswer:
    """Hold an answer to the guide's vocabularies.

    Args:
        row: what should be a mapping of fields to values; other keys than the guide's are left out.

    Returns:
        The answer, or `bad_answer`.
    """
    if not isinstance(row, dict):
        return NoAnswer("bad_answer")
    labels = {field: row[field] for field in FIELDS if field in row}
    if not labels or not all(_fits(field, value) for field, value in labels.items()):
        return NoAnswer("bad_answer")
    sure: Any = row.get("confidence")
    known = isinstance(sure, int | float) and not isinstance(sure, bool) and 0 <= sure <= 1
    return Answer(labels, float(sure) if known else None)


def _fits(field: str, value: Any) -> bool:
    if field == "relevant":
        return isinstance(value, bool)
    if field in EXCLUSIVE:
        return isinstance(value, str) and value in FIELDS[field]
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        return False
    fits = set(value) <= set(FIELDS[field]) and len(set(value)) == len(value)
    return fits and (field != "topics" or len(value) <= MAX_TOPICS)


class Unavailable:
    """A bigger model that is allowed but not there: every text goes to the linear one, and that is counted.

    Args:
        reason: why.
    """

    version = "none"

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def answer_many(self, texts: Sequence[str]) -> list[Answer | NoAnswer]:
        """No answer a text."""
        return [NoAnswer(self._reason) for _ in texts]
