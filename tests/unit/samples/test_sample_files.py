from __future__ import annotations

import hashlib
import json
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from samples import SampleSummary, facilities, generate
from transforms.posts import Post, Quarantined
from transforms.sources import NO_SIBLINGS, Reading, read
from transforms.sources.platforms import google_business

END = date(2026, 11, 8)
LOADED_AT = int(datetime(2026, 11, 9, tzinfo=UTC).timestamp())
POSTS = 2500


@pytest.fixture(scope="module")
def landing(tmp_path_factory) -> tuple[Path, SampleSummary]:
    out = tmp_path_factory.mktemp("landing")
    return out, generate(posts=POSTS, days=12, seed=5, end_day=END, out=out)


def files(out: Path) -> list[Path]:
    return sorted(p for p in out.rglob("*") if p.is_file())


def records(path: Path) -> list[Post | Quarantined]:
    with path.open("rb") as stream:
        return list(read(Reading(stream, loaded_at=LOADED_AT, family=path.parent.name, siblings=NO_SIBLINGS)))


def test_adapters_read_every_file_and_every_post(landing):
    out, summary = landing
    posts: dict[tuple[str, str | None], Post] = {}
    events: Counter[str] = Counter()
    created = 0
    for path in files(out):
        for record in records(path):
            assert isinstance(record, Post), path.name
            events[record.event_type] += 1
            if record.event_type in {"create", "edit"}:
                posts.setdefault((record.source, record.post_id), record)
                created += record.event_type == "create"
    assert summary.posts == POSTS
    assert len(posts) == POSTS
    assert summary.again > 0
    assert created >= POSTS + summary.again // 2
    assert 0 < events["delete"] <= summary.deletes
    assert 0 < events["edit"] <= summary.edits
    assert Counter(source for source, _ in posts) == summary.by_source
    assert {p.rating for p in posts.values() if p.source == "google_review"} <= {1, 2, 3, 4, 5}


def test_every_shape_is_there(landing):
    out, summary = landing
    names = {f"{p.parent.name}/{p.name.removesuffix('.gz')}" for p in files(out)}
    assert names >= {
        "x_api_v2/search_recent_page1.json", "x_api_v2/tweets_flat.jsonl", "x_api_v2/filtered_stream.jsonl",
        "x_api_v2/compliance_stream.jsonl", "bluesky/jetstream.jsonl", "bluesky/search_posts.json", "mastodon/timeline_tag.json",
        "mastodon/streaming_ws.jsonl", "youtube/comment_threads_page1.json", "youtube/comments_by_parent.json",
        "google_business/locations.json", "google_business/reviews_list_1.json", "google_business/reviews_nested.json", "qa/qa_export.jsonl",
        "listening_exports/meltwater_explore.csv", "listening_exports/brandwatch_mentions.csv",
        "listening_exports/jp_tool_export_cp932.csv",
    }  # fmt: skip
    assert any(p.suffix == ".gz" for p in files(out))
    assert len({p.parent.parent.name for p in files(out)}) == 12
    assert summary.files == len(files(out))
    assert summary.size == sum(p.stat().st_size for p in files(out))


def test_a_post_arrives_after_it_was_written(landing):
    out, _ = landing
    for path in files(out):
        arrival = datetime.fromisoformat(f"{path.parent.parent.name}T23:59:59+09:00").timestamp()
        for record in records(path):
            if isinstance(record, Post) and record.event_type == "create" and record.created_at is not None:
                assert 0 < arrival - record.created_at < 8 * 86_400 or record.source == "qa"


def test_reviews_name_watched_places(landing):
    out, _ = landing
    known = {f.place_id for f in facilities.places()} | {f.nested_place_id for f in facilities.places()}
    places = {
        r.place_id
        for p in files(out)
        if p.parent.name == "google_business"
        for r in records(p)
        if isinstance(r, Post)
    }
    assert places
    assert places <= known
    names = google_business.siblings(
        json.loads((out / "2026-11-08/google_business/locations.json").read_bytes())
    )
    assert names is not None
    assert set(names.place_names.values()) == {f.name for f in facilities.places() if f.entry_class == "own"}


def digest_of(out: Path) -> dict[str, str]:
    return {str(p.relative_to(out)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files(out)}


def test_same_arguments_same_bytes(landing, tmp_path):
    out, summary = landing
    told: list[int] = []
    again = generate(posts=POSTS, days=12, seed=5, end_day=END, out=tmp_path / "again", progress=told.append)
    assert again == summary
    assert digest_of(tmp_path / "again") == digest_of(out)
    assert sum(told) == POSTS
    other = generate(posts=300, days=3, seed=6, end_day=END, out=tmp_path / "other")
    assert other.posts == 300
    assert not set(digest_of(tmp_path / "other").values()) & {
        v for k, v in digest_of(out).items() if "locations" not in k
    }


def test_a_day_of_many_posts_is_written_in_parts(tmp_path, monkeypatch):
    from samples import plan

    monkeypatch.setattr(plan, "_PART", 100)
    summary = generate(posts=350, days=1, seed=1, end_day=END, out=tmp_path)
    names = {p.name for p in files(tmp_path)}
    assert {
        "search_recent_page1.json",
        "search_recent_page1_001.json",
        "search_recent_page1_003.json",
    } <= names
    posts = {
        (r.source, r.post_id)
        for p in files(tmp_path)
        for r in records(p)
        if isinstance(r, Post) and r.event_type == "create"
    }
    assert len(posts) == summary.posts == 350


@pytest.mark.parametrize(("posts", "days"), [(0, 1), (1, 0), (-5, 3)])
def test_nonsense_is_refused(posts: int, days: int, tmp_path):
    with pytest.raises(ValueError, match="1 or more"):
        generate(posts=posts, days=days, seed=1, end_day=END, out=tmp_path / "x")
    assert not (tmp_path / "x").exists()
