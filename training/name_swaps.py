"""More posts for training: the same posts with other people in them.

Belongs here: how a marked name is exchanged for one drawn from the lists, and the names of facilities likewise.
Does not: the model, its labels.

A model that has seen 2,000 names learns some of them by heart. With other names in the same places, drawn from common
and rare ones and in other scripts, it learns the places.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from japanese_personal_name_dataset import load_dataset

from transforms.redaction.names import extra
from transforms.redaction.names.features import script
from transforms.redaction.names.lexicon import lexicon, to_hiragana

_SEPARATORS = re.compile(r"([ 　・.．=＝]+)")
_TITLED = re.compile(r"先生|医師|氏|院長|師長|主任|教授|部長")
_TO_KATAKANA = {code: code + 0x60 for code in range(ord("ぁ"), ord("ゖ") + 1)}
_OTHER_SCRIPT = 0.25
_FOREIGN = 0.3
_FOREIGN_FULL = 0.4
_RARE_FAMILY = 0.4
_POPULAR_GIVEN = 0.7


class _Written(NamedTuple):
    """A name in kanji, in hiragana and in Latin letters."""

    kanji: str
    reading: str
    latin: str

    def write(self, letter: str) -> str:
        """The name in a script (`features.script`)."""
        match letter:
            case "H":
                return self.reading
            case "K":
                return self.reading.translate(_TO_KATAKANA)
            case "T":
                return self.latin.capitalize()
            case "A":
                return self.latin.upper()
            case "a":
                return self.latin
            case _:
                return self.kanji


class Namer:
    """Draws names.

    Args:
        seed: of the draws.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        men, women, families = load_dataset("org", include_last_names=True)
        men_popular, women_popular = load_dataset("opti")
        self._families = [_Written(kanji, e["reading"], e["en"]) for kanji, e in sorted(families.items())]
        self._family_weights = [families[name.kanji]["count"] ** 0.5 for name in self._families]
        self._rare_kanji = sorted(lexicon().surnames_rare)
        self._rare_readings = sorted(r for r in lexicon().surname_readings if len(r) > 1)
        self._popular = [(r, e) for d in (men_popular, women_popular) for r, e in sorted(d.items())]
        self._foreign = (sorted(extra.FOREIGN_FAMILY), sorted(extra.FOREIGN_GIVEN))
        self._given = [
            (r, e) for d in (men, women) for r, e in sorted(d.items()) if len(r) > 1 and e["kanji"]
        ]

    def family(self, letter: str) -> str:
        """A family name in a script."""
        if letter in {"C", "H", "K"} and self._random.random() < _RARE_FAMILY:
            if letter == "C":
                return self._random.choice(self._rare_kanji)
            return _Written("", self._random.choice(self._rare_readings), "").write(letter)
        return self._random.choices(self._families, self._family_weights)[0].write(letter)

    def given(self, letter: str) -> str:
        """A given name in a script."""
        pool = self._popular if self._random.random() < _POPULAR_GIVEN else self._given
        reading, entry = self._random.choice(pool)
        return _Written(self._random.choice(entry["kanji"]), reading, entry["en"]).write(letter)

    def instead_of(self, name: str, behind: str) -> str:
        """Another name of the same make.

        Args:
            name: the name to exchange.
            behind: what follows it in the text.

        Returns:
            The other name, or the given one where its make is not understood.
        """
        parts = _SEPARATORS.split(name)
        letter = script(parts[0])
        if letter in {"M", "9"}:
            return name
        if self._random.random() < _OTHER_SCRIPT:
            letter = self._random.choices("CHKTA", [4, 4, 3, 1, 0.5])[0]
        if letter == "K" and self._random.random() < _FOREIGN:
            return self._foreigner(len(parts) > 1 or self._random.random() < _FOREIGN_FULL)
        if len(parts) > 1:
            return "".join(self._part(p, letter, first=at == 0) for at, p in enumerate(parts))
        if script(name) == "C" and len(name) >= 4:
            return self.family("C") + self.given(self._random.choice("CCCH"))
        return self._part(name, letter, first=self._is_family(name, behind))

    def _foreigner(self, full: bool) -> str:  # noqa: FBT001 - a fact about the name, not a switch
        family, given = (self._random.choice(names) for names in self._foreign)
        if not full:
            return given
        return self._random.choice("・ ").join(self._random.choice(((family, given), (given, family))))

    def _part(self, part: str, letter: str, *, first: bool) -> str:
        if not part[:1].isalnum() or (len(part) == 1 and part.isascii()):
            return part
        return self.family(letter) if first else self.given(letter)

    def _is_family(self, name: str, behind: str) -> bool:
        if _TITLED.match(behind):
            return self._random.random() < 0.9
        names = lexicon()
        reading = to_hiragana(name)
        if name in names.surnames or name in names.surnames_rare:
            return True
        return reading in names.surname_readings and reading not in names.given_readings_popular


def swap(row: dict[str, Any], other: Callable[[str, str], str]) -> dict[str, Any]:
    """A gold row with other names, the same name everywhere in the post exchanged alike.

    Args:
        row: text and spans.
        other: gives another name for a name and what follows it.
    """
    text: str = row["text"]
    spans: Sequence[dict[str, Any]] = row["spans"]
    chosen: dict[str, str] = {}
    parts: list[str] = []
    moved: list[dict[str, Any]] = []
    done = length = 0
    for span in spans:
        plain, name = text[done : span["start"]], text[span["start"] : span["end"]]
        if span["type"] == "PERSON":
            if name not in chosen:
                chosen[name] = other(name, text[span["end"] : span["end"] + 2])
            name = chosen[name]
        parts += plain, name
        moved.append(
            {"start": length + len(plain), "end": length + len(plain) + len(name), "type": span["type"]}
        )
        length += len(plain) + len(name)
        done = span["end"]
    return {"text": "".join(parts) + text[done:], "spans": moved}


_FACILITY = re.compile(
    r"([一-龥々]{2,3})(?=(?:こども|小児|総合|中央|記念|メンタル|レディース|ファミリー|皮膚|整形|産婦人|耳鼻|歯|内|外|眼|心療)*"
    r"(?:クリニック|医院|病院|歯科|薬局|内科|外科|眼科|皮ふ科|皮膚科|診療所|整骨院|製薬|薬品|工業|病(?![院棟室])))"
)


def rename_facilities(row: dict[str, Any], namer: Namer) -> dict[str, Any] | None:
    """A post in which facilities and companies that bear a family name bear another; None where there is none.

    Args:
        row: text and spans.
        namer: draws the family names.
    """
    marked = {i for span in row["spans"] for i in range(span["start"], span["end"])}
    text: str = row["text"]
    edits = [
        (m.start(1), m.end(1), namer.family("C"))
        for m in _FACILITY.finditer(text)
        if (m[1] in lexicon().surnames or m[1] in lexicon().surnames_rare)
        and not marked.intersection(range(*m.span(1)))
    ]
    if not edits:
        return None
    spans = [dict(span) for span in row["spans"]]
    for start, end, name in reversed(edits):
        text = text[:start] + name + text[end:]
        for span in spans:
            if span["start"] >= end:
                span["start"] += len(name) - (end - start)
                span["end"] += len(name) - (end - start)
    return {"text": text, "spans": spans}
