"""From texts to numbers: hashed n-grams of characters and words, and the signals of lexicons, for a whole batch.

Belongs here: the normal form that makes a raw and a redacted text look alike, the hashing, the sparse matrix.
Does not: weights, what the lexicons hold, decisions.

A feature is a bucket of a hash of 22 bits within its block (characters, words, characters of the first sentence, signals, pairs of words). Nothing has to be looked up
by its text, so that a batch costs a few passes of numpy. Blocks are normalised by themselves: a post is a unit vector in each.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import takewhile
from typing import Final, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from transforms.classification.assembly import Reading, read, read_many
from transforms.classification.document import Document
from transforms.classification.signals import NAMES, numbered, signals
from transforms.text.fold import Folded, fold
from transforms.text.tokens import LONGEST_KEPT, MOST_KEPT, Token, Tokens, get_tokenizer

BLOCKS: Final = ("chars", "words", "first", "signals", "skips")
"""The blocks of features that have a weight each, in the order of their buckets."""

MEANING: Final = "meaning"
"""The block behind them: single words, of which models take the vectors (meaning.py)."""

HASH_BITS: Final = 22
BUCKETS: Final = 1 << HASH_BITS
MAX_CHARS: Final = 4
"""Longest n-gram of characters."""

MAX_TEXT: Final = 4_000
"""Folded characters that the models read; what a post is about is said by then."""

NAME: Final = "\ue000"
"""Stands for a name, whether it is written out or redacted."""

HIDDEN: Final = "\ue001"
"""Stands for any other redacted identifier, an address of the web or of mail."""

U64 = npt.NDArray[np.uint64]
I64 = npt.NDArray[np.int64]
F32 = npt.NDArray[np.float32]

_SPAN_RE: Final = re.compile(
    r"(?=[\[a-z0-9@._+\-])(?:\[([^\[\]\s]{1,80})\]|https?://[^\s、。]{1,500}|[a-z0-9._+-]{1,64}@[a-z0-9.-]{2,80}|(?<![a-z0-9])@[a-z0-9_.]{3,30}"
    r"|[0-9]{1,3}(?:歳(?:未満|以上)?|才|代)|[0-9]{1,2}月(?:[0-9]{1,2}|某)日|[0-9][0-9,.]*)"
)
"""What gives way to signs. The look ahead passes over most characters at a third of the cost of seven tries."""
_NAME_PLACEHOLDER: Final = "氏名"
_FIRST_RE: Final = re.compile(r"\s*([^。!?\n]{0,40})")
"""The first sentence, as far as it is read apart: what a post is about and who speaks is said there more often than not."""
_HASH_BYTES: Final = 8
_MIX_A: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX_B: Final = np.uint64(0xC2B2AE3D27D4EB4F)
_SHIFT: Final = np.uint64(29)
_TOP: Final = np.uint64(64 - HASH_BITS)
_MEANING_SALT: Final = 4
SKIPS: Final = 3
"""Words of content apart that are still a pair, within a sentence."""

_ENDS: Final = ("。", ".", "!", "！", "?", "？")
_FUNCTION_WORDS: Final = (
    "て は に が で を と も か から って だけ まで けれど よ ね ば より へ な しか くらい ながら ほど し わ のみ ばかり ずつ ぞ など たり こそ け なんて きり たって どころ ぜ ねん の や ら さ "
    "た ます だ です ない れる てる ず られる たい せる らしい とる べし とく させる てく ちゃう む はる "
    "私 何 誰 其れ 此れ 此処 何処 何方 此方 何時 貴方 俺 其処 彼れ 御前 何れ 彼処 僕 其方 其の 同じ 此の 彼の 何の こんな そんな どんな "
    "さん 目 者 ちゃん 的 達 個 御 唯 但し 然も 猶 そして "
    "、 」 「 ) ( : ・ ） （ ： ! ！ → 【 】 / ／ % ％ … > ＞ # ＃ 〜 ~ ★ + ＋ @ ＠ × ○ ー = ＝ ― ☆ − 』 『 ♪ [ ] - , _ ✨"
)
"""Lemmas that say how, not what."""
_FUNCTION: Final = frozenset(_FUNCTION_WORDS.split())

_DIGITS: Final = "0"
_POS2: Final = 4
_POS3: Final = 5
_LEMMA: Final = 7
"""Places in a `Token`: by place is quicker than by name, and a post has fifty words."""


class Prepared(NamedTuple):
    """A document read once: what the models and the rules both work on.

    Attributes:
        document: as given.
        folded: its text folded, at most the part that is read.
        tokens: words of the folded text.
        reading: the hits of the lexicons and the clauses.
    """

    document: Document
    folded: Folded
    tokens: Sequence[Token]
    reading: Reading


class Hashed(NamedTuple):
    """Occurrences of features in a batch, one entry an occurrence.

    Attributes:
        counts: occurrences by document.
        buckets: bucket of each occurrence, the documents one after another.
    """

    counts: I64
    buckets: npt.NDArray[np.uint32]


def prepare(
    document: Document, folded: Folded | None = None, tokens: Sequence[Token] | None = None
) -> Prepared:
    """Read a document.

    Args:
        document: the post; what follows the first `MAX_TEXT` characters is left aside.
        folded: its text folded, where the caller has it.
        tokens: words of `folded`, where the caller has them.

    Returns:
        The document with its words and hits.
    """
    if folded is None or len(folded.text) > MAX_TEXT:
        folded, tokens = fold(document.text[:MAX_TEXT]), None
    if tokens is None:
        tokens = get_tokenizer().tokenize(folded)
    return Prepared(document, folded, tokens, read(folded))


def prepare_many(documents: Sequence[Document]) -> list[Prepared]:
    """Read documents as `prepare` does, a step at a time for all, which keeps the step's tables in the processor's cache."""
    tokenizer = get_tokenizer()
    folded = [fold(d.text[:MAX_TEXT]) for d in documents]
    analyses = [tokenizer.analyse(f) for f in folded]
    readings = read_many(folded)
    tokens = [tokenizer.tokens(a) for a in analyses]
    return [Prepared(*parts) for parts in zip(documents, folded, tokens, readings, strict=True)]


def normal_form(text: str, tokens: Sequence[Token] = ()) -> str:
    """The surface that characters are counted on.

    Lower case; names, placeholders and addresses are one sign each, ages and dates lose what redaction takes from them,
    other numbers are one zero: a post reads the same before and after redaction, as far as words can tell.

    Args:
        text: a folded text.
        tokens: its words, for the names that stand in it.

    Returns:
        The normal form.
    """
    return _without_names(text, [token[1:3] for token in tokens if token[_POS3] == "人名"])


def _without_names(text: str, names: Sequence[tuple[int, int]]) -> str:
    """The normal form of a text that has names at some places, in order."""
    if names:
        pieces: list[str] = []
        position = 0
        for start, end in names:
            if not pieces or start > position:
                pieces += (text[position:start], NAME)
            position = end
        text = "".join([*pieces, text[position:]])
    return _SPAN_RE.sub(_normal_span, text.lower())


def _normal_span(match: re.Match[str]) -> str:
    """The sign for one stretch of the text."""
    found = match[0]
    if match[1] is not None:
        return NAME if match[1].startswith(_NAME_PLACEHOLDER) else HIDDEN
    if found[0] not in "0123456789":
        return HIDDEN
    last = found[-1]
    if last in "歳才代満上":
        return "0歳"
    return "0月" if last == "日" else _DIGITS


def words(tokens: Sequence[Token]) -> list[str]:
    """Lemmas of a text.

    Args:
        tokens: of the folded text.

    Returns:
        Lemmas in order. Names and placeholders are one sign; numbers are zero.
    """
    odd = [(i, kind) for i, token in enumerate(tokens) if (kind := _kind(token))]
    return _replaced(tokens, [token[_LEMMA] for token in tokens], odd, (NAME, HIDDEN, _DIGITS))


_PERSON, _NUMERAL, _BRACKET = b"n", b"d", b"["


def _kind(token: Token) -> bytes:
    """What a word is that no lemma stands for: a name, a number, the beginning of a placeholder; else nothing."""
    if token[0] == "[":
        return _BRACKET
    if token[_POS3] == "人名":
        return _PERSON
    return _NUMERAL if token[_POS2] == "数詞" else b""


_Unit = TypeVar("_Unit", str, bytes)


def _replaced(
    tokens: Sequence[Token],
    units: list[_Unit],
    odd: Sequence[tuple[int, bytes]],
    signs: tuple[_Unit, _Unit, _Unit],
) -> list[_Unit]:
    """The words with signs for names, numbers, and all that stands in brackets.

    Args:
        tokens: of the text.
        units: what stands for each of them.
        odd: the places of names, numbers and brackets, and which of these they are.
        signs: for a name, for another identifier, for a number.
    """
    name, hidden, number = signs
    kept: list[_Unit] = []
    position = 0
    for at, kind in odd:
        if at < position:
            continue
        kept += units[position:at]
        position = at + 1
        if kind == _BRACKET:
            inside = list(takewhile(lambda t: t[0] != "]", tokens[position:]))
            is_open = position + len(inside) == len(tokens)
            if is_open and inside:
                inside.pop()
            kept.append(name if any(t[0] == _NAME_PLACEHOLDER for t in inside) else hidden)
            position += len(inside) + 1
        elif kind == _NUMERAL:
            kept.append(number)
        elif not kept or kept[-1] != name:
            kept.append(name)
    return kept + units[position:]


def first_sentence(form: str) -> str:
    """The beginning of a post, at most 40 characters of its first sentence.

    Args:
        form: a normal form.

    Returns:
        The part of it.
    """
    match = _FIRST_RE.match(form)
    return match[1] if match else ""


def word_hash(word: str) -> int:
    """A hash of 64 bits that is the same in every process."""
    return int.from_bytes(_digest(word), "little")


def word_bucket(word: str) -> int:
    """The bucket of a single word in the block `MEANING`."""
    return int(hash_words([[word]], 1, _MEANING_SALT).buckets[0])


def _digest(word: str) -> bytes:
    return hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=_HASH_BYTES).digest()


class _Digests(dict[str, bytes]):
    """Words to the bytes of their hash, remembered up to a bound."""

    def __missing__(self, word: str) -> bytes:
        if len(self) >= MOST_KEPT:
            self.clear()
        digest = self[word] = _digest(word)
        return digest


_DIGESTS: Final = _Digests()
_KEYS: Final[dict[str, bytes]] = {}
"""The records of `Tokens` to the hash of the word's lemma or of the sign of numbers, or to another `_kind`, a single byte."""


def _keys(tokens: Sequence[Token]) -> list[bytes]:
    """The hash or the kind of each word."""
    if not isinstance(tokens, Tokens):
        return [_key(token) for token in tokens]
    try:
        return list(map(_KEYS.__getitem__, tokens.records))
    except KeyError:
        return _learn(tokens)


def _key(token: Token) -> bytes:
    kind = _kind(token)
    return _DIGESTS[_DIGITS] if kind == _NUMERAL else kind or _DIGESTS[token[_LEMMA]]


def _learn(tokens: Tokens) -> list[bytes]:
    """The hash or the kind of each word, remembered under its record."""
    if len(_KEYS) > MOST_KEPT:
        _KEYS.clear()
    keys = [_KEYS.get(r) or _key(tokens.at(i)) for i, r in enumerate(tokens.records)]
    _KEYS.update((r, k) for r, k in zip(tokens.records, keys, strict=True) if len(r) <= LONGEST_KEPT)
    return keys


_SINGLE_RE: Final = re.compile(b"\1")


def _read(prepared: Prepared) -> tuple[str, bytes]:
    """The normal form of a document and the hashes of its `words`, one behind the other."""
    text, tokens = prepared.folded.text, prepared.tokens
    keys = _keys(tokens)
    joined = b"".join(keys)
    if len(joined) == len(keys) * _HASH_BYTES:
        return _without_names(text, ()), joined
    lengths = bytes(map(len, keys))
    odd = [(m.start(), keys[m.start()]) for m in _SINGLE_RE.finditer(lengths)]
    names = [tokens[i][1:3] for i, kind in odd if kind == _PERSON]
    signs = (_DIGESTS[NAME], _DIGESTS[HIDDEN], _DIGESTS[_DIGITS])
    return _without_names(text, names), b"".join(_replaced(tokens, keys, odd, signs))


def _mix(values: U64) -> U64:
    """Scramble, so that the top bits depend on all of them."""
    mixed = (values ^ (values >> _SHIFT)) * _MIX_A
    return mixed ^ (mixed >> _SHIFT)


def _bucket(values: U64, salt: int) -> npt.NDArray[np.uint32]:
    """The top bits of a scrambled hash."""
    salted = _mix(values + np.uint64(salt * int(_MIX_B) % 2**64)) * _MIX_B
    return (salted >> _TOP).astype(np.uint32)


def hash_chars(texts: Sequence[str], salt: int) -> Hashed:
    """N-grams of 1 to `MAX_CHARS` characters, the ends of a text included as a character each.

    Args:
        texts: normal forms.
        salt: keeps blocks apart.

    Returns:
        Occurrences, by document.
    """
    joined = "".join([f"\x02{text}\x03" for text in texts])
    codes = np.frombuffer(joined.encode("utf-32-le", "replace"), dtype=np.uint32).astype(np.uint64)
    lengths = np.array(list(map(len, texts)), dtype=np.int64) + 2
    return _ngrams(_mix((codes + np.uint64(1)) * _MIX_B), lengths, MAX_CHARS, salt)


def _numbers(words: Sequence[str]) -> U64:
    """The hashes of words, rising."""
    return np.sort(np.asarray([word_hash(word) for word in words], dtype=np.uint64))


def _is_of(hashes: U64, some: U64) -> npt.NDArray[np.bool_]:
    """Which hashes are among some rising ones."""
    return np.asarray(some[np.minimum(np.searchsorted(some, hashes), len(some) - 1)] == hashes)


def hash_skips(documents: Sequence[bytes], salt: int) -> Hashed:
    """Pairs of words of content that stand near each other in a sentence, whatever stands between: 説明 … 丁寧.

    Args:
        documents: hashes of words, by document one behind the other.
        salt: keeps blocks apart.

    Returns:
        Occurrences, by document.
    """
    lengths = np.array(list(map(len, documents)), dtype=np.int64) // _HASH_BYTES
    hashes = np.frombuffer(b"".join(documents), dtype="<u8").astype(np.uint64, copy=False)
    ends, function = _skipped()
    owner = np.repeat(np.arange(len(lengths)), lengths)
    ending = _is_of(hashes, ends)
    content = ~(ending | _is_of(hashes, function))
    sentence = (owner + np.cumsum(ending))[content]
    owner, kept = owner[content], hashes[content]
    size = len(kept)
    following = np.minimum(np.arange(size)[:, None] + np.arange(1, SKIPS + 1), max(size - 1, 0))
    near = (sentence[following] == sentence[:, None]) & (following > np.arange(size)[:, None])
    near[:, 1:] &= following[:, 1:] > following[:, :-1]
    pairs = kept[:, None] * _MIX_A + kept[following]
    counts = np.bincount(owner, weights=near.sum(axis=1), minlength=len(lengths)).astype(np.int64)
    return Hashed(counts, _bucket(pairs[near], salt * 16))


@lru_cache(maxsize=1)
def _skipped() -> tuple[U64, U64]:
    """The hashes of what ends a sentence, and of words that are no content."""
    return _numbers(_ENDS), _numbers(sorted(_FUNCTION))


def hash_words(documents: Sequence[Sequence[str]], longest: int, salt: int) -> Hashed:
    """N-grams of 1 to `longest` words.

    Args:
        documents: words by document.
        longest: words of the longest n-gram.
        salt: keeps blocks apart.

    Returns:
        Occurrences, by document.
    """
    return _hash_digests([b"".join(map(_DIGESTS.__getitem__, words)) for words in documents], longest, salt)


def _hash_digests(documents: Sequence[bytes], longest: int, salt: int) -> Hashed:
    """N-grams of words, of which the hashes are given, by document one behind the other."""
    lengths = np.array(list(map(len, documents)), dtype=np.int64) // _HASH_BYTES
    hashes = np.frombuffer(b"".join(documents), dtype="<u8").astype(np.uint64, copy=False)
    return _ngrams(hashes, lengths, longest, salt)


_SIGNALS_SALT: Final = 3
_signal_buckets: npt.NDArray[np.uint32] = np.empty(0, dtype=np.uint32)
"""The bucket of each signal of `NAMES`, as many as have been met."""


def _hash_signals(batch: Sequence[Prepared]) -> Hashed:
    """The signals of documents."""
    global _signal_buckets  # noqa: PLW0603  grows with `NAMES`
    counts, numbers = numbered(batch)
    if len(_signal_buckets) < len(NAMES):
        _signal_buckets = hash_words([NAMES], 1, _SIGNALS_SALT).buckets
    return Hashed(counts, _signal_buckets.take(numbers))


def _ngrams(units: U64, lengths: I64, longest: int, salt: int) -> Hashed:
    """Buckets of all n-grams of units that lie within one document."""
    sizes = range(1, longest + 1)
    by_size = [np.maximum(lengths - (size - 1), 0) for size in sizes]
    counts = np.sum(by_size, axis=0)
    bounds = np.cumsum(counts) - counts
    starts = np.cumsum(lengths) - lengths
    buckets = np.empty(int(counts.sum()), dtype=np.uint32)
    rolling = units
    for size, of_size in zip(sizes, by_size, strict=True):
        if size > 1:
            if len(units) < size:
                break
            rolling = rolling[:-1] * _MIX_A + units[size - 1 :]
        # The n-grams of a document lie side by side in `rolling`, and so do their places in `buckets`.
        step = np.arange(int(of_size.sum())) - np.repeat(np.cumsum(of_size) - of_size, of_size)
        found = rolling[step + np.repeat(starts, of_size)] if size > 1 else rolling
        buckets[step + np.repeat(bounds, of_size)] = _bucket(found, salt * 16 + size)
        bounds = bounds + of_size
    return Hashed(counts, buckets)


def hash_batch(batch: Sequence[Prepared]) -> tuple[Hashed, ...]:
    """All features of a batch.

    Args:
        batch: documents read by `prepare`.

    Returns:
        One set of occurrences a block, in the order of `BLOCKS`, and last that of `MEANING`.
    """
    forms, hashes = zip(*map(_read, batch), strict=True) if batch else ((), ())
    return (
        hash_chars(forms, salt=0),
        _hash_digests(hashes, 2, salt=1),
        hash_chars([first_sentence(form) for form in forms], salt=2),
        _hash_signals(batch),
        hash_skips(hashes, salt=5),
        _hash_digests(hashes, 1, salt=_MEANING_SALT),
    )


def names_of_buckets(prepared: Prepared) -> dict[tuple[int, int], str]:
    """What each bucket of one document stands for, to explain a decision.

    Args:
        prepared: one document.

    Returns:
        (block, bucket) -> the n-gram or signal that fell there first.
    """
    named: dict[tuple[int, int], str] = {}
    form, lemmas, found = (
        normal_form(prepared.folded.text, prepared.tokens),
        words(prepared.tokens),
        signals(prepared),
    )
    first = first_sentence(form)
    spelled = (
        _spelled(f"\x02{form}\x03", MAX_CHARS, ""),
        _spelled(lemmas, 2, " "),
        _spelled(f"\x02{first}\x03", MAX_CHARS, ""),
        found,
        _skips(lemmas),
        lemmas,
    )
    for block, (names, hashed) in enumerate(zip(spelled, hash_batch([prepared]), strict=True)):
        for name, bucket in zip(names, hashed.buckets.tolist(), strict=True):
            named.setdefault((block, bucket), name)
    return named


def _skips(lemmas: Sequence[str]) -> list[str]:
    """The pairs of `hash_skips` in their order."""
    named = []
    for sentence in _sentences(lemmas):
        content = [lemma for lemma in sentence if lemma not in _FUNCTION]
        named += [
            f"{one} … {other}" for i, one in enumerate(content) for other in content[i + 1 : i + 1 + SKIPS]
        ]
    return named


def _sentences(lemmas: Sequence[str]) -> list[list[str]]:
    found: list[list[str]] = [[]]
    for lemma in lemmas:
        if lemma in _ENDS:
            found.append([])
        else:
            found[-1].append(lemma)
    return found


def _spelled(units: Sequence[str], longest: int, between: str) -> list[str]:
    """N-grams in the order in which `_ngrams` gives their buckets."""
    sizes = range(1, longest + 1)
    return [between.join(units[i : i + n]) for n in sizes for i in range(len(units) - n + 1)]
