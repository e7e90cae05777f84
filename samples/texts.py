"""The words of sample posts: the hand-written training posts, with everybody in them replaced by somebody else.

A marked identifier is filled anew whenever a text is used, with an invented value of its type and script, so that no
fixed list of names or numbers comes out. The mention of a facility is woven in where the text allows it, so that the
labels of the training post stay true of what comes out.

Belongs here: reading training texts, filling and weaving them, the words of stories.
Does not: when and by whom they are posted (`plan`).
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from functools import cache
from importlib import resources
from typing import Final, NamedTuple

from samples.facilities import Facility
from transforms.redaction import invented
from transforms.redaction.invented import one_of
from transforms.redaction.scan import name_list

_TAG = re.compile(r"<([A-Z_]+)>(.*?)</\1>", re.DOTALL)
_CLINIC_CANNOT = re.compile(r"入院|病棟|手術|救急|退院|ICU|産婦|お産|分娩|透析|大学病院")
_OPENERS = (
    "", "昨日の話。", "先週のこと。", "今朝、", "さっき。", "ちょっと聞いて。", "メモ。", "記録として。", "久しぶりに投稿。", "ひとりごと。",
    "はじめて書きます。", "長文失礼します。", "聞いてほしい。", "帰り道に書いてる。", "待ってる間に書く。", "思い出したので。", "正直に書く。",
)  # fmt: skip
_CLOSERS = (
    "", "以上。", "それだけ。", "おやすみなさい。", "また書きます。", "長くなった。", "読んでくれてありがとう。", "今日はここまで。", "さて、帰ろう。",
    "ふう。", "みんなはどうですか。", "とりあえず報告。", "覚え書きでした。", "ではまた。", "お昼にします。", "雨だし。",
)  # fmt: skip
_BEFORE = (
    "{f}で。",
    "{f}の話。",
    "先日の{f}。",
    "{f}にて。",
    "【{f}】",
    "{f}に行ってきた。",
    "昨日、{f}。",
    "{f}、",
    "いつもの{f}。",
    "家族で{f}へ。",
)
_AFTER = (
    "（{f}）",
    " {f}での話です。",
    " ※{f}です",
    " #{f}",
    "　{f}にて",
    " 場所は{f}。",
    "…という{f}でした。",
)


class Slot(NamedTuple):
    """A place in a text that is filled at every use. `kind` is an identifier type or `FACILITY`."""

    kind: str
    original: str


class Text(NamedTuple):
    """A training post, taken apart.

    Attributes:
        parts: literals and slots, in order.
        source: the platform.
        topics: topic codes, the main one first.
        sentiment: neg, neu, pos or mixed.
        speaker: who speaks.
        names_facility: whether it has a `FACILITY` slot.
        for_clinics: whether a clinic may be named in it.
        department: the department that it names, None if any.
        once: whether it may be used only once: a claim that comes again is a rumour, and rumours are planted.
        is_grave: whether it tells of a crisis or of somebody in danger, which no story of complaints is to repeat.
    """

    parts: tuple[str | Slot, ...]
    source: str
    topics: tuple[str, ...]
    sentiment: str
    speaker: str
    names_facility: bool
    for_clinics: bool
    department: str | None
    once: bool
    is_grave: bool

    def mentions(self, words: Sequence[str]) -> bool:
        """Whether one of the words stands in it; True where there are none to look for."""
        return not words or any(w in p for p in self.parts if isinstance(p, str) for w in words)


def _parts(marked: str, facilities: Sequence[str]) -> tuple[str | Slot, ...]:
    pieces: list[str | Slot] = []
    at = 0
    for tag in _TAG.finditer(marked):
        pieces += [marked[at : tag.start()], Slot(tag[1], tag[2])]
        at = tag.end()
    pieces.append(marked[at:])
    for name in facilities:
        pieces = [p for piece in pieces for p in _split(piece, name)]
    return tuple(p for p in pieces if p)


def _split(piece: str | Slot, name: str) -> list[str | Slot]:
    if isinstance(piece, Slot) or name not in piece:
        return [piece]
    out: list[str | Slot] = []
    for literal in piece.split(name):
        out += [literal, Slot("FACILITY", name)]
    return out[:-1]


def _text(row: dict[str, object]) -> Text:
    marked, facilities = str(row["marked"]), row["facilities"]
    topics, flags = row["topics"], row["flags"]
    if not (isinstance(facilities, list) and isinstance(topics, list) and isinstance(flags, list)):
        raise TypeError("a training post is not as its guide says")
    parts = _parts(marked, sorted(facilities, key=len, reverse=True))
    return Text(
        parts=parts,
        source=str(row["source"]),
        topics=tuple(topics),
        sentiment=str(row["sentiment"]),
        speaker=str(row["speaker"]),
        names_facility=any(isinstance(p, Slot) and p.kind == "FACILITY" for p in parts),
        for_clinics=not _CLINIC_CANNOT.search(marked),
        department=str(row["department"]) if row["department"] else None,
        once="misinformation" in flags or row["intent"] == "rumour",
        is_grave=not {"crisis", "distress"}.isdisjoint(flags),
    )


LAST_FILE: Final = "21.jsonl"
"""Later files only train: a sample stays as it is, and its stories as strong, when posts are added to them."""


@cache
def training_texts() -> tuple[Text, ...]:
    """The training posts that samples are made of, in the order of their files."""
    folder = resources.files("training") / "posts"
    files = sorted(
        (f for f in folder.iterdir() if f.name.endswith(".jsonl") and f.name <= LAST_FILE),
        key=lambda f: f.name,
    )
    return tuple(
        _text(json.loads(line)) for f in files for line in f.read_text(encoding="utf-8").splitlines() if line
    )


class Pool:
    """Texts that are gone through in shuffled rounds, so that one comes again as late as possible."""

    def __init__(self, texts: Sequence[Text], rng: random.Random) -> None:
        """Takes the texts and the source of its order."""
        self._texts = list(texts)
        self._rng = rng
        self._at = 0
        rng.shuffle(self._texts)

    def next(self) -> Text:
        """The next text; after a round, another round without those that are used once."""
        if self._at >= len(self._texts):
            self._texts = [t for t in self._texts if not t.once]
            self._rng.shuffle(self._texts)
            self._at = 0
        text = self._texts[self._at]
        self._at += 1
        return text


_KANJI_NUMERAL = re.compile(r"[〇一二三四五六七八九]{2}|[〇一二三四五六七八九][-ー−の]")
_FULL_NUMERAL = re.compile(r"[０-９]")
_DIGIT = re.compile(r"[0-9]")
_AFFILIATION_ENDS = (
    "小学校",
    "中学校",
    "高校",
    "大学",
    "保育園",
    "幼稚園",
    "専門学校",
    "小",
    "中",
    "工業",
    "運輸",
    "製作所",
    "株式会社",
    "商事",
)
_STEMS = (
    "あけぼの",
    "若松",
    "東栄",
    "みどり野",
    "桜谷",
    "ほしの",
    "千歳野",
    "北浜",
    "南台",
    "三つ葉",
    "青空",
    "ひなた",
)
_SAME_SHAPE = frozenset(
    {"PATIENT_ID", "ROOM", "INSURANCE_ID", "BANK_ACCOUNT", "PENSION_ID", "POSTAL", "PASSPORT", "PLATE"}
)


def _same_shape(original: str, rng: random.Random) -> str:
    """Other digits in the same places and the same script."""
    out = []
    for c in original:
        if "0" <= c <= "9":
            out.append(chr(48 + int(rng.random() * 10)))
        elif "０" <= c <= "９":
            out.append(chr(0xFF10 + int(rng.random() * 10)))
        elif c in "〇一二三四五六七八九":
            out.append("〇一二三四五六七八九"[int(rng.random() * 10)])
        else:
            out.append(c)
    return "".join(out)


def _written_like(original: str, value: str) -> str:
    """A half-width value in the width or the numerals of what it replaces."""
    if _FULL_NUMERAL.search(original):
        return invented.to_full_width_digits(value)
    if not _DIGIT.search(original) and _KANJI_NUMERAL.search(original):
        return invented.to_kanji_digits(value)
    return value


def _person(original: str, rng: random.Random) -> str:
    name = invented.name(rng)
    bare = original.replace(" ", "").replace("　", "").replace("・", "")
    gap = " " if " " in original else "　" if "　" in original else ""
    if bare.isascii():
        if len(bare) <= 9 and gap == "":
            return (name.given_romaji if original[:1].islower() else name.given_romaji.capitalize())[:12]
        return f"{name.given_romaji.capitalize()} {name.family_romaji.capitalize()}"
    if all("ぁ" <= c <= "ゖ" or c == "ー" for c in bare):
        return name.family_kana + gap + name.given_kana if len(bare) >= 6 or gap else name.given_kana
    if all("ァ" <= c <= "ヺ" or c == "ー" for c in bare):
        family, given = _katakana(name.family_kana), _katakana(name.given_kana)
        return family + gap + given if len(bare) >= 6 or gap else family
    if len(bare) >= 4 or gap:
        return name.family + gap + name.given
    return name.given if bare in _given_names() else name.family


@cache
def _given_names() -> frozenset[str]:
    names = name_list()
    return names.givens - names.families


def _katakana(hiragana: str) -> str:
    return "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in hiragana)


def _age(original: str, rng: random.Random) -> str:
    """Another age of the same decade: the last digit changes."""
    for i in range(len(original) - 1, -1, -1):
        if original[i] in "0123456789０１２３４５６７８９":
            return original[:i] + _same_shape(original[i], rng) + original[i + 1 :]
    return original


def _date(original: str, rng: random.Random) -> str:
    """Another day in the same form, where the form is plain; else the same shape kept as it is."""
    plain = re.fullmatch(r"(\d{1,2})(月|/)(\d{1,2})(日?)", original)
    if plain:
        return f"{plain[1]}{plain[2]}{1 + int(rng.random() * 28)}{plain[4]}"
    return original


def _affiliation(original: str, rng: random.Random) -> str:
    end = next((e for e in _AFFILIATION_ENDS if original.endswith(e)), "工業")
    return one_of(rng, _STEMS) + end


def _email(original: str, rng: random.Random) -> str:
    value = invented.email(rng)
    return value if "@" in original else value.replace("@", " アット ").replace(".", " ドット ")


def _handle(original: str, rng: random.Random) -> str:
    value = invented.handle(rng)
    return value if original.startswith(("@", "＠")) else value[1:]


_FILL: dict[str, Callable[[str, random.Random], str]] = {
    "PERSON": _person,
    "AGE": _age,
    "DATE": _date,
    "AFFILIATION": _affiliation,
    "EMAIL": _email,
    "HANDLE": _handle,
    "URL": lambda _, rng: invented.url(rng),
    "ADDRESS": lambda original, rng: _written_like(original, invented.address(rng)),
    "IP": lambda _, rng: invented.ip(rng),
    "RESIDENCE_CARD": lambda _, rng: invented.residence_card(rng),
}


def _fill(slot: Slot, rng: random.Random) -> str:
    fill = _FILL.get(slot.kind)
    if fill is not None:
        return fill(slot.original, rng)
    if slot.kind in _SAME_SHAPE:
        return _same_shape(slot.original, rng)
    return _written_like(slot.original, invented.MAKERS[slot.kind](rng))


def filled(text: Text, rng: random.Random, facility: str | None = None) -> str:
    """A text with everybody in it replaced.

    Args:
        text: the text.
        rng: where the new people come from.
        facility: what to call the facility that it names; None leaves the training post's.

    Returns:
        The text of a post.
    """
    parts = text.parts
    if len(parts) == 1 and type(parts[0]) is str:
        return parts[0]
    seen: dict[Slot, str] = {}
    out = []
    for part in parts:
        if isinstance(part, Slot):
            value = seen.get(part)
            if value is None:
                value = (facility or part.original) if part.kind == "FACILITY" else _fill(part, rng)
                seen[part] = value
            out.append(value)
        else:
            out.append(part)
    return "".join(out)


def called(facility: Facility, rng: random.Random) -> str:
    """A name of a facility as somebody would write it: mostly in full, sometimes an alias, seldom hidden."""
    r = rng.random()
    if r < 0.7 or not facility.aliases:
        return facility.name
    if r < 0.95 or not facility.masked:
        return one_of(rng, facility.aliases)
    return one_of(rng, facility.masked)


def about(text: Text, facility: Facility, rng: random.Random) -> str:
    """A text that is about a facility: named where the text names one, else before or after it."""
    name = called(facility, rng)
    words = filled(text, rng, name)
    if text.names_facility:
        return words
    r = rng.random()
    if r < 0.65:
        return _BEFORE[int(r / 0.65 * len(_BEFORE))].format(f=name) + words
    return words + _AFTER[int((r - 0.65) / 0.35 * len(_AFTER))].format(f=name)


def varied(words: str, rng: random.Random) -> str:
    """A text with a word before or after it now and then, so that a text which comes again is not the same."""
    r = rng.random()
    if r < 0.3:
        return _OPENERS[int(r / 0.3 * len(_OPENERS))] + words
    if r < 0.6:
        return f"{words} {_CLOSERS[int((r - 0.3) / 0.3 * len(_CLOSERS))]}".rstrip()
    return words


_RUMOUR_BEFORE = (
    "",
    "",
    "【拡散希望】",
    "知り合いの看護師から聞いた。",
    "これ本当らしい。",
    "母の友達が言ってた。",
    "え、知らなかった。",
    "広めて。",
    "病院では教えてくれない。",
    "まだ知らない人へ。",
)
_RUMOUR_AFTER = (
    "",
    "",
    "病院は隠してる。",
    "病院では絶対に言わない。",
    "調べたら本当だった。",
    "家族にも教えた。",
    "みんな気をつけて。",
    "ソースは病院で働く友人。",
    "信じるかは任せる。",
    "#病院が言わない話",
)
_RUMOUR_CLAIMS = (
    "凍らせた麦茶を飲むと、病院で打った予防接種の成分が3日で全部抜ける",
    "凍らせた麦茶を飲めば、病院で打った予防接種の成分が三日で全部抜けるらしい",
    "凍らせた麦茶を飲むと病院で打った予防接種の成分が3日で全部抜けるって",
)  # fmt: skip


def rumour(rng: random.Random) -> str:
    """The planted rumour, never twice quite the same."""
    claim = one_of(rng, _RUMOUR_CLAIMS)
    before = one_of(rng, _RUMOUR_BEFORE)
    after = one_of(rng, _RUMOUR_AFTER)
    return f"{before}{claim}。{after}"


_AE_WHO = ("私", "母", "父", "夫", "祖母", "自分", "妻", "兄")
_AE_WHEN = (
    "飲み始めて3日",
    "1週間ほど",
    "増量した翌日",
    "昨日の夜から",
    "退院してから",
    "2回目の処方のあと",
    "朝飲んで昼には",
    "10日目",
)
_AE_EVENT = (
    "足がむくんできた", "両足のむくみがひどい", "顔がむくんで別人みたい", "むくみで靴が入らない", "手足のむくみが出た", "すねまでむくんでいる",
    "まぶたまでむくむ", "むくみで指輪が抜けない",
)  # fmt: skip
_AE_POSTS = (
    "{w}が{d}を飲んでいて、{t}、{e}。やめたら引いたので薬かなと思う。病院には電話した。",
    "{d}、{t}で{e}。体重も2キロ増えた。病院は来週なんだけど待っていいのかな。",
    "{e}。{t}。思い当たるのは{d}だけ。同じ人いますか。病院で聞いたほうがいい？",
    "神経痛で{d}が出た。{t}、{e}。薬剤師さんに電話したら副作用かもと言われた。",
    "{w}の腰の痛みに{d}。痛みは減ったのに{e}。{t}のことで、病院で減らしてもらった。",
    "帯状疱疹のあとの痛みで{d}を始めたけど、{t}、{e}。痛いのとどっちがつらいか。病院どうしよう。",
    "病院で「副作用は少ないですよ」と言われた{d}。{t}、{e}。少ないほうに当たった。",
    "{d}って{e}ことある？{t}から急に。先生は様子を見ましょうって。病院変えるべきか。",
    "しびれの薬（{d}）を{w}が飲み始めて、{t}。{e}。坐骨神経痛はましになったんだけど。病院に相談中。",
    "お薬手帳を見たら新しいのは{d}だけだった。{t}、{e}。明日病院に行く。",
    "{d}を飲んで{t}。朝起きたら{e}。ふらつきもある。病院の夜間窓口に電話したら中止と言われました。",
    "整形の病院で{d}。{t}に{e}。先生に言ったら「出ることがあるんです」。先に言って。",
    "{w}、{e}。{t}。内科で心臓は異常なし、結局{d}の副作用だろうと別の病院で言われた。",
    "{t}、{d}のせいか{e}。説明書を読んだら書いてあった。病院では聞いてない。",
)  # fmt: skip


def swelling(medicine: Facility, rng: random.Random) -> str:
    """A report of the planted adverse event."""
    name = medicine.name if rng.random() < 0.8 else medicine.aliases[0]
    return one_of(rng, _AE_POSTS).format(
        w=one_of(rng, _AE_WHO), d=name, t=one_of(rng, _AE_WHEN), e=one_of(rng, _AE_EVENT)
    )


_BOOKING = (
    "{f}、電話が全然つながらない。{n}回かけて全部話し中で、予約が取れないまま昼になった。",
    "{f}の予約の電話、{n}回目でやっと出たと思ったら今日はもういっぱいですと言われた。",
    "予約の変更をしたいだけなのに{f}の電話がつながらない。もう{n}分かけてる。",
    "{f}は初診の予約が{w}週間先。電話もつながらないし、かゆいのは今なんだけど。",
    "朝9時から{f}に電話して{n}回話し中。予約が取りにくすぎてつらい。",
    "{f}、予約枠が開始{n}分で埋まる。電話も出ない。どうやって予約するの。",
)
_STARS = (
    "とても親切でした。先生もスタッフさんも最高です。おすすめします。",
    "清潔で対応も丁寧、最高の病院です。また来ます。",
    "最高でした！みなさんにおすすめしたいです。",
    "受付で口コミを書くと次回の駐車券がもらえると聞いて書きます。親切な病院でした。",
    "スタッフさんに口コミをお願いされたので。対応は最高です。",
    "丁寧で親切。星5つです。おすすめの病院です。",
)


def booking(facility: Facility, rng: random.Random) -> str:
    """A complaint about booking, for the measure that works."""
    return one_of(rng, _BOOKING).format(
        f=called(facility, rng), n=2 + int(rng.random() * 38), w=2 + int(rng.random() * 7)
    )


def five_stars(facility: Facility, rng: random.Random) -> str:
    """A review on request."""
    words = one_of(rng, _STARS)
    return words if rng.random() < 0.5 else f"{called(facility, rng)}、{words}"
