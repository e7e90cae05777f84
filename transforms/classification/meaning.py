"""What the words of a post mean together: the mean of their word vectors, also of words that no training post has.

Belongs here: the table of word vectors, the mean vector of each document of a batch.
Does not: how the table is made (training/word_vectors.py), weights.
"""

from __future__ import annotations

import io
from functools import lru_cache
from importlib import resources
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from transforms.classification.features import BUCKETS, F32, Hashed

TABLE_FILE: Final = "word_vectors.npz"


class Table(NamedTuple):
    """Word vectors.

    Attributes:
        rows: bucket of a lemma -> row of `vectors`, -1 where none is known; shape (BUCKETS,).
        vectors: rows by dimensions.
    """

    rows: npt.NDArray[np.int32]
    vectors: F32


class Mean(NamedTuple):
    """How the mean of a document is taken, as trained.

    Attributes:
        rarity: what a word's vector weighs, by row of the table.
        centre: the mean of all documents, which tells none apart.
    """

    rarity: F32
    centre: F32

    def of(self, hashed: Hashed) -> F32:
        """The meaning of each document.

        Args:
            hashed: single words, by document.

        Returns:
            Documents by dimensions; unit vectors, zero where no word is known.
        """
        sums = np.asarray(_words(hashed, self.rarity) @ table().vectors)
        turned = _unit(sums) - self.centre
        turned[~np.any(sums != 0, axis=1)] = 0
        return _unit(turned)

    def weighed(self, hashed: Hashed, by_word: F32, of_centre: F32) -> F32:
        """The product of `of` and weights, from products with the weights that are made once.

        A product of two dense matrices would set off the threads of the algebra library, which cost a worker beside other workers
        many times the product.

        Args:
            hashed: single words, by document.
            by_word: the table's vectors times the weights.
            of_centre: the centre times the weights.

        Returns:
            Documents by columns of the weights.
        """
        counts = _words(hashed, self.rarity)
        sums = np.asarray(counts @ table().vectors)
        shrink = 1.0 / _length(sums)
        turn = np.where(
            np.any(sums != 0, axis=1, keepdims=True), 1.0 / _length(sums * shrink - self.centre), 0
        )
        return np.asarray(((counts @ by_word) * shrink - of_centre) * turn, dtype=np.float32)


def _words(hashed: Hashed, rarity: F32) -> sparse.csr_matrix:
    """Documents by rows of the table: what each known word weighs."""
    rows = table().rows[hashed.buckets]
    known = rows >= 0
    so_far = np.concatenate(([0], np.cumsum(known, dtype=np.int32)))
    bounds = so_far[np.concatenate(([0], np.cumsum(hashed.counts)))].astype(np.int32)
    rows = rows[known]
    return sparse.csr_matrix((rarity[rows], rows, bounds), shape=(len(hashed.counts), len(rarity)))


def _length(vectors: F32) -> F32:
    return np.asarray(np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def _unit(vectors: F32) -> F32:
    return np.asarray(vectors / _length(vectors), dtype=np.float32)


def fit(hashed: Hashed) -> Mean:
    """Learn from documents how common each word is, and what all documents have in common.

    Args:
        hashed: single words, by document.

    Returns:
        Rarity by log((1 + documents) / (1 + documents with it)) + 1, rounded as it is stored, and the centre.
    """
    rows = table().rows[hashed.buckets]
    owner = np.repeat(np.arange(len(hashed.counts), dtype=np.int64), hashed.counts)[rows >= 0]
    size = len(table().vectors)
    pairs = np.unique(owner * size + rows[rows >= 0])
    frequency = np.bincount(pairs % size, minlength=size)
    rarity = (np.log((1 + len(hashed.counts)) / (1 + frequency)) + 1).astype(np.float16).astype(np.float32)
    sums = np.asarray(_words(hashed, rarity) @ table().vectors)
    return Mean(rarity, _unit(sums).mean(axis=0).astype(np.float32))


@lru_cache(maxsize=1)
def table() -> Table:
    """The shipped table, read once a process."""
    content = resources.files(__package__).joinpath(f"data/{TABLE_FILE}").read_bytes()
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        rows = np.full(BUCKETS, -1, dtype=np.int32)
        rows[np.cumsum(arrays["buckets"], dtype=np.uint32)] = arrays["rows"].astype(np.int32)
        return Table(rows, arrays["vectors"].astype(np.float32) * arrays["scale"])
