"""Whatever happens to the bytes, nothing is raised, nothing good before the damage is lost, and no text is in a reason."""

from __future__ import annotations

import gzip
import io
import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from source_payloads import LOADED_AT, PAYLOADS, outcome

from transforms.posts import Post
from transforms.sources import Reading, read

LINE_FILES = (
    "x_api_v2/tweets_flat.jsonl",
    "bluesky/jetstream.jsonl",
    "qa/qa_export.jsonl",
    "x_api_v2/twarc_pages.jsonl",
)
ALL_FILES = (
    *LINE_FILES, "mastodon/streaming_public.sse", "mastodon/timeline_tag.json", "google_business/reviews_nested.json",
    "youtube/comment_threads_page1.json", "listening_exports/jp_tool_export_cp932.csv", "bad/truncated.jsonl.gz",
    "listening_exports/meltwater_explore.csv", "listening_exports/brandwatch_mentions.csv",
)  # fmt: skip
CONTENT = {name: (PAYLOADS / name).read_bytes() for name in ALL_FILES}
REASON = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")
QUICK = settings(suppress_health_check=[HealthCheck.too_slow])


@QUICK
@given(st.sampled_from(LINE_FILES), st.data())
def test_a_cut_file_gives_its_whole_lines(name: str, data: st.DataObject) -> None:
    content = CONTENT[name]
    cut = data.draw(st.integers(0, len(content)))
    whole_lines = content[: content.rfind(b"\n", 0, cut) + 1]
    found, before = outcome(content[:cut]), outcome(whole_lines)
    assert found.posts[: len(before.posts)] == before.posts


@QUICK
@given(st.sampled_from(ALL_FILES), st.data())
def test_corrupt_bytes_never_raise(name: str, data: st.DataObject) -> None:
    content = bytearray(CONTENT[name])
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=6))
    found = outcome(bytes(content))
    assert all(REASON.fullmatch(record.reason) for record in found.quarantined)


@QUICK
@given(st.sampled_from(LINE_FILES), st.data())
def test_lines_before_the_damage_come_out(name: str, data: st.DataObject) -> None:
    content = CONTENT[name]
    starts = [0, *(found.end() for found in re.finditer(rb"\n", content))]
    start = data.draw(st.sampled_from(starts[2:]))
    garbage = data.draw(st.binary(min_size=1, max_size=200))
    found = outcome(content[:start] + garbage)
    before = outcome(content[:start])
    assert found.posts[: len(before.posts)] == before.posts


@QUICK
@given(st.binary(max_size=400))
def test_any_bytes_are_read(content: bytes) -> None:
    assert all(REASON.fullmatch(record.reason) for record in outcome(content).quarantined)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(["x_api_v2/filtered_stream.jsonl", "x_api_v2/compliance_stream.jsonl", "x_api_v2/compliance_users.jsonl", *LINE_FILES,
                     "mastodon/streaming_ws.jsonl", "google_business/reviews_list_page1.json", "google_business/reviews_nested.json",
                     "youtube/comment_threads_channel.json", "bluesky/search_posts.json"]),
    st.data(),
)  # fmt: skip
def test_any_value_in_place_of_any_other(name: str, data: st.DataObject) -> None:
    """Keys, nesting and types that no documentation mentions."""
    content = (PAYLOADS / name).read_bytes()
    values = []
    for line in content.splitlines() if name.endswith("l") else [content]:
        try:
            values.append(json.loads(line))
        except ValueError:
            continue
    value = data.draw(st.sampled_from(values))
    parent, key = value, None
    for _ in range(data.draw(st.integers(1, 7))):
        keys = list(parent) if isinstance(parent, dict) else list(range(len(parent)))
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        if not isinstance(parent[key], dict | list) or not parent[key]:
            break
        if data.draw(st.booleans()):
            parent = parent[key]
            key = None
    if key is not None:
        parent[key] = data.draw(JSON)
    lines = b"\n".join(json.dumps(each, ensure_ascii=False).encode() for each in (values[0], value))
    for record in outcome(lines).records:
        if isinstance(record, Post):
            assert record.post_id or record.author_id
            assert record.text is None or record.text == record.text.strip() != ""


def test_loading_twice_is_loading_once() -> None:
    for name in LINE_FILES:
        twice = CONTENT[name].rstrip(b"\xe3\x81\x82") + b"\n" + CONTENT[name]
        assert len(outcome(twice).posts) == len(outcome(CONTENT[name]).posts)


def test_memory_of_repeats_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    from transforms.sources import reading

    monkeypatch.setattr(reading, "_REPEATS_WITHIN", 100)
    line = b'{"id":"%d","author_id":"1","created_at":"2026-11-03T00:00:00Z","text":"t"}\n'
    one = Reading(io.BytesIO(b"".join(line % number for number in range(1_000))), loaded_at=LOADED_AT)
    assert sum(1 for _ in read(one)) == 1_000
    assert len(one._seen) <= 101


def test_a_line_of_brackets_takes_linear_time() -> None:
    """A hundred thousand levels, as JSON and within a text."""
    deep = b"[" * 100_000
    tweet = b'{"id":"1","author_id":"1","created_at":"2026-11-03T00:00:00Z","text":"%s"}\n'
    found = outcome(tweet % b"a" + deep + b"\n" + tweet.replace(b'"1"', b'"2"', 1) % deep[:90_000])
    assert found.reasons == [(2, "nesting_too_deep")]
    assert len(found.posts) == 2


def test_compressed_garbage_is_bounded() -> None:
    assert outcome(gzip.compress(b"<a '" * 200_000)).reasons == [(None, "invalid_json")]
