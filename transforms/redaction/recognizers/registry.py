"""The recognizers in use, and the gate over them.

Belongs here: the list, once a process.
Does not: any pattern.
"""

from __future__ import annotations

import functools
from typing import Final

from transforms.redaction.recognizers import (
    address,
    affiliation,
    contact,
    dates,
    numbers,
    online,
    room,
    vehicle,
)
from transforms.redaction.recognizers.base import Gate, Recognizer

RECOGNIZERS: Final[tuple[Recognizer, ...]] = (
    *contact.RECOGNIZERS,
    *online.RECOGNIZERS,
    *numbers.RECOGNIZERS,
    *address.RECOGNIZERS,
    *dates.RECOGNIZERS,
    *vehicle.RECOGNIZERS,
    *room.RECOGNIZERS,
    *affiliation.RECOGNIZERS,
)


@functools.cache
def get_gate() -> Gate:
    """The gate over all recognizers, built once a process."""
    return Gate(RECOGNIZERS)
