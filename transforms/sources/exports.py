"""What exports of listening tools have in common: platforms by their names, ids out of links, rows that are reposts.

Belongs here: rules that two or more tools share.
Does not: a tool's columns (`platforms`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from transforms.posts import SOURCES, Source
from transforms.sources.canonical import Rejected, as_id

_SOURCES: Final[dict[str, Source]] = {
    **{source: source for source in SOURCES},
    "twitter": "x",
    "blogs": "blog",
    "ブログ": "blog",
    "forum": "bbs",
    "forums": "bbs",
    "message boards": "bbs",
    "掲示板": "bbs",
    "googleクチコミ": "google_review",
    "google reviews": "google_review",
    "知恵袋": "qa",
    "q&a": "qa",
}
_STATUS: Final = re.compile(
    r"https?://(?:www\.|mobile\.)?(?:twitter|x)\.com/[^/?#]{1,64}/status(?:es)?/(\d{1,20})(?![\w])"
)
_REPOST: Final = re.compile(r"RT @\w")


def platform(name: str) -> Source:
    """The platform that a tool names.

    Raises:
        Rejected: `unsupported_source` for one from which no posts are taken.
    """
    source = _SOURCES.get(name.strip().lower())
    if source is None:
        raise Rejected("unsupported_source")
    return source


def status_id(url: str) -> str | None:
    """The id of the X post that a link leads to."""
    found = _STATUS.match(url.strip())
    return found[1] if found else None


def x_id(cell: str, url: str) -> str:
    """The id of an X post: as it stands, or from its link where a spreadsheet has rounded it (2.11859E+18).

    Raises:
        Rejected: `bad_id` where neither has it whole.
    """
    digits = whole_number(cell)
    found = digits or status_id(url)
    if found is None:
        raise Rejected("bad_id")
    return found


def whole_number(cell: str) -> str | None:
    """The digits of a cell that holds nothing else."""
    cell = cell.strip()
    return cell if cell.isascii() and cell.isdigit() and len(cell) <= 20 else None


def is_repost(source: Source, text: str | None) -> bool:
    """Whether a row of X only passes on another's post."""
    return source == "x" and text is not None and _REPOST.match(text) is not None


def author(source: Source, *candidates: str) -> str | None:
    """The first author's id that is there.

    Raises:
        Rejected: `missing_author` on platforms that always name one.
    """
    for cell in candidates:
        found = as_id(cell.strip())
        if found is not None:
            return found
    if source in {"x", "bluesky", "mastodon", "youtube"}:
        raise Rejected("missing_author")
    return None


def cells(header: Sequence[str]) -> Callable[[str], Callable[[Sequence[str]], str]]:
    """From a column's name to a function that takes its cell out of a row; of a column that is not there, nothing."""
    places = {name: index for index, name in reversed(list(enumerate(header)))}

    def column(name: str) -> Callable[[Sequence[str]], str]:
        index = places.get(name)
        if index is None:
            return lambda _: ""
        return lambda row: row[index]

    return column
