"""A whole training of the labels, and the whole dictionary of the table of word vectors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import pytest

from evaluation import gold
from training import labels as training
from training import word_vectors
from transforms.classification.classifier import Classifier
from transforms.classification.document import Document
from transforms.classification.linear import MANIFEST_FILE, WEIGHTS_FILE, read_model

pytestmark = pytest.mark.integration


class Trained(NamedTuple):
    """What a training was given and what it left."""

    files: list[Path]
    model: Path
    told: str


def some_posts(folder: Path) -> Iterator[Path]:
    """Forty posts of each of four files, and five of them as people reviewed them."""
    first = sorted(training.POSTS.glob("*.jsonl"))[:4]
    for path in first:
        lines = path.read_text(encoding="utf-8").splitlines()[:40]
        (folder / "posts" / path.name).write_text("\n".join(lines) + "\n", encoding="utf-8")
        yield folder / "posts" / path.name
    rows = [
        {**row, "id": f"AD-20261102-{i:012}", "origin": "reviewed"}
        for i, row in enumerate(json.loads(line) for line in first[0].read_text("utf-8").splitlines()[:5])
    ]
    reviewed = folder / "reviewed" / "2026-11.jsonl"
    reviewed.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    yield reviewed


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """The command's training, on reviewed posts besides."""
    folder = tmp_path_factory.mktemp("training")
    for name in ("posts", "reviewed"):
        (folder / name).mkdir()
    files = list(some_posts(folder))
    places = {name: folder / name for name in ("posts", "reviewed", "model")} | {"card": folder / "card.md"}
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as told:
        patch.setattr("sys.argv", ["labels", *(p for k, v in places.items() for p in (f"--{k}", str(v)))])
        training.main()
    return Trained(files, places["model"], told.getvalue())


def test_training_is_deterministic(trained: Trained, tmp_path: Path) -> None:
    manifest = training.train(trained.files, tmp_path)
    assert manifest == json.loads((trained.model / MANIFEST_FILE).read_text(encoding="utf-8"))
    for name in (MANIFEST_FILE, WEIGHTS_FILE):
        assert (tmp_path / name).read_bytes() == (trained.model / name).read_bytes()


def test_what_was_trained_can_be_loaded_and_used(trained: Trained) -> None:
    files = {name: (trained.model / name).read_bytes() for name in (MANIFEST_FILE, WEIGHTS_FILE)}
    manifest = json.loads(files[MANIFEST_FILE])
    assert manifest["sha256"] == hashlib.sha256(files[WEIGHTS_FILE]).hexdigest()
    assert manifest["training"]["data_sha256"] == training.data_hash(trained.files)
    classifier = Classifier(read_model(files))
    rows = gold.read(trained.files[0])
    found = classifier.classify_many([Document(row["text"], source=row["source"]) for row in rows])
    right = sum(labels.sentiment == row["sentiment"] for labels, row in zip(found, rows, strict=True))
    assert right > 0.7 * len(rows)  # it has learnt the posts that it saw
    assert manifest["version"] in trained.told


def test_reviewed_posts_train_beside_the_others(trained: Trained) -> None:
    manifest = json.loads((trained.model / MANIFEST_FILE).read_text(encoding="utf-8"))
    assert manifest["training"]["posts"] == 165
    assert manifest["training"]["files"][-1] == "2026-11.jsonl"
    assert "160 invented posts and 5 reviewed ones" in trained.told


def test_what_others_read_trains_too(trained: Trained) -> None:
    manifest = json.loads((trained.model / MANIFEST_FILE).read_text(encoding="utf-8"))
    assert 0 < manifest["training"]["read_again"] <= 160
    assert manifest["training"]["readings"] >= manifest["training"]["read_again"]
    assert manifest["read_again"]["topics"] != manifest["weighed"]["topics"]


def test_lemmas_are_those_of_the_analyser() -> None:
    found = word_vectors.lemmas()
    assert "出来る" in found
    assert "できる" in found["出来る"]
