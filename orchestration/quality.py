"""Quality as data: how well labels do on labelled posts, whether their shares drift, what reviewers came to, what is due.

Belongs here: measuring at the right moments, and leaving numbers where dbt and the checks find them. Does not: scoring
(`evaluation.score_labels`), the test of drift (`transforms.statistics.drift`), what a mart shows.

Scores are measured anew when the model, the code of classification, the gold posts or the reviewed posts have changed, and
read back otherwise: a night that changes none of them pays for a hash.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from evaluation import gold, score_labels
from orchestration import review_files
from orchestration.guard import quiet
from orchestration.installation import Installation
from orchestration.review import read_cases
from orchestration.settings import PROJECT, today
from orchestration.staging import FACTS_SCHEMA, day_file, read_day, read_days, write_day, write_table
from orchestration.verdicts import VERDICTS, count_outcomes, outcomes, read_verdicts, write_outcomes
from transforms.classification.assembly import REVIEW_QUEUES
from transforms.classification.decode import EXCLUSIVE
from transforms.classification.document import Document
from transforms.statistics.drift import Shift, shift

GOLD: Final = PROJECT / "evaluation" / "gold" / "dev.jsonl"
CODE: Final = (
    PROJECT / "transforms" / "classification",
    PROJECT / "transforms" / "text",
    PROJECT / "evaluation",
)

MIN_F1, MIN_POSTS = 0.5, 30
"""Below either, a topic's numbers are for reference only (参考値); `int_label_quality` says the same of the marts."""

WEEK, TRAILING_WEEKS = 7, 8

LABELS_SCHEMA = pa.schema(
    [
        pa.field("measured_on", pa.date32(), nullable=False),
        pa.field("version", pa.string(), nullable=False),  # of code, model and labelled posts
        pa.field("model_version", pa.string(), nullable=False),
        pa.field("field", pa.string(), nullable=False),
        pa.field("label", pa.string(), nullable=False),
        pa.field("labelled_posts", pa.int64(), nullable=False),
        pa.field("label_precision", pa.float64(), nullable=False),
        pa.field("label_recall", pa.float64(), nullable=False),
        pa.field("f1", pa.float64(), nullable=False),
    ]
)

ScoreRow = dict[str, Any]
"""A row of `LABELS_SCHEMA`."""


# Scores ------------------------------------------------------------------------------------------------------------


@quiet
def label_scores(installation: Installation) -> list[ScoreRow]:
    """The scores of the labels as they are given now; measured only where something has changed since the last time.

    Returns:
        One row a label. Earlier measurements stay in the file, so that the quality mart shows their history.
    """
    path = installation.zones.staging / "quality" / "labels.parquet"
    version = scores_version(installation)
    known: list[ScoreRow] = pq.read_table(path).to_pylist() if path.exists() else []
    newest = (
        [row for row in known if row["measured_on"] == max(r["measured_on"] for r in known)] if known else []
    )
    if newest and newest[0]["version"] == version:
        return newest
    day = today()
    measured = [{"measured_on": day, "version": version, **row} for row in measure(installation)]
    kept = [row for row in known if row["measured_on"] < day]
    write_table(path, pa.Table.from_pylist([*kept, *measured], LABELS_SCHEMA))
    return measured


def scores_version(installation: Installation) -> str:
    """What the scores depend on, as 12 hexadecimal digits: model, code of classification, gold and reviewed posts."""
    digest = hashlib.sha256(installation.classifier.version.encode())
    files = [p for folder in CODE for p in folder.rglob("*") if p.is_file() and p.suffix != ".pyc"]
    for path in sorted(files):
        digest.update(f"{path.relative_to(PROJECT)}\0".encode() + path.read_bytes())
    for path in sorted((installation.zones.restricted / VERDICTS).rglob("part.parquet")):
        digest.update(path.parent.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:12]


def measure(installation: Installation) -> list[ScoreRow]:
    """Classify the gold posts and the posts whose labels reviewers have checked, and score the answers."""
    # Texts as the night sees them: redacted, the gold posts by their own marks.
    rows: list[gold.Row] = [{**row, "text": gold.as_redacted(row)} for row in gold.read(GOLD)]
    rows += [{**row, "text": row["marked"]} for row in review_files.reviewed_posts(installation)]
    labels = installation.classifier.classify_many([Document(r["text"], r["id"], r["source"]) for r in rows])
    answers = {row["id"]: {**one.plain(), "id": row["id"]} for row, one in zip(rows, labels, strict=True)}
    result = score_labels.score(rows, answers)
    scores = [
        (field, value, score)
        for field in ("topics", *EXCLUSIVE, "flags")
        for value, score in result[field]["each"].items()
    ]
    scores += [("relevant", "true", result["relevant"]), ("relevant", "false", result["irrelevant"])]
    return [
        {
            "model_version": installation.classifier.version,
            "field": field,
            "label": value,
            "labelled_posts": score["n"],
            "label_precision": score["p"],
            "label_recall": score["r"],
            "f1": score["f1"],
        }
        for field, value, score in scores
    ]


def for_reference_only(scores: Iterable[ScoreRow]) -> list[str]:
    """The topics whose numbers are for reference only, as far as their labels were measured."""
    return sorted(
        row["label"]
        for row in scores
        if row["field"] == "topics" and (row["f1"] < MIN_F1 or row["labelled_posts"] < MIN_POSTS)
    )


# Drift -------------------------------------------------------------------------------------------------------------


def label_counts(installation: Installation, first: date, last: date) -> dict[str, Counter[str]]:
    """How often each label was given to posts that arrived from first to last."""
    columns = ["relevant", "topics", *EXCLUSIVE, "flags"]
    days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    counts: dict[str, Counter[str]] = {column: Counter() for column in columns}
    for _, table in read_days(installation.zones.classified, days, columns):
        counts["relevant"].update(_tally(table["relevant"].cast(pa.string())))
        relevant = table.filter(table["relevant"])
        for column in columns[1:]:
            counts[column].update(_tally(relevant[column]))
    return counts


def _tally(values: pa.ChunkedArray) -> dict[str, int]:
    """Value -> how often it stands there; a post's empty list counts as `none`."""
    tally: dict[str, int] = {}
    if pa.types.is_list(values.type):
        tally["none"] = pc.sum(pc.equal(pc.list_value_length(values), 0)).as_py() or 0
        values = pc.list_flatten(values)
    for entry in pc.value_counts(values):
        tally[entry["values"].as_py()] = entry["counts"].as_py()
    return tally


def drift(installation: Installation, last: date) -> dict[str, Shift]:
    """How the shares of labels in the week up to a day of arrival differ from the eight weeks before.

    Returns:
        By field, those that can be judged; none where there are not two weeks to compare with, and none of a day on which
        nothing arrived: it would tell the week before it again under another day, and make a release of no news.
    """
    arrived = day_file(installation.zones.classified, last)
    if not arrived.exists() or not pq.read_metadata(arrived).num_rows:
        return {}
    first = last - timedelta(days=WEEK - 1)
    begin = first - timedelta(weeks=TRAILING_WEEKS)
    days = sum(
        day_file(installation.zones.classified, begin + timedelta(days=i)).exists()
        for i in range(TRAILING_WEEKS * WEEK)
    )
    if days < 2 * WEEK:
        return {}
    before, now = (
        label_counts(installation, begin, first - timedelta(days=1)),
        label_counts(installation, first, last),
    )
    found = {field: shift(before[field], now[field]) for field in now}
    return {field: one for field, one in found.items() if one is not None}


@quiet
def write_drift(installation: Installation, last: date) -> dict[str, Shift]:
    """Measure drift for a run's last day and leave it for the quality mart."""
    found = drift(installation, last)
    _write_facts(
        installation, last, "drift", {f"label_psi:{field}": round(one.psi, 4) for field, one in found.items()}
    )
    return found


# Reviews -----------------------------------------------------------------------------------------------------------


@quiet
def write_reviews(installation: Installation) -> None:
    """Leave for dbt what reviewers came to, how many cases are open and which adverse events are due."""
    zones, now = installation.zones, today()
    found = outcomes(read_verdicts(zones))
    write_outcomes(zones, found)
    facts: dict[str, float] = {fact: float(n) for (_, fact), n in count_outcomes(found).items()}
    keys = read_cases(zones, REVIEW_QUEUES, ["queue", "post_key"]).unique()
    for queue in REVIEW_QUEUES:
        of_queue = set(keys.filter(queue=queue)["post_key"].to_list())
        facts[f"review_open:{queue}"] = float(sum((queue, key) not in found for key in of_queue))
    due = review_files.due_cases(installation, now)
    facts["event_open"] = float(len(due))
    facts["event_overdue"] = float(sum(case.is_overdue for case in due))
    facts["event_due_within_7_days"] = float(
        sum(case.due.due_on is not None and 0 <= (case.due.due_on - now).days <= WEEK for case in due)
    )
    _write_facts(installation, now, "review", facts)


def _write_facts(installation: Installation, day: date, name: str, facts: Mapping[str, float]) -> None:
    folder = installation.zones.staging / "facts"
    file = f"{name}.parquet"
    rows = [
        {"arrived_on": day, "source": "all", "fact": fact, "value": value}
        for fact, value in sorted(facts.items())
    ]
    table = pa.Table.from_pylist(rows, FACTS_SCHEMA)
    before = read_day(folder, day, name=file)
    if before is None or not before.equals(table):
        write_day(folder, day, table, FACTS_SCHEMA, file)
