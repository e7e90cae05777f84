"""Bigger models for real: a stub server on this machine, and a tiny random model of Hugging Face where the extra is installed."""

from __future__ import annotations

import importlib.util
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from orchestration.config.loopback import loopback_port
from orchestration.config.policy import BiggerModel, load_policy
from orchestration.config.reading import ConfigError
from orchestration.installation import Installation
from orchestration.models import open_model
from orchestration.models.endpoint import GIVE_UP_AFTER, MAX_BYTES, Endpoint
from orchestration.settings import PROJECT, Settings
from transforms.classification.decode import columns
from transforms.classification.second_opinion import Answer, NoAnswer, SecondOpinion

pytestmark = pytest.mark.integration

WAITED = "3時間待たされた。受付の対応も最悪。"
GOOD = {"relevant": True, "sentiment": "neg", "topics": ["wait"], "flags": []}

Reply = Callable[[BaseHTTPRequestHandler], None]


def words(content: object, status: int = 200, **headers: str) -> Reply:
    """A reply with such content of its first choice."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        body = json.dumps({"choices": [{"message": {"content": content}}]}).encode()
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return reply


def raw(body: bytes) -> Reply:
    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(body)

    return reply


def hang(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(30)  # longer than any client here waits, however slow the machine


def drip(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(600):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


@contextmanager
def serving(*replies: Reply) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server that gives these replies in turn, the last for ever; its address, and what it was asked."""
    asked: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append({"path": self.path, **json.loads(body)})
            try:
                replies[min(len(asked), len(replies)) - 1](self)
            except OSError:
                return

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def endpoint(url: str, timeout: float = 30, parallel: int = 1) -> Endpoint:
    return Endpoint.of(url, "tiny 模型", timeout=timeout, parallel=parallel)


def test_a_model_on_this_machine_is_asked_in_the_usual_way() -> None:
    with serving(words(json.dumps(GOOD))) as (url, asked):
        model = endpoint(url, parallel=3)
        assert model.answer_many([WAITED] * 5) == [Answer(GOOD)] * 5
    assert len(asked) == 5
    assert {a["path"] for a in asked} == {"/v1/chat/completions"}
    assert asked[0]["messages"][-1] == {"role": "user", "content": WAITED}
    assert asked[0]["temperature"] == 0
    assert model.version == "endpoint-tiny_"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (words("I cannot"), "bad_answer"),
        (words(None), "bad_answer"),
        (words({"sentiment": "neg"}), "bad_answer"),
        (raw(b"[]"), "bad_answer"),
        (raw(b"not json"), "bad_answer"),
        (raw(b"[" * 200_000), "bad_answer"),
        (raw(b"x" * (MAX_BYTES + 2)), "bad_answer"),
        (words(json.dumps(GOOD), status=500), "unreachable"),
        (words(json.dumps(GOOD), status=302, Location="http://192.0.2.1/"), "unreachable"),
        (hang, "timeout"),
        (drip, "timeout"),
    ],
)
def test_whatever_goes_wrong_is_a_reason(reply: Reply, reason: str) -> None:
    with serving(reply) as (url, _):
        timeout = 0.3 if reason == "timeout" else 30  # a slow machine's answer is no late one
        assert endpoint(url, timeout=timeout).answer_many([WAITED]) == [NoAnswer(reason)]


def test_without_a_server() -> None:
    with serving(hang) as (url, _):
        pass
    assert endpoint(url).answer_many([WAITED]) == [NoAnswer("unreachable")]


def test_a_server_that_fails_again_and_again_is_left_alone() -> None:
    with serving(words("", status=503)) as (url, asked):
        told = endpoint(url).answer_many([WAITED] * (GIVE_UP_AFTER + 20))
    assert len(asked) == GIVE_UP_AFTER
    assert told[-1] == NoAnswer("gave_up")


def test_one_good_answer_forgives() -> None:
    bad, good = words("", status=503), words(json.dumps(GOOD))
    with serving(*[bad] * (GIVE_UP_AFTER - 1), good, *[bad] * (GIVE_UP_AFTER - 1), good) as (url, asked):
        endpoint(url).answer_many([WAITED] * (2 * GIVE_UP_AFTER))
    assert len(asked) == 2 * GIVE_UP_AFTER


@pytest.mark.parametrize(
    "url",
    [
        "http://example.jp/v1", "http://localhost:8080/v1", "https://127.0.0.1/v1", "http://10.0.0.1/v1", "http://0.0.0.0/v1",
        "http://127.0.0.1@example.jp/v1", "http://user:pw@127.0.0.1/v1", "http://127.0.0.1:99999/v1", "ftp://127.0.0.1/",
        "http://[::ffff:127.0.0.1]:80/", "http://2130706433/", "127.0.0.1:8080", "http://127.0.0.1:8080/v1?x=1", "",
    ],
)  # fmt: skip
def test_other_machines_are_refused_by_the_policy(url: str, tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    text = (PROJECT / "config" / "policy.yaml").read_text("utf-8")
    path.write_text(f"{text}\nbigger_model:\n  kind: endpoint\n  url: {json.dumps(url)}\n", "utf-8")
    with pytest.raises(ConfigError) as told:
        load_policy(path)
    assert "bigger_model" in str(told.value)


def test_this_machine_is_known_by_number() -> None:
    assert loopback_port("http://127.0.0.1:8080/v1/") == ("127.0.0.1", 8080, "/v1")
    assert loopback_port("http://[::1]/") == ("::1", 80, "")


def test_it_is_off_by_default() -> None:
    policy = load_policy(PROJECT / "config" / "policy.yaml")
    assert policy.bigger_model.kind == "none"
    assert open_model(policy.bigger_model) is None


def test_a_night_asks_it_about_redacted_texts_and_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pyarrow as pa

    from orchestration.assets import staging
    from orchestration.progress import Silent
    from orchestration.staging import read_day
    from transforms.posts import RAW_SCHEMA

    day = date(2026, 11, 2)
    config = tmp_path / "config"
    config.mkdir()
    for path in (PROJECT / "config").glob("*.yaml"):
        (config / path.name).write_text(path.read_text("utf-8"), "utf-8")
    monkeypatch.setenv("KOE_MASTER_KEY", "11" * 32)
    answer = json.dumps({**GOOD, "topics": ["online"]})

    def reply(handler: BaseHTTPRequestHandler) -> None:
        words("?" if "1時間" in asked[-1]["messages"][-1]["content"] else answer)(handler)

    with serving(reply) as (url, asked):
        with (config / "policy.yaml").open("a", encoding="utf-8") as file:
            file.write(f"\nbigger_model:\n  kind: endpoint\n  url: {url}\n  name: tiny\n  parallel: 1\n")
        installation = Installation.open(Settings(tmp_path / "home", config))
        assert isinstance(installation.classifier, SecondOpinion)
        rows = [
            {
                **dict.fromkeys(RAW_SCHEMA.names), "source": "qa", "post_id": str(i), "author_id": str(i), "created_at": 1_793_500_000,
                "text": f"ひよどり坂病院の田中美咲先生に{i}時間待たされた。", "event_type": "create", "edit_ids": [], "file_id": "f",
                "arrived_on": day, "loaded_at": 1_793_600_000,
            }
            for i in range(3)
        ]  # fmt: skip
        installation.vault.write_raw(day, "qa_export", "b", pa.Table.from_pylist(rows, RAW_SCHEMA))
        staging.redact(installation, [day], Silent())
        staging.classify(installation, [day], Silent())
    texts = [a["messages"][-1]["content"] for a in asked]
    assert len([text for text in texts if "待たされた" in text]) == 3
    assert not any("田中" in text for text in texts)
    assert not any(
        needle in text for text in texts for canary in installation.flock(day) for needle in canary.needles
    )
    table = read_day(installation.zones.classified, day)
    assert table is not None
    by_version = sorted(zip(table["model_version"].to_pylist(), table["topics"].to_pylist(), strict=True))
    assert [version for version, _ in by_version].count("endpoint-tiny") == 2
    assert [topics for version, topics in by_version if version == "endpoint-tiny"] == [
        ["online"],
        ["online"],
    ]
    facts = read_day(installation.zones.staging / "facts", day, name="classified.parquet")
    assert facts is not None
    told = dict(zip(facts["fact"].to_pylist(), facts["value"].to_pylist(), strict=True))
    assert told["second_opinion:answered"] == 2
    assert told["second_opinion:bad_answer"] == 1


# Hugging Face ------------------------------------------------------------------------------------------------------

EXTRA = all(importlib.util.find_spec(name) for name in ("transformers", "torch"))
needs_extra = pytest.mark.skipif(
    not EXTRA, reason='LEFT OUT: the extra is not installed (pip install -e ".[transformers]")'
)


def random_model(folder: Path, labels: list[str]) -> Path:
    """A tiny model with random weights and a tokenizer of single letters."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    torch.manual_seed(7)
    folder.mkdir(parents=True)
    letters = sorted(set("待時間受付対応最悪良親切先生薬。、3のもがで"))
    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters]), "utf-8")
    config = BertConfig(
        vocab_size=5 + len(letters), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        max_position_embeddings=64, num_labels=len(labels), id2label=dict(enumerate(labels)),
        label2id={name: i for i, name in enumerate(labels)}, problem_type="multi_label_classification",
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder, safe_serialization=True)
    BertTokenizerFast(vocab_file=str(vocabulary)).save_pretrained(folder)
    return folder


@needs_extra
def test_a_model_of_the_whole_guide(tmp_path: Path) -> None:
    folder = random_model(tmp_path / "model", list(columns()))
    model = open_model(BiggerModel(kind="transformers", folder=folder))
    assert model is not None
    told = model.answer_many([WAITED, "親切な先生" * 200, "🏥"])
    assert all(isinstance(one, Answer) for one in told)
    assert set(told[0].labels) == {"relevant", "sentiment", "topics", "speaker", "intent", "flags"}  # type: ignore[union-attr]
    assert told == model.answer_many([WAITED, "親切な先生" * 200, "🏥"])
    assert model.version.startswith("transformers-")


@needs_extra
def test_a_model_of_sentiment_alone_leaves_the_rest(tmp_path: Path) -> None:
    from transforms.classification.document import Document
    from transforms.classification.linear import read_model, shipped_files

    folder = random_model(tmp_path / "model", ["NEGATIVE", "neutral", "positive"])
    guest = open_model(BiggerModel(kind="transformers", folder=folder))
    assert guest is not None
    [told] = guest.answer_many([WAITED])
    assert isinstance(told, Answer)
    assert set(told.labels) == {"sentiment"}
    model = SecondOpinion(read_model(shipped_files()), guest)
    [labels] = model.classify_many([Document(WAITED)])
    assert labels.sentiment == told.labels["sentiment"]
    assert "wait" in labels.topics


@needs_extra
def test_a_folder_that_is_no_model_of_the_guide(tmp_path: Path) -> None:
    other = random_model(tmp_path / "other", ["cat", "dog"])
    empty = tmp_path / "empty"
    empty.mkdir()
    for folder, reason in (
        (other, "unknown_labels"),
        (empty, "not_loadable"),
        (tmp_path / "no", "not_loadable"),
    ):
        model = open_model(BiggerModel(kind="transformers", folder=folder))
        assert model is not None
        assert model.answer_many([WAITED]) == [NoAnswer(reason)]


@pytest.mark.skipif(EXTRA, reason="the extra is installed")
def test_without_the_extra_the_night_goes_on(tmp_path: Path) -> None:
    model = open_model(BiggerModel(kind="transformers", folder=tmp_path))
    assert model is not None
    assert model.answer_many([WAITED]) == [NoAnswer("not_installed")]
