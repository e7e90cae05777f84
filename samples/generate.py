"""From the plan to files: which post goes into which file of which folder.

A folder's name is the JST day on which its files arrived: out/2026-11-03/x_api_v2/search_recent_page1.json. The same
arguments give the same bytes. Memory holds one part of a day.

Belongs here: routing, compression, file names, the summary. Does not: shapes (`payloads`), the plan (`plan`).
"""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from samples.facilities import places
from samples.payloads import bluesky, exports, google_business, mastodon, qa, x, youtube
from samples.payloads.common import as_json
from samples.plan import DayPlan, Draft, Plan

Progress = Callable[[int], None]
"""Called with how many posts have been written since the last call."""

_SEARCH_PAGES = 2
File = tuple[str, bytes]


@dataclass
class SampleSummary:
    """What was written.

    Attributes:
        first_day: the first day of arrival.
        last_day: the last.
        posts: distinct posts.
        again: posts that came a second time through another file.
        edits: changes of earlier posts.
        deletes: deletions of earlier posts.
        files: how many files.
        size: their bytes.
        by_source: posts by source.
    """

    first_day: date
    last_day: date
    posts: int = 0
    again: int = 0
    edits: int = 0
    deletes: int = 0
    files: int = 0
    size: int = 0
    by_source: Counter[str] = field(default_factory=Counter)


def generate(
    posts: int, days: int, seed: int, end_day: date, out: Path, *, progress: Progress | None = None
) -> SampleSummary:
    """Write invented posts, as they would have arrived day by day.

    Args:
        posts: how many posts, 1 or more.
        days: how many days of arrival, 1 or more.
        seed: another seed gives other posts.
        end_day: the last day of arrival (JST).
        out: the folder to write into; it is made if it is missing, and files of the same name are replaced.
        progress: told of posts as they are written.

    Returns:
        What was written.

    Raises:
        ValueError: posts or days below 1.
        OSError: the folder cannot be written.
    """
    if posts < 1 or days < 1:
        raise ValueError("posts and days must be 1 or more")
    plan = Plan(posts, days, seed, end_day)
    summary = SampleSummary(plan.first_day, end_day)
    for part in plan:
        for name, content in _files(part):
            path = out / part.day.isoformat() / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            summary.files += 1
            summary.size += len(content)
        _count(summary, part)
        if progress is not None:
            progress(len(part.posts))
    return summary


def _count(summary: SampleSummary, part: DayPlan) -> None:
    summary.posts += len(part.posts)
    summary.again += len(part.again)
    summary.edits += len(part.edits)
    summary.deletes += len(part.deletes)
    summary.by_source.update(p.source for p in part.posts)


def _files(part: DayPlan) -> Iterator[File]:
    """The files of a part of a day, as (folder/name, bytes)."""
    suffix = f"_{part.part:03}" if part.part else ""
    for folder, files in (
        ("x_api_v2", _x(part)),
        ("bluesky", _bluesky(part)),
        ("mastodon", _mastodon(part)),
        ("youtube", _youtube(part)),
        ("google_business", _google(part)),
        ("qa", _qa(part)),
        ("listening_exports", _exports(part)),
    ):
        for name, content in files:
            stem, dot, ending = name.partition(".")
            compressed = (
                content if not ending.endswith("gz") else gzip.compress(content, compresslevel=4, mtime=0)
            )
            yield f"{folder}/{stem}{suffix}{dot}{ending}", compressed


def _packed(name: str, part: DayPlan) -> str:
    """Files of JSON lines are packed on every other day."""
    return f"{name}.gz" if part.day.toordinal() % 2 else name


def _new(part: DayPlan, source: str) -> list[Draft]:
    return [p for p in part.posts if p.source == source]


def _changed(items: Sequence[tuple[Draft, int]], source: str) -> list[tuple[Draft, int]]:
    return [(p, at) for p, at in items if p.source == source]


def _x(part: DayPlan) -> Iterator[File]:
    posts = [p for p in _new(part, "x") if not _only_exported(p)]
    answers = x.pages([p for p in posts if p.number % 10 < 5], _changed(part.edits, "x"))
    for number, answer in enumerate(answers[:_SEARCH_PAGES], 1):
        yield f"search_recent_page{number}.json", as_json(answer)
    if answers[_SEARCH_PAGES:]:
        retrieved_at = max(p.when for p in posts) + 3600
        yield _packed("twarc_pages.jsonl", part), x.twarc_lines(answers[_SEARCH_PAGES:], retrieved_at)
    flat = [p for p in posts if 5 <= p.number % 10 < 8]
    if flat:
        yield _packed("tweets_flat.jsonl", part), x.flat_lines(flat)
    streamed = [p for p in posts if p.number % 10 == 8]
    if streamed:
        yield "filtered_stream.jsonl", x.stream_lines(streamed)
    deletes = _changed(part.deletes, "x")
    if deletes[::2]:
        yield "compliance_stream.jsonl", x.compliance_lines(deletes[::2])
    if deletes[1::2]:
        yield "compliance_tweets.jsonl", x.job_lines(deletes[1::2])


def _bluesky(part: DayPlan) -> Iterator[File]:
    posts = _new(part, "bluesky")
    edits, deletes = _changed(part.edits, "bluesky"), _changed(part.deletes, "bluesky")
    streamed = [p for p in posts if p.number % 4 != 3]
    if streamed or edits or deletes:
        yield _packed("jetstream.jsonl", part), bluesky.jetstream_lines(streamed, edits, deletes)
    found = [p for p in posts if p.number % 4 == 3] + [
        p for p in part.again if p.source == "bluesky" and p.number % 4 != 3
    ]
    if found:
        yield "search_posts.json", bluesky.search_answer(found)


def _mastodon(part: DayPlan) -> Iterator[File]:
    posts, edits, deletes = (
        _new(part, "mastodon"),
        _changed(part.edits, "mastodon"),
        _changed(part.deletes, "mastodon"),
    )
    if posts or edits:
        yield "timeline_tag.json", mastodon.timeline(posts, edits)
    if deletes:
        yield "streaming_ws.jsonl", mastodon.stream_frames(deletes)


def _youtube(part: DayPlan) -> Iterator[File]:
    changed = [(p, at) for p, at in part.edits if p.source == "youtube"]
    posts = _new(part, "youtube")
    threads, replies = [p for p in posts if p.answers is None], [p for p in posts if p.answers]
    if threads or any(p.answers is None for p, _ in changed):
        yield "comment_threads_page1.json", youtube.threads_answer(threads, changed)
    if replies or any(p.answers for p, _ in changed):
        yield "comments_by_parent.json", youtube.replies_answer(replies, changed)


def _review_shape(post: Draft) -> str:
    """Reviews of one's own places come through the API or as nested arrays, those of others through a tool."""
    if post.facility is None or post.facility.entry_class != "own" or post.number % 20 >= 18:
        return "tool"
    return "api" if post.number % 20 < 11 else "nested"


def _google(part: DayPlan) -> Iterator[File]:
    posts = _new(part, "google_review")
    edits = _changed(part.edits, "google_review")
    yield "locations.json", google_business.locations()
    for number, place in enumerate((f for f in places() if f.entry_class == "own"), 1):
        here = [p for p in posts if p.facility == place and _review_shape(p) == "api"]
        changed = [(p, at) for p, at in edits if p.facility == place and _review_shape(p) == "api"]
        if here or changed:
            yield f"reviews_list_{number}.json", google_business.reviews_answer(place, here, changed)
    rows = [p for p in posts if _review_shape(p) == "nested"]
    changed = [(p, at) for p, at in edits if _review_shape(p) == "nested"]
    if rows or changed:
        yield "reviews_nested.json", google_business.nested_rows(rows, changed)


def _qa(part: DayPlan) -> Iterator[File]:
    posts, edits, deletes = _new(part, "qa"), _changed(part.edits, "qa"), _changed(part.deletes, "qa")
    if posts or edits or deletes:
        yield _packed("qa_export.jsonl", part), qa.question_lines(posts, edits, deletes)


def _only_exported(post: Draft) -> bool:
    """Some of X is known through listening tools alone."""
    return post.source == "x" and post.number % 10 == 9


def _exports(part: DayPlan) -> Iterator[File]:
    tools: tuple[list[Draft], list[Draft], list[Draft]] = ([], [], [])
    for post in part.posts:
        if post.source in {"blog", "bbs"} or _only_exported(post):
            tools[post.number % 3].append(post)
        elif post.source == "google_review" and _review_shape(post) == "tool":
            tools[2].append(post)
    for post in part.again:
        if post.source == "x" and not _only_exported(post):
            tools[post.number % 3].append(post)
    first, second, third = tools
    if first:
        yield "meltwater_explore.csv", exports.meltwater(first)
    if second:
        yield "brandwatch_mentions.csv", exports.brandwatch(second, part.day.isoformat())
    if third:
        yield "jp_tool_export_cp932.csv", exports.japanese_tool(third)
