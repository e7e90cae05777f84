"""The trained weights: read, checked against their manifest, applied to a batch.

Belongs here: the format of the model's files, the product of features and weights.
Does not: features, thresholds' meaning, training (see `training/labels.py`).
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from importlib import resources
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from transforms.classification import meaning
from transforms.classification.features import BLOCKS, BUCKETS, F32, Hashed
from transforms.classification.interplay import Interplay

WEIGHTS_FILE: Final = "weights.npz"
MANIFEST_FILE: Final = "manifest.json"
FORMAT: Final = 2
"""Version of the files' layout; another one is refused."""


class ModelError(Exception):
    """The model's files are not those that were trained together; the message is one line."""


class Block(NamedTuple):
    """The weights of one block of features.

    Attributes:
        rows: bucket -> row of `weights`, the last row where the model knows nothing; shape (BUCKETS,). Common features
            come first, so that what most posts read lies together in the processor's caches.
        squares: squared inverse document frequency by row, 0 in the last.
        weights: rows by columns (labels), the block's share and the idf of the row already in them; 0 in the last.
    """

    rows: npt.NDArray[np.int32]
    squares: npt.NDArray[np.float64]
    weights: F32

    @classmethod
    def of(cls, buckets: npt.NDArray[np.uint32], idf: F32, weights: F32) -> Block:
        """Lay out what the file says.

        Args:
            buckets: of the features that are known.
            idf: of each.
            weights: of each, features by columns.

        Returns:
            The block.
        """
        order = np.argsort(idf, kind="stable")
        rows = np.full(BUCKETS, len(buckets), dtype=np.int32)
        rows[buckets[order]] = np.arange(len(buckets), dtype=np.int32)
        nothing = np.zeros((1, weights.shape[1]), dtype=np.float32)
        return cls(rows, np.append(idf[order] ** 2, 0.0), np.concatenate((weights[order], nothing)))

    def summed(self, hashed: Hashed) -> F32:
        """What the features of each document weigh, the document a unit vector.

        Args:
            hashed: occurrences of the block's features.

        Returns:
            Documents by columns.
        """
        index = self.rows.take(hashed.buckets)
        bounds = np.concatenate(([0], np.cumsum(hashed.counts))).astype(np.int32)
        shape = (len(hashed.counts), len(self.weights))
        ones = np.ones(len(index), dtype=np.float32)
        # Not known is a row of zeros: adding it is cheaper than leaving it out.
        summed = sparse.csr_matrix((ones, index, bounds), shape=shape) @ self.weights
        summed *= _shrink(self.squares.take(index), bounds)[:, None]
        return np.asarray(summed, dtype=np.float32)

    def parts(self, hashed: Hashed, column: int) -> list[tuple[int, float]]:
        """What each known occurrence of one document adds to one column: its bucket and its part."""
        index = self.rows[hashed.buckets]
        known = index < len(self.weights) - 1
        shrink = _shrink(self.squares[index], np.asarray([0, len(index)]))
        values = shrink * self.weights[index[known], column]
        return list(zip(hashed.buckets[known].tolist(), values.tolist(), strict=True))


class Meaning(NamedTuple):
    """What the meaning of a document's words weighs.

    Attributes:
        mean: how the mean of their vectors is taken.
        weights: dimensions by columns.
        by_word: the vectors of the table times the weights.
        of_centre: the centre of the mean times the weights.
    """

    mean: meaning.Mean
    weights: F32
    by_word: F32
    of_centre: F32

    @classmethod
    def of(cls, mean: meaning.Mean, weights: F32) -> Meaning:
        """Make the products that do not depend on documents."""
        return cls(mean, weights, meaning.table().vectors @ weights, mean.centre @ weights)


class Learnt(NamedTuple):
    """The numbers of a model, as training finds them and as its file holds them.

    Attributes:
        buckets: by block, of the features that are known, rising.
        idf: by block and feature.
        weights: by block, features by columns, the block's share and the idf in them.
        meaning: of the words together.
        bias: by column.
        interplay: the second look.
    """

    buckets: Sequence[npt.NDArray[np.uint32]]
    idf: Sequence[F32]
    weights: Sequence[F32]
    meaning: Meaning
    bias: F32
    interplay: Interplay


class LinearModel(NamedTuple):
    """All blocks, what is added to their sum, and the second look.

    Attributes:
        version: names the model in every classified row.
        columns: `<field>:<value>` by column.
        blocks: in the order of `features.BLOCKS`.
        meaning: of the words together.
        bias: by column.
        interplay: the second look.
        manifest: the manifest as read: decoding, calibration, scores, where the model comes from.
    """

    version: str
    columns: tuple[str, ...]
    blocks: tuple[Block, ...]
    meaning: Meaning
    bias: F32
    interplay: Interplay
    manifest: dict[str, Any]

    def scores(self, batch: Sequence[Hashed]) -> F32:
        """Raw scores of a batch.

        Args:
            batch: as `features.hash_batch` made it.

        Returns:
            Documents by columns: about 0 where a label is away, about 1 where it is there.
        """
        return self.interplay.of(self.first_scores(batch))

    def first_scores(self, batch: Sequence[Hashed]) -> F32:
        """Scores without the second look: the sum of what each feature weighs."""
        *sparse_parts, words = batch
        total = self.bias + self.meaning.mean.weighed(words, self.meaning.by_word, self.meaning.of_centre)
        for block, hashed in zip(self.blocks, sparse_parts, strict=True):
            total += block.summed(hashed)
        return total

    def contributions(self, batch: Sequence[Hashed], column: int) -> dict[tuple[int, int], float]:
        """What each feature of one document adds to one of its first scores.

        Args:
            batch: the features of a single document.
            column: index into `columns`.

        Returns:
            (block, bucket) -> its part of the score. Of the last block, the meaning, what the score would lack without the word.
        """
        *sparse_parts, words = batch
        parts = self._lost_without(words, column)
        for number, (block, hashed) in enumerate(zip(self.blocks, sparse_parts, strict=True)):
            for bucket, value in block.parts(hashed, column):
                parts[number, bucket] = parts.get((number, bucket), 0.0) + value
        return parts

    def _lost_without(self, words: Hashed, column: int) -> dict[tuple[int, int], float]:
        """What the meaning of one document would add less without each of its words."""
        distinct = np.unique(words.buckets)
        rests = [words.buckets[words.buckets != bucket] for bucket in distinct]
        counts = np.asarray([len(words.buckets), *map(len, rests)], dtype=np.int64)
        trial = Hashed(counts, np.concatenate([words.buckets, *rests]))
        whole, *without = (self.meaning.mean.of(trial) @ self.meaning.weights[:, column]).tolist()
        last = len(self.blocks)
        return {(last, bucket): whole - rest for bucket, rest in zip(distinct.tolist(), without, strict=True)}


def block_matrix(rows: npt.NDArray[np.int32], idf: F32, hashed: Hashed) -> sparse.csr_matrix:
    """The sparse matrix of one block, each document a unit vector (repeated features counted apart).

    Args:
        rows: bucket -> column of the matrix, -1 for none.
        idf: by column.
        hashed: occurrences.

    Returns:
        Documents by features; an occurrence is an entry, so that a feature may have several.
    """
    index = rows[hashed.buckets]
    known = index >= 0
    so_far = np.concatenate(([0], np.cumsum(known, dtype=np.int32)))
    bounds = so_far[np.concatenate(([0], np.cumsum(hashed.counts)))].astype(np.int32)
    index = index[known]
    weight = idf[index]
    data = np.repeat(_shrink(weight * weight, bounds), np.diff(bounds)) * weight
    return sparse.csr_matrix((data, index, bounds), shape=(len(hashed.counts), len(idf)))


def _shrink(squares: npt.NDArray[Any], bounds: npt.NDArray[Any]) -> F32:
    """What makes each document a unit vector: its squares lie between two bounds."""
    sums = np.concatenate(([0.0], np.cumsum(squares, dtype=np.float64)))[bounds]
    return np.asarray(1.0 / np.maximum(np.sqrt(np.diff(sums)), 1e-9), dtype=np.float32)


def pack(learnt: Learnt) -> bytes:
    """The weights' file: eight bits a weight of a feature, a scale a row; sixteen bits elsewhere.

    Args:
        learnt: the model's numbers.

    Returns:
        The bytes of an npz archive, the same for the same numbers.
    """
    arrays: dict[str, npt.NDArray[Any]] = {
        "bias": learnt.bias.astype(np.float32),
        "meaning_rarity": learnt.meaning.mean.rarity.astype(np.float16),
        "meaning_centre": learnt.meaning.mean.centre.astype(np.float32),
        "meaning_weights": learnt.meaning.weights.astype(np.float16),
        "interplay_centre": learnt.interplay.centre.astype(np.float32),
        "interplay_bias": learnt.interplay.bias.astype(np.float32),
        "interplay_weights": learnt.interplay.weights.astype(np.float16),
    }
    for name, buckets, rarity, matrix in zip(BLOCKS, learnt.buckets, learnt.idf, learnt.weights, strict=True):
        scale = (np.abs(matrix).max(axis=1) / 127.0).astype(np.float16)
        safe = np.where(scale > 0, scale, np.float16(1)).astype(np.float32)
        arrays[f"{name}_buckets"] = np.diff(buckets, prepend=np.uint32(0)).astype(np.uint32)
        arrays[f"{name}_idf"] = rarity.astype(np.float16)
        arrays[f"{name}_scale"] = scale
        arrays[f"{name}_weights"] = np.clip(np.rint(matrix / safe[:, None]), -127, 127).astype(np.int8)
    out = io.BytesIO()
    np.savez_compressed(out, allow_pickle=False, **arrays)
    return out.getvalue()


def unpack(version: str, manifest: dict[str, Any], payload: bytes) -> LinearModel:
    """Read the weights' file.

    Args:
        version: of the model.
        manifest: as read.
        payload: bytes that `pack` made.

    Returns:
        The model in memory.

    Raises:
        ModelError: an array is missing or has another shape, or the word vectors are not those of training.
    """
    columns = tuple(manifest["columns"])
    try:
        with np.load(io.BytesIO(payload), allow_pickle=False) as arrays:
            blocks = tuple(_block(arrays, name) for name in BLOCKS)
            plain = {
                name: arrays[name].astype(np.float32)
                for name in ("bias", *(f"meaning_{n}" for n in ("rarity", "centre", "weights")),
                             *(f"interplay_{n}" for n in ("centre", "bias", "weights")))
            }  # fmt: skip
    except (KeyError, ValueError, OSError, IndexError) as error:
        raise ModelError(f"model: {WEIGHTS_FILE} cannot be read ({type(error).__name__})") from None
    shapes = [block.weights.shape[1] for block in blocks] + [
        len(plain["bias"]),
        plain["meaning_weights"].shape[1],
    ]
    if set(shapes) != {len(columns)}:
        raise ModelError(f"model: {WEIGHTS_FILE} has other columns than {MANIFEST_FILE}")
    if (len(plain["meaning_rarity"]), len(plain["meaning_centre"])) != meaning.table().vectors.shape:
        raise ModelError(f"model: {WEIGHTS_FILE} was trained on other word vectors than {meaning.TABLE_FILE}")
    means = meaning.Mean(plain["meaning_rarity"], plain["meaning_centre"])
    second = Interplay(plain["interplay_centre"], plain["interplay_bias"], plain["interplay_weights"])
    return LinearModel(
        version, columns, blocks, Meaning.of(means, plain["meaning_weights"]), plain["bias"], second, manifest
    )


def _block(arrays: Any, name: str) -> Block:
    """Read one block of features."""
    buckets = np.cumsum(arrays[f"{name}_buckets"], dtype=np.uint32)
    scale = arrays[f"{name}_scale"].astype(np.float32)
    weights = arrays[f"{name}_weights"].astype(np.float32) * scale[:, None]
    return Block.of(buckets, arrays[f"{name}_idf"].astype(np.float32), weights)


def read_model(files: dict[str, bytes]) -> LinearModel:
    """Check the model's files against their manifest and read them.

    Args:
        files: name -> content, of `MANIFEST_FILE` and `WEIGHTS_FILE`.

    Returns:
        The model.

    Raises:
        ModelError: a file is missing, or not the one that the manifest was written for.
    """
    try:
        manifest = json.loads(files[MANIFEST_FILE])
        expected, layout, version = manifest["sha256"], manifest["format"], manifest["version"]
    except (KeyError, TypeError, ValueError):
        raise ModelError(f"model: {MANIFEST_FILE} is missing or no manifest") from None
    if layout != FORMAT:
        raise ModelError(f"model: {MANIFEST_FILE} has format {layout!r:.20}, this version reads {FORMAT}")
    payload = files.get(WEIGHTS_FILE, b"")
    if hashlib.sha256(payload).hexdigest() != expected:
        raise ModelError(
            f"model: {WEIGHTS_FILE} does not match the hash in {MANIFEST_FILE}; train it again or restore it"
        )
    return unpack(str(version), manifest, payload)


def shipped_files() -> dict[str, bytes]:
    """The model's files that come with the package."""
    folder = resources.files(__package__).joinpath("model")
    found = {}
    for name in (MANIFEST_FILE, WEIGHTS_FILE):
        file = folder.joinpath(name)
        if file.is_file():
            found[name] = file.read_bytes()
    return found
