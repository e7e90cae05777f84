"""Every payload fixture gives exactly what its folder expects."""

from __future__ import annotations

import io
import json
from typing import Any

import orjson
import pytest
from source_payloads import LOADED_AT, PAYLOADS, Payload, all_payloads, canonical, outcome

from transforms.posts import Post
from transforms.sources import Reading, read, registry
from transforms.sources.my_number import PLACEHOLDER

MY_NUMBER = "1234-5678-9018"  # in a text of the Q&A export


def _sorted(records: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(record, ensure_ascii=False, sort_keys=True) for record in records)


def test_posts_are_exactly_the_expected_ones(payload: Payload) -> None:
    found = payload.read_raw()
    assert _sorted([canonical(post) for post in found.posts]) == _sorted(payload.expected)


def test_what_is_set_aside_is_exactly_the_expected(payload: Payload) -> None:
    assert sorted(payload.read_raw().reasons, key=str) == sorted(payload.quarantined, key=str)


def test_events_on_one_post_come_in_their_order(payload: Payload) -> None:
    def by_post(records: list[dict[str, Any]]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for record in records:
            if record["post_id"] is not None:
                found.setdefault(record["post_id"], []).append(record["event_type"])
        return found

    assert by_post([canonical(post) for post in payload.read_raw().posts]) == by_post(payload.expected)


def test_what_is_passed_on_differs_by_my_numbers_alone(payload: Payload) -> None:
    passed_on = outcome(payload.path.read_bytes(), **payload.arguments())
    expected = [{**record, "text": _struck(record["text"])} for record in payload.expected]
    assert _sorted([canonical(post) for post in passed_on.posts]) == _sorted(expected)
    assert all(MY_NUMBER.encode() not in record.raw for record in passed_on.quarantined)


def _struck(text: str | None) -> str | None:
    return text and text.replace(MY_NUMBER, PLACEHOLDER)


def test_the_content_alone_tells_whose_payload_it_is(payload: Payload) -> None:
    """The folder's name is a tie-break only: without it, or with a wrong one, the same comes out."""
    arguments = payload.arguments()
    for family in (None, "youtube", "no such folder"):
        found = outcome(payload.path.read_bytes(), **{**arguments, "family": family})
        assert len(found.posts) == len(payload.expected)


def test_reading_is_the_same_in_small_pieces(payload: Payload) -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size, 7) if size and size > 0 else size)

    whole = payload.read_raw()
    reading = Reading(Slow(payload.path.read_bytes()), **payload.arguments())
    assert list(reading) == whole.records
    assert (reading.shape, reading.repeats) == (whole.reading.shape, whole.reading.repeats)


def test_fixtures_are_there() -> None:
    payloads = all_payloads()
    assert {payload.folder for payload in payloads} >= {*registry.families(), "bad"}
    assert sum(len(payload.expected) for payload in payloads) > 250


_PROFILE_KEYS = frozenset(
    {
        "name", "username", "description", "location", "profile_image_url", "pinned_tweet_id", "url", "displayName",
        "handle", "avatar", "display_name", "note", "acct", "fields", "authorDisplayName", "authorProfileImageUrl",
        "authorChannelUrl", "profilePhotoUrl", "header", "emojis",
    }
)  # fmt: skip
_PROFILES = frozenset({"author", "user", "account", "reviewer", "in_reply_to_user"})
_CANARY = "プロフィールの秘密"


def _poisoned(value: Any, within: str = "") -> Any:
    """The value with every part of a profile replaced."""
    if isinstance(value, list):
        return [_poisoned(item, within) for item in value]
    if not isinstance(value, dict):
        return value
    is_profile = within in _PROFILES or within == "users"
    return {
        key: _CANARY if (is_profile and key in _PROFILE_KEYS) or (key.startswith("author") and key in _PROFILE_KEYS)
        else _poisoned(item, key)
        for key, item in value.items()
    }  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        "x_api_v2/search_recent_page1.json", "x_api_v2/tweets_flat.jsonl", "bluesky/search_posts.json",
        "mastodon/timeline_tag.json", "youtube/comment_threads_page1.json", "google_business/reviews_list_page1.json",
    ],
)  # fmt: skip
def test_profiles_are_never_read(name: str) -> None:
    lines = (
        (PAYLOADS / name).read_bytes().splitlines()
        if name.endswith("l")
        else [(PAYLOADS / name).read_bytes()]
    )
    values = []
    for line in lines:
        try:
            values.append(orjson.loads(line))
        except orjson.JSONDecodeError:
            continue
    clean = b"\n".join(map(orjson.dumps, values))
    poisoned = b"\n".join(orjson.dumps(_poisoned(value)) for value in values)
    assert poisoned.decode().count(_CANARY) > 3
    found = outcome(poisoned).posts
    assert found == outcome(clean).posts
    assert found
    assert _CANARY not in repr(found)


def test_line_tells_where_a_post_began() -> None:
    path = PAYLOADS / "x_api_v2" / "tweets_flat.jsonl"
    reading = Reading(io.BytesIO(path.read_bytes()), loaded_at=LOADED_AT)
    lines = [reading.line for record in read(reading) if isinstance(record, Post)]
    assert lines[:4] == [2, 3, 4, 5]  # the first is blank
    assert lines == sorted(lines, key=lambda line: line or 0)
