"""How fast the redactor is, stage by stage, and beside its peer.

    python -m benchmarks.redaction [--posts 2000] [--least 80] [--peer .venv-peer/bin/python] [--peer-posts 300]

Posts are those of training/posts, cut to 80 characters where they are longer, in a fixed random order: about one in
five holds something to redact. CPU seconds of this process (`time.process_time`) are counted, the best of three runs;
other work on the machine still slows each of them, so the cost is also given as a multiple of one bare pass of the
analyser (fugashi over unidic-lite) in the same run, which is the figure to compare.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import fugashi

from evaluation.gold import read, wilson
from transforms.redaction.recognizers.registry import get_gate
from transforms.redaction.redactor import Redaction, Redactor
from transforms.text.fold import fold
from transforms.text.tokens import get_tokenizer

POSTS = Path(__file__).parents[1] / "training" / "posts"
LENGTH = 80
ROUNDS = 3
INSTALL = "python -m venv .venv-peer && .venv-peer/bin/pip install presidio-analyzer ginza ja-ginza"


class Post(NamedTuple):
    """A post with its marked spans as (start, end, type)."""

    id: str
    text: str
    spans: list[tuple[int, int, str]]


def load(count: int, seed: int = 7, least: int = 0) -> list[Post]:
    """Posts of `least` to 80 characters, cut behind a span rather than within it."""
    rows = [row for path in sorted(POSTS.glob("*.jsonl")) for row in read(path)]
    random.Random(seed).shuffle(rows)
    posts = []
    for row in [r for r in rows if len(r["text"]) >= least][:count]:
        spans = [(s["start"], s["end"], s["type"]) for s in row["spans"]]
        end = max([LENGTH, *(stop for start, stop, _ in spans if start < LENGTH)])
        posts.append(Post(row["id"], row["text"][:end], [s for s in spans if s[1] <= end]))
    return posts


def seconds(work: Callable[[], Any]) -> float:
    """CPU seconds of the best of some runs, after one to warm up."""
    work()
    best = float("inf")
    for _ in range(ROUNDS):
        begin = time.process_time()
        work()
        best = min(best, time.process_time() - begin)
    return best


def stages(texts: list[str]) -> dict[str, float]:
    """CPU seconds of each stage alone, over all texts."""
    redactor, tokenizer, gate, bare = Redactor(), get_tokenizer(), get_gate(), fugashi.Tagger()
    folded = [fold(t) for t in texts]
    analyses = [tokenizer.analyse(f) for f in folded]
    names = redactor.names
    return {
        "bare fugashi pass": seconds(lambda: [bare.parseToNodeList(t) for t in texts]),
        "fold, both views": seconds(lambda: [fold(t).numeric for t in texts]),
        "tokens": seconds(lambda: [tokenizer.tokenize(f) for f in folded]),
        "patterns": seconds(lambda: gate.find_many([f.numeric.text for f in folded])),
        "names": seconds(lambda: names.find_many(folded, map(tokenizer.tokens, analyses))),
        "whole": seconds(lambda: redactor.redact_many(texts)),
    }


def recall(posts: list[Post], spans: dict[str, list[tuple[int, int]]]) -> dict[str, tuple[int, int]]:
    """Marked spans wholly masked, and marked spans, by type and in all."""
    counts: dict[str, list[int]] = {}
    for post in posts:
        masked = {i for start, end in spans[post.id] for i in range(start, end)}
        for start, end, kind in post.spans:
            hit = all(i in masked for i in range(start, end) if post.text[i].isalnum())
            for key in (kind, "all"):
                count = counts.setdefault(key, [0, 0])
                count[0] += hit
                count[1] += 1
    return {key: (hit, total) for key, (hit, total) in counts.items()}


def over_redaction(posts: list[Post], spans: dict[str, list[tuple[int, int]]]) -> float:
    """Share of the characters outside all marked spans that are masked."""
    outside = masked = 0
    for post in posts:
        marked = {i for start, end, _ in post.spans for i in range(start, end)}
        covered = {i for start, end in spans[post.id] for i in range(start, end)}
        free = [i for i, c in enumerate(post.text) if i not in marked and not c.isspace()]
        outside += len(free)
        masked += sum(i in covered for i in free)
    return masked / max(1, outside)


def koe(posts: list[Post]) -> tuple[float, dict[str, list[tuple[int, int]]]]:
    """Koe's CPU seconds and spans over posts."""
    redactor = Redactor()
    texts = [p.text for p in posts]
    results = redactor.redact_many(texts)
    spans = {
        p.id: [(s.start, s.end) for s in r.spans] if isinstance(r, Redaction) else []
        for p, r in zip(posts, results, strict=True)
    }
    return seconds(lambda: redactor.redact_many(texts)), spans


def peer(python: Path, posts: list[Post]) -> dict[str, tuple[float, dict[str, list[tuple[int, int]]]]] | None:
    """The peer's CPU seconds and spans by set-up; None where it is not installed."""
    if not python.exists():
        return None
    lines = "".join(json.dumps({"id": p.id, "text": p.text}) + "\n" for p in posts)
    script = Path(__file__).with_name("peer_presidio.py")
    run = subprocess.run([str(python), str(script)], input=lines, capture_output=True, text=True, check=False)
    if run.returncode:
        print("the peer failed:", run.stderr.strip().splitlines()[-1:])
        return None
    results = json.loads(run.stdout)
    return {
        name: (r["seconds"], {i: [(s["start"], s["end"]) for s in spans] for i, spans in r["spans"].items()})
        for name, r in results.items()
    }


def report(name: str, cost: float, posts: list[Post], spans: dict[str, list[tuple[int, int]]]) -> None:
    """Print speed, recall by type with 95 % intervals, and over-redaction of one system."""
    print(
        f"\n{name}: {len(posts) / cost:,.0f} posts per CPU-second, over-redacted characters {over_redaction(posts, spans):.2%}"
    )
    for kind, (hit, total) in sorted(recall(posts, spans).items()):
        low, high = wilson(hit, total)
        print(f"  {kind:15} {hit:4}/{total:<4} {hit / total:.3f}  95% {low:.3f}-{high:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--posts", type=int, default=2000, help="posts for the stages")
    parser.add_argument(
        "--least", type=int, default=0, help="characters of the shortest post: 80 for posts of 80 alone"
    )
    parser.add_argument("--peer", type=Path, default=Path(".venv-peer/bin/python"), help="the peer's Python")
    parser.add_argument("--peer-posts", type=int, default=300, help="posts that both systems redact")
    args = parser.parse_args()
    posts = load(args.posts, least=args.least)
    texts = [p.text for p in posts]
    costs = stages(texts)
    print(
        f"{len(posts)} posts, {sum(map(len, texts)) / len(texts):.0f} characters each, {sum(bool(p.spans) for p in posts) / len(posts):.0%} with something to redact"
    )
    for name, cost in costs.items():
        print(
            f"  {name:18} {cost / len(posts) * 1e6:7.1f} µs a post  {len(posts) / cost:9,.0f} posts per CPU-second  {cost / costs['bare fugashi pass']:.2f} bare passes"
        )
    both = posts[: args.peer_posts]
    cost, spans = koe(both)
    report("Koe", cost, both, spans)
    others = peer(args.peer, both)
    if others is None:
        print(f"\nPresidio with GiNZA is not installed. To compare: {INSTALL}")
        return
    for name, (other, found) in others.items():
        report(f"Presidio with GiNZA, {name}", other, both, found)
        print(f"  Koe is {other / cost:,.0f} times as fast in this run")


if __name__ == "__main__":
    main()
