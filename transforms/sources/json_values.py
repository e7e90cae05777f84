"""JSON from strangers: parsed fast, within a depth, with the reason told where it is refused.

Belongs here: from bytes to a JSON value, and from a value back to where it stood.
Does not: what the value means.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import orjson

from transforms.sources.canonical import Rejected

MAX_DEPTH = 100

_BRACE, _BRACKET = b"{["  # as numbers, because a byte is counted faster than a string of one

_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_HALF_PAIR = re.compile(rb"\\u[dD][89a-fA-F]")
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[][{}]', re.DOTALL)


def loads(data: bytes) -> Any:
    r"""A JSON value. Integers keep every digit; lone surrogates written as `\u` escapes are let through.

    Raises:
        Rejected: `wrong_encoding`, `invalid_json`, `nesting_too_deep`.
    """
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return _loads_slowly(data)
    if data.count(_BRACE) + data.count(_BRACKET) > MAX_DEPTH and is_too_deep(data, value):
        raise Rejected("nesting_too_deep")
    return value


def loads_text(text: str) -> Any:
    """Like `loads`, for JSON that stands as a text in other JSON: without a copy of it as bytes, which is half the time.

    Raises:
        Rejected: `invalid_json`, `nesting_too_deep`.
    """
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return _loads_slowly(text.encode("utf-8", "surrogatepass"))
    if text.count("{") + text.count("[") > MAX_DEPTH and is_too_deep(text.encode(), value):
        raise Rejected("nesting_too_deep")
    return value


def _loads_slowly(data: bytes) -> Any:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise Rejected("wrong_encoding") from None
    if _bracket_depth(data) > MAX_DEPTH:
        raise Rejected("nesting_too_deep")
    if not _HALF_PAIR.search(data):
        raise Rejected("invalid_json")
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Rejected("invalid_json") from None


def _no_constant(_: str) -> None:
    raise ValueError


def is_too_deep(data: bytes, value: object) -> bool:
    """Whether a value is nested over `MAX_DEPTH` levels.

    Each pass over the brackets alone takes the innermost one or two levels away, so what is gone after half as many
    passes is not too deep. Else, and where brackets within texts leave a rest, the value itself is measured.
    """
    brackets = data.translate(None, _NOT_BRACKETS)
    for _ in range(MAX_DEPTH // 2):
        shorter = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if not shorter:
            return False
        if len(shorter) == len(brackets):
            break
        brackets = shorter
    return _depth_exceeds(value)


def _depth_exceeds(value: object) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)  # type: ignore[attr-defined]
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


def _bracket_depth(data: bytes) -> int:
    depth = deepest = 0
    for token in _TOKEN.finditer(data):
        if token[0] in {b"[", b"{"}:
            depth += 1
            deepest = max(deepest, depth)
        elif token[0] in {b"]", b"}"}:
            depth -= 1
    return deepest


def as_bytes(value: object) -> bytes:
    """A JSON value written without white space; lone surrogates and great numbers too."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, separators=(",", ":")).encode()


def locate(document: bytes, parts: list[object]) -> Iterator[tuple[int, bytes]]:
    """Where parts of a document stand, in the order given; a part that is not found stands at line 1.

    Args:
        document: the bytes of a JSON document.
        parts: objects or lists of it.

    Yields:
        The first physical line (from 1) and the bytes of each part.
    """
    wanted: dict[bytes, list[int]] = {}
    for index, part in enumerate(parts):
        wanted.setdefault(as_bytes(part), []).append(index)
    sizes = [len(key) for key in wanted]
    shortest = (
        min(sizes, default=0) // 6
    )  # an escaped character may be six bytes long in one form and one in the other
    found: dict[int, tuple[int, bytes]] = {}
    opened: list[int] = []
    for token in _TOKEN.finditer(document):
        if token[0] in {b"[", b"{"}:
            opened.append(token.start())
        elif token[0] in {b"]", b"}"} and opened:
            start = opened.pop()
            if token.end() - start < shortest or len(found) == len(parts):
                continue
            key = _normal(document[start : token.end()])
            for index in wanted.get(key, ())[:1]:
                wanted[key].pop(0)
                found[index] = (document.count(b"\n", 0, start) + 1, document[start : token.end()])
    for index, part in enumerate(parts):
        yield found.get(index) or (1, as_bytes(part))


def _normal(data: bytes) -> bytes:
    try:
        return as_bytes(loads(data))
    except Rejected:
        return b""
