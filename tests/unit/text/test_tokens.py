from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import unidic_lite  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from transforms.text.fold import fold
from transforms.text.tokens import MAX_CHUNK, Tokenizer, get_tokenizer


def test_words_carry_what_unidic_knows() -> None:
    name, title, *_ = get_tokenizer().tokenize(fold("田中さんに診てもらった"))
    assert (name.surface, name.start, name.end) == ("田中", 0, 2)
    assert (name.pos, name.pos2, name.pos3, name.pos4, name.kana) == (
        "名詞",
        "固有名詞",
        "人名",
        "姓",
        "タナカ",
    )
    assert (title.surface, title.pos) == ("さん", "接尾辞")


def test_lemma_is_the_dictionary_form_without_gloss() -> None:
    lemmas = [t.lemma for t in get_tokenizer().tokenize("コーヒーを飲んだ")]
    assert lemmas[0] == "コーヒー"
    assert "飲む" in lemmas


def test_unknown_words_are_their_own_lemma() -> None:
    token = get_tokenizer().tokenize("qzxvw")[0]
    assert (token.lemma, token.kana) == ("qzxvw", "")


@pytest.mark.parametrize(
    "text", ["田中  さん \t は\n\n元気 です！\r\n\tabc", "", " ", "\n", "a", "全角　空白"]
)
def test_offsets_point_at_surfaces(text: str) -> None:
    for token in get_tokenizer().tokenize(text):
        assert text[token.start : token.end] == token.surface


@pytest.mark.parametrize("name", ["sys.dic", "unk.dic"])
def test_the_dictionary_has_one_id_for_both_sides_of_a_word(name: str) -> None:
    """The tokenizer tells words apart by surface, left id and cost alone."""
    with Path(unidic_lite.DICDIR, name).open("rb") as file:
        header = struct.unpack("<10I", file.read(40))
        words, tokens = header[6], header[7]
        file.seek(72 + words)
        ids = np.frombuffer(file.read(tokens), np.uint16).reshape(-1, 8)[:, :2]
    assert len(ids) > 30
    assert (ids[:, 0] == ids[:, 1]).all()


def test_a_word_is_the_same_when_met_again() -> None:
    tokenizer = Tokenizer()
    first = tokenizer.tokenize("東京の病院")
    assert tokenizer.tokenize("東京の病院") == first


@given(st.text(alphabet=st.characters(), max_size=80))
def test_any_text_is_cut_in_order(text: str) -> None:
    folded = fold(text)
    position = 0
    for token in get_tokenizer().tokenize(folded):
        assert position <= token.start < token.end <= len(folded.text)
        assert folded.text[position : token.start].strip() == ""
        position = token.end
    assert folded.text[position:].strip() == ""


@given(st.text(alphabet=st.characters(), max_size=30))
def test_plain_strings_do_not_crash(text: str) -> None:
    get_tokenizer().tokenize(text)


def test_long_texts_are_cut_in_pieces_that_join() -> None:
    text = "今日は病院に行きました。" * (MAX_CHUNK // 6)
    tokens = get_tokenizer().tokenize(text)
    assert "".join(t.surface for t in tokens) == text
    assert tokens[-1].end == len(text)


@pytest.mark.parametrize("unit", ["あ", "a", "1", "一", " "])
def test_a_long_run_without_a_break_is_cut(unit: str) -> None:
    text = unit * 20_000
    assert "".join(t.surface for t in get_tokenizer().tokenize(text)) == text.replace(" ", "")
