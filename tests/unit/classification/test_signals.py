"""Signals: what lexicons and clauses tell the models, by name."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

from transforms.classification.document import Document
from transforms.classification.features import prepare
from transforms.classification.signals import NAMES, Groups, groups, numbered, signals


def of(text: str, **fields: object) -> list[str]:
    return signals(prepare(Document(text, **fields)))  # type: ignore[arg-type]  # fields of the document


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("ロキソニンを飲んだら蕁麻疹が出た", "ae:drug and event"),
        ("ロキソニンを飲んだら蕁麻疹が出た", "ae:stated pair"),
        ("先生は最高だけど待ち時間が最悪", "judges both ways"),
        ("母の付き添いで来た", "group:kin_parent"),
        ("待ち時間が長い", "group:wait_w"),
        ("夜勤明け。今日も人が足りない", "first group:hcp_self"),
        ("母が入院した。教えてください", "last group:question"),
        ("", "empty"),
    ],
)
def test_what_a_text_tells(text: str, signal: str) -> None:
    assert signal in of(text)


def test_a_denied_event_is_no_stated_pair() -> None:
    assert "ae:stated pair" not in of("ロキソニンを飲んだけど蕁麻疹は出なかった")


def test_fields_of_the_post_are_signals() -> None:
    found = of("長い", source="google_review", rating=2, author_official=True)
    assert {"source:google_review", "rating:2", "official"} <= set(found)


def test_no_signal_is_counted_without_end() -> None:
    assert max(Counter(of("母と母と母と母と母と母が待った。" * 20)).values()) == 3


def test_signals_are_capped_by_document() -> None:
    batch = [
        prepare(Document(text)) for text in ("母が待った。" * 9, "", "母が待った", "母と母と母と母が来た。")
    ]
    counts, numbers = numbered(batch)
    names = [NAMES[number] for number in numbers.tolist()]
    assert names == [name for one in batch for name in signals(one)]
    assert counts.tolist() == [len(signals(one)) for one in batch]
    assert numbered([])[0].tolist() == []


def test_a_text_of_one_sentence_has_no_first_or_last_part() -> None:
    assert not [name for name in of("母の待ち時間が長い") if name.startswith(("first ", "last "))]


def test_groups_find_words_in_words() -> None:
    found = Groups({"a": ["待", "待合"], "b": ["合"]}).find("待合", 0, 2)
    assert sorted(NAMES[number] for number in found) == ["group:a", "group:a", "group:b"]


def test_shipped_groups_are_spelled_as_folded() -> None:
    found = groups().find("NICU".lower(), 0, 9)
    assert [NAMES[number] for number in found] == ["group:inpatient_w", "group:inpatient_w"]


def test_the_classifier_needs_no_training_library() -> None:
    code = "import sys; from transforms.classification.classifier import Classifier; Classifier.load(); print('sklearn' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"
