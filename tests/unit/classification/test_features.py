"""Features: the same text gives the same numbers, alone or in company, raw or redacted."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.classification.document import Document
from transforms.classification.features import (
    BLOCKS,
    BUCKETS,
    HIDDEN,
    MAX_TEXT,
    NAME,
    first_sentence,
    hash_batch,
    hash_chars,
    hash_skips,
    hash_words,
    names_of_buckets,
    normal_form,
    prepare,
    word_bucket,
    word_hash,
    words,
)
from transforms.text.fold import fold
from transforms.text.tokens import get_tokenizer


def form(text: str) -> str:
    folded = fold(text)
    return normal_form(folded.text, get_tokenizer().tokenize(folded))


@pytest.mark.parametrize(
    ("raw", "redacted"),
    [
        ("昨日田中先生に診てもらった", "昨日［氏名］先生に診てもらった"),
        ("34歳の母が入院", "30代の母が入院"),
        ("11月3日に手術", "11月某日に手術"),
        ("詳細は https://example.com/abc を見て", "詳細は ［URL:example.com］ を見て"),
        ("連絡は a.b@example.jp まで", "連絡は ［メールアドレス］ まで"),
        ("＠hospital_x に聞いた", "［アカウント］ に聞いた"),
    ],
)
def test_raw_and_redacted_read_the_same(raw: str, redacted: str) -> None:
    assert form(raw) == form(redacted)


def test_pseudonyms_of_names_are_names() -> None:
    assert form("［氏名:p0123456789］さん") == f"{NAME}さん"
    assert form("［患者番号］の紙") == f"{HIDDEN}の紙"


def test_numbers_are_one_sign_but_units_stay() -> None:
    assert form("2時間待って3,500円") == "0時間待って0円"


def test_family_and_given_name_are_one_sign() -> None:
    assert form("田中美咲さん").count(NAME) == 1


def test_lemmas_hide_names_and_placeholders() -> None:
    folded = fold("［氏名］さんと［電話番号］と5人")
    lemmas = words(get_tokenizer().tokenize(folded))
    assert lemmas[0] == NAME
    assert HIDDEN in lemmas
    assert "0" in lemmas
    assert "電話" not in lemmas


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("  母が入院。面会は15分", "母が入院"),
        ("", ""),
        ("待った!長い", "待った"),
        ("あ" * 90, "あ" * 40),
        ("\n\n痛い", "痛い"),
    ],
)
def test_first_sentence(text: str, first: str) -> None:
    assert first_sentence(text) == first


def test_ngrams_do_not_cross_documents() -> None:
    apart = hash_chars(["ab", "cd"], salt=0)
    assert apart.counts.tolist() == [10, 10]
    alone = hash_chars(["ab"], salt=0)
    assert apart.buckets[:10].tolist() == alone.buckets.tolist()


def test_ngram_counts() -> None:
    hashed = hash_words([["a", "b", "c"], [], ["a"]], 2, salt=1)
    assert hashed.counts.tolist() == [5, 0, 1]
    assert hashed.buckets[0] == hashed.buckets[5]
    assert len(set(hashed.buckets[:5].tolist())) == 5


def test_salts_keep_blocks_apart() -> None:
    one, other = hash_words([["薬"]], 1, salt=1), hash_words([["薬"]], 1, salt=2)
    assert one.buckets.tolist() != other.buckets.tolist()


def test_skips_pair_content_within_a_sentence() -> None:
    documents = ["説明 が 丁寧", "説明 。 丁寧", "", "が は", "説明", "待つ 診察 会計 薬局 帰る"]
    hashes = [b"".join(word_hash(w).to_bytes(8, "little") for w in d.split()) for d in documents]
    assert hash_skips(hashes, 5).counts.tolist() == [1, 0, 0, 0, 0, 3 + 3 + 2 + 1]


def test_skips_are_the_same_whatever_stands_between() -> None:
    one, other = (prepare(Document(t)) for t in ("説明は丁寧", "説明がとても丁寧"))
    skips = BLOCKS.index("skips")
    assert set(hash_batch([one])[skips].buckets.tolist()) <= set(hash_batch([other])[skips].buckets.tolist())


def test_hash_is_the_same_in_another_process() -> None:
    code = "from transforms.classification.features import word_hash; print(word_hash('薬'))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(out.stdout) == word_hash("薬")


def test_single_words_come_last() -> None:
    prepared = prepare(Document("説明が丁寧"))
    assert hash_batch([prepared])[-1].buckets.tolist() == [word_bucket(w) for w in ("説明", "が", "丁寧")]


def test_buckets_spread() -> None:
    hashed = hash_words([[f"w{i}" for i in range(4000)]], 1, salt=1)
    assert len(set(hashed.buckets.tolist())) > 3990
    assert hashed.buckets.max() < BUCKETS


def test_long_text_is_read_to_a_bound() -> None:
    prepared = prepare(Document("病院で待った。" * 10_000))
    assert len(prepared.folded.text) == MAX_TEXT


def test_names_of_buckets_name_every_feature() -> None:
    prepared = prepare(Document("田中先生の説明が丁寧でした。", source="x"))
    named = names_of_buckets(prepared)
    for block, hashed in enumerate(hash_batch([prepared])):
        assert all((block, bucket) in named for bucket in hashed.buckets.tolist())
    assert "source:x" in named.values()


@given(st.lists(st.text(max_size=80), min_size=1, max_size=4))
def test_a_batch_is_its_documents(texts: list[str]) -> None:
    batch = [prepare(Document(text)) for text in texts]
    together = hash_batch(batch)
    for block in range(len(BLOCKS) + 1):
        alone = [hash_batch([one])[block] for one in batch]
        assert together[block].counts.tolist() == [int(a.counts[0]) for a in alone]
        assert together[block].buckets.tolist() == np.concatenate([a.buckets for a in alone]).tolist()
