"""`koe redact` and `koe classify` as a script uses them: answers for each line, errors counted, exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration
KOE = str(Path(sys.executable).with_name("koe"))
NAME, PHONE = "佐々木", "-".join(["090", "3141", "5926"])
LINES = [
    json.dumps(
        {"id": "a", "source": "x", "text": f"{NAME}先生に診てもらった。電話は{PHONE}。待ち時間が長い"},
        ensure_ascii=False,
    ),
    "{not json",
    json.dumps({"id": "b"}),
    json.dumps({"id": "c", "text": ""}),
    json.dumps({"id": "d", "text": "\ud800 lone"}),
    "[1, 2]",
    json.dumps({"id": "e", "source": "qa", "text": "ロキソニンを飲んだら蕁麻疹が出た"}, ensure_ascii=False),
]


def koe(command: str, *arguments: str, data: bytes) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "KOE_HOME": "/nonexistent/koe", "COLUMNS": "160"}
    return subprocess.run(
        [KOE, command, *arguments], input=data, capture_output=True, check=False, timeout=120, env=environment
    )


def answers(done: subprocess.CompletedProcess[bytes]) -> list[dict[str, object]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_redact_answers_each_line_and_counts_errors() -> None:
    done = koe("redact", "-", "-", data="\n".join(LINES).encode())
    got = answers(done)
    assert done.returncode == 3, done.stderr
    assert [("error" in a) for a in got] == [False, True, True, False, False, True, False]
    assert [a.get("id") for a in got if "error" not in a] == ["a", "c", "d", "e"]
    first = got[0]
    assert NAME not in str(first["text"])
    assert PHONE not in str(first["text"])
    text = json.loads(LINES[0])["text"]
    spans = {(text[s["start"] : s["end"]], s["type"]) for s in first["spans"]}  # type: ignore[attr-defined, index, union-attr]
    assert {(NAME, "PERSON"), (PHONE, "PHONE")} <= spans
    assert all(set(s) >= {"start", "end", "type", "score", "rule"} for s in first["spans"])  # type: ignore[attr-defined, union-attr]
    assert b"Traceback" not in done.stderr


def test_redact_twice_is_redact_once() -> None:
    once = koe("redact", data=LINES[0].encode())
    again = koe("redact", data=json.dumps({"id": "a", "text": answers(once)[0]["text"]}).encode())
    assert (once.returncode, again.returncode) == (0, 0)
    assert answers(again)[0]["text"] == answers(once)[0]["text"]
    assert answers(again)[0]["spans"] == []


def test_classify_gives_every_label() -> None:
    done = koe("classify", "-", "-", data="\n".join(LINES).encode())
    got = answers(done)
    assert done.returncode == 3, done.stderr
    assert [("error" in a) for a in got] == [False, True, True, False, False, True, False]
    wanted = {
        "id",
        "relevant",
        "sentiment",
        "topics",
        "themes",
        "aspects",
        "speaker",
        "intent",
        "flags",
        "ae",
        "criticality",
        "department",
        "prefecture",
    }
    assert all(set(a) >= wanted for a in got if "error" not in a)
    assert "wait" in got[0]["topics"]  # type: ignore[operator]
    assert "adverse_event" in got[6]["flags"]  # type: ignore[operator]
    assert got[6]["ae"][0]["drug"] == "ロキソプロフェン"  # type: ignore[index]  # a brand stands under its substance


@pytest.mark.parametrize("command", ["redact", "classify"])
@pytest.mark.parametrize(
    "data", [b"\x1f\x8b\x08\x00binary", b"PK\x03\x04", b"\x00\x01\x02\x03\n", "{}".encode("utf-16")]
)
def test_binary_input_is_one_line_and_exit_2(command: str, data: bytes) -> None:
    done = koe(command, "-", "-", data=data)
    assert done.returncode == 2
    assert b"binary" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == b""


@pytest.mark.parametrize("command", ["redact", "classify"])
def test_a_missing_file_is_one_line_and_exit_2(command: str, tmp_path: Path) -> None:
    done = koe(command, str(tmp_path / "none.jsonl"), "-", data=b"")
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1


def test_explain_shows_rules_to_a_person() -> None:
    done = koe("redact", "--explain", "-", data=LINES[0].encode())
    assert done.returncode == 0
    told = done.stdout.decode()
    for word in ("PERSON", "PHONE", "phone.national", NAME):
        assert word in told
    labels = koe("classify", "--explain", "-", data=LINES[0].encode())
    assert labels.returncode == 0
    assert "wait" in labels.stdout.decode()


def test_one_very_long_line_is_answered_and_the_next_goes_on() -> None:
    long = json.dumps({"id": "long", "text": "あ" * 1_000_000}, ensure_ascii=False)
    done = koe("redact", data="\n".join([long, LINES[0]]).encode())
    got = answers(done)
    assert [a["id"] for a in got] == ["long", "a"]
    assert done.returncode in (0, 3)
