"""What a platform module hands to the registry, and what the caller hands to it.

Belongs here: the two kinds of adapter (JSON values, tables) and the facts that come from sibling files.
Does not: any platform.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from transforms.posts import Post
from transforms.sources.canonical import Refused

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Siblings(NamedTuple):
    """Facts that a payload needs and that stand in another file of its folder.

    Attributes:
        place_names: name of a place by its id (Google's locations.json).
        officials: by user id, whether the platform verified an organisation; None where it does not say (users_*.json).
    """

    place_names: Mapping[str, str] = _NOTHING
    officials: Mapping[str, bool | None] = _NOTHING


NO_SIBLINGS = Siblings()

Records = Iterable[Post | Refused]


class JsonAdapter(NamedTuple):
    """A platform whose payloads are JSON.

    Attributes:
        name: of the shape, for reports.
        family: the landing folder in which such files lie, for shapes that the content alone does not tell.
        recognises: whether a JSON value (a line, a document, an item of a list) is of this shape. Sure, or False.
        records: the posts and events in such a value. Raises `Rejected` where the whole value is bad and gives
            `Refused` for a bad part among good ones.
        siblings: what a sibling file of this platform adds, or None if the value is no sibling file.
    """

    name: str
    family: str
    recognises: Callable[[Any], bool]
    records: Callable[[Any, Siblings], Records]
    siblings: Callable[[Any], Siblings | None] = lambda _: None


Row = Sequence[str]
RowReader = Callable[[Row], Post | None]


class TableAdapter(NamedTuple):
    """A tool whose exports are delimited text.

    Attributes:
        name: of the shape, for reports.
        family: the landing folder in which such files lie.
        recognises: whether a row of the first lines is the header.
        reader: given the header and the rows before it, a function from a row (as wide as the header) to its post, None
            for rows that are no posts of their own; it raises `Rejected`.
        encoding: of files without byte order mark that are not UTF-8.
    """

    name: str
    family: str
    recognises: Callable[[Row], bool]
    reader: Callable[[Row, Sequence[Row]], RowReader]
    encoding: str = "utf-8"
