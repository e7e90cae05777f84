"""Meaning: words of like use lie near each other, whatever stands beside them; a document's mean is its own."""

from __future__ import annotations

import numpy as np
import pytest

from transforms.classification import meaning
from transforms.classification.features import F32, hash_words


def means(*documents: str) -> F32:
    hashed = hash_words([document.split() for document in documents], 1, salt=4)
    size, dimensions = meaning.table().vectors.shape
    plain = meaning.Mean(np.ones(size, dtype=np.float32), np.zeros(dimensions, dtype=np.float32))
    return plain.of(hashed)


@pytest.mark.parametrize(
    ("word", "near", "far"),
    [
        ("湿疹", "皮膚", "駐車"),
        ("看護", "介護", "請求"),
        ("横柄", "傲慢", "注射"),
        ("受け付け", "窓口", "頭痛"),
    ],
)
def test_words_of_like_use_are_near(word: str, near: str, far: str) -> None:
    one, two, three = means(word, near, far)
    assert one @ two > one @ three + 0.1


def test_a_mean_is_a_unit_vector_or_nothing() -> None:
    known, unknown, empty = means("説明 丁寧", "\x00", "")
    assert np.linalg.norm(known) == pytest.approx(1, abs=1e-5)
    assert not unknown.any()
    assert not empty.any()


def test_a_document_means_the_same_in_any_company() -> None:
    together = means("説明 が 丁寧", "待つ", "駐車 場")
    assert np.allclose(together[1], means("待つ")[0], atol=1e-6)


def test_rare_words_weigh_more() -> None:
    hashed = hash_words([["薬"], ["薬"], ["薬", "待つ"]], 1, salt=4)
    rows = meaning.table().rows
    fitted = meaning.fit(hashed)
    common, rare = fitted.rarity[rows[hashed.buckets[0]]], fitted.rarity[rows[hashed.buckets[3]]]
    assert common == pytest.approx(1.0)
    assert rare == pytest.approx(np.log(4 / 2) + 1, abs=1e-3)


def test_products_made_before_are_those_of_the_mean() -> None:
    rng = np.random.default_rng(8)
    size, dimensions = meaning.table().vectors.shape
    mean = meaning.Mean(
        np.ones(size, dtype=np.float32), rng.normal(size=(dimensions,)).astype(np.float32) / 50
    )
    weights = rng.normal(size=(dimensions, 3)).astype(np.float32)
    hashed = hash_words([["説明", "が", "丁寧"], ["\x00"], [], ["待つ"]], 1, salt=4)
    quick = mean.weighed(hashed, meaning.table().vectors @ weights, mean.centre @ weights)
    assert np.allclose(quick, mean.of(hashed) @ weights, atol=1e-5)
