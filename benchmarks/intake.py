"""Posts per CPU-second of each adapter, against plain `orjson.loads` of the same lines; then of all of intake, step by step.

    python benchmarks/intake.py [--posts 40000]

The lines are made of the test fixtures' own, with new ids and slightly other texts, so that no line is a repeat. All of
intake is: a file of landing/ is hashed, parsed and made into columns (parse), encrypted into the vault (encrypt), read back
(decrypt), its repeats, edits and copies resolved (resolve), and its texts matched against the project's watchlist (match).
"""

from __future__ import annotations

import argparse
import io
import json
import random
import secrets
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pyarrow as pa
from rich.console import Console
from rich.table import Table

from orchestration.config.watchlist import load_watchlist
from orchestration.intake import Intake, SourceRules
from orchestration.keyring import Keyring
from orchestration.loading import spared_heap
from orchestration.master_key import MasterKey
from orchestration.settings import PROJECT
from orchestration.vault import Ledger, Vault
from orchestration.zones import Zones, one_barrier
from transforms.identity import resolve
from transforms.posts import Post
from transforms.sources import Reading, read
from transforms.watchlist import Matcher, compile_watchlist

PAYLOADS = Path(__file__).parent.parent / "tests" / "fixtures" / "payloads"
LOADED_AT = 1_794_355_200  # 2026-11-11, after all fixtures
NOW = datetime.fromtimestamp(LOADED_AT, UTC)
GOAL = 60_000
RUNS = 3
STEPS = ("parse", "encrypt", "decrypt", "resolve", "match")

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


class Clock:
    """CPU seconds of the steps of one pass."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Counts a block for a step."""
        started = time.process_time()
        yield
        self.seconds[name] += time.process_time() - started  # type: ignore[assignment]


def all_of_intake(payload: bytes, home: Path, matcher: Matcher) -> tuple[int, Clock]:
    """Takes a file in, as a run does; how many posts that were, and what each step took."""
    path = home / "landing" / "2026-11-05" / "any" / "file.jsonl"
    path.parent.mkdir(parents=True)
    path.write_bytes(payload)
    zones = Zones(home).create()
    keyring = Keyring(zones, MasterKey(secrets.token_bytes(32)))
    vault, clock = Vault(zones, keyring), Clock()
    intake = Intake(zones.landing, claim=lambda _: SourceRules("any"), ledger=Ledger(zones, keyring), now=NOW)
    with one_barrier():
        loads = intake.load()
        while True:
            with clock.step("parse"):
                load = next(loads, None)
            if load is None:
                break
            number = 0
            while True:
                with clock.step("parse"):
                    batch = next(load.batches, None)
                if batch is None:
                    break
                with clock.step("encrypt"):
                    vault.write_raw(load.report.arrived_on, "any", f"b{number}", batch.posts)
                number += 1
    with clock.step("decrypt"):
        raw = vault.read_raw()
    assert isinstance(raw, pa.Table)
    with clock.step("resolve"):
        posts = resolve(pl.DataFrame(raw)).posts
    with clock.step("match"):
        texts = [text or "" for text in posts["text"].to_list()]
        matcher.match_many(texts, [date(2026, 11, 3)] * len(texts), posts["place_id"].to_list())
    return raw.num_rows, clock


def show_all_of_intake(posts: int, console: Console) -> None:
    """Prints what all of intake takes for each shape of lines: the quickest of some passes."""
    matcher = compile_watchlist(load_watchlist(PROJECT / "config" / "watchlist.yaml").watch_entries())
    table = Table("all of intake", "posts", "posts per CPU-second", *(f"{step}, µs" for step in STEPS))
    for shape in SHAPES:
        _, payload = made(shape, posts)
        passes = []
        for _ in range(RUNS):
            with tempfile.TemporaryDirectory() as folder, spared_heap():
                passes.append(all_of_intake(payload, Path(folder), matcher))
        taken, clock = min(passes, key=lambda one: one[1].seconds.total())
        table.add_row(
            shape, f"{taken:,}", f"{taken / clock.seconds.total():,.0f}",
            *(f"{clock.seconds[step] / taken * 1e6:.1f}" for step in STEPS),
        )  # fmt: skip
    console.print(table)


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
    console = Console(width=120)
    console.print(table)
    show_all_of_intake(wanted, console)


if __name__ == "__main__":
    main()
