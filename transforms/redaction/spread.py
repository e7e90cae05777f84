"""Redaction by an engine: many texts at once, by copies of one redactor in the engine's workers.

Belongs here: what a worker needs to make its copy, cutting into batches, failures of workers as failures of texts.
Does not: how text is redacted (`redactor`), where workers run (`transforms.engine`).
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Final, NamedTuple

from transforms.engine import Engine, Poisoned
from transforms.redaction.policy import RedactionPolicy
from transforms.redaction.redactor import Redaction, RedactionFailure, Redactor

BATCH: Final = 1024
"""Texts that a worker gets at a time."""


class Recipe(NamedTuple):
    """What a redactor is made from.

    Attributes:
        policy: operators and lists.
        pseudonym_key: secret of the pseudonym operator, None where the policy does not use it.
    """

    policy: RedactionPolicy
    pseudonym_key: bytes | None = None

    def redactor(self) -> Redactor:
        """A redactor of this recipe."""
        return Redactor(self.policy, pseudonym_key=self.pseudonym_key)


class SpreadRedactor:
    """Redacts many texts by an engine's workers, and few here: a worker's start costs more than some thousand texts.

    Args:
        recipe: of the redactor that each worker makes for itself.
        engine: runs the batches.
        least: texts from which on the engine is asked.
    """

    def __init__(self, recipe: Recipe, engine: Engine, *, least: int = 2 * BATCH) -> None:
        self._here = recipe.redactor()
        self._work = partial(_redact_batch, pickle.dumps(recipe))
        self._engine = engine
        self._least = least

    def redact(self, text: str, *, known_names: Sequence[str] = ()) -> Redaction:
        """Redact one text, here.

        Raises:
            RedactionError: as `Redactor.redact`.
        """
        return self._here.redact(text, known_names=known_names)

    def redact_many(self, texts: Sequence[str]) -> list[Redaction | RedactionFailure]:
        """Redact texts; one that fails, or that kills its worker, is answered with a reason and costs itself alone."""
        if len(texts) < self._least:
            return self._here.redact_many(texts)
        batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
        results: list[Redaction | RedactionFailure] = []
        for part in self._engine.run(self._work, batches):
            results += [
                RedactionFailure(f"failed_{r.kind.lower()}") if isinstance(r, Poisoned) else r for r in part
            ]
        return results


def _redact_batch(packed: bytes, texts: Sequence[str]) -> list[Redaction | RedactionFailure]:
    return _made(packed).redact_many(texts)


@lru_cache(maxsize=1)
def _made(packed: bytes) -> Redactor:
    """A worker's copy, kept from batch to batch."""
    recipe: Recipe = pickle.loads(packed)  # noqa: S301  written by `SpreadRedactor`, in this program
    return recipe.redactor()
