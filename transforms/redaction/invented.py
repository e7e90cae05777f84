"""Invented identities: names, numbers with right check digits, addresses, made at run time from a random source.

Belongs here: how an identifier of each type is made up. Numbers are drawn from blocks that belong to nobody where such
blocks exist (documentation IP ranges and domains, unassigned telephone blocks, a card prefix for testing); where they
do not, a number is random and is made anew for every run, so that no list of valid numbers lies in the repository.
Does not: what is done with them (canaries, sample posts, tests).
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import cache
from itertools import accumulate
from typing import NamedTuple, TypeVar

from japanese_personal_name_dataset import load_dataset

_T = TypeVar("_T")
_HALF = "0123456789"
_KANJI = str.maketrans(_HALF, "〇一二三四五六七八九")
_FULL = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_FULL_DIGITS = {code: code + 0xFEE0 for code in range(0x30, 0x3A)}


def to_full_width(text: str) -> str:
    """ASCII letters, digits and signs as full-width forms: `090-1` gives `０９０－１`."""
    return text.translate(_FULL)


def to_full_width_digits(text: str) -> str:
    """Digits alone as full-width forms."""
    return text.translate(_FULL_DIGITS)


def to_kanji_digits(text: str) -> str:
    """Digits as kanji, one by one: `090-1` gives `〇九〇-一`."""
    return text.translate(_KANJI)


def my_number_check_digit(body: str) -> str:
    """Check digit of a My Number (平成26年総務省令85号 article 5). `body` is the eleven digits before it."""
    rest = sum(w * int(d) for w, d in zip((6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2), body, strict=True)) % 11
    return "0" if rest <= 1 else str(11 - rest)


def luhn_check_digit(body: str) -> str:
    """Check digit of cards, insurers, payers and recipients: ISO/IEC 7812. `body` is the digits before it."""
    doubled = (int(d) * (2 - i % 2) for i, d in enumerate(reversed(body)))
    return str(-sum(n // 10 + n % 10 for n in doubled) % 10)


def license_check_digit(body: str) -> str:
    """Check digit of a driving licence: modulus 11 over the ten digits before it."""
    rest = sum(w * int(d) for w, d in zip((5, 4, 3, 2, 7, 6, 5, 4, 3, 2), body, strict=True)) % 11
    return str((11 - rest) % 10)


def one_of(rng: random.Random, options: Sequence[_T]) -> _T:
    """One of the options, all alike: `random.choice` without its overhead."""
    return options[int(rng.random() * len(options))]


def weighted(rng: random.Random, options: Sequence[_T], cumulative: Sequence[int]) -> _T:
    """One of the options, as `random.choices` draws it with `cum_weights`, without its overhead."""
    return options[bisect_right(cumulative, rng.random() * cumulative[-1])]


class Name(NamedTuple):
    """A person's invented name.

    Attributes:
        family: 姓 in kanji.
        given: 名 in kanji.
        family_kana: reading of the family name in hiragana.
        given_kana: reading of the given name in hiragana.
        family_romaji: reading in Latin letters, lower case.
        given_romaji: reading in Latin letters, lower case.
    """

    family: str
    given: str
    family_kana: str
    given_kana: str
    family_romaji: str
    given_romaji: str


class _Names(NamedTuple):
    families: tuple[tuple[str, str, str], ...]
    family_weights: tuple[int, ...]
    givens: tuple[tuple[str, str, str], ...]


@cache
def _names() -> _Names:
    men, women, last = load_dataset(kind="opti", include_last_names=True)
    families = tuple((kanji, e["reading"], e["en"]) for kanji, e in last.items() if e["reading"])
    weights = tuple(accumulate(last[kanji]["count"] for kanji, _, _ in families))
    givens = tuple(
        (kanji, reading, e["en"])
        for names in (men, women)
        for reading, e in names.items()
        for kanji in e["kanji"][:6]
        if len(kanji) >= 2
    )
    return _Names(families, weights, givens)


def name(rng: random.Random) -> Name:
    """A name, family names as common as they are in Japan."""
    names = _names()
    family = weighted(rng, names.families, names.family_weights)
    given = one_of(rng, names.givens)
    return Name(family[0], given[0], family[1], given[1], family[2], given[2])


_PLAIN_GIVENS = (
    ("美咲", "みさき", "misaki"), ("陽子", "ようこ", "youko"), ("由美子", "ゆみこ", "yumiko"), ("恵子", "けいこ", "keiko"),
    ("真由美", "まゆみ", "mayumi"), ("直美", "なおみ", "naomi"), ("久美子", "くみこ", "kumiko"), ("健太", "けんた", "kenta"),
    ("大輔", "だいすけ", "daisuke"), ("直樹", "なおき", "naoki"), ("和夫", "かずお", "kazuo"), ("正雄", "まさお", "masao"),
    ("翔太", "しょうた", "shouta"), ("浩二", "こうじ", "kouji"),
)  # fmt: skip


def distinct_name(rng: random.Random) -> Name:
    """A name that stands by chance nowhere else and that nobody could take for anything but a name.

    The family name has three or more kanji, the given name is a common one: what misses it is out of order, not merely
    unlucky.
    """
    family = rng.choice([f for f in _names().families if len(f[0]) >= 3])
    given = rng.choice(_PLAIN_GIVENS)
    return Name(family[0], given[0], family[1], given[1], family[2], given[2])


def digits(rng: random.Random, count: int) -> str:
    """Random digits."""
    return "".join(rng.choices(_HALF, k=count))


_AREA_CODES = ("03", "06", "011", "022", "045", "052", "075", "092", "0466", "0742", "0852", "0977")
_PLACES: tuple[tuple[str, str], ...] = (
    ("北海道", "札幌市北区"), ("宮城県", "仙台市青葉区"), ("茨城県", "つくば市"), ("埼玉県", "川口市"), ("千葉県", "柏市"),
    ("東京都", "世田谷区"), ("東京都", "練馬区"), ("神奈川県", "横浜市港北区"), ("神奈川県", "藤沢市"), ("新潟県", "長岡市"),
    ("石川県", "金沢市"), ("長野県", "松本市"), ("静岡県", "浜松市中央区"), ("愛知県", "名古屋市千種区"), ("京都府", "京都市左京区"),
    ("大阪府", "堺市堺区"), ("兵庫県", "姫路市"), ("広島県", "広島市安佐南区"), ("香川県", "高松市"), ("福岡県", "久留米市"),
    ("熊本県", "熊本市中央区"), ("鹿児島県", "鹿児島市"), ("沖縄県", "那覇市"),
)  # fmt: skip
_TOWNS = (
    "桜台",
    "若葉町",
    "緑町",
    "本町",
    "旭町",
    "栄町",
    "泉町",
    "美園",
    "高砂町",
    "千代田町",
    "朝日",
    "元町",
)
_BUILDINGS = ("メゾン青葉", "コーポひなた", "サンハイツ若葉", "グランドール泉", "ハイツ花水木")
_PLATE_OFFICES = (
    "品川",
    "練馬",
    "足立",
    "横浜",
    "湘南",
    "大宮",
    "千葉",
    "名古屋",
    "なにわ",
    "和泉",
    "神戸",
    "広島",
    "福岡",
    "札幌",
    "仙台",
)
_PLATE_KANA = "あいうえかきくけこさすせそたちつてとなにぬねのはひふほまみむめもやゆらりるろ"
_HANDLE_WORDS = (
    "mugi",
    "sora",
    "hana",
    "neko",
    "umi",
    "kumo",
    "ringo",
    "yuzu",
    "nagi",
    "momo",
    "kinako",
    "tsubame",
)


def mobile(rng: random.Random) -> str:
    """A mobile number of a block that no carrier has: its first digit after 0x0 is 0."""
    return f"0{rng.choice('789')}0-0{digits(rng, 3)}-{digits(rng, 4)}"


def landline(rng: random.Random) -> str:
    """A number of a real area and an exchange that does not exist: exchanges do not begin with 0."""
    area = rng.choice(_AREA_CODES)
    return f"{area}-0{digits(rng, 5 - len(area))}-{digits(rng, 4)}"


def phone(rng: random.Random) -> str:
    """A mobile or a fixed line's number."""
    return rng.choice((mobile, landline))(rng)


def email(rng: random.Random) -> str:
    """An address of a domain that is kept for examples (RFC 2606)."""
    return f"{rng.choice(_HANDLE_WORDS)}.{rng.choice(_HANDLE_WORDS)}{digits(rng, 4)}@example.{rng.choice(('jp', 'com', 'ne.jp'))}"


def handle(rng: random.Random) -> str:
    """An account name with @."""
    return f"@{rng.choice(_HANDLE_WORDS)}_{rng.choice(_HANDLE_WORDS)}{digits(rng, 4)}"


def url(rng: random.Random) -> str:
    """A page of somebody on a domain that is kept for examples."""
    return f"https://{rng.choice(('blog', 'www', 'my'))}.example.{rng.choice(('jp', 'com'))}/u/{rng.choice(_HANDLE_WORDS)}{digits(rng, 5)}"


def address(rng: random.Random) -> str:
    """An address from prefecture to room, in a town whose blocks are random."""
    prefecture, city = rng.choice(_PLACES)
    block = f"{rng.randint(1, 6)}-{rng.randint(20, 48)}-{rng.randint(21, 60)}"
    return f"{prefecture}{city}{rng.choice(_TOWNS)}{block} {rng.choice(_BUILDINGS)}{rng.randint(1, 9)}0{rng.randint(1, 9)}"


def postal(rng: random.Random) -> str:
    """A postal code, three and four digits."""
    return f"{digits(rng, 3)}-{digits(rng, 4)}"


def birth_date(rng: random.Random) -> str:
    """A date of birth in figures with 年月日, western or by era."""
    month, day = rng.randint(1, 12), rng.randint(1, 28)
    if rng.random() < 0.5:
        return f"{rng.randint(1935, 2019)}年{month}月{day}日"
    return f"{rng.choice(('昭和', '平成'))}{rng.randint(2, 30)}年{month}月{day}日"


def my_number(rng: random.Random) -> str:
    """Twelve digits in fours with a right check digit."""
    body = digits(rng, 11)
    whole = body + my_number_check_digit(body)
    return f"{whole[:4]}-{whole[4:8]}-{whole[8:]}"


def insurance_id(rng: random.Random) -> str:
    """An insurer's eight digits with a right check digit."""
    body = rng.choice(("01", "06", "31", "39", "63")) + digits(rng, 5)
    return body + luhn_check_digit(body)


def patient_id(rng: random.Random) -> str:
    """The number of a 診察券: hospitals choose its form."""
    return f"00{digits(rng, 2)}-{digits(rng, 6)}"


def license_number(rng: random.Random) -> str:
    """A driving licence's twelve digits with a right check digit."""
    body = rng.choice(("30", "43", "44", "54", "62", "90")) + digits(rng, 8)
    return body + license_check_digit(body) + rng.choice("01")


def passport(rng: random.Random) -> str:
    """Two letters and seven digits."""
    return rng.choice(("TZ", "TR", "MZ")) + digits(rng, 7)


def residence_card(rng: random.Random) -> str:
    """Two letters, eight digits, two letters."""
    letters = rng.choices("ABCDEFGHKLMNPRSTUVWXY", k=4)
    return f"{''.join(letters[:2])}{digits(rng, 8)}{''.join(letters[2:])}"


def pension_id(rng: random.Random) -> str:
    """A basic pension number, four and six digits."""
    return f"{digits(rng, 4)}-{digits(rng, 6)}"


def credit_card(rng: random.Random) -> str:
    """Sixteen digits under a prefix that payment providers keep for tests, with a right check digit."""
    body = "400000" + digits(rng, 9)
    whole = body + luhn_check_digit(body)
    return "-".join(whole[i : i + 4] for i in range(0, 16, 4))


def bank_account(rng: random.Random) -> str:
    """The seven digits of an ordinary account."""
    return digits(rng, 7)


def plate(rng: random.Random) -> str:
    """A number plate."""
    return f"{rng.choice(_PLATE_OFFICES)} {rng.randint(300, 399)} {rng.choice(_PLATE_KANA)} {rng.randint(10, 99)}-{digits(rng, 2)}"


def ip(rng: random.Random) -> str:
    """An address of a block that is kept for documentation (RFC 5737)."""
    return f"{rng.choice(('203.0.113', '198.51.100', '192.0.2'))}.{rng.randint(10, 250)}"


MAKERS: dict[str, Callable[[random.Random], str]] = {
    "PHONE": phone,
    "EMAIL": email,
    "HANDLE": handle,
    "URL": url,
    "ADDRESS": address,
    "POSTAL": postal,
    "BIRTHDATE": birth_date,
    "MY_NUMBER": my_number,
    "INSURANCE_ID": insurance_id,
    "PATIENT_ID": patient_id,
    "LICENSE": license_number,
    "PASSPORT": passport,
    "RESIDENCE_CARD": residence_card,
    "PENSION_ID": pension_id,
    "CREDIT_CARD": credit_card,
    "BANK_ACCOUNT": bank_account,
    "PLATE": plate,
    "IP": ip,
}
"""How to make a value of every direct type but PERSON, in half-width form."""
