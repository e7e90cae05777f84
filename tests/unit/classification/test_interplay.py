"""The second look: pairs of scores that only together tell a label."""

from __future__ import annotations

import numpy as np

from training.labels import second_look
from transforms.classification.interplay import Interplay, pairs


def test_pairs_are_all_products_once() -> None:
    assert pairs(np.asarray([[2.0, 3.0]], dtype=np.float32)).tolist() == [[2.0, 3.0, 4.0, 6.0, 9.0]]


def test_a_document_scores_the_same_in_any_company() -> None:
    rng = np.random.default_rng(7)
    scores = rng.normal(size=(20, 6)).astype(np.float32)
    look = Interplay(scores[0], scores[1], rng.normal(size=(27, 6)).astype(np.float32))
    together = look.of(scores)
    assert np.array_equal(look.of(scores[:1]), together[:1])
    assert np.array_equal(look.of(scores[5:13]), together[5:13])
    assert np.allclose(
        together, (scores + pairs(scores - scores[0]) @ look.weights + scores[1]) / 2, atol=1e-4
    )


def test_as_many_columns_as_the_model_has_score_the_same_in_any_company() -> None:
    rng = np.random.default_rng(8)
    scores = rng.normal(size=(37, 48)).astype(np.float32)
    look = Interplay(scores[0], scores[0], rng.normal(size=(1224, 48)).astype(np.float32))
    together = look.of(scores)
    expected = (scores + pairs(scores - scores[0]) @ look.weights + scores[0]) / 2
    assert np.allclose(together, expected, rtol=1e-4, atol=1e-3)
    for start in range(20):
        assert np.array_equal(look.of(scores[start : start + 11]), together[start : start + 11])


def test_what_only_a_pair_tells_is_learnt() -> None:
    rng = np.random.default_rng(6)
    scores = rng.choice([-0.5, 0.5], size=(2000, 2)).astype(np.float32)
    truth = np.stack([scores[:, 0] > 0, scores.prod(axis=1) > 0], axis=1).astype(np.float32)
    found = second_look(scores, truth, np.ones(2000)).of(scores)
    both = truth[:, 1] > 0
    assert found[both, 1].mean() - found[~both, 1].mean() > 0.4
