"""Dates of birth, dates of visits and events, ages.

Belongs here: days of any calendar, ages of persons, and what tells a birth from an event.
Does not: times of day, months and years alone, age bands, which identify nobody.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from transforms.redaction.recognizers.base import ERA_YEAR, Found, Needs, Pattern

_ERAS: Final = {
    "明": (1868, 45), "M": (1868, 45), "m": (1868, 45), "大": (1912, 15), "T": (1912, 15), "t": (1912, 15), "昭": (1926, 64), "S": (1926, 64), "s": (1926, 64),
    "平": (1989, 31), "H": (1989, 31), "h": (1989, 31), "令": (2019, 30), "R": (2019, 30), "r": (2019, 30),
}  # fmt: skip
"""First year and number of years by an era's first letter. Reiwa is open: thirty years are let pass."""

_MONTH: Final = r"(?P<month>1\s?[0-2]|0?\s?[1-9])"
_DAY: Final = r"(?P<day>3\s?[01]|[12]\s?[0-9]|0?\s?[1-9])"
_YEAR_MARK: Final = r"\s{0,2}(?:年|[/.\-・、])\s{0,2}"
_MONTH_MARK: Final = r"\s{0,2}(?:月|[/.\-・、])\s{0,2}"

_REST: Final = rf"(?:\s?年?\s?[(（][^()（）\n]{{2,8}}[)）]\s?年?\s?|{_YEAR_MARK}){_MONTH}{_MONTH_MARK}{_DAY}(?:\s{{0,2}}日)?(?![0-9]|[.\-/][0-9])(?:\s?[(（][月火水木金土日祝][)）])?"
_BY_YEAR: Final = re.compile(
    r"(?<![0-9A-Za-z.\-])(?<![0-9]/)(?:(?P<year>(?:1\s?[89]|2\s?0)\s?[0-9]\s?[0-9])|(?P<short>[0-9]{2})(?=年|(?<=['’‘`´][0-9][0-9])))"
    + _REST
)
_BY_ERA: Final = re.compile(
    r"(?<![0-9A-Za-z.\-])(?P<era>明\s?治|大\s?正|昭\s?和|平\s?成|令\s?和|[明大昭平令]|[MTSHRmtshr]\.?)\s{0,3}(?P<era_year>[0-9]{1,2}|元)"
    + _REST
)
_YEAR: Final = re.compile(
    r"[0-9](?:(?<=1)\s?[89]\s?[0-9]\s?[0-9]|(?<=2)\s?0\s?[0-9]\s?[0-9]|(?<=['’‘`´].)[0-9]|[0-9]年)"
)
"""What every date by year holds, looked for before the places of digits are tried one by one."""
_PLAIN_EIGHT: Final = re.compile(
    r"(?<![0-9A-Za-z\-])(?P<id>(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]))(?![0-9A-Za-z\-])"
)
_TWO_DIGIT_BIRTH: Final = re.compile(
    r"(?<![0-9A-Za-z/.\-])(?P<id>[0-9]{2}[./\-](?:1[0-2]|0?[1-9])[./\-](?:3[01]|[12][0-9]|0?[1-9]))(?=\s?[(（]?\s?(?:生まれ|生れ|うまれ|産まれ|生[)）、。\s]))"
)

_BORN_BEHIND: Final = re.compile(
    r"\s{0,2}[)）」』\]〉]?\s{0,2}[(（]?(?:に|に、)?(?:日)?(?:生(?!活|理|検|後|ワク|食|命|体|放|き|か|涯|物|産|協|徒|配|誕)|うまれ|ウマレ|産まれ|誕生|が誕生日|という(?:生年月日|誕生日)|\s?birth|[^。\n]{0,24}(?:グラム|[0-9],?[0-9]{3}\s?g))"
)
_BORN_BEFORE: Final = re.compile(
    r"(?:生年月日|誕生日|誕生|生まれ|うまれ|生年|出生日?|DOB|[Bb]irth(?:day|date)?)[^。\n0-9]{0,14}$|(?<![先学人])生[\s:(「]{0,3}$"
)
_EVENT_BEHIND: Final = re.compile(
    r"[\s(（]{0,2}(?:[月火水木金土日祝][)）・]|に|から|より|まで|〜|~|-|の|付|発|開|朝|夜|午|未|初|入|手術|退院|受診|現在|時点|頃|ごろ|号|は|、午|:|だ|で|を|も|改訂|更新)"
)
_LISTED_BEFORE: Final = re.compile(r"[(（、,／/「〈\s・]\s{0,2}$")
_LISTED_BEHIND: Final = re.compile(r"\s{0,2}[)）、,／/」〉\s]|$")


def _year_of_era(match: re.Match[str]) -> int | None:
    """The Christian year of a date by era; None where the era never had that year."""
    first, length = _ERAS[match["era"][0]]
    count = 1 if match["era_year"] == "元" else int(match["era_year"])
    return first + count - 1 if 1 <= count <= length else None


def _year_of_number(match: re.Match[str]) -> int:
    """The Christian year of a date by number; two digits are the latest such year up to 2030."""
    if match["year"]:
        return int(re.sub(r"\s", "", match["year"]))
    two = int(match["short"])
    return 1900 + two if two > 30 else 2000 + two


def _is_birth(text: str, start: int, end: int, year: int) -> str:
    """The cue that makes a full date a birth, or ""."""
    behind = text[end : end + 24]
    if match := _BORN_BEHIND.match(behind):
        return match[0].strip()[-6:]
    if match := _BORN_BEFORE.search(text[max(0, start - 20) : start]):
        return match[0][:6]
    before = text[max(0, start - 4) : start]
    if (
        year <= 2012
        and _LISTED_BEFORE.search(before)
        and _LISTED_BEHIND.match(behind)
        and not _EVENT_BEHIND.match(behind)
    ):
        return "年齢・氏名と並ぶ"
    if year <= 1985 and not _EVENT_BEHIND.match(behind.replace("を", "", 1)):
        return "古い年"
    return ""


def _full_date(match: re.Match[str], year: int, rule: str) -> Found:
    """A full date as a birth where its surroundings say so, else as an event."""
    start, end = match.span()
    if match.string[start - 1 : start] in _APOSTROPHES and start:
        start -= 1
    cue = _is_birth(match.string, start, end, year)
    if cue:
        return Found(start, end, "BIRTHDATE", 0.95, "birth" + rule, cue)
    return Found(start, end, "DATE", 0.92, rule)


_APOSTROPHES: Final = "'’‘`´"


@dataclass(frozen=True, slots=True)
class DateByYear:
    """Days with a year in numbers, month and day."""

    rule: str = "date.full"
    triggers: tuple[str, ...] = ("年", "/", ".", "-", "・")
    needs: Needs = "digit"
    examples: tuple[str, ...] = (
        "1980/03/02",
        "１９８０年３月２日",
        "'83/08/31",
        "2 0 0 1 / 0 5 / 2 4",
        "八八年六月一日",
        "／1993.05.08／",
    )
    near_misses: tuple[str, ...] = ("1980/13/45", "バージョン2.4.1", "2024年度10月")

    def find(self, text: str, digits: Sequence[int]) -> Iterator[Found]:
        """Full dates of a text."""
        position = 0
        for start in digits if _YEAR.search(text) else ():
            if start < position:
                continue
            match = _BY_YEAR.match(text, start)
            if match and (match["year"] or "月" in match[0] or text[start - 1 : start] in _APOSTROPHES):
                position = match.end()
                yield _full_date(match, _year_of_number(match), self.rule)


@dataclass(frozen=True, slots=True)
class DateByEra:
    """Days with a year of an era, month and day; the era's years are checked."""

    rule: str = "date.era"
    triggers: tuple[str, ...] = (
        ERA_YEAR,
        "昭和",
        "平成",
        "令和",
        "大正",
        "明治",
        "昭 和",
        "平 成",
        "令 和",
        "大 正",
    )
    needs: Needs = "digit"
    examples: tuple[str, ...] = (
        "Ｓ５５．３．２生まれ", "昭和五五年三月二日", "令和元年5月1日", "㍼55年3月2日", "平成十二年三月二十日生", "平成4年（1992年）1月23日", "昭 和 １５ 年 １２ 月 ８ 日",
        "R6.11.8、41才", "昭22・2・22",
    )  # fmt: skip
    near_misses: tuple[str, ...] = (
        "H2ブロッカーを1.5錠",
        "TS-1を80mg",
        "T3 1.2 T4 5.6",
        "H1N1ワクチン",
        "S100タンパク",
        "昭和70年1月1日",
    )

    def find(self, text: str, digits: Sequence[int]) -> Iterator[Found]:  # noqa: ARG002
        """Full dates of a text."""
        for match in _BY_ERA.finditer(text):
            year = _year_of_era(match)
            if year is None:
                continue
            if match["era"][0].isascii() and len(re.sub(r"[0-9A-Za-z\s]", "", match[0])) < 2:
                continue
            yield _full_date(match, year, self.rule)


BIRTH_EIGHT: Final = Pattern(
    rule="birthdate.eight_digits",
    type="BIRTHDATE",
    regex=_PLAIN_EIGHT,
    at_digits=True,
    triggers=("生年月日", "誕生日", "生まれ"),
    context=("生年月日", "誕生日", "生まれ"),
    after=8,
    score=0.9,
    examples=("生年月日は19800302です",),
    near_misses=("注文番号19800302",),
)

BIRTH_SHORT_YEAR: Final = Pattern(
    rule="birthdate.short_year",
    type="BIRTHDATE",
    regex=_TWO_DIGIT_BIRTH,
    at_digits=True,
    triggers=("生", "うまれ", "産まれ"),
    score=0.9,
    examples=("55.3.2生まれ",),
    near_misses=("55.3.2の比率",),
)

BIRTH_MONTH: Final = Pattern(
    rule="birthdate.year_month",
    type="BIRTHDATE",
    regex=re.compile(
        r"(?P<id>(?:(?:明治|大正|昭和|平成|令和)\s?(?:[0-9]{1,2}|元)|(?<![0-9])(?:19|20)[0-9]{2})\s?年\s?(?:1[0-2]|0?[1-9])\s?月)(?=\s?(?:に)?(?:生まれ|うまれ|産まれ|出生))"
    ),
    hint=re.compile("月\\s?に?[生うま産出]"),
    triggers=("生まれ", "うまれ", "産まれ", "出生"),
    score=0.85,
    examples=("明治４１年２月生まれの曽祖父", "昭和三十年十一月生まれ", "1962年7月生まれです"),
    near_misses=("2020年4月に開院", "平成10年3月に卒業", "昭和生まれ"),
)

_MD: Final = r"(?<![0-9./\-年])(?:1[0-2]|0?[1-9])\s?月\s?の?\s?(?:3[01]|[12][0-9]|0?[1-9])\s?日"

BIRTH_DAY: Final = Pattern(
    rule="birthdate.month_day",
    type="BIRTHDATE",
    regex=re.compile(
        rf"(?P<id>{_MD})(?=\s?(?:生まれ|うまれ|産まれ|生$|が(?:私の|僕の|母の|娘の|息子の)?誕生日))"
    ),
    at_digits=True,
    triggers=("生まれ", "うまれ", "産まれ", "誕生日"),
    score=0.9,
    examples=("うちは9月4日生まれで", "11月24日が誕生日なので"),
    near_misses=("9月4日に退院",),
)

BIRTH_DAY_BEFORE: Final = Pattern(
    rule="birthdate.cue_month_day",
    type="BIRTHDATE",
    regex=re.compile(
        rf"(?P<cue>誕生日)[はが「(:\s]{{0,3}}(?P<id>{_MD}|(?:1[0-2]|[1-9])/(?:3[01]|[12][0-9]|[1-9])(?![0-9/]))"
    ),
    triggers=("誕生日",),
    score=0.9,
    examples=("母の誕生日は5月3日",),
    near_misses=("誕生日は来月",),
)

DATE_MONTH_DAY: Final = Pattern(
    rule="date.month_day",
    type="DATE",
    regex=re.compile(
        r"(?<![0-9./])(?P<id>(?:[0-9]{2,4}年\s?)?(?:1\s?[0-2]|0?\s?[1-9])\s?月\s?の?\s?(?:3\s?[01]|[12]\s?[0-9]|0?\s?[1-9])\s?日(?!間|分|ぶり|目)(?:\s?[(（][月火水木金土日祝][)）])?)"
    ),
    at_digits=True,
    triggers=("月",),
    score=0.9,
    examples=(
        "11月3日に受診",
        "１１月２日（日）退院",
        "妻は11月の5日から",
        "十月七日入院",
        "昨年の十二月二十日。",
    ),
    near_misses=("3か月30日分", "11月末", "1月に3日間", "13月1日"),
)

DATE_YEAR_WORD: Final = Pattern(
    rule="date.year_word",
    type="DATE",
    regex=re.compile(
        r"(?P<id>(?:昨年|去年|今年|来年|一昨年|おととし)の?\s?(?:1[0-2]|0?[1-9])月の?\s?(?:3[01]|[12][0-9]|0?[1-9])日(?!間|分の|目))"
    ),
    triggers=("昨年", "去年", "今年", "来年", "おととし"),
    score=0.9,
    examples=("昨年の十二月二十日。",),
    near_misses=("昨年12月に3日間",),
)

DATE_MONTH_END: Final = Pattern(
    rule="date.month_end",
    type="DATE",
    regex=re.compile(r"(?P<id>(?:1[0-2]|[1-9])月末日)"),
    at_digits=True,
    triggers=("末日",),
    score=0.85,
    examples=("3月末日をもって",),
    near_misses=("3月末で",),
)

DATE_OF_MONTH: Final = Pattern(
    rule="date.day_of_month",
    type="DATE",
    regex=re.compile(
        r"(?P<id>(?:先月|今月|来月|翌月|先々月|前月|同月|一昨日|おととい|昨日|明日|あさって|今日|本日|前日|翌日|当日)の?\s?(?:3[01]|[12][0-9]|[1-9])日(?!間|目|分|以内|前|後|ほど|くらい|程))"
    ),
    triggers=(
        "先月",
        "今月",
        "来月",
        "翌月",
        "先々月",
        "前月",
        "同月",
        "一昨日",
        "おととい",
        "昨日",
        "明日",
        "あさって",
        "今日",
        "本日",
        "前日",
        "翌日",
        "当日",
    ),
    score=0.85,
    examples=("先月の8日の欄に", "来月10日の朝9時", "一昨日の四日に"),
    near_misses=("今月3日間休み", "先月2日目"),
)

DATE_DAY: Final = Pattern(
    rule="date.day",
    type="DATE",
    regex=re.compile(
        r"(?<![0-9./月第\-〜~])(?P<id>(?:3[01]|[12][0-9]|[1-9])日(?:\s?[(（][月火水木金土日祝][)）])?)"
        r"(?=(?<=[)）])|未明|付(?!け薬)|(?:午前|午後|朝|夜|夕方)?(?:手術|退院|転院)(?!費|後|して[0-9]|から[0-9])|、(?:[^。\n]{0,48}(?:発表|わかっ|分かっ|明らか|会見|取材|逮捕|書類送検|見直し|求め|始め|決定|提訴|死去|通知|起こし|公表|開かれ|謝罪|開い|訴え))|(?:午前|午後)\s?[0-9一二三四五六七八九十])"
    ),
    at_digits=True,
    triggers=("日",),
    guard=lambda m: (
        not re.search(
            r"(?:入院|手術|術後|で|発症|発熱|接種|服用|内服|投与|開始|わずか|約|計|合計|連続|丸|まる|毎月|毎|残り|あと|生後|中)\s?$",
            m.string[max(0, m.start() - 4) : m.start()],
        )
    ),
    score=0.8,
    examples=(
        "市が19日、発表した。",
        "20日(木)と21日(金)を休診",
        "八日手術、十五日退院",
        "二十四日午前二時十分",
    ),
    near_misses=("40日。悪い先生", "10日間の抗生剤", "毎月3日(月)", "術後3日退院", "胃潰瘍、5日入院"),
)

DATE_NEXT_DAY: Final = Pattern(
    rule="date.following_day",
    type="DATE",
    regex=re.compile(r"(?<=[翌同])(?P<id>(?:3[01]|[12][0-9]|[1-9])日)(?!間|目|分|以内|前|後)"),
    triggers=("翌", "同"),
    score=0.8,
    examples=("手術は翌22日、",),
    near_misses=("翌2日間", "翌日"),
)

_SLASHED: Final = re.compile(
    r"(?<![0-9A-Za-z./年])(?<![0-9][月:])(?P<id>(?P<month>1[0-2]|0?[1-9])/(?P<day>3[01]|[12][0-9]|0?[1-9])(?:\s?[(（][月火水木金土日祝][)）])?)(?![0-9A-Za-z/]|[.:][0-9])"
    r"(?!\s?(?:錠|量|倍|以下|以上|程度|くらい|ぐらい|%|個|枚|人(?!事|工)|回|点(?!滴)|ページ|名|問|カプセル|包|本|サイズ|成人|ほど|だけ|ずつ|しか|減|スケール|円|分の|段階|クール))"
)
_NOT_DATE_BEFORE: Final = re.compile(
    r"(?:痛み|NRS|VAS|スコア|評価|満足度|得点|点数|血圧|視力|確率|約|式|MMSE|HDS-R|ステージ|グレード|グラム|星|錠を|量を|[A-Za-z+±<>=])[はがのを:：]?$|[0-9]-$"
)
_DATE_BEHIND: Final = re.compile(
    r"\s?[(（][月火水木金土日祝]|\s?(?:に(?!減|下げ|縮)|から|より|まで|[〜~-]|付|朝|夜|昼|午前|午後|夕|手術|退院|入院|受診|予約|診察|採血|発行|〆|締|の(?:朝|夜|昼|午|夕|手術|給食|予約|受診|診察|検査|回|健診)|以降|時点|現在)"
)
_DATE_BEFORE: Final = re.compile(
    r"(?:^|[\n・、「(（【*\-〜~→⏎◆■●]|次回|予約|期限|締切|〆切|から|は|今年|去年|昨年|来年|明日|今日|昨日|先日|前回|\))\s{0,2}$"
)


def _slashed_day(match: re.Match[str]) -> bool:
    """Whether n/m is a day: no fraction of a dose, no score."""
    text = match.string
    before, behind = text[max(0, match.start() - 8) : match.start()], text[match.end() : match.end() + 8]
    if _SCORE_BEFORE.search(before):
        return False
    if _NOT_DATE_BEFORE.search(before) and not re.search(r"[0-9]/[0-9]{1,2}-$", before):
        return False
    month, day = int(match["month"]), int(match["day"])
    if month >= day or day not in _DENOMINATORS or math.gcd(month, day) > 1:
        return True
    if len(_SLASHED.findall(text)) > 1 and not behind.startswith("の"):
        return True
    if _DATE_BEHIND.match(behind):
        return not behind.startswith("の")
    return bool(_DATE_BEFORE.search(before) and behind[:1].isspace()) or bool(
        re.search(r"[〜~\-]\s?$", before)
    )


_DENOMINATORS: Final = frozenset({2, 3, 4, 5, 6, 7, 8, 10})
_SCORE_BEFORE: Final = re.compile(r"(?:痛み|NRS|VAS|スコア|MMSE|HDS-R)\s?[はがの:]?\s?$")

DATE_DOTTED: Final = Pattern(
    rule="date.dotted",
    type="DATE",
    regex=re.compile(
        r"(?<![0-9./・])(?P<id>(?:(?<=翌日|当日|前日)|(?<=[\s病棟]))(?:1[0-2]|[1-9])[.・](?:3[01]|[12][0-9]|[1-9])(?![0-9.・%]|[a-zA-Z])(?=\s?(?:朝|昼|夕|夜|[(（][月火水木金土日]|午前|午後|に(?:入|退|手|受|転))|(?<=・[0-9][0-9])[。、\s]))"
    ),
    at_digits=True,
    triggers=("・", "."),
    score=0.7,
    examples=("連絡がいったのは翌日10・29。", "病棟 11.9朝に"),
    near_misses=("体温36.8。", "HbA1c 7.1。", "アルブミン 3.8に"),
)

DATE_RANGE_START: Final = Pattern(
    rule="date.range_start",
    type="DATE",
    regex=re.compile(
        r"(?<![0-9./])(?P<id>(?:1[0-2]|0?[1-9])月(?:3[01]|[12][0-9]|0?[1-9]))(?=\s?[、・~〜,\-]\s?(?:3[01]|[12][0-9]|[1-9])日)"
    ),
    at_digits=True,
    triggers=("月",),
    score=0.85,
    examples=("3月10、11日",),
    near_misses=("3月10人、11日間",),
)

_RANGE_BEFORE: Final = re.compile(
    r"[0-9][月/][0-9]{1,2}日?(?:\s?[(（][月火水木金土日祝][)）])?\s?(?:[-〜~、・,と]|から)\s?$"
)

DATE_RANGE_END: Final = Pattern(
    rule="date.range_end",
    type="DATE",
    regex=re.compile(r"(?<=[\-〜~、・,とら\s])(?P<id>(?:3[01]|[12][0-9]|[1-9])日(?!間|分|目|以内|前|後))"),
    at_digits=True,
    triggers=("月", "/"),
    guard=lambda m: bool(_RANGE_BEFORE.search(m.string[max(0, m.start() - 14) : m.start()])),
    score=0.8,
    examples=("12月24日〜26日まで入院", "3月10、11日"),
    near_misses=("12月24日、3日間", "12月から26日"),
)

DATE_JOINED: Final = Pattern(
    rule="date.joined",
    type="DATE",
    regex=re.compile(
        r"(?<![0-9A-Za-z./\-])(?P<id>(?:1[0-2]|0?[1-9])[.\-](?:3[01]|[12][0-9]|0?[1-9]))(?=に(?:受診|入院|退院|手術|検査|接種|予約|転院|通院|発症|初診|診察))"
    ),
    at_digits=True,
    triggers=(
        "に受診",
        "に入院",
        "に退院",
        "に手術",
        "に検査",
        "に接種",
        "に予約",
        "に転院",
        "に発症",
        "に初診",
        "に診察",
    ),
    score=0.75,
    examples=("11.3に受診", "11-03に手術"),
    near_misses=("HbA1c 7.1に", "1.5時間後に受診"),
)

DATE_LATER_DAY: Final = Pattern(
    rule="date.later_day",
    type="DATE",
    regex=re.compile(
        r"(?<![0-9./月第\-〜~約])(?P<id>(?:3[01]|[12][0-9]|[1-9])日(?:\s?[(（][月火水木金土日祝][)）])?)(?=[。、」]|に(?!わた|及|分|一|[0-9])|(?:入院|退院|手術)|の(?:朝|夜|昼|夕|午前|午後|手術|退院)|[)）]|$)"
    ),
    at_digits=True,
    triggers=("月", "曜"),
    guard=lambda m: (
        bool(
            re.search(
                r"[0-9]月の?[0-9]{1,2}日[^。\n]{0,60}(?:は|が|の|、|翌|次は|と)\s?$|曜日?[(（]$|末、$|[0-9]日[^0-9。\n]{1,16}、$",
                m.string[max(0, m.start() - 70) : m.start()],
            )
        )
        and not re.search(
            r"(?:間|計|約|合計|まで|は全|後|から|週と)[はが、]?$", m.string[max(0, m.start() - 4) : m.start()]
        )
    ),
    score=0.7,
    examples=(
        "10月21日に入院、手術は翌22日、退院は30日。",
        "10月7日入院、八日手術、十五日退院",
        "先週の日曜(2日)、",
    ),
    near_misses=("10月21日に入院、入院期間は約30日。",),
)

_DIARY_DAY: Final = re.compile(r"(?:^|(?<=\n))(?P<id>(?:3[01]|[12][0-9]|[1-9])日)(?=[\s　:])")

DATE_DIARY: Final = Pattern(
    rule="date.diary_line",
    type="DATE",
    regex=_DIARY_DAY,
    at_digits=True,
    triggers=("日 ", "日\u3000", "日:"),
    guard=lambda m: len(list(islice(_DIARY_DAY.finditer(m.string), 3))) == 3,
    score=0.75,
    examples=("今週の記録\n11日 耳鳴り小\n12日 雨\n13日 めまい",),
    near_misses=("入院費\n3日 45000円", "11日 晴れ"),
)

DATE_AT_HOUR: Final = Pattern(
    rule="date.at_hour",
    type="DATE",
    regex=re.compile(
        r"(?<![0-9./月第\-〜~])(?P<id>(?:3[01]|[12][0-9]|[1-9])日)(?=の(?:朝|夜|午前|午後)?の?[0-9]{1,2}時(?!間)|再開(?:し|。|、)|に(?:抜糸|退院|入院|手術|受診|再診|接種|診察)(?!後))"
    ),
    at_digits=True,
    triggers=("日の", "日再開", "日に"),
    guard=lambda m: (
        not re.search(
            r"(?:術後|入院|後|から|毎月|生後|わずか|約|目の)$", m.string[max(0, m.start() - 3) : m.start()]
        )
    ),
    score=0.75,
    examples=("27日の7時から点滴開始", "夜は寝て、28日再開。", "三針。18日に抜糸、テープを"),
    near_misses=("3日の7時間", "2日の再開", "術後3日に退院"),
)

_MONTHS: Final = r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
_DAY_IN_ENGLISH: Final = r"(?:3[01]|[12][0-9]|0?[1-9])(?:st|nd|rd|th)?"

DATE_ENGLISH: Final = Pattern(
    rule="date.english",
    type="DATE",
    regex=re.compile(
        rf"(?<![A-Za-z0-9])(?P<id>{_MONTHS}\.?\s{_DAY_IN_ENGLISH}(?:,?\s(?:19|20)[0-9]{{2}})?|{_DAY_IN_ENGLISH}\s(?:of\s)?{_MONTHS}(?:,?\s(?:19|20)[0-9]{{2}})?)(?![A-Za-z0-9%])"
    ),
    triggers=("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    score=0.85,
    examples=("今日はMay 7th、雨", "admitted on 3 October 2025", "Sept. 12 手術"),
    near_misses=("May I help you 3 times", "12 Marches", "80mg may 100"),
)

DATE_SLASH: Final = Pattern(
    rule="date.slash",
    type="DATE",
    regex=_SLASHED,
    at_digits=True,
    triggers=("/",),
    guard=_slashed_day,
    score=0.85,
    examples=(
        "10/29〜11/6お世話に",
        "【拡散希望】10/2に",
        "・2回目 7/8\n・3回目 8/5",
        "11/8の給食",
        "4/1に引っ越します",
        "10/15から予約開始",
    ),
    near_misses=("1/2に減量", "患者の1/3", "MMSEが24/30", "血圧118/72", "3/4錠", "長谷川式が21/30"),
)

# Ages -----------------------------------------------------------------------------------------------------------

_KIN: Final = (
    r"(?:父|母|義父|義母|祖父|祖母|夫|妻|主人|旦那|嫁|兄|姉|弟|妹|息子|娘|長男|次男|三男|四男|長女|次女|三女|四女|孫|甥|姪|叔父|叔母|伯父|伯母|従姉|従兄|従弟|従妹|いとこ|はとこ|親|子|子ども|子供|こども"
    r"|ばあちゃん|じいちゃん|ばあば|じいじ|ばあさん|じいさん|婆さん|爺さん|婆|爺|おばあ|おじい|おじさん|おばさん|お父さん|お母さん|パパ|ママ|彼氏|彼女|友人|友達|同僚|男性|女性|男児|女児|男|女|自分|私|俺|僕|ワイ|うち|妊婦|院長|医師|看護師|運転手|患者|知人|上の子|下の子|彼|赤ちゃん)"
)
_NOT_AGE: Final = r"(?!\s?(?:未満|以上|以下|以降|以前|超|を超|を越|をすぎ|を過ぎ|過ぎ|すぎ|まで(?:の|が|は|に|無|対|助|受|で|、|\)|）|医療)|から(?:の|対|受|接|打|使|可|OK|で|は|定|助|無|、|[0-9])|代|前後|若返|若く|若い|若見|差|半?児?健診|児健|児検|児クラス|児から|年上|年下|の壁|相当|老け|老化|並み|[〜~]|-[0-9]|の人は|のお子|刻み|前(?:なら|に|の)|なった(?:月|年)|になる(?:方|人|年)|になってから|の方は|の方が|の方も|向け|用の|時代|半?の(?:予防接種|注射|健診|検診|接種|ワクチン)))"


_THRESHOLD_BEHIND: Final = re.compile(r"\s?(?:になると|になったら|になれば|[、,・]\s?[0-9]{2}[歳代])")
"""Ages of an ordinance (65歳、70歳、75歳…になる人) come in fives and in rows."""
_PET_BEFORE: Final = re.compile(
    r"(?:犬|猫|わんこ|にゃんこ|プードル|トイプー|チワワ|柴|ポメ|ダックス|うさぎ|ウサギ|ハムスター|モルモット|インコ|フェレット)[^。\n、]{0,3}[(（][^()（）\n]{0,8}$"
)


def _age_guard(match: re.Match[str]) -> bool:
    """Whether a number of years is somebody's age."""
    before = match.string[max(0, match.start("id") - 6) : match.start("id")]
    number = int(re.match(r"[0-9]+", match["number"])[0])  # type: ignore[index]
    behind = match.string[match.end("id") : match.end("id") + 6]
    if number % 5 == 0 and (
        _THRESHOLD_BEHIND.match(behind) or re.search(r"[0-9]{2}[歳代][、,・]\s?$", before)
    ):
        return False
    if _PET_BEFORE.search(match.string[max(0, match.start("id") - 16) : match.start("id")]):
        return False
    return number <= 125 and not re.search(
        r"(?:(?:対象|血管|肌|骨|脳|体内|体|細胞|平均)年齢(?:は|が|−|-)?|対象(?:は|が)?|満年齢|\+|[±約]|平均|推定|[0-9][〜~\-]|見た目|気持ちは|心は|マイナス|プラス|定年は?)$",
        before,
    )


AGE_YEARS: Final = Pattern(
    rule="age.years",
    type="AGE",
    regex=re.compile(
        rf"(?<![0-9.\-〜~,/])(?P<id>(?P<number>[0-9]{{1,3}})\s?(?:歳|才|さい(?=[のでにと、。)）\s]|$))(?:\s?半(?!の(?:注射|健診|予防|接種))|と?\s?[0-9]{{1,2}}\s?(?:[かヶケカヵ]|ヵ)月)?){_NOT_AGE}"
    ),
    at_digits=True,
    triggers=("歳", "才", "さい"),
    guard=_age_guard,
    score=0.92,
    examples=(
        "92歳の祖母",
        "母は九十二歳",
        "十二歳の娘",
        "息子（2歳5か月）",
        "７９才、紺のジャンパー",
        "一歳半の娘",
        "服用した2歳児が",
    ),
    near_misses=(
        "90歳以上の方",
        "20歳未満",
        "3歳児健診",
        "五十肩で二回",
        "65歳から受けられる",
        "10歳若返った",
        "血管年齢は30歳",
        "6〜11歳",
    ),
)

AGE_INFANT: Final = Pattern(
    rule="age.infant",
    type="AGE",
    regex=re.compile(
        r"(?P<id>(?:生後|せいご)\s?[0-9]{1,3}\s?(?:日|週間?|[かヶケカヵ箇]月)(?:半|と?[0-9]{1,2}日)?)(?!\s?(?:以降|以上|未満|から(?:接|受|打|の)|まで|[〜~\-]))"
    ),
    triggers=("生後", "せいご"),
    score=0.9,
    examples=("生後4ヶ月。", "三男は生後十九日で", "生後2か月の息子"),
    near_misses=("生後6か月以降", "生後2か月から接種"),
)

AGE_MONTHS: Final = Pattern(
    rule="age.months",
    type="AGE",
    regex=re.compile(r"(?<=[、(（])\s?(?P<id>[0-9]{1,2}\s?[かヶケカヵ箇]月)(?=\s?[、)）])"),
    triggers=("月",),
    guard=lambda m: bool(
        re.search(
            rf"(?:{_KIN}|(?:^|[\n。])(?:[ぁ-んァ-ヶー]{{2,4}}|[一-龥])|ちゃん|くん|(?:娘|息子|次男|長男|次女|長女|孫|甥|姪)の?[ぁ-んァ-ヶー一-龥]{{2,4}})[(（、]\s?$",
            m.string[max(0, m.start() - 12) : m.start("id")],
        )
    ),
    score=0.75,
    examples=("湊、11ヶ月、突発の熱", "息子（8か月）が", "うちの娘ちさと（9ヶ月）に"),
    near_misses=("入院（11ヶ月）", "待ち時間、3ヶ月、"),
)

_MONTHS_LONG: Final = ("か月", "ヶ月", "ケ月", "カ月", "箇月", "ヵ月")
_MONTHS_AND_ON: Final = tuple(f"{months}、" for months in _MONTHS_LONG)

AGE_MONTHS_OF: Final = Pattern(
    rule="age.months_of",
    type="AGE",
    regex=re.compile(
        r"(?<![0-9.年・,、〜~\-])(?P<id>[0-9]{1,2}\s?[かヶケカヵ箇]月(?:半)?)(?=(?<=[子娘]は[0-9][かヶケカヵ]月)。|(?<=[子娘]は[0-9]{2}[かヶケカヵ]月)。|(?<=[子娘孫][0-9][かヶケカヵ]月)、|(?<=[子娘孫][0-9]{2}[かヶケカヵ]月)、|の(?:娘|息子|赤ちゃん|乳児|男の子|女の子|甥|姪|孫|次男|次女|長男|長女|三男|子(?!宮)))"
    ),
    at_digits=True,
    triggers=(*(f"{months}の" for months in _MONTHS_LONG), "月。", *_MONTHS_AND_ON),
    score=0.85,
    examples=("入院している8ヶ月の娘", "息子は2か月。夜中の3時", "うちの子8か月、夜だけ咳"),
    near_misses=("3か月の処方", "薬は3か月。", "待つこと8か月、やっと手術"),
)

AGE_MONTHS_ILL: Final = Pattern(
    rule="age.months_ill",
    type="AGE",
    regex=re.compile(
        r"(?:(?<=[。！？!?」\s])|^)(?P<id>[0-9]{1,2}[かヶケカヵ箇]月)(?=、\s?(?:熱|発熱|高熱|咳|鼻水|嘔吐|下痢|発疹|男児|女児|男の子|女の子|[0-9.]{1,4}kg))"
    ),
    at_digits=True,
    triggers=_MONTHS_AND_ON,
    score=0.75,
    examples=("診てくれる所ありますか？　7か月、熱39.2", "9ヶ月、女の子です"),
    near_misses=("通って8か月、熱が下がらない", "8か月、薬を飲んだ"),
)

_KANJI_AGE: Final = (
    r"(?:[二三四五六七八九]十[一二三四五六七八九]?|十[一二三四五六七八九]|百[一二三四五六七八九]?)"
)

AGE_IN_LIST: Final = Pattern(
    rule="age.in_list",
    type="AGE",
    regex=re.compile(
        rf"\([^()\n0-9]{{1,16}}[、,・]\s?(?:当時|享年|満)?(?P<id>[1-9][0-9]|{_KANJI_AGE}|[一二三四五六七八九]つ)(?=[)、,])(?![、,]\s?[0-9]{{3}})"
    ),
    needs="nothing",
    triggers=("(",),
    guard=lambda m: bool(re.match(r"[一-龥々ぁ-んァ-ヶー]", m.string[m.start() - 1 : m.start()])),
    score=0.75,
    examples=("うちの母（タケ、八十八）も", "娘(こはる、八つ)と", "バスコ(フィリピン出身、27)も"),
    near_misses=("会計（全部で、1,200円）", "症状（咳、痰）"),
)

_COUNTED_BEFORE: Final = re.compile(
    r"(?:番号|要望|印|数|件数|回数|金額|合計|点数|目盛り?|度とも|三度とも)[はがも、]$"
)

AGE_KANJI: Final = Pattern(
    rule="age.kanji",
    type="AGE",
    regex=re.compile(
        rf"(?=[二三四五六七八九十百])(?:(?:(?<=[はがも、])|^)(?P<id>{_KANJI_AGE})(?=[、。)）」]|になる(?!と)|です|でした)|(?P<birthday>{_KANJI_AGE}|[二三四五六七八九]十)(?=の誕生日)|(?P<kin>{_KANJI_AGE})(?=になる(?:父|母|祖|ばあ|じい|夫|妻|義)|の(?:父|母|祖父|祖母|婆|爺|女性|男性|女|男|おば|おじ|ばあ|じい|患者))|(?<=[父母夫妻兄姉弟妹娘孫][はが])(?P<was>{_KANJI_AGE})(?=だった|だ[。、]))"
    ),
    needs="nothing",
    triggers=("十", "百"),
    guard=lambda m: not _COUNTED_BEFORE.search(m.string[max(0, m.start() - 8) : m.start()]),
    score=0.7,
    examples=(
        "四十の誕生日に検診",
        "父の弘は八十一、来週には",
        "ますだはんと、七十五になる運転手",
        "九十になる母は",
        "逝った母は五十九だった",
    ),
    near_misses=("薬は五十mg", "二、三十人", "要望が百二。", "診察券の番号は十二。"),
)

AGE_AT: Final = Pattern(
    rule="age.at_event",
    type="AGE",
    regex=re.compile(
        r"(?<![0-9.\-〜~/])(?P<id>[1-9][0-9])(?=で(?:初めて|はじめて|初の|(?:定年)?退職|発症|亡くな|死ん|倒れ|結婚|出産|他界|急逝|逝|妊娠|初産))"
    ),
    at_digits=True,
    triggers=(
        "で初",
        "ではじめて",
        "で退職",
        "で定年",
        "で発症",
        "で亡",
        "で死",
        "で倒",
        "で結婚",
        "で出産",
        "で他界",
        "で急逝",
        "で逝",
        "で妊娠",
        "で初産",
    ),
    score=0.75,
    examples=("父は60で退職し、", "48で発症しました", "健診、42で初めて胃カメラ"),
    near_misses=("3月30日で退職", "10年で退職"),
)

AGE_AFTER_KIN: Final = Pattern(
    rule="age.after_kin",
    type="AGE",
    regex=re.compile(
        r"(?:(?<=[父母夫妻兄弟姉妹娘孫俺私人])|(?<=[父母夫妻兄弟姉妹娘孫俺私人][、\s])|(?<=わし)|(?<=ワイ)|(?<=ちゃん)|(?<=ちゃん[、\s])|(?<=さん)|(?<=さん[、\s]))"
        r"(?P<id>[1-9][0-9])(?=[、,。(]|[がはも](?![0-9])|や[ぞでが]|\s[^0-9a-zA-Z]|$)(?![、,][0-9]{3})"
    ),
    at_digits=True,
    triggers=(*tuple("父母夫妻兄弟姉妹娘孫俺私"), "ちゃん", "さん", "本人", "わし", "ワイ"),
    score=0.75,
    examples=(
        "父71、歯医者で",
        "母 82 退院",
        "妻30、夫32、",
        "わし90。薬を減らす",
        "父83が毎年測って",
        "見てるのは俺、15",
    ),
    near_misses=("父10時、病院", "母1,200円"),
)

AGE_WHEN: Final = Pattern(
    rule="age.when",
    type="AGE",
    regex=re.compile(
        r"(?:(?P<cue>(?:父|母|祖父|祖母|夫|妻|兄|弟|姉|妹|息子|娘|私|先生|ばあちゃん|じいちゃん)[がはも])(?P<id>[1-9][0-9])(?=で(?!す?[0-9])[^0-9]|まで(?:働|白衣|現役|元気|生き)))"
    ),
    triggers=tuple(
        who + particle
        for who in (*"父母夫妻兄弟姉妹娘私", "息子", "先生", "ばあちゃん", "じいちゃん")
        for particle in "がはも"
    ),
    score=0.7,
    examples=("祖父が91で心臓の弁を", "先生は81まで白衣だった"),
    near_misses=("私は10時で", "父が30分で"),
)

_WHO_BEFORE: Final = re.compile(
    rf"(?:{_KIN}|さん|ちゃん|くん|君|氏|様|さま|先生|選手|容疑者|被告|享年|おじー|おばー|おじい|おばあ|[師医部園所科]長|主任|教授)$"
)

_AGE_BEGINS: Final = (
    "0123456789一二三四五六七八九十百享当満 \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\u1680\u2028\u2029"
)
"""What an age in brackets may begin with, white space that folding leaves included."""

AGE_BRACKET: Final = Pattern(
    rule="age.bracket",
    type="AGE",
    regex=re.compile(
        rf"[(「]\s?(?:享年|当時|満)?\s?(?P<id>[0-9]{{1,3}}|[一二三四五六七八九2-9]つ|{_KANJI_AGE}|十)(?=\s?[)、,」]|・[^0-9])"
    ),
    needs="nothing",
    triggers=tuple(bracket + first for bracket in "(「" for first in _AGE_BEGINS),
    guard=lambda m: (
        (not m["id"].isdigit() or int(m["id"]) <= 115)
        and bool(_WHO_BEFORE.search(m.string[max(0, m.start() - 5) : m.start()]))
    ),
    score=0.85,
    examples=(
        "兄（58）のオプジーボ",
        "トメさん(96)に",
        "女性(76)が",
        "娘(八つ)と",
        "祖母（九十二）",
        "私（39・喘息）",
        "甥（4つ）が",
        "沢井師長（52）が",
        "主任（41）の",
    ),
    near_misses=("患者(3人)", "第(3)", "先生(内科)"),
)

AGE_KIN: Final = Pattern(
    rule="age.kin",
    type="AGE",
    regex=re.compile(
        rf"(?<![0-9.\-/:月日年〜~,])(?P<id>[0-9]{{2,3}})(?=の(?:{_KIN}|お?(?:ばあ|じい|おば|おじ)|婆|爺|俺|私|自分)(?!数|性陣|医|病|々)|(?:に|と)なる(?:父|母|祖父|祖母|ばあ|じい|夫|妻|義)|妊婦|の(?:夏|春|秋|冬|とき|時(?!点|間)|おり|折|目に|手習)|にもなって|、(?:男|女|おっさん|主婦|独身|初産)(?:[、。\s]|$))"
    ),
    at_digits=True,
    triggers=(
        *tuple("父母夫妻兄姉弟妹娘孫婆爺男女俺私"),
        "息子",
        "ばあ",
        "じい",
        "おば",
        "おじ",
        "妊婦",
        "旦那",
        "主人",
        "主婦",
        "にもなって",
        "の夏",
        "の春",
        "の秋",
        "の冬",
        "の時",
        "のとき",
        "の目",
        "手習",
    ),
    guard=lambda m: not m["id"].isdigit() or 10 <= int(m["id"]) <= 115,
    score=0.8,
    examples=(
        "22の俺に教えてやりたい",
        "79の婆さんには",
        "86の父、低血糖",
        "19の弟が事故で",
        "31妊婦は思う",
        "当方51、男、HbA1c",
    ),
    near_misses=("2の父", "11月の母", "30年の夫"),
)

AGE_DEATH: Final = Pattern(
    rule="age.at_death",
    type="AGE",
    regex=re.compile(
        r"(?P<cue>享年|行年)\s?(?P<id>[0-9]{1,3}|[二三四五六七八九]?十[一二三四五六七八九]?|百[一二三四五六七八九]?)(?![0-9]|歳|才|代)"
    ),
    needs="nothing",
    triggers=("享年", "行年"),
    score=0.95,
    examples=("享年86。", "享年七十一でした", "（享年 23）"),
    near_misses=("享年を聞く",),
)

AGE_NOW: Final = Pattern(
    rule="age.self",
    type="AGE",
    regex=re.compile(
        r"(?P<cue>当方|今年で|年齢は?|アラカン|私は|父は|母は|祖母は|祖父は|夫は|妻は|兄は|弟は|姉は|妹は|もうすぐ|まもなく|もう)[、\s]?(?:もうすぐ|まもなく|もう|今年(?:で)?|来年)?(?P<id>[1-9][0-9]|[二三四五六七八九]十[一二三四五六七八九]?)(?=[、。)）]|です|だ。|や。|になる|になり|に(?:も)?なっ(?!たら)|だけど|だから|でしょ|入りで|$)(?!、[0-9])"
    ),
    needs="nothing",
    triggers=(
        "当方",
        "今年",
        "年齢",
        "父は",
        "母は",
        "私は",
        "夫は",
        "妻は",
        "もう",
        "まもなく",
        "兄は",
        "弟は",
        "姉は",
        "妹は",
    ),
    score=0.75,
    examples=("当方五十一、男", "父は八十一、来週", "今年で40になった", "病名と年齢58入りで"),
    near_misses=("もう10年", "父は10時に", "私は30分"),
)

AGE_SEX: Final = Pattern(
    rule="age.and_sex",
    type="AGE",
    regex=re.compile(r"(?<![0-9.\-/:月日年〜~,])(?P<id>[1-9][0-9])(?=[男女][。、\s♂♀])"),
    at_digits=True,
    triggers=("男", "女"),
    score=0.8,
    examples=("しこりがある。29男。痛くない", "34女、初診です"),
    near_misses=("10男女の差", "第29男性病棟"),
)

AGE_STILL: Final = Pattern(
    rule="age.still",
    type="AGE",
    regex=re.compile(r"(?<=まだ)(?P<id>[1-9][0-9])(?=だけど|なのに|だよ|だし|だが|です|や[のけで]|、)"),
    at_digits=True,
    triggers=("まだ",),
    score=0.7,
    examples=("俺まだ34だけど、老化と言われた",),
    near_misses=("まだ10分だけど", "まだ3なのに"),
)

AGE_ALONE: Final = Pattern(
    rule="age.alone",
    type="AGE",
    regex=re.compile(
        rf"(?:(?<=[。!?\n])|^)(?P<id>[1-9][0-9]|{_KANJI_AGE}|[二三四五六七八九]十)(?=です(?:[。\n]|$)|だ(?:[。\n]|$)|でした(?:[。\n]|$))"
    ),
    needs="nothing",
    triggers=("です", "でした", "だ。", "だ\n"),
    score=0.7,
    examples=("内科で年だと言われた。四十四です。待つ間に", "五十一です。泌尿器科でしょうか"),
    near_misses=("二十分です。", "番号は四十四です", "血圧。120です。"),
)

RECOGNIZERS: Final = (
    DateByYear(), DateByEra(), BIRTH_EIGHT, BIRTH_SHORT_YEAR, BIRTH_MONTH, BIRTH_DAY, BIRTH_DAY_BEFORE, DATE_MONTH_DAY, DATE_YEAR_WORD, DATE_MONTH_END, DATE_OF_MONTH, DATE_DAY, DATE_NEXT_DAY,
    DATE_DIARY, DATE_AT_HOUR, DATE_ENGLISH, DATE_SLASH, DATE_DOTTED, DATE_LATER_DAY, DATE_RANGE_START, DATE_RANGE_END, DATE_JOINED, AGE_YEARS, AGE_INFANT, AGE_MONTHS, AGE_MONTHS_OF, AGE_MONTHS_ILL, AGE_IN_LIST, AGE_KANJI, AGE_AT, AGE_AFTER_KIN, AGE_WHEN, AGE_BRACKET, AGE_KIN, AGE_DEATH, AGE_NOW, AGE_SEX, AGE_STILL, AGE_ALONE,
)  # fmt: skip
