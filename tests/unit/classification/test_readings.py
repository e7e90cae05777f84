"""Readings of training posts by others than their writers."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluation import gold
from training import labels, readings

LINE = "t1-0001\tcare,wait\tneg\tpatient\tcomplaint\tcrisis,named_attack"


def test_a_line_is_a_reading(tmp_path: Path) -> None:
    path = tmp_path / "01.tsv"
    path.write_text(f"{LINE}\nt1-0002\t-\tneu\tpublic\tother\t\n{LINE}\n", encoding="utf-8")
    found = readings.read(path)
    assert [len(found[ident]) for ident in ("t1-0001", "t1-0002")] == [2, 1]
    assert found["t1-0001"][0] == {
        "relevant": True, "topics": ["care", "wait"], "sentiment": "neg", "speaker": "patient", "intent": "complaint",
        "flags": ["crisis", "named_attack"],
    }  # fmt: skip
    assert (found["t1-0002"][0]["relevant"], found["t1-0002"][0]["topics"]) == (False, [])
    assert readings.read(tmp_path / "02.tsv") == {}


@pytest.mark.parametrize(
    ("was", "becomes"),
    [("care,wait", "care,weight"), ("care,wait", ""), ("care,wait", "care,wait,cost,admin"), ("neg", "bad"), ("crisis,", "alarm,"), ("\tneg", "")],
)  # fmt: skip
def test_a_line_that_is_no_reading_is_told_by_its_number(tmp_path: Path, was: str, becomes: str) -> None:
    path = tmp_path / "01.tsv"
    path.write_text(f"{LINE}\n{LINE.replace(was, becomes)}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"^01\.tsv, line 2: no reading$"):
        readings.read(path)


def test_readers_are_held_to_writers(tmp_path: Path) -> None:
    posts = min(labels.POSTS.glob("*.jsonl"))
    first, second = gold.read(posts)[:2]
    assert (first["relevant"], second["relevant"]) == (True, True)
    lines = [
        "\t".join((row["id"], ",".join(row["topics"]), sentiment, row["speaker"], row["intent"], ",".join(row["flags"])))
        for row, sentiment in ((first, first["sentiment"]), (second, "mixed"), (first, "mixed"))
    ]  # fmt: skip
    (tmp_path / "01.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = readings.agreement([posts], tmp_path)
    assert found["topics"]["micro"]["f1"] == 1
    assert found["sentiment"]["accuracy"] == 0.5


def test_readings_are_of_posts_that_there_are() -> None:
    count = 0
    for posts in sorted(labels.POSTS.glob("*.jsonl")):
        found = readings.read(readings.file_of(posts))
        rows = gold.read(posts) if found else []
        assert set(found) <= {row["id"] for row in rows}, posts.name
        count += len(readings.of_posts(rows, found))
    files = {file.stem for file in readings.READINGS.glob("*.tsv")}
    assert files <= {posts.stem for posts in labels.POSTS.glob("*.jsonl")}
    assert count > 50_000
