"""The making of the table of word vectors: the published hash, lemmas by their spellings, what is left out."""

from __future__ import annotations

import io

import numpy as np
import pytest

from training import word_vectors
from transforms.classification.features import word_bucket


def test_the_published_hash() -> None:
    # Of the reference implementation of MurmurHash64A with seed 1, by which spaCy keeps its strings.
    assert word_vectors.murmur(b"hello") == 5983625672228268878
    assert word_vectors.murmur(b"coffee") == 3197928453018144401


def test_a_map_of_whole_numbers() -> None:
    packed = (
        b"\xdf\x00\x00\x00\x03\x07\xcc\xff\xcf" + (2**63).to_bytes(8, "big") + b"\xcd\x01\x00" + b"\x01\x00"
    )
    assert word_vectors.read_map(packed) == {7: 255, 2**63: 256, 1: 0}
    for other in (b"", b"\x93\x01\x02\x03", b"\xdf\x00\x00\x00\x01\x07\xa1a"):
        with pytest.raises(ValueError, match="no map"):
            word_vectors.read_map(other)


def test_a_lemma_without_a_vector_has_that_of_its_spellings() -> None:
    vectors = np.random.default_rng(0).normal(size=(3, 200)).astype(np.float32)
    published = word_vectors.Published({"できる": 0, "ロキソニン": 1, "丁寧な言葉": 2}, vectors)
    packed = word_vectors.shorten(published, {"出来る": {"できる"}, "無い": {"ない"}})
    with np.load(io.BytesIO(packed)) as arrays:
        buckets = np.cumsum(arrays["buckets"], dtype=np.uint32).tolist()
        assert arrays["vectors"].dtype == np.int8
    assert buckets == sorted(map(word_bucket, ("出来る", "ロキソニン")))
