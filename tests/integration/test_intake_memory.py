"""A stream far greater than the memory that reading it may take. Each measured in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.integration

STREAM = 100 << 20
GROWTH = 150 << 20

_PROGRAM = """
import resource, sys, threading
from transforms.sources import Reading, read

LINE = (
    '{"id":"%d","author_id":"%d","created_at":"2026-11-03T00:00:00.000Z","lang":"ja","conversation_id":"%d",'
    '"public_metrics":{"like_count":1},"text":"予約は十時なのに呼ばれたのは十二時四十分。受付で聞いたら順番ですのでの一言だけ %d"}\\n'
)
HEADER = "媒体,投稿日時,投稿者ID,本文,URL\\n"
ROW = 'X,2026/11/03 9:05,u%d,"予約は十時なのに呼ばれたのは十二時四十分。受付で聞いたら順番ですのでの一言だけ",https://x.com/a/status/%d\\n'
kind, size = sys.argv[1], int(sys.argv[2])

def pieces():
    if kind == "lines":
        yield from ((LINE % (10**18 + n, n, 10**18 + n, n)).encode() for n in range(10**9))
    elif kind == "list":
        yield b"[\\n"
        yield from ((LINE % (10**18 + n, n, 10**18 + n, n)).strip().encode() + b",\\n" for n in range(10**9))
    elif kind == "table":
        yield HEADER.encode()
        yield from ((ROW % (n, 10**18 + n)).encode() for n in range(10**9))
    elif kind == "garbage":
        yield (LINE % (7, 7, 7, 7)).encode()
        yield from (b"{" + b"x" * 1000 + b"\\n" for _ in range(10**9))
    else:
        yield from (b'{"a' * 1000 for _ in range(10**9))  # one line without an end

class Stream:
    def __init__(self):
        self.pieces, self.left, self.held = pieces(), size, b""
    def read(self, wanted=-1):
        while len(self.held) < wanted and self.left > 0:
            part = b"".join(piece for piece, _ in zip(self.pieces, range(2000)))
            self.left -= len(part)
            self.held += part
        out, self.held = self.held[:wanted], self.held[wanted:]
        return out
    def seekable(self):
        return False

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

list(read(Reading(__import__("io").BytesIO(LINE.encode()), loaded_at=1_794_355_200)))
before = peak()
records = sum(1 for _ in read(Reading(Stream(), loaded_at=1_794_355_200)))
print(records, peak() - before)
"""


@pytest.mark.parametrize(
    ("kind", "least"),
    [("lines", 300_000), ("list", 300_000), ("table", 300_000), ("garbage", 50_000), ("endless line", 1)],
)
def test_memory_does_not_grow_with_the_stream(kind: str, least: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, kind, str(STREAM)],
        capture_output=True,
        text=True,
        timeout=280,
        check=True,
    )
    records, growth = map(int, done.stdout.split())
    assert records >= least
    assert growth < GROWTH, f"{growth >> 20} MB"
