"""X API v2: search pages, twarc's lines, flattened tweets, the filtered stream, and compliance events.

Belongs here: X's shapes. Does not: which tweet goes into which file (`samples.generate`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from samples.payloads.common import as_json, as_lines, author_hash, display_name, handle, iso
from samples.plan import Draft

_EPOCH_MS = 1_288_834_974_657
_PAGE = 100


def tweet_id(post: Draft) -> str:
    """A snowflake: the time in milliseconds, and the post's number in the low bits."""
    return str((post.when * 1000 + post.number % 1000 - _EPOCH_MS) << 22 | post.number & 0x3FFFFF)


def user_id(author: int) -> str:
    """A user's number of nineteen digits."""
    return str(10**18 + author_hash("x", author) % (8 * 10**17))


def _tweet(post: Draft) -> dict[str, Any]:
    own = tweet_id(post)
    root = tweet_id(post.answers) if post.answers else own
    text = post.text
    if "&" in text or "<" in text or ">" in text:
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    number = post.number
    tweet: dict[str, Any] = {
        "author_id": user_id(post.author),
        "conversation_id": root,
        "created_at": iso(post.when, f".{number % 1000:03}Z"),
        "edit_controls": {"edits_remaining": 5, "is_edit_eligible": post.answers is None, "editable_until": iso(post.when + 1800)},
        "edit_history_tweet_ids": [own],
        "id": own,
        "lang": "ja",
        "possibly_sensitive": False,
        "public_metrics": {
            "retweet_count": number % 7, "reply_count": number % 4, "like_count": number % 53, "quote_count": number % 2,
            "impression_count": 40 + number % 3000,
        },
        "reply_settings": "everyone",
        "text": text,
    }  # fmt: skip
    if post.answers:
        tweet["in_reply_to_user_id"] = user_id(post.answers.author)
        tweet["referenced_tweets"] = [{"type": "replied_to", "id": root}]
    return tweet


def _edited(post: Draft, at: int) -> dict[str, Any]:
    """An edit is a new tweet with an id of its own; the history lists both."""
    first = tweet_id(post)
    own = tweet_id(post._replace(when=at))
    tweet = _tweet(post)
    return tweet | {"id": own, "edit_history_tweet_ids": [first, own], "created_at": iso(at)}


def _user(author: int) -> dict[str, Any]:
    number = author_hash("x", author)
    official = author < 0
    return {
        "created_at": iso(1_400_000_000 + number % 300_000_000),
        "description": "",
        "id": user_id(author),
        "name": display_name("x", author),
        "profile_image_url": f"https://example.com/profile_images/{number % 10**12}/a_normal.jpg",
        "protected": False,
        "public_metrics": {
            "followers_count": number % 4000, "following_count": number % 900, "tweet_count": number % 20_000, "listed_count": number % 40,
        },
        "username": handle("x", author)[:15],
        "verified": official,
        "verified_type": "business" if official else "none",
    }  # fmt: skip


def _page(tweets: list[dict[str, Any]], authors: list[int], token: str | None) -> dict[str, Any]:
    meta: dict[str, Any] = {
        "newest_id": tweets[0]["id"],
        "oldest_id": tweets[-1]["id"],
        "result_count": len(tweets),
    }
    if token:
        meta["next_token"] = token
    return {"data": tweets, "includes": {"users": [_user(a) for a in dict.fromkeys(authors)]}, "meta": meta}


def pages(posts: Sequence[Draft], edits: Sequence[tuple[Draft, int]]) -> list[dict[str, Any]]:
    """Answers of search/recent, a hundred tweets each, newest first, and one of the edits.

    Args:
        posts: tweets.
        edits: tweets that have other words now, and since when.

    Returns:
        The answers, to be written as a file each or as twarc's lines.
    """
    out = []
    newest = sorted(posts, key=lambda p: (-p.when, p.number))
    for start in range(0, len(newest), _PAGE):
        some = newest[start : start + _PAGE]
        token = f"b26v89c19zqg8o3f{start:08x}" if start + _PAGE < len(newest) else None
        out.append(_page([_tweet(p) for p in some], [p.author for p in some], token))
    if edits:
        out.append(_page([_edited(p, at) for p, at in edits], [p.author for p, _ in edits], None))
    return out


def twarc_lines(answers: Sequence[dict[str, Any]], at: int) -> bytes:
    """Answers as twarc writes them, one a line."""
    mark = {
        "url": "https://api.twitter.com/2/tweets/search/recent?query=%E7%97%85%E9%99%A2",
        "version": "2.14.0",
        "retrieved_at": iso(at, "+00:00"),
    }
    return as_lines([{**answer, "__twarc": mark} for answer in answers])


def flat_lines(posts: Sequence[Draft]) -> bytes:
    """Tweets as twarc's `flatten` writes them, one a line with its author inside."""
    return as_lines([{**_tweet(p), "author": _user(p.author)} for p in posts])


def stream_lines(posts: Sequence[Draft]) -> bytes:
    """Lines of the filtered stream, with an empty one to keep it alive."""
    rule = [{"id": "1730000000000000001", "tag": "病院名"}]
    lines = [
        as_json({"data": _tweet(p), "includes": {"users": [_user(p.author)]}, "matching_rules": rule})
        + b"\r\n"
        for p in posts
    ]
    return b"\r\n".join([b"".join(lines), b""])


def compliance_lines(deletes: Sequence[tuple[Draft, int]]) -> bytes:
    """Events of the compliance stream."""
    return as_lines(
        [
            {
                "data": {
                    "delete": {
                        "tweet": {"id": tweet_id(p), "author_id": user_id(p.author)},
                        "event_at": iso(at, ".789Z"),
                    }
                }
            }
            for p, at in deletes
        ]
    )


def job_lines(deletes: Sequence[tuple[Draft, int]]) -> bytes:
    """The result of a batch compliance job."""
    return as_lines(
        [
            {
                "id": tweet_id(p),
                "action": "delete",
                "created_at": iso(p.when),
                "redacted_at": iso(at),
                "reason": "deleted",
            }
            for p, at in deletes
        ]
    )
