"""A sequence classifier in the format of Hugging Face, from a folder on this machine: the extra `.[transformers]`.

Belongs here: loading it without a network and without running code of the folder, texts in, checked answers out.
Does not: training one, downloading one.

The folder holds config.json, a tokenizer and weights as safetensors. `id2label` of config.json names the outputs: either
`<field>:<value>` for outputs of the guide (`topics:wait`, `sentiment:neg`; fields that are missing stay with the linear
model), or plain neg, neu, pos for a model of sentiment alone.
"""

from __future__ import annotations

import hashlib
import importlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from orchestration.guard import PlainError
from transforms.classification.calibration import F64, sigmoid
from transforms.classification.decode import EXCLUSIVE, FIELDS, pick_topics
from transforms.classification.second_opinion import Answer, NoAnswer, check_answer

BATCH: Final = 32
MAX_TOKENS: Final = 512
GIVEN: Final = 0.5
"""The probability from which a value of several is given."""

_SENTIMENTS: Final = {
    "neg": "neg", "negative": "neg", "neu": "neu", "neutral": "neu", "pos": "pos", "positive": "pos", "mixed": "mixed",
}  # fmt: skip


class ModelMissingError(PlainError):
    """The model cannot be used; its text is the code of the reason."""


def load(folder: Path) -> SequenceModel:
    """Load a model from a folder.

    Raises:
        ModelMissingError: `not_installed` without the extra, `not_loadable` where the folder holds no such model,
            `unknown_labels` where its outputs name nothing of the guide.
    """
    # Set before the import: nothing may be looked up online.
    os.environ.update({"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"})
    try:
        transformers = importlib.import_module("transformers")
        torch = importlib.import_module("torch")
    except ImportError:
        raise ModelMissingError("not_installed") from None
    transformers.logging.set_verbosity_error()
    options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(str(folder), **options)
        model = transformers.AutoModelForSequenceClassification.from_pretrained(
            str(folder), use_safetensors=True, **options
        )
        version = _version(folder)
    except Exception:  # noqa: BLE001  whatever is wrong with a folder, the night goes on without it
        raise ModelMissingError("not_loadable") from None
    columns = _columns(model.config.id2label)
    if not columns:
        raise ModelMissingError("unknown_labels")
    return SequenceModel(model.eval(), tokenizer, torch, columns, version)


def _version(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted([folder / "config.json", *folder.glob("*.safetensors")]):
        with path.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return f"transformers-{digest.hexdigest()[:12]}"


def _columns(id2label: Mapping[int, str]) -> dict[str, dict[str, int]]:
    """Field -> value -> output, of the fields whose every output is known; a field of several values needs no others."""
    found: dict[str, dict[str, int]] = {}
    for place, name in id2label.items():
        field, _, value = str(name).partition(":")
        if not value:
            field, value = "sentiment", _SENTIMENTS.get(field.lower(), "")
        if field in FIELDS and value in FIELDS[field]:
            found.setdefault(field, {})[value] = int(place)
    return {field: values for field, values in found.items() if field not in EXCLUSIVE or len(values) > 1}


class SequenceModel:
    """A loaded model.

    Args:
        model: of transformers, in evaluation mode.
        tokenizer: its own.
        torch: the module.
        columns: field -> value -> output.
        version: names it in every row.
    """

    def __init__(
        self, model: Any, tokenizer: Any, torch: Any, columns: Mapping[str, Mapping[str, int]], version: str
    ) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._torch = torch
        self._columns = columns
        self.version = version

    def answer_many(self, texts: Sequence[str]) -> list[Answer | NoAnswer]:
        """One answer a text, a batch at a time; a batch that fails costs itself."""
        answers: list[Answer | NoAnswer] = []
        for start in range(0, len(texts), BATCH):
            some = list(texts[start : start + BATCH])
            try:
                scores = self._scores(some)
                answers += [self._answer(row) for row in scores]
            except Exception:  # noqa: BLE001  an error of a library may quote the text, and must not end the night
                answers += [NoAnswer("failed")] * len(some)
        return answers

    def _scores(self, texts: list[str]) -> F64:
        inputs = self._tokenizer(
            texts, padding=True, truncation=True, max_length=self._max_tokens(), return_tensors="pt"
        )
        with self._torch.inference_mode():
            logits = self._model(**inputs).logits
        return np.asarray(logits.float().cpu().numpy(), dtype=np.float64)

    def _max_tokens(self) -> int:
        known = getattr(self._model.config, "max_position_embeddings", MAX_TOKENS)
        # Some families keep two positions for themselves.
        return int(max(8, min(MAX_TOKENS, known - 2)))

    def _answer(self, scores: F64) -> Answer | NoAnswer:
        if not np.isfinite(scores).all():
            return NoAnswer("bad_answer")
        row: dict[str, Any] = {}
        sure: list[float] = []
        for field, outputs in self._columns.items():
            values = list(outputs)
            logits = scores[[outputs[value] for value in values]]
            if field in EXCLUSIVE:
                powers = np.exp(logits - logits.max())
                shares = powers / powers.sum()
                row[field] = values[int(shares.argmax())]
                sure.append(float(shares.max()))
                continue
            chances = sigmoid(logits)
            if field == "relevant":
                row[field] = bool(chances[0] >= GIVEN)
                sure.append(float(max(chances[0], 1 - chances[0])))
            elif field == "topics":
                [places] = pick_topics(chances[None, :], np.full(len(values), GIVEN))
                row[field] = [values[i] for i in places]
                sure.append(float(chances.max()))
            else:
                row[field] = [v for v, c in zip(values, chances, strict=True) if c >= GIVEN]
        row["confidence"] = float(np.exp(np.mean(np.log(np.maximum(sure, 1e-6))))) if sure else None
        return check_answer(row)
