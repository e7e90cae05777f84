"""How labels go together: scores by pairs of scores, a second look over the first.

Belongs here: the features that a row of scores gives, their weights' application.
Does not: the scores (linear.py), how the weights are found (training/labels.py).

A complaint is seldom glad, a facility seldom has symptoms: a score is worth more or less beside others. The second look is
linear in the scores and in the product of each pair.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from transforms.classification.features import F32

_ROWS: Final = 8
_SMALL: Final = 250_000
"""Rows of a product at once, and multiplications of one: larger ones the algebra library divides among threads."""


class Interplay(NamedTuple):
    """The second look.

    Attributes:
        centre: the mean score by column.
        bias: by column.
        weights: features of `pairs` by columns.
    """

    centre: F32
    bias: F32
    weights: F32

    def of(self, scores: F32) -> F32:
        """Look at scores again.

        Args:
            scores: documents by columns.

        Returns:
            The mean of the first scores and the second ones, of the same shape.
        """
        second = _product(pairs(scores - self.centre), self.weights) + self.bias
        return np.asarray((scores + second) / 2, dtype=np.float32)


def _product(left: F32, right: F32) -> F32:
    """A product of matrices by few rows at a time.

    So small products stay on the thread that asks for them; the threads of the algebra library cost a worker beside other
    workers more than the product. Always so many rows, so that a document's scores do not depend on its company.
    """
    rows = max(1, min(_ROWS, _SMALL // max(1, right.size)))
    whole = len(left) - len(left) % rows
    found = np.empty((len(left), right.shape[1]), dtype=np.float32)
    stacked = left[:whole].reshape(-1, rows, left.shape[1])
    np.matmul(stacked, right, out=found[:whole].reshape(-1, rows, right.shape[1]))
    rest = np.zeros((rows, left.shape[1]), dtype=np.float32)
    rest[: len(left) - whole] = left[whole:]
    found[whole:] = (rest @ right)[: len(left) - whole]
    return found


def pairs(scores: F32) -> F32:
    """Each score, and the product of each pair of scores, a score with itself included.

    Args:
        scores: documents by columns.

    Returns:
        Documents by columns * (columns + 3) / 2.
    """
    count, columns = scores.shape
    found = np.empty((count, columns * (columns + 3) // 2), dtype=scores.dtype)
    found[:, :columns] = scores
    place = columns
    for one in range(columns):
        width = columns - one
        np.multiply(scores[:, one:], scores[:, one : one + 1], out=found[:, place : place + width])
        place += width
    return found
