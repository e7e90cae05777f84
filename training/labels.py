"""Trains the classifier of the guide's labels: `python -m training.labels`.

Belongs here: the reading of training posts, the fit, the choice of thresholds on held-out posts, the model's files and card.
Does not: features and decisions (transforms/classification), what posts weigh (weighing.py), scores on gold posts
(`python -m evaluation`), which never train.

The fit is the mean of two that err differently. One is ridge regression of every label at once on the shares of opinions that
hold it (0 or 1 where nobody but the writer has labelled the post, `readings.py`): with X the posts' features, a constant among
them, and D the posts' weights, the weights of features solve (X^T D X + λ) W = X^T D Y. A few steps of conjugate gradients (Hestenes and Stiefel 1952) do that; stopping so early restrains the rare features further. The
other is a support vector machine a label with squared hinge loss (liblinear: Fan et al. 2008), whose margin of -1 to 1 stands for
0 to 1. In some fields it is given features scaled by how well each tells the label (the log-count ratio of Wang and Manning
2012), which goes into the weights in the end. Both are linear in the same features, so their mean costs no more than one. A
second ridge takes the scores of posts held out, and their products by pairs, to the same targets (`interplay.py`). Thresholds,
calibration and the scores on the model card come from posts held out by writer.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse
from sklearn.svm import LinearSVC

from evaluation import gold, score_labels
from training import readings, weighing
from transforms.classification import calibration, linear, meaning
from transforms.classification.decode import EXCLUSIVE, FIELDS, Decoder, columns, places
from transforms.classification.document import Document
from transforms.classification.features import (
    BLOCKS,
    BUCKETS,
    F32,
    MEANING,
    Hashed,
    hash_batch,
    prepare,
)
from transforms.classification.interplay import Interplay, pairs

F64 = npt.NDArray[np.float64]

POSTS: Final = Path(__file__).parent / "posts"
MODEL: Final = Path(linear.__file__).parent / "model"
CARD: Final = Path(__file__).parent / "labels.md"

SHARES: Final = (0.4, 0.4, 0.15, 0.1, 0.2)
"""What each block of `features.BLOCKS` weighs, squared; chosen by held-out scores. Much weight on lexicons drowns the wording."""

MEANING_SHARE: Final = 0.3
"""What the meaning weighs beside them."""

RIDGE: Final = 0.6
"""λ, chosen by held-out scores."""

STEPS: Final = 12
"""Of conjugate gradients, chosen by held-out scores: at the full solution topics and flags are told a little worse."""

MARGIN_COST: Final = 1.0
"""What a post within the margin costs the support vector machine (C), chosen by held-out scores."""

TOLD_BY_RATIO: Final = ("relevant", "sentiment", "speaker", "intent")
"""Fields whose support vector machines get features scaled by `telling`; topics and flags are told better without."""

EMPHASIS: Final = 0.5
"""How much of the scale is the log-count ratio, chosen by held-out scores."""

_SEED: Final = 0
"""Of the order in which liblinear visits posts."""

_TINY: Final = 1e-30
_ROUNDS: Final = 1000
_TOLERANCE: Final = 0.01

SECOND_RIDGE: Final = 30.0
"""λ of the second look."""

MIN_POSTS: Final = (15, 5, 13, 3, 9)
"""Posts in which a feature must stand to be kept, by block. Rare words tell more than rare runs of characters; the model's file stays under 20 MB."""

DENSE: Final = range(22, 53)
DENSE_TRUST: Final = 0.4
"""The files whose posts say more in less than posts do, and what such a post counts beside one of the others: chosen by the scores
of the others, held out."""

FOLDS: Final = 3
WRITERS: Final = (
    range(17, 21),
    range(22, 30),
    range(30, 36),
    range(36, 41),
    range(41, 48),
    range(49, 51),
    range(51, 53),
)
"""Files that one hand wrote; every other file has a writer of its own."""

RAW_EVERY: Final = 3
"""Of so many posts one trains as written, the others as the redactor leaves them."""

AE_PRECISION: Final = 0.78
"""The held-out precision at which the threshold of adverse_event stands: recall first, but the queue is read by people."""

LEANINGS: Final = tuple(sorted((round(0.15 * i, 2) for i in range(-8, 9)), key=abs))
"""Steps that are tried for a class's log probability, small ones first."""

CHUNK: Final = 512
_DRAWN: Final = 20_000
"""Posts of the weighed table of scores."""


class Features(NamedTuple):
    """Training posts as matrices.

    Attributes:
        matrices: by block, posts by kept features, each row a unit vector.
        kept: by block, buckets of the kept features.
        idf: by block, of the kept features.
        meanings: posts by dimensions, each row a unit vector.
        mean: how the meanings were taken.
    """

    matrices: tuple[sparse.csr_matrix, ...]
    kept: tuple[npt.NDArray[np.uint32], ...]
    idf: tuple[F32, ...]
    meanings: F32
    mean: meaning.Mean


class Material(NamedTuple):
    """What the first look learns from.

    Attributes:
        matrix: posts by features, as `stacked`.
        counted: how many of its columns, from the first, are features that a post has or has not; the others are its meaning.
        truth: posts by columns, the share of opinions that hold the label there.
        weight: by post. The square roots of what a post weighs, which leaves the rare ones more of a say.
    """

    matrix: sparse.csr_matrix
    counted: int
    truth: F32
    weight: F64


class Fit(NamedTuple):
    """What posts held out have taught.

    Attributes:
        interplay: the second look.
        decoder: calibration and thresholds.
        scores: held-out scores of both looks, posts by columns.
    """

    interplay: Interplay
    decoder: Decoder
    scores: F32


class Line(NamedTuple):
    """Scores that are linear in the features.

    Attributes:
        weights: features of `stacked` by columns.
        bias: by column.
    """

    weights: F32
    bias: F32

    def of(self, matrix: sparse.csr_matrix) -> F32:
        """The scores of posts: posts by columns."""
        return np.asarray(matrix @ self.weights + self.bias, dtype=np.float32)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description="Train the classifier of the guide's labels and write its files and card."
    )
    parser.add_argument("--posts", type=Path, default=POSTS, help="folder of training posts (*.jsonl)")
    parser.add_argument(
        "--reviewed", type=Path, help="folder of reviewed posts to train on besides (koe review training)"
    )
    parser.add_argument(
        "--readings",
        type=Path,
        default=readings.READINGS,
        help="folder of what others read in the posts (*.tsv)",
    )
    parser.add_argument("--model", type=Path, default=MODEL, help="folder that the model's files go to")
    parser.add_argument("--card", type=Path, default=CARD, help="the model card to write")
    parser.add_argument("--gold", type=Path, help="gold posts to measure the new model on; they do not train")
    args = parser.parse_args()
    files = sorted(args.posts.glob("*.jsonl"))
    if not files:
        parser.error(f"no *.jsonl in {args.posts}")
    if args.reviewed:
        files += sorted(args.reviewed.glob("*.jsonl"))
    manifest = train(files, args.model, args.readings)
    args.card.write_text(card(manifest), encoding="utf-8")
    print(card(manifest))
    if args.gold:
        print(score_labels.table(measure(args.gold, args.model)))


def train(files: Sequence[Path], folder: Path, read_again: Path = readings.READINGS) -> dict[str, Any]:
    """Train on posts and write the model's files.

    Args:
        files: of training posts, in the order that decides the folds.
        folder: for the weights and the manifest.
        read_again: folder of what others read in them.

    Returns:
        The manifest.
    """
    posts = [gold.read(file) for file in files]
    rows = [row for file in posts for row in file]
    sizes = [len(file) for file in posts]
    folds = np.repeat(folds_of(files, sizes), sizes)
    features = features_of(rows)
    found = [readings.read(readings.file_of(file, read_again)) for file in files]
    again = readings.of_posts(rows, {ident: labels for file in found for ident, labels in file.items()})
    truth = opinions(rows, again)
    trust = np.repeat([_trust(file) for file in files], sizes)
    weight = weighing.weights(rows, truth, trust)
    material = material_of(features, truth, np.sqrt(weight * trust))
    line, scores = fit_and_score(material, folds)
    fitted = held_out(scores, truth, folds, weight)
    learnt = learn(features, line, fitted.interplay)
    payload = linear.pack(learnt)
    read_from = {
        "posts": len(rows),
        "reviewed": sum(row.get("origin") == "reviewed" for row in rows),
        "read_again": len({place for place, _ in again}),
        "readings": len(again),
        "files": [file.name for file in files],
        "data_sha256": data_hash(files, read_again),
    }
    manifest = manifest_of(read_from, tables(rows, again, fitted, weight), fitted.decoder, payload)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / linear.WEIGHTS_FILE).write_bytes(payload)
    text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / linear.MANIFEST_FILE).write_text(text + "\n", encoding="utf-8")
    return manifest


def data_hash(files: Sequence[Path], read_again: Path = readings.READINGS) -> str:
    """The SHA-256 of posts and of what others read in them, by which the model is told to be of them.

    Args:
        files: of training posts.
        read_again: folder of the readings.
    """
    again = [file for file in (readings.file_of(posts, read_again) for posts in files) if file.is_file()]
    return hashlib.sha256(b"".join(file.read_bytes() for file in (*files, *again))).hexdigest()


def folds_of(files: Sequence[Path], sizes: Sequence[int]) -> npt.NDArray[np.int64]:
    """Divide files so that no writer stands in two folds and folds are about alike in size.

    Args:
        files: of training posts.
        sizes: posts by file.

    Returns:
        The fold of each file.
    """
    writers = [_writer(file) for file in files]
    posts = {w: sum(n for n, other in zip(sizes, writers, strict=True) if other == w) for w in writers}
    full = [0] * FOLDS
    fold_of: dict[str, int] = {}
    for writer in sorted(posts, key=lambda w: (-posts[w], w)):
        fold_of[writer] = full.index(min(full))
        full[fold_of[writer]] += posts[writer]
    return np.asarray([fold_of[w] for w in writers])


def _writer(file: Path) -> str:
    """A name for who wrote a file: that of the first file by the same hand."""
    for files in WRITERS:
        if file.stem.isdecimal() and int(file.stem) in files:
            return f"{files[0]:02}"
    return file.stem


def _trust(file: Path) -> float:
    """What a file's posts count beside others."""
    return DENSE_TRUST if file.stem.isdecimal() and int(file.stem) in DENSE else 1.0


def features_of(rows: Sequence[gold.Row]) -> Features:
    """Read posts into matrices, most as redacted and some as written.

    Args:
        rows: training posts.

    Returns:
        The matrices with the features that are kept.
    """
    texts = [row["text"] if i % RAW_EVERY == 0 else gold.as_redacted(row) for i, row in enumerate(rows)]
    documents = [Document(text, source=row["source"]) for text, row in zip(texts, rows, strict=True)]
    chunks = [
        hash_batch([prepare(d) for d in documents[start : start + CHUNK]])
        for start in range(0, len(documents), CHUNK)
    ]
    joined = [_joined([chunk[number] for chunk in chunks]) for number in range(len(BLOCKS) + 1)]
    matrices, kept, idfs = [], [], []
    for number in range(len(BLOCKS)):
        buckets, idf = vocabulary(joined[number], MIN_POSTS[number])
        index = np.full(BUCKETS, -1, dtype=np.int32)
        index[buckets] = np.arange(len(buckets), dtype=np.int32)
        matrix = linear.block_matrix(index, idf, joined[number])
        matrix.sum_duplicates()
        matrices.append(matrix)
        kept.append(buckets)
        idfs.append(idf)
    mean = meaning.fit(joined[-1])
    return Features(tuple(matrices), tuple(kept), tuple(idfs), mean.of(joined[-1]), mean)


def _joined(parts: Sequence[Hashed]) -> Hashed:
    """Occurrences of one batch after another."""
    return Hashed(np.concatenate([p.counts for p in parts]), np.concatenate([p.buckets for p in parts]))


def vocabulary(hashed: Hashed, least: int) -> tuple[npt.NDArray[np.uint32], F32]:
    """The features that enough posts have, with their inverse document frequency.

    Args:
        hashed: occurrences.
        least: posts that a feature must stand in.

    Returns:
        Buckets, rising, and log((1 + posts) / (1 + posts with it)) + 1 for each, rounded as it is stored.
    """
    owner = np.repeat(np.arange(len(hashed.counts), dtype=np.int64), hashed.counts)
    pairs = np.unique(owner * BUCKETS + hashed.buckets)
    frequency = np.bincount(pairs % BUCKETS, minlength=BUCKETS)
    buckets = np.flatnonzero(frequency >= least).astype(np.uint32)
    idf = np.log((1 + len(hashed.counts)) / (1 + frequency[buckets])) + 1
    return buckets, idf.astype(np.float16).astype(np.float32)


def targets(rows: Sequence[gold.Row]) -> F32:
    """0/1 by post and column."""
    table = []
    for row in rows:
        marks = [float(row["relevant"])]
        for field, values in FIELDS.items():
            if field != "relevant":
                given = {row[field]} if field in EXCLUSIVE else set(row[field])
                marks += [float(value in given) for value in values]
        table.append(marks)
    return np.asarray(table, dtype=np.float32)


def opinions(rows: Sequence[gold.Row], again: Sequence[tuple[int, gold.Row]]) -> F32:
    """The share of those who labelled a post that gave it each label, the writer included.

    Args:
        rows: the posts.
        again: (place of a post, what somebody else read in it).

    Returns:
        0 to 1, by post and column.
    """
    truth = targets(rows)
    if not again:
        return truth
    places_read = np.asarray([place for place, _ in again])
    np.add.at(truth, places_read, targets([reading for _, reading in again]))
    return truth / (1 + np.bincount(places_read, minlength=len(rows)).astype(np.float32))[:, None]


def material_of(features: Features, truth: F32, weight: F64) -> Material:
    """What the first look learns from.

    Args:
        features: of the posts.
        truth: posts by columns.
        weight: by post.
    """
    return Material(stacked(features), sum(m.shape[1] for m in features.matrices), truth, weight)


def stacked(features: Features) -> sparse.csr_matrix:
    """The blocks and the meanings side by side, as they go into a scalar product."""
    blocks = [m * np.float32(np.sqrt(share)) for m, share in zip(features.matrices, SHARES, strict=True)]
    meanings = sparse.csr_matrix(features.meanings * np.float32(np.sqrt(MEANING_SHARE)))
    return sparse.hstack([*blocks, meanings], format="csr", dtype=np.float32)


def ridge(matrix: sparse.csr_matrix, truth: F32, weight: F64) -> Line:
    """Fit ridge regression by `STEPS` steps of conjugate gradients, each column by its own step lengths.

    Args:
        matrix: posts by features.
        truth: posts by columns.
        weight: by post.

    Returns:
        The line.
    """
    root = np.sqrt(weight).astype(np.float32)
    constant = np.ones((matrix.shape[0], 1), dtype=np.float32)
    design = _rows_times(sparse.hstack([matrix, constant], format="csr", dtype=np.float32), root)
    turned = design.T.tocsr()
    diagonal = np.asarray(design.multiply(design).sum(axis=0)).reshape(-1, 1) + RIDGE
    rest = turned @ (truth * root[:, None])
    found = np.zeros_like(rest)
    direction = before = rest / diagonal
    size = _products(rest, before)
    for _ in range(STEPS):
        image = turned @ (design @ direction) + np.float32(RIDGE) * direction
        length = (size / np.maximum(_products(direction, image), _TINY)).astype(np.float32)
        found += length * direction
        rest = rest - length * image
        before = rest / diagonal
        size, last = _products(rest, before), size
        direction = before + (size / np.maximum(last, _TINY)).astype(np.float32) * direction
    return Line(found[:-1], found[-1])


def _products(left: F32, right: F32) -> F64:
    """The scalar products of columns."""
    return np.asarray(np.einsum("ij,ij->j", left, right, dtype=np.float64))


def _rows_times(matrix: sparse.csr_matrix, factors: npt.NDArray[Any]) -> sparse.csr_matrix:
    """Each row times its factor."""
    data = matrix.data * np.repeat(factors, np.diff(matrix.indptr))
    return sparse.csr_matrix((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def _columns_times(matrix: sparse.csr_matrix, factors: npt.NDArray[Any]) -> sparse.csr_matrix:
    """Each column times its factor."""
    data = matrix.data * factors[matrix.indices]
    return sparse.csr_matrix((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def telling(material: Material, column: int) -> F64:
    """What each feature is scaled by for a label: more, the better its presence tells the label.

    Args:
        material: the posts.
        column: of the label.

    Returns:
        By feature, 1 on average among those counted and for the meaning: 1 - `EMPHASIS`, and `EMPHASIS` times the size of the
        logarithm of how much oftener posts with the label have the feature than posts without.
    """
    matrix, weight = material.matrix, material.weight
    present = sparse.csr_matrix((np.ones_like(matrix.data), matrix.indices, matrix.indptr), matrix.shape)
    with_it, without = weight * material.truth[:, column], weight * (1 - material.truth[:, column])
    shares = [(present.T @ posts + 1) / (posts.sum() + 2) for posts in (with_it, without)]
    ratio = np.abs(np.log(shares[0] / shares[1]))
    mean = ratio[: material.counted].mean()
    ratio[material.counted :] = mean
    return np.asarray(1 - EMPHASIS + EMPHASIS * ratio / mean)


def margins(material: Material) -> Line:
    """Fit a support vector machine a column. A post of which opinions differ counts on both sides, by their shares.

    Args:
        material: the posts.

    Returns:
        The line whose scores are 0 and 1 at the margins. A column that is the same for all posts scores just that.
    """
    truth, weight = material.truth, material.weight
    weights = np.zeros((material.matrix.shape[1], truth.shape[1]), dtype=np.float32)
    bias = np.asarray(truth.mean(axis=0), dtype=np.float32)
    exact = material.matrix.astype(np.float64)
    named = columns()
    for column in np.flatnonzero(truth.min(axis=0) < truth.max(axis=0)).tolist():
        seen, scale = exact, np.ones(exact.shape[1])
        if named[column].partition(":")[0] in TOLD_BY_RATIO:
            scale = telling(material, column)
            # As long as before on the whole, so that the cost means the same.
            scale *= np.linalg.norm(exact.data) / np.linalg.norm(_columns_times(exact, scale).data)
            seen = _columns_times(exact, scale)
        machine = _machine(seen, truth[:, column].astype(np.float64), weight)
        weights[:, column] = machine.coef_[0] * scale / 2
        bias[column] = (machine.intercept_[0] + 1) / 2
    return Line(weights, bias)


def _machine(seen: sparse.csr_matrix, share: F64, weight: F64) -> LinearSVC:
    """Fit one support vector machine; a post with a share between 0 and 1 is there twice, with the label and without."""
    there, divided = share > 0, np.flatnonzero((share > 0) & (share < 1))
    posts = sparse.vstack([seen, seen[divided]], format="csr")
    truth = np.concatenate([there, np.zeros(len(divided), dtype=np.bool_)])
    counts = np.concatenate([weight * np.where(there, share, 1), (weight * (1 - share))[divided]])
    machine = LinearSVC(C=MARGIN_COST, dual=True, tol=_TOLERANCE, max_iter=_ROUNDS, random_state=_SEED)
    return machine.fit(posts, truth, sample_weight=counts)


def fit(material: Material, posts: npt.NDArray[np.int64]) -> Line:
    """Fit the first look.

    Args:
        material: of all posts.
        posts: the places of those to learn from.

    Returns:
        The mean of ridge regression and of the support vector machines.
    """
    seen = Material(material.matrix[posts], material.counted, material.truth[posts], material.weight[posts])
    one, other = ridge(seen.matrix, seen.truth, seen.weight), margins(seen)
    weights, bias = (one.weights + other.weights) / 2, (one.bias + other.bias) / 2
    return Line(weights.astype(np.float32), bias.astype(np.float32))


def learn(features: Features, line: Line, interplay: Interplay) -> linear.Learnt:
    """The model's numbers, by block."""
    *blocks, of_meaning = np.split(line.weights, np.cumsum([m.shape[1] for m in features.matrices]))
    weights = [
        np.asarray(block * (idf[:, None] * np.float32(np.sqrt(share))), dtype=np.float32)
        for block, idf, share in zip(blocks, features.idf, SHARES, strict=True)
    ]
    turned = np.asarray(of_meaning * np.float32(np.sqrt(MEANING_SHARE)))
    return linear.Learnt(
        features.kept, features.idf, weights, linear.Meaning.of(features.mean, turned), line.bias, interplay
    )


def fit_and_score(material: Material, folds: npt.NDArray[np.int64]) -> tuple[Line, F32]:
    """Fit the first look, and score each post by one that has not seen its fold; a process for each fit, as far as there are cores.

    Args:
        material: of all posts.
        folds: by post.

    Returns:
        What all posts taught, and the scores of posts held out, posts by columns.
    """
    numbers = np.unique(folds)
    parts = [np.arange(len(folds)), *(np.flatnonzero(folds != fold) for fold in numbers)]
    with ProcessPoolExecutor(max_workers=min(len(parts), os.cpu_count() or 1)) as pool:
        whole, *lines = pool.map(partial(fit, material), parts)
    scores = np.zeros_like(material.truth)
    for fold, line in zip(numbers, lines, strict=True):
        outside = np.flatnonzero(folds == fold)
        scores[outside] = line.of(material.matrix[outside])
    return whole, scores


def held_out(scores: F32, truth: F32, folds: npt.NDArray[np.int64], weight: F64) -> Fit:
    """Learn the second look, calibration and thresholds from scores of posts that the first look has not seen.

    Args:
        scores: of all posts, posts by columns.
        truth: the same shape.
        folds: by post.
        weight: by post, of which the thresholds are to be best.

    Returns:
        What the model's decisions rest on.
    """
    both = np.zeros_like(truth)
    for fold in np.unique(folds):
        inside, outside = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        look = second_look(scores[inside], truth[inside], weight[inside])
        both[outside] = look.of(scores[outside])
    whole = second_look(scores, truth, weight)
    return Fit(whole, decoder_of(both, truth, weight), both)


def second_look(scores: F32, truth: F32, weight: F64) -> Interplay:
    """Fit how labels go together, by ridge in its primal form.

    Args:
        scores: of posts held out, posts by columns.
        truth: the same shape.
        weight: by post.

    Returns:
        The second look, rounded as it is stored.
    """
    centre = np.average(scores, axis=0, weights=weight).astype(np.float32)
    bias = np.average(truth, axis=0, weights=weight).astype(np.float32)
    root = np.sqrt(np.sqrt(weight))[:, None]
    seen = (pairs(scores - centre) * root).astype(np.float64)
    system = seen.T @ seen
    system[np.diag_indices_from(system)] += SECOND_RIDGE
    found = linalg.solve(system, seen.T @ ((truth - bias) * root), assume_a="pos")
    return Interplay(centre, bias, found.astype(np.float16).astype(np.float32))


def decoder_of(scores: F32, truth: F32, weight: F64) -> Decoder:
    """Calibrate each field and choose its thresholds, on held-out scores of weighed posts."""
    where = places()
    relevant = truth[:, 0] > 0
    scalings, thresholds = {}, {}
    for field, part in where.items():
        posts = relevant if field in {*EXCLUSIVE, "topics"} else np.ones_like(relevant)
        given, wanted, counts = scores[posts, part], truth[posts, part], weight[posts]
        if field in EXCLUSIVE:
            scalings[field] = calibration.fit_exclusive(given, wanted, counts)
            thresholds[field] = leanings(calibration.exclusive(given, scalings[field]), wanted, counts)
            continue
        scalings[field] = calibration.fit_binary(given, wanted, counts)
        chances = calibration.binary(given, scalings[field])
        if field == "relevant":
            away = best_threshold(1.0 - chances[:, 0], 1.0 - wanted[:, 0], counts)
            thresholds[field] = np.asarray([1.0 - away])
        else:
            thresholds[field] = micro_thresholds(chances, wanted, counts)
    events = calibration.binary(scores[:, where["flags"]], scalings["flags"])[:, 0]
    thresholds["flags"][0] = precision_threshold(events, truth[:, where["flags"]][:, 0], weight)
    return Decoder(scalings, thresholds)


def best_threshold(chances: F64, wanted: F32, weight: F64) -> float:
    """The threshold with the best F1."""
    order = np.argsort(-chances, kind="stable")
    hits = np.cumsum((weight * wanted)[order])
    f1 = 2 * hits / (np.cumsum(weight[order]) + (weight * wanted).sum())
    return _between(chances[order], int(f1.argmax()))


def micro_thresholds(chances: F64, wanted: F32, weight: F64) -> F64:
    """Thresholds a column that together give the best micro F1, one column after another, four rounds.

    Args:
        chances: posts by columns.
        wanted: shares of opinions, the same shape.
        weight: by post.

    Returns:
        By column.
    """
    cuts = np.asarray([best_threshold(chances[:, j], wanted[:, j], weight) for j in range(chances.shape[1])])
    every = float(weight @ wanted.sum(axis=1))
    for _ in range(4):
        for j in range(len(cuts)):
            given = chances >= cuts
            given[:, j] = False
            order = np.argsort(-chances[:, j], kind="stable")
            hits = float(weight @ (given * wanted).sum(axis=1)) + np.cumsum((weight * wanted[:, j])[order])
            f1 = 2 * hits / (float(weight @ given.sum(axis=1)) + np.cumsum(weight[order]) + every)
            cuts[j] = _between(chances[order, j], int(f1.argmax()))
    return np.asarray(np.clip(cuts, 0.02, 0.98), dtype=np.float64)


def leanings(chances: F64, wanted: F32, weight: F64) -> F64:
    """What to add to each class's log probability so that the likeliest class is right most often.

    The likeliest class of calibrated probabilities would be, were they exact; what is left is for rare classes.

    Args:
        chances: posts by classes.
        wanted: shares of opinions, each row with the sum 1.
        weight: by post.

    Returns:
        By class; a small step is taken only where it wins.
    """
    logs = np.log(np.maximum(chances, 1e-9))
    posts = np.arange(len(logs))
    added = np.zeros(chances.shape[1])
    for _ in range(3):
        for j in range(len(added)):
            best = -1.0
            for step in LEANINGS:
                trial = added.copy()
                trial[j] = step
                accuracy = float(np.average(wanted[posts, (logs + trial).argmax(axis=1)], weights=weight))
                if accuracy > best + 1e-9:
                    best, kept = accuracy, step
            added[j] = kept
    return added


def precision_threshold(chances: F64, wanted: F32, weight: F64) -> float:
    """The lowest threshold that keeps the precision `AE_PRECISION`."""
    order = np.argsort(-chances, kind="stable")
    precision = np.cumsum((weight * wanted)[order]) / np.cumsum(weight[order])
    enough = np.flatnonzero(precision >= AE_PRECISION)
    return _between(chances[order], int(enough[-1]) if len(enough) else 0)


def _between(falling: F64, last: int) -> float:
    """Half-way between the last value that is in and the first that is out."""
    following = falling[last + 1] if last + 1 < len(falling) else falling[last]
    return float((falling[last] + following) / 2)


def tables(
    rows: Sequence[gold.Row], again: Sequence[tuple[int, gold.Row]], fitted: Fit, weight: F64
) -> dict[str, Any]:
    """The scorer's tables on posts held out.

    Args:
        rows: the posts.
        again: (place of a post, what somebody else read in it).
        fitted: their scores and decoder.
        weight: by post.

    Returns:
        `held_out`: of all posts as they are; `weighed`: of posts drawn by their weights, each as often as its weight asks;
        `read_again`: of the same posts, but as the first of the others read them, where somebody did.
    """
    answers = [one.labels._asdict() for one in fitted.decoder.decode(fitted.scores)]
    often = np.diff(np.floor(np.cumsum(np.concatenate(([0.0], weight))) * _DRAWN / len(rows)).astype(int))
    drawn = np.repeat(np.arange(len(rows)), often).tolist()
    other = list(rows)
    for place, reading in reversed(again):
        other[place] = {**rows[place], **reading}
    drawings: dict[str, tuple[Sequence[gold.Row], Sequence[int]]] = {
        "held_out": (rows, range(len(rows))),
        "weighed": (rows, drawn),
        "read_again": (other, drawn),
    }
    return {
        name: score_labels.score(
            [{**labelled[i], "id": str(k)} for k, i in enumerate(which)],
            {str(k): answers[i] for k, i in enumerate(which)},
        )
        for name, (labelled, which) in drawings.items()
    }


def manifest_of(
    read_from: dict[str, Any], scored: dict[str, Any], decoder: Decoder, payload: bytes
) -> dict[str, Any]:
    """All that is known of the model, for its readers and its card."""
    digest = hashlib.sha256(payload).hexdigest()
    return {
        "format": linear.FORMAT,
        "version": f"linear-{digest[:12]}",
        "sha256": digest,
        "columns": list(columns()),
        "calibration": {
            field: {"slope": s.slope, "offsets": list(s.offsets)} for field, s in decoder.scalings.items()
        },
        "thresholds": {f: [round(float(v), 5) for v in t] for f, t in decoder.thresholds.items()},
        "training": {
            **read_from,
            "seed": _SEED,
            "ridge": RIDGE,
            "steps": STEPS,
            "margin_cost": MARGIN_COST,
            "emphasis": EMPHASIS,
            "shares": {**dict(zip(BLOCKS, SHARES, strict=True)), MEANING: MEANING_SHARE},
            "folds": FOLDS,
        },
        **scored,
    }


def measure(path: Path, folder: Path) -> dict[str, Any]:
    """Score a model on gold posts.

    Args:
        path: of the gold posts.
        folder: of the model's files.

    Returns:
        The scorer's table.
    """
    from transforms.classification.classifier import Classifier  # noqa: PLC0415  # the model is new at this point

    names = (linear.MANIFEST_FILE, linear.WEIGHTS_FILE)
    classifier = Classifier(linear.read_model({name: (folder / name).read_bytes() for name in names}))
    rows = gold.read(path)
    labels = classifier.classify_many([Document(row["text"], source=row["source"]) for row in rows])
    answers = {row["id"]: {**one.plain(), "id": row["id"]} for row, one in zip(rows, labels, strict=True)}
    return score_labels.score(rows, answers)


def _kinds(training: dict[str, Any]) -> str:
    """How many posts of which kind."""
    reviewed = training.get("reviewed", 0)
    invented = f"{training['posts'] - reviewed} invented posts"
    return f"{invented} and {reviewed} reviewed ones" if reviewed else invented


def _opinions(training: dict[str, Any]) -> str:
    """How many of the posts others have read as well."""
    return f"{training['read_again']} of them labelled by others too ({training['readings']} readings)"


def card(manifest: dict[str, Any]) -> str:
    """The model card.

    Args:
        manifest: of the model.

    Returns:
        Markdown.
    """
    scores, training = manifest["weighed"], manifest["training"]
    lines = [
        "# Model card: labels of the guide",
        "",
        "Written by `python -m training.labels`; not edited by hand.",
        "",
        f"- Version: `{manifest['version']}` (weights SHA-256 `{manifest['sha256']}`)",
        f"- Trained on: {_kinds(training)} in {len(training['files'])} files, {_opinions(training)}, SHA-256 `{training['data_sha256']}`",
        f"- Seed: {training['seed']}",
        f"- Means: the mean of ridge regression on the shares of opinions that hold a label (λ = {training['ridge']}, {training['steps']} steps of conjugate"
        f" gradients) and of support vector machines (squared hinge, C = {training['margin_cost']}; for {', '.join(TOLD_BY_RATIO)}"
        f" features scaled by their log-count ratio, emphasis {training['emphasis']}) over hashed n-grams of characters and lemmas, lexicon"
        " signals and the mean of word vectors (training/word_vectors.md), blocks weighed "
        + ", ".join(f"{k} {v}" for k, v in training["shares"].items())
        + "; then ridge over the scores and their products by pairs, averaged with the first",
        (
            f"- Thresholds and calibration: chosen on posts held out by writer ({training['folds']} folds), weighed so that labels, lengths"
            " and platforms have the shares of a mixed week (training/weighing.py)"
        ),
        "- For: labels of Japanese posts on health care, as redacted; a candidate of a review queue is for a human to judge",
        "- Not for: decisions on a person, diagnosis, other languages, text of other kinds",
        "",
        "## Scores on held-out training posts",
        "",
        "Writers held out are harder than posts held out, and the model that scored them had a third fewer posts.",
        "`as written` counts each post once; `weighed` counts it by its weight, and so do the values below; `read by others` holds",
        "the same weighed posts to what the first other reader said of them, where there was one.",
        "Scores on gold posts: `python -m evaluation`.",
        "",
        "| measure | weighed | weighed, read by others | as written |",
        "|---|---|---|---|",
        *(
            f"| {name} | {one} | {other} | {plain} |"
            for (name, one), (_, other), (_, plain) in zip(
                *(_measures(manifest[table]) for table in ("weighed", "read_again", "held_out")), strict=True
            )
        ),
        "",
        "| value | precision | recall | F1 | posts |",
        "|---|---|---|---|---|",
    ]
    for field in ("topics", "sentiment", "speaker", "intent", "flags"):
        for value, s in scores[field]["each"].items():
            posts = manifest["held_out"][field]["each"].get(value, {"n": 0})["n"]
            lines.append(f"| {field}: {value} | {s['p']} | {s['r']} | {s['f1']} | {posts} |")
    return "\n".join(lines) + "\n"


def _measures(scores: dict[str, Any]) -> list[tuple[str, str]]:
    """What a table of scores comes to."""
    event = scores["flags"]["each"].get("adverse_event", {"p": 0.0, "r": 0.0})
    return [
        ("irrelevant F1", f"{scores['irrelevant']['f1']}"),
        ("topics micro / macro F1", f"{scores['topics']['micro']['f1']} / {scores['topics']['macro_f1']}"),
        *((f"{field} accuracy", f"{scores[field]['accuracy']}") for field in EXCLUSIVE),
        ("flags micro F1", f"{scores['flags']['micro']['f1']}"),
        ("adverse_event precision / recall", f"{event['p']} / {event['r']}"),
    ]


if __name__ == "__main__":
    main()
