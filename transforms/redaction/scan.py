r"""The residual scanner: looks for identifiers in texts and files that are said to hold none.

It is a gate, not a redactor. It is built on other means than the redactor, so that the two do not share a blind spot:
pattern strings that every engine reads alike, check digits verified on the candidates, and a name list. It imports
nothing of the redaction package but the list of types.

The patterns hold on the text as it is: full-width and circled digits, kanji numerals, zero-width characters and every
dash are in the classes themselves. They use no `\\d \\w \\s \\b`, no lookaround, no capture groups, no flags and no `.`:
Python `re`, Rust (polars), RE2 (DuckDB, pyarrow, pandas) disagree on those. What a lookaround would say is said by a
consumed neighbour, `(?:^|[^0-9])`. Repetitions are bounded, so that every engine is linear.

A gate that cries wolf stops every night: what a redacted post may well hold (a blood pressure, a dose, a price, a lot,
a code of a drug, a trial or an article, a bare domain, a month) is no finding. What only its neighbourhood makes
an identifier is looked for with its cue word.

Belongs here: patterns, checks, the name list, reports of counts and positions. Reports never hold a value.
Does not: deciding what happens to a finding; reading files (bytes come in as chunks).
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import ahocorasick_rs
import polars as pl
from japanese_personal_name_dataset import load_dataset

_INVISIBLE = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe0f\u20e3\ufeff"
_Z = f"[{_INVISIBLE}]{{0,3}}"
_DIGITS = "0-9０-９⓪①-⑨"
_KANJI = "〇零一二三四五六七八九"
_D = f"(?:[{_DIGITS}]{_Z})"
_K = f"(?:[{_DIGITS}{_KANJI}]{_Z})"
_ZERO = f"(?:[0０⓪〇零]{_Z})"
_DASHES = r"\-‐‑‒–—―−─━ー－ｰ˗⁃﹣〜～"
_SPACES = " \u00a0\u2009\u3000"
_SEP = f"(?:[{_DASHES}{_SPACES}・･·./／の]{_Z})"
_PHONE_SEP = rf"[{_DASHES}{_SPACES}・･·./／の()（）\n]"
_GAP = f"{_PHONE_SEP}{{1,3}}{_Z}"
_MAYBE_GAP = f"{_PHONE_SEP}{{0,3}}{_Z}"
_LETTERS = "A-Za-zＡ-Ｚａ-ｚ"
_UPPER = f"(?:[A-Za-zＡ-Ｚａ-ｚ]{_Z})"
_NOT_DIGIT_BEFORE = f"(?:^|[^{_DIGITS}])"
_NOT_DIGIT_AFTER = f"(?:$|[^{_DIGITS}])"
# A number inside a hash, a code or a decimal fraction is none of ours.
_ALONE_BEFORE = f"(?:^|[^{_DIGITS}{_LETTERS}.])"
_ALONE_AFTER = f"(?:$|[^{_DIGITS}{_LETTERS}])"
_BETWEEN = rf"[はがをにのとも:：=＝,、({{（「『【\[{_SPACES}\n→─#＃]{{0,4}}"
_KANJI_LETTER = "一-鿿㐀-䶿々〆ヶヵノ"
_NUMBER_WORD = r"(?:番号|ナンバー|ＩＤ|ID|Id|No\.?|NO\.?|Ｎｏ|№)"
_DOT = r"(?: ?[.．｡。,，] ?| ?(?:\[[.]\]|\(dot\)|\[dot\]|（dot）| dot |ドット|どっと) ?)"
_AT_WORD = (
    r" ?(?:\((?:at|at mark|アットマーク|アット|あっと)\)|（(?:at|at mark|アットマーク|アット|あっと|＠|@)）"
    r"|\[(?:at|@)\]|［(?:at|@|＠)］|〔(?:at|@|＠)〕|【(?:at|@|＠|アット|アットマーク)】|アットマーク|アット|あっと|☆|★) ?"
)
_HOST = "[A-Za-zＡ-Ｚａ-ｚ0-9０-９][A-Za-zＡ-Ｚａ-ｚ0-9０-９－\\-]{0,62}"
_TOP = f"[{_LETTERS}]{{2,12}}"
_LOCAL = "[A-Za-zＡ-Ｚａ-ｚ0-9０-９][A-Za-zＡ-Ｚａ-ｚ0-9０-９._%+＿．－\\-]{0,63}"
_URL_TOPS = "(?:com|net|org|info|biz|jp|me|io|tv|app|link|site|social|online|shop|page|dev|xyz|us|uk|gg|be|ee|ly|to|in|co|example)"
_PREFECTURES = (
    "(?:北海道|青森県|岩手県|宮城県|秋田県|山形県|福島県|茨城県|栃木県|群馬県|埼玉県|千葉県|東京都|神奈川県|新潟県|富山県|石川県"
    "|福井県|山梨県|長野県|岐阜県|静岡県|愛知県|三重県|滋賀県|京都府|大阪府|兵庫県|奈良県|和歌山県|鳥取県|島根県|岡山県|広島県"
    "|山口県|徳島県|香川県|愛媛県|高知県|福岡県|佐賀県|長崎県|熊本県|大分県|宮崎県|鹿児島県|沖縄県)"
)
_PLATE_OFFICES = (
    "(?:札幌|函館|旭川|室蘭|苫小牧|釧路|知床|帯広|十勝|北見|青森|弘前|八戸|岩手|盛岡|平泉|宮城|仙台|秋田|山形|庄内|福島|会津"
    "|郡山|白河|いわき|水戸|土浦|つくば|宇都宮|那須|とちぎ|日光|群馬|前橋|高崎|大宮|川口|所沢|川越|熊谷|春日部|越谷|千葉|成田"
    "|習志野|市川|船橋|袖ヶ浦|袖ケ浦|市原|野田|柏|松戸|品川|世田谷|練馬|杉並|板橋|足立|江東|葛飾|八王子|多摩|横浜|川崎|湘南|相模"
    "|山梨|富士山|新潟|長岡|上越|富山|石川|金沢|福井|長野|松本|安曇野|諏訪|岐阜|飛騨|静岡|浜松|沼津|伊豆|名古屋|尾張小牧"
    "|一宮|春日井|豊橋|三河|岡崎|豊田|三重|鈴鹿|四日市|伊勢志摩|滋賀|京都|大阪|なにわ|和泉|堺|神戸|姫路|奈良|飛鳥|和歌山|鳥取"
    "|島根|出雲|岡山|倉敷|広島|福山|山口|下関|徳島|香川|高松|愛媛|高知|福岡|北九州|筑豊|久留米|佐賀|長崎|佐世保|熊本|大分"
    "|宮崎|鹿児島|奄美|沖縄)"
)

_FULL_DIGITS = "０１２３４５６７８９"
_FOLD_FROM = _FULL_DIGITS + "⓪①②③④⑤⑥⑦⑧⑨" + "〇一二三四五六七八九" + "零"
_FOLD_TO = "0123456789" * 3 + "0"
_TO_ASCII = str.maketrans(_FOLD_FROM, _FOLD_TO)


def ascii_digits(candidate: str) -> str:
    """The digits of a candidate as ASCII, everything else dropped: `１２-三` gives `123`."""
    return "".join(c for c in candidate.translate(_TO_ASCII) if c in "0123456789")


def as_found(candidate: str) -> str:
    """The candidate itself: for patterns that need no check."""
    return candidate


_MY_NUMBER_WEIGHTS = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)


def is_my_number(digits: str) -> bool:
    """Whether twelve ASCII digits carry the check digit of 平成26年総務省令85号 article 5."""
    if len(digits) != 12:
        return False
    rest = sum(w * int(d) for w, d in zip(_MY_NUMBER_WEIGHTS, digits, strict=False)) % 11
    return int(digits[11]) == (0 if rest <= 1 else 11 - rest)


def is_luhn(digits: str) -> bool:
    """Whether ASCII digits pass ISO/IEC 7812's check (Luhn)."""
    doubled = (int(d) * (1 + i % 2) for i, d in enumerate(reversed(digits)))
    return bool(digits) and sum(n // 10 + n % 10 for n in doubled) % 10 == 0


class ScanPattern(NamedTuple):
    """One thing to look for.

    Attributes:
        id: `<family>.<name>`, stands in reports.
        type: one of `DIRECT`.
        regex: the pattern string, the same for every engine. It may take one neighbour on each side with it.
        normalise: from what the pattern took to what the check reads.
        check: tells whether the candidate is one; None where the pattern alone decides.
        in_bytes: whether it is safe on the bytes of any file (page markup, code, statistics of a column).
    """

    id: str
    type: str
    regex: str
    normalise: Callable[[str], str] = as_found
    check: Callable[[str], bool] | None = None
    in_bytes: bool = False


def _cued(cue: str, number: str) -> str:
    return f"{cue}{_BETWEEN}{number}"


_MOBILE = f"{_ZERO}[5-9５-９⑤-⑨五六七八九]{_Z}{_ZERO}"
_MOBILE_PLAIN = f"(?:0[5-9]0|０[５-９]０)(?:[{_DASHES}{_SPACES}()（）])[0-9０-９]{{4}}(?:[{_DASHES}{_SPACES}()（）])[0-9０-９]{{4}}"
_Y4 = f"(?:[12１２一二]{_Z}{_K}{_K}{_K})"
_NUM = f"(?:[{_DIGITS}{_KANJI}十元]{_Z}){{1,3}}"
_ERA = "(?:明治|大正|昭和|平成|令和|[㍾㍽㍼㍻㋿]|[MTSHRＭＴＳＨＲ明大昭平令])"
_YMD_SEP = rf"[{_SPACES}]?[年月./／{_DASHES}の・][{_SPACES}]?"
_BIRTH_YEAR = f"(?:{_ERA}[.．{_SPACES}]?{_NUM}|{_Y4}|['’]?{_K}{_K})(?:[(（][^)）\n]{{1,12}}[)）])?"
_BIRTH = f"{_BIRTH_YEAR}(?:{_YMD_SEP})?{_NUM}{_YMD_SEP}{_NUM}日?"
_MONTH = f"(?:{_ZERO}?[1-9１-９①-⑨一二三四五六七八九]{_Z}|[1１①一]{_Z}[0-2０-２⓪①②〇一二]{_Z}|十[一二]?)"
_DAY = f"(?:[0-2０-２⓪①②〇一二]?{_Z}{_K}|[3３③三]{_Z}[01０１⓪①〇一]{_Z}|[二三]?十[一二三四五六七八九]?)"
_BORN = "(?:生まれ|うまれ|産まれ|生$|生[^活命後存理徒物死])"
_GROUPS_3 = f"{_K}{_K}{_K}{_K}{_SEP}{{0,2}}{_K}{_K}{_K}{_K}{_SEP}{{0,2}}{_K}{_K}{_K}{_K}"
_CARD_16 = f"{_D}{_D}{_D}{_D}{_SEP}?{_D}{_D}{_D}{_D}{_SEP}?{_D}{_D}{_D}{_D}{_SEP}?{_D}{_D}{_D}{_D}"
_CARD_15 = f"[3３]{_Z}[47４７]{_Z}{_D}{_D}{_SEP}?{_D}{_D}{_D}{_D}{_D}{_D}{_SEP}?{_D}{_D}{_D}{_D}{_D}"
_TOWN_NUMBER = f"(?:[{_DIGITS}{_KANJI}十百]{_Z}){{1,5}}"
_NOT_UNIT = "(?:$|[^0-9０-９回時分人名件度倍割％%錠歳才月年週日円点階組号mgkMGKL.])"
_TOWN = f"(?:[ぁ-ん]{{2,6}})?[{_KANJI_LETTER}ァ-ヺー]{{1,12}}"

PATTERNS: tuple[ScanPattern, ...] = (
    ScanPattern(
        "phone.mobile",
        "PHONE",
        f"{_ALONE_BEFORE}{_MOBILE}{_MAYBE_GAP}{_K}{{4}}{_MAYBE_GAP}{_K}{{4}}{_NOT_DIGIT_AFTER}",
    ),
    ScanPattern(
        "phone.mobile_plain", "PHONE", f"{_ALONE_BEFORE}{_MOBILE_PLAIN}{_ALONE_AFTER}", in_bytes=True
    ),
    ScanPattern(
        "phone.landline",
        "PHONE",
        f"{_ALONE_BEFORE}[(（]?{_ZERO}(?:{_K}{_GAP}{_K}{{4}}|{_K}{{2}}{_GAP}{_K}{{3}}|{_K}{{3}}{_GAP}{_K}{{2}}"
        f"|{_K}{{4}}{_GAP}{_K}){_GAP}{_K}{{4}}{_NOT_DIGIT_AFTER}",
    ),
    ScanPattern(
        "phone.service",
        "PHONE",
        f"{_ALONE_BEFORE}(?:{_ZERO}[15１５一五①⑤]{_Z}[27２７二七②⑦]{_Z}{_ZERO}{_GAP}{_K}{{3}}{_GAP}{_K}{{3}}"
        f"|{_ZERO}[8８八⑧]{_Z}{_ZERO}{_ZERO}{_GAP}{_K}{{3}}{_GAP}{_K}{{4}}){_NOT_DIGIT_AFTER}",
    ),
    ScanPattern(
        "phone.international",
        "PHONE",
        f"[+＋][{_SPACES}]?[8８]{_Z}[1１]{_Z}{_MAYBE_GAP}(?:[(（]?[0０]?[)）]?)"
        f"(?:{_D}{_MAYBE_GAP}){{8,9}}{_D}",
    ),
    ScanPattern(
        "phone.cued",
        "PHONE",
        f"(?:電話|でんわ|携帯|ケータイ|TEL|Tel|tel|ＴＥＬ|℡|☎|📞|FAX|Fax|fax|ＦＡＸ|ファックス)(?:番号)?{_BETWEEN}"
        f"{_ZERO}(?:{_K}{_MAYBE_GAP}){{8,9}}{_K}{_NOT_DIGIT_AFTER}",
    ),
    ScanPattern("email.plain", "EMAIL", f"{_LOCAL} ?[@＠] ?(?:{_HOST}{_DOT}){{1,4}}{_TOP}"),
    ScanPattern(
        "email.ascii",
        "EMAIL",
        r"[A-Za-z0-9][A-Za-z0-9._%+\-]{1,63}@(?:[A-Za-z0-9][A-Za-z0-9\-]{1,62}\.){1,4}(?:jp|com|net|org|example)(?:$|[^A-Za-z0-9])",
        in_bytes=True,
    ),
    ScanPattern("email.spoken", "EMAIL", f"{_LOCAL}{_AT_WORD}(?:{_HOST}{_DOT}){{1,4}}{_TOP}"),
    ScanPattern(
        "email.marked",
        "EMAIL",
        r"[A-Za-z0-9][A-Za-z0-9._%+\-]{2,63}#(?:[A-Za-z0-9][A-Za-z0-9\-]{1,62}\.){1,4}(?:com|net|org|jp|example)",
    ),
    ScanPattern(
        "email.spaced",
        "EMAIL",
        r"(?:[A-Za-z0-9._\-] ){3,40}[@＠](?: [A-Za-z0-9._\-]){3,40}",
    ),
    ScanPattern(
        "url.scheme", "URL", f"(?:[hｈ][tｔ][tｔ][pｐ][sｓ]?|hxxps?)(?::|：)[/／]{{2}}[{_LETTERS}0-9０-９]"
    ),
    ScanPattern("url.www", "URL", r"(?:^|[^A-Za-z0-9.])www\.[A-Za-z0-9\-]{1,63}\."),
    ScanPattern(
        "url.path",
        "URL",
        rf"(?:^|[^A-Za-z0-9.\-])(?:[A-Za-z0-9][A-Za-z0-9\-]{{0,62}}\.){{1,4}}{_URL_TOPS}/[A-Za-z0-9_@?~%\-]",
    ),
    ScanPattern(
        "handle.at_mixed",
        "HANDLE",
        "(?:^|[^A-Za-z0-9._%+])[@＠](?:[A-Za-z][A-Za-z.\\-]{0,23}[0-9_][A-Za-z0-9_.\\-]{1,30}|[A-Za-z]{7,30}|[A-Za-z]{2,20}-[A-Za-z0-9\\-]{2,20}|_[A-Za-z0-9_]{3,30})",
    ),
    ScanPattern("handle.at_wide", "HANDLE", "[@＠][Ａ-Ｚａ-ｚ]{1,20}[０-９＿_][Ａ-Ｚａ-ｚ０-９＿_]{2,30}"),
    ScanPattern(
        "handle.cued",
        "HANDLE",
        f"(?:LINE|Line|ライン|らいん|インスタ|Instagram|TikTok|カカオ|アカウント|垢|Twitter|ツイッター)(?:公式)?[{_SPACES}]?"
        f"(?:ID|ＩＤ|id|アイディー|アカウント)?(?:は|が)?[{_SPACES}:：→「(（]{{0,3}}[@＠]?[A-Za-z][A-Za-z.\\-]{{0,20}}[0-9_.\\-][A-Za-z0-9_.\\-]{{2,30}}",
    ),
    ScanPattern(
        "handle.underscore",
        "HANDLE",
        "(?:^|[^A-Za-z0-9._%+\\-/=?&#])[A-Za-z][A-Za-z0-9.\\-]{1,24}_(?:[A-Za-z0-9.\\-]{1,20}_){0,3}[A-Za-z0-9.]{1,24}(?:$|[^A-Za-z0-9._@＠/])",
    ),
    ScanPattern("handle.bluesky", "HANDLE", r"[A-Za-z0-9\-]{2,40}\.bsky\.social|did:plc:[a-z0-9]{12,40}"),
    ScanPattern(
        "postal.mark", "POSTAL", f"(?:〒|郵便番号){_BETWEEN}{_K}{{3}}{_SEP}{{0,2}}{_K}{{4}}{_NOT_DIGIT_AFTER}"
    ),
    ScanPattern(
        "postal.before_place",
        "POSTAL",
        f"{_NOT_DIGIT_BEFORE}{_D}{{3}}[{_DASHES}]{_D}{{4}}[{_SPACES}\n、]{{0,3}}{_PREFECTURES}",
    ),
    ScanPattern(
        "address.block",
        "ADDRESS",
        f"[{_KANJI_LETTER}ァ-ヺーぁ-ん]{_TOWN_NUMBER}(?:丁目|丁)[{_SPACES}の]?{_TOWN_NUMBER}(?:[{_DASHES}のノ]|番)",
    ),
    ScanPattern(
        "address.chome", "ADDRESS", f"[市区町村郡][{_KANJI_LETTER}ァ-ヺー]{{1,10}}{_TOWN_NUMBER}丁目"
    ),
    ScanPattern(
        "address.lot",
        "ADDRESS",
        f"[市区町村郡字]{_TOWN}[{_SPACES}]?{_TOWN_NUMBER}(?:番地|番[{_SPACES}]?{_TOWN_NUMBER}(?:号|[^{_DIGITS}]|$))",
    ),
    ScanPattern("address.go", "ADDRESS", f"{_TOWN_NUMBER}番(?:地の?)?{_TOWN_NUMBER}号"),
    ScanPattern(
        "address.jo",
        "ADDRESS",
        f"[市区][東西南北]?{_TOWN_NUMBER}条[東西南北]?{_TOWN_NUMBER}(?:丁目|[{_DASHES}])",
    ),
    ScanPattern(
        "address.kyoto",
        "ADDRESS",
        f"[市区][{_KANJI_LETTER}]{{1,8}}通[{_KANJI_LETTER}]{{0,8}}(?:上る|下る|上ル|下ル|東入|西入)",
    ),
    ScanPattern(
        "address.three",
        "ADDRESS",
        f"[市区町村郡]{_TOWN}(?:台|が丘|ケ丘)?[{_SPACES}]?{_TOWN_NUMBER}(?:[{_DASHES}のノ]|丁目){_TOWN_NUMBER}[{_DASHES}のノ]{_TOWN_NUMBER}",
    ),
    ScanPattern(
        "address.two",
        "ADDRESS",
        f"{_PREFECTURES}[{_KANJI_LETTER}ァ-ヺー]{{1,12}}[市区町村]{_TOWN}[{_SPACES}]?{_D}{{1,4}}[{_DASHES}のノ]{_D}{{1,4}}{_NOT_UNIT}",
    ),
    ScanPattern("birth.after", "BIRTHDATE", f"{_NOT_DIGIT_BEFORE}{_BIRTH}[{_SPACES}]?(?:に|の|、)?{_BORN}"),
    ScanPattern(
        "birth.before",
        "BIRTHDATE",
        f"(?:生年月日|誕生日|生まれ|出生日?|DOB|ＤＯＢ)(?:欄|）|\\))?{_BETWEEN}(?:[^\n。、]{{0,2}}){_BIRTH}",
    ),
    ScanPattern(
        "birth.century",
        "BIRTHDATE",
        f"{_ALONE_BEFORE}(?:[1１]{_Z}[9９]{_Z}[2-9２-９]{_Z}{_D}|(?:大正|昭和|[㍽㍼]){_NUM}){_YMD_SEP}{_MONTH}{_YMD_SEP}{_DAY}(?:日|{_NOT_DIGIT_AFTER})",
    ),
    ScanPattern(
        "my_number.checked",
        "MY_NUMBER",
        f"{_ALONE_BEFORE}{_GROUPS_3}{_ALONE_AFTER}",
        normalise=ascii_digits,
        check=is_my_number,
    ),
    ScanPattern(
        "my_number.bare",
        "MY_NUMBER",
        f"{_ALONE_BEFORE}[0-9]{{12}}{_ALONE_AFTER}",
        normalise=ascii_digits,
        check=is_my_number,
        in_bytes=True,
    ),
    ScanPattern(
        "my_number.cued",
        "MY_NUMBER",
        f"(?:マイナンバー|個人番号|共通番号|通知カード|マイナ)[^{_DIGITS}{_KANJI}\n。]{{0,12}}(?:{_K}{_SEP}{{0,2}}){{11}}{_K}{_NOT_DIGIT_AFTER}",
    ),
    ScanPattern(
        "card.checked",
        "CREDIT_CARD",
        f"{_ALONE_BEFORE}{_CARD_16}{_ALONE_AFTER}",
        normalise=ascii_digits,
        check=is_luhn,
    ),
    ScanPattern(
        "card.grouped",
        "CREDIT_CARD",
        f"{_ALONE_BEFORE}[2-6２-６]{_Z}{_D}{{3}}(?:{_SEP}{_D}{{4}}){{3}}{_ALONE_AFTER}",
    ),
    ScanPattern(
        "card.amex",
        "CREDIT_CARD",
        f"{_ALONE_BEFORE}{_CARD_15}{_ALONE_AFTER}",
        normalise=ascii_digits,
        check=is_luhn,
    ),
    ScanPattern(
        "card.cued",
        "CREDIT_CARD",
        f"(?:カード|クレカ|クレジット|VISA|Visa|JCB|AMEX)(?:番号)?{_BETWEEN}[2-6２-６]{_Z}(?:{_SEP}?{_D}){{12,15}}{_NOT_DIGIT_AFTER}",
    ),
    ScanPattern(
        "insurance.payer",
        "INSURANCE_ID",
        _cued(
            "(?:被保険者|保険者|受給者|公費負担者|負担者)(?:証)?(?:の)?(?:番号|№|No\\.?)",
            f"{_K}(?:{_SEP}?{_K}){{4,9}}",
        ),
    ),
    ScanPattern(
        "insurance.symbol",
        "INSURANCE_ID",
        f"記号[・･]?(?:番号)?{_BETWEEN}[{_DIGITS}{_KANJI}{_LETTERS}ア-ン{_KANJI_LETTER}{_DASHES}]{{1,10}}[{_SPACES}・･、,/／]{{0,3}}(?:番号)?{_BETWEEN}{_K}(?:{_SEP}?{_K}){{1,9}}(?:$|[^{_DIGITS}文字種桁日])",
    ),
    ScanPattern(
        "patient.cued",
        "PATIENT_ID",
        _cued(
            f"(?:診察券|カルテ|患者|受付|予約|引換|整理|会員|領収書?|伝票|診療券){_NUMBER_WORD}",
            f"[A-Za-zＡ-Ｚ]{{0,3}}{_K}{{0,3}}[{_DASHES}{_SPACES}]?{_K}(?:[{_DASHES}{_SPACES}]?{_K}){{2}}",
        ),
    ),
    ScanPattern(
        "patient.ticket",
        "PATIENT_ID",
        _cued(
            f"(?:診察券|カルテ|引換券|番号札|整理券|患者ID|予約票|会員証)(?:の)?{_NUMBER_WORD}?",
            f"[A-Za-zＡ-Ｚ]{{0,2}}[{_DASHES}]?{_D}(?:[{_DASHES}{_SPACES}]?{_D}){{3,9}}",
        ),
    ),
    ScanPattern(
        "license.cued",
        "LICENSE",
        f"(?:免許|医籍|看護師籍|薬剤師名簿|登録証|登録番号)[^{_DIGITS}{_KANJI}\n。、]{{0,10}}{_K}(?:{_SEP}?{_K}){{5,12}}",
    ),
    ScanPattern(
        "passport.cued",
        "PASSPORT",
        f"(?:パスポート|旅券|護照|[Pp]assport)[^{_DIGITS}{_LETTERS}\n。]{{0,8}}{_UPPER}[{_SPACES}]?(?:{_UPPER}[{_SPACES}]?)?{_D}(?:[{_SPACES}]?{_D}){{5,7}}",
    ),
    ScanPattern(
        "residence.card",
        "RESIDENCE_CARD",
        f"{_ALONE_BEFORE}{_UPPER}{_UPPER}[{_SPACES}{_DASHES}]?{_D}{{4}}[{_SPACES}{_DASHES}]?{_D}{{4}}[{_SPACES}{_DASHES}]?{_UPPER}{_UPPER}{_ALONE_AFTER}",
    ),
    ScanPattern(
        "pension.cued",
        "PENSION_ID",
        f"年金[^{_DIGITS}{_KANJI}\n。]{{0,8}}{_K}(?:{_SEP}?{_K}){{3}}{_SEP}{_K}(?:{_SEP}?{_K}){{5}}{_NOT_DIGIT_AFTER}",
    ),
    ScanPattern(
        "bank.account",
        "BANK_ACCOUNT",
        f"(?:普通|当座|口座番号|貯蓄)(?:預金|口座)?{_BETWEEN}[:：)）]?[{_SPACES}]?{_K}(?:[{_SPACES}]?{_K}){{6}}{_NOT_DIGIT_AFTER}",
    ),
    ScanPattern(
        "bank.yucho",
        "BANK_ACCOUNT",
        f"記号{_BETWEEN}[1１]{_Z}{_D}{{3}}[0０]{_Z}[^{_DIGITS}\n]{{0,6}}番号{_BETWEEN}{_D}(?:[{_SPACES}]?{_D}){{6,7}}",
    ),
    ScanPattern(
        "plate.number",
        "PLATE",
        f"{_PLATE_OFFICES}[{_SPACES}]?[{_DIGITS}{_KANJI}]{{1,2}}[{_DIGITS}{_KANJI}{_LETTERS}]?[{_SPACES}]{{0,2}}[ぁ-んA-ZＡ-Ｚ][{_SPACES}]{{0,2}}[・･.．…]{{0,3}}[{_SPACES}]?"
        f"[{_DIGITS}{_KANJI}]{{1,2}}(?:[{_DASHES}{_SPACES}・]?[{_DIGITS}{_KANJI}]{{1,2}})?{_NOT_UNIT}",
    ),
    ScanPattern(
        "ip.v4",
        "IP",
        r"(?:^|[^0-9A-Za-z.])(?:[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])(?:(?:\.|\[\.\])(?:[0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])){3}(?:$|[^0-9.])",
    ),
    ScanPattern(
        "ip.v4_wide",
        "IP",
        "(?:^|[^０-９．])(?:[１-９][０-９]|[１２][０-９][０-９])(?:[．.][０-９]{1,3}){3}(?:$|[^０-９．])",
    ),
    ScanPattern(
        "ip.v6",
        "IP",
        r"(?:^|[^0-9A-Za-z:])(?:[0-9a-fA-F]{1,4}:){2,7}(?::[0-9a-fA-F]{1,4}|[0-9a-fA-F]{1,4}:[0-9a-fA-F]{1,4}:[0-9a-fA-F]{1,4}:[0-9a-fA-F]{1,4})(?:$|[^0-9A-Za-z])",
    ),
    ScanPattern("ip.mac", "IP", r"(?:^|[^0-9A-Za-z:])(?:[0-9A-F]{2}:){5}[0-9A-F]{2}(?:$|[^0-9A-Za-z:])"),
)
"""Everything that is looked for by pattern. Names are looked for by list: `find_names`."""

NAME_HONORIFIC = "person.honorific"
NAME_FULL = "person.full"
REVIEW_ONLY = frozenset({NAME_FULL})
"""Findings that want an eye but stop nothing: a full name alone is a private person's or a celebrity's."""

_HONORIFICS = (
    "さん", "さま", "様", "氏", "くん", "君", "ちゃん", "殿", "先生", "せんせい", "センセイ", "医師", "院長", "副院長", "教授",
    "部長", "師長", "主任", "看護師", "薬剤師", "技師", "助産師", "ドクター",
)  # fmt: skip
_TITLES_BEFORE = (
    "主治医", "担当医", "執刀医", "医師", "院長", "看護師", "師長", "薬剤師", "助産師", "技師", "教授", "氏名", "名前", "患者",
    "長男", "長女", "次男", "次女", "息子", "娘", "孫", "母", "父", "妻", "夫", "受付", "事務長", "担当", "名義",
    "内科", "外科", "小児科", "整形", "眼科", "歯科", "皮膚科", "産科", "婦人科",
)  # fmt: skip
# Words of the name list that stand before an honorific without naming anybody.
_NOT_NAMES = frozenset(
    {
        "奥",
        "神",
        "長",
        "一人",
        "新人",
        "大家",
        "花子",
        "太郎",
        "家",
        "主",
        "サンタ",
        "こうの",
        "今",
        "法人",
        "所",
    }
)
_PARTICLES = "のとはがにをもで"
_NAME_GAPS = " \u3000・"


class NameList(NamedTuple):
    """Names to look for: an automaton over all of them and what each may be."""

    automaton: ahocorasick_rs.AhoCorasick
    words: tuple[str, ...]
    families: frozenset[str]
    givens: frozenset[str]
    family_readings: frozenset[str]
    given_readings: frozenset[str]
    family_romaji: frozenset[str]
    given_romaji: frozenset[str]


def _is_kanji(char: str) -> bool:
    return (
        "一" <= char <= "鿿"
        or "㐀" <= char <= "䶿"
        or char in "々〆ヶヵ"
        or "\U00020000" <= char <= "\U0003ffff"
    )


def _is_katakana(char: str) -> bool:
    return "ァ" <= char <= "ヺ" or char == "ー"


def _to_katakana(reading: str) -> str:
    return "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in reading)


@cache
def name_list() -> NameList:
    """Family and given names of japanese-personal-name-dataset in kanji, and family names in kana.

    Short hiragana is left out: it is words more often than names.

    Returns:
        The list, built once in a process.
    """
    men, women, last = load_dataset(kind="org", include_last_names=True)
    readings = {e["reading"] for e in last.values()}
    families = set(last) - _NOT_NAMES
    givens = {k for names in (men, women) for e in names.values() for k in e["kanji"] if len(k) >= 2}
    kana = {r for r in readings if len(r) >= 4} | {_to_katakana(r) for r in readings if len(r) >= 3}
    words = tuple(sorted(families | givens | (kana - _NOT_NAMES)))
    return NameList(
        automaton=ahocorasick_rs.AhoCorasick(words),
        words=words,
        families=frozenset(families),
        givens=frozenset(givens),
        family_readings=frozenset(readings),
        given_readings=frozenset(men) | frozenset(women),
        family_romaji=frozenset(e["en"] for e in last.values()),
        given_romaji=frozenset(e["en"] for names in (men, women) for e in names.values()),
    )


def _begins(text: str, start: int) -> bool:
    """Whether a name may begin here: not in the middle of a run of its own script, unless a title stands before."""
    if start == 0:
        return True
    before = text[start - 1]
    if "ぁ" <= text[start] <= "ゖ":
        return not "ぁ" <= before <= "ゖ" or before in _PARTICLES
    same_script = _is_katakana if _is_katakana(text[start]) else _is_kanji
    return not same_script(before) or text.endswith(_TITLES_BEFORE, 0, start)


def _after_gap(text: str, end: int) -> int:
    return end + 1 if text[end : end + 1] and text[end] in _NAME_GAPS else end


def find_names(text: str) -> Iterator[tuple[int, int, str]]:
    """Find names of the list that stand before an honorific, and family names with a given name beside them.

    A single name without an honorific is not looked for: nearly all are places or words as well.

    Args:
        text: the text as it is.

    Yields:
        Start, end (of the name alone) and pattern id: `person.honorific` where an honorific or a title stands beside
        the name, `person.full` for a full name without one.
    """
    names = name_list()
    found = [
        (start, end, names.words[i])
        for i, start, end in names.automaton.find_matches_as_indexes(text, overlapping=True)
    ]
    given_ends: dict[int, set[int]] = {}
    for start, end, word in found:
        if word in names.givens:
            given_ends.setdefault(start, set()).add(end)
    for start, end, word in found:
        if not _begins(text, start):
            continue
        if word not in _NOT_NAMES and text.startswith(_HONORIFICS, _after_gap(text, end)):
            yield start, end, NAME_HONORIFIC
        if word in names.families:
            yield from _full_names(text, start, end, given_ends)
    for start, end in _spelt_names(text):
        yield start, end, NAME_HONORIFIC


def _full_names(
    text: str, start: int, end: int, given_ends: Mapping[int, set[int]]
) -> Iterator[tuple[int, int, str]]:
    for given_start in {end, _after_gap(text, end)}:
        for given_end in given_ends.get(given_start, ()):
            addressed = text.startswith(_HONORIFICS, _after_gap(text, given_end))
            if addressed or text.endswith(_TITLES_BEFORE, 0, start):
                yield start, given_end, NAME_HONORIFIC
            elif given_end == len(text) or not _is_kanji(text[given_end]):
                yield start, given_end, NAME_FULL


_BEFORE_HONORIFIC = f"(?=[{_SPACES}]?(?:{'|'.join(_HONORIFICS)}))"
_HONORIFIC = re.compile("|".join(_HONORIFICS))
_KANA_RUN = re.compile(
    f"([ぁ-ゖァ-ヺーｦ-ﾟ]{{4,24}}|[ぁ-ゖァ-ヺーｦ-ﾟ]{{2,12}}[{_NAME_GAPS}][ぁ-ゖァ-ヺーｦ-ﾟ]{{2,12}})$"
)
_ROMAJI_NAME = re.compile(rf"([A-Za-z]{{2,14}})[ .・]([A-Za-z]{{2,14}}){_BEFORE_HONORIFIC}")


def _to_hiragana(kana: str) -> str:
    wide = unicodedata.normalize("NFKC", kana)
    return "".join(chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" else c for c in wide)


def _spelt_names(text: str) -> Iterator[tuple[int, int]]:
    """Full names in kana or Latin letters before an honorific: both halves must be on the list."""
    names = name_list()
    for m in _ROMAJI_NAME.finditer(text):
        first, second = m[1].lower(), m[2].lower()
        if (first in names.given_romaji and second in names.family_romaji) or (
            first in names.family_romaji and second in names.given_romaji
        ):
            yield m.span()
    for honorific in _HONORIFIC.finditer(text):
        yield from _kana_name_before(text, honorific.start())


def _kana_name_before(text: str, end: int) -> Iterator[tuple[int, int]]:
    names = name_list()
    run = _KANA_RUN.search(text[max(0, end - 25) : end])
    if run is None:
        return
    kana = _to_hiragana(run[0])
    for given_length in range(2, 7):
        if kana[-given_length:] not in names.given_readings:
            continue
        family = kana[:-given_length].rstrip(_NAME_GAPS)
        if any(family[-length:] in names.family_readings for length in range(3, 7) if length <= len(family)):
            yield end - len(run[0]), end
            return


_POSITIONS_KEPT = 100


class Finding(NamedTuple):
    """Where one pattern struck. No value, no text.

    Attributes:
        column: the column.
        pattern: id of the pattern.
        type: one of `DIRECT`.
        rows: how many rows.
        positions: the first hundred row positions, from 0.
        ids: the ids of those rows, empty where the caller named no id column.
    """

    column: str
    pattern: str
    type: str
    rows: int
    positions: tuple[int, ...]
    ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class ScanReport:
    """What a scan found.

    Attributes:
        rows: rows looked at.
        findings: one a column and pattern that struck, in the order of columns and patterns.
    """

    rows: int
    findings: tuple[Finding, ...]

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The findings that must stop a publication."""
        return tuple(f for f in self.findings if f.pattern not in REVIEW_ONLY)

    @property
    def passed(self) -> bool:
        """Whether nothing blocks."""
        return not self.blocking

    def counts(self) -> dict[str, int]:
        """Rows by `<column>:<type>` over the blocking findings; a row that two patterns struck counts for each."""
        total: Counter[str] = Counter()
        for finding in self.blocking:
            total[f"{finding.column}:{finding.type}"] += finding.rows
        return dict(sorted(total.items()))


def matches(pattern: ScanPattern, text: str) -> bool:
    """Whether a pattern strikes a text, check included: what every other engine must agree with."""
    if pattern.check is None:
        return re.search(pattern.regex, text) is not None
    return any(pattern.check(pattern.normalise(m[0])) for m in re.finditer(pattern.regex, text))


def polars_mask(texts: pl.Series, pattern: ScanPattern) -> pl.Series:
    """Which texts a pattern strikes.

    Args:
        texts: strings, nulls allowed.
        pattern: what to look for.

    Returns:
        Booleans of the same length, False where the text is null.
    """
    hit = texts.str.contains(pattern.regex).fill_null(value=False)
    check = pattern.check
    if check is None or not hit.any():
        return hit
    candidates = texts.filter(hit).str.extract_all(pattern.regex).to_list()
    passed = [any(check(pattern.normalise(c)) for c in row) for row in candidates]
    return hit.scatter(hit.arg_true(), passed)


def _name_rows(texts: pl.Series, allow: Collection[str]) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = {NAME_HONORIFIC: [], NAME_FULL: []}
    for position, text in enumerate(texts):
        if text:
            for kind in {kind for start, end, kind in find_names(text) if text[start:end] not in allow}:
                rows[kind].append(position)
    return rows


def _as_text(values: pl.Series) -> pl.Series:
    """Any column as text, so that an identifier is found whatever it is wrapped in."""
    if values.dtype == pl.String:
        return values
    if values.dtype == pl.List(pl.String):
        return values.list.join("\n", ignore_nulls=True)
    if values.dtype.is_nested() or values.dtype == pl.Binary:
        return pl.Series(
            values.name, [None if v is None else str(v) for v in values.to_list()], dtype=pl.String
        )
    return values.cast(pl.String, strict=False)


def _column_rows(texts: pl.Series, allow: Collection[str]) -> Iterator[tuple[str, str, list[int]]]:
    for pattern in PATTERNS:
        yield pattern.id, pattern.type, polars_mask(texts, pattern).arg_true().to_list()
    for kind, rows in _name_rows(texts, allow).items():
        yield kind, "PERSON", rows


def scan_frame(
    frame: pl.DataFrame, columns: Sequence[str], *, id_column: str | None = None, allow: Collection[str] = ()
) -> ScanReport:
    """Scan columns of a table.

    Args:
        frame: the table.
        columns: the columns to scan, of any type.
        id_column: a column of keys whose values may stand in reports (pseudonyms, never platform ids).
        allow: names that policy lets stand, of public figures for instance, as they are written.

    Returns:
        The report. Positions are row numbers of the frame.

    Raises:
        KeyError: a column is missing; the message has its name.
    """
    for name in (*columns, *([id_column] if id_column else [])):
        if name not in frame.columns:
            raise KeyError(name)
    findings = []
    for column in columns:
        for pattern_id, kind, rows in _column_rows(_as_text(frame[column]), allow):
            if rows:
                first = rows[:_POSITIONS_KEPT]
                ids = tuple(str(v) for v in frame[id_column].gather(first)) if id_column else ()
                findings.append(Finding(column, pattern_id, kind, len(rows), tuple(first), ids))
    return ScanReport(frame.height, tuple(findings))


_BATCH = 8192


def _batches(texts: Iterable[str | None]) -> Iterator[list[str | None]]:
    batch: list[str | None] = []
    for text in texts:
        # A lone surrogate has no UTF-8: it becomes "?", which is no part of any pattern.
        batch.append(None if text is None else text.encode("utf-8", "replace").decode("utf-8"))
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def scan_texts(texts: Iterable[str | None], *, allow: Collection[str] = ()) -> ScanReport:
    """Scan texts one after another, in bounded memory.

    Args:
        texts: the texts; None is passed over but counted.
        allow: names that policy lets stand, as they are written.

    Returns:
        The report over one column, `text`. Positions count from the first text.
    """
    seen = 0
    rows: Counter[tuple[str, str]] = Counter()
    positions: dict[tuple[str, str], list[int]] = {}
    for batch in _batches(texts):
        for pattern_id, kind, found in _column_rows(pl.Series("text", batch, dtype=pl.String), allow):
            rows[pattern_id, kind] += len(found)
            kept = positions.setdefault((pattern_id, kind), [])
            kept.extend(seen + p for p in found[: _POSITIONS_KEPT - len(kept)])
        seen += len(batch)
    findings = (Finding("text", p, k, rows[p, k], tuple(positions[p, k])) for p, k in positions if rows[p, k])
    return ScanReport(seen, tuple(findings))


def residual_rows(texts: Sequence[str], *, allow: Collection[str] = ()) -> dict[int, tuple[str, ...]]:
    """The texts that a publication would stop at, so that they can be set aside one by one beforehand.

    Args:
        texts: redacted texts.
        allow: as for `scan_frame`.

    Returns:
        Position of each such text, with the types found in it.
    """
    series = pl.Series("text", [t.encode("utf-8", "replace").decode("utf-8") for t in texts], dtype=pl.String)
    found: dict[int, set[str]] = {}
    for pattern_id, kind, rows in _column_rows(series, allow):
        for row in rows if pattern_id not in REVIEW_ONLY else ():
            found.setdefault(row, set()).add(kind)
    return {row: tuple(sorted(kinds)) for row, kinds in sorted(found.items())}


_HEAD = 4096
_OVERLAP = 1024  # longer than the longest thing that a byte pattern takes


def encoding_of(head: bytes) -> str:
    """Guess how a file's text is written: by its byte order mark, or by where its first NULs stand.

    Args:
        head: the first bytes of the file, some thousands are enough.

    Returns:
        `utf-16-le`, `utf-16-be` or `utf-8`.
    """
    if head.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    if head.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    half = max(1, len(head) // 2)
    even, odd = head[::2].count(0) / half, head[1::2].count(0) / half
    if odd > 0.3 and even < 0.05:
        return "utf-16-le"
    if even > 0.3 and odd < 0.05:
        return "utf-16-be"
    return "utf-8"


def _decoded(chunks: Iterable[bytes]) -> Iterator[str]:
    """The text of the chunks, once enough of the file is there to tell how it is written."""
    decoder: codecs.IncrementalDecoder | None = None
    head = b""
    for chunk in chunks:
        if decoder is not None:
            yield decoder.decode(chunk)
            continue
        head += chunk
        if len(head) >= _HEAD:
            decoder = codecs.getincrementaldecoder(encoding_of(head))("replace")
            yield decoder.decode(head)
    if decoder is None:
        yield head.decode(encoding_of(head), "replace")
    else:
        yield decoder.decode(b"", final=True)


def scan_bytes(chunks: Iterable[bytes]) -> dict[str, int]:
    """Scan the bytes of a file for what can be told from markup, code and numbers without doubt.

    Only patterns marked `in_bytes` and names beside an honorific are looked for. What a compressed page holds cannot
    be seen here: scan the values as well.

    Args:
        chunks: the bytes in order, cut anywhere.

    Returns:
        How often each pattern id struck; empty where nothing did.
    """
    patterns = [(p, re.compile(p.regex)) for p in PATTERNS if p.in_bytes]
    counts: Counter[str] = Counter()
    window, skip = "", 0  # what lies before `skip` has been counted and is kept as a neighbour only
    for piece, final in _with_last(_decoded(chunks)):
        window += piece
        cut = len(window) if final else len(window) - _OVERLAP
        if cut <= skip:
            continue
        for pattern, regex in patterns:
            counts[pattern.id] += sum(
                pattern.check is None or pattern.check(pattern.normalise(m[0]))
                for m in regex.finditer(window)
                if skip <= m.start() < cut
            )
        counts[NAME_HONORIFIC] += sum(
            skip <= start < cut for start, _, kind in find_names(window) if kind == NAME_HONORIFIC
        )
        kept = max(0, cut - _OVERLAP)
        window, skip = window[kept:], cut - kept
    return {k: n for k, n in counts.items() if n}


def _with_last(pieces: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Each piece, then an empty one that says that it is the last."""
    for piece in pieces:
        yield piece, False
    yield "", True


def _sql_string(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _sql_my_number(digits: str) -> str:
    total = " + ".join(f"{w} * {digits}[{i}]::INT" for i, w in enumerate(_MY_NUMBER_WEIGHTS, 1))
    return f"length({digits}) = 12 AND (11 - ({total}) % 11) % 11 % 10 = {digits}[12]::INT"


def _sql_luhn(digits: str) -> str:
    doubled = f"[0, 2, 4, 6, 8, 1, 3, 5, 7, 9][reverse({digits})[i]::INT + 1]"
    plain = f"reverse({digits})[i]::INT"
    total = f"list_sum([CASE WHEN i % 2 = 0 THEN {doubled} ELSE {plain} END for i in range(1, length({digits}) + 1)])"
    return f"{total} % 10 = 0"


_SQL_CHECKS: Mapping[Callable[[str], bool], Callable[[str], str]] = {
    is_my_number: _sql_my_number,
    is_luhn: _sql_luhn,
}


def duckdb_predicates(column: str) -> dict[str, str]:
    """Boolean SQL expressions, one a pattern, true where a row of the column holds a residual identifier.

    Args:
        column: name of a VARCHAR column; it is quoted here.

    Returns:
        Pattern id to expression. Check digits are computed in SQL. The name list has no expression.
    """
    name = '"' + column.replace('"', '""') + '"'
    out = {}
    for pattern in PATTERNS:
        regex = _sql_string(pattern.regex)
        if pattern.check is None:
            out[pattern.id] = f"coalesce(regexp_matches({name}, {regex}), false)"
            continue
        folded = f"regexp_replace(translate(c, {_sql_string(_FOLD_FROM)}, {_sql_string(_FOLD_TO)}), '[^0-9]', '', 'g')"
        digits = f"[{folded} for c in regexp_extract_all({name}, {regex})]"
        out[pattern.id] = (
            f"coalesce(len([d for d in {digits} if {_SQL_CHECKS[pattern.check]('d')}]) > 0, false)"
        )
    return out


def duckdb_predicate(column: str) -> str:
    """One SQL expression, true where any pattern strikes the column. See `duckdb_predicates`."""
    return "(" + "\n OR ".join(duckdb_predicates(column).values()) + ")"


def gx_expectations(columns: Iterable[str]) -> list[tuple[str, str]]:
    """What an expectation suite asks: no value of the column matches the regex.

    Args:
        columns: names of text columns.

    Returns:
        (column, regex), one a column and identifier type, in a fixed order. Patterns that need a check digit are left
        out, because a regex cannot ask for it: those candidates are often parcels and lots.
    """
    by_type: dict[str, list[str]] = {}
    for pattern in PATTERNS:
        if pattern.check is None:
            by_type.setdefault(pattern.type, []).append(f"(?:{pattern.regex})")
    return [(column, "|".join(by_type[kind])) for column in columns for kind in sorted(by_type)]
