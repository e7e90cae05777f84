"""Cases out to reviewers and verdicts back: a table for Excel (CSV) or JSON lines; reviewed posts for the next training.

Belongs here: the columns of the files, writing and reading them within bounds, `koe review …` as functions.
Does not: which words are allowed (`transforms.reviewing`), where verdicts are kept (`verdicts`).

The files hold redacted texts: they are written 0600 and belong to whoever reviews. What comes back is untrusted: a mistake
costs its row, is told by row and column, and is never quoted.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson
import polars as pl
from rich.console import Console

from orchestration.config.policy import Policy
from orchestration.guard import PlainError, quiet
from orchestration.installation import Installation
from orchestration.locks import run_lock
from orchestration.review import read_cases
from orchestration.settings import JST
from orchestration.verdicts import (
    Outcome,
    Stored,
    Verdict,
    checked_labels,
    is_overdue,
    outcomes,
    read_verdicts,
    store_verdicts,
)
from orchestration.zones import write_atomic
from transforms.classification.assembly import REVIEW_QUEUES
from transforms.classification.decode import FIELDS
from transforms.redaction import scan
from transforms.redaction.redactor import RedactionFailure
from transforms.reviewing import (
    EVENT_QUEUE,
    FILLED,
    OPEN,
    STATUS_JA,
    Due,
    ReviewError,
    corrected,
    due,
    is_filled,
    read_filled,
    verdicts_of,
)
from transforms.staging import RedactsTexts

MAX_BYTES: Final = 256 * 1024 * 1024
MAX_CELL: Final = 1_000_000
MAX_SHOWN: Final = 20
DUE_LINE: Final = "{:<26}{:<12}{:<12}{:<12}{:<12}{:>5}  {}"

SHOWN: Final[Mapping[str, str]] = {
    "case_ref": "事例番号",
    "queue": "確認待ち",
    "status": "状況",
    "source": "取得元",
    "posted_on": "書かれた日",
    "first_aware_on": "知った日",
    "due_on": "期限",
    "text": "本文(伏せ済み)",
    "relevant": "医療関係",
    "sentiment": "評価",
    "topics": "話題",
    "speaker": "立場",
    "intent": "意図",
    "flags": "注意の印",
    "drugs": "薬剤",
    "events": "事象",
    "evidence": "根拠",
    "confidence": "確からしさ",
    "allowed": "書ける判定",
}
"""Columns of a case -> Japanese. What a reviewer changes in them is not read."""

FILLED_JA: Final[Mapping[str, str]] = {
    "verdict": "判定",
    "reviewer": "確認者の役割",
    "seriousness": "重篤性",
    "expectedness": "既知・未知",
    "reported_on": "報告した日",
    "labels_checked": "ラベルを全て確認した",
    "note": "メモ",
    **{f"new_{field}": f"正しい{SHOWN[field]}" for field in FIELDS},
}

COLUMNS: Final = (*SHOWN, *FILLED)
_FORMULA: Final = frozenset("=+-@\t\r\n＝＋－＠")
"""First signs by which a spreadsheet takes a cell for a formula."""


class ReviewFileError(PlainError):
    """A file from or for reviewers cannot be used; nothing was taken from it."""


class Imported(NamedTuple):
    """What an import came to.

    Attributes:
        stored: verdicts that were taken.
        left_open: rows in which nothing was filled.
        refused: (row, what is expected) of those refused; the first row below a header is row 2, as a spreadsheet counts.
    """

    stored: Stored
    left_open: int
    refused: list[tuple[int, str]]


# Out ---------------------------------------------------------------------------------------------------------------


@quiet
def export_cases(installation: Installation, queues: Sequence[str], target: Path) -> int:
    """Write the cases of some queues for reviewers, the newest version of each post, verdicts so far shown as a status.

    Args:
        installation: whose queues.
        queues: out of `REVIEW_QUEUES`.
        target: *.csv (UTF-8 with a byte order mark, safe to open in a spreadsheet) or *.jsonl; replaced, mode 0600.

    Returns:
        How many cases were written.

    Raises:
        ReviewFileError: a queue is unknown, or the target is none that may hold redacted texts.
    """
    _require_queues(queues)
    _require_target(installation, target)
    rows = list(_exported(installation, queues))
    write = {".csv": _as_csv, ".jsonl": _as_lines}[target.suffix.lower()]
    write_atomic(target, write(rows))
    return len(rows)


def _require_queues(queues: Sequence[str]) -> None:
    if not queues or not set(queues) <= set(REVIEW_QUEUES):
        raise ReviewFileError(f"QUEUE: expected one of {', '.join(REVIEW_QUEUES)}, or --all")


def _require_target(
    installation: Installation, target: Path, suffixes: Sequence[str] = (".csv", ".jsonl")
) -> None:
    if target.suffix.lower() not in suffixes:
        raise ReviewFileError(f"{target.name}: expected a name that ends in {' or '.join(suffixes)}")
    if target.absolute().resolve().is_relative_to(installation.zones.published.resolve()):
        raise ReviewFileError(f"{target}: redacted texts may not lie in published/")
    if not target.absolute().parent.is_dir():
        raise ReviewFileError(f"{target}: expected a folder that exists")


def newest_cases(installation: Installation, queues: Sequence[str]) -> pl.DataFrame:
    """Cases of some queues, of a post that came several times the newest, known since the first."""
    cases = read_cases(installation.zones, queues)
    return cases.with_columns(first_aware_at=pl.col("first_aware_at").min().over("queue", "post_key")).unique(
        ["queue", "post_key"], keep="last", maintain_order=True
    )


def case_outcomes(installation: Installation, cases: pl.DataFrame) -> dict[str, Outcome]:
    """Outcomes by case; an edited post that says something else than what was judged is open again.

    Args:
        installation: whose verdicts.
        cases: as `newest_cases` gives them.
    """
    found = outcomes(read_verdicts(installation.zones))
    every = read_cases(installation.zones, cases["queue"].unique().to_list())
    texts = dict(every.select("case_ref", "text").iter_rows())
    held = {}
    for ref, queue, key, text in cases.select("case_ref", "queue", "post_key", "text").iter_rows():
        one = found.get((queue, key))
        if one is not None and texts.get(one.verdicts[-1]["case_ref"], text) == text:
            held[ref] = one
    return held


def _exported(installation: Installation, queues: Sequence[str]) -> Iterator[dict[str, Any]]:
    cases = newest_cases(installation, queues)
    held = case_outcomes(installation, cases)
    for case in cases.iter_rows(named=True):
        one = held.get(case["case_ref"])
        days = _due_of(case, one, installation.config.policy)
        queue = case["queue"]
        yield {
            **{name: case.get(name) for name in SHOWN},
            "status": STATUS_JA[one.status if one else OPEN],
            "first_aware_on": _aware_on(case),
            "due_on": days.due_on,
            "confidence": round(case["confidence"], 3),
            "allowed": [STATUS_JA[code] for code in verdicts_of(queue)],
            **dict.fromkeys(FILLED),
        }


def _aware_on(case: Mapping[str, Any]) -> date:
    at: datetime = case["first_aware_at"]
    return at.astimezone(JST).date()


def _due_of(case: Mapping[str, Any], one: Outcome | None, policy: Policy) -> Due:
    if case["queue"] != EVENT_QUEUE:
        return Due(None, None, None)
    return due(
        _aware_on(case),
        policy.operator_type,
        one.seriousness if one else None,
        one.expectedness if one else None,
    )


def _as_csv(rows: Iterable[Mapping[str, Any]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(f"{name} {SHOWN.get(name) or FILLED_JA[name]}" for name in COLUMNS)
    writer.writerows([_cell(row[name]) for name in COLUMNS] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = "|".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"'{text}" if text[:1] in _FORMULA else text


def _as_lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    return b"".join(orjson.dumps(dict(row)) + b"\n" for row in rows)


# Back --------------------------------------------------------------------------------------------------------------


@quiet
def import_verdicts(
    installation: Installation, source: Path, now: datetime, on_wait: Callable[[str], None] | None = None
) -> Imported:
    """Take what reviewers filled in. The same file twice is the same as once.

    Args:
        installation: whose queues; notes are redacted under its policy.
        source: *.csv or *.jsonl, as exported and filled in; other columns than `case_ref` and `FILLED` are not read.
        now: the time, with its zone.
        on_wait: is told if another run is waited for.

    Returns:
        What was taken and what was refused. A refused row takes nothing else with it.

    Raises:
        ReviewFileError: the file is none of these; nothing was taken.
    """
    rows = _read_rows(source)
    cleaner = _Cleaner(installation.redactor)
    with run_lock(installation.zones, on_wait=on_wait):
        cases = {case["case_ref"]: case for case in read_cases(installation.zones).iter_rows(named=True)}
        taken: dict[tuple[str, str], tuple[int, Verdict]] = {}
        refused: list[tuple[int, str]] = []
        left_open = 0
        for number, row in rows:
            try:
                verdict = _verdict_of(cleaner, row, cases, now)
                if verdict is None:
                    left_open += 1
                    continue
                _take_once(taken, number, verdict)
            except ReviewError as error:
                refused.append((number, str(error)))
        stored = store_verdicts(installation.zones, [verdict for _, verdict in taken.values()])
    return Imported(stored, left_open, refused)


def _take_once(taken: dict[tuple[str, str], tuple[int, Verdict]], number: int, verdict: Verdict) -> None:
    who = (verdict["case_ref"], verdict["reviewer"])
    if who in taken and taken[who][1] != verdict:
        raise ReviewError(
            f"case_ref: this reviewer has judged the case otherwise on row {taken[who][0]}; expected once"
        )
    taken.setdefault(who, (number, verdict))


def _verdict_of(
    cleaner: _Cleaner, row: Mapping[str, Any] | str, cases: Mapping[str, Mapping[str, Any]], now: datetime
) -> Verdict | None:
    if isinstance(row, str):
        raise ReviewError(row)
    ref = row.get("case_ref")
    case = cases.get(ref.strip()) if isinstance(ref, str) else None
    if case is None:
        if not is_filled(row):
            return None
        raise ReviewError(
            "case_ref: expected a case of the queues; it may have been erased or be past its time"
        )
    filled = read_filled(row, case["queue"])
    if filled is None:
        return None
    model = {field: case[field] for field in FIELDS}
    touched = filled.labels_checked or bool(filled.corrections)
    return {
        **{name: case[name] for name in _CARRIED},
        "reviewed_on": now.astimezone(JST).date(),
        "reviewed_at": now.astimezone(UTC).replace(microsecond=0),
        "reviewer": cleaner.role(filled.reviewer),
        "verdict": filled.verdict,
        "seriousness": filled.seriousness,
        "expectedness": filled.expectedness,
        "reported_on": _past(filled.reported_on, now),
        "labels_checked": filled.labels_checked,
        "model_labels": model,
        "right_labels": corrected(model, filled.corrections) if touched else None,
        "note": cleaner.note(filled.note),
    }


_CARRIED: Final = (
    "case_ref", "queue", "post_key", "source", "posted_on", "arrived_on", "entities", "voice_class", "claim_key", "drugs",
    "model_version",
)  # fmt: skip


def _past(day: date | None, now: datetime) -> date | None:
    if day is not None and day > now.astimezone(JST).date():
        raise ReviewError("reported_on: expected a day that has come")
    return day


class _Cleaner:
    """Keeps personal data out of what reviewers write.

    Args:
        redactor: under the installation's policy.
    """

    def __init__(self, redactor: RedactsTexts) -> None:
        self._redactor = redactor
        self._roles: set[str] = set()

    def role(self, reviewer: str) -> str:
        """The role, unless it is somebody's name."""
        if reviewer not in self._roles:
            [result] = self._redactor.redact_many([reviewer])
            if isinstance(result, RedactionFailure) or result.spans:
                raise ReviewError(
                    "reviewer: expected a role or a short code, such as 薬剤師A, and nobody's name"
                )
            self._roles.add(reviewer)
        return reviewer

    def note(self, note: str) -> str:
        """The note without what may identify somebody; reviewers do write names and numbers there."""
        if not note:
            return ""
        [result] = self._redactor.redact_many([note])
        if isinstance(result, RedactionFailure) or scan.residual_rows([result.text]):
            raise ReviewError("note: holds personal data that cannot be taken out; write it without")
        return result.text


def _read_rows(source: Path) -> list[tuple[int, Mapping[str, Any] | str]]:
    """Rows with their numbers; a row that is none is told in words in its place."""
    kind = source.suffix.lower()
    if kind not in (".csv", ".jsonl"):
        raise ReviewFileError(f"{source.name}: expected a file whose name ends in .csv or .jsonl")
    try:
        if source.stat().st_size > MAX_BYTES:
            raise ReviewFileError(f"{source.name}: expected at most {MAX_BYTES // 2**20} MiB")
        data = source.read_bytes()
    except OSError as error:
        raise ReviewFileError(f"{source}: {(error.strerror or 'cannot be read').lower()}") from None
    text = _decoded(source, data)
    return list(_csv_rows(source, text) if kind == ".csv" else _json_rows(source, text))


def _decoded(source: Path, data: bytes) -> str:
    """UTF-8, or what Excel writes in Japan where nobody asks it for UTF-8."""
    if b"\0" in data:
        raise ReviewFileError(f"{source.name}: expected text in UTF-8, not a workbook or other binary file")
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ReviewFileError(f"{source.name}: expected text in UTF-8 (or Shift JIS)")


def _csv_rows(source: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(io.StringIO(text, newline=""))
    number = 0
    try:
        header = [name.split(maxsplit=1)[0] if name.strip() else "" for name in next(reader, [])]
        if "case_ref" not in header or "verdict" not in header:
            raise ReviewFileError(
                f"{source.name}: expected the columns of koe review export, case_ref and verdict among them"
            )
        for number, row in enumerate(reader, start=2):
            if len(row) > len(header):
                yield number, f"expected {len(header)} columns"
            elif any(row):
                yield number, {name: _unguarded(value) for name, value in zip(header, row, strict=False)}
    except csv.Error:
        raise ReviewFileError(f"{source.name}: row {number + 1}: expected comma-separated values") from None


def _unguarded(value: str) -> str:
    return value[1:] if value[:1] == "'" and value[1:2] in _FORMULA else value


def _json_rows(source: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
    known = False
    rows: list[tuple[int, Mapping[str, Any] | str]] = []
    for number, line in enumerate(text.split("\n"), start=1):  # other separators of lines stand within texts
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if isinstance(row, dict):
            known = known or "case_ref" in row
            rows.append((number, row))
        else:
            rows.append((number, "expected a JSON object"))
    if rows and not known:
        raise ReviewFileError(f"{source.name}: expected the objects of koe review export, with case_ref")
    return iter(rows)


# Due ---------------------------------------------------------------------------------------------------------------


class DueCase(NamedTuple):
    """An adverse event that somebody may have to report.

    Attributes:
        case_ref: of the queue.
        status: in Japanese.
        first_aware_on: JST day on which it became known.
        due: its days.
        is_overdue: whether its day has passed and nothing says that it was reported.
    """

    case_ref: str
    status: str
    first_aware_on: date
    due: Due
    is_overdue: bool


@quiet
def due_cases(installation: Installation, today: date) -> list[DueCase]:
    """The adverse events that are neither ruled out nor reported, the most urgent first.

    Args:
        installation: whose queue, and whose operator type.
        today: in Japan.
    """
    cases = newest_cases(installation, [EVENT_QUEUE])
    held = case_outcomes(installation, cases)
    found = []
    for case in cases.iter_rows(named=True):
        one = held.get(case["case_ref"])
        if one is not None and (one.status in ("rejected", "duplicate") or one.reported_on):
            continue
        days = _due_of(case, one, installation.config.policy)
        found.append(
            DueCase(
                case["case_ref"],
                STATUS_JA[one.status if one else OPEN],
                _aware_on(case),
                days,
                is_overdue(one, days.due_on, today),
            )
        )
    return sorted(found, key=lambda c: (c.due.due_on or date.max, c.first_aware_on, c.case_ref))


def print_due(installation: Installation, today: date, within: int | None, console: Console) -> int:
    """Print the adverse events that somebody may have to report.

    Args:
        installation: whose queue.
        today: in Japan.
        within: only what is due within so many days, or overdue; None for all.
        console: to print to.

    Returns:
        How many are overdue.
    """
    cases = due_cases(installation, today)
    if installation.config.policy.operator_type not in ("mah", "agency"):
        console.print(
            f"operator_type {installation.config.policy.operator_type}: no due dates; health professionals report where they "
            "find it necessary (薬機法68条の10第2項)",
            highlight=False,
        )
    # Plain lines, which a narrow terminal or a file does not cut.
    head = ("case_ref", "first aware", "15 days", "30 days", "due", "left", "status")
    lines = [DUE_LINE.format(*head)]
    for case in cases:
        left = (case.due.due_on - today).days if case.due.due_on else None
        if within is not None and (left is None or left > within):
            continue
        days = [str(d or "–") for d in (case.first_aware_on, *case.due)]
        shown = "–" if left is None else str(left)
        lines.append(DUE_LINE.format(case.case_ref, *days, shown, case.status))
    console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)
    overdue = sum(case.is_overdue for case in cases)
    console.print(f"{len(cases)} open, {overdue} overdue", highlight=False)
    return overdue


# Training ----------------------------------------------------------------------------------------------------------


@quiet
def export_training(installation: Installation, target: Path) -> int:
    """Write posts whose labels reviewers have checked, in the format of training posts, redacted text only.

    Args:
        installation: whose verdicts.
        target: *.jsonl; replaced, mode 0600.

    Returns:
        How many posts were written. Posts on which reviewers differ, or whose text is past its time, are left out.

    Raises:
        ReviewFileError: the target is none that may hold redacted texts.
    """
    _require_target(installation, target, (".jsonl",))
    rows = reviewed_posts(installation)
    write_atomic(target, _as_lines(rows))
    return len(rows)


_UNMARKED: Final = str.maketrans({"<": "＜", ">": "＞", "\x85": "\n", "\u2028": "\n", "\u2029": "\n"})
"""Signs that a file of training posts means otherwise: marks, and ends of lines that JSON leaves as they are."""


def reviewed_posts(installation: Installation) -> list[dict[str, Any]]:
    """Posts whose labels reviewers have checked and agree on, as rows of training or gold posts, ordered by id.

    The id is the case's: it says nothing to anybody outside.
    """
    checked = checked_labels(outcomes(read_verdicts(installation.zones)))
    cases = newest_cases(installation, REVIEW_QUEUES).unique("post_key", keep="first", maintain_order=True)
    rows = []
    for case in cases.iter_rows(named=True):
        if case["post_key"] not in checked:
            continue
        labels, _ = checked[case["post_key"]]
        rows.append(
            {
                "id": case["case_ref"],
                "source": case["source"],
                "relevant": labels["relevant"],
                # A redacted text marks nobody; what looks like a mark would be read as one.
                "marked": case["text"].translate(_UNMARKED),
                **{f: labels[f] for f in ("sentiment", "topics", "speaker", "intent")},
                "department": case["department"],
                "facilities": [],
                "prefecture": case["prefecture"],
                "flags": labels["flags"],
                "ae": [],
                "origin": "reviewed",
            }
        )
    return sorted(rows, key=lambda row: row["id"])
