"""Prints both score tables on the gold posts: `python -m evaluation` (or `make eval`)."""

from __future__ import annotations

import sys
from pathlib import Path

from evaluation import gold, score_labels, score_redaction
from transforms.classification.classifier import Classifier
from transforms.classification.document import Document
from transforms.redaction.redactor import RedactionFailure, Redactor

GOLD = Path(__file__).parent / "gold"


def redaction_scores(path: Path, redactor: Redactor) -> str:
    """Redact the posts of a gold file and format the score."""
    rows = gold.read(path)
    outputs = {}
    for row, result in zip(rows, redactor.redact_many([r["text"] for r in rows]), strict=True):
        spans = [] if isinstance(result, RedactionFailure) else result.spans
        outputs[row["id"]] = [{"start": s.start, "end": s.end, "type": s.type} for s in spans]
    return score_redaction.table(score_redaction.score(rows, outputs)[0])


def label_scores(path: Path, classifier: Classifier) -> str:
    """Classify the posts of a gold file and format the score."""
    rows = gold.read(path)
    documents = [Document(id=r["id"], source=r["source"], text=r["text"]) for r in rows]
    outputs = {
        r["id"]: labels._asdict() for r, labels in zip(rows, classifier.classify_many(documents), strict=True)
    }
    return score_labels.table(score_labels.score(rows, outputs))


def main() -> int:
    """Print the tables."""
    redactor, classifier = Redactor(), Classifier.load()
    for name in ("dev.jsonl", "dev_identifiers.jsonl"):
        print(f"== redaction, gold/{name}\n{redaction_scores(GOLD / name, redactor)}\n")
    print(f"== labels, gold/dev.jsonl\n{label_scores(GOLD / 'dev.jsonl', classifier)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
