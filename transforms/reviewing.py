"""What a reviewer may say of a case, what follows from several reviewers, and by when somebody has to act.

Belongs here: the words of a verdict, checking what was filled in, the outcome of a case, the due dates of adverse events.
Does not: where cases and verdicts are kept, files, today's date (`orchestration.review`, `orchestration.verdicts`).

Whether a claim is true, whether an event happened: only a person says so. Nothing here is ever filled by a model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Final, Literal, NamedTuple

from transforms.classification.decode import EXCLUSIVE, FIELDS, MAX_TOPICS

CLAIM_QUEUE: Final = "misinformation"
EVENT_QUEUE: Final = "adverse_event"

VERDICTS: Final[Mapping[str, str]] = {
    "confirmed": "該当",
    "rejected": "非該当",
    "unclear": "判定不能",
    "duplicate": "重複",
    "false": "誤り",
    "true": "正しい",
}
"""Code -> Japanese. A claim is `false` or `true` instead of confirmed; `rejected` there means that nothing is claimed."""

CONFIRMED: Final = frozenset({"confirmed", "false"})
"""Verdicts by which the queue was right."""

REJECTED: Final = frozenset({"rejected", "true"})
"""Verdicts by which the queue was wrong: a claim that holds is no misinformation."""

OPEN, CONFLICT = "open", "conflict"
STATUS_JA: Final[Mapping[str, str]] = {**VERDICTS, OPEN: "未確認", CONFLICT: "不一致"}
"""Outcome of a case -> Japanese."""

SERIOUSNESS: Final[Mapping[str, str]] = {"death": "死亡", "serious": "重篤", "not_serious": "非重篤"}
EXPECTEDNESS: Final[Mapping[str, str]] = {"expected": "既知", "unexpected": "未知"}
_YES: Final = frozenset({"yes", "y", "true", "1", "はい", "済"})
_NO: Final = frozenset({"no", "n", "false", "0", "いいえ", "未", ""})
_NONE: Final = "-"
_SEPARATORS = re.compile(r"[|、,，;\s]+")

MAX_REVIEWER, MAX_NOTE = 40, 2_000

CORRECTIONS: Final = tuple(f"new_{field}" for field in FIELDS)
"""Fields in which a reviewer writes what a label should have been; empty where it is right."""

FILLED: Final = (
    "verdict", "reviewer", "seriousness", "expectedness", "reported_on", "labels_checked", *CORRECTIONS, "note",
)  # fmt: skip
"""Everything that a reviewer fills in, in the order of the exported columns."""

OperatorType = Literal["mah", "hospital", "agency", "research"]


class ReviewError(ValueError):
    """What was filled in is refused. The message names the column and what is expected, never what was written."""


class Filled(NamedTuple):
    """What one reviewer said of one case.

    Attributes:
        verdict: a code of `VERDICTS`.
        reviewer: a role or a short code of a person, not a name.
        seriousness: death, serious or not_serious; None where not judged.
        expectedness: expected (in the package insert) or unexpected; None where not judged.
        reported_on: the day on which a report was made to the authority, outside of Koe.
        labels_checked: whether all labels of the guide were looked at, those not corrected being right.
        corrections: field -> right value, of the fields that were corrected.
        note: as written; may hold personal data until it is redacted.
    """

    verdict: str
    reviewer: str
    seriousness: str | None
    expectedness: str | None
    reported_on: date | None
    labels_checked: bool
    corrections: Mapping[str, Any]
    note: str


def verdicts_of(queue: str) -> tuple[str, ...]:
    """The verdicts that a queue knows."""
    if queue == CLAIM_QUEUE:
        return ("false", "true", "unclear", "rejected", "duplicate")
    return ("confirmed", "rejected", "unclear", "duplicate")


def is_filled(row: Mapping[str, Any]) -> bool:
    """Whether a reviewer wrote anything about the case; a role alone, drawn down a column, says nothing of it."""
    told = {name: _text(row.get(name)) for name in FILLED if name != "reviewer"}
    return told.pop("labels_checked").lower() not in _NO or any(told.values())


def read_filled(row: Mapping[str, Any], queue: str) -> Filled | None:
    """Check what a reviewer filled in.

    Args:
        row: the columns of `FILLED`; missing, None and blank are the same. Lists are taken where several values may stand.
        queue: of the case.

    Returns:
        What was said, or None where nothing was filled in.

    Raises:
        ReviewError: a value is not one of those expected.
    """
    if not is_filled(row):
        return None
    given = {name: _text(row.get(name)) for name in FILLED}
    return Filled(
        verdict=_verdict(given["verdict"], queue),
        reviewer=_reviewer(given["reviewer"]),
        seriousness=_choice("seriousness", given["seriousness"], SERIOUSNESS, queue),
        expectedness=_choice("expectedness", given["expectedness"], EXPECTEDNESS, queue),
        reported_on=_day(given["reported_on"], queue),
        labels_checked=_flag("labels_checked", given["labels_checked"]),
        corrections={
            field: _label(field, given[f"new_{field}"]) for field in FIELDS if given[f"new_{field}"]
        },
        note=_bounded("note", given["note"], MAX_NOTE),
    )


def corrected(labels: Mapping[str, Any], corrections: Mapping[str, Any]) -> dict[str, Any]:
    """The labels of a post after a reviewer's corrections, made to fit the guide.

    Args:
        labels: the model's, by the fields of the guide.
        corrections: as in `Filled`.

    Returns:
        The six fields. A post that is not relevant has no topics and the intent other.

    Raises:
        ReviewError: a relevant post is left without a topic.
    """
    right = {field: corrections.get(field, labels[field]) for field in FIELDS}
    if not right["relevant"]:
        return {**right, "topics": [], "intent": "other"}
    if not right["topics"]:
        raise ReviewError("new_topics: expected one to three topics, because the post is relevant")
    return right


def outcome(verdicts: Iterable[str]) -> str:
    """What the verdicts of all reviewers of a case come to.

    Args:
        verdicts: one a reviewer.

    Returns:
        The verdict that all share, `conflict` where they differ, `open` where there is none.
    """
    said = set(verdicts)
    if not said:
        return OPEN
    return said.pop() if len(said) == 1 else CONFLICT


class Due(NamedTuple):
    """When an adverse event has to be reported, if it is one that must be.

    Attributes:
        due_15_on: last day of the 15 days.
        due_30_on: last day of the 30 days.
        due_on: the one that holds as far as is known; None where no single report is due.
    """

    due_15_on: date | None
    due_30_on: date | None
    due_on: date | None


NOT_DUE: Final = Due(None, None, None)


def due(
    first_aware_on: date, operator_type: OperatorType, seriousness: str | None, expectedness: str | None
) -> Due:
    """The due dates of an adverse event (薬機法68条の10第1項, 施行規則228条の20).

    The duty is the marketing authorisation holder's, and the knowledge of its contractor counts as its own. Others have no
    such clock: health professionals report where they find it necessary (同条第2項). Until a person has judged, the shorter
    time holds: death and unexpected serious events 15 days, other expected serious ones 30, not serious ones no single
    report. The day of knowledge itself is not counted (民法140条).

    Args:
        first_aware_on: the JST day on which the post was first loaded.
        operator_type: of the policy.
        seriousness: as judged, None if it was not.
        expectedness: as judged, None if it was not.

    Returns:
        The days; all None for operators without the duty.
    """
    if operator_type not in ("mah", "agency"):
        return NOT_DUE
    early, late = first_aware_on + timedelta(days=15), first_aware_on + timedelta(days=30)
    if seriousness == "not_serious":
        return Due(early, late, None)
    return Due(early, late, late if (seriousness, expectedness) == ("serious", "expected") else early)


def gravest(values: Iterable[str | None], order: Iterable[str]) -> str | None:
    """Of what several reviewers judged the first in an order, the gravest; None where nobody judged."""
    said = set(values)
    return next((value for value in order if value in said), None)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return "|".join(str(one) for one in value) or _NONE
    return str(value).strip()


def _verdict(text: str, queue: str) -> str:
    known = verdicts_of(queue)
    named = {VERDICTS[code]: code for code in known} | {code: code for code in known}
    if text.lower() not in named:
        raise ReviewError(f"verdict: expected one of {', '.join(VERDICTS[code] for code in known)}")
    return named[text.lower()]


def _reviewer(text: str) -> str:
    if not text:
        raise ReviewError("reviewer: expected the reviewer's role, such as 薬剤師A")
    return _bounded("reviewer", text, MAX_REVIEWER)


def _bounded(name: str, text: str, most: int) -> str:
    if len(text) > most:
        raise ReviewError(f"{name}: expected at most {most} letters")
    if any(ord(c) < 32 and c not in "\n\r\t" for c in text):
        raise ReviewError(f"{name}: expected text without control characters")
    return text


def _choice(name: str, text: str, known: Mapping[str, str], queue: str) -> str | None:
    if not text:
        return None
    _only_of_events(name, queue)
    named = {ja: code for code, ja in known.items()} | {code: code for code in known}
    if text.lower() not in named:
        raise ReviewError(f"{name}: expected one of {', '.join(known.values())}, or nothing")
    return named[text.lower()]


def _day(text: str, queue: str) -> date | None:
    if not text:
        return None
    _only_of_events("reported_on", queue)
    written = re.fullmatch(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})", text)
    try:
        return date(*map(int, written.groups() if written else ()))
    except (ValueError, TypeError):
        raise ReviewError("reported_on: expected a day, YYYY-MM-DD") from None


def _only_of_events(name: str, queue: str) -> None:
    if queue != EVENT_QUEUE:
        raise ReviewError(f"{name}: expected nothing here, it is for the queue {EVENT_QUEUE}")


def _flag(name: str, text: str) -> bool:
    word = text.lower()
    if word not in _YES | _NO:
        raise ReviewError(f"{name}: expected はい (yes), or nothing")
    return word in _YES


def _label(field: str, text: str) -> Any:
    if field == "relevant":
        return _flag("new_relevant", text)
    known = FIELDS[field]
    values = [] if text == _NONE else [v for v in _SEPARATORS.split(text) if v]
    if not set(values) <= set(known):
        raise ReviewError(f"new_{field}: expected {', '.join(known)}")
    if field in EXCLUSIVE:
        if len(values) != 1:
            raise ReviewError(f"new_{field}: expected one value")
        return values[0]
    values = list(dict.fromkeys(values))
    if field == "topics" and len(values) > MAX_TOPICS:
        raise ReviewError(f"new_topics: expected at most {MAX_TOPICS}")
    return values
