"""Bluesky: Jetstream's lines and the answers of app.bsky.feed.searchPosts.

Belongs here: AT Protocol shapes. Does not: which post goes where (`samples.generate`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from samples.payloads.common import as_json, as_lines, author_hash, base32, display_name, handle, iso
from samples.plan import Draft, digest

_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"
_POST = "app.bsky.feed.post"


def did(author: int) -> str:
    """A DID of the PLC directory."""
    return f"did:plc:{base32(author_hash('bluesky', author).to_bytes(8), 24)}"


def _rkey(post: Draft) -> str:
    """A TID: microseconds and ten bits, in base 32 that sorts."""
    number = (post.when * 1_000_000 + post.number % 1_000_000) << 10 | post.number % 1024
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(60, -1, -5))


def _cid(*parts: object) -> str:
    return "bafyrei" + base32(digest("cid", *parts), 52)


def uri(post: Draft) -> str:
    """The post's address."""
    return f"at://{did(post.author)}/{_POST}/{_rkey(post)}"


def _record(post: Draft) -> dict[str, Any]:
    record: dict[str, Any] = {
        "$type": _POST,
        "createdAt": iso(post.when, f".{post.number % 1000:03}Z"),
        "langs": ["ja"],
        "text": post.text,
    }
    if post.answers:
        parent = {"cid": _cid(post.answers.number), "uri": uri(post.answers)}
        record["reply"] = {"parent": parent, "root": parent}
    return record


def _commit(post: Draft, operation: str, at: int) -> dict[str, Any]:
    commit: dict[str, Any] = {
        "rev": _rkey(post._replace(when=at)),
        "operation": operation,
        "collection": _POST,
        "rkey": _rkey(post),
    }
    if operation != "delete":
        commit["record"] = _record(post)
        commit["cid"] = _cid(post.number, at)
    return {
        "did": did(post.author),
        "time_us": at * 1_000_000 + 400_000 + post.number % 1000,
        "kind": "commit",
        "commit": commit,
    }


def _like(post: Draft) -> dict[str, Any]:
    """Likes are in the stream too and are no posts."""
    who = post.author + 1
    return {
        "did": did(who),
        "time_us": (post.when + 40) * 1_000_000,
        "kind": "commit",
        "commit": {
            "rev": _rkey(post), "operation": "create", "collection": "app.bsky.feed.like", "rkey": _rkey(post),
            "record": {"$type": "app.bsky.feed.like", "createdAt": iso(post.when + 40), "subject": {"cid": _cid(post.number), "uri": uri(post)}},
            "cid": _cid("like", post.number),
        },
    }  # fmt: skip


def jetstream_lines(
    posts: Sequence[Draft], edits: Sequence[tuple[Draft, int]], deletes: Sequence[tuple[Draft, int]]
) -> bytes:
    """Events as on the wire, in the order of time."""
    events: list[dict[str, Any]] = [_commit(p, "create", p.when + 1) for p in posts]
    events += [_like(p) for p in posts if p.number % 9 == 0]
    events += [_commit(p, "update", at) for p, at in edits]
    events += [_commit(p, "delete", at) for p, at in deletes]
    events.sort(key=lambda e: (e["time_us"], e["did"]))
    return as_lines(events)


def _view(post: Draft) -> dict[str, Any]:
    name = handle("bluesky", post.author).replace("_", "-")
    return {
        "uri": uri(post),
        "cid": _cid(post.number),
        "author": {
            "did": did(post.author), "handle": f"{name}.example.com", "displayName": display_name("bluesky", post.author), "labels": [],
            "createdAt": iso(1_700_000_000 + post.author % 10_000_000),
        },
        "record": _record(post),
        "bookmarkCount": post.number % 3, "replyCount": post.number % 5, "repostCount": post.number % 8, "likeCount": post.number % 71,
        "quoteCount": 0, "indexedAt": iso(post.when + 1, ".620Z"), "labels": [],
    }  # fmt: skip


def search_answer(posts: Sequence[Draft]) -> bytes:
    """An answer of searchPosts."""
    return as_json({"cursor": str(len(posts)), "hitsTotal": len(posts), "posts": [_view(p) for p in posts]})
