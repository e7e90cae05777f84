"""Shapes that the fixtures do not show: answers of other methods, odd forms, great documents, families by content."""

from __future__ import annotations

import io
import json
from typing import Any

import orjson
import pytest
from source_payloads import LOADED_AT, PAYLOADS, outcome

from transforms.posts import Quarantined
from transforms.sources import Reading, read, reading, registry, siblings_of
from transforms.sources.platforms.google_business import original_words

TWEET = {
    "id": "7",
    "author_id": "1",
    "created_at": "2026-11-03T00:00:00.000Z",
    "text": "a &lt;b&gt; &amp;amp;",
    "lang": "ja",
}


def dumped(*values: object) -> bytes:
    return b"\n".join(map(orjson.dumps, values))


def test_every_module_of_the_platforms_is_found() -> None:
    names = {
        adapter.name
        for family in registry.families()
        for adapter in (*registry.json_adapters(family), *registry.table_adapters(family))
    }
    assert names == {
        "x_api_v2",
        "bluesky",
        "mastodon",
        "youtube",
        "google_business",
        "qa_export",
        "meltwater_explore",
        "brandwatch_mentions",
        "jp_tool_export",
    }
    assert {path.name for path in PAYLOADS.iterdir() if path.is_dir()} - {"bad"} == set(registry.families())


@pytest.mark.parametrize("content", [b"{}", b"[]", b" {}\n"])
def test_an_answer_without_hits_is_no_error(content: bytes) -> None:
    assert outcome(content).records == []


@pytest.mark.parametrize(
    "content",
    [
        b'{"weather":"fine"}',
        b'[{"weather":"fine"}]',
        b'{\n "weather": "fine"\n}',
        b"weather,fine\n1,2\n",
        b"hello",
    ],
)
def test_what_nobody_knows_is_refused_whole(content: bytes) -> None:
    assert outcome(content).reasons == [(None, "unknown_shape")]


def test_text_is_unescaped_once() -> None:
    assert outcome(dumped(TWEET)).texts == ["a <b> &amp;"]


def test_a_bad_tweet_of_a_page_is_set_aside_with_its_own_line_and_bytes() -> None:
    bad = {**TWEET, "id": "8", "author_id": None}
    page = {"data": [TWEET, bad], "includes": {"users": []}}
    found = outcome(json.dumps(page, indent=2).encode())
    assert [post.post_id for post in found.posts] == ["7"]
    ((line, reason),) = found.reasons
    assert reason == "missing_author"
    assert json.dumps(page, indent=2).splitlines()[line - 1].strip() == "{"  # type: ignore[operator]
    assert json.loads(found.quarantined[0].raw) == bad
    as_line = outcome(dumped(page, {**TWEET, "id": "9"}))
    assert as_line.reasons == [(1, "missing_author")]
    assert json.loads(as_line.quarantined[0].raw) == bad


def test_a_tweet_inlined_in_a_repost_gives_its_own_record() -> None:
    repost = {**TWEET, "id": "9", "text": "RT @a: …", "referenced_tweets": [{"type": "retweeted", **TWEET}]}
    assert [post.post_id for post in outcome(dumped(repost)).posts] == ["7"]


def test_a_withheld_tweet_is_followed_even_without_a_time() -> None:
    (post,) = outcome(dumped({**TWEET, "created_at": "?", "withheld": {"copyright": True}})).posts
    assert (post.event_type, post.text, post.created_at) == ("withhold", None, None)


def test_an_edit_keeps_all_its_ids() -> None:
    edited = {**TWEET, "id": "9", "conversation_id": "9", "edit_history_tweet_ids": ["7", "8", "9"]}
    (post,) = outcome(dumped(edited)).posts
    assert (post.post_id, post.thread_id, post.event_type, post.edit_ids) == (
        "7",
        "7",
        "edit",
        ("7", "8", "9"),
    )


def test_events_of_another_country_or_of_no_meaning() -> None:
    events = [
        {"data": {"withheld": {"tweet": {"id": "7"}, "withheld_in_countries": ["DE"]}}},
        {"data": {"unknown_thing": {"tweet": {"id": "7"}}}},
        {"data": {"delete": {"tweet": {}}}},
        {"data": {"delete": 5}},
        {"id": "7", "action": "delete", "reason": "eaten"},
    ]
    found = outcome(dumped({"data": {"delete": {"tweet": {"id": "1"}}}}, *events))
    assert [post.post_id for post in found.posts] == ["1"]
    assert found.reasons == [(3, "unknown_event"), (4, "bad_id"), (5, "wrong_shape"), (6, "unknown_event")]


def test_bluesky_feeds_quotes_and_times() -> None:
    def view(key: str, **more: object) -> dict[str, object]:
        record = {"text": key, "createdAt": "2099-01-01T00:00:00Z"}
        return {
            "uri": f"at://did:x/app.bsky.feed.post/{key}",
            "author": {"did": "did:x"},
            "indexedAt": "2026-11-03T00:00:00Z",
            "record": record,
            **more,
        }

    quoted = view("b")
    quoted["value"] = quoted.pop("record")
    feed = {"feed": [{"post": view("a", embed={"record": {"record": quoted}})}], "cursor": "1"}
    found = outcome(dumped(feed))
    assert found.texts == ["a", "b"]
    assert {post.created_at for post in found.posts} == {1_793_664_000}  # never later than it was seen


def test_bluesky_events_of_unknown_kinds() -> None:
    base = {"did": "did:x", "time_us": 1_793_664_000_000_000}
    commit = {"operation": "explode", "collection": "app.bsky.feed.post", "rkey": "1"}
    found = outcome(
        dumped(
            {**base, "kind": "identity", "identity": {}},
            {**base, "kind": "commit", "commit": commit},
            {**base, "kind": "account", "account": {"active": False, "status": "eaten"}},
            {**base, "kind": "account", "account": {"active": False, "status": "throttled"}},
            {"did": "did:x", "kind": "commit", "commit": {**commit, "operation": "delete"}},
        )
    )
    assert found.reasons == [(2, "unknown_event"), (3, "unknown_event")]
    assert [(post.event_type, post.created_at) for post in found.posts] == [("delete", None)]


def test_mastodon_changes_carry_their_own_time() -> None:
    status = {
        "id": "1", "account": {"id": "2"}, "visibility": "public", "created_at": "2026-11-03T00:00:00Z",
        "edited_at": "2026-11-03T01:00:00Z", "content": "<p>b</p>", "spoiler_text": "a",
    }  # fmt: skip
    (post,) = outcome(dumped([status])).posts
    assert (post.text, post.event_type, post.changed_at) == ("a\nb", "edit", 1_793_667_600)
    found = outcome(
        dumped({"statuses": [status, {**status, "id": "3", "visibility": "direct"}], "accounts": []})
    )
    assert [post.post_id for post in found.posts] == ["1"]


def test_server_sent_events_over_several_lines_and_cut() -> None:
    sse = b':)\nevent: update\ndata: {\ndata: "id": 1}\n\nevent: delete\ndata:77\n\nevent: delete\ndata: 78'
    found = outcome(sse)
    assert [post.post_id for post in found.posts] == ["77", "78"]
    assert found.reasons == [(3, "wrong_shape")]


@pytest.mark.parametrize(
    ("comment", "words"),
    [
        ("(Translated by Google) Good\n\n(Original)\nよい", "\nよい"),
        ("よい\n\n(Translated by Google)\nGood", "よい\n\n"),
        ("（Google による翻訳）よい\n\n（原文）\nGood", "\nGood"),
        ("案内(原文)と訳", "案内(原文)と訳"),
        ("Googleで見た(Original)の店", "Googleで見た(Original)の店"),
        ("(Translated by Google) only this", "(Translated by Google) only this"),
        (None, None),
    ],
)
def test_the_original_words_of_a_review(comment: str | None, words: str | None) -> None:
    assert original_words(comment) == words


def test_siblings_of_a_folder() -> None:
    files = [
        PAYLOADS / "google_business/locations.json",
        next((PAYLOADS / "x_api_v2/academic").glob("users_*")),
    ]
    streams = [io.BytesIO(path.read_bytes()) for path in files]
    found = siblings_of([*streams, io.BytesIO(b"not json"), io.BytesIO(b"[]")])
    assert len(found.place_names) == 2
    assert len(found.officials) == 5
    assert set(found.officials.values()) == {None}


def test_comments_that_are_bad_alone() -> None:
    content = json.loads((PAYLOADS / "youtube/comment_threads_page1.json").read_bytes())
    del content["items"][0]["snippet"]["topLevelComment"]["snippet"]["authorChannelId"]
    found = outcome(json.dumps(content, indent=2).encode())
    assert len(found.posts) == 6
    assert [reason for _, reason in found.reasons] == ["missing_author"]


def test_questions_whose_answer_is_bad() -> None:
    question = json.loads((PAYLOADS / "qa/qa_export.jsonl").read_text(encoding="utf-8").splitlines()[0])
    question["answers"][1]["posted_at"] = "?"
    question["answers"].append("what")
    found = outcome(dumped(question))
    assert len(found.posts) == 3
    assert found.reasons == [(1, "bad_created_at"), (1, "wrong_shape")]
    question["posted_at"] = None
    assert outcome(dumped(question)).reasons == [(1, "bad_created_at")]


def test_great_lists_are_read_item_by_item(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_LINE", 1 << 16)
    tweets = [{**TWEET, "id": str(10**18 + number), "text": "x" * 100} for number in range(2_000)]
    tweets[5] = {**tweets[5], "author_id": ""}
    whole = b"[\n" + b",\n".join(map(orjson.dumps, tweets)) + b"\n]"
    found = outcome(whole)
    assert len(found.posts) == 1_999
    assert found.reasons == [(None, "missing_author")]
    cut = outcome(whole[:150_000])
    assert 500 < len(cut.posts) < 1_999
    assert cut.reasons[-1] == (None, "invalid_json")
    assert not cut.reading.is_whole


def test_great_documents_that_are_no_list_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_LINE", 1 << 16)
    found = outcome(b'{\n"data":[\n' + b",\n".join([orjson.dumps(TWEET)] * 1_000) + b"\n]}")
    assert found.reasons == [(None, "document_too_big")]


def test_a_first_line_that_is_damaged_does_not_hide_the_others() -> None:
    for damage in (b'{"id": "1", "te', b"\xff\xfe\x00"[2:] + b"garbage", b'{"errors": []}', b"\x82\xa0"):
        found = outcome(damage + b"\n" + dumped(TWEET))
        assert [post.post_id for post in found.posts] == ["7"]


def test_long_first_lines_are_looked_at() -> None:
    page = {"data": [{**TWEET, "id": str(number), "text": "x" * 500} for number in range(400)]}
    found = outcome(dumped(page, page, {"data": [TWEET]}))
    assert len(found.posts) == 400
    assert found.reading.repeats == 400
    assert found.reasons == [(3, "duplicate_id_conflict")]


def test_the_folder_decides_only_where_the_content_does_not() -> None:
    assert outcome(b"{}", family="google_business").reading.shape == "google_business"
    assert outcome(dumped(TWEET), family="google_business").reading.shape == "x_api_v2"


def test_times_of_the_future_are_refused_and_removals_never() -> None:
    late = {**TWEET, "created_at": "2026-11-11T00:00:01Z"}
    assert outcome(dumped(late)).reasons == [(1, "created_at_in_future")]
    assert outcome(dumped(late), loaded_at=LOADED_AT + 10).records != []
    event = {"data": {"delete": {"tweet": {"id": "7"}, "event_at": "2099-01-01T00:00:00Z"}}}
    assert len(outcome(dumped(event)).posts) == 1


def test_reasons_and_exceptions_hold_no_text() -> None:
    secret = "山田太郎の秘密"
    lines = dumped(
        {**TWEET, "author_id": None, "text": secret},
        {**TWEET, "created_at": secret},
        {**TWEET, "id": [secret]},
    )
    one = Reading(io.BytesIO(dumped(TWEET) + b"\n" + lines), loaded_at=LOADED_AT)
    reasons = [record.reason for record in read(one) if isinstance(record, Quarantined)]
    assert len(reasons) == 3
    assert secret not in " ".join(reasons)


def test_the_example_of_the_documentation_works() -> None:
    text = (PAYLOADS.parents[2] / "docs" / "new_platform.md").read_text(encoding="utf-8")
    example: dict[str, Any] = {}
    exec(text.partition("```python\n")[2].partition("```")[0], example)
    thread = {
        "board_thread_id": "t",
        "posts": [
            {"id": "1", "user_id": "a", "written_at": "2026-11-03T00:00:00Z", "text": "x"},
            {"id": "2"},
        ],
    }
    (adapter,) = example["ADAPTERS"]
    assert adapter.recognises(thread)
    post, refused = adapter.records(thread, None)
    assert (post.post_id, post.thread_id, refused.reason) == ("1", "t", "missing_author")
