"""YouTube Data API v3: commentThreads.list.

Belongs here: YouTube's shapes. Does not: which comment goes where (`samples.generate`).
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from samples.payloads.common import as_json, author_hash, base64, display_name, iso
from samples.plan import Draft, digest

_CHANNEL = "UCGcyW-5SvOB240WBKHaw4ga"


def comment_id(post: Draft) -> str:
    """A top-level comment's id, or a reply's below it."""
    own = base64(digest("youtube", post.number), 20)
    if post.answers:
        return f"{comment_id(post.answers)}.{base64(digest('reply', post.number), 22)}"
    return f"Ug{own}4AaABAg"


def _comment(post: Draft, updated_at: int | None) -> dict[str, Any]:
    channel = "UC" + base64(author_hash("youtube", post.author).to_bytes(8), 22)
    snippet: dict[str, Any] = {
        "videoId": base64(digest("video", post.number % 40), 11),
        "authorDisplayName": display_name("youtube", post.author),
        "authorProfileImageUrl": f"https://example.com/yt/a/{channel}=s48-c-k-c0xffffffff-no-rj-mo",
        "authorChannelUrl": f"http://www.youtube.com/channel/{channel}",
        "authorChannelId": {"value": channel},
        "textDisplay": html.escape(post.text).replace("\n", "<br>"),
        "textOriginal": post.text,
        "canRate": True,
        "viewerRating": "none",
        "likeCount": post.number % 12,
        "publishedAt": iso(post.when, "Z"),
        "updatedAt": iso(updated_at or post.when, "Z"),
    }
    if post.number % 4 == 0:
        snippet["channelId"] = _CHANNEL
    if post.number % 3 == 0:
        del snippet["textOriginal"]
    if post.answers:
        snippet["parentId"] = comment_id(post.answers)
    return {
        "kind": "youtube#comment",
        "etag": base64(digest("etag", post.number), 28),
        "id": comment_id(post),
        "snippet": snippet,
    }


def _thread(first: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": "youtube#commentThread",
        "etag": first["etag"][::-1],
        "id": first["id"],
        "snippet": {
            "videoId": first["snippet"]["videoId"], "topLevelComment": first, "canReply": True, "totalReplyCount": 0, "isPublic": True,
        },
    }  # fmt: skip


def threads_answer(posts: Sequence[Draft], edits: Sequence[tuple[Draft, int]]) -> bytes:
    """An answer of commentThreads.list: the threads, edited ones with their words of now."""
    comments = [_comment(p, None) for p in posts if p.answers is None]
    comments += [_comment(p, at) for p, at in edits if p.answers is None]
    return as_json(
        {
            "kind": "youtube#commentThreadListResponse",
            "etag": base64(digest("answer", len(comments)), 28),
            "pageInfo": {"totalResults": len(comments), "resultsPerPage": 100},
            "items": [_thread(c) for c in comments],
        }
    )


def replies_answer(posts: Sequence[Draft], edits: Sequence[tuple[Draft, int]]) -> bytes:
    """An answer of comments.list: replies, asked for by parent."""
    comments = [_comment(p, None) for p in posts if p.answers] + [
        _comment(p, at) for p, at in edits if p.answers
    ]
    return as_json(
        {
            "kind": "youtube#commentListResponse",
            "etag": base64(digest("replies", len(comments)), 28),
            "pageInfo": {"totalResults": len(comments), "resultsPerPage": 100},
            "items": comments,
        }
    )
