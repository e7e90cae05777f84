"""Trains the classifier of the guide's labels: `python -m training.labels`.

Belongs here: the reading of training posts, the fit, the choice of thresholds on held-out posts, the model's files and card.
Does not: features and decisions (transforms/classification), scores on gold posts (`python -m evaluation`), which never train.

The fit is ridge regression of every label at once on 0/1 targets, in its dual form (Saunders et al. 1998): with X the
posts' features and K = X X^T, the coefficients are (K + λI)^-1 (Y - mean), and the weights X^T times them. With some thousand
posts that is one Cholesky factor, exact and the same on every run. Thresholds, calibration and the scores on the model card come
from posts held out by file, since a file has one writer.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse

from evaluation import gold, score_labels
from transforms.classification import calibration, linear
from transforms.classification.decode import EXCLUSIVE, FIELDS, Decoder, columns, places
from transforms.classification.document import Document
from transforms.classification.features import (
    BLOCKS,
    BUCKETS,
    F32,
    Hashed,
    hash_batch,
    prepare,
)

POSTS: Final = Path(__file__).parent / "posts"
MODEL: Final = Path(linear.__file__).parent / "model"
CARD: Final = Path(__file__).parent / "labels.md"

SHARES: Final = (0.4, 0.4, 0.15, 0.1)
"""What each block of `features.BLOCKS` weighs, squared; chosen by held-out scores. Much weight on lexicons drowns the wording."""

RIDGE: Final = 0.6
"""λ, chosen by held-out scores."""

MIN_POSTS: Final = (3, 2, 3, 3)
"""Posts in which a feature must stand to be kept, by block."""

FOLDS: Final = 8
RAW_EVERY: Final = 3
"""Of so many posts one trains as written, the others as the redactor leaves them."""

AE_PRECISION: Final = 0.74
"""The held-out precision at which the threshold of adverse_event stands: recall first, but the queue is read by people."""

LEANINGS: Final = tuple(sorted((round(0.15 * i, 2) for i in range(-8, 9)), key=abs))
"""Steps that are tried for a class's log probability, small ones first."""

CHUNK: Final = 512


class Features(NamedTuple):
    """Training posts as matrices.

    Attributes:
        matrices: by block, posts by kept features, each row a unit vector.
        kept: by block, buckets of the kept features.
        idf: by block, of the kept features.
    """

    matrices: tuple[sparse.csr_matrix, ...]
    kept: tuple[npt.NDArray[np.uint32], ...]
    idf: tuple[F32, ...]


class Fit(NamedTuple):
    """What training found.

    Attributes:
        decoder: calibration and thresholds.
        scores: held-out scores, posts by columns.
        held_out: the scorer's table on held-out posts.
    """

    decoder: Decoder
    scores: F32
    held_out: dict[str, Any]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description="Train the classifier of the guide's labels and write its files and card."
    )
    parser.add_argument("--posts", type=Path, default=POSTS, help="folder of training posts (*.jsonl)")
    parser.add_argument(
        "--reviewed", type=Path, help="folder of reviewed posts to train on besides (koe review training)"
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
    manifest = train(files, args.model)
    args.card.write_text(card(manifest), encoding="utf-8")
    print(card(manifest))
    if args.gold:
        print(score_labels.table(measure(args.gold, args.model)))


def train(files: Sequence[Path], folder: Path) -> dict[str, Any]:
    """Train on posts and write the model's files.

    Args:
        files: of training posts, in the order that decides the folds.
        folder: for the weights and the manifest.

    Returns:
        The manifest.
    """
    posts = [gold.read(file) for file in files]
    rows = [row for file in posts for row in file]
    folds = np.repeat(np.arange(len(posts)) * FOLDS // max(len(posts), FOLDS), [len(file) for file in posts])
    features = features_of(rows)
    truth = targets(rows)
    fitted = held_out(features, truth, folds, rows)
    payload = linear.pack(features.kept, features.idf, weights_of(features, truth), truth.mean(axis=0))
    manifest = manifest_of(files, rows, fitted, payload)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / linear.WEIGHTS_FILE).write_bytes(payload)
    text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / linear.MANIFEST_FILE).write_text(text + "\n", encoding="utf-8")
    return manifest


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
    matrices, kept, idfs = [], [], []
    for number in range(len(BLOCKS)):
        hashed = Hashed(
            np.concatenate([chunk[number].counts for chunk in chunks]),
            np.concatenate([chunk[number].buckets for chunk in chunks]),
        )
        buckets, idf = vocabulary(hashed, MIN_POSTS[number])
        index = np.full(BUCKETS, -1, dtype=np.int32)
        index[buckets] = np.arange(len(buckets), dtype=np.int32)
        matrix = linear.block_matrix(index, idf, hashed)
        matrix.sum_duplicates()
        matrices.append(matrix)
        kept.append(buckets)
        idfs.append(idf)
    return Features(tuple(matrices), tuple(kept), tuple(idfs))


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


def weights_of(features: Features, truth: F32) -> list[F32]:
    """Weights by block, rows by columns, with share and idf in them."""
    coefficients, _ = ridge(kernel_of(features), truth)
    return [
        np.asarray((matrix.T @ coefficients) * (idf[:, None] * np.float32(share)), dtype=np.float32)
        for matrix, idf, share in zip(features.matrices, features.idf, SHARES, strict=True)
    ]


def kernel_of(features: Features) -> F32:
    """How alike posts are: the weighed sum of the blocks' scalar products."""
    total: F32 = np.zeros((features.matrices[0].shape[0],) * 2, dtype=np.float32)
    for share, matrix in zip(SHARES, features.matrices, strict=True):
        total += np.float32(share) * (matrix @ matrix.T).toarray().astype(np.float32)
    return total


def ridge(kernel: F32, truth: F32) -> tuple[F32, F32]:
    """Solve the dual.

    Args:
        kernel: posts by posts; left as it is.
        truth: posts by columns.

    Returns:
        Coefficients by post and column, and the mean by column.
    """
    mean = truth.mean(axis=0)
    system = kernel.copy()
    system[np.diag_indices_from(system)] += RIDGE
    factor = linalg.cho_factor(system, overwrite_a=True, check_finite=False)
    return linalg.cho_solve(factor, truth - mean, check_finite=False), mean


def held_out(features: Features, truth: F32, folds: npt.NDArray[np.int64], rows: Sequence[gold.Row]) -> Fit:
    """Score each file by a model that has not seen it; calibrate and choose thresholds on those scores.

    Args:
        features: of the posts.
        truth: posts by columns.
        folds: by post.
        rows: the posts.

    Returns:
        What the model's decisions rest on.
    """
    scores = np.zeros_like(truth)
    kernel = kernel_of(features)
    for fold in np.unique(folds):
        inside, outside = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        coefficients, mean = ridge(kernel[np.ix_(inside, inside)], truth[inside])
        scores[outside] = kernel[np.ix_(outside, inside)] @ coefficients + mean
    decoder = decoder_of(scores, truth)
    answers = {
        row["id"]: {**decoded.labels._asdict(), "id": row["id"]}
        for row, decoded in zip(rows, decoder.decode(scores), strict=True)
    }
    return Fit(decoder, scores, score_labels.score(rows, answers))


def decoder_of(scores: F32, truth: F32) -> Decoder:
    """Calibrate each field and choose its thresholds, on held-out scores."""
    where = places()
    relevant = truth[:, 0] > 0
    scalings, thresholds = {}, {}
    for field, part in where.items():
        posts = relevant if field in {*EXCLUSIVE, "topics"} else np.ones_like(relevant)
        given, wanted = scores[posts, part], truth[posts, part]
        if field in EXCLUSIVE:
            scalings[field] = calibration.fit_exclusive(given, wanted)
            thresholds[field] = leanings(calibration.exclusive(given, scalings[field]), wanted)
            continue
        scalings[field] = calibration.fit_binary(given, wanted)
        chances = calibration.binary(given, scalings[field])
        if field == "relevant":
            thresholds[field] = np.asarray([1.0 - best_threshold(1.0 - chances[:, 0], 1.0 - wanted[:, 0])])
        else:
            thresholds[field] = micro_thresholds(chances, wanted)
    thresholds["flags"][0] = precision_threshold(
        calibration.binary(scores[:, where["flags"]], scalings["flags"])[:, 0], truth[:, where["flags"]][:, 0]
    )
    return Decoder(scalings, thresholds)


def best_threshold(chances: npt.NDArray[np.float64], wanted: F32) -> float:
    """The threshold with the best F1."""
    order = np.argsort(-chances, kind="stable")
    hits = np.cumsum(wanted[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + wanted.sum())
    return _between(chances[order], int(f1.argmax()))


def micro_thresholds(chances: npt.NDArray[np.float64], wanted: F32) -> npt.NDArray[np.float64]:
    """Thresholds a column that together give the best micro F1, one column after another, four rounds.

    Args:
        chances: posts by columns.
        wanted: 0/1, the same shape.

    Returns:
        By column.
    """
    cuts = np.asarray([best_threshold(chances[:, j], wanted[:, j]) for j in range(chances.shape[1])])
    every = wanted.sum()
    for _ in range(4):
        for j in range(len(cuts)):
            given = chances >= cuts
            given[:, j] = False
            order = np.argsort(-chances[:, j], kind="stable")
            hits = float((given * wanted).sum()) + np.cumsum(wanted[order, j])
            f1 = 2 * hits / (given.sum() + np.arange(1, len(order) + 1) + every)
            cuts[j] = _between(chances[order, j], int(f1.argmax()))
    return np.asarray(np.clip(cuts, 0.02, 0.98), dtype=np.float64)


def leanings(chances: npt.NDArray[np.float64], wanted: F32) -> npt.NDArray[np.float64]:
    """What to add to each class's log probability so that the likeliest class is right most often.

    The likeliest class of calibrated probabilities would be, were they exact; what is left is for rare classes.

    Args:
        chances: posts by classes.
        wanted: one 1 a row.

    Returns:
        By class; a small step is taken only where it wins.
    """
    logs = np.log(np.maximum(chances, 1e-9))
    right = wanted.argmax(axis=1)
    added = np.zeros(chances.shape[1])
    for _ in range(3):
        for j in range(len(added)):
            best = -1.0
            for step in LEANINGS:
                trial = added.copy()
                trial[j] = step
                accuracy = float(((logs + trial).argmax(axis=1) == right).mean())
                if accuracy > best + 1e-9:
                    best, kept = accuracy, step
            added[j] = kept
    return added


def precision_threshold(chances: npt.NDArray[np.float64], wanted: F32) -> float:
    """The lowest threshold that keeps the precision `AE_PRECISION`."""
    order = np.argsort(-chances, kind="stable")
    precision = np.cumsum(wanted[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(precision >= AE_PRECISION)
    return _between(chances[order], int(enough[-1]) if len(enough) else 0)


def _between(falling: npt.NDArray[np.float64], last: int) -> float:
    """Half-way between the last value that is in and the first that is out."""
    following = falling[last + 1] if last + 1 < len(falling) else falling[last]
    return float((falling[last] + following) / 2)


def manifest_of(
    files: Sequence[Path], rows: Sequence[gold.Row], fitted: Fit, payload: bytes
) -> dict[str, Any]:
    """All that is known of the model, for its readers and its card."""
    data = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    digest = hashlib.sha256(payload).hexdigest()
    return {
        "format": linear.FORMAT,
        "version": f"linear-{digest[:12]}",
        "sha256": digest,
        "columns": list(columns()),
        "calibration": {
            field: {"slope": s.slope, "offsets": list(s.offsets)}
            for field, s in fitted.decoder.scalings.items()
        },
        "thresholds": {f: [round(float(v), 5) for v in t] for f, t in fitted.decoder.thresholds.items()},
        "training": {
            "posts": len(rows),
            "reviewed": sum(row.get("origin") == "reviewed" for row in rows),
            "files": [file.name for file in files],
            "data_sha256": data,
            "seed": "none: the fit is exact and nothing is drawn",
            "ridge": RIDGE,
            "shares": dict(zip(BLOCKS, SHARES, strict=True)),
            "folds": FOLDS,
        },
        "held_out": fitted.held_out,
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


def card(manifest: dict[str, Any]) -> str:
    """The model card.

    Args:
        manifest: of the model.

    Returns:
        Markdown.
    """
    scores, training = manifest["held_out"], manifest["training"]
    lines = [
        "# Model card: labels of the guide",
        "",
        "Written by `python -m training.labels`; not edited by hand.",
        "",
        f"- Version: `{manifest['version']}` (weights SHA-256 `{manifest['sha256']}`)",
        f"- Trained on: {_kinds(training)} in {len(training['files'])} files, SHA-256 `{training['data_sha256']}`",
        f"- Seed: {training['seed']}",
        f"- Means: ridge regression on 0/1 targets (λ = {training['ridge']}) over hashed n-grams of characters and lemmas and"
        " over lexicon signals; blocks weighed "
        + ", ".join(f"{k} {v}" for k, v in training["shares"].items()),
        f"- Thresholds and calibration: chosen on posts held out by file ({training['folds']} folds)",
        "- For: labels of Japanese posts on health care, as redacted; a candidate of a review queue is for a human to judge",
        "- Not for: decisions on a person, diagnosis, other languages, text of other kinds",
        "",
        "## Scores on held-out training posts",
        "",
        "The files have different writers and themes, so a file held out is harder than a post held out.",
        "Scores on gold posts: `python -m evaluation`.",
        "",
        "| measure | value |",
        "|---|---|",
        f"| irrelevant F1 | {scores['irrelevant']['f1']} |",
        f"| topics micro / macro F1 | {scores['topics']['micro']['f1']} / {scores['topics']['macro_f1']} |",
        *(f"| {field} accuracy | {scores[field]['accuracy']} |" for field in EXCLUSIVE),
        f"| flags micro F1 | {scores['flags']['micro']['f1']} |",
        "| adverse_event precision / recall | {p} / {r} |".format(**scores["flags"]["each"]["adverse_event"]),
        "",
        "| value | precision | recall | F1 | posts |",
        "|---|---|---|---|---|",
    ]
    for field in ("topics", "sentiment", "speaker", "intent", "flags"):
        for value, s in scores[field]["each"].items():
            lines.append(f"| {field}: {value} | {s['p']} | {s['r']} | {s['f1']} | {s['n']} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
