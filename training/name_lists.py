"""Take the personal names out of unidic-lite: `python -m training.name_lists`.

Writes `transforms/redaction/names/data/unidic_names.txt`, which ships with the package because the dictionary answers
only for whole words: a name that the analyser cuts into pieces (いわ|も|と) is found again by its reading. Three lines,
each a list separated by spaces: family names as written, readings of family names, readings of given names. UniDic is
used under its BSD licence (training/names.md tells the copyright).
"""

from __future__ import annotations

import csv
import struct
from pathlib import Path

import unidic_lite  # type: ignore[import-untyped]

from transforms.redaction.names.lexicon import to_hiragana

OUT = Path(__file__).parents[1] / "transforms/redaction/names/data/unidic_names.txt"
_HEADER = struct.Struct("<10I")
_HEADER_BYTES = 72
_KANA = 17
_WRITTEN = 8


def entries(dictionary: bytes) -> list[list[str]]:
    """The feature columns of all personal names of a MeCab system dictionary (format 102).

    Args:
        dictionary: bytes of `sys.dic`.

    Raises:
        ValueError: the file has another format.
    """
    _, version, _, _, _, _, trie_bytes, token_bytes, feature_bytes, _ = _HEADER.unpack_from(dictionary)
    if version != 102:
        raise ValueError(f"sys.dic has format {version}, 102 was expected")
    start = _HEADER_BYTES + trie_bytes + token_bytes
    features = dictionary[start : start + feature_bytes].split(b"\0")
    lines = (f.decode() for f in features if "固有名詞,人名".encode() in f)
    return list(csv.reader(lines))


def main() -> None:
    """Write the lists."""
    rows = entries((Path(unidic_lite.DICDIR) / "sys.dic").read_bytes())
    family = [row for row in rows if row[3] == "姓"]
    given = [row for row in rows if row[3] == "名"]
    lists = (
        {row[_WRITTEN] for row in family},
        {to_hiragana(row[_KANA]) for row in family},
        {to_hiragana(row[_KANA]) for row in given},
    )
    OUT.write_text("".join(" ".join(sorted(names)) + "\n" for names in lists), encoding="utf-8")
    print(f"{OUT.name}: " + ", ".join(str(len(names)) for names in lists))


if __name__ == "__main__":
    main()
