"""Finds personal names in a post.

Belongs here: how evidence of the model, cues and lists become spans, and how a name found once is found again.
Does not: features and weights (`model`), words (`vocabulary`, `keep`), other identifiers.

A token becomes part of a name where the model's probability passes a bar. The bar depends on the cue beside it: before
an honorific little evidence is enough, without any cue much is asked for. Then names grow over the pieces that the
analyser cut off, and every name is looked for in the rest of the post.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property
from itertools import accumulate
from typing import Final, NamedTuple

import numpy as np

from transforms.redaction.names import extra, keep
from transforms.redaction.names.called import called, titled
from transforms.redaction.names.features import MARK_POS, REACH, SPACE, SPOTTED
from transforms.redaction.names.growing import Post, grow, repeats
from transforms.redaction.names.joining import NAME_KANJI, join_many
from transforms.redaction.names.lexicon import is_given, is_popular
from transforms.redaction.names.model import (
    BOUNDARY_ROW,
    NEWLINE_ROW,
    SPACE_ROW,
    Model,
    Word,
    load_weights,
)
from transforms.redaction.names.spaced import kana_pairs, latin, nicknames, spaced
from transforms.redaction.names.spotting import SHORT, spot
from transforms.redaction.names.vocabulary import ADDRESS_CLASSES, HONORIFIC_CLASSES, words
from transforms.redaction.spans import Span
from transforms.text.fold import Folded
from transforms.text.tokens import Token, Tokens, gaps

_TITLES: Final = frozenset({"DOCTOR", "CHIEF", "STAFF"})
_ADDRESSES: Final = HONORIFIC_CLASSES | _TITLES
_PEOPLE: Final = frozenset({"STAFF", "DOCTOR", "CHIEF", "SENSEI", "KIN", "PATIENT"})
_SOMEBODY: Final = frozenset(
    {"人", "ひと", "方", "かた", "男", "女", "やつ", "ヤツ", "奴", "子", "おっさん", "いう", "言う", "ゆう"}
)
_ADDRESSED: Final = frozenset({"person.honorific", "person.pet", "person.title"})
_SAID: Final = words("いう 言う 言い いい ゆう 云う という っていう とかいう")
_CALLED: Final = words("いう ゆう 云う")
"""How dialects leave out と: 白鳥いう先生."""

_OF_A_NAME: Final = words("名前 名札 名字 苗字")
_ABUSED: Final = words("やつ ヤツ 奴 野郎 ヤロウ")
_DONE_BY: Final = words("診 看 切ら 執刀 手術 怒鳴ら 叱ら")
"""What is done by somebody who is named before に: 診てもらった, 怒鳴られた."""

_IN_CHARGE: Final = words("執刀 執刀医 担当 担当医 主治医")
_CLOSING: Final = frozenset({"だ/詞", "です/詞", "でし/詞", "だっ/詞"})
_LED_BY: Final = frozenset({"", "FACILITY"})
"""Classes of the words that may stand between what is told and somebody: って美容外科の医者."""

_FAR: Final = 4
"""Words behind っていう among which somebody is looked for."""
_HEADED: Final = words("医院 クリニック 施設 薬局 ホーム")
"""What has a 長 whose title is made of two words: クリニック長."""

_DEPARTMENTS: Final = words(
    "内科 外科 整形 整形外科 小児科 眼科 皮膚科 耳鼻科 産婦人科 婦人科 泌尿器科 精神科 循環器 消化器"
)
_HEADED_PARTS: Final = words("部 医 科")

_LAST_KANJI: Final = frozenset("大会")
"""Kanji that end given names and names of bodies as well."""

_TREATMENTS: Final = words("整体 鍼灸 接骨 整骨")
_DENTAL: Final = words("医師 医 衛生 技工 助手")
"""What makes of 歯科 a profession."""

_READ_AS_NAMES: Final = words("助教")
"""Titles that the analyser takes for names."""

_OF_A_TRADE: Final = words("会 不足 確保 免許 国家 偏在 派遣 連盟 協会")
"""What makes of a title a trade: 川口医師会, 青森医師不足."""

_RANKS: Final = words("准 元 前 新 現")
"""What stands before a title, though it is a word by itself: 准教授, 元院長."""

_RELATIVES: Final = words(
    "おじさん おばさん おじ おば おじちゃん おばちゃん じい ばあ じいちゃん ばあちゃん じいさん ばあさん 爺 婆 兄 姉 兄さん 姉さん 姐 姐さん 兄ィ"
)
"""Kin that is said behind a name: よし江おばさん."""

_NOUNS: Final = frozenset({"名詞", "接頭辞", "接尾辞", "形状詞"})
_DESCRIBING: Final = _NOUNS | {"形容詞", "連体詞"}
_LABELS: Final = frozenset({"LABEL", "KIN"})
_SAID_OF: Final = frozenset({"は/詞", "が/詞", "も/詞", "の/詞", "を/詞", "に/詞", "と/詞", "、"})
_BEGINNINGS: Final = frozenset({"<>", "<n>"})
_EDGES: Final = _BEGINNINGS | {"< >"}
_AFTER_LABEL: Final = frozenset({":", "「", "(", "<", "< >"})
_BEFORE_AGE: Final = frozenset({"(", "、", "は/詞", "・", "< >"})
_AGE_UNITS: Final = frozenset({"歳", "才", "さい", "ヶ月", "か月", "カ月", "ヵ月", "ケ月", "歳児", "代"})
_OTHER_NAMES: Final = frozenset({"FACILITY", "ORG", "DISEASE", "PLACEWORD"})

BARS: Final[dict[str, dict[str, float]]] = {
    rule: dict(
        zip(("name", "both", "foreign", "listed", "unlisted", "place", "latin", "other"), bars, strict=True)
    )
    for rule, bars in {
        "person.honorific": (0.02, 0.02, 0.05, 0.06, 0.06, 0.02, 0.1, 0.5),
        "person.pet": (0.02, 0.02, 0.1, 0.1, 0.25, 0.05, 0.1, 0.5),
        "person.title": (0.03, 0.04, 0.1, 0.15, 0.5, 0.05, 0.2, 0.6),
        "person.hearsay": (0.04, 0.05, 0.15, 0.15, 0.5, 0.06, 0.15, 0.7),
        "person.label": (0.02, 0.06, 0.08, 0.05, 0.06, 0.15, 0.15, 0.2),
        "person.cue": (0.05, 0.1, 0.15, 0.15, 0.25, 0.2, 0.3, 0.5),
        "person.alone": (0.05, 0.3, 0.45, 0.05, 0.55, 0.5, 0.45, 0.6),
        "person.model": (0.18, 0.4, 0.45, 0.48, 0.55, 0.6, 0.45, 0.6),
    }.items()
}
"""Probability that is enough, by the cue beside the word and by what the word is made of."""

_FACILITY_ENDINGS: Final = (
    "クリニック",
    "医院",
    "病院",
    "薬局",
    "歯科",
    "内科",
    "眼科",
    "ホーム",
    "センター",
    "ステーション",
    "製薬",
    "薬品",
)
_PLATE: Final = re.compile(r"\s?\d{2,3}\s?[あ-んA-Z]\s?[・.\d]")
"""What follows the place on a number plate."""

_LETTER_BAR: Final = 0.6
"""Probability of each kana of a name that is cut into kana."""

_LOWEST_BARS: Final = {made: min(row[made] for row in BARS.values()) for made in BARS["person.model"]}
_LOWEST_BAR: Final = min(_LOWEST_BARS.values())

GROUP: Final = 1 << 14
"""Words that go through the model together: many for a few passes over arrays, few enough for the processor's cache."""


class _Found(NamedTuple):
    """A name, in code points of the folded text."""

    start: int
    end: int
    score: float
    rule: str


class _Draft(NamedTuple):
    """A post on its way through the model.

    Attributes:
        text: folded.
        tokens: its words, with names that the analyser cut put together.
        spaces: indices of the tokens that white space stands before, rising.
        rows: the model's rows of its tokens and of the white space between them.
    """

    text: str
    tokens: Sequence[Token]
    spaces: list[int]
    rows: list[int]


class NameFinder:
    """Finds names of private people, staff included, in any script.

    Args:
        model: the trained part; by default that which ships with the package.
    """

    def __init__(self, model: Model | None = None) -> None:
        self._model = model or default_model()

    def find(self, folded: Folded, tokens: Sequence[Token]) -> list[Span]:
        """Find names in one text; see `find_many`."""
        return self.find_many([folded], [tokens])[0]

    def find_many(self, folded: Sequence[Folded], tokens: Iterable[Sequence[Token]]) -> list[list[Span]]:
        """Find names. What is found in a text does not depend on the others.

        Args:
            folded: folded texts.
            tokens: the words of each (`Tokenizer.tokenize`).

        Returns:
            For each text disjoint spans of type PERSON in order, in code points of the original.
        """
        spans: list[list[Span]] = []
        for group in _groups(folded, tokens):
            texts = [f.text for f, _ in group]
            modelled = self._modelled(self._drafts(texts, [cut for _, cut in group]))
            found = _with_shapes(texts, modelled)
            spans += [_spans(f, names) for (f, _), names in zip(group, found, strict=True)]
        return spans

    def _drafts(self, texts: Sequence[str], tokens: Sequence[Sequence[Token]]) -> list[_Draft]:
        """Texts as the model takes them; one stage after the other, as each has tables of its own."""
        model = self._model
        model.forget_if_full()
        cut = [spot(t, text) or t for t, text in zip(tokens, texts, strict=True)]
        rows = list(map(model.words, cut))
        together: list[int] = []
        for row in rows:
            together += row
            together.append(BOUNDARY_ROW)
        joined = join_many(cut, model.codes(together))
        return [
            _draft(text, before, here) if after is None else _draft(text, after, model.words(after))
            for text, before, here, after in zip(texts, cut, rows, joined, strict=True)
        ]

    def _modelled(self, drafts: Sequence[_Draft]) -> list[list[_Found]]:
        """The names that the model sees in each of some texts."""
        model = self._model
        edge = [BOUNDARY_ROW] * REACH
        rows = edge.copy()
        for draft in drafts:
            rows += draft.rows
            rows += edge
        likely = model.likely(np.fromiter(rows, np.int64, len(rows)))
        probable = [
            (i, probability)
            for i, probability in model.probabilities(likely, _LOWEST_BAR)
            if _may_pass(model.word(rows[i]), probability)
        ]
        results: list[list[_Found]] = []
        start = done = 0
        for draft in drafts:
            end = start + len(draft.rows) + REACH
            here = []
            while done < len(probable) and probable[done][0] < end:
                here.append((probable[done][0] - start, probable[done][1]))
                done += 1
            results.append([])
            if here:
                words = model.at(rows[start : end + REACH])
                results[-1] = _Names(draft.text, words, _Places(draft.tokens, draft.spaces)).found(here)
            start = end
        return results


def _groups(
    folded: Sequence[Folded], tokens: Iterable[Sequence[Token]]
) -> Iterator[list[tuple[Folded, Sequence[Token]]]]:
    """Texts with their words, so many together that they have about `GROUP` words."""
    group: list[tuple[Folded, Sequence[Token]]] = []
    size = 0
    for pair in zip(folded, tokens, strict=True):
        group.append(pair)
        size += len(pair[1])
        if size > GROUP:
            yield group
            group, size = [], 0
    yield group


def _draft(text: str, tokens: Sequence[Token], rows: list[int]) -> _Draft:
    """A text, its words and their rows, with the white space between them."""
    if " " not in text and "\n" not in text:
        return _Draft(text, tokens, [], rows)
    between = tokens.gaps() if isinstance(tokens, Tokens) else gaps(tokens, text)
    return _Draft(text, tokens, [at for at, _ in between], _with_spaces(rows, between))


_BETWEEN: Final = "\0"
"""Stands between texts that are searched together: folding leaves none, and no pattern takes it for a space or a letter."""


def _with_shapes(texts: Sequence[str], found: Sequence[list[_Found]]) -> list[list[_Found]]:
    """What the model found in each text, with names that have a shape of their own: sought in all texts at once."""
    result = list(found)
    together = _BETWEEN.join(texts)
    starts = list(accumulate((len(text) + 1 for text in texts), initial=0))
    others: dict[int, list[_Found]] = {}
    taken: dict[int, set[int]] = {}

    def add(start: int, end: int, score: float, rule: str) -> None:
        at = bisect_right(starts, start) - 1
        others.setdefault(at, []).append(_Found(start - starts[at], end - starts[at], score, rule))

    for span in latin(together):
        add(*span, 0.8, "person.latin")
    for span in nicknames(together):
        add(*span, 0.7, "person.nickname")
    for span in (*called(together), *titled(together)):
        add(*span, 0.5, "person.called")
    for span in kana_pairs(together):
        add(*span, 0.9, "person.spaced")
    for at, text in enumerate(texts):
        if " " in text or "・" in text:
            for start, end, run_end in spaced(text):
                others.setdefault(at, []).append(_Found(start, end, 0.9, "person.spaced"))
                taken.setdefault(at, set()).update(range(start, run_end))
    for at, shaped in others.items():
        real = [f for f in shaped if not _is_known(texts[at][f.start : f.end], texts[at])]
        letters = taken.get(at, set())
        kept = [f for f in found[at] if f.start not in letters and f.end - 1 not in letters]
        result[at] = _merged(kept + real)
    return result


def _is_known(name: str, text: str) -> bool:
    """Whether a name is a public figure's, or of a work of fiction that the text names."""
    return keep.is_public(name) or name in keep.fiction_names(text)


def _spans(folded: Folded, found: Iterable[_Found]) -> list[Span]:
    """Names as spans of the original."""
    return [Span(*folded.origin_span(f.start, f.end), "PERSON", round(f.score, 3), f.rule) for f in found]


def _merged(found: list[_Found]) -> list[_Found]:
    """The finds in order, those that overlap as one, called after the surest."""
    result: list[_Found] = []
    for this in sorted(found):
        if result and this.start < result[-1].end:
            last = result[-1]
            surest = max(last, this, key=lambda found: found.score)
            result[-1] = surest._replace(start=last.start, end=max(last.end, this.end))
        else:
            result.append(this)
    return result


def _with_spaces(rows: Sequence[int], between: Sequence[tuple[int, str]]) -> list[int]:
    """Rows with an entry for each white space between words."""
    units: list[int] = []
    position = 0
    for at, space in between:
        units += rows[position:at]
        units.append(NEWLINE_ROW if "\n" in space else SPACE_ROW)
        position = at
    units += rows[position:]
    return units


class _Places:
    """Where the words of a post stand, by their index among `words` with boundaries and white space; looked up when asked for.

    Args:
        tokens: of the post.
        spaces: indices of the tokens that white space stands before, rising.
    """

    __slots__ = ("_spaces", "_tokens")

    def __init__(self, tokens: Sequence[Token], spaces: Sequence[int]) -> None:
        self._tokens = tokens
        self._spaces = [at + earlier for earlier, at in enumerate(spaces)]

    def __getitem__(self, index: int) -> Token:
        """The token of a word that is no white space."""
        at = index - REACH
        return self._tokens[at - bisect_left(self._spaces, at)]


def _made(word: Word, rule: str) -> str:
    """What a word is made of, a row's key in `BARS`."""
    here = word.description
    if word.pos3 == "人名":
        return "name" if word.pos4 != "一般" else "foreign"
    if word.pos2 == SPOTTED:
        return "name"
    if here.letter in {"A", "T", "a", "M"}:
        return "latin"
    is_family = here.letter == "C" and "s" in here.flags.lower()
    if word.pos3 == "地名":
        return "both" if "S" in here.flags and word.surface not in keep.PREFECTURES else "place"
    if word.pos in _NOUNS:
        made = "listed" if here.flags else "unlisted"
        return "both" if is_family and len(word.surface) > 1 else made
    return "listed" if rule == "person.pet" and "R" in here.flags else "other"


def _may_pass(word: Word, probability: float) -> bool:
    """Whether a probability passes a bar for a word of its making, whatever stands beside it."""
    return probability >= _LOWEST_BARS[_made(word, "person.pet")]


class _Names:
    """The names of one post, at work."""

    def __init__(self, text: str, words: Sequence[Word], places: _Places) -> None:
        self.text = text
        self.words = words
        self.places = places
        self.size = len(words)

    def found(self, probable: Sequence[tuple[int, float]]) -> list[_Found]:
        """All names, of the words that are probable enough for some bar."""
        marks = self._marked(probable)
        if not marks:
            return []
        self._drop_public(marks)
        if not marks:
            return []
        self._grow(marks)
        return [self._one(run, marks) for run in runs(marks)]

    def _one(self, run: Sequence[int], marks: dict[int, tuple[float, str]]) -> _Found:
        score, rule = max((marks[i] for i in run), key=lambda mark: (mark[1] != "person.part", mark[0]))
        return _Found(self._place(run[0])[0], self._place(run[-1])[1], score, rule)

    def _place(self, i: int) -> tuple[int, int]:
        """Where a word begins and ends: a short text that holds it but once tells, without the places of all words."""
        surface = self.words[i].surface
        if surface and len(self.text) <= SHORT:
            start = self.text.find(surface)
            if self.text.find(surface, start + 1) < 0:
                return start, start + len(surface)
        token = self.places[i]
        return token.start, token.end

    def _marked(self, probable: Sequence[tuple[int, float]]) -> dict[int, tuple[float, str]]:
        marks: dict[int, tuple[float, str]] = {}
        for i, probability in probable:
            rule = self._cue(i)
            if probability >= BARS[rule][_made(self.words[i], rule)] and not self._stays(
                i, probability, rule
            ):
                marks[i] = (probability, rule)
        for run in runs(i for i, p in probable if p >= _LETTER_BAR and self._is_letter(i)):
            if is_popular("".join(self.words[i].surface for i in run)):
                marks.update((i, (_LETTER_BAR, "person.letters")) for i in run)
        return marks

    def _is_letter(self, i: int) -> bool:
        """Whether a word is a single kana, as the analyser leaves of names that it does not know: え|ま."""
        return len(self.words[i].surface) == 1 and self.words[i].description.letter in "HK"

    def _stays(self, i: int, probability: float, rule: str) -> bool:
        """Whether a likely name is an initial, a common word, an eponym, a brand, a plate or part of another name."""
        surface = self.words[i].surface
        here = self.words[i].description
        if self._is_no_name(i) or (here.role and probability < 0.95 and not self._is_somebody_else(i)):
            return True
        if "ANIMAL" in {self.words[i - 1].description.role, self.words[i - 2].description.role}:
            return True
        if surface in keep.EPONYMS or surface.endswith(_FACILITY_ENDINGS):
            return True
        if rule not in _ADDRESSED and self._stays_unaddressed(i, probability, rule):
            return True
        return self._is_part_of_other_name(i)

    def _is_no_name(self, i: int) -> bool:
        """Whether a word is a single letter, a known acronym, an adjective like 新しい or the honour of 親|御さん."""
        word = self.words[i]
        if word.surface == "御" and self.words[i - 1].description.role == "KIN":
            return True
        letter = word.description.letter
        if len(word.surface) == 1 and letter in "AaTHK":
            return True
        return word.surface in keep.ACRONYMS or (word.pos == "形容詞" and letter == "M")

    def _is_somebody_else(self, i: int) -> bool:
        """Whether a word is a name where it stands: ばば先生, since no relative is called so, 友人カナ, 隣の城さん."""
        here, behind = self.words[i].description, self.words[i + 1].description
        if here.role == "LABEL" and here.letter == "K":
            return self.words[i - 1].description.role == "KIN"
        if here.role == "COMMON" and "S" in here.flags and len(self._surface(i)) > 1:
            return behind.role in {"SENSEI", "DOCTOR", "CHIEF"}
        if here.role == "PLACEWORD" and self._surface(i) in NAME_KANJI:
            return behind.role in ADDRESS_CLASSES and self.words[i - 1].description.kind == "の/詞"
        return here.role == "KIN" and here.letter == "H" and behind.role == "SENSEI"

    def _stays_unaddressed(self, i: int, probability: float, rule: str) -> bool:
        surface = self._surface(i)
        if surface in keep.EPONYMS_OR_PEOPLE or surface in keep.BRANDS:
            return True
        if surface in keep.PREFECTURES and probability < 0.97 and not self._is_person_by(i, rule):
            return True
        if rule == "person.model" and (
            surface in self._before_disease or (surface == "橋本" and "甲状腺" in self.text)
        ):
            return True
        if self._is_before_digit(i) and _PLATE.match(self.text, self.places[i].end):
            return True
        return self._is_in_english(i) and probability < 0.9

    def _is_person_by(self, i: int, rule: str) -> bool:
        """Whether a rule tells a prefecture's name from a person's: という医者 does, のやつ and に診て do not."""
        return rule != "person.model" and self.words[i + 1].description.kind not in {"の/詞", "に/詞"}

    def _is_before_digit(self, i: int) -> bool:
        """Whether a digit follows, behind white space or at once."""
        words = self.words
        return (self._surface(i + 1) or words[min(i + 2, self.size - 1)].surface)[:1].isdigit()

    @cached_property
    def _before_disease(self) -> frozenset[str]:
        """All that stands before a 病 in the post: 橋本 alone is the disease where 橋本病 is spoken of."""
        places = [m.start() for m in re.finditer("病", self.text)]
        return frozenset(self.text[max(0, at - length) : at] for at in places for length in range(1, 6))

    def _is_in_english(self, i: int) -> bool:
        """Whether a word in Latin letters stands beside one without capitals."""
        words = self.words
        if words[i].description.letter not in {"A", "T"}:
            return False
        for step in (-1, 1):
            at = i + step + (step if words[i + step].description is SPACE else 0)
            if 0 <= at < self.size and words[at].description.letter == "a":
                return True
        return False

    def _is_part_of_other_name(self, i: int) -> bool:
        """Whether the nouns behind make it a facility's, company's, disease's or place's name."""
        words = self.words
        for at in range(i + 1, min(i + 5, self.size)):
            here = words[at].description
            if here.role in _ADDRESSES:
                return self._surface(at + 1) in _OF_A_TRADE
            if here.role in _OTHER_NAMES:
                return not self._ends_name(at)
            if not here.candidate:
                return False
        return False

    def _grow(self, marks: dict[int, tuple[float, str]]) -> None:
        """Add what belongs to the names found, and the same names elsewhere."""
        post = Post(self.words)
        marked = set(marks)
        for i in grow(post, marked):
            marks[i] = (0.5, "person.part")
        for i in repeats(post, self.text, set(marks), lambda at: not self._is_part_of_other_name(at)):
            marks[i] = (0.5, "person.repeat")

    def _ends_name(self, at: int) -> bool:
        """Whether a facility's word is a name's end or a title's beginning all the same: 山寺さん, 大石医院長."""
        if self._surface(at) in _HEADED and self._surface(at + 1) == "長":
            return True
        if self._surface(at) in _LAST_KANJI and self._is_given_name(at):
            return True
        if self._surface(at) in _DEPARTMENTS and self._is_head(at + 1):
            return True
        if self._surface(at) in _TREATMENTS and self._surface(at + 1) == "師":
            return True
        if self._surface(at) == "歯科" and self._surface(at + 1) in _DENTAL:
            return True
        addressed = self.words[at + 1].description.role in ADDRESS_CLASSES
        return addressed and self._surface(at) in NAME_KANJI

    def _is_given_name(self, at: int) -> bool:
        """Whether a kanji ends a given name behind a family name: 川久保 雅|大."""
        before = at - 2 - (self.words[at - 2].description is SPACE)
        return self.words[before].pos4 == "姓" and is_given(self._surface(at - 1) + self._surface(at))

    def _is_head(self, at: int) -> bool:
        """Whether a word behind a department makes a title of it, and no clinic: 外科|部|長, 外科|医, 外科|主任."""
        if self._surface(at) in _HEADED_PARTS and self._surface(at + 1) == "長":
            return True
        return self.words[at].description.role in {"DOCTOR", "CHIEF"}

    def _drop_public(self, marks: dict[int, tuple[float, str]]) -> None:
        """Take out public figures and people of fiction."""
        fiction = keep.fiction_names(self.text) if marks else frozenset()
        for run in runs(marks):
            surfaces = [surface for i in run if (surface := self.words[i].surface)]
            whole = "".join(surfaces)
            unaddressed = all(marks[i][1] not in _ADDRESSED for i in run)
            if (
                keep.is_public(whole)
                or (unaddressed and whole in keep.BRANDS)
                or keep.is_fiction(surfaces, fiction)
            ):
                for i in run:
                    del marks[i]

    def _cue(self, i: int) -> str:
        """What stands beside a word that speaks for a name, as a rule id."""
        found = self._cue_behind(i) or self._cue_before(i) or self._cue_around(i)
        return found or ("person.alone" if self._is_alone(i) else "person.model")

    def _is_alone(self, i: int) -> bool:
        """Whether a child's name begins a sentence and a particle follows (いつきは薬の時間に), or somebody says who writes (さやかです)."""
        word, before = self.words[i], self.words[i - 1]
        if before.description.kind in _BEGINNINGS and self.words[i + 1].description.kind == "です/詞":
            return "r" in word.description.flags.lower() and word.surface not in extra.EVERYDAY
        if word.surface not in extra.READINGS and word.surface not in extra.KANJI_GIVEN:
            return False
        if word.surface in extra.EVERYDAY or self.words[i + 1].description.kind not in _SAID_OF:
            return False
        return before.description.kind in _EDGES or before.pos in MARK_POS

    def _cue_behind(self, i: int) -> str:
        words = self.words
        behind, behind2 = words[i + 1].description, words[i + 2].description
        if self._is_title(i + 1) or self._surface(i + 1) in _RELATIVES or self._ends_name(i + 1):
            return "person.title"
        honorific = (behind2 if behind is SPACE else behind).role
        if honorific in HONORIFIC_CLASSES:
            return "person.pet" if honorific in {"KUN", "CHAN"} else "person.honorific"
        told = self._is_told(i + 2 if behind is SPACE else i + 1)
        if self._has_age(i + 1) or (
            behind.kind == "("
            and words[i].description.letter == "C"
            and behind2.letter in "HK"
            and "F" in behind2.flags
        ):
            return "person.label"
        if told or (
            behind.kind in {"と/詞", "とか/詞"} and behind2.role == "HEARSAY" and self._names_somebody(i + 2)
        ):
            return "person.hearsay"
        return ""

    def _is_title(self, at: int) -> bool:
        """Whether a title begins there, of one word or two: 院長, 看護師, 教務主任, 副院長."""
        here = self.words[at]
        if self._surface(at + 1) in _OF_A_TRADE:
            return False
        if here.description.role in _TITLES or here.surface in _READ_AS_NAMES:
            return True
        if self.words[at + 1].description.role != "CHIEF" or here.description.letter != "C":
            return False
        if here.surface in _RANKS:
            return True
        return here.pos in _NOUNS and not here.description.role

    def _is_told(self, at: int) -> bool:
        """Whether somebody is told of there: ってナース, て人, のやつ, とかいう怖い医者."""
        kind = self.words[at].description.kind
        if kind == "て/詞":
            return self._surface(at + 1) in _SOMEBODY - _SAID
        if kind == "って/詞":
            return self._surface(at + 1) in _SOMEBODY or self._is_led_to(at + 1)
        if kind == "の/詞":
            return self._surface(at + 1) in _ABUSED
        if self._surface(at) in _CALLED:
            return self._is_led_to(at + 1)
        if kind == "と/詞" and self._surface(at + 1) == "か":
            return self._surface(at + 2) in _SAID and self._is_led_to(at + 3)
        return False

    def _names_somebody(self, at: int) -> bool:
        """Whether と申します, と呼ばれる or という医者 is said, and not という病気."""
        return self._surface(at) not in _SAID or self._is_led_to(at + 1)

    def _is_led_to(self, at: int) -> bool:
        """Whether a word for somebody stands there, behind what describes them: 人, 美容外科医, 珍しい名字."""
        for here in self.words[at : at + _FAR]:
            if here.description.role in _PEOPLE or here.surface in _SOMEBODY or here.surface in _OF_A_NAME:
                return True
            if here.description.role not in _LED_BY:
                return False
            if here.pos not in _DESCRIBING and here.surface != "な":
                return False
        return False

    def _has_age(self, at: int) -> bool:
        """Whether an age follows: （6歳, 、11ヶ月, は6歳."""
        words = self.words
        if words[at].description.kind in _BEFORE_AGE:
            at += 1
        return words[at].description.letter == "9" and self._surface(at + 1) in _AGE_UNITS

    def _cue_before(self, i: int) -> str:
        before, before2 = self.words[i - 1].description, self.words[i - 2].description
        if before2.role in HONORIFIC_CLASSES and before.kind == "(":
            before2 = self.words[i - 3].description
        if before.role in _LABELS or (before2.role in _LABELS and before.kind in _AFTER_LABEL):
            return "person.label"
        if before2.role == "LABEL" and before.kind in {"は/詞", "に/詞"}:
            return "person.label"
        if before2.kind == "SENSEI/名" and before.kind == ".":
            return "person.title"
        if before.role in _PEOPLE or (before.kind == "の/詞" and before2.role in _PEOPLE):
            return "person.cue"
        return ""

    def _cue_around(self, i: int) -> str:
        before, behind = self.words[i - 1].description, self.words[i + 1].description
        if behind.kind == "に/詞" and self._surface(i + 2) in _DONE_BY:
            return "person.hearsay"
        if before.kind == "の/詞" and behind.kind == "です/詞" and self.words[i + 2].description.kind == "。":
            return "person.hearsay" if self.words[i].pos3 == "人名" else ""
        if before.kind == "は/詞" and self._surface(i - 2) in _IN_CHARGE and behind.kind in _CLOSING:
            return "person.cue"
        return ""

    def _surface(self, i: int) -> str:
        return self.words[i].surface


def runs(marks: Iterable[int]) -> list[list[int]]:
    """Neighbouring indices together, in order."""
    found: list[list[int]] = []
    for i in sorted(marks):
        if found and found[-1][-1] == i - 1:
            found[-1].append(i)
        else:
            found.append([i])
    return found


@cache
def default_model() -> Model:
    """The model that ships with the package, read once a process."""
    return Model(load_weights())
