"""What replaces a span: a typed placeholder, something coarser, or a keyed pseudonym.

Belongs here: text of one span in, its replacement out.
Does not: which operator a type has (`policy`), the titles around a name, which stay outside the span.

No replacement matches a recognizer again: placeholders have full-width brackets, which `placeholder_spans` finds, and
what is generalised (30代, 11月某日, 千葉県内) is no age, day or address any more.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from transforms.redaction.recognizers.places import PREFECTURES, get_places
from transforms.text.fold import fold

LABELS: Final[dict[str, str]] = {
    "PERSON": "氏名", "PHONE": "電話番号", "EMAIL": "メールアドレス", "HANDLE": "アカウント", "URL": "URL", "ADDRESS": "住所", "POSTAL": "郵便番号",
    "BIRTHDATE": "生年月日", "MY_NUMBER": "マイナンバー", "INSURANCE_ID": "保険番号", "PATIENT_ID": "患者番号", "LICENSE": "免許番号", "PASSPORT": "旅券番号",
    "RESIDENCE_CARD": "在留カード番号", "PENSION_ID": "年金番号", "CREDIT_CARD": "カード番号", "BANK_ACCOUNT": "口座番号", "PLATE": "車両番号", "IP": "IPアドレス",
    "AGE": "年齢", "AFFILIATION": "所属", "ROOM": "病室", "DATE": "日付",
}  # fmt: skip
"""What stands in a placeholder, by type."""

_PLACEHOLDER_RE: Final = re.compile(
    "［(?:"
    + "|".join(LABELS.values())
    + r")(?::(?:p[0-9a-f]{10}|[a-z0-9\-]{1,63}(?:\.[a-z0-9\-]{1,63}){1,3}))?］"
)


def placeholder(name: str) -> str:
    """The typed placeholder of a type, e.g. ［氏名］."""
    return f"［{LABELS[name]}］"


def placeholder_spans(text: str) -> list[tuple[int, int]]:
    """Where placeholders stand in a text that was redacted before."""
    return [m.span() for m in _PLACEHOLDER_RE.finditer(text)] if "［" in text else []


_COARSE_RE: Final = re.compile(
    r"[1-9]0代|10歳未満|90歳以上|(?:[0-9元]{1,4}年)?(?:1[0-2]|[1-9])月某日|(?:"
    + "|".join(PREFECTURES)
    + ")内"
)


_MAY_BE_COARSE_RE: Final = re.compile(r"[0月都道府県歳](?:代|某日|内|未満|以上)")
"""What every coarser form holds, in a pattern that begins with few characters."""


def coarse_spans(text: str) -> list[tuple[int, int]]:
    """Where a text has the coarser forms that `generalise` writes, which identify nobody."""
    if not _MAY_BE_COARSE_RE.search(text):
        return []
    return [m.span() for m in _COARSE_RE.finditer(text)]


def pseudonym(name: str, text: str, key: bytes) -> str:
    """A placeholder with a pseudonym: the same words of a type give the same one under the same key.

    Args:
        name: identifier type.
        text: the span's text; folded and without spaces before it is hashed, so that spellings agree.
        key: secret of the period. Whoever holds it can test a guess, so it is kept and destroyed like one.
    """
    plain = re.sub(r"\s", "", fold(text).numeric.text).casefold()
    digest = hmac.new(key, f"{name}\0{plain}".encode(errors="replace"), hashlib.sha256).hexdigest()
    return f"［{LABELS[name]}:p{digest[:10]}］"


def generalise(name: str, text: str) -> str:
    """Something coarser than the span, or its placeholder where nothing coarser is known to be safe.

    Age to a ten-year band (34歳 -> 30代, under ten 10歳未満, from ninety 90歳以上); day to its month (11月3日 -> 11月某日);
    address to its prefecture (-> 千葉県内); link to its domain (-> ［URL:example.com］).
    """
    return _coarser(name, text) if name in _COARSER else placeholder(name)


@lru_cache(4096)
def _coarser(name: str, text: str) -> str:
    """Ages and days come again and again."""
    return _COARSER[name](fold(text).numeric.text)


_WORDS_FOR_AGE: Final = {c: i for i, c in enumerate("一二三四五六七八九", start=1)}
_KANJI_AGE: Final = re.compile(r"(百)?(?:([二三四五六七八九])?(十))?([一二三四五六七八九])?")


def _years(text: str) -> int | None:
    """The years of an age; 0 for an infant's months or days, None where it cannot be read."""
    if match := re.search(r"([0-9]{1,3})\s?(?:歳|才|さい)", text):
        return int(match[1])
    if re.search(r"生後|せいご|[かヶケカヵ箇]月", text):
        return 0
    if match := re.search(r"[0-9]{1,3}", text):
        return int(match[0])
    match = _KANJI_AGE.match(text)
    if not match or not match[0]:
        return None
    tens = (_WORDS_FOR_AGE.get(match[2] or "", 1) * 10) if match[3] else 0
    return (100 if match[1] else 0) + tens + _WORDS_FOR_AGE.get(match[4] or "", 0)


def _age_band(text: str) -> str:
    years = _years(text)
    if years is None:
        return placeholder("AGE")
    if years < 10:
        return "10歳未満"
    return "90歳以上" if years >= 90 else f"{years // 10 * 10}代"


_MONTH_RE: Final = re.compile(
    r"(?P<year>(?:(?:明治|大正|昭和|平成|令和|[明大昭平令MTSHRmtshr])\s?\.?\s?(?:[0-9]{1,2}|元)|(?:1[89]|20)[0-9]{2}|'[0-9]{2}|[0-9]{2}(?=年))\s{0,2}[年./\-]\s{0,2})?"
    r"(?P<month>1[0-2]|0?[1-9])\s{0,2}(?:月|[/.\-])"
)
_RELATIVE_RE: Final = re.compile(r"先々月|先月|今月|来月|翌月|前月|同月")


def _month(text: str) -> str:
    squeezed = re.sub(r"(?<=[0-9])\s(?=[0-9])", "", text)
    if match := _RELATIVE_RE.match(squeezed):
        return match[0]
    relative = re.match(r"(?:昨年|去年|今年|来年|一昨年|おととし)の?", squeezed)
    head = relative[0] if relative else ""
    match = _MONTH_RE.match(squeezed, len(head))
    if not match:
        return placeholder("DATE")
    year = re.sub(r"[\s年./\-]+$", "", match["year"] or "")
    return f"{head}{year + '年' if year else ''}{int(match['month'])}月某日"


def _prefecture(text: str) -> str:
    for name in PREFECTURES:
        if text.startswith(name):
            return f"{name}内"
    known = get_places().prefecture
    sole = next((known[text[:n]] for n in range(min(12, len(text)), 1, -1) if text[:n] in known), None)
    return f"{sole}内" if sole else placeholder("ADDRESS")


_DOMAIN_RE: Final = re.compile(
    r"(?:h[tx]{2}ps?\s?:\s?[/∕⁄]{1,2}\s?)?(?:[^/@\s]*@)?(?P<host>[A-Za-z0-9.\-]+)", re.IGNORECASE
)
_SECOND_LEVEL: Final = frozenset({"co", "ne", "or", "ac", "go", "ed", "lg", "gr", "ad", "com", "org", "gov"})


def _domain(text: str) -> str:
    match = _DOMAIN_RE.match(text)
    labels = match["host"].lower().strip(".").split(".") if match else []
    if len(labels) < 2 or labels[-1].isdigit():
        return placeholder("URL")
    size = 3 if len(labels) > 2 and labels[-2] in _SECOND_LEVEL and len(labels[-1]) == 2 else 2
    coarser = f"［URL:{'.'.join(labels[-size:])}］"
    return coarser if _PLACEHOLDER_RE.fullmatch(coarser) else placeholder("URL")


_COARSER: Final[dict[str, Callable[[str], str]]] = {
    "AGE": _age_band,
    "DATE": _month,
    "ADDRESS": _prefecture,
    "URL": _domain,
}
