"""Exceptions tell type and place, never what they quoted."""

from __future__ import annotations

import traceback

import pyarrow as pa
import pytest

from orchestration.guard import PlainError, QuietError, quiet

SECRET = "山田太郎 090-0000-0000"


@quiet
def chokes() -> None:
    pa.array([1, SECRET], pa.int64())


@quiet
def speaks() -> None:
    raise PlainError("config/policy.yaml:3: k: expected a whole number from 10")


def test_a_librarys_quotation_does_not_get_through() -> None:
    with pytest.raises(QuietError) as caught:
        chokes()
    told = "".join(traceback.format_exception(caught.value))
    assert SECRET not in told
    assert "ArrowInvalid" in str(caught.value)
    assert "chokes" in str(caught.value)
    assert caught.value.__context__ is None


def test_a_message_for_people_does() -> None:
    with pytest.raises(PlainError, match="k: expected"):
        speaks()
