"""Mastodon: timelines and deletion answers of the REST API, streaming as server-sent events and WebSocket frames.

Source of the fields: docs.joinmastodon.org, entities Status and Account, methods streaming.

Belongs here: what a status and a streaming event mean.
Does not: account names and notes, which are never read; statuses for followers or addressees only, which are left out.
"""

from __future__ import annotations

from typing import Any, Final

from transforms.posts import Post
from transforms.sources import json_values
from transforms.sources.adapter import JsonAdapter, Records, Siblings
from transforms.sources.canonical import (
    Refused,
    Rejected,
    as_id,
    clean_text,
    html_to_text,
    language,
    required_author,
    required_id,
)
from transforms.sources.times import iso_seconds

_OPEN: Final = frozenset({"public", "unlisted"})
_WITH_STATUS: Final = frozenset({"update", "status.update"})


def recognises(value: Any) -> bool:
    """Whether a value is a status, a streaming frame, or an answer that lists statuses."""
    if type(value) is not dict:
        return False
    if "account" in value and "visibility" in value:
        return True
    if "event" in value and "payload" in value:
        return True
    listed = value.get("statuses")
    return type(listed) is list and ("accounts" in value or any(recognises(item) for item in listed[:3]))


def records(value: Any, _: Siblings) -> Records:
    """The posts and events in a status, a frame or an answer.

    Args:
        value: a status; a frame `{"event", "payload"}`, as server-sent events are given too; `{"statuses": […]}`.

    Raises:
        Rejected: where a frame's only status is bad, `wrong_shape` where the value is nothing of Mastodon.
    """
    if type(value) is not dict:
        raise Rejected("wrong_shape")
    if "event" in value:
        return _frame(value)
    listed = value.get("statuses")
    found: list[Post | Refused] = []
    if type(listed) is list:
        for status in listed:
            _collect(status, found)
        return found
    if "account" not in value:
        if "error" in value:
            return ()
        raise Rejected("wrong_shape")
    _collect(value, found)
    if len(found) == 1 and isinstance(found[0], Refused):
        raise Rejected(found[0].reason)
    return found


def _frame(frame: dict[str, Any]) -> Records:
    event = frame["event"]
    payload = frame.get("payload")
    if event == "delete":
        if isinstance(payload, str):
            payload = payload.strip()
        return (Post("mastodon", required_id(payload), None, None, None, event_type="delete"),)
    if type(event) is not str:
        raise Rejected("wrong_shape")
    if event not in _WITH_STATUS:
        return ()
    if type(payload) is str:
        payload = json_values.loads_text(payload)
    found: list[Post | Refused] = []
    _collect(payload, found)
    if len(found) == 1 and isinstance(found[0], Refused):
        raise Rejected(found[0].reason)
    return found


def _collect(status: Any, found: list[Post | Refused]) -> None:
    """Adds a status, or what it boosts, and the whole status quoted in it."""
    while True:
        if type(status) is not dict or "visibility" not in status:
            found.append(Refused("wrong_shape", status))
            return
        if type(status.get("reblog")) is dict:
            status = status["reblog"]
            continue
        try:
            if str(status["visibility"]) in _OPEN:
                found.append(_post(status))
        except Rejected as rejected:
            found.append(Refused(rejected.reason, status))
        quote = status.get("quote")
        status = quote.get("quoted_status") if type(quote) is dict else None
        if status is None:
            return


def _post(status: dict[str, Any]) -> Post:
    get = status.get
    post_id = required_id(get("id"))
    account = get("account")
    author_id = required_author(account.get("id") if type(account) is dict else None)
    if "content" not in status and "text" in status:  # the answer to a deletion holds the source text
        return Post("mastodon", post_id, author_id, None, None, event_type="delete")
    reply_to_id = as_id(get("in_reply_to_id"))
    edited = get("edited_at")
    words = html_to_text(get("content"))
    warning = clean_text(get("spoiler_text"))
    return Post(
        "mastodon",
        post_id,
        author_id,
        iso_seconds(get("created_at")),
        "\n".join(part for part in (warning, words) if part) or None,
        language(get("language")),
        "create" if edited is None else "edit",
        reply_to_id,
        post_id if reply_to_id is None else None,  # a status does not name the root of its thread
        changed_at=None if edited is None else iso_seconds(edited),
    )


ADAPTERS = (JsonAdapter("mastodon", "mastodon", recognises, records),)
