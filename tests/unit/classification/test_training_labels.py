"""Parts of the labels' training: folds, fits, thresholds. A whole training: tests/integration/test_label_training.py."""

from __future__ import annotations

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
    material = training.material_of(features, truth, np.ones(160))
    _, scores = training.fit_and_score(material, folds)
    changed = truth.copy()
    changed[folds == 2] = 1 - changed[folds == 2]
    _, again = training.fit_and_score(material._replace(truth=changed), folds)
    assert np.allclose(scores[folds == 2], again[folds == 2])
    assert not np.allclose(scores[folds == 1], again[folds == 1])


def test_folds_part_writers_and_are_alike_in_size() -> None:
    files = [Path(f"{n:02}.jsonl") for n in (1, 2, 17, 18, 19, 20)] + [Path("reviewed.jsonl")]
    folds = training.folds_of(files, [100, 120, 60, 60, 60, 60, 130])
    assert len(set(folds[2:6])) == 1
    assert sorted(np.bincount(folds, weights=[100, 120, 60, 60, 60, 60, 130])) == [130, 220, 240]


def test_opinions_are_the_mean_of_all_who_labelled_a_post(small: list[Path]) -> None:
    rows = gold.read(small[0])[:3]
    other = {**rows[1], "relevant": True, "sentiment": "pos", "topics": ["wait"]}
    third = {**other, "topics": ["wait", "cost"]}
    shares = training.opinions(rows, [(1, other), (1, third)])
    plain = training.targets(rows)
    assert np.array_equal(shares[[0, 2]], plain[[0, 2]])
    assert np.allclose(shares[1], (plain[1] + training.targets([other]) + training.targets([third])) / 3)
    assert np.array_equal(training.opinions(rows, []), plain)


def test_a_post_on_which_opinions_differ_stands_between_the_margins() -> None:
    matrix = sparse.csr_matrix(np.eye(40, dtype=np.float32) * 10)
    share = (np.arange(40) % 3 / 2).astype(np.float32)
    material = training.Material(matrix, 40, np.repeat(share[:, None], len(columns()), axis=1), np.ones(40))
    scores = training.margins(material).of(matrix)[:, places()["topics"]]
    assert np.allclose(scores, share[:, None], atol=0.1)


def test_the_likeliest_class_is_the_one_that_most_hold() -> None:
    chances = np.asarray([[0.6, 0.4], [0.45, 0.55], [0.5, 0.5]])
    wanted = np.asarray([[0.5, 0.5], [1, 0], [2 / 3, 1 / 3]], dtype=np.float32)
    added = training.leanings(chances, wanted, np.ones(3))
    assert ((np.log(chances) + added).argmax(1) == 0).all()


def test_the_hash_heeds_readings(small: list[Path], tmp_path: Path) -> None:
    without = training.data_hash(small, tmp_path)
    (tmp_path / f"{small[0].stem}.tsv").write_text("t\twait\tneg\tpatient\tcomplaint\t\n", encoding="utf-8")
    assert training.data_hash(small, tmp_path) != without


def test_blocks_and_meanings_weigh_their_shares(small: list[Path]) -> None:
    features = training.features_of(gold.read(small[0]))
    parts = [s * (m @ m.T).toarray() for s, m in zip(training.SHARES, features.matrices, strict=True)]
    meanings = training.MEANING_SHARE * features.meanings @ features.meanings.T
    matrix = training.stacked(features)
    assert np.allclose((matrix @ matrix.T).toarray(), sum(parts) + meanings, atol=1e-4)
    material = training.material_of(features, np.zeros((40, 1), dtype=np.float32), np.ones(40))
    assert matrix.shape[1] - material.counted == features.meanings.shape[1]


def test_ridge_comes_to_the_closed_form() -> None:
    rng = np.random.default_rng(5)
    seen = (rng.random((60, 8)) < 0.4).astype(np.float32)
    truth = (rng.random((60, 3)) < 0.5).astype(np.float32)
    weight = rng.uniform(0.2, 2, 60)
    design = np.hstack([seen, np.ones((60, 1), dtype=np.float32)])
    system = (design.T * weight) @ design + training.RIDGE * np.eye(9)
    wanted = np.linalg.solve(system, (design.T * weight) @ truth)
    found = training.ridge(sparse.csr_matrix(seen), truth, weight)
    assert np.allclose(np.vstack([found.weights, found.bias]), wanted, atol=1e-4)


def test_what_tells_a_label_is_made_larger_and_the_meaning_left() -> None:
    told = np.arange(40) % 2
    matrix = np.stack([told, 1 - told, np.arange(40) % 3 == 0, np.linspace(0.1, 1, 40)], axis=1)
    truth = told[:, None].astype(np.float32)
    material = training.Material(sparse.csr_matrix(matrix.astype(np.float32)), 3, truth, np.ones(40))
    scale = training.telling(material, 0)
    assert scale[:2].min() > 1 > scale[2]
    assert np.isclose(scale[:3].mean(), 1)
    assert scale[3] == 1


def test_a_machine_scores_its_posts_beyond_the_margins() -> None:
    matrix = sparse.csr_matrix(np.eye(40, dtype=np.float32) * 10)
    truth = np.stack([np.arange(40) % 2, np.zeros(40), np.ones(40)], axis=1).astype(np.float32)
    scores = training.margins(training.Material(matrix, 40, truth, np.ones(40))).of(matrix)
    assert np.allclose(scores, truth, atol=0.1)


def test_scaled_features_give_weights_of_the_unscaled(
    small: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scores of what was learnt are those at the margins, whatever the features were scaled by."""
    features = training.features_of(rows := [row for file in small for row in gold.read(file)])
    material = training.material_of(features, training.targets(rows), np.ones(160))
    scaled = training.margins(material).of(material.matrix)
    monkeypatch.setattr(training, "TOLD_BY_RATIO", ())
    plain = training.margins(material).of(material.matrix)
    part = places()["sentiment"]
    assert not np.allclose(scaled[:, part], plain[:, part], atol=0.01)
    assert np.allclose(scaled[:, places()["topics"]], plain[:, places()["topics"]])
    right = scaled[:, part].argmax(axis=1) == material.truth[:, part].argmax(axis=1)
    assert right.mean() > 0.95


def test_the_model_that_ships_is_of_these_posts() -> None:
    manifest = json.loads((training.MODEL / MANIFEST_FILE).read_text(encoding="utf-8"))
    files = sorted(training.POSTS.glob("*.jsonl"))
    assert manifest["training"]["files"] == [file.name for file in files]
    data = training.data_hash(files)
    assert manifest["training"]["data_sha256"] == data, (
        "posts or readings have changed: run python -m training.labels"
    )
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
