"""Names as such: family names and given names, in kanji, in reading and in Latin letters.

Belongs here: look-ups over the data set that ships with `japanese-personal-name-dataset`.
Does not: words that stand beside names (`vocabulary`), decisions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final, NamedTuple

from japanese_personal_name_dataset import load_dataset

from transforms.redaction.names import extra

_KATAKANA_TO_HIRAGANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}


_VARIANTS = str.maketrans("髙﨑𠮷濵濱邊邉齋齊廣澤眞櫻國冨籐嶋龍瀧", "高崎吉浜浜辺辺斎斉広沢真桜国富藤島竜滝")


def plain_kanji(text: str) -> str:
    """`text` with the variants of kanji that registers of names keep (髙橋, 渡邉) as lists have them."""
    return text.translate(_VARIANTS)


def to_hiragana(text: str) -> str:
    """`text` with its katakana as hiragana."""
    return text.translate(_KATAKANA_TO_HIRAGANA)


Listed = dict[str, None]
"""A set of words. A dict of plain values is nothing that the garbage collector walks through again and again; a set is."""


def listed(words: Iterable[str]) -> Listed:
    """A set of words that costs the garbage collector nothing."""
    return dict.fromkeys(words)


class Lexicon(NamedTuple):
    """Sets of names.

    Attributes:
        surnames: family names in kanji, with the number of people who bear each.
        surnames_rare: family names in kanji that the analyser's dictionary knows besides.
        surname_readings: readings of family names in hiragana.
        surname_readings_frequent: those of the family names that many people bear.
        given: given names in kanji.
        given_popular: those among them that many people bear.
        given_kanji: kanji that often begin given names, kanji that often end them.
        family_kanji: the same of family names.
        given_readings: readings of given names in hiragana.
        given_readings_popular: those among them that many people bear.
        romaji_surnames: family names in Latin letters, lower case, also in the spellings without long vowels.
        romaji_given: given names in Latin letters, likewise.
    """

    surnames: dict[str, int]
    surnames_rare: Listed
    surname_readings: Listed
    surname_readings_frequent: Listed
    given: Listed
    given_popular: Listed
    given_kanji: tuple[frozenset[str], frozenset[str]]
    family_kanji: tuple[frozenset[str], frozenset[str]]
    given_readings: Listed
    given_readings_popular: Listed
    romaji_surnames: Listed
    romaji_given: Listed


ENDING_READINGS: Final = dict(zip("子代世江枝恵美乃", "こよよえええみの", strict=True))
"""How the kanji that end given names are read there."""

_SHORT_READING: Final = 2
"""Kana of given names that many words are alike to."""


def spellings(romaji: str) -> set[str]:
    """Ways in which people write a name in Latin letters: ou as o, oh or ou, uu as u.

    >>> sorted(spellings("satou"))
    ['sato', 'satoh', 'satou']
    """
    short = romaji.replace("ou", "o").replace("oo", "o").replace("uu", "u")
    found = {romaji, short}
    if romaji.endswith(("ou", "oo")):
        found.add(short + "h")
    return found


@cache
def lexicon() -> Lexicon:
    """The names of the data set, read once a process."""
    men, women, families = load_dataset("org", include_last_names=True)
    men_popular, women_popular = load_dataset("opti")
    written, family_readings, given_readings = (
        frozenset(line.split())
        for line in (files(__package__) / "data/unidic_names.txt").read_text("utf-8").splitlines()
    )
    frequent_readings = frozenset(entry["reading"] for entry in families.values())
    both = (men, women)
    popular = (men_popular, women_popular)
    given = frozenset(kanji for names in both for entry in names.values() for kanji in entry["kanji"])
    given_popular = frozenset(
        kanji for names in popular for entry in names.values() for kanji in entry["kanji"]
    )
    return Lexicon(
        surnames={name: entry["count"] for name, entry in families.items()},
        surnames_rare=listed(written | extra.HARD_FAMILY_NAMES),
        surname_readings=listed(frequent_readings | family_readings),
        surname_readings_frequent=listed(frequent_readings),
        given=listed(given | extra.KANJI_GIVEN),
        given_popular=listed(given_popular | extra.KANJI_GIVEN),
        given_kanji=_edges(given_popular, 60),
        family_kanji=_edges(written, 40),
        given_readings=listed(
            frozenset(reading for names in both for reading in names) | given_readings | extra.READINGS
        ),
        given_readings_popular=listed(reading for names in popular for reading in names),
        romaji_surnames=listed(way for entry in families.values() for way in spellings(entry["en"])),
        romaji_given=listed(
            way for names in both for entry in names.values() for way in spellings(entry["en"])
        ),
    )


def _edges(names: frozenset[str], least: int) -> tuple[frozenset[str], frozenset[str]]:
    """Kanji that begin, and kanji that end, at least so many of the names that have two kanji or more."""
    long = [name for name in names if len(name) > 1]
    first, last = Counter(name[0] for name in long), Counter(name[-1] for name in long)
    return frozenset(c for c, n in first.items() if n >= least), frozenset(
        c for c, n in last.items() if n >= least
    )


def is_family(kanji: str) -> bool:
    """Whether a list of family names holds a name in kanji."""
    names = lexicon()
    return kanji in names.surnames or kanji in names.surnames_rare


def is_given(kanji: str) -> bool:
    """Whether a list of given names holds a name in kanji."""
    return kanji in lexicon().given


def is_popular(kana: str) -> bool:
    """Whether a list of popular given names holds a name in kana."""
    reading = to_hiragana(kana)
    return reading in lexicon().given_readings_popular or reading in extra.READINGS


def is_given_reading(kana: str) -> bool:
    """Whether a given name in kana is a popular one, or listed and so long that it is hardly anything else."""
    return is_popular(kana) or (len(kana) > _SHORT_READING and to_hiragana(kana) in lexicon().given_readings)


def looks_given(surface: str) -> bool:
    """Whether two or three kanji begin and end like given names do."""
    first, last = lexicon().given_kanji
    return 2 <= len(surface) <= 3 and surface[0] in first and surface[-1] in last


def looks_family(surface: str) -> bool:
    """Whether two or three kanji begin and end like family names do."""
    first, last = lexicon().family_kanji
    return 2 <= len(surface) <= 3 and surface[0] in first and surface[-1] in last


@lru_cache(50_000)
def is_listed(surface: str) -> bool:
    """Whether a list of names holds `surface`, in kanji or by its reading."""
    names = lexicon()
    if surface in names.surnames or surface in names.surnames_rare or surface in names.given:
        return True
    if (plain := plain_kanji(surface)) != surface:
        return is_listed(plain)
    reading = to_hiragana(surface)
    return reading in names.surname_readings or reading in names.given_readings
