"""Addresses finer than the municipality, in every way that people write them.

Belongs here: the walk from a municipality's name over town, numbers and building; addresses without a municipality
where their numbers leave no doubt; Latin addresses; coordinates.
Does not: prefectures and municipalities alone, which stay; postal codes (`contact`); the gazetteer (`places`).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import ahocorasick_rs

from transforms.redaction.recognizers.base import LONG_DIGITS, Found, Needs, Pattern
from transforms.redaction.recognizers.places import PREFECTURES, get_places

_N: Final = r"(?:[0-9]{1,5}|[xX*〇○●]{1,3})"
_MARK: Final = r"(?:丁目|丁|番地|番町|番|号|条通?|線)"
_NUMBERS: Final = rf"{_N}(?:(?:{_MARK}\s?[のノ之]?\s?[東西南北]?|\s?[-−]\s?|[のノ之・甲乙])\s?(?:{_N})){{0,6}}(?:号室|{_MARK}(?!目|手))?"
_COUNTER: Final = r"(?!\s?(?:時|人|回|円|日(?!大|本|吉|赤|暮|野)|月|年|歳|才|分(?!校|室)|%|か月|ヶ月|カ月|mg|ml|位|点|件|名(?!義)|℃|度|週|割|倍|軒目?|店|番目|番手|つ|km|キロ|m(?![a-z])|メートル|種|か所|ヶ所|箇所|病棟|床|代|本|枚|台|万|億|千|個|巡|便|番線|階建|行目|[.:/][0-9]))"

_KANJI: Final = "一-龥々〆ヶケヵ㐀-䶵豈-頻"
_SEGMENT: Final = rf"[{_KANJI}ァ-ヴー]"
_TOWN: Final = (
    rf"(?:大字|字)?(?:{_SEGMENT}{{1,16}}|[ぁ-ん]{{2,5}}(?=[{_KANJI}0-9])[{_KANJI}]{{0,5}})"
    rf"(?:(?:の|ノ|が|ガ|つ|ツ|之|乃)[{_KANJI}]{{1,6}})?"
    rf"(?:(?:上る|下る|上ル|下ル|上が?る|西入る?|東入る?|西入ル|東入ル)[{_KANJI}ノ]{{0,10}})?"
    rf"(?:\s?(?:大字|小字|字)[{_KANJI}ぁ-んァ-ヴー]{{1,8}})?"
    r"(?:[のノ甲乙丙丁イロハ])?"
)
_NOT_TOWN: Final = re.compile(
    r"病院|医院|クリニック|医療|センター|役所|役場|市立|県立|府立|区立|町立|都立|大学|駅|内科|外科|歯科|眼科|皮膚|民|薬局|保健所|協会|在住|出身|全域|全体|周辺|以外|以降|選出|議員|長選|中心部|郊外|^[内外]$|[市区県都府]内"
)
_KEYWORD: Final = (
    r"(?:コーポ|ハイツ|メゾン|マンション|アパート|荘|ビル|レジデンス|パレス|シャトー|ヴィラ|ビラ|タワー|寮|宿舎|団地|号棟|モール|プラザ|コート|ハイム|ポルト|フォレスト|グラン|カーサ|ドエル|ガーデン|ヒルズ|ハウス|フラット"
    r"|ライオンズ|パーク|シティ|テラス|ステージ|キャッスル|クレスト|プレジール|ラピス|ハーバー|エクセル|レオパレス|館|棟|邸|ルミエール|メディカル|サンシャイン|リバー|ロイヤル|アーバン|ベル|エステート|スカイ|ホーム)"
)
_ROOM: Final = r"(?:[A-Z]?-?[0-9]{1,4}(?:-[A-Z](?![A-Za-z]))?(?:号室|号|階|F|室)?|[0-9]{1,2}(?:階|F))"
_STOP: Final = r"[^\s、。,「」『』()（）\[\]0-9はがをにでへと]"
_BUILDING: Final = (
    rf"(?:[\s、,]{{0,2}}(?:{_STOP}{{0,10}}{_KEYWORD}(?:・|\s(?=[{_KANJI}ァ-ヴ]{{1,6}}\s?[0-9]))?{_STOP}{{0,8}}(?:\s[A-Z]棟)?(?:\s?{_ROOM}(?!\s?(?:人|円|時|分|年|月|日|回)))?)"
    rf"|\s{{1,2}}[ァ-ヴー{_KANJI}・A-Za-z]{{2,12}}\s?{_ROOM}(?:号室|号|階|F)?(?![0-9人円時分年月日回]|か)"
    rf"|[ァ-ヴー]{{3,12}}[{_KANJI}]{{0,3}}\s?[1-9][0-9]{{2,3}}(?:号室|号)?(?![0-9人円時分年月日回件名%]|か)"
    rf"|\s[ぁ-ん]{{2,8}}(?:荘|寮|ハイツ|コーポ|マンション|アパート)(?:\s?{_ROOM}(?!\s?(?:人|円|時|分|年|月|日|回)))?"
    rf"|\s{{0,2}}[A-Z]?-?[0-9]{{1,4}}(?:号室|号棟)(?:\s?[0-9]{{1,4}}(?:号室)?)?|\s{{1,2}}[0-9]{{1,2}}(?:F|階)(?![A-Za-z0-9]))"
)

_TAIL_RE: Final = re.compile(
    rf"\s?(?P<town>{_TOWN})??\s?(?P<numbers>{_NUMBERS}){_COUNTER}(?P<building>{_BUILDING})?"
)
_LOT_RE: Final = re.compile(r"\s?第?[0-9]{1,3}地割(?:\s?(?:字)?[0-9]{1,4}(?:-[0-9]{1,4}){0,2}(?:番地)?)?")
"""The lots of Iwate, which stand where others have a chōme."""

_CHOME_RE: Final = re.compile(r"丁目|番地|番|号|条|-|の|ノ|丁")
_AFTER_TOWN_RE: Final = re.compile(
    rf"(?P<town>[{_KANJI}ァ-ヴーノの]{{0,10}}?)\s?(?P<numbers>{_NUMBERS}){_COUNTER}(?P<building>{_BUILDING})?"
)
_FACILITY_RE: Final = re.compile(
    r"[一-龥ァ-ヴー]{0,8}(?:駅|病院|医院|クリニック|大学|高校|小学校|中学校|診療所|内科|歯科|市民|線|店|公園|支店|本店|支部|会館|通り?$)"
)
_PLAIN_END_RE: Final = re.compile(
    r"[\s、。,」』)）宛]|$|の(?:家|実家|自宅|ビル|角|隣|前|裏|[0-9]階|[ァ-ヴ])|[へにで]|まで|から|を"
)
_GENERIC_CITY_RE: Final = re.compile(
    rf"[{_KANJI}ぁ-ん]{{1,5}}市(?:[{_KANJI}ぁ-ん]{{1,4}}区)?|[{_KANJI}]{{1,4}}郡[{_KANJI}]{{1,5}}[町村]|[{_KANJI}]{{1,4}}[区町村]"
)
_MAX_TOWN: Final = 14


@functools.cache
def _automaton() -> tuple[ahocorasick_rs.AhoCorasick, list[str]]:
    """The names of municipalities, longest first where several begin at one place."""
    names = [n for n in get_places().towns if len(n) > 1]
    return ahocorasick_rs.AhoCorasick(names, matchkind=ahocorasick_rs.MatchKind.LeftmostLongest), names


_PREFECTURE_RE: Final = re.compile("(?:" + "|".join(PREFECTURES) + r")\s?")
_PREFECTURE_BEFORE_RE: Final = re.compile("(?:" + "|".join(PREFECTURES) + r")\s?$")


@dataclass(frozen=True, slots=True)
class MunicipalAddress:
    """An address that begins with a municipality, known to the gazetteer or behind a prefecture."""

    rule: str = "address.municipality"
    triggers: tuple[str, ...] = ("市", "区", "郡", "町", "村")
    needs: Needs = "nothing"

    def find(self, text: str, digits: Sequence[int]) -> Iterator[Found]:  # noqa: ARG002
        """Addresses of a text, from the prefecture to the room."""
        automaton, names = _automaton()
        position = 0
        for index, start, end in automaton.find_matches_as_indexes(text):
            if start < position:
                continue
            tail = _tail_end(text, end, names[index])
            if tail is None:
                continue
            before = _PREFECTURE_BEFORE_RE.search(text[max(0, start - 5) : start])
            begin = start - len(before[0]) if before else start
            position = tail
            yield Found(begin, tail, "ADDRESS", 0.95, self.rule, names[index])


def _tail_end(text: str, end: int, city: str) -> int | None:
    """Where an address whose municipality ends at a place ends itself; None where no town follows."""
    town = _known_town(text, end, city)
    if town:
        return _known_town_end(text, end, town)
    if text.startswith("の", end) and (town := _known_town(text, end + 1, city)):
        match = _AFTER_TOWN_RE.match(text, end + 1 + len(town))
        return match.end() if match and len(town) > 1 and _is_fine(match, town, text) else None
    match = _TAIL_RE.match(text, end)
    if not match or _NOT_TOWN.search(match["town"] or "") or not _is_fine(match, match["town"] or "", text):
        return None
    return match.end()


def _known_town_end(text: str, end: int, town: str) -> int | None:
    """Where an address ends whose town the gazetteer knows: behind its numbers, or behind the town alone."""
    match = _AFTER_TOWN_RE.match(text, end + len(town))
    if match and not _NOT_TOWN.search(match["town"]) and _is_fine(match, town, text):
        return match.end()
    if lot := _LOT_RE.match(text, end + len(town)):
        return lot.end()
    name = town.strip()
    if len(name) < 2 or _FACILITY_RE.match(text, end + len(town)) or _FACILITY_RE.fullmatch(name):
        return None
    return end + len(town)


def _known_town(text: str, end: int, city: str) -> str:
    """The longest town of a municipality that the text goes on with, a space before it included; or ""."""
    towns = get_places().towns[city]
    space = 1 if text[end : end + 1].isspace() else 0
    start = end + space
    for size in range(min(_MAX_TOWN, len(text) - start), 0, -1):
        if text[start : start + size] in towns:
            return text[end : start + size]
    return ""


def _is_fine(match: re.Match[str], town: str, text: str) -> bool:
    """Whether numbers behind a town are a house's: marked, joined, or alone at the end of a phrase."""
    numbers = match["numbers"]
    if _CHOME_RE.search(numbers):
        return bool(town) or "丁目" in numbers or numbers.count("-") + numbers.count("の") >= 1
    if match["building"]:
        return bool(town)
    return (
        bool(town)
        and bool(_PLAIN_END_RE.match(text, match.end()))
        and (town[-1] in "町村丁目字通台丘" or len(numbers) >= 2 or not match[0][0].isspace())
    )


@dataclass(frozen=True, slots=True)
class PrefecturalAddress:
    """An address behind a prefecture whose municipality the gazetteer does not know: old or misspelt names."""

    rule: str = "address.prefecture"
    triggers: tuple[str, ...] = tuple(PREFECTURES)
    needs: Needs = "digit"

    def find(self, text: str, digits: Sequence[int]) -> Iterator[Found]:  # noqa: ARG002
        """Addresses of a text."""
        for prefecture in _PREFECTURE_RE.finditer(text):
            city = _GENERIC_CITY_RE.match(text, prefecture.end())
            if not city:
                continue
            match = _TAIL_RE.match(text, city.end())
            if (
                match
                and not _NOT_TOWN.search(match["town"] or "")
                and _is_fine(match, match["town"] or "町", text)
            ):
                yield Found(prefecture.start(), match.end(), "ADDRESS", 0.88, self.rule)


_HOME: Final = (
    "住所",
    "住まい",
    "自宅",
    "実家",
    "引っ越",
    "引越",
    "転居",
    "住んで",
    "家は",
    "届け先",
    "宛先",
    "宛名",
    "旧居",
    "新居",
    "本籍",
    "現住",
    "うちは",
    "お宅",
)

TOWN_BLOCK: Final = Pattern(
    rule="address.block",
    type="ADDRESS",
    regex=re.compile(
        rf"(?P<id>(?:[{_KANJI}ァ-ヴー]{{1,8}}|[ぁ-ん]{{2,4}}(?:台|町|丘|野))(?:[のノがケヶ][{_KANJI}]{{1,3}})?\s?[0-9]{{1,3}}丁目の?\s?(?:[0-9]{{1,4}}(?:番地?の?|-)\s?(?:[0-9]{{1,4}}号?)?(?:-[0-9]{{1,4}})*)(?:{_BUILDING})?)(?![0-9人回時])"
    ),
    triggers=("丁目",),
    guard=lambda m: not re.match(r"[0-9]+$", m["id"]),
    score=0.85,
    examples=("「本町四丁目の8番、コーポ若葉103」で", "桜丘3丁目14-2"),
    near_misses=("銀座3丁目の皮膚科", "2丁目で3人"),
)

TOWN_GRID: Final = Pattern(
    rule="address.grid",
    type="ADDRESS",
    regex=re.compile(
        rf"(?P<id>[南北]\s?[0-9]{{1,2}}条[東西]\s?[0-9]{{1,2}}丁目?(?:[-の]?[0-9]{{1,3}}(?:[-の番][0-9]{{1,3}})*号?)?(?:{_BUILDING})?)"
    ),
    triggers=("条東", "条西"),
    score=0.9,
    examples=("北24条西5丁目3-18",),
    near_misses=("北24条駅",),
)

TOWN_LOT: Final = Pattern(
    rule="address.lot",
    type="ADDRESS",
    regex=re.compile(
        rf"(?P<id>(?:大字|字)?[{_KANJI}ァ-ヴ]{{2,8}}\s?[0-9]{{1,5}}番地(?:の?[0-9]{{1,4}})?(?:{_BUILDING})?)"
    ),
    triggers=("番地",),
    guard=lambda m: not re.match(r"住所|番地", m["id"]),
    score=0.85,
    examples=("本上町488番地の2",),
    near_misses=("番地まで言わされた", "住所の番地"),
)

TOWN_HOME: Final = Pattern(
    rule="address.home",
    type="ADDRESS",
    regex=re.compile(
        rf"(?P<cue>{'|'.join(_HOME)})[^0-9。\n]{{0,8}}?(?P<id>(?<![{_KANJI}ァ-ヴー])(?:[{_KANJI}ァ-ヴー]{{2,8}}|[ぁ-ん]{{2,4}}(?:台|町|丘|野))\s?(?:[0-9]{{1,4}}(?:[-の][0-9]{{1,4}}){{1,3}}|[0-9]{{1,2}}丁目)(?:{_BUILDING})?){_COUNTER}"
    ),
    triggers=_HOME,
    guard=lambda m: not re.search(r"番号|電話|携帯|郵便|血圧|脈|体温|時間", m[0]),
    score=0.8,
    examples=("住所は「桜丘3-14-2 コーポ桜201」", "実家は三軒茶屋2の11の22"),
    near_misses=("実家は電話0120-1234", "自宅血圧135-85", "自宅で血圧135-85"),
)

LATIN: Final = Pattern(
    rule="address.latin",
    type="ADDRESS",
    regex=re.compile(
        r"(?P<id>(?:(?:#|Apt\.?|Room|Rm\.?)?\s?[0-9A-Z]{1,5},?\s)?[0-9]{1,5}(?:-[0-9]{1,4}){1,3},?\s(?:[A-Z][A-Za-z\-]+,?\s){0,4}[A-Z][A-Za-z]+-?(?:ku|shi|cho|machi|gun|ken|mura|fu|to|dori)\b(?:,?\s[A-Z][a-z]+(?:-(?:shi|ken|to|fu|ku))?){0,3}(?:\s[0-9]{3}-[0-9]{4})?|(?:[A-Z][a-z]+,\s){0,1}[A-Z][a-z]+-(?:ku|shi|gun|city)[,\s]{1,2}(?:[A-Z][A-Za-z\-]+[,\s]{1,2}){1,2}[0-9]{1,4}(?:-[0-9]{1,4}){1,3})"
    ),
    needs="latin",
    triggers=("ku", "shi", "cho", "machi", "gun", "ken", "mura", "dori"),
    score=0.9,
    examples=("my flat (2-19-7 Sakuragaoka, Setagaya-ku, Tokyo)", "Tokyo, Setagaya-ku, Sakuragaoka 3-14-2"),
    near_misses=("5-10 Tokyo", "R-CHOP 6 courses"),
)

COORDINATES: Final = Pattern(
    rule="address.coordinates",
    type="ADDRESS",
    regex=re.compile(
        r"(?<![0-9.])(?P<id>[2-4][0-9]\.[0-9]{3,8}\s?[NN度°]?\s?[,、\s]\s?(?:東経\s?)?1[2-5][0-9]\.[0-9]{3,8}\s?[EE度°]?)(?![0-9])"
    ),
    at_digits=True,
    triggers=(LONG_DIGITS,),
    score=0.9,
    examples=("35.65810, 139.74540で", "北緯35.6581 東経139.7454"),
    near_misses=("36.5、37.2", "35.6, 139.7"),
)

RECOGNIZERS: Final = (
    MunicipalAddress(),
    PrefecturalAddress(),
    TOWN_BLOCK,
    TOWN_GRID,
    TOWN_LOT,
    TOWN_HOME,
    LATIN,
    COORDINATES,
)
