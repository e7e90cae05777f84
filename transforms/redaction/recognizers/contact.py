"""Telephone and fax numbers, postal codes.

Belongs here: numbers by which somebody is reached.
Does not: e-mail, accounts and links (`online`), addresses (`address`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import phonenumbers

from transforms.redaction.recognizers.base import LONG_DIGITS, Found, Needs, Pattern, digits_of
from transforms.redaction.recognizers.places import get_places

_SEP: Final = r"[-()\s./・･·•‥…の,_⏎=*]"
_GROUP: Final = re.compile(r"[0-9]+")


def _national(digits: str) -> bool:
    """Whether 10 or 11 digits begin like a Japanese telephone number."""
    if len(digits) == 11:
        return digits[:3] in {"050", "060", "070", "080", "090", "020"} or digits.startswith("0800")
    return len(digits) == 10 and digits[1] != "0"


def _phone_shape(number: str) -> bool:
    """Whether a run of digits with separators is grouped like a telephone number.

    Refuses lists of small numbers (0.1 0.2 0.3), which hold as many digits.
    """
    number = re.sub("[Oo]|ゼロ|ぜろ", "0", number)
    digits = digits_of(number)
    groups = [len(g) for g in _GROUP.findall(number)]
    if not _national(digits) and not (len(groups) == 3 and groups[2] == 4 and digits[:2] != "00"):
        return False
    if len(groups) == 1:
        return len(digits) == 11 or _valid(digits)
    if _mixed_dots(number):
        return False
    if all(g == 1 for g in groups):
        return True
    if "\n" in number and len(groups) > 3 and min(groups) < 2:
        return groups[0] >= 2
    return 2 <= groups[0] <= 6 and len(groups) <= 7 and max(groups) >= 2


def _mixed_dots(number: str) -> str:
    """The separators of a number whose dots are decimal points: dots together with white space."""
    separators = "".join(c for c in number if not c.isdigit())
    return separators if "." in separators and any(c.isspace() for c in separators) else ""


def _valid(digits: str) -> bool:
    """Whether libphonenumber knows the area code and length."""
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(digits, "JP"))
    except phonenumbers.NumberParseException:
        return False


def _international(match: re.Match[str]) -> bool:
    """Whether a number behind + has as many digits as a telephone number has."""
    return 9 <= len(digits_of(match["id"])) <= 15


_NUMBER: Final = re.compile(
    rf"""
    (?:(?<![0-9A-Za-z])(?<![0-9][-./])|(?<=[TtFf][EeAa][LlXx])|(?<=電話))
    (?P<id> \(?(?:0|ゼロ|ぜろ|[Oo](?=[0-9][-(]|[0-9]{{2}}[-(])) (?:{_SEP}{{0,3}}[0-9]){{SIZE}} )
    (?![0-9]) (?!{_SEP}?[-.][0-9]) (?![A-Za-z])
    """.replace("{SIZE}", "{9,10}"),
    re.VERBOSE,
)
_TEN: Final = re.compile(_NUMBER.pattern.replace("{9,10}", "{9}"), re.VERBOSE)


@dataclass(frozen=True, slots=True)
class NationalPhone:
    """Ten or eleven digits that begin with 0, in any grouping; ten where the eleventh belongs to something else."""

    rule: str = "phone.national"
    triggers: tuple[str, ...] = (LONG_DIGITS,)
    needs: Needs = "digit"
    examples: tuple[str, ...] = (
        "電話は０９０ー１２３４ー５６７８まで", "電話〇九〇-一二三四-五六七八", "☎ 080 1234 5678", "0️⃣9️⃣0️⃣12345678", "TEL 03(1234)5678",
        "℡045-123-4567", "01267-1-2345", "予約は0120-123-456", "0800-123-4567", "0 8 0 - 1 2 3 4 - 5 6 7 8", "(03)1234-5678",
        "0570-055-018", "080.1234.5678", "03の1234の5678", "FAX048−205−1234", "0120-123-456(9時〜17時)",
        "0742（九三）0 1 2 3", "ゼロ九〇の一二三四の五六七八", "〇七〇・一二三四・五六七八", "０９０…１２３４…５６７８", "０９０＝１２３４＝５６７８", "0120＊123＊456", "080•1234•5678",
    )  # fmt: skip
    near_misses: tuple[str, ...] = (
        "血圧は135-85、脈拍72", "診療行為112007410", "HbA1c 0.1 0.2 0.3 0.4 0.5 0.6", "2024-2025シーズン", "0.123456789の確率",
    )  # fmt: skip

    def find(self, text: str, digits: Sequence[int]) -> Iterator[Found]:  # noqa: ARG002
        """Telephone numbers of a text."""
        position = 0
        while match := _NUMBER.search(text, position):
            if not _phone_shape(match["id"]):
                shorter = _TEN.match(text, match.start())
                if not shorter or not _phone_shape(shorter["id"]):
                    position = match.start() + 1
                    continue
                match = shorter
            position = match.end()
            yield Found(*match.span("id"), "PHONE", 0.95, self.rule)


PHONE: Final = NationalPhone()

PHONE_ABROAD: Final = Pattern(
    rule="phone.international",
    type="PHONE",
    regex=re.compile(
        r"(?<![0-9A-Za-z])(?P<id>(?:\+\s?[1-9]|(?:010[-\s]?|00)81)(?:[-()\s./・]{0,3}[0-9]){8,14})(?![0-9])"
    ),
    triggers=("+", "0081", "01081", "010-81"),
    guard=_international,
    score=0.95,
    examples=(
        "0081-90-1234-5678",
        "+81-90-1234-5678",
        "+81(0)3-1234-5678",
        "＋８１ ９０ １２３４ ５６７８",
        "+1 212 555 0100",
    ),
    near_misses=("+15万、夜間は+20万", "体重+1.5kg"),
)

PHONE_LOCAL: Final = Pattern(
    rule="phone.local",
    type="PHONE",
    regex=re.compile(
        r"(?<![0-9A-Za-z\-./])(?P<id>[1-9][0-9]{1,3}-[0-9]{4})(?![0-9\-./A-Za-z])(?!\s?(?:円|人|mg|件|年))"
    ),
    at_digits=True,
    triggers=("電話", "tel", "fax", "かけ", "つなが", "繋が", "市外局番", "市内"),
    context=("電話", "tel", "fax", "市外局番", "市内から", "かけ", "つなが", "繋が"),
    before=16,
    after=14,
    score=0.8,
    examples=("市内からは564-0000につながる", "電話は52-0000です"),
    near_misses=("2024-2025シーズン", "価格は1000-2000円、電話で予約"),
)

PHONE_MASKED: Final = Pattern(
    rule="phone.masked",
    type="PHONE",
    regex=re.compile(
        r"(?<![0-9A-Za-z])(?P<id>0[5-9]0[-\s.]?(?:[0-9]{4}[-\s.]?[xX*○〇●◯＊×?]{2,4}[0-9]{0,2}|[xX*○〇●◯×]{3,4}[-\s.]?[0-9]{4}))(?![0-9])"
    ),
    triggers=("090", "080", "070", "060", "050"),
    score=0.85,
    examples=("090-1234-XXXX", "080-****-5678"),
    near_misses=("090や080からの予約",),
)

PHONE_EXTENSION: Final = Pattern(
    rule="phone.extension",
    type="PHONE",
    regex=re.compile(r"(?P<cue>内線|ナイセン|ないせん)(?:番号)?[\s:は(]{0,3}(?P<id>[0-9]{2,5})(?![0-9])"),
    triggers=("内線", "ないせん"),
    score=0.8,
    examples=("内線 2041まで",),
    near_misses=("内線で呼ばれた",),
)

_UNIT: Final = r"(?!\s?(?:円|人|名|mg|ml|mL|件|kcal|歩|回|字|年|kg|点|枚|台|床|g\b|m\b|万|μ|ppm|%|時|シーズン|cc|L\b|単位|kHz|Hz))"


def _known_code(match: re.Match[str]) -> bool | None:
    """Whether Japan Post has given the code out; None where it has not."""
    return True if digits_of(match["id"]) in get_places().codes else None


POSTAL_MARK: Final = Pattern(
    rule="postal.mark",
    type="POSTAL",
    regex=re.compile(
        r"(?P<cue>〒|郵便番号|ゆうびん番号|〠|郵便No\.?)[\s:は\[(「『]{0,4}(?P<id>[0-9](?:\s?[0-9]){2}[-\s・の.]{0,3}[0-9](?:\s?[0-9]){3})(?![0-9])"
    ),
    triggers=("〒", "郵便", "ゆうびん", "〠"),
    score=0.98,
    examples=("〒１２３−４５６７", "郵便番号(1234567)", "〒123 4567", "〒一二三の四五六七"),
    near_misses=("〒の窓口で3時間",),
)

POSTAL_BARE: Final = Pattern(
    rule="postal.bare",
    type="POSTAL",
    regex=re.compile(rf"(?<![0-9A-Za-z\-.:/~])(?P<id>[0-9]{{3}}-[0-9]{{4}})(?![0-9\-A-Za-z.]){_UNIT}"),
    at_digits=True,
    triggers=(LONG_DIGITS,),
    check=_known_code,
    context=("住所", "宛", "届け", "引っ越", "実家", "自宅", "から「", "封筒"),
    before=16,
    after=8,
    score=0.8,
    examples=("宛名は154-0002、東京", "154-0002 東京都世田谷区"),
    near_misses=("5-FU 1-2-3クール", "2024-2025シーズン", "価格150-0002円", "血圧は135-85"),
)

RECOGNIZERS: Final = (
    PHONE,
    PHONE_ABROAD,
    PHONE_LOCAL,
    PHONE_MASKED,
    PHONE_EXTENSION,
    POSTAL_MARK,
    POSTAL_BARE,
)
