"""From scores to probabilities that mean what they say.

Belongs here: the logistic maps and how they are fitted on held-out scores.
Does not: thresholds (decode.py), the scores themselves.

Platt, J. (1999), Probabilistic outputs for support vector machines; for single-valued fields its multinomial form:
a common slope for the field and an offset a class ("bias-corrected temperature scaling", Alexandari et al. 2020).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from transforms.classification.features import F32

F64 = npt.NDArray[np.float64]


class Scaling(NamedTuple):
    """A calibration.

    Attributes:
        slope: common to all columns.
        offsets: by column.
    """

    slope: float
    offsets: tuple[float, ...]


def sigmoid(values: F64) -> F64:
    """The logistic function, safe for large values."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * values)))


def binary(scores: F32, scaling: Scaling) -> F64:
    """Probabilities of labels that stand by themselves.

    Args:
        scores: documents by columns.
        scaling: with an offset a column.

    Returns:
        Documents by columns, 0 to 1.
    """
    return sigmoid(scores * scaling.slope + np.asarray(scaling.offsets))


def exclusive(scores: F32, scaling: Scaling) -> F64:
    """Probabilities of values of which a document has one.

    Args:
        scores: documents by columns.
        scaling: with an offset a column.

    Returns:
        Documents by columns; each row sums to 1.
    """
    logits = scores * scaling.slope + np.asarray(scaling.offsets)
    logits = logits - logits.max(axis=1, keepdims=True)
    powers = np.exp(logits)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def fit_binary(scores: F32, truth: F32, weight: F64) -> Scaling:
    """Fit one slope and an offset a column by log loss.

    Args:
        scores: held-out scores, documents by columns.
        truth: 0 to 1, the share of opinions that hold the label there; the same shape.
        weight: what each document counts.

    Returns:
        The calibration.
    """

    def loss(parameters: F64) -> tuple[float, F64]:
        logits = scores * parameters[0] + parameters[1:]
        gap = (sigmoid(logits) - truth) * weight[:, None]
        value = float(weight @ (np.logaddexp(0.0, logits) - truth * logits).sum(axis=1))
        return value, np.concatenate(([np.sum(gap * scores)], gap.sum(axis=0)))

    return _fit(loss, scores.shape[1])


def fit_exclusive(scores: F32, truth: F32, weight: F64) -> Scaling:
    """Fit one slope and an offset a class by log loss.

    Args:
        scores: held-out scores, documents by classes.
        truth: the share of opinions for each class; each row sums to 1.
        weight: what each document counts.

    Returns:
        The calibration.
    """

    def loss(parameters: F64) -> tuple[float, F64]:
        scaling = Scaling(float(parameters[0]), tuple(parameters[1:].tolist()))
        shares = exclusive(scores, scaling)
        value = -float(weight @ (truth * np.log(np.maximum(shares, 1e-12))).sum(axis=1))
        gap = (shares - truth) * weight[:, None]
        return value, np.concatenate(([np.sum(gap * scores)], gap.sum(axis=0)))

    return _fit(loss, scores.shape[1])


def _fit(loss: object, columns: int) -> Scaling:
    """Minimise a loss over a slope and offsets."""
    from scipy.optimize import minimize  # noqa: PLC0415  # only training fits: each start of the program would wait for it

    start = np.zeros(columns + 1)
    start[0] = 5.0
    best = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 300})
    return Scaling(round(float(best.x[0]), 5), tuple(round(float(v), 5) for v in best.x[1:]))
