"""Parts of the labels' training: folds, kernel, thresholds. A whole training: tests/integration/test_label_training.py."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from evaluation import gold
from training import labels as training
from transforms.classification.decode import columns, places
from transforms.classification.linear import MANIFEST_FILE


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Forty posts of each of four files."""
    folder = tmp_path_factory.mktemp("posts")
    files = []
    for source in sorted(training.POSTS.glob("*.jsonl"))[:4]:
        lines = source.read_text(encoding="utf-8").splitlines()[:40]
        files.append(folder / source.name)
        files[-1].write_text("\n".join(lines) + "\n", encoding="utf-8")
    return files


def test_held_out_posts_are_not_seen(small: list[Path]) -> None:
    rows = [row for file in small for row in gold.read(file)]
    features, truth, folds = training.features_of(rows), training.targets(rows), np.repeat(np.arange(4), 40)
    material = training.Material(
        training.stacked(features), training.kernel_of(features), truth, np.ones(160)
    )
    before = material.kernel.copy()
    scores = training.unseen(material, folds)
    assert np.array_equal(material.kernel, before)
    changed = truth.copy()
    changed[folds == 2] = 1 - changed[folds == 2]
    again = training.unseen(material._replace(truth=changed), folds)
    assert np.allclose(scores[folds == 2], again[folds == 2])
    assert not np.allclose(scores[folds == 1], again[folds == 1])


def test_folds_part_writers_and_are_alike_in_size() -> None:
    files = [Path(f"{n:02}.jsonl") for n in (1, 2, 17, 18, 19, 20)] + [Path("reviewed.jsonl")]
    folds = training.folds_of(files, [100, 120, 60, 60, 60, 60, 130])
    assert len(set(folds[2:6])) == 1
    assert sorted(np.bincount(folds, weights=[100, 120, 60, 60, 60, 60, 130])) == [130, 220, 240]


def test_the_kernel_is_the_blocks_and_the_constant(small: list[Path]) -> None:
    features = training.features_of(gold.read(small[0]))
    parts = [s * (m @ m.T).toarray() for s, m in zip(training.SHARES, features.matrices, strict=True)]
    meanings = training.MEANING_SHARE * features.meanings @ features.meanings.T
    assert np.allclose(training.kernel_of(features), sum(parts) + meanings + 1, atol=1e-4)


def test_what_is_stacked_gives_the_kernel(small: list[Path]) -> None:
    features = training.features_of(gold.read(small[0]))
    matrix = training.stacked(features)
    assert np.allclose((matrix @ matrix.T).toarray() + 1, training.kernel_of(features), atol=1e-4)


def test_a_machine_scores_its_posts_beyond_the_margins() -> None:
    matrix = sparse.csr_matrix(np.eye(40, dtype=np.float32) * 10)
    truth = np.stack([np.arange(40) % 2, np.zeros(40), np.ones(40)], axis=1).astype(np.float32)
    scores = training.margins(matrix, truth, np.ones(40)).of(matrix)
    assert np.allclose(scores, truth, atol=0.1)


def test_the_second_look_leaves_other_fields_as_they_are() -> None:
    rng, width = np.random.default_rng(8), len(columns())
    scores = rng.normal(size=(300, width)).astype(np.float32)
    truth = (scores + rng.normal(size=scores.shape) > 0).astype(np.float32)
    look = training.second_look(scores, truth, np.ones(300))
    seen, free = training.restrained(look).of(scores), look.of(scores)
    for field, part in places().items():
        same = free if field in training.LOOKED_AGAIN else scores
        assert np.allclose(seen[:, part], same[:, part], atol=1e-4), field


def test_the_model_that_ships_is_of_these_posts() -> None:
    manifest = json.loads((training.MODEL / MANIFEST_FILE).read_text(encoding="utf-8"))
    files = sorted(training.POSTS.glob("*.jsonl"))
    assert manifest["training"]["files"] == [file.name for file in files]
    data = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    assert manifest["training"]["data_sha256"] == data, "posts have changed: run python -m training.labels"
    assert manifest["version"] in training.CARD.read_text(encoding="utf-8")


def test_the_best_threshold_has_the_best_f1() -> None:
    chances = np.asarray([0.9, 0.8, 0.6, 0.4, 0.2])
    wanted = np.asarray([1, 1, 0, 1, 0], dtype=np.float32)
    assert 0.2 < training.best_threshold(chances, wanted, np.ones(5)) <= 0.4


def test_a_threshold_heeds_what_posts_weigh() -> None:
    chances = np.asarray([0.9, 0.8, 0.6, 0.4, 0.2])
    wanted = np.asarray([1, 0, 0, 1, 0], dtype=np.float32)
    light, heavy = np.asarray([1, 0.1, 0.1, 1, 1]), np.asarray([1, 5, 5, 1, 1])
    assert 0.2 < training.best_threshold(chances, wanted, light) <= 0.4
    assert 0.8 < training.best_threshold(chances, wanted, heavy) <= 0.9


def test_the_precision_threshold_keeps_its_precision() -> None:
    rng = np.random.default_rng(2)
    chances = rng.random(2000)
    wanted = (rng.random(2000) < chances).astype(np.float32)
    cut = training.precision_threshold(chances, wanted, np.ones(2000))
    given = chances >= cut
    assert wanted[given].mean() >= training.AE_PRECISION - 0.01
    assert wanted[chances >= cut - 0.05].mean() < training.AE_PRECISION + 0.01


def test_micro_thresholds_beat_one_half() -> None:
    rng = np.random.default_rng(3)
    truth = (rng.random((1500, 3)) < np.asarray([0.1, 0.3, 0.5])).astype(np.float32)
    chances = np.clip(0.25 * truth + 0.5 * rng.random((1500, 3)), 0, 1)

    def micro(cuts: np.ndarray) -> float:
        given = chances >= cuts
        return float(2 * (given * truth).sum() / (given.sum() + truth.sum()))

    assert micro(training.micro_thresholds(chances, truth, np.ones(1500))) > micro(np.full(3, 0.5))


def test_leanings_never_lose() -> None:
    rng = np.random.default_rng(4)
    wanted = np.eye(4, dtype=np.float32)[rng.integers(0, 4, 800)]
    chances = wanted * 0.2 + rng.random((800, 4))
    chances /= chances.sum(axis=1, keepdims=True)
    plain = (chances.argmax(1) == wanted.argmax(1)).mean()
    added = training.leanings(chances, wanted, np.ones(800))
    assert ((np.log(chances) + added).argmax(1) == wanted.argmax(1)).mean() >= plain


def test_posts_are_redacted_by_their_marks() -> None:
    text, spans = gold.unmark("<AGE>34歳</AGE>の<PERSON>田中</PERSON>です")
    assert gold.as_redacted({"text": text, "spans": spans}) == "30代の［氏名］です"
