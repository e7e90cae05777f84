"""Makes the table of word vectors that ships with the classifier: `python -m training.word_vectors WHEEL`.

Belongs here: the reading of the published vectors, their match with the analyser's lemmas, the shortened table.
Does not: what the classifier takes from the vectors (transforms/classification/meaning.py), training on posts.

The vectors are those of chiVe (Works Applications, Apache License 2.0: word2vec on the National Institute's web corpus), as
the wheel `ja-ginza` 5.3.0 carries them: 480,000 words share 20,000 vectors of 300 numbers. Only its files of vectors are read;
its trained models and their data are not used, and neither spaCy nor the wheel is needed to run or to train. The wheel is
had by `pip download --no-deps ja-ginza==5.3.0`.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import struct
import zipfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import unidic_lite  # type: ignore[import-untyped]

from transforms.classification import meaning
from transforms.classification.features import F32, word_bucket

TABLE: Final = Path(meaning.__file__).parent / "data" / meaning.TABLE_FILE
CARD: Final = Path(__file__).parent / "word_vectors.md"

DIMENSIONS: Final = 128
"""Numbers kept of each vector: of 300, they hold nearly all that tells posts apart, at less than half the cost."""

_LEMMA, _SPELLING = 7, 10
"""Places of the lemma and of its usual spelling in unidic-lite's features."""

_SEED: Final = 1
"""Of the hash by which the published table finds a word."""

_MAP: Final = b"\xdf"
_FIRST_WIDE: Final = 0x80
_WIDTHS: Final = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8}
"""MessagePack's marks of a map, and of whole numbers by their bytes; below the first, the mark is the number."""

_MULTIPLIER: Final = 0xC6A4A7935BD1E995
_MASK: Final = 0xFFFFFFFFFFFFFFFF
_SHIFT: Final = 47


class Published(NamedTuple):
    """The vectors as published.

    Attributes:
        rows: word -> row of `vectors`.
        vectors: rows by 300.
    """

    rows: Mapping[str, int]
    vectors: F32


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Make the table of word vectors from the wheel of ja-ginza.")
    parser.add_argument("wheel", type=Path, help="ja_ginza-5.3.0-py3-none-any.whl")
    args = parser.parse_args()
    published = read_wheel(args.wheel)
    table = shorten(published, lemmas())
    TABLE.write_bytes(table)
    CARD.write_text(card(args.wheel, table, published), encoding="utf-8")
    print(CARD.read_text(encoding="utf-8"))


def read_wheel(wheel: Path) -> Published:
    """Read the vectors out of the wheel.

    Args:
        wheel: path of the downloaded file.

    Returns:
        Words and vectors.

    Raises:
        FileNotFoundError: the wheel has no vectors where this version of it has them.
    """
    with zipfile.ZipFile(wheel) as archive:
        names = {Path(name).name: name for name in archive.namelist() if "/vocab/" in name}
        if not {"key2row", "vectors", "strings.json"} <= names.keys():
            raise FileNotFoundError(f"{wheel.name} holds no table of vectors")
        by_hash = read_map(archive.read(names["key2row"]))
        vectors = np.load(io.BytesIO(archive.read(names["vectors"])), allow_pickle=False)
        words = json.loads(archive.read(names["strings.json"]))
    hashed = ((word, by_hash.get(murmur(word.encode()))) for word in words)
    return Published({word: row for word, row in hashed if row is not None}, vectors)


def read_map(data: bytes) -> dict[int, int]:
    """Read a map of whole numbers in the format MessagePack.

    Args:
        data: a map of 32-bit length whose keys and values are not negative.

    Returns:
        The map.

    Raises:
        ValueError: it is another kind of value.
    """
    if data[:1] != _MAP:
        raise ValueError("no map of whole numbers")
    numbers: list[int] = []
    place = 5
    while place < len(data):
        kind = data[place]
        width = 0 if kind < _FIRST_WIDE else _WIDTHS.get(kind, 0)
        if kind >= _FIRST_WIDE and not width:
            raise ValueError("no map of whole numbers")
        numbers.append(int.from_bytes(data[place + 1 : place + 1 + width], "big") if width else kind)
        place += 1 + width
    return dict(zip(numbers[::2], numbers[1::2], strict=True))


def murmur(data: bytes) -> int:
    """MurmurHash64A (Appleby 2008), by which the published table finds a word."""
    value = _SEED ^ ((len(data) * _MULTIPLIER) & _MASK)
    whole = len(data) // 8
    for block in struct.unpack_from(f"<{whole}Q", data):
        mixed = (block * _MULTIPLIER) & _MASK
        mixed ^= mixed >> _SHIFT
        value = ((value ^ ((mixed * _MULTIPLIER) & _MASK)) * _MULTIPLIER) & _MASK
    if rest := data[whole * 8 :]:
        value = ((value ^ int.from_bytes(rest, "little")) * _MULTIPLIER) & _MASK
    value = ((value ^ (value >> _SHIFT)) * _MULTIPLIER) & _MASK
    return value ^ (value >> _SHIFT)


def lemmas() -> dict[str, set[str]]:
    """The lemmas of the analyser's dictionary with their usual spellings.

    Returns:
        Lemma, as `tokens.Token` has it -> spellings.
    """
    content = (Path(unidic_lite.DICDIR) / "sys.dic").read_bytes()
    header = struct.unpack_from("<10I", content)
    start = 72 + header[6] + header[7]
    features = content[start : start + header[8]].decode("utf-8", "replace").split("\0")
    found: dict[str, set[str]] = defaultdict(set)
    for values in csv.reader(line for line in features if line):
        if len(values) > _SPELLING:
            found[values[_LEMMA].split("-", 1)[0]].add(values[_SPELLING])
    return found


def shorten(published: Published, spellings: Mapping[str, set[str]]) -> bytes:
    """The table that ships: the main directions of the vectors, by bucket of the lemma.

    A lemma that the published words lack has the mean vector of its spellings. Published words that are no lemma are kept where the analyser
    may leave them whole (katakana, Latin letters).

    Args:
        published: words and vectors.
        spellings: of the lemmas.

    Returns:
        The bytes of an npz archive, the same for the same input.
    """
    norms = np.linalg.norm(published.vectors, axis=1, keepdims=True)
    unit = published.vectors / np.maximum(norms, 1e-9)
    _, _, directions = np.linalg.svd(unit - unit.mean(axis=0), full_matrices=False)
    turned = (unit @ directions[:DIMENSIONS].T).astype(np.float32)
    by_word: dict[str, F32] = {}
    for lemma, written in spellings.items():
        rows = [
            published.rows[w]
            for w in ([lemma] if lemma in published.rows else sorted(written))
            if w in published.rows
        ]
        if rows:
            by_word[lemma] = turned[rows].mean(axis=0)
    for word, row in published.rows.items():
        if word not in by_word and _whole(word):
            by_word[word] = turned[row]
    return pack(by_word)


def _whole(word: str) -> bool:
    """Whether the analyser leaves an unknown word of this spelling whole."""
    return len(word) > 1 and (all("ァ" <= c <= "ー" for c in word) or word.isascii())


def pack(by_word: Mapping[str, F32]) -> bytes:
    """Eight bits a number; vectors that are alike to the last bit are kept once."""
    buckets: npt.NDArray[np.uint32] = np.asarray([word_bucket(word) for word in by_word], dtype=np.uint32)
    numbers = np.stack(list(by_word.values()))
    scale = np.float32(np.abs(numbers).max() / 127.0)
    small = np.rint(numbers / scale).astype(np.int8)
    buckets, first = np.unique(buckets, return_index=True)
    vectors, rows = np.unique(small[first], axis=0, return_inverse=True)
    arrays: dict[str, Any] = {
        "buckets": np.diff(buckets, prepend=np.uint32(0)).astype(np.uint32),
        "rows": rows.astype(np.uint16 if len(vectors) < 65536 else np.uint32),
        "vectors": vectors,
        "scale": np.asarray(scale),
    }
    out = io.BytesIO()
    np.savez_compressed(out, allow_pickle=False, **arrays)
    return out.getvalue()


def card(wheel: Path, table: bytes, published: Published) -> str:
    """What the table is and where it comes from, as Markdown."""
    with np.load(io.BytesIO(table), allow_pickle=False) as arrays:
        words, shape = len(arrays["buckets"]), arrays["vectors"].shape
    return f"""# Word vectors of the classifier

Written by `python -m training.word_vectors WHEEL`; not edited by hand.

- What: {words} words, {shape[0]} different vectors of {shape[1]} numbers of eight bits, SHA-256 `{hashlib.sha256(table).hexdigest()}`
- From: chiVe (Works Applications Enterprise Co., Ltd.), Apache License 2.0 (`transforms/classification/data/word_vectors.LICENSE.txt`): word2vec on web pages that the National Institute for
  Japanese Language and Linguistics gathered, as `{wheel.name}` carries it ({len(published.rows)} words, SHA-256 of the wheel
  `{hashlib.sha256(wheel.read_bytes()).hexdigest()}`)
- Changed: words are the lemmas of unidic-lite (and whole words in katakana or Latin letters); the {shape[1]} main directions of 300 are kept, at eight bits
- For: the mean vector of a post, which the classifier of the labels weighs; it brings near what training posts never said in these words
- Not for: telling one word's meaning. Words that stand in like places share a vector, opposites among them (親切, 不親切)
"""


if __name__ == "__main__":
    main()
