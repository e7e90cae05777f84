"""Let a name that was found grow over what belongs to it.

Belongs here: pieces that the analyser cut off, the other half of a full name, foreign names of several words, readings
in brackets, the same name elsewhere in the post.
Does not: whether there is a name at all (`model`, `finder`).

All functions look at a post as a sequence of words with `REACH` boundaries at each end, take the indices that are
marked as names, and give indices to add.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from transforms.redaction.names import keep
from transforms.redaction.names.features import SPACE
from transforms.redaction.names.joining import NAME_KANJI
from transforms.redaction.names.lexicon import ENDING_READINGS, is_given, is_listed, lexicon, to_hiragana
from transforms.redaction.names.model import Word
from transforms.redaction.names.vocabulary import ADDRESS_CLASSES, HONORIFIC_CLASSES, words

_NOT_BEFORE: Final = frozenset(
    "親元新旧前故現副某各本当同我御今昨毎先他全約第対亡妻夫父母兄弟姉妹娘孫嫁医師士員長者係科課部室院店局館号番階年月日時分名様氏君"
)
"""Single kanji that are words of their own before a name."""

_NOT_BEHIND: Final = frozenset(
    "様氏殿君側宅家式流達方系型病等用派他似談戦版卒先前後中内外行宛医師女兄姉爺婆姐嬢本名歳才年月日時分人者的性化邸組班院室科課部店駅町市区"
    "県村都府島線号番階両各案印母父妻夫娘孫家"
)
"""Single kanji that are words of their own behind a name."""

_NO_HALF: Final = frozenset("月火水木金土日祝生没要主長昭和平令大正笑涙汗怒男女年男才歳号様氏名姓")
"""Single kanji that are words of their own in a list or a form."""

_NAME_ENDINGS: Final = frozenset("子代江美恵枝乃男夫雄郎衛吉坊")
"""Kanji that end given names written in kana otherwise: トシ江, テル子, けん坊."""

_PET_ENDINGS: Final = words("ん りん ぴ ぴー っち ち ぴょん たん ぽん ちん てぃ ちゃそ つん にゃん")
_PET_HONORIFICS: Final = frozenset({"KUN", "CHAN"})
_BRIDGES: Final = frozenset({"・", "=", "-"})
_OLD: Final = words("婆 爺 ばあ じい")
_PARTICLES: Final = frozenset("のはがをにでとも")
_LATIN_WORDS: Final = words(
    "I The A An Dr DR dr Mr Mrs Ms Prof Hello Hi My No NO Yes OK In On At For And Or Is Are To Of This That It We You He She Day"
    " Hospital Clinic Hotel Mail Tel TEL FAX Fax ID LINE DM RT PT OT ST MR NS Ns ER ICU NICU CT MRI iPhone Android Web App SNS"
)
LONGEST_READING: Final = 9
_LONGEST_KANA: Final = 3
"""Kana before the kanji that ends a given name: さち江, きみよ子."""

_LONGEST_GIVEN: Final = 3
"""Kanji of a given name."""

_LONGEST_READING_HALF: Final = 8
"""Kana of half a foreign name: ウィリアムス."""

_LINKS: Final = frozenset("ノヶケ之")
_FIRST_KANJI: Final = frozenset("高中大小上下")
"""Kanji that begin family names, though they are words of `vocabulary`."""
_FEW: Final = 20
"""Names for which a count in the text is cheaper than a look at each word."""


class Post(NamedTuple):
    """A post as `finder` holds it.

    Attributes:
        words: of the post, with `REACH` boundaries at each end and an entry for each white space.
    """

    words: Sequence[Word]

    def surface(self, i: int) -> str:
        """The word's surface, "" for a boundary or a space."""
        return self.words[i].surface if 0 <= i < len(self.words) else ""

    def letter(self, i: int) -> str:
        """The word's script, "" for a boundary or a space."""
        return self.words[i].description.letter if 0 <= i < len(self.words) else ""

    def role(self, i: int) -> str:
        """The word's class of `vocabulary`."""
        return self.words[i].description.role if 0 <= i < len(self.words) else ""


def grow(post: Post, marked: set[int]) -> set[int]:
    """Indices to add to those marked.

    Args:
        post: the post.
        marked: indices of words that are names.
    """
    added: set[int] = set()
    queue = sorted(marked)
    while queue:
        i = queue.pop()
        for rule in _RULES.get(post.letter(i), ()):
            for new in rule(post, i):
                if new not in marked and new not in added:
                    added.add(new)
                    queue.append(new)
    return added


def _kanji_left(post: Post, i: int) -> Iterator[int]:
    """大|神田: a single kanji before a name in kanji."""
    if post.letter(i) != "C" or post.letter(i - 1) != "C":
        return
    surface = post.surface(i - 1)
    is_edge = len(surface) == 1 and post.letter(i - 2) != "C"
    if is_edge and surface not in _NOT_BEFORE and post.role(i + 1) in ADDRESS_CLASSES:
        yield i - 1
        return
    begins = surface in _FIRST_KANJI and post.words[i].pos3 != "人名"
    if (
        len(surface) == 1
        and (begins or (surface not in _NOT_BEFORE and not post.role(i - 1)))
        and post.letter(i - 2) != "C"
    ):
        yield i - 1


def _kanji_right(post: Post, i: int) -> Iterator[int]:
    """堂|前, テル|子: a single kanji behind a name."""
    if post.letter(i + 1) != "C" or len(post.surface(i + 1)) != 1:
        return
    surface = post.surface(i + 1)
    if post.letter(i) in "HK":
        if surface in _NAME_ENDINGS:
            yield i + 1
        return
    addressed = post.role(i + 2) in ADDRESS_CLASSES
    ends = not post.words[i + 2].description.candidate or addressed
    is_name = post.words[i].pos3 == "人名" and surface not in _NOT_BEHIND
    if addressed and (surface in NAME_KANJI or is_name):
        yield i + 1
        return
    if post.words[i].pos4 == "名" and ends and is_given(post.surface(i) + surface):
        yield i + 1
        return
    if post.letter(i) == "C" and surface not in _NOT_BEHIND and ends and is_name_like(post, i + 1):
        yield i + 1


def is_name_like(post: Post, i: int) -> bool:
    """Whether a word may be half of a name: known as one, and no word of `vocabulary`."""
    word = post.words[i]
    here = word.description
    return word.surface != "" and not here.role and (bool(here.flags) or word.pos3 == "人名")


def _kana_right(post: Post, i: int) -> Iterator[int]:
    """りょう|た, さとみ|ん, しん|ちゃん: kana behind a name in kana."""
    here, behind = post.surface(i), post.surface(i + 1)
    if post.letter(i) not in {"H", "K"} and len(here) > 1:
        return
    if post.role(i + 1) in _PET_HONORIFICS and (len(here) <= 2 or here[-1] in "っッ"):
        yield i + 1
        return
    if post.letter(i + 1) != "H" or post.letter(i) != "H":
        return
    if behind in _PET_ENDINGS or _is_last_kana(post, i + 1):
        yield i + 1
        return
    if behind not in _PARTICLES and len(here + behind) >= 4 and is_listed(here + behind):
        yield i + 1
        return
    whole = here + behind + post.surface(i + 2)
    if (
        post.letter(i + 2) == "H"
        and 4 <= len(whole) <= 5
        and post.surface(i + 2) not in _PARTICLES
        and is_listed(whole)
    ):
        yield from (i + 1, i + 2)
        return
    if len(behind) <= 2 and _is_given(
        here + behind,
        popular_only=(behind in _PARTICLES or post.role(i + 1) != "") and not _has_age(post, i + 2),
    ):
        yield i + 1


def _is_last_kana(post: Post, i: int) -> bool:
    """Whether one or two kana stand between a name and its honorific: のりお|なちゃん."""
    behind = post.surface(i)
    if len(behind) > 2 or behind in _PARTICLES or post.role(i):
        return False
    return post.role(i + 1) in HONORIFIC_CLASSES


def _is_given(reading: str, *, popular_only: bool) -> bool:
    names = lexicon()
    return reading in (names.given_readings_popular if popular_only else names.given_readings)


def _kana_left(post: Post, i: int) -> Iterator[int]:
    """ま|しろ, お|トヨ: kana before a name in kana."""
    before = post.surface(i - 1)
    addressed = post.role(i + 1) in HONORIFIC_CLASSES or post.surface(i + 1) in _OLD
    if (
        before == "お"
        and addressed
        and len(post.surface(i)) == 2
        and _is_given(to_hiragana(post.surface(i)), popular_only=False)
    ):
        yield i - 1
        return
    if post.letter(i) != "H" or post.letter(i - 1) != "H" or before in _PARTICLES or len(before) > 2:
        return
    if is_listed(before + post.surface(i)):
        yield i - 1


def _bridge(post: Post, i: int) -> Iterator[int]:
    """グエン|・|ティ|・|ラン: katakana joined by a middle dot."""
    for step in (-1, 1):
        if post.surface(i + step) in _BRIDGES and post.letter(i) == post.letter(i + 2 * step) == "K":
            yield i + step
            yield i + 2 * step


def _katakana(post: Post, i: int) -> Iterator[int]:
    """ト|ミエ, ヨシ|ヒコ: katakana that touches a name in katakana; no particle stands between two words of it."""
    if post.letter(i) != "K":
        return
    for step in (-1, 1):
        beside = post.words[i + step]
        if beside.description.letter == "K" and not beside.description.role and len(beside.surface) <= 3:
            yield i + step


def _list(post: Post, i: int) -> Iterator[int]:
    """光・新・望: kanji names of a list."""
    for step in (-1, 1):
        at = i + 2 * step
        if post.surface(i + step) != "・" or post.letter(at) != "C" or post.surface(at) in _NO_HALF:
            continue
        if is_name_like(post, at) and not post.words[at + step].description.candidate:
            yield at


def _latin(post: Post, i: int) -> Iterator[int]:
    """VU THI NGOC, K.Morita, Sato-Olsen, Shin-ya: words in Latin letters, with spaces, a full stop or a hyphen between."""
    if post.letter(i) not in {"A", "T"}:
        return
    for step in (-1, 1):
        at = i + step
        if post.surface(at) == "-" and post.letter(at + step) in {"A", "T", "a"}:
            yield from (at, at + step)
            continue
        between = []
        while post.surface(at) == "." or post.words[at].description is SPACE:
            between.append(at)
            at += step
        if len(between) <= 2 and post.letter(at) in {"A", "T"} and post.surface(at) not in _LATIN_WORDS:
            yield from between
            yield at


def _other_half(post: Post, i: int) -> Iterator[int]:
    """樋口|真理: a family name beside a given name, both known to the analyser."""
    here = post.words[i]
    if here.pos3 != "人名":
        return
    for at, half in ((i - 1, "姓"), (i + 1, "名")):
        other = post.words[at]
        if other.pos4 == half and other.pos4 != here.pos4 and not post.role(at):
            yield at


def _full_name(post: Post, i: int) -> Iterator[int]:
    """The other half of a full name beside a space: 鹿討 正志, タカシマ ヨウタ, Miller 健さん."""
    if len(post.surface(i)) == 1 and not is_name_like(post, i):
        return
    for step in (-1, 1):
        at = i + 2 * step
        if post.words[i + step].description is not SPACE or post.letter(at) not in {"C", "H", "K", "M", "T"}:
            continue
        if post.letter(at) == "T":
            if step < 0 and post.role(i + 1) in ADDRESS_CLASSES and post.surface(at) not in _LATIN_WORDS:
                yield from (i + step, at)
            continue
        surface = post.surface(at)
        if not (is_name_like(post, at) or _is_place_before_given(post, at, i)):
            continue
        if len(surface) > (_LONGEST_READING_HALF if post.letter(at) == "K" else 5):
            continue
        if len(surface) == 1 and (surface in _NO_HALF or post.words[at + step].description.candidate):
            continue
        yield i + step
        yield at


def _is_place_before_given(post: Post, at: int, i: int) -> bool:
    """Whether a place's name, no prefecture's, stands before a given name: 黒部 辰夫."""
    before, given = post.words[at], post.words[i]
    return at < i and before.pos3 == "地名" and given.pos4 == "名" and before.surface not in keep.PREFECTURES


def _full_name_in_pieces(post: Post, i: int) -> Iterator[int]:
    """The family name before a space that the analyser cut into single kanji: 楢|木 礼子, 高|栖 実, 坂|ノ|上 徳次."""
    if post.words[i - 1].description is not SPACE:
        return
    pieces = (i - 4, i - 3, i - 2) if post.surface(i - 3) in _LINKS else (i - 3, i - 2)
    first, last = pieces[0], pieces[-1]
    if post.letter(first - 1) == "C" or not (_is_single_kanji(post, first) and _is_single_kanji(post, last)):
        return
    if not post.role(last) and (not post.role(first) or post.surface(first) in _FIRST_KANJI):
        yield from (i - 1, *pieces)


def _is_single_kanji(post: Post, i: int) -> bool:
    return post.letter(i) == "C" and len(post.surface(i)) == 1


def _given_behind(post: Post, i: int) -> Iterator[int]:
    """Kanji of no listed given name between a family name and honorific or age: 張 建国、70歳, 春山 小|希|子さん."""
    if not is_name_like(post, i):
        return
    at = i + 1 + (post.words[i + 1].description is SPACE)
    size = 0
    while post.letter(at) == "C" and not post.role(at) and size <= _LONGEST_GIVEN:
        size += len(post.surface(at))
        at += 1
    ends = post.role(at) in HONORIFIC_CLASSES or _has_age(post, at)
    if ends and 1 < size <= _LONGEST_GIVEN:
        yield from range(i + 1, at)


def _given_in_pieces(post: Post, i: int) -> Iterator[int]:
    """A listed given name behind a family name, cut by the analyser: 沢木 三|織, 宮前 記|行."""
    if post.words[i].pos3 not in {"人名", "地名"}:
        return
    first = at = i + 1 + (post.words[i + 1].description is SPACE)
    name = ""
    while post.letter(at) == "C" and len(name) < _LONGEST_GIVEN:
        name += post.surface(at)
        at += 1
    if post.letter(at) != "C" and at > first + 1 and is_given(name):
        yield from range(i + 1, at)


def _has_age(post: Post, i: int) -> bool:
    """Whether an age follows a comma or a bracket: 、70歳, （生後9か月."""
    if post.surface(i) not in {"、", "("}:
        return False
    return post.letter(i + 1) == "9" or post.surface(i + 1) == "生後"


def _kana_before_ending(post: Post, i: int) -> Iterator[int]:
    """さ|ち|江さん: kana between a space or a mark and a kanji that ends given names."""
    if post.surface(i) not in _NAME_ENDINGS or post.role(i + 1) not in HONORIFIC_CLASSES:
        return
    first = i
    while i - first < _LONGEST_KANA and post.letter(first - 1) == "H" and len(post.surface(first - 1)) == 1:
        first -= 1
    if first == i or post.words[first - 1].description is not SPACE:
        return
    yield from range(first, i)
    if is_name_like(post, first - 2):
        yield from (first - 2, first - 1)


def _mixed_given(post: Post, i: int) -> Iterator[int]:
    """The given name in kana and one kanji behind a family name: 草間|さち|代, 石村 とし|枝."""
    at = i + 1 + (post.words[i + 1].description is SPACE)
    kana = ""
    while post.letter(at) in {"H", "K"} and not post.role(at) and len(kana) < _LONGEST_KANA:
        kana += post.surface(at)
        at += 1
    reading = ENDING_READINGS.get(post.surface(at), "")
    if len(kana) > 1 and reading and to_hiragana(kana) + reading in lexicon().given_readings:
        yield from range(i + 1, at + 1)


def _reading(post: Post, i: int) -> Iterator[int]:
    """The reading in brackets behind a name: 四月一日先生（わたぬきと読みます）."""
    at = i + 1
    if post.role(at) in HONORIFIC_CLASSES or post.role(at) in {"DOCTOR", "CHIEF"}:
        at += 1
    if post.surface(at) not in {"(", "「", "〈"}:
        return
    inside = []
    at += 1
    full_name = False
    while at < len(post.words) - 2 and post.letter(at) in {"H", "K"} and not _reads(post, at):
        inside.append(at)
        at += 1
        if post.words[at].description is SPACE:
            full_name = True
            at += 1
    whole = "".join(post.surface(k) for k in inside)
    if not 2 <= len(whole) <= LONGEST_READING + 4 * full_name:
        return
    if _reads(post, at) or (post.surface(at) in {")", "」", "〉", "、"} and (full_name or is_listed(whole))):
        yield from range(inside[0], inside[-1] + 1)


def _reads(post: Post, i: int) -> bool:
    """Whether "is read so" begins here: と読む, って読む."""
    return post.surface(i) in {"と", "って"} and post.surface(i + 1)[:1] in {"読", "よ"}


_ANY: Final = (_other_half, _full_name, _full_name_in_pieces, _given_behind, _reading)
_RULES: Final[dict[str, tuple[Callable[[Post, int], Iterator[int]], ...]]] = {
    "C": (
        _kanji_left,
        _kanji_right,
        _kana_right,
        _kana_before_ending,
        _mixed_given,
        _given_in_pieces,
        _list,
        *_ANY,
    ),
    "H": (_kanji_right, _kana_right, _kana_left, *_ANY),
    "K": (_kanji_right, _kana_right, _kana_left, _bridge, _katakana, *_ANY),
    "M": _ANY,
    "A": (_latin,),
    "T": (_latin,),
}
"""What may be added beside a word, by its script."""


def repeats(post: Post, text: str, marked: set[int], may: Callable[[int], bool]) -> set[int]:
    """The same names elsewhere in the post.

    Args:
        post: the post.
        text: its text.
        marked: indices of words that are names.
        may: whether a word may be a name where it stands (no facility, no disease).
    """
    keys = {key for i in marked if (key := _key(post, i))}
    added: set[int] = set()
    if len(keys) <= _FEW:
        is_kanji = all(post.letter(i) == "C" for i in marked)
        readable = text if is_kanji else to_hiragana(text).lower()
        if sum(readable.count(key) for key in keys) <= len(marked):
            return added
    for i in range(len(post.words)):
        if i in marked or _key(post, i) not in keys:
            continue
        if may(i) and (len(post.surface(i)) > 1 or _stands_alone(post, i)):
            added.add(i)
    return added


def _key(post: Post, i: int) -> str:
    surface = post.surface(i)
    if not surface or post.role(i) or post.letter(i) not in {"C", "H", "K", "T", "A"}:
        return ""
    if len(surface) == 1 and post.letter(i) != "C":
        return ""
    return to_hiragana(surface).lower()


def _stands_alone(post: Post, i: int) -> bool:
    """Whether no noun touches the word."""
    return not post.words[i - 1].description.candidate and (
        not post.words[i + 1].description.candidate or post.role(i + 1) in HONORIFIC_CLASSES
    )
