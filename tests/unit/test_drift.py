"""Drift: what chance brings is none, what matters is told with the value that moved most."""

from __future__ import annotations

import numpy as np
import pytest

from transforms.statistics.drift import shift


def test_the_same_shares_are_no_drift() -> None:
    found = shift({"neg": 500, "pos": 500}, {"neg": 100, "pos": 100})
    assert found is not None
    assert found.psi == pytest.approx(0, abs=1e-6)
    assert not found.is_drift


def test_the_index_is_the_textbook_sum() -> None:
    found = shift({"neg": 50_000, "pos": 50_000}, {"neg": 70_000, "pos": 30_000})
    assert found is not None
    assert found.psi == pytest.approx(0.2 * np.log(0.7 / 0.5) - 0.2 * np.log(0.3 / 0.5), abs=1e-4)
    assert found.is_drift
    assert (found.value, round(found.share_before, 2), round(found.share_now, 2)) == ("neg", 0.5, 0.7)


def test_a_value_that_comes_or_goes_weighs_finitely() -> None:
    found = shift({"a": 900, "b": 100}, {"a": 500, "c": 500})
    assert found is not None
    assert np.isfinite(found.psi)
    assert found.is_drift
    assert found.value == "c"


def test_too_little_says_nothing() -> None:
    assert shift({"a": 99}, {"a": 500, "b": 500}) is None
    assert shift({"a": 500, "b": 500}, {"a": 50, "b": 49}) is None
    assert shift({"a": 500}, {"a": 500}) is None


def test_chance_alone_hardly_ever_warns() -> None:
    rng = np.random.default_rng(5)
    shares = rng.dirichlet(np.full(20, 2.0))
    warned = []
    for _ in range(300):
        before, now = rng.multinomial(4_000, shares), rng.multinomial(150, shares)
        found = shift(dict(zip("abcdefghijklmnopqrst", map(int, before), strict=True)),
                      dict(zip("abcdefghijklmnopqrst", map(int, now), strict=True)))  # fmt: skip
        assert found is not None
        warned.append(found.is_drift)
    assert np.mean(warned) < 0.04


def test_a_real_change_is_found_among_many_values() -> None:
    before = dict.fromkeys("abcdefghij", 400)
    now = {**dict.fromkeys("abcdefghij", 40), "a": 160}
    found = shift(before, now)
    assert found is not None
    assert found.is_drift
    assert found.value == "a"
