"""Canaries: invented people planted beside the real posts, who must never be seen again.

How they are meant to be used. Each run plants a flock (`plant`) in memory beside the day's real posts, before redaction
and with the same code path. They pass the redactor like anybody; then every gate asks whether one came through:

1. staging: `find_in_frame` over the redacted rows, the canaries' own among them;
2. marts and the candidate release: `find_in_frame` over every value of every table, `find_in_files` over every file;
3. what else was written in the run (event log, dbt's artefacts, temporary files): `find_in_files`.

Their rows are taken out between 1 and the first write that a mart reads. A canary's `id` is its post id, so the set of
their post keys is known before redaction, whatever the source; rows go by that set, not by the look of an id, which a
platform's record could copy. A mart that counts one is wrong.

The people are made at run time from the day and the seed: new ones every night, none in the repository. Reports name
a canary, its type, its form and a place, never a text.

Belongs here: making canaries, looking for them. Does not: planting them into a run, what happens when one is seen.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import NamedTuple

import ahocorasick_rs
import polars as pl

from transforms.posts import Post, Source
from transforms.redaction import invented

ID_PREFIX = "koe-canary-"
"""What the post id of every canary begins with."""

_JST = timezone(timedelta(hours=9))


class Canary(NamedTuple):
    """One invented identity in one surface form, in a post of its own.

    Attributes:
        id: its post id.
        type: the identifier type, one of `spans.DIRECT`.
        form: `half`, `full` or `kanji` for what has digits or Latin letters, `kanji`, `hiragana`, `katakana`,
            `half_katakana` or `romaji` for names.
        text: the post.
        needles: the strings, in all their normal forms, that must be found nowhere after redaction.
    """

    id: str
    type: str
    form: str
    text: str
    needles: tuple[str, ...]

    def __repr__(self) -> str:
        """Names the canary without its text."""
        return f"Canary({self.id})"


class Sighting(NamedTuple):
    """A canary that came through.

    Attributes:
        canary: its id.
        type: its identifier type.
        form: its surface form.
        place: `<column>:<row>` in a table, `byte <offset>` in a file.
    """

    canary: str
    type: str
    form: str
    place: str


_TEMPLATES: dict[str, tuple[str, ...]] = {
    "PERSON": (
        "整形外科の{v}先生、リハビリの説明がていねいで助かりました。",
        "会計で前に並んでいた{v}さんが診察券を落として、受付の人が走って追いかけていた。",
        "担当看護師の{v}さんに点滴の痛みを伝えたら、すぐに替えてくれました。",
    ),
    "PHONE": (
        "検査の結果は{v}に電話してくださいと言われたけれど、三回かけてもつながらない。",
        "予約の変更は電話{v}まで、と貼り紙がありました。",
    ),
    "EMAIL": (
        "問診票はメールで{v}に送ってと言われた。暗号とかいいのかな。",
        "患者会の申込先はメール {v} だそうです。",
    ),
    "HANDLE": (
        "同じ薬を飲んでいる人いますか。くわしくは {v} にDMください。",
        "待合室の写真を {v} さんが勝手に上げていて困っています。",
    ),
    "URL": (
        "入院の日記はこちら {v} に書いています。",
        "先生の対応をまとめました。 {v} を見てください。",
    ),
    "ADDRESS": (
        "薬の配達先を住所：{v} に直したのに、また前の家に届いた。",
        "往診をお願いしたい家は{v}です。駐車場はあります。",
    ),
    "POSTAL": (
        "紹介状の送り先は〒{v}だと受付で聞きました。",
        "郵便番号{v}の地域は訪問診療の対象ですか。",
    ),
    "BIRTHDATE": (
        "父は{v}生まれです。肺炎の予防接種は対象になりますか。",
        "診察券の生年月日が{v}になっていて、毎回直してもらっている。",
    ),
    "MY_NUMBER": (
        "限度額の申請でマイナンバー{v}を窓口で読み上げられた。",
        "保険証の切り替えで個人番号は{v}ですかと大声で聞かれました。",
    ),
    "INSURANCE_ID": (
        "転職で保険者番号が{v}に変わったのに、病院の登録が古いままだった。",
        "資格確認書の保険者番号{v}を書き写すだけで十分待たされました。",
    ),
    "PATIENT_ID": (
        "診察券番号{v}で呼ばれるのはいいけど、一時間待ちはつらい。",
        "カルテ番号は{v}です、と電話で伝えても話が通じない。",
    ),
    "LICENSE": (
        "てんかんの診断書に運転免許証番号{v}を書く欄がありました。",
        "認知症の検査の案内に免許証番号{v}と印字されていた。",
    ),
    "PASSPORT": (
        "渡航前の診断書に旅券番号{v}を書いてもらうのに二週間かかった。",
        "ワクチンの証明にはパスポート番号 {v} が要ると言われました。",
    ),
    "RESIDENCE_CARD": (
        "受付で在留カード番号{v}を控えられました。普通のことですか。",
        "在留カード {v} を見せたら、通訳の人を呼んでくれた。",
    ),
    "PENSION_ID": (
        "障害年金の診断書に基礎年金番号{v}を書いて出しました。",
        "年金の相談で基礎年金番号 {v} を聞かれ、待合室に丸聞こえだった。",
    ),
    "CREDIT_CARD": (
        "オンライン診療の支払いカード番号{v}がメールに全部書いてあって驚いた。",
        "会計で止められたクレジットカード {v} の件、病院から連絡がない。",
    ),
    "BANK_ACCOUNT": (
        "医療費の還付先は普通口座{v}でお願いしました。まだ入金されません。",
        "返金の振込先は普通 {v} と書いたのに、別の人に送られたらしい。",
    ),
    "PLATE": (
        "病院の駐車場に{v}の車がライトをつけたまま止まっています。",
        "救急の入口をふさいでいた車のナンバーは{v}でした。",
    ),
    "IP": (
        "クチコミを書いた人のIPアドレスは{v}だと病院が言っている。",
        "予約サイトに接続元 {v} と出て、誰の機械か分からない。",
    ),
}

_NO_KANJI = frozenset({"EMAIL", "HANDLE", "URL", "PASSPORT", "RESIDENCE_CARD", "IP"})
"""Nobody writes these with kanji numerals: letters and dots belong to them."""

_FORMS: dict[str, Callable[[str], str]] = {
    "half": str,
    "full": invented.to_full_width,
    "kanji": invented.to_kanji_digits,
}


def _name_forms(name: invented.Name) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Surface form -> (as written, needles)."""
    kana = f"{name.family_kana} {name.given_kana}"
    katakana = _katakana(name.family_kana) + " " + _katakana(name.given_kana)
    romaji = f"{name.given_romaji.capitalize()} {name.family_romaji.upper()}"
    half = _half_katakana(katakana)
    return {
        "kanji": (name.family + name.given, (name.family, name.family + name.given)),
        "hiragana": (kana, (kana, kana.replace(" ", ""))),
        "katakana": (katakana, (katakana, katakana.replace(" ", ""))),
        "half_katakana": (half, (half, unicodedata.normalize("NFKC", half))),
        "romaji": (
            romaji,
            (romaji, romaji.lower(), f"{name.family_romaji.upper()} {name.given_romaji.capitalize()}"),
        ),
    }


def _katakana(hiragana: str) -> str:
    return "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in hiragana)


_HALF_BY_FULL = {unicodedata.normalize("NFKC", chr(c)): chr(c) for c in range(0xFF66, 0xFF9E)}
_MARKS = {"\u3099": "ﾞ", "\u309a": "ﾟ"}


def _half_katakana(katakana: str) -> str:
    """Katakana as half-width forms, voiced marks apart, as ATMs and old systems write them."""
    parts = unicodedata.normalize("NFD", katakana)
    return "".join(_MARKS.get(c, _HALF_BY_FULL.get(c, c)) for c in parts)


def _needles(value: str) -> tuple[str, ...]:
    """A value in the forms in which it could be carried on: as it is, by width, in kanji, without separators."""
    plain = value.translate(str.maketrans("", "", "-/. "))
    forms = {
        value,
        invented.to_full_width(value),
        invented.to_full_width_digits(value),
        invented.to_kanji_digits(value),
    }
    if plain.isdigit():
        forms |= {plain, invented.to_full_width(plain), invented.to_kanji_digits(plain)}
    return tuple(sorted(forms))


def plant(day: date, seed: int) -> list[Canary]:
    """Make the flock of a day: every direct type in every surface form that people write it in.

    Args:
        day: the day of the run.
        seed: a number that the run keeps for itself; other seeds give other people.

    Returns:
        The canaries, in a fixed order. Same arguments, same canaries.
    """
    rng = random.Random(f"{seed}:{day.isoformat()}")
    made: list[tuple[str, str, str, tuple[str, ...]]] = []
    for template in _TEMPLATES["PERSON"]:
        for form, (written, needles) in _name_forms(invented.distinct_name(rng)).items():
            made.append(("PERSON", form, template.format(v=written), needles))
    for kind, maker in invented.MAKERS.items():
        for form, write in _FORMS.items():
            if form == "kanji" and kind in _NO_KANJI:
                continue
            value = maker(rng)
            made.append((kind, form, rng.choice(_TEMPLATES[kind]).format(v=write(value)), _needles(value)))
    return [
        Canary(f"{ID_PREFIX}{day:%Y%m%d}-{number:03d}-{kind.lower()}-{form}", kind, form, text, needles)
        for number, (kind, form, text, needles) in enumerate(made)
    ]


def is_canary(post_id: str | None) -> bool:
    """Whether a post id looks like a canary's. To take rows out, compare with the ids that were planted."""
    return post_id is not None and post_id.startswith(ID_PREFIX)


def as_posts(canaries: Iterable[Canary], day: date, source: Source = "x") -> list[Post]:
    """The canaries as canonical posts, written at noon (JST) of the day, each by an author of its own.

    Args:
        canaries: the flock.
        day: the JST day on which they are to have been written.
        source: the platform that they pretend to be of.

    Returns:
        One post a canary, in the same order.
    """
    noon = int(datetime(day.year, day.month, day.day, 12, tzinfo=_JST).timestamp())
    return [Post(source, c.id, f"{c.id}-author", noon, c.text, lang="ja", thread_id=c.id) for c in canaries]


class _Search(NamedTuple):
    automaton: ahocorasick_rs.AhoCorasick
    owners: tuple[Canary, ...]


@lru_cache(maxsize=1)
def _search(canaries: tuple[Canary, ...]) -> _Search | None:
    pairs = [(needle, canary) for canary in canaries for needle in canary.needles]
    if not pairs:
        return None
    return _Search(ahocorasick_rs.AhoCorasick([n for n, _ in pairs]), tuple(c for _, c in pairs))


def _seen_in(search: _Search, text: str) -> set[Canary]:
    """Canaries in a text as it is, and in the text with compatibility forms resolved."""
    views = {text, unicodedata.normalize("NFKC", text)}
    return {
        search.owners[i]
        for view in views
        for i, _, _ in search.automaton.find_matches_as_indexes(view, overlapping=True)
    }


def find_in_texts(
    canaries: Sequence[Canary], texts: Iterable[str | None], column: str = "text"
) -> list[Sighting]:
    """Look for canaries in texts.

    Args:
        canaries: the flock.
        texts: what to look through, None is passed over.
        column: what the place is called in sightings.

    Returns:
        One sighting a canary and text, by position. Places are `<column>:<position>`.
    """
    search = _search(tuple(canaries))
    if search is None:
        return []
    return [
        Sighting(canary.id, canary.type, canary.form, f"{column}:{position}")
        for position, text in enumerate(texts)
        if text
        for canary in sorted(_seen_in(search, text))
    ]


def find_in_frame(canaries: Sequence[Canary], frame: pl.DataFrame) -> list[Sighting]:
    """Look for canaries in every value of every column of a table, names of columns included.

    Args:
        canaries: the flock.
        frame: the table; values that are no text are looked at as text.

    Returns:
        Sightings by column and row.
    """
    found = find_in_texts(canaries, frame.columns, "column names")
    for column in frame.columns:
        found += find_in_texts(canaries, _values_as_text(frame[column]), column)
    return found


def _values_as_text(values: pl.Series) -> Iterator[str | None]:
    return (v if v is None or isinstance(v, str) else str(v) for v in values.to_list())


_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "cp932")
_SHORTEST_NUMBER = 10


def _unmistakable(needle: str) -> bool:
    """Whether a needle cannot stand in a file by chance: seven digits in a row do, in coordinates and counts."""
    return len(needle) >= _SHORTEST_NUMBER or not set(needle) <= set("0123456789-./ ")


def _written(needle: str) -> Iterator[bytes]:
    """A needle as the bytes in which files hold it: encodings, and the escapes of JSON."""
    for encoding in _ENCODINGS:
        encoded = needle.encode(encoding, "ignore")
        if encoded.decode(encoding) == needle:
            yield encoded
    if not needle.isascii():
        yield "".join(c if c.isascii() else f"\\u{ord(c):04x}" for c in needle).encode()


class _ByteSearch(NamedTuple):
    automaton: ahocorasick_rs.BytesAhoCorasick
    owners: tuple[Canary, ...]
    overlap: int


def _byte_search(canaries: Sequence[Canary]) -> _ByteSearch | None:
    pairs = [
        (b, c) for c in canaries for n in c.needles if _unmistakable(n) for b in dict.fromkeys(_written(n))
    ]
    if not pairs:
        return None
    automaton = ahocorasick_rs.BytesAhoCorasick([b for b, _ in pairs])
    return _ByteSearch(automaton, tuple(c for _, c in pairs), max(len(b) for b, _ in pairs) - 1)


def _sighted_in(search: _ByteSearch, chunks: Iterable[bytes]) -> list[Sighting]:
    first: dict[Canary, int] = {}
    window, offset = b"", 0
    for chunk in chunks:
        window += chunk
        for i, start, _ in search.automaton.find_matches_as_indexes(window, overlapping=True):
            first.setdefault(search.owners[i], offset + start)
        kept = min(search.overlap, len(window))
        offset += len(window) - kept
        window = window[len(window) - kept :]
    ordered = sorted(first.items(), key=lambda item: item[1])
    return [Sighting(c.id, c.type, c.form, f"byte {place}") for c, place in ordered]


def find_in_files(
    canaries: Sequence[Canary], files: Iterable[tuple[str, Iterable[bytes]]]
) -> list[tuple[str, Sighting]]:
    """Look for canaries in the bytes of files, whatever their formats. What is to be found is put together once for all.

    What is compressed or encrypted cannot be seen so: look through the values as well.

    Args:
        canaries: the flock.
        files: name and bytes of each; the bytes in order, cut anywhere.

    Returns:
        The first sighting of each canary in each file, with the file's name; its place is `byte <offset>` of the file.
    """
    search = _byte_search(canaries)
    if search is None:
        return []
    return [(name, sighting) for name, chunks in files for sighting in _sighted_in(search, chunks)]
