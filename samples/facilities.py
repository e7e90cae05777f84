"""The invented facilities and medicines that sample posts are about (facilities.yaml).

Belongs here: reading that list. Does not: the watchlist's own schema, which is the orchestration's.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from itertools import accumulate
from typing import Literal, NamedTuple

import yaml


class Facility(NamedTuple):
    """A facility, a medicine or a word that is watched.

    Attributes:
        id: short name, the same as in the watchlist.
        entry_class: own, competitor, product or industry.
        name: in full.
        aliases: other names that people use.
        masked: ways in which people hide the name.
        prefecture: where it is, None for what is no place.
        kind: hospital or clinic, None for what is no place.
        department: the only department of a clinic that has one.
        place_id: number of the location on Google.
        nested_place_id: the same place as scrapers write it.
        map_place_id: the same place as Google Maps names it.
        weight: share of the posts about facilities, per thousand.
    """

    id: str
    entry_class: Literal["own", "competitor", "product", "industry"]
    name: str
    aliases: tuple[str, ...]
    masked: tuple[str, ...]
    prefecture: str | None
    kind: str | None
    department: str | None
    place_id: str | None
    nested_place_id: str | None
    map_place_id: str | None
    weight: int


@cache
def everything() -> tuple[Facility, ...]:
    """All entries of facilities.yaml, in its order."""
    raw = yaml.safe_load((resources.files("samples") / "facilities.yaml").read_text(encoding="utf-8"))
    return tuple(
        Facility(
            id=entry["id"],
            entry_class=entry["class"],
            name=entry["name"],
            aliases=tuple(entry.get("aliases", ())),
            masked=tuple(entry.get("masked", ())),
            prefecture=entry.get("prefecture"),
            kind=entry.get("kind"),
            department=entry.get("department"),
            place_id=entry.get("place_id"),
            nested_place_id=entry.get("nested_place_id"),
            map_place_id=entry.get("map_place_id"),
            weight=entry.get("weight", 0),
        )
        for entry in raw["facilities"]
    )


@cache
def places() -> tuple[Facility, ...]:
    """The facilities, without medicines and words."""
    return tuple(f for f in everything() if f.kind is not None)


@cache
def place_weights() -> tuple[int, ...]:
    """Cumulative weights of `places`, for `weighted`."""
    return tuple(accumulate(f.weight for f in places()))


@cache
def by_id() -> dict[str, Facility]:
    """All entries by id."""
    return {f.id: f for f in everything()}
