"""Bigger models that the policy may allow beside the linear one: how they are run or asked.

Belongs here: opening the model that config/policy.yaml names. Does not: what an answer may be and what happens without one
(`transforms.classification.second_opinion`).
"""

from __future__ import annotations

from orchestration.config.policy import BiggerModel
from transforms.classification.second_opinion import GuestModel, Unavailable


def open_model(wanted: BiggerModel) -> GuestModel | None:
    """The bigger model that the policy allows.

    Args:
        wanted: the policy's section.

    Returns:
        The model; None where the linear model is to decide alone. A model that cannot be opened answers nothing and says why
        in its counts: a night goes on without it.
    """
    if wanted.kind == "endpoint" and wanted.url is not None:
        from orchestration.models.endpoint import Endpoint  # noqa: PLC0415  only where it is used

        return Endpoint.of(wanted.url, wanted.name, timeout=wanted.timeout_seconds, parallel=wanted.parallel)
    if wanted.kind == "transformers" and wanted.folder is not None:
        from orchestration.models import sequence  # noqa: PLC0415

        try:
            return sequence.load(wanted.folder)
        except sequence.ModelMissingError as error:
            return Unavailable(str(error))
    return None
