"""Meltwater Explore exports: UTF-16 text with tabs, whatever the file's name says.

Belongs here: the columns of this export.
Does not: influencer bios, followers and places, which are never read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from transforms.posts import Post
from transforms.sources.adapter import Row, RowReader, TableAdapter
from transforms.sources.canonical import clean_text, language, required_id
from transforms.sources.exports import author, cells, is_repost, platform, status_id, whole_number, x_id
from transforms.sources.times import JST_OFFSET, meltwater_seconds

_HEADER: Final = frozenset({"Date", "URL", "Hit Sentence", "Source", "Influencer", "Document ID"})
_LANGUAGES: Final = {
    "japanese": "ja", "english": "en", "chinese": "zh", "korean": "ko", "french": "fr", "german": "de", "spanish": "es",
    "portuguese": "pt", "italian": "it", "russian": "ru", "vietnamese": "vi", "thai": "th", "indonesian": "id",
    "tagalog": "tl", "nepali": "ne", "arabic": "ar",
}  # fmt: skip


def recognises(row: Row) -> bool:
    """Whether a row is this export's header."""
    return _HEADER.issubset(row)


def reader(header: Row, _: Sequence[Row]) -> RowReader:
    """A function from a row to its post. Times have no zone: such accounts are set to Japan time."""
    column = cells(header)
    date, url, sentence, source_name, influencer = map(
        column, ("Date", "URL", "Hit Sentence", "Source", "Influencer")
    )
    tweet_id, user_id, parent, tongue = map(column, ("Tweet Id", "Twitter Id", "Parent URL", "Language"))
    document_id = column("Document ID")

    def read(row: Row) -> Post | None:
        source = platform(source_name(row))
        text = clean_text(sentence(row))
        if is_repost(source, text):
            return None
        tongue_name = tongue(row).strip()
        is_x = source == "x"
        return Post(
            source,
            x_id(tweet_id(row), url(row)) if is_x else required_id(document_id(row).strip()),
            author(source, (is_x and whole_number(user_id(row))) or "", influencer(row)),
            meltwater_seconds(date(row), JST_OFFSET),
            text,
            _LANGUAGES.get(tongue_name.lower()) or language(tongue_name if len(tongue_name) < 4 else None),
            reply_to_id=status_id(parent(row)),
        )

    return read


ADAPTERS = (TableAdapter("meltwater_explore", "listening_exports", recognises, reader),)
