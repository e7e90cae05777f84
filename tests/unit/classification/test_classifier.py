"""The classifier as a whole, with the model that ships: any text gets labels, and says why where it is unsure."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterator
from importlib import resources

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.classification.classifier import Classifier, parse_line
from transforms.classification.decode import FIELDS
from transforms.classification.document import Document
from transforms.classification.features import BLOCKS, hash_batch, prepare
from transforms.classification.labels import Labels
from transforms.classification.linear import (
    MANIFEST_FILE,
    WEIGHTS_FILE,
    ModelError,
    read_model,
    shipped_files,
)
from transforms.classification.meaning import TABLE_FILE
from transforms.posts import LABEL_FIELDS


@functools.cache
def _shared() -> Classifier:
    return Classifier.load()


@pytest.fixture
def classifier() -> Classifier:
    return _shared()


PLAIN = [
    ("予約したのに2時間待たされた。二度と行かない", {"sentiment": "neg", "intent": "complaint", "topic": "wait"}),
    ("看護師さんがとても優しく、安心して過ごせました。ありがとうございました", {"sentiment": "pos", "intent": "praise", "topic": "manner"}),
    ("ロキソニンを飲んだら全身に蕁麻疹が出て救急に行った", {"sentiment": "neg", "topic": "medication", "flag": "adverse_event"}),
    ("インフルエンザの予防接種は何歳から受けられますか？", {"intent": "question", "topic": "prevention"}),
    ("夜勤明け。病棟の人手不足で休憩も取れない。患者さんを待たせてしまった", {"speaker": "hcp", "topic": "workforce"}),
    ("母が入院中ですが面会が15分だけで悲しいです", {"speaker": "family", "topic": "inpatient"}),
    ("【休診のお知らせ】当院は12月30日から休診いたします", {"speaker": "facility", "intent": "information", "topic": "access"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), PLAIN)
def test_plain_posts(classifier: Classifier, text: str, expected: dict[str, str]) -> None:
    labels = classifier.classify(Document(text, source="x"))
    assert labels.relevant
    assert expected.get("topic", labels.topics[0]) in labels.topics
    assert expected.get("flag", "adverse_event") in {*labels.flags, "adverse_event"}
    for field in ("sentiment", "intent", "speaker"):
        assert getattr(labels, field) == expected.get(field, getattr(labels, field))
    assert ("adverse_event" in labels.flags) == (expected.get("flag") == "adverse_event")


def test_what_is_not_about_health_care(classifier: Classifier) -> None:
    labels = classifier.classify(
        Document("推しのライブが最高すぎて心臓止まるかと思った。ガチャも10連回した", source="x")
    )
    assert not labels.relevant
    assert labels.topics == ()
    assert labels.intent == "other"


def test_labels_have_the_fields_of_the_row() -> None:
    assert Labels._fields == tuple(field.name for field in LABEL_FIELDS)


def test_labels_fit_the_schema(classifier: Classifier) -> None:
    texts = ["先生は最高だけど待ち時間が地獄", "ワクチンを打った夜に39度の熱が出た", "", "😀", "x" * 50]
    rows = [labels.plain() for labels in classifier.classify_many([Document(t) for t in texts])]
    table = pa.Table.from_pylist(rows, schema=pa.schema(LABEL_FIELDS))
    assert table.num_rows == len(texts)
    assert set(rows[0]) == set(table.column_names)
    json.dumps(rows, ensure_ascii=False)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (" 　\n\t", "empty"),
        ("\u200b\u200d", "empty"),
        ("😀🎉🏥", "no_words"),
        ("……！？", "no_words"),
        ("https://example.com/a/b?c=d", "no_words"),
        ("https://example.com/a https://example.jp/b 🙏", "no_words"),
        ("［URL:example.com］ ［氏名］", "no_words"),
        ("12345 67890", "no_words"),
        ("The waiting time at this hospital was far too long.", "other_language"),
        ("병원에서 세 시간을 기다렸습니다. 정말 힘들었어요.", "other_language"),
        (
            "昨天我在医院等了三个小时，医生的态度非常不好，我觉得很失望，以后再也不去那家医院看病了。",
            "other_language",
        ),
        ("病院で待った。" * 1000, "too_long"),
        ("病院で2時間待った", None),
    ],
)
def test_reasons_for_low_confidence(classifier: Classifier, text: str, reason: str | None) -> None:
    labels = classifier.classify(Document(text))
    assert labels.confidence_reason == reason
    assert 0 <= labels.confidence <= 1
    if reason:
        assert labels.confidence <= 0.2


def test_a_megabyte_of_text(classifier: Classifier) -> None:
    assert classifier.classify(Document("待合室が混んでいて、" * 100_000)).confidence_reason == "too_long"
    assert classifier.classify(Document("a" * 1_000_000)).confidence_reason in {"other_language", "no_words"}


def test_batch_is_like_single(classifier: Classifier) -> None:
    documents = [Document(text, source="x") for text, _ in PLAIN] + [Document(""), Document("😀")]
    together = classifier.classify_many(documents)
    assert together == [classifier.classify(document) for document in documents]
    assert classifier.classify_prepared([prepare(d) for d in documents]) == together
    assert classifier.classify_many([]) == []


@given(st.text(max_size=200), st.sampled_from([None, "x", "google_review", "nowhere"]))
def test_any_text_gets_valid_labels(text: str, source: str | None) -> None:
    labels = _shared().classify(Document(text, source=source))
    assert labels.sentiment in FIELDS["sentiment"]
    assert labels.speaker in FIELDS["speaker"]
    assert labels.intent in FIELDS["intent"]
    assert set(labels.flags) <= set(FIELDS["flags"])
    assert (1 if labels.relevant else 0) <= len(labels.topics) <= (3 if labels.relevant else 0)
    assert len(set(labels.topics)) == len(labels.topics)
    assert set(labels.topics) <= set(FIELDS["topics"])


def test_lines(classifier: Classifier) -> None:
    good = {"id": "a", "source": "x", "text": "薬局で1時間待った", "rating": 2, "unknown": [1]}
    lines = [
        json.dumps(good, ensure_ascii=False).encode(),
        b"",
        b"not json",
        b'{"id": "b"}',
        b"[1]",
        b'{"id": 7, "text": "\\ud800"}',
        b"\xff\xfe",
        b'{"id": "c", "text": ' + b"[" * 100_000,
    ]
    out = list(classifier.classify_lines(lines))
    assert [o["id"] for o in out] == ["a", None, "b", None, "7", None, None]
    assert out[0]["relevant"] is True
    assert out[0]["topics"]
    assert [o.get("error") for o in out[1:4]] == [
        "line is no JSON",
        "text is missing or no string",
        "line is no JSON object",
    ]
    assert "error" not in out[4]
    assert all("\n" not in str(o.get("error", "")) for o in out)


def test_lines_stream(classifier: Classifier) -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield b'{"id": "a", "text": "\xe8\x96\xac"}'

    found = classifier.classify_lines(endless())
    assert next(found)["id"] == "a"
    assert taken <= 1024


def test_errors_hold_no_text() -> None:
    assert "秘密" not in str(parse_line('{"id": "a", "text": 秘密}'.encode()))
    assert parse_line(b'{"id": {"x": 1}, "text": "a"}') == Document("a")


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [("source", "facebook", None), ("rating", 9, None), ("rating", True, None), ("rating", 4, 4)],
)
def test_odd_fields_are_left_out(field: str, value: object, kept: object) -> None:
    parsed = parse_line(json.dumps({"id": "a", "text": "b", field: value}).encode())
    assert isinstance(parsed, Document)
    assert getattr(parsed, field) == kept


def test_explanations_name_features_and_rules(classifier: Classifier) -> None:
    explained = classifier.explain(Document("ロキソニンを飲んだら蕁麻疹が出た", source="x"))
    assert explained.labels == classifier.classify(Document("ロキソニンを飲んだら蕁麻疹が出た", source="x"))
    assert "flags:adverse_event" in explained.reasons
    weights = [reason.weight for reason in explained.reasons["flags:adverse_event"]]
    assert weights == sorted(weights, key=abs, reverse=True)
    assert any(reason.weight > 0 for reason in explained.reasons["flags:adverse_event"])
    assert all(0 <= chance <= 1 for chance in explained.probabilities.values())
    assert explained.rules == explained.labels.evidence


def test_reasons_add_up_to_the_score_but_for_the_meaning(classifier: Classifier) -> None:
    model = classifier._model
    batch = hash_batch([prepare(Document("会計で一時間待たされた", source="x"))])
    column = model.columns.index("topics:wait")
    parts = model.contributions(batch, column)
    of_features = sum(weight for (block, _), weight in parts.items() if block < len(BLOCKS))
    of_meaning = float(model.meaning.mean.of(batch[-1])[0] @ model.meaning.weights[:, column])
    score = float(model.first_scores(batch)[0, column])
    assert of_features + of_meaning + float(model.bias[column]) == pytest.approx(score, abs=1e-4)
    words = {bucket for block, bucket in parts if block == len(BLOCKS)}
    assert words == set(batch[-1].buckets.tolist())


def test_the_shipped_model_is_whole_and_small() -> None:
    files = shipped_files()
    assert set(files) == {MANIFEST_FILE, WEIGHTS_FILE}
    vectors = resources.files("transforms.classification").joinpath("data", TABLE_FILE).read_bytes()
    assert sum(map(len, files.values())) + len(vectors) < 20 * 1024 * 1024


def refused(files: dict[str, bytes]) -> str:
    with pytest.raises(ModelError) as caught:
        read_model(files)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 200
    return message


def test_a_changed_model_is_refused() -> None:
    files = shipped_files()
    weights = bytearray(files[WEIGHTS_FILE])
    weights[1000] ^= 1
    assert "does not match" in refused({**files, WEIGHTS_FILE: bytes(weights)})
    assert "does not match" in refused({MANIFEST_FILE: files[MANIFEST_FILE]})
    assert "manifest" in refused({WEIGHTS_FILE: files[WEIGHTS_FILE]})
    assert "manifest" in refused({**files, MANIFEST_FILE: b"{"})
    other = {**json.loads(files[MANIFEST_FILE]), "format": 99}
    assert "format" in refused({**files, MANIFEST_FILE: json.dumps(other).encode()})


def test_a_matching_hash_of_nonsense_is_refused() -> None:
    manifest = json.loads(shipped_files()[MANIFEST_FILE])
    manifest["sha256"] = hashlib.sha256(b"nonsense").hexdigest()
    assert "cannot be read" in refused(
        {MANIFEST_FILE: json.dumps(manifest).encode(), WEIGHTS_FILE: b"nonsense"}
    )
