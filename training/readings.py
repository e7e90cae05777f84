"""Labels that others gave to training posts, who read them without knowing what the writer had meant.

Belongs here: the format of the files, which posts they are of, how far readers agree with writers (`python -m training.readings`).
Does not: the posts, the target that becomes of several opinions, the fit (labels.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from evaluation import gold, score_labels
from transforms.classification.decode import EXCLUSIVE, FIELDS, MAX_TOPICS

READINGS: Final = Path(__file__).parent / "readings"

NOT_RELEVANT: Final = "-"
"""Stands for the topics of a post that the reader holds not relevant."""

_COLUMNS: Final = 6


def file_of(posts: Path, folder: Path = READINGS) -> Path:
    """The file that holds the readings of a file of posts; it need not exist."""
    return folder / f"{posts.stem}.tsv"


def read(path: Path) -> dict[str, list[gold.Row]]:
    """Read labels of the guide, a reading a line: id, topics, sentiment, speaker, intent, flags, parted by tabs.

    Args:
        path: of the file. Topics and flags are parted by commas. One that does not exist holds nothing.

    Returns:
        Post's id -> what each reader said of it, as rows with the guide's fields.

    Raises:
        ValueError: a line has other columns, or a label that the guide does not know; the message names file and line.
    """
    found: defaultdict[str, list[gold.Row]] = defaultdict(list)
    if not path.is_file():
        return {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        cells = line.split("\t")
        row = _row(cells) if len(cells) == _COLUMNS else None
        if row is None:
            msg = f"{path.name}, line {number}: no reading"
            raise ValueError(msg)
        found[cells[0]].append(row)
    return dict(found)


def _row(cells: Sequence[str]) -> gold.Row | None:
    """The labels of a line; None where one is unknown."""
    _, topics, *exclusive, flags = cells
    relevant = topics != NOT_RELEVANT
    row: gold.Row = {
        "relevant": relevant,
        "topics": topics.split(",") if relevant else [],
        "flags": flags.split(",") if flags else [],
        **dict(zip(EXCLUSIVE, exclusive, strict=True)),
    }
    several = all(set(row[field]) <= set(FIELDS[field]) for field in ("topics", "flags"))
    single = all(row[field] in FIELDS[field] for field in EXCLUSIVE)
    is_short = len(row["topics"]) <= MAX_TOPICS and bool(row["topics"]) is relevant
    return row if several and single and is_short else None


def of_posts(rows: Sequence[gold.Row], found: Mapping[str, Sequence[gold.Row]]) -> list[tuple[int, gold.Row]]:
    """The readings of posts.

    Args:
        rows: the posts.
        found: post's id -> its readings.

    Returns:
        (place of the post among them, reading), in the posts' order.
    """
    return [(place, reading) for place, row in enumerate(rows) for reading in found.get(row["id"], ())]


def agreement(files: Sequence[Path], folder: Path = READINGS) -> dict[str, Any]:
    """Score what the first other reader said of each post by what its writer meant.

    Args:
        files: of training posts.
        folder: of the readings.

    Returns:
        The scorer's table.
    """
    rows = [row for file in files for row in gold.read(file)]
    found = {ident: labels for file in files for ident, labels in read(file_of(file, folder)).items()}
    answers = {ident: {**labels[0], "id": ident} for ident, labels in found.items()}
    return score_labels.score([row for row in rows if row["id"] in answers], answers)


if __name__ == "__main__":
    print(score_labels.table(agreement(sorted((READINGS.parent / "posts").glob("*.jsonl")))))
