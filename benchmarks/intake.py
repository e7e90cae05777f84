"""Posts per CPU-second of each adapter, against plain `orjson.loads` of the same lines in the same run.

    python benchmarks/intake.py [--posts 40000]

The lines are made of the test fixtures' own, with new ids and slightly other texts, so that no line is a repeat.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from transforms.posts import Post
from transforms.sources import Reading, read

PAYLOADS = Path(__file__).parent.parent / "tests" / "fixtures" / "payloads"
LOADED_AT = 1_794_355_200  # 2026-11-11, after all fixtures
GOAL = 60_000
RUNS = 3

Renew = Callable[[dict[str, Any], int, str], None]


def _tweet(value: dict[str, Any], number: int, words: str) -> None:
    value["id"] = value["conversation_id"] = str(2_100_000_000_000_000_000 + number * 4_194_304)
    if "edit_history_tweet_ids" in value:
        value["edit_history_tweet_ids"] = [value["id"]]
    value["text"] += words


def _stream_line(value: dict[str, Any], number: int, words: str) -> None:
    _tweet(value["data"], number, words)


def _page(value: dict[str, Any], number: int, words: str) -> None:
    tweets = value["data"]
    value["data"] = []
    for index in range(100):
        tweet = json.loads(json.dumps(tweets[index % len(tweets)]))
        _tweet(tweet, number * 100 + index, words)
        value["data"].append(tweet)
    value["includes"].pop("tweets", None)


def _jetstream(value: dict[str, Any], number: int, words: str) -> None:
    value["commit"]["rkey"] = f"3m{number:011d}"
    value["commit"]["record"]["text"] += words


def _frame(value: dict[str, Any], number: int, words: str) -> None:
    status = json.loads(value["payload"])
    status["id"] = str(117_000_000_000_000_000 + number)
    status["content"] = status["content"].replace("</p>", f"{words}</p>")
    value["payload"] = json.dumps(status, ensure_ascii=False)


def _question(value: dict[str, Any], number: int, words: str) -> None:
    value["question_id"] = f"q{number}"
    for part in ("best_answer", *range(len(value["answers"]))):
        answer = value[part] if isinstance(part, str) else value["answers"][part]
        if answer:
            answer["answer_id"] = f"a{number}-{answer['answer_id']}"
            answer["body"] += words


def _lines(path: str, wanted: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    found = []
    for line in (PAYLOADS / path).read_bytes().splitlines():
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if wanted(value):
            found.append(value)
    return found


SHAPES: dict[str, tuple[str, Callable[[dict[str, Any]], bool], Renew, int]] = {
    "X, a tweet a line": ("bad/numeric_ids.jsonl", lambda v: isinstance(v.get("id"), int), _tweet, 1),
    "X, twarc flattened": ("x_api_v2/tweets_flat.jsonl", lambda v: "referenced_tweets" not in v, _tweet, 1),
    "X, filtered stream": ("x_api_v2/filtered_stream.jsonl", lambda v: "data" in v, _stream_line, 1),
    "X, pages of 100": ("x_api_v2/twarc_pages.jsonl", lambda v: "data" in v, _page, 100),
    "Bluesky, Jetstream": (
        "bluesky/jetstream.jsonl",
        lambda v: v.get("commit", {}).get("collection") == "app.bsky.feed.post" and "record" in v["commit"],
        _jetstream,
        1,
    ),
    "Mastodon, frames": ("mastodon/streaming_ws.jsonl", lambda v: v["event"] == "update", _frame, 1),
    "Q&A export": ("qa/qa_export.jsonl", lambda v: v["status"] != "deleted", _question, 1),
}


def made(shape: str, posts: int) -> tuple[list[bytes], bytes]:
    """Lines of a shape that hold about so many posts, and the same as one file."""
    path, wanted, renew, per_line = SHAPES[shape]
    originals = [json.dumps(value, ensure_ascii=False) for value in _lines(path, wanted)]
    chance = random.Random(7)
    lines = []
    for number in range(max(posts // per_line, 1)):
        value = json.loads(originals[number % len(originals)])
        renew(value, number, f" {chance.choice('待受診薬会')}{number}")
        lines.append(json.dumps(value, ensure_ascii=False).encode())
    return lines, b"\n".join(lines) + b"\n"


def exports(posts: int) -> Iterator[tuple[str, bytes]]:
    """The listening tools' exports, their rows repeated with new ids."""
    text = (PAYLOADS / "listening_exports/jp_tool_export_cp932.csv").read_bytes().decode("cp932").splitlines()
    rows = [text[0], *(text[1].replace("2117407658605823870", str(2 * 10**18 + n)) for n in range(posts))]
    yield "Japanese tool, CP932", "\r\n".join(rows).encode("cp932")
    text = (PAYLOADS / "listening_exports/meltwater_explore.csv").read_bytes().decode("utf-16").splitlines()
    rows = [text[0], *(text[1].replace("2117407711733853529", str(2 * 10**18 + n)) for n in range(posts))]
    yield "Meltwater, UTF-16", "\r\n".join(rows).encode("utf-16")


def quickest(work: Callable[[], int]) -> tuple[int, float]:
    """What a work gives, and the CPU seconds of the quickest of some runs: the others waited for their neighbours."""
    times = []
    for _ in range(RUNS):
        started = time.process_time()
        given = work()
        times.append(time.process_time() - started)
    return given, min(times)


def posts_of(payload: bytes) -> int:
    """Posts that come out of a file, My Numbers struck out."""
    return sum(isinstance(record, Post) for record in read(Reading(io.BytesIO(payload), loaded_at=LOADED_AT)))


def values_of(lines: list[bytes]) -> int:
    """The floor: JSON values of the lines and nothing more."""
    return sum(orjson.loads(line) is not None for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--posts", type=int, default=40_000, help="posts of each shape")
    wanted = parser.parse_args().posts
    table = Table(
        "adapter", "posts", "bytes a post", "posts per CPU-second", "orjson.loads alone", "share of the floor"
    )
    for shape in SHAPES:
        lines, payload = made(shape, wanted)
        _, floor = quickest(partial(values_of, lines))
        posts, seconds = quickest(partial(posts_of, payload))
        rate = posts / seconds
        table.add_row(
            shape, f"{posts:,}", f"{len(payload) // posts:,}", f"[{'green' if rate >= GOAL else 'red'}]{rate:,.0f}",
            f"{posts / floor:,.0f}", f"{floor / seconds:.0%}",
        )  # fmt: skip
    for shape, payload in exports(wanted):
        posts, seconds = quickest(partial(posts_of, payload))
        table.add_row(shape, f"{posts:,}", f"{len(payload) // posts:,}", f"{posts / seconds:,.0f}", "", "")
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
