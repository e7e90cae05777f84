"""Streams of JSON lines for `koe redact` and `koe classify`: memory does not grow with the file.

Belongs here: bytes in, bytes out, the policy applied. Does not: what is done to a line (`Redactor.redact_lines`,
`Classifier.classify_lines`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO

import orjson

from orchestration.guard import PlainError

MAX_LINE = 16 * 1024 * 1024
"""A longer line is answered with an error, and never held whole."""


def read_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Lines of a stream. A line over the bound is cut to just over it, so that it is refused by its length.

    Raises:
        PlainError: the first bytes are not text.
    """
    head = True
    while line := stream.readline(MAX_LINE + 1):
        if head:
            _require_text(line)
            head = False
        if len(line) > MAX_LINE and not line.endswith(b"\n"):
            while rest := stream.readline(MAX_LINE):
                if rest.endswith(b"\n"):
                    break
        if line.strip():
            yield line


def _require_text(line: bytes) -> None:
    start = line[:4096]
    if (
        b"\0" in start
        or start[:2] in (b"\x1f\x8b", b"PK", b"\xff\xfe", b"\xfe\xff")
        or start[:4] == b"(\xb5/\xfd"
    ):
        raise PlainError(
            "the input is binary: one JSON object a line in UTF-8 is expected (unpack compressed files first)"
        )


def write_answers(answers: Iterable[Mapping[str, Any]], target: BinaryIO) -> int:
    """Write answers, one a line.

    Returns:
        How many of them are errors.
    """
    refused = 0
    for answer in answers:
        refused += "error" in answer
        target.write(orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY) + b"\n")
    return refused
