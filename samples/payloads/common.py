"""What payload shapes share: times, ids made of numbers, names that people give themselves.

Belongs here: formats. Does not: any one platform.
"""

from __future__ import annotations

from base64 import b32encode, urlsafe_b64encode
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import orjson

from samples.plan import JST_SECONDS, digest, utc

_WORDS: Final = (
    "mugi", "sora", "hana", "neko", "umi", "kumo", "ringo", "yuzu", "nagi", "momo", "kinako", "tsubame", "pan", "mochi", "ame", "hoshi",
)  # fmt: skip
_NAMES: Final = (
    "むぎ",
    "そら",
    "はな",
    "ねこ",
    "うみ",
    "くも",
    "りんご",
    "ゆず",
    "なぎ",
    "もも",
    "きなこ",
    "つばめ",
    "ぱん",
    "もち",
    "あめ",
    "ほし",
)


def as_json(value: object) -> bytes:
    """A value as one line of JSON, without a line's end."""
    return orjson.dumps(value)


def as_lines(values: Iterable[object]) -> bytes:
    """Values as JSON lines."""
    return b"\n".join(map(orjson.dumps, values)) + b"\n"


@lru_cache(maxsize=64)
def _utc_day(number: int) -> str:
    return utc(number * 86_400).strftime("%Y-%m-%d")


def iso(when: int, fraction: str = ".000Z") -> str:
    """Unix seconds as an ISO time in UTC, with what stands for fraction and zone."""
    day, second = divmod(when, 86_400)
    return f"{_utc_day(day)}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}{fraction}"


def jst(when: int) -> tuple[str, int, int, int]:
    """Date, hour, minute and second in Japan."""
    day, second = divmod(when + JST_SECONDS, 86_400)
    return _utc_day(day), second // 3600, second // 60 % 60, second % 60


def jst_text(when: int) -> str:
    """`2026-11-03 09:05:12`, in Japan."""
    day, hour, minute, second = jst(when)
    return f"{day} {hour:02}:{minute:02}:{second:02}"


@lru_cache(maxsize=200_000)
def author_hash(source: str, author: int) -> int:
    """A number of 64 bits that stands for an author on a platform."""
    return int.from_bytes(digest("author", source, author)[:8])


def base32(data: bytes, length: int) -> str:
    """Small letters and digits 2 to 7, as DIDs and CIDs have them."""
    return b32encode(data * 4).decode().lower()[:length]


def base64(data: bytes, length: int) -> str:
    """Letters, digits, - and _, as YouTube's and Google's ids have them."""
    return urlsafe_b64encode(data * 6).decode()[:length]


def handle(source: str, author: int) -> str:
    """The account's name."""
    number = author_hash(source, author)
    return f"{_WORDS[number % 16]}_{_WORDS[number // 16 % 16]}_{number // 256 % 100_000}"


def display_name(source: str, author: int) -> str:
    """The name that an author shows."""
    number = author_hash(source, author)
    return f"{_NAMES[number % 16]}{_NAMES[number // 16 % 16]}{number // 256 % 100}"
