"""Facts that stand in another file than the posts: names of places, verified organisations.

Belongs here: reading such files. Does not: which files lie in a folder (`orchestration.intake`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO

from transforms.sources import json_values, registry
from transforms.sources.adapter import NO_SIBLINGS, Siblings
from transforms.sources.canonical import Rejected
from transforms.sources.streams import MAX_LINE, Damaged, as_utf8, expand


def siblings_of(streams: Iterable[BinaryIO], family: str | None = None) -> Siblings:
    """What the sibling files of a folder tell, all together.

    Args:
        streams: the files; one that is no sibling file, or is damaged, adds nothing (where it is read as a payload, it is
            set aside with its reason).
        family: the landing folder's name.
    """
    known = NO_SIBLINGS
    for stream in streams:
        try:
            for source in expand(stream):
                known = _joined(known, json_values.loads(as_utf8(source).read_all(MAX_LINE)), family)
        except (Damaged, Rejected):
            continue
    return known


def _joined(known: Siblings, value: object, family: str | None) -> Siblings:
    for adapter in registry.json_adapters(family):
        found = adapter.siblings(value)
        if found is not None:
            return Siblings(
                {**known.place_names, **found.place_names}, {**known.officials, **found.officials}
            )
    return known
