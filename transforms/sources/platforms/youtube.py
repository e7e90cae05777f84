"""YouTube Data API v3: commentThreads.list and comments.list.

Source of the fields: developers.google.com/youtube/v3/docs, resources commentThread and comment.

Belongs here: what a comment and a thread mean.
Does not: display names, pictures and channel addresses of authors, which are never read.
"""

from __future__ import annotations

from typing import Any, Final

from transforms.posts import Post
from transforms.sources.adapter import JsonAdapter, Records, Siblings
from transforms.sources.canonical import (
    Refused,
    Rejected,
    as_id,
    clean_text,
    html_to_text,
    required_author,
    required_id,
)
from transforms.sources.times import iso_seconds

_COMMENT: Final = "youtube#comment"
_THREAD: Final = "youtube#commentThread"


def recognises(value: Any) -> bool:
    """Whether a value is an answer of the API, a thread, a comment, or its error body."""
    if type(value) is not dict:
        return False
    if str(value.get("kind", ""))[:20].startswith(_COMMENT):
        return True
    error = value.get("error")
    details = error.get("errors") if type(error) is dict else None
    return type(details) is list and any(
        type(detail) is dict and str(detail.get("domain", ""))[:20].startswith("youtube.")
        for detail in details[:3]
    )


def records(value: Any, _: Siblings) -> Records:
    """The comments in an answer, a thread or a comment.

    Raises:
        Rejected: where a comment that stands alone is bad, `wrong_shape` where the value is nothing of YouTube.
    """
    if type(value) is not dict:
        raise Rejected("wrong_shape")
    if "error" in value:
        return ()
    kind = value.get("kind")
    if kind == _COMMENT:
        return (_post(value),)
    found: list[Post | Refused] = []
    if kind == _THREAD:
        _collect(value, found)
        return found
    items = value.get("items", [])
    if type(items) is not list or not isinstance(kind, str) or not kind.startswith(_COMMENT):
        raise Rejected("wrong_shape")
    for item in items:
        _collect(item, found)
    return found


def _collect(item: Any, found: list[Post | Refused]) -> None:
    """Adds a comment, or a thread's first comment and the replies that came with it."""
    snippet = item.get("snippet") if type(item) is dict else None
    if type(snippet) is not dict:
        found.append(Refused("wrong_shape", item))
        return
    comments = [item]
    if "topLevelComment" in snippet:
        replies = item.get("replies")
        listed = replies.get("comments") if type(replies) is dict else None
        comments = [snippet["topLevelComment"], *(listed if type(listed) is list else ())]
    for comment in comments:
        try:
            found.append(_post(comment))
        except Rejected as rejected:
            found.append(Refused(rejected.reason, comment))


def _post(comment: Any) -> Post:
    snippet = comment.get("snippet") if type(comment) is dict else None
    if type(snippet) is not dict:
        raise Rejected("wrong_shape")
    get = snippet.get
    post_id = required_id(comment.get("id"))
    author = get("authorChannelId")
    author_id = required_author(author.get("value") if type(author) is dict else None)
    parent_id = as_id(get("parentId"))
    original = get("textOriginal")
    published_at = iso_seconds(get("publishedAt"))
    updated_at = iso_seconds(get("updatedAt")) if get("updatedAt") is not None else published_at
    is_edited = updated_at > published_at
    channel_id = as_id(get("channelId"))
    return Post(
        "youtube",
        post_id,
        author_id,
        published_at,
        html_to_text(get("textDisplay")) if original is None else clean_text(original),
        None,
        "edit" if is_edited else "create",
        parent_id,
        parent_id or post_id,  # replies cannot be answered: the parent is the root
        author_official=None if channel_id is None else author_id == channel_id,
        changed_at=updated_at if is_edited else None,
    )


ADAPTERS = (JsonAdapter("youtube", "youtube", recognises, records),)
