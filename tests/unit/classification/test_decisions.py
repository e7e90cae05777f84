"""Calibration and decoding: probabilities mean what they say, topics are one to three, each field has its own rule."""

from __future__ import annotations

import numpy as np
import pytest

from transforms.classification.calibration import (
    Scaling,
    binary,
    exclusive,
    fit_binary,
    fit_exclusive,
    sigmoid,
)
from transforms.classification.decode import FIELDS, Decoder, columns, pick_topics, places
from transforms.posts import LABEL_FIELDS


def test_sigmoid_is_safe() -> None:
    assert sigmoid(np.asarray([-1e6, 0.0, 1e6])).tolist() == [0.0, 0.5, 1.0]


def test_fitted_probabilities_are_frequencies() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(4000, 1)).astype(np.float32)
    truth = (rng.random((4000, 1)) < sigmoid(3.0 * scores.astype(np.float64) - 1.0)).astype(np.float32)
    scaling = fit_binary(scores, truth, np.ones(4000))
    assert scaling.slope == pytest.approx(3, abs=0.4)
    chances = binary(scores, scaling)
    for low in (0.1, 0.4, 0.7):
        band = (chances >= low) & (chances < low + 0.2)
        assert truth[band].mean() == pytest.approx(chances[band].mean(), abs=0.06)


def test_a_post_of_weight_two_counts_as_two() -> None:
    rng = np.random.default_rng(5)
    truth = np.eye(3, dtype=np.float32)[rng.integers(0, 3, 300)]
    scores = (truth + rng.normal(size=truth.shape)).astype(np.float32)
    weight = np.where(np.arange(300) < 100, 2.0, 1.0).astype(np.float64)
    often = np.repeat(np.arange(300), weight.astype(int))
    for fit in (fit_binary, fit_exclusive):
        one, other = fit(scores, truth, weight), fit(scores[often], truth[often], np.ones(400))
        assert one.slope == pytest.approx(other.slope, abs=1e-2)
        assert one.offsets == pytest.approx(other.offsets, abs=1e-2)


def test_exclusive_probabilities_sum_to_one() -> None:
    rng = np.random.default_rng(1)
    truth = np.eye(3, dtype=np.float32)[rng.integers(0, 3, 600)]
    scores = (truth + rng.normal(size=truth.shape)).astype(np.float32)
    scaling = fit_exclusive(scores, truth, np.ones(600))
    chances = exclusive(scores, scaling)
    assert np.allclose(chances.sum(axis=1), 1)
    assert chances.max(axis=1).mean() == pytest.approx(
        (chances.argmax(1) == truth.argmax(1)).mean(), abs=0.05
    )


def test_columns_and_places_agree() -> None:
    names = columns()
    for field, part in places().items():
        assert names[part] == tuple(f"{field}:{value}" for value in FIELDS[field])
    assert {field.name for field in LABEL_FIELDS} >= set(FIELDS)


def test_the_likeliest_topic_is_always_given() -> None:
    chances = np.asarray([[0.1, 0.05, 0.02, 0.01]])
    assert pick_topics(chances, np.full(4, 0.5)) == [[0]]


def test_at_most_three_topics_the_main_first() -> None:
    chances = np.asarray([[0.6, 0.9, 0.7, 0.8], [0.2, 0.1, 0.9, 0.6]])
    assert pick_topics(chances, np.full(4, 0.5)) == [[1, 3, 2], [2, 3]]


def test_a_low_threshold_lets_a_rare_topic_in() -> None:
    chances = np.asarray([[0.5, 0.25]])
    assert pick_topics(chances, np.asarray([0.4, 0.2])) == [[0, 1]]


def decoder(**thresholds: float) -> Decoder:
    scalings = {field: Scaling(1.0, (0.0,) * len(values)) for field, values in FIELDS.items()}
    cuts = {field: np.full(len(values), 0.5) for field, values in FIELDS.items()}
    for field in ("sentiment", "speaker", "intent"):
        cuts[field] = np.zeros(len(FIELDS[field]))
    for field, value in thresholds.items():
        cuts[field] = np.full(len(FIELDS[field]), value)
    return Decoder(scalings, cuts)


def test_an_irrelevant_post_has_no_topics_and_intent_other() -> None:
    scores = np.full((1, len(columns())), -5.0, dtype=np.float32)
    labels = decoder().decode(scores)[0].labels
    assert (labels.relevant, labels.topics, labels.intent, labels.flags) == (False, (), "other", ())


def test_decisions_follow_scores() -> None:
    scores = np.full((1, len(columns())), -5.0, dtype=np.float32)
    for name in (
        "relevant:true",
        "sentiment:mixed",
        "topics:cost",
        "speaker:hcp",
        "intent:question",
        "flags:crisis",
    ):
        scores[0, columns().index(name)] = 5.0
    decoded = decoder().decode(scores)[0]
    assert decoded.labels.sentiment == "mixed"
    assert decoded.labels.topics == ("cost",)
    assert decoded.labels.speaker == "hcp"
    assert decoded.labels.intent == "question"
    assert decoded.labels.flags == ("crisis",)
    assert decoded.confidence > 0.9


def test_leaning_moves_a_close_decision() -> None:
    scores = np.zeros((1, len(columns())), dtype=np.float32)
    leaning = decoder()
    added = np.zeros(4)
    added[FIELDS["sentiment"].index("pos")] = 0.3
    moved = Decoder(leaning.scalings, {**leaning.thresholds, "sentiment": added})
    assert leaning.decode(scores)[0].labels.sentiment == "neg"
    assert moved.decode(scores)[0].labels.sentiment == "pos"
