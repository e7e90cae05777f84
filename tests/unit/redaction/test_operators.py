from __future__ import annotations

import pytest
from pydantic import ValidationError

from transforms.redaction.operators import LABELS, generalise, placeholder, placeholder_spans, pseudonym
from transforms.redaction.policy import RedactionPolicy, default_operators
from transforms.redaction.spans import DIRECT, QUASI


def test_every_type_has_a_label() -> None:
    assert set(LABELS) == DIRECT | QUASI
    assert len(set(LABELS.values())) == len(LABELS)


@pytest.mark.parametrize(
    ("kind", "text", "coarser"),
    [
        ("AGE", "34歳", "30代"), ("AGE", "８９才", "80代"), ("AGE", "90歳", "90歳以上"), ("AGE", "百一歳", "90歳以上"), ("AGE", "2歳5か月", "10歳未満"),
        ("AGE", "生後4ヶ月", "10歳未満"), ("AGE", "八十一", "80代"), ("AGE", "八つ", "10歳未満"), ("AGE", "二十", "20代"), ("AGE", "58", "50代"),
        ("DATE", "11月3日", "11月某日"), ("DATE", "10/29", "10月某日"), ("DATE", "2023年9月17日", "2023年9月某日"), ("DATE", "令和６年９月18日", "令和6年9月某日"),
        ("DATE", "R6.11.8", "R6年11月某日"), ("DATE", "昨年の十二月二十日", "昨年の12月某日"), ("DATE", "先月の8日", "先月"), ("DATE", "19日", "［日付］"), ("DATE", "3月末日", "3月某日"),
        ("ADDRESS", "千葉県柏市みどり台2-8-11", "千葉県内"), ("ADDRESS", "札幌市北区北二十四条西5丁目", "北海道内"), ("ADDRESS", "本町四丁目の8番", "［住所］"),
        ("URL", "https://www.skin.example.co.jp/blog?x=1", "［URL:example.co.jp］"), ("URL", "x.com/taro/status/1", "［URL:x.com］"), ("URL", "http://192.0.2.1/", "［URL］"),
        ("PHONE", "090-1234-5678", "［電話番号］"),
    ],
)  # fmt: skip
def test_generalised(kind: str, text: str, coarser: str) -> None:
    assert generalise(kind, text) == coarser


def test_pseudonyms_agree_over_spellings_and_differ_over_keys_and_types() -> None:
    key = b"k" * 32
    assert pseudonym("PERSON", "田中 美咲", key) == pseudonym("PERSON", "田中　美咲", key)
    assert pseudonym("PHONE", "０９０", key) == pseudonym("PHONE", "090", key)
    assert pseudonym("PERSON", "田中", key) != pseudonym("PERSON", "田中", b"l" * 32)
    assert pseudonym("PERSON", "田中", key) != pseudonym("HANDLE", "田中", key)
    assert "田中" not in pseudonym("PERSON", "田中", key)


def test_placeholders_are_known_again_and_look_alikes_are_not() -> None:
    for kind in LABELS:
        for shown in (placeholder(kind), pseudonym(kind, "x", b"k" * 32)):
            assert placeholder_spans(f"あ{shown}い") == [(1, 1 + len(shown))]
    assert placeholder_spans("［URL:example.com］") == [(0, 17)]
    for text in ("［090-1234-5678］", "［氏名:090-1234-5678］", "［田中］", "[氏名]", "［氏名"):
        assert placeholder_spans(text) == []


def test_defaults_cover_every_type_and_differ_by_mode() -> None:
    internal, anonymous = default_operators("internal"), default_operators("anonymous")
    assert set(internal) == set(anonymous) == DIRECT | QUASI
    assert (internal["URL"], anonymous["URL"]) == ("generalise", "placeholder")
    assert {name: RedactionPolicy().operator(name) for name in internal} == internal


@pytest.mark.parametrize(
    "wrong",
    [
        {"operators": {"NAME": "placeholder"}},
        {"operators": {"MY_NUMBER": "keep"}},
        {"operators": {"PERSON": "encrypt"}},
        {"allow": [" "]},
        {"deny": {"ことり": "BIRD"}},
        {"mode": "public"},
        {"unknown": 1},
        {"max_quasi": 0},
    ],
)
def test_a_wrong_policy_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RedactionPolicy.model_validate(wrong)
