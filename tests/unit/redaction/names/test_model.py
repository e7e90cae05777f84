"""The trained model: it loads, refuses other weights, counts as its training counts, and trains to the same bytes."""

from __future__ import annotations

import hashlib
import random
import struct
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from evaluation import gold
from training.labels import POSTS as TRAINING
from training.name_lists import entries
from training.name_swaps import Namer, rename_facilities, swap
from training.names import Settings, build, marginals, score, train
from transforms.redaction.names import model as m
from transforms.redaction.names.features import describe
from transforms.redaction.names.finder import NameFinder, default_model
from transforms.redaction.names.model import (
    Model,
    ModelError,
    Weights,
    bucket,
    dump_weights,
    load_weights,
    parse_weights,
    window_strings,
)
from transforms.redaction.spans import Span
from transforms.text.fold import fold
from transforms.text.tokens import Tokenizer, get_tokenizer

POSTS = [
    {"text": "受付の川端さんが親切。", "spans": [{"start": 3, "end": 5, "type": "PERSON"}]},
    {"text": "整形の大石先生は早口だ。", "spans": [{"start": 3, "end": 5, "type": "PERSON"}]},
    {"text": "待ち時間が長い病院だった。", "spans": []},
    {"text": "娘の美月は注射で泣いた。", "spans": [{"start": 2, "end": 4, "type": "PERSON"}]},
    {"text": "高橋クリニックは混む。", "spans": []},
]


def test_shipped_weights_have_the_hash_beside_them() -> None:
    here = files("transforms.redaction.names")
    data = (here / m.WEIGHTS_FILE).read_bytes()
    assert hashlib.sha256(data).hexdigest() == (here / m.HASH_FILE).read_text("ascii").strip()
    assert np.count_nonzero(default_model_weights().values) > 1_000


def default_model_weights() -> Weights:
    return m.load_weights()


def test_other_weights_are_refused_in_one_line() -> None:
    data = dump_weights(Weights(np.ones(m.BUCKETS, np.float32), np.zeros((2, 2), np.float32), 0.0))
    with pytest.raises(ModelError, match=r"^weights of the name model have hash .*was expected$") as raised:
        parse_weights(data, "0" * 64)
    assert "\n" not in str(raised.value)


def test_weights_survive_the_file() -> None:
    values = np.zeros(m.BUCKETS, np.float32)
    values[[3, 70_000]] = (1.5, -0.25)
    data = dump_weights(Weights(values, np.array([[0.5, -1], [2, 0]], np.float32), 0.75))
    back = parse_weights(data, hashlib.sha256(data).hexdigest())
    assert np.array_equal(back.values, values)
    assert back.transitions.tolist() == [[0.5, -1.0], [2.0, 0.0]]
    assert back.bias == 0.75


def test_sums_looked_up_equal_the_sum_of_all_strings() -> None:
    generator = np.random.default_rng(5)
    weights = Weights(generator.normal(size=m.BUCKETS).astype(np.float32), np.zeros((2, 2), np.float32), 0.5)
    model = Model(weights)
    tokens = get_tokenizer().tokenize("昨日、整形の大石先生に診てもらった。")
    rows = [m.BOUNDARY_ROW] * 3 + model.words(tokens) + [m.BOUNDARY_ROW] * 3
    descriptions = [word.description for word in model.at(rows)]
    likely = model.likely(np.array(rows))
    assert len(likely.at) > 0
    for i, evidence in zip(likely.at, likely.evidence, strict=True):
        strings = window_strings(descriptions[i - 3 : i + 4])
        expected = 0.5 + sum(float(weights.values[bucket(s)]) for s in strings)
        assert evidence == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    "text", ["父が行ったが留守だった", "駅から歩いたから疲れた", "眠りについていた。病についた。"]
)
def test_words_of_one_spelling_are_told_apart_by_all_that_the_model_sees(text: str) -> None:
    model, tokens = default_model(), get_tokenizer().tokenize(text)
    for order in (list(tokens), list(reversed(tokens))):
        fresh = Model(load_weights())
        assert [w.description for w in fresh.at(fresh.words(order))] == [describe(t) for t in order]
    assert [w.description for w in model.at(model.words(tokens))] == [describe(t) for t in tokens]


def test_what_was_read_before_changes_no_finding() -> None:
    texts = [p["text"] for name in ("04.jsonl", "13.jsonl") for p in gold.read(TRAINING / name)][:400]

    def findings(order: list[str]) -> dict[str, list[Span]]:
        finder, tokenizer = NameFinder(Model(load_weights())), Tokenizer()
        folds = [fold(text) for text in order]
        return {f.original: finder.find(f, tokenizer.tokenize(f)) for f in folds}

    assert findings(texts) == findings(texts[::-1])


def test_probabilities_of_a_chain_equal_those_of_training() -> None:
    random.seed(3)
    transitions = np.array([[0.5, -1.2], [-1.3, 0.9]], np.float32)
    model = Model(Weights(np.zeros(m.BUCKETS, np.float32), transitions, 0.0))
    for length in (1, 2, 5):
        evidence = [random.uniform(-3, 3) for _ in range(length)]
        expected, _ = marginals(np.array([evidence], np.float32), transitions)
        assert model.chain(evidence, after_other=False, before_other=False) == pytest.approx(
            expected[0].tolist(), abs=1e-5
        )


def test_training_twice_gives_the_same_bytes_and_learns() -> None:
    settings = Settings(epochs=20)
    packed = [dump_weights(train(build(POSTS, settings.longest), settings)) for _ in range(2)]
    assert packed[0] == packed[1]
    finder = NameFinder(Model(parse_weights(packed[0], hashlib.sha256(packed[0]).hexdigest())))
    assert score(finder, POSTS).masked == 3


def test_other_people_stand_where_the_first_ones_stood() -> None:
    row = {"text": "大石先生と大石先生の妻、美月さん。", "spans": [
        {"start": 0, "end": 2, "type": "PERSON"}, {"start": 5, "end": 7, "type": "PERSON"}, {"start": 12, "end": 14, "type": "PERSON"},
    ]}  # fmt: skip
    other = swap(row, lambda name, _: {"大石": "東山田", "美月": "凛"}[name])
    assert other["text"] == "東山田先生と東山田先生の妻、凛さん。"
    assert [other["text"][s["start"] : s["end"]] for s in other["spans"]] == ["東山田", "東山田", "凛"]


def test_facilities_are_renamed_and_people_left() -> None:
    row = {"text": "高橋クリニックの大石先生", "spans": [{"start": 8, "end": 10, "type": "PERSON"}]}
    other = rename_facilities(row, Namer(1))
    assert other is not None
    assert other["text"].endswith("クリニックの大石先生")
    span = other["spans"][0]
    assert other["text"][span["start"] : span["end"]] == "大石"


def test_the_default_model_is_read_once() -> None:
    assert default_model() is default_model()


def test_the_card_is_about_the_shipped_weights() -> None:
    card = (Path(__file__).parents[4] / "training/names.md").read_text(encoding="utf-8")
    assert (
        hashlib.sha256((files("transforms.redaction.names") / m.WEIGHTS_FILE).read_bytes()).hexdigest()
        in card
    )


def test_the_dictionary_s_names_are_read_from_its_format() -> None:
    header = struct.pack("<10I", 0, 102, 0, 0, 0, 0, 4, 2, 0, 0)
    row = "名詞,固有名詞,人名,姓,*,*,オオイシ,大石,大石,オオイシ,大石"
    features = ("名詞,普通名詞,一般,*\0" + row + "\0").encode()
    header = header[:32] + struct.pack("<I", len(features)) + header[36:]
    assert [r[8] for r in entries(header + bytes(32) + bytes(6) + features)] == ["大石"]
    with pytest.raises(ValueError, match=r"format 7, 102 was expected"):
        entries(struct.pack("<10I", 0, 7, 0, 0, 0, 0, 0, 0, 0, 0))
