"""Mastodon: timelines with statuses in HTML, and streaming frames.

Belongs here: Mastodon's shapes. Does not: which post goes where (`samples.generate`).
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from samples.payloads.common import as_json, as_lines, author_hash, display_name, handle, iso
from samples.plan import Draft

_SERVER = "https://mastodon.example.jp"


def status_id(post: Draft) -> str:
    """Milliseconds and sixteen bits."""
    return str((post.when * 1000 + post.number // 65_536 % 1000) << 16 | post.number & 0xFFFF)


def _account(author: int) -> dict[str, Any]:
    number = author_hash("mastodon", author)
    name = handle("mastodon", author)
    return {
        "id": str(10**17 + number % (8 * 10**16)), "username": name, "acct": name, "display_name": display_name("mastodon", author),
        "locked": False, "bot": False, "discoverable": True, "group": False, "created_at": "2024-02-03T00:00:00.000Z", "note": "",
        "url": f"{_SERVER}/@{name}", "uri": f"{_SERVER}/ap/users/{number % 10**18}",
        "avatar": f"https://files.example.jp/accounts/avatars/original/{number:x}.jpg",
        "followers_count": number % 900, "following_count": number % 300, "statuses_count": number % 5000, "emojis": [], "fields": [],
    }  # fmt: skip


def _content(text: str) -> str:
    paragraphs = html.escape(text, quote=False).split("\n\n")
    return "".join(f"<p>{p.replace(chr(10), '<br />')}</p>" for p in paragraphs)


def _status(post: Draft, edited_at: int | None) -> dict[str, Any]:
    own = status_id(post)
    account = _account(post.author)
    return {
        "id": own, "created_at": iso(post.when),
        "in_reply_to_id": status_id(post.answers) if post.answers else None,
        "in_reply_to_account_id": _account(post.answers.author)["id"] if post.answers else None,
        "sensitive": False, "spoiler_text": "", "visibility": "public" if post.number % 5 else "unlisted", "language": "ja",
        "uri": f"{account['uri']}/statuses/{own}", "url": f"{account['url']}/{own}",
        "replies_count": post.number % 3, "reblogs_count": post.number % 7, "favourites_count": post.number % 17, "quotes_count": 0,
        "edited_at": None if edited_at is None else iso(edited_at),
        "content": _content(post.text), "reblog": None, "account": account, "media_attachments": [], "mentions": [], "tags": [],
        "emojis": [], "tagged_collections": [], "quote": None, "card": None, "poll": None,
    }  # fmt: skip


def timeline(posts: Sequence[Draft], edits: Sequence[tuple[Draft, int]]) -> bytes:
    """A timeline, newest first; edited statuses are in it with their words of now."""
    statuses = [_status(p, None) for p in posts] + [_status(p, at) for p, at in edits]
    return as_json(sorted(statuses, key=lambda s: -int(s["id"])))


def stream_frames(deletes: Sequence[tuple[Draft, int]]) -> bytes:
    """WebSocket frames that tell of deletions."""
    return as_lines([{"stream": ["public"], "event": "delete", "payload": status_id(p)} for p, _ in deletes])
