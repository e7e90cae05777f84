"""A pause of the garbage collector for the length of a batch.

Belongs here: the pause.
Does not: what runs in it.

A batch makes some hundred thousand small tuples that live to its end and form no cycles: counting references frees
them. The collector would walk through all of them, and through every dictionary and model of the process, again and
again: a quarter of a batch's time. A pause ends with its batch, so that memory stays bounded by the batch.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused() -> Iterator[None]:
    """Pause the collector within a `with` block; where it is off already, nothing changes."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
