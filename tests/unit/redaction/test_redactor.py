from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from transforms.redaction.policy import RedactionPolicy
from transforms.redaction.redactor import MAX_CHARS, Redaction, RedactionError, RedactionFailure, Redactor
from transforms.redaction.spans import DIRECT, QUASI, Span
from transforms.text.fold import Folded
from transforms.text.tokens import Token

POST = "34歳の母が11月3日に田中先生の診察。電話は０９０ー１２３４ー５６７８、千葉県柏市みどり台2-8-11"


@pytest.fixture(scope="module")
def redactor() -> Redactor:
    return Redactor()


class Failing:
    """A name finder that breaks on some posts, with the post's text in its error."""

    def find_many(self, folded: Sequence[Folded], tokens: Iterable[Sequence[Token]]) -> list[list[Span]]:
        for text in folded:
            if "こわす" in text.text:
                raise ValueError(text.text)
        return [[] for _ in folded]


def test_a_post_keeps_what_pharmacovigilance_needs(redactor: Redactor) -> None:
    text = "34歳の母、ロット番号FA4597のロキソニン60mgで蕁麻疹。さくら内科クリニックの皮膚科"
    redacted = redactor.redact(text).text
    for kept in ("ロット番号FA4597", "ロキソニン60mg", "蕁麻疹", "さくら内科クリニック", "皮膚科", "30代"):
        assert kept in redacted


def test_titles_stay_and_the_rest_is_replaced(redactor: Redactor) -> None:
    redaction = redactor.redact(POST)
    assert redaction.text == "30代の母が11月某日に［氏名］先生の診察。電話は［電話番号］、千葉県内"
    assert [s.type for s in redaction.spans] == ["AGE", "DATE", "PERSON", "PHONE", "ADDRESS"]
    assert [POST[s.start : s.end] for s in redaction.spans][3] == "０９０ー１２３４ー５６７８"


def test_offsets_are_code_points_of_the_original(redactor: Redactor) -> None:
    text = "🏥🏥ﾊﾞﾊﾟ\u200b㎎ 電話\u200b０３−５５５０−０１４８🏥"
    (span,) = redactor.redact(text).spans
    assert text[span.start : span.end] == "０３−５５５０−０１４８"


def test_many_gives_what_one_by_one_gives(redactor: Redactor) -> None:
    texts = [POST, "", "天気がいい", "@taro_2024さんへ", POST[::-1]] * 40
    many = redactor.redact_many(texts)
    assert many == [redactor.redact(t) for t in texts]


def test_a_failing_text_costs_itself_alone_and_tells_nothing() -> None:
    redactor = Redactor(names=Failing())
    results = redactor.redact_many(
        ["電話は090-1234-5678", "こわす電話090-1234-5678", "x" * (MAX_CHARS + 1), "ok"]
    )
    assert isinstance(results[0], Redaction)
    assert results[1] == RedactionFailure("failed_valueerror")
    assert results[2] == RedactionFailure("too_long")
    assert results[3] == Redaction("ok", [])
    with pytest.raises(RedactionError) as error:
        redactor.redact("こわす電話090-1234-5678")
    assert "こわす" not in str(error.value)
    assert error.value.__cause__ is None


def test_known_names_of_a_thread_are_found(redactor: Redactor) -> None:
    text = "ことねは元気です、と返信しました"
    assert "［氏名］" in redactor.redact(text, known_names=["ことね"]).text
    assert "橋本病" in redactor.redact("橋本病が心配", known_names=["橋本"]).text


def test_allow_and_deny() -> None:
    policy = RedactionPolicy(allow=("03-5550-0148",), deny={"みどり三丁目の家": "ADDRESS"})
    redacted = Redactor(policy).redact("電話０３ー５５５０ー０１４８か090-1234-5678、みどり三丁目の家").text
    assert redacted == "電話０３ー５５５０ー０１４８か［電話番号］、［住所］"


def test_operators_by_policy() -> None:
    kept = Redactor(
        RedactionPolicy(operators={"AGE": "keep", "PHONE": "pseudonym"}), pseudonym_key=b"k" * 32
    ).redact(POST)
    assert "34歳" in kept.text
    assert "［電話番号:p" in kept.text
    assert "AGE" not in {s.type for s in kept.spans}
    dropping = Redactor(RedactionPolicy(operators={"MY_NUMBER": "drop_post"}))
    assert dropping.redact_many(["マイナンバー123456789018"]) == [RedactionFailure("dropped_by_policy")]


def test_pseudonyms_need_a_key() -> None:
    with pytest.raises(ValueError, match="key"):
        Redactor(RedactionPolicy(operators={"PERSON": "pseudonym"}))


def test_anonymous_mode_drops_posts_in_which_quasi_identifiers_meet() -> None:
    redactor = Redactor(RedactionPolicy(mode="anonymous"))
    assert redactor.redact_many(["34歳の母が11月3日に512号室へ"]) == [RedactionFailure("dropped_by_policy")]
    result = redactor.redact("34歳の母が https://example.com/x を見た")
    assert result.text == "30代の母が ［URL］ を見た"


def test_explain_names_rule_and_cue(redactor: Redactor) -> None:
    (span, cue) = next(t for t in redactor.explain("診察券番号は0012345です") if t[0].type == "PATIENT_ID")
    assert span.rule == "patient.card"
    assert cue == "診察券"


def test_numbers_said_twice_are_found_twice(redactor: Redactor) -> None:
    text = "受付番号B-027で待つ。B-027の方、と呼ばれた"
    assert "B-027" not in redactor.redact(text).text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "品川 300 あ 12-35!普?通 123456|7 4111 1111 1z111 1111", id="next sentence tells a name"
        ),
        pytest.param(
            "\t\t\tNo\tNoI\tIII\tNoI\tIIIIIII\udcf7\udcac%\x0e\udcf6\udcef\udcbe!\udc94II"
            + "\0" * 10
            + "II\udcf7\udcac%\x0e\udcf6\udcef\udcbe \udc94",
            id="all of the text tells a name",
        ),
    ],
)
def test_what_tells_a_name_is_not_lost_when_a_text_is_searched_again(redactor: Redactor, text: str) -> None:
    """Found by the fuzzer: the second search saw less of the text than the first."""
    once = redactor.redact(text).text
    assert once != text
    assert redactor.redact(once).text == once


def test_lines(redactor: Redactor) -> None:
    lines = [
        json.dumps({"id": "a", "text": "電話は090-1234-5678", "source": "x"}).encode(),
        b"", b"not json", b"[1]", json.dumps({"id": 7}).encode(), b"\xff\xfe", json.dumps({"id": {"x": 1}, "text": "ok"}).encode(),
        b'{"id": "s", "text": "\\ud800 090-1234-5678"}',
    ]  # fmt: skip
    out = list(redactor.redact_lines(lines))
    assert out[0]["text"] == "電話は［電話番号］"
    assert out[0]["spans"] == [
        {"start": 3, "end": 16, "type": "PHONE", "score": 0.95, "rule": "phone.national"}
    ]
    assert out[1:6] == [
        {"id": None, "error": "not_json"},
        {"id": None, "error": "not_an_object"},
        {"id": 7, "error": "no_text"},
        {"id": None, "error": "not_json"},
        {"id": None, "text": "ok", "spans": []},
    ]
    assert out[6]["text"] == "\ufffd ［電話番号］"
    json.dumps(out).encode("utf-8")


PIECES = [
    "田中", "先生", "さん", "様", "（", "）", "34歳", "11月3日", "10/29", "電話", "090-1234-5678", "０３−５５５０−０１４８", "〇九〇", "-", "診察券", "番号", "0012345",
    "記号", "番号", "東京都", "世田谷区", "桜丘", "3-14-2", "〒154-0002", "@taro_2024", "taro@example.com", "https://x.com/a", "マイナンバー", "123456789018",
    "［氏名］", "［電話番号］", "30代", "11月某日", "千葉県内", "、", "。", "\n", " ", "の", "は", "生まれ", "S55.3.2", "5階東病棟", "512号室", "享年", "86", "父", "会社の",
    "東亜製缶", "\u200b", "①", "ﾊﾞ", "品川 300 あ 12-34", "普通 1234567", "カード", "4111 1111 1111 1111",
]  # fmt: skip
POSTS = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=14).map("".join),
    st.text(alphabet=st.characters(), max_size=60),
    st.lists(
        st.one_of(st.sampled_from(PIECES), st.text(alphabet=st.characters(), max_size=4)), max_size=10
    ).map("".join),
)


@settings(deadline=None, max_examples=150)
@given(POSTS)
@example("［氏名］［氏名］先生3-4")
@example("享年86、" * 3)
def test_any_text_is_redacted_within_bounds_and_once_is_enough(text: str) -> None:
    redactor = Redactor()
    redaction = redactor.redact(text)
    assert all(0 <= s.start < s.end <= len(text) for s in redaction.spans)
    assert all(a.end <= b.start for a, b in itertools.pairwise(redaction.spans))
    assert all(s.type in DIRECT | QUASI and 0 <= s.score <= 1 for s in redaction.spans)
    assert redactor.redact(redaction.text).text == redaction.text


@pytest.mark.parametrize(
    "unit",
    [
        "1",
        "1-",
        "あ",
        "(1",
        "ID",
        "の",
        "東京都世田谷区1",
        "090-1234-5678 ",
        "番号1",
        "1月",
        "［氏名］",
        "a@",
        "S5.",
    ],
)
def test_long_repetitions_end(unit: str, redactor: Redactor) -> None:
    text = (unit * 20_000)[:20_000]
    assert redactor.redact_many([text])


def test_a_megabyte_is_answered_at_once(redactor: Redactor) -> None:
    line = json.dumps({"id": "big", "text": "あ" * 1_000_000}).encode()
    assert list(redactor.redact_lines([line])) == [{"id": "big", "error": "too_long"}]


def test_a_text_may_grow_beyond_the_bound(redactor: Redactor) -> None:
    text = ("090-1234-5678 2歳、" * MAX_CHARS)[:MAX_CHARS]
    assert isinstance(redactor.redact_many([text])[0], Redaction)


def test_deep_json_is_a_bad_line(redactor: Redactor) -> None:
    assert list(redactor.redact_lines([b"[" * 100_000])) == [{"id": None, "error": "not_json"}]
