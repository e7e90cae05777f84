"""Bluesky (AT Protocol): Jetstream events, app.bsky.feed.searchPosts and other lists of post views.

Source of the fields: the lexicons app.bsky.feed.post, app.bsky.feed.defs, com.atproto.sync; Jetstream's README.

Belongs here: what an event, a record and a post view mean.
Does not: handles and display names, which are never read; facets, alt texts, cards and tags, which are not the text.
"""

from __future__ import annotations

from typing import Any, Final

from transforms.posts import EventType, Post
from transforms.sources.adapter import JsonAdapter, Records, Siblings
from transforms.sources.canonical import (
    Refused,
    Rejected,
    as_id,
    clean_text,
    language,
    required_author,
    required_id,
)
from transforms.sources.times import epoch_seconds, iso_seconds

_POSTS: Final = "app.bsky.feed.post"
_ACCOUNT_EVENTS: Final[dict[str, EventType]] = {
    "deleted": "account_delete",
    "takendown": "withhold",
    "suspended": "withhold",
    "deactivated": "protect",
}
_SILENT_STATUS: Final = frozenset(
    {"desynchronized", "throttled"}
)  # the relay's troubles, not the owner's wish
_LISTS: Final = ("posts", "feed")
_MAX_QUOTES: Final = 8


def recognises(value: Any) -> bool:
    """Whether a value is a Jetstream event, a post view, or an answer that lists post views."""
    if type(value) is not dict:
        return False
    if "did" in value:
        return "kind" in value and ("time_us" in value or "commit" in value)
    if _is_view(value):
        return True
    for name in _LISTS:
        listed = value.get(name)
        if type(listed) is list:
            if not listed:
                return "hitsTotal" in value or "cursor" in value
            return any(
                type(item) is dict and (_is_view(item) or _is_view(item.get("post"))) for item in listed[:3]
            )
    return False


def _is_view(value: object) -> bool:
    return type(value) is dict and type(value.get("uri")) is str and value["uri"].startswith("at://")


def records(value: Any, _: Siblings) -> Records:
    """The posts and events in a Jetstream line, a post view or an answer.

    Raises:
        Rejected: where a line's only post is bad, `wrong_shape` where the value is nothing of Bluesky.
    """
    if type(value) is not dict:
        raise Rejected("wrong_shape")
    kind = value.get("kind")
    if kind == "commit":
        return _commit(value)
    if kind == "account":
        return _account(value)
    if kind == "identity" or (kind is None and "error" in value):
        return ()
    found: list[Post | Refused] = []
    for name in _LISTS:
        listed = value.get(name)
        if type(listed) is list:
            for item in listed:
                is_feed_item = type(item) is dict and "post" in item
                _collect_view(item["post"] if is_feed_item else item, found)
            return found
    if not _is_view(value):
        raise Rejected("wrong_shape")
    _collect_view(value, found)
    return found


def _commit(event: dict[str, Any]) -> Records:
    commit = event.get("commit")
    if type(commit) is not dict:
        raise Rejected("wrong_shape")
    if commit.get("collection") != _POSTS:
        return ()
    did = required_author(event.get("did"))
    uri = f"at://{did}/{_POSTS}/{required_id(commit.get('rkey'))}"
    operation = commit.get("operation")
    if operation == "delete":
        return (Post("bluesky", uri, did, _time_or_none(event.get("time_us")), None, event_type="delete"),)
    if operation not in ("create", "update"):
        raise Rejected("unknown_event")
    seen_at = epoch_seconds(event.get("time_us"), 1_000_000)
    post = _post(uri, did, commit.get("record"), seen_at)
    return (post if operation == "create" else post._replace(event_type="edit", changed_at=seen_at),)


def _post(uri: str, did: str, record: Any, seen_at: int) -> Post:
    """A post from its record. `createdAt` is the client's own claim, so it is never later than the first sight of it."""
    if type(record) is not dict:
        raise Rejected("wrong_shape")
    get = record.get
    created_at = iso_seconds(get("createdAt"))
    langs = get("langs")
    reply = get("reply")
    reply_to_id = None
    thread_id: str | None = uri
    if reply is not None:
        reply_to_id = _reference(reply, "parent")
        thread_id = _reference(reply, "root")
    return Post(
        "bluesky",
        uri,
        did,
        min(seen_at, created_at),
        clean_text(get("text")),
        language(langs[0]) if langs and type(langs) is list else None,
        "create",
        reply_to_id,
        thread_id,
    )


def _reference(reply: object, name: str) -> str | None:
    reference = reply.get(name) if type(reply) is dict else None
    return as_id(reference.get("uri")) if type(reference) is dict else None


def _account(event: dict[str, Any]) -> Records:
    account = event.get("account")
    if type(account) is not dict:
        raise Rejected("wrong_shape")
    status = account.get("status")
    if account.get("active") is not False or str(status) in _SILENT_STATUS:
        return ()
    kind = _ACCOUNT_EVENTS.get(status) if type(status) is str else None
    if kind is None:
        raise Rejected("unknown_event")
    did = required_id(event.get("did"))
    return (Post("bluesky", None, did, _time_or_none(event.get("time_us")), None, event_type=kind),)


def _time_or_none(value: object) -> int | None:
    """The time of a removal, which is followed whatever its time says."""
    try:
        return epoch_seconds(value, 1_000_000)
    except Rejected:
        return None


def _collect_view(view: Any, found: list[Post | Refused]) -> None:
    """Adds a post view and the whole posts quoted in it."""
    for _ in range(_MAX_QUOTES):
        if not _is_view(view):
            found.append(Refused("wrong_shape", view))
            return
        try:
            found.append(_view(view))
        except Rejected as rejected:
            found.append(Refused(rejected.reason, view))
        view = _quoted(view)
        if view is None:
            return


def _view(view: dict[str, Any]) -> Post:
    author = view.get("author")
    did = required_author(author.get("did") if type(author) is dict else None)
    record = view.get("record", view.get("value"))  # a quoted post has its record under `value`
    return _post(required_id(view["uri"]), did, record, iso_seconds(view.get("indexedAt")))


def _quoted(view: dict[str, Any]) -> dict[str, Any] | None:
    """The post that a view quotes, if the view carries it whole."""
    embed = view.get("embed")
    if embed is None and type(view.get("embeds")) is list and view["embeds"]:
        embed = view["embeds"][0]
    record = embed.get("record") if type(embed) is dict else None
    if type(record) is dict and type(record.get("record")) is dict:  # a quote beside pictures
        record = record["record"]
    if type(record) is not dict or not _is_view(record) or type(record.get("value")) is not dict:
        return None
    return record if f"/{_POSTS}/" in record["uri"] else None


ADAPTERS = (JsonAdapter("bluesky", "bluesky", recognises, records),)
