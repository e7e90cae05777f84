"""Weights of training posts: with them, rare and common values have the shares that are wanted."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation import gold
from training import labels, weighing
from transforms.classification.decode import FIELDS


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_has_a_share_a_value(field: str) -> None:
    assert len(weighing.SHARES[field]) == len(FIELDS[field])


def test_shares_of_one_choice_sum_to_one() -> None:
    for field in ("sentiment", "speaker", "intent"):
        assert sum(weighing.SHARES[field]) == pytest.approx(1)
    assert sum(weighing.PLATFORMS.values()) == pytest.approx(1)
    assert sum(share for _, share in weighing.LENGTHS) == pytest.approx(1)


def test_weights_bring_shares_nearer() -> None:
    rows = [row for name in ("05", "10", "15") for row in gold.read(labels.POSTS / f"{name}.jsonl")]
    truth = labels.targets(rows)
    weight = weighing.weights(rows, truth, np.ones(len(rows)))
    assert weight.mean() == pytest.approx(1)
    assert weight.max() / weight.min() <= 16.1
    wanted = np.concatenate([np.asarray(weighing.SHARES[field]) for field in FIELDS])
    before, after = truth.mean(axis=0) - wanted, np.average(truth, axis=0, weights=weight) - wanted
    assert np.abs(after).sum() < 0.5 * np.abs(before).sum()


def test_posts_trusted_less_weigh_less_and_the_shares_are_kept() -> None:
    rows = [row for name in ("05", "10", "15") for row in gold.read(labels.POSTS / f"{name}.jsonl")]
    truth = labels.targets(rows)
    trust = np.where(np.arange(len(rows)) % 2, 1.0, 0.4)
    weight = weighing.weights(rows, truth, trust)
    assert weight[::2].mean() == pytest.approx(0.4 * weight[1::2].mean(), rel=0.25)
    even = weighing.weights(rows, truth, np.ones(len(rows)))
    before, after = np.average(truth, axis=0, weights=even), np.average(truth, axis=0, weights=weight)
    assert np.abs(after - before).max() < 0.03
