"""Streams of JSON lines for `koe redact` and `koe classify`: memory does not grow with the file.

Belongs here: bytes in, bytes out, the policy applied. Does not: what is done to a line (`Redactor.redact_lines`,
`Classifier.classify_lines`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO

import orjson
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from orchestration.guard import PlainError
from orchestration.settings import Settings
from transforms.redaction.redactor import Redactor
from transforms.redaction.spans import DIRECT

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


def redact(settings: Settings, source: BinaryIO, target: BinaryIO) -> int:
    """Redact a stream under the installation's policy.

    Returns:
        How many lines were refused.
    """
    return write_answers(_redactor(settings).redact_lines(read_lines(source)), target)


def classify(source: BinaryIO, target: BinaryIO) -> int:
    """Classify a stream.

    Returns:
        How many lines were refused.
    """
    from transforms.classification.classifier import Classifier  # noqa: PLC0415  models are loaded where they are used

    return write_answers(Classifier.load().classify_lines(read_lines(source)), target)


def _redactor(settings: Settings) -> Redactor:
    from orchestration.config.policy import load_policy  # noqa: PLC0415
    from orchestration.installation import REDACTION_KEY, Installation, make_redactor  # noqa: PLC0415

    policy = load_policy(settings.config / "policy.yaml")
    return make_redactor(policy, lambda: Installation.open(settings).keyring.ensure(REDACTION_KEY))


def _texts(source: BinaryIO) -> Iterator[tuple[str, dict[str, Any]]]:
    """Id and record of each line that holds a text; the others are left out."""
    for line in read_lines(source):
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(record, dict) and isinstance(record.get("text"), str):
            yield str(record.get("id", "")), record


DIRECT_STYLE, QUASI_STYLE = "bold white on red", "black on yellow"


def explain_redaction(settings: Settings, source: BinaryIO, console: Console) -> int:
    """Show each text with its spans marked, and under it type, score, rule and cue of each.

    The text is shown as it came: this is for the privacy officer's own terminal and is written nowhere.

    Returns:
        0; lines without a text are left out.
    """
    redactor = _redactor(settings)
    for post_id, record in _texts(source):
        text = Text(record["text"])
        table = Table("type", "score", "rule", "cue", "from", "to", box=None)
        for span, cue in redactor.explain(record["text"]):
            text.stylize(DIRECT_STYLE if span.type in DIRECT else QUASI_STYLE, span.start, span.end)
            table.add_row(span.type, f"{span.score:.2f}", span.rule, cue, str(span.start), str(span.end))
        console.rule(escape(post_id))
        console.print(text)
        console.print(table if table.row_count else "[dim]nothing found[/]")
    return 0


def explain_labels(source: BinaryIO, console: Console) -> int:
    """Show each text with its labels and what spoke for them.

    Returns:
        0; lines without a text are left out.
    """
    from transforms.classification.classifier import Classifier  # noqa: PLC0415
    from transforms.classification.document import Document  # noqa: PLC0415

    classifier = Classifier.load()
    for post_id, record in _texts(source):
        document = Document(
            text=record["text"], id=post_id, source=record.get("source"), rating=record.get("rating")
        )
        told = classifier.explain(document)
        table = Table("label", "probability", "because of", box=None)
        for label, probability in told.probabilities.items():
            reasons = "  ".join(f"{r.feature} {r.weight:+.2f}" for r in told.reasons.get(label, ()))
            table.add_row(escape(label), f"{probability:.2f}", escape(reasons) or "[dim]not given[/]")
        table.add_row("rules", "", escape("  ".join(told.rules)))
        console.rule(escape(post_id))
        console.print(Text(record["text"]))
        console.print(table)
    return 0
