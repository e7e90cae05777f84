"""Keeps personal data out of exceptions.

An exception of a library may quote the value that it choked on, and Dagster stores exceptions for ever. Everything that
handles raw or redacted posts runs inside `quiet`, which lets only the exception's type and place through.
"""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class PlainError(Exception):
    """An error whose text was written for people and holds no personal data: it may be shown as it stands."""


class QuietError(Exception):
    """An unexpected error, told by type and place only."""


def quiet(function: Callable[P, R]) -> Callable[P, R]:
    """Let `PlainError` through and replace any other exception by a `QuietError` without its text or its chain."""

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except (PlainError, QuietError):
            raise
        except Exception as error:  # noqa: BLE001  whatever it is, its text may quote a post
            place = traceback.extract_tb(error.__traceback__)[-1]
            told = QuietError(f"{type(error).__name__} in {function.__name__} at {place.name}:{place.lineno}")
        raise told

    return wrapper
