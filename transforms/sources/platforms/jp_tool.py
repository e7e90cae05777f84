"""Exports of a Japanese listening tool: CP932 (not strict Shift_JIS), Japanese headers, a total at the end.

Belongs here: the columns of this export.
Does not: writers' names and follower counts, which are never read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from transforms.posts import Post
from transforms.sources.adapter import Row, RowReader, TableAdapter
from transforms.sources.canonical import clean_text, required_id, stars
from transforms.sources.exports import author, cells, is_repost, platform, x_id
from transforms.sources.times import JST_OFFSET, local_seconds

_HEADER: Final = frozenset({"媒体", "投稿日時", "投稿者ID", "本文", "URL"})


def recognises(row: Row) -> bool:
    """Whether a row is this export's header."""
    return _HEADER.issubset(row)


def reader(header: Row, _: Sequence[Row]) -> RowReader:
    """A function from a row to its post. Times have no zone and are Japan's."""
    column = cells(header)
    medium, date, user_id, words, url = map(column, ("媒体", "投稿日時", "投稿者ID", "本文", "URL"))
    rating, place = map(column, ("評価", "施設名"))

    def read(row: Row) -> Post | None:
        source = platform(medium(row))
        text = clean_text(words(row))
        if is_repost(source, text):
            return None
        is_review = source == "google_review"
        return Post(
            source,
            x_id("", url(row)) if source == "x" else required_id(url(row).strip()),
            author(source, user_id(row)),
            local_seconds(date(row), JST_OFFSET),
            text,
            rating=stars(rating(row)) if is_review else None,
            place_name=clean_text(place(row)) if is_review else None,
        )

    return read


ADAPTERS = (TableAdapter("jp_tool_export", "listening_exports", recognises, reader, encoding="cp932"),)
