"""The second look: pairs of scores that only together tell a label."""

from __future__ import annotations

import numpy as np

from training.labels import second_look
from transforms.classification.interplay import pairs


def test_pairs_are_all_products_once() -> None:
    assert pairs(np.asarray([[2.0, 3.0]], dtype=np.float32)).tolist() == [[2.0, 3.0, 4.0, 6.0, 9.0]]


def test_what_only_a_pair_tells_is_learnt() -> None:
    rng = np.random.default_rng(6)
    scores = rng.choice([-0.5, 0.5], size=(2000, 2)).astype(np.float32)
    truth = np.stack([scores[:, 0] > 0, scores.prod(axis=1) > 0], axis=1).astype(np.float32)
    found = second_look(scores, truth, np.ones(2000)).of(scores)
    both = truth[:, 1] > 0
    assert found[both, 1].mean() - found[~both, 1].mean() > 0.4
