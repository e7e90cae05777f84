"""X API v2: search pages, twarc pages and flattened tweets, filtered stream, academictwitteR pairs, compliance.

Source of the fields: docs.x.com, Post and User objects, batch compliance, compliance streams.

Belongs here: what a tweet, a page and a compliance event of X mean.
Does not: names, bios, pictures and places of users, which are never read.
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
from transforms.sources.times import iso_seconds

_WITHHELD_HERE: Final = frozenset({"JP", "XX", "XY"})  # Japan; everywhere; for copyright
_OFFICIAL: Final = {"business": True, "government": True, "blue": False, "none": False}
_MAX_EDITS: Final = 100  # X allows five
_TWEET_MARKS: Final = (
    "author_id", "conversation_id", "edit_history_tweet_ids", "public_metrics", "reply_settings", "possibly_sensitive",
)  # fmt: skip

_JOB_USER_EVENTS: Final[dict[str, EventType]] = {
    "protected": "protect",
    "suspended": "withhold",
    "deactivated": "account_delete",
    "deleted": "account_delete",
}
_STREAM_TWEET_EVENTS: Final[dict[str, EventType]] = {
    "delete": "delete",
    "drop": "withhold",
    "withheld": "withhold",
}
_STREAM_USER_EVENTS: Final[dict[str, EventType]] = {
    "user_delete": "account_delete",
    "user_protect": "protect",
    "user_suspend": "withhold",
    "user_withheld": "withhold",
}
_STREAM_SILENT: Final = frozenset(
    {
        "undrop",
        "undelete",
        "user_undelete",
        "user_unprotect",
        "user_unsuspend",
        "scrub_geo",
        "user_profile_modification",
    }
)
_STREAM_EVENTS: Final = frozenset(
    {*_STREAM_TWEET_EVENTS, *_STREAM_USER_EVENTS, *_STREAM_SILENT, "tweet_edit"}
)
_PAGE_KEYS: Final = frozenset({"data", "includes", "errors", "meta", "matching_rules"})


def recognises(value: Any) -> bool:
    """Whether a value is a tweet, a page, a stream line, a compliance line or a users file of X."""
    if type(value) is not dict:
        return False
    if "id" in value:
        return _is_tweet(value) or _is_job_line(value)
    data = value.get("data")
    if type(data) is list:
        return any(_is_tweet(item) for item in data[:3]) if data else "meta" in value
    if type(data) is dict:
        return _is_tweet(data) or not _STREAM_EVENTS.isdisjoint(data)
    return _is_empty_answer(value) or _is_users_file(value) or _is_problem(value)


def _is_empty_answer(value: dict[str, Any]) -> bool:
    return type(value.get("meta")) is dict and "result_count" in value["meta"]


def _is_users_file(value: dict[str, Any]) -> bool:
    users = value.get("users")
    return type(users) is list and any(type(user) is dict and "username" in user for user in users[:3])


def _is_problem(value: dict[str, Any]) -> bool:
    errors = value.get("errors")
    return type(errors) is list and any(
        type(error) is dict and "/2/problems/" in str(error.get("type", ""))[:100] for error in errors[:3]
    )


def _is_tweet(value: object) -> bool:
    return (
        type(value) is dict
        and "id" in value
        and "text" in value
        and any(mark in value for mark in _TWEET_MARKS)
    )


def _is_job_line(value: dict[str, Any]) -> bool:
    return "reason" in value and value.get("action") == "delete"


def records(value: Any, siblings: Siblings) -> Records:
    """The posts and events in a line, a page or a tweet.

    Raises:
        Rejected: where a tweet or event that stands alone is bad, `wrong_shape` where the value is nothing of X.
    """
    if type(value) is not dict:
        raise Rejected("wrong_shape")
    if "text" in value and "data" not in value:
        return _flat(value, siblings)
    data = value.get("data")
    if type(data) is dict and "text" not in data and "id" not in data:
        return _stream_event(data)
    if data is not None or "includes" in value or "tweets" in value:
        return _page(value, siblings)
    if _is_job_line(value):
        return _job_line(value)
    if "errors" in value or "meta" in value:
        return ()
    if _PAGE_KEYS.isdisjoint(value) and not ("users" in value and "id" not in value):
        raise Rejected("wrong_shape")
    return ()


def _flat(tweet: dict[str, Any], siblings: Siblings) -> Records:
    """A tweet that stands alone, with what it answers and quotes inlined."""
    if "referenced_tweets" not in tweet:
        return (_post(tweet, siblings, None),)
    found: list[Post | Refused] = []
    _collect(tweet, siblings, None, found)
    first = found[0] if found else None
    if len(found) == 1 and isinstance(first, Refused) and first.part is tweet:
        raise Rejected(first.reason)
    return found


def _page(page: dict[str, Any], siblings: Siblings) -> Records:
    includes = page.get("includes")
    if type(includes) is not dict:
        includes = page if "tweets" in page else {}
    officials = users_of(includes.get("users")) if "users" in includes else None
    data = page.get("data")
    found: list[Post | Refused] = []
    for tweet in (*_listed(data), *_listed(includes.get("tweets"))):
        _collect(tweet, siblings, officials, found)
    if type(data) is dict and len(found) == 1 and isinstance(found[0], Refused):
        raise Rejected(found[0].reason)
    if any(isinstance(post, Post) and post.event_type == "edit" for post in found):
        found.sort(key=_version_order)  # a page lists the newest first; an edit must come after what it edits
    return found


def _listed(value: object) -> tuple[Any, ...]:
    """The items of a list; R writes an empty list as `{}`, and a stream line holds its tweet bare."""
    if type(value) is list:
        return tuple(value)
    return (value,) if type(value) is dict and value else ()


def _version_order(record: Post | Refused) -> int:
    return 0 if isinstance(record, Refused) or record.event_type != "edit" else record.created_at or 0


def _collect(
    tweet: Any,
    siblings: Siblings,
    officials: dict[str, bool | None] | None,
    found: list[Post | Refused],
) -> None:
    """Adds a tweet, unless it is a plain repost, and the whole tweets inlined in it."""
    if type(tweet) is not dict:
        found.append(Refused("wrong_shape", tweet))
        return
    references = tweet.get("referenced_tweets")
    references = references if type(references) is list else ()
    if not any(type(reference) is dict and reference.get("type") == "retweeted" for reference in references):
        try:
            found.append(_post(tweet, siblings, officials))
        except Rejected as rejected:
            found.append(Refused(rejected.reason, tweet))
    for reference in references:
        if type(reference) is dict and "text" in reference:
            _collect(reference, siblings, officials, found)


def _post(tweet: dict[str, Any], siblings: Siblings, officials: dict[str, bool | None] | None) -> Post:
    get = tweet.get
    own_id = required_id(get("id"))
    post_id = own_id
    thread_id = as_id(get("conversation_id"))
    history = get("edit_history_tweet_ids")
    edit_ids: tuple[str, ...] = ()
    if history and type(history) is list:
        post_id = required_id(history[0])
        if len(history) > 1:
            edit_ids = tuple(map(required_id, history[:_MAX_EDITS]))
            if thread_id in edit_ids:  # an edited root begins a conversation under its new id
                thread_id = post_id
    author_id = required_author(get("author_id"))
    references = get("referenced_tweets")
    reply_to_id = _answered(references) if references else None
    author = get("author")
    if type(author) is dict:
        official = _is_official(author)
    elif officials is not None:
        official = officials.get(author_id)
    else:
        official = siblings.officials.get(author_id)
    if "withheld" in tweet and _is_withheld(tweet["withheld"]):
        return Post(
            "x", post_id, author_id, _time_or_none(get("created_at")), None, None, "withhold",
            reply_to_id, thread_id, author_official=official, edit_ids=edit_ids,
        )  # fmt: skip
    note = get("note_tweet")
    text = note.get("text") if type(note) is dict else None
    if text is None:
        text = get("text")
    if type(text) is str and "&" in text:
        text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return Post(
        "x",
        post_id,
        author_id,
        iso_seconds(get("created_at")),
        clean_text(text),
        language(get("lang")),
        "create" if own_id == post_id else "edit",
        reply_to_id,
        thread_id,
        None,
        None,
        None,
        official,
        None,
        edit_ids,
    )


def _answered(references: object) -> str | None:
    if type(references) is not list:
        return None
    for reference in references:
        if type(reference) is dict and reference.get("type") == "replied_to":
            return as_id(reference.get("id"))
    return None


def _is_official(user: dict[str, Any]) -> bool | None:
    kind = user.get("verified_type")
    return _OFFICIAL.get(kind) if type(kind) is str else None


def users_of(users: object) -> dict[str, bool | None]:
    """By user id, whether X verified an organisation. Of a user nothing else is read.

    Args:
        users: `includes.users` or the `users` of an academictwitteR file.
    """
    found: dict[str, bool | None] = {}
    for user in users if type(users) is list else ():
        if type(user) is dict and type(user.get("id")) is str:
            found[user["id"]] = _is_official(user)
    return found


def _is_withheld(withheld: object) -> bool:
    if type(withheld) is not dict:
        return False
    if withheld.get("copyright") is True:
        return True
    return _concerns_us(withheld.get("country_codes"))


def _concerns_us(countries: object) -> bool:
    return type(countries) is list and any(type(code) is str and code in _WITHHELD_HERE for code in countries)


def _time_or_none(value: object) -> int | None:
    """The time of a removal, which is followed whatever its time says."""
    try:
        return iso_seconds(value)
    except Rejected:
        return None


def _job_line(line: dict[str, Any]) -> Records:
    """A line of a batch compliance result. `action` is always delete; only `reason` tells what happened."""
    subject = required_id(line.get("id"))
    reason = line.get("reason")
    created_at = line.get("created_at")
    if "redacted_at" in line or (
        type(created_at) is str and created_at.endswith("Z")
    ):  # a tweet's; a user's ends +00:00
        if reason == "scrub_geo":
            return ()
        return (Post("x", subject, None, _time_or_none(line.get("redacted_at")), None, event_type="delete"),)
    event = _JOB_USER_EVENTS.get(reason) if type(reason) is str else None
    if event is None:
        if reason == "scrub_geo":
            return ()
        raise Rejected("unknown_event")
    return (Post("x", None, subject, None, None, event_type=event),)


def _stream_event(data: dict[str, Any]) -> Records:
    found: list[Post | Refused] = []
    for name, event in data.items():
        if type(event) is not dict:
            raise Rejected("wrong_shape")
        if name in _STREAM_SILENT or "quote_tweet_id" in event:  # the second repeats a deletion already told
            continue
        if name.endswith("withheld") and not _concerns_us(event.get("withheld_in_countries")):
            continue
        found.append(_event(name, event))
    return found


def _event(name: str, event: dict[str, Any]) -> Post:
    at = _time_or_none(event.get("event_at"))
    if name in _STREAM_USER_EVENTS:
        user = event.get("user")
        author_id = required_id(user.get("id") if type(user) is dict else None)
        return Post("x", None, author_id, at, None, event_type=_STREAM_USER_EVENTS[name])
    tweet = event.get("tweet")
    tweet = tweet if type(tweet) is dict else {}
    if name == "tweet_edit":
        edits = event.get("edit_tweet_ids")
        return Post(
            "x",
            required_id(event.get("initial_tweet_id")),
            as_id(tweet.get("author_id")),
            at,
            None,
            event_type="edit",
            edit_ids=tuple(map(required_id, edits[:_MAX_EDITS])) if type(edits) is list else (),
        )
    if name not in _STREAM_TWEET_EVENTS:
        raise Rejected("unknown_event")
    return Post(
        "x",
        required_id(tweet.get("id")),
        as_id(tweet.get("author_id")),
        at,
        None,
        event_type=_STREAM_TWEET_EVENTS[name],
    )


def siblings(value: Any) -> Siblings | None:
    """What academictwitteR's users_*.json adds."""
    if type(value) is not dict or "data" in value or type(value.get("users")) is not list:
        return None
    return Siblings(officials=users_of(value["users"]))


ADAPTERS = (JsonAdapter("x_api_v2", "x_api_v2", recognises, records, siblings),)
