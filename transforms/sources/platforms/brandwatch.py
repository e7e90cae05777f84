"""Brandwatch "Bulk Mentions Download": a preamble, an empty row, the header, the mentions.

Belongs here: the columns of this export and the zone that only its preamble tells.
Does not: authors' names, genders, professions and places, which are never read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from transforms.posts import Post
from transforms.sources.adapter import Row, RowReader, TableAdapter
from transforms.sources.canonical import Rejected, clean_text, language, required_id
from transforms.sources.exports import author, cells, is_repost, platform, status_id, whole_number, x_id
from transforms.sources.times import JST_OFFSET, local_seconds

_HEADER: Final = frozenset({"Query Id", "Date", "Url", "Page Type", "Full Text", "Resource Id"})
_ZONE: Final = re.compile(r"\d\d:\d\d:\d\d ([A-Z]{3,4}) \d{4}$")
_ZONES: Final = {"JST": JST_OFFSET, "UTC": 0, "GMT": 0, "KST": JST_OFFSET}


def recognises(row: Row) -> bool:
    """Whether a row is this export's header."""
    return _HEADER.issubset(row)


def _offset(preamble: Sequence[Row]) -> int | None:
    """Seconds ahead of UTC of the zone in `From:,Sun Nov 01 00:00:00 JST 2026`."""
    for row in preamble:
        found = _ZONE.search(row[1][:64]) if len(row) > 1 else None
        if found:
            return _ZONES.get(found[1])
    return None


def reader(header: Row, preamble: Sequence[Row]) -> RowReader:
    """A function from a row to its post; it refuses all where the preamble tells no known zone."""
    column = cells(header)
    offset = _offset(preamble)
    date, url, page_type, words = map(column, ("Date", "Url", "Page Type", "Full Text"))
    resource_id, entry_type, retweet_of = map(
        column, ("Resource Id", "Thread Entry Type", "Twitter Retweet of")
    )
    user_id, name, answered, tongue = map(
        column, ("Twitter Author ID", "Author", "Twitter Reply to", "Language")
    )

    def read(row: Row) -> Post | None:
        source = platform(page_type(row))
        text = clean_text(words(row))
        if entry_type(row).strip().lower() == "share" or retweet_of(row).strip() or is_repost(source, text):
            return None
        if offset is None:
            raise Rejected("created_at_without_zone")
        is_x = source == "x"
        return Post(
            source,
            x_id("", url(row)) if is_x else required_id(resource_id(row).strip()),
            author(source, (is_x and whole_number(user_id(row))) or "", name(row)),
            local_seconds(date(row), offset),
            text,
            language(tongue(row).strip()),
            reply_to_id=status_id(answered(row)),
        )

    return read


ADAPTERS = (TableAdapter("brandwatch_mentions", "listening_exports", recognises, reader),)
