"""The redactor: fold, find, merge, replace.

Belongs here: one text or a stream of lines in, redacted text with its spans out; what happens when something fails.
Does not: patterns (`recognizers`), names (`names`), the choice of operators (`policy`), files and the command line.

Fails closed: a text that makes any part fail, or that is beyond a bound, is answered with a reason and never passed on.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple, Protocol

from transforms.redaction.merge import merge
from transforms.redaction.names.finder import NameFinder
from transforms.redaction.operators import coarse_spans, generalise, placeholder, placeholder_spans, pseudonym
from transforms.redaction.policy import RedactionPolicy
from transforms.redaction.recognizers.base import Found
from transforms.redaction.recognizers.registry import get_gate
from transforms.redaction.spans import QUASI, Span
from transforms.text.fold import Folded, fold
from transforms.text.garbage import paused
from transforms.text.tokens import Token, get_tokenizer

MAX_CHARS: Final = 50_000
"""Longest text that is redacted, in code points; no platform's post comes near. Longer ones fail closed."""

MAX_SPANS: Final = 20_000
"""Most candidates in one text. More is no post but an attack or a dump, and fails closed."""

BLOCK: Final = 1024
"""Texts that `redact_many` takes through a stage together."""

_ROUNDS: Final = 8
"""How often a redacted text is searched again. One that still yields something then is no post, and fails closed."""

_BLANK: Final = "。"
"""Stands for each character of a placeholder while a text is searched: no pattern reaches across a full stop."""


class Redaction(NamedTuple):
    """A redacted text.

    Attributes:
        text: with every span replaced as the policy has it.
        spans: what was replaced, in code points of the text as given; sorted and disjoint.
    """

    text: str
    spans: list[Span]


class RedactionFailure(NamedTuple):
    """A text that may not pass on.

    Attributes:
        reason: a code: `too_long`, `too_many_spans`, `unstable`, `failed_<error>` or `dropped_by_policy`; never text of the post.
    """

    reason: str


class RedactionError(Exception):
    """A text cannot be redacted. Its only argument is the reason, never text of the post."""


class Names(Protocol):
    """What finds names of persons."""

    def find_many(self, folded: Sequence[Folded], tokens: Iterable[Sequence[Token]]) -> list[list[Span]]:
        """Spans of names in each text, in code points of the original."""


class _Shadow(NamedTuple):
    """What is searched again of a redacted text.

    Attributes:
        near: the replacements with the sentences around them.
        kept: stretches of the original in it: start in `near`, start in the original, length.
    """

    near: str
    kept: list[tuple[int, int, int]]

    def mapped(self, spans: list[Span]) -> list[Span]:
        """Spans of `near` in code points of the original, without what was replaced before."""
        mapped: list[Span] = []
        for span in spans:
            for start, origin, length in self.kept:
                low, high = max(span.start, start), min(span.end, start + length)
                if low < high:
                    mapped.append(span._replace(start=low - start + origin, end=high - start + origin))
        return mapped


_SENTENCE_END: Final = re.compile(r"[。！？!?\n]")
_ODD: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\uf8ff]")
"""What no sentence holds. How the words around it are cut depends on the whole text, so that all of such a text is searched again."""
_SHORT: Final = 24
_AROUND: Final = 12
"""Code points beside a replacement that are searched again at least: words of the next sentence tell a name too."""


def _beside(
    text: str, start: int, end: int, around: int, *, is_first: bool, is_last: bool
) -> list[tuple[int, int]]:
    """Of a stretch between two replacements, the sentences within so many code points of them: all of it where it is short."""
    if (is_first and is_last) or end - start <= _SHORT:
        return [(start, end)]
    ends = [m.end() for m in _SENTENCE_END.finditer(text, start, end)]
    head = next((at for at in ends if at >= start + around), end)
    tail = next((at for at in reversed(ends) if at <= end - around), start)
    if is_first:
        return [(tail, end)]
    if is_last:
        return [(start, head)]
    return [(start, end)] if head >= tail else [(start, head), (tail, end)]


class Redactor:
    """Finds and replaces what identifies somebody.

    Args:
        policy: operators, allow and deny lists.
        names: the name finder; the trained one by default.
        pseudonym_key: secret for the `pseudonym` operator.

    Raises:
        ValueError: if the policy wants pseudonyms and there is no key.
    """

    def __init__(
        self,
        policy: RedactionPolicy | None = None,
        names: Names | None = None,
        *,
        pseudonym_key: bytes | None = None,
    ) -> None:
        self.policy = policy or RedactionPolicy()
        self.names: Names = names or NameFinder()
        self._key = pseudonym_key
        if pseudonym_key is None and "pseudonym" in self.policy.operators.values():
            msg = "the policy has pseudonyms, so a pseudonym key is needed"
            raise ValueError(msg)
        self._allow = frozenset(_plain(word) for word in self.policy.allow)
        self._deny = [(_plain(word), name) for word, name in self.policy.deny.items()]
        self._gate = get_gate()
        self._tokenizer = get_tokenizer()

    def redact(self, text: str, *, known_names: Sequence[str] = ()) -> Redaction:
        """Redact a text.

        Args:
            text: as given, any Unicode.
            known_names: names found elsewhere in its thread; they are searched for as written.

        Returns:
            The redacted text and its spans.

        Raises:
            RedactionError: if the text may not pass on; its argument is the reason.
        """
        spans = [span for span, _ in self._traced(text, known_names)]
        return Redaction(self._replace(text, spans), spans)

    def redact_many(self, texts: Iterable[str]) -> list[Redaction | RedactionFailure]:
        """Redact texts; one that fails is answered with its reason and costs itself alone.

        Texts go through each stage in blocks, which keeps the stage's tables in the processor's cache.
        """
        results: list[Redaction | RedactionFailure] = []
        waiting = iter(texts)
        while block := list(itertools.islice(waiting, BLOCK)):
            try:
                with paused():
                    results.extend(self._block(block))
            except Exception:  # noqa: BLE001 (whatever it was, the text that made it is found one by one)
                results.extend(self._safely(text) for text in block)
        return results

    def redact_lines(self, lines: Iterable[bytes]) -> Iterator[dict[str, Any]]:
        """Redact JSON lines of the form {"id", "text", ...}, a few hundred at a time.

        Args:
            lines: bytes of one JSON object each; blank lines are passed over.

        Yields:
            {"id", "text", "spans"} with redacted text, or {"id", "error"} for a line that cannot be redacted; the id
            is None where the line has none.
        """
        waiting = (line for line in lines if line.strip())
        while block := [_parsed(line) for line in itertools.islice(waiting, _LINES)]:
            texts = [text for _, text, error in block if not error]
            results = iter(self.redact_many(texts))
            for ident, _, error in block:
                yield {"id": ident, "error": error} if error else _answer(ident, next(results))

    def explain(self, text: str) -> list[tuple[Span, str]]:
        """The spans of a text, each with the cue that decided it, "" where the pattern speaks for itself.

        Raises:
            RedactionError: as `redact`.
        """
        return self._traced(text, ())

    def _block(self, texts: list[str]) -> list[Redaction | RedactionFailure]:
        """Redact a block, a stage at a time. Raises as soon as any text fails."""
        _refuse_length(texts)
        settled = self._stable(texts)
        for spans in settled:
            self._refuse(spans)
        return [
            Redaction(self._replace(text, spans), spans) for text, spans in zip(texts, settled, strict=True)
        ]

    def _stable(self, texts: list[str]) -> list[list[Span]]:
        """Spans of texts, such that their redacted forms hold no more.

        What stands beside a name can look like one once the name has gone, so the sentences around replacements are
        searched again until nothing new is found. This is what makes redaction idempotent.
        """
        settled = self._search(texts)
        open_texts = [i for i, spans in enumerate(settled) if spans]
        for _ in range(_ROUNDS):
            if not open_texts:
                break
            shadows = [self._shadow(texts[i], settled[i]) for i in open_texts]
            again = self._search([s.near for s in shadows])
            still_open = []
            for i, shadow, more in zip(open_texts, shadows, again, strict=True):
                if more and self._replace(shadow.near, more) != shadow.near:
                    settled[i] = sorted([*settled[i], *shadow.mapped(more)])
                    still_open.append(i)
            open_texts = still_open
        if open_texts:
            raise RedactionError("unstable")
        return settled

    def _search(self, texts: list[str]) -> list[list[Span]]:
        """Disjoint spans of each text."""
        folded = [fold(_searchable(text)) for text in texts]
        found = self._gate.find_many([f.numeric.text for f in folded])
        structured = [self._mapped(*parts) for parts in zip(folded, found, strict=True)]
        analyses = [self._tokenizer.analyse(f) for f in folded]
        # Tokens are made one text after the other, so that what reads them finds them in the processor's cache.
        persons = self.names.find_many(folded, map(self._tokenizer.tokens, analyses))
        return [self._settle(*parts) for parts in zip(texts, folded, structured, persons, strict=True)]

    def _shadow(self, text: str, spans: list[Span]) -> _Shadow:
        """The redacted form of a text around its replacements, with the way back."""
        near: list[str] = []
        kept: list[tuple[int, int, int]] = []
        at = position = 0
        around = len(text) if _ODD.search(text) else _AROUND
        for span in [*spans, None]:
            start = span.start if span else len(text)
            is_first, is_last = position == 0, span is None
            for low, high in _beside(text, position, start, around, is_first=is_first, is_last=is_last):
                near.append(text[low:high])
                kept.append((at, low, high - low))
                at += high - low
            if span:
                near.append(self._operate(span.type, text[span.start : span.end]))
                at += len(near[-1])
                position = span.end
        return _Shadow("".join(near), kept)

    def _safely(self, text: str) -> Redaction | RedactionFailure:
        try:
            return self.redact(text)
        except RedactionError as error:
            return RedactionFailure(str(error))

    def _traced(self, text: str, known_names: Sequence[str]) -> list[tuple[Span, str]]:
        """Spans with their cues; every failure becomes a RedactionError that names its kind and nothing else."""
        try:
            spans, cues = self._with_cues(text, known_names)
        except RedactionError:
            raise
        except Exception as error:  # noqa: BLE001 (anything that fails keeps the text from passing)
            # The error's own message may hold the text: its class is all that is told.
            raise RedactionError(f"failed_{type(error).__name__.lower()}") from None
        self._refuse(spans)
        return [(s, cues.get((s.start, s.type, s.rule), "")) for s in spans]

    def _with_cues(
        self, text: str, known_names: Sequence[str]
    ) -> tuple[list[Span], dict[tuple[int, str, str], str]]:
        """The spans of a text, and the cues of those that patterns found, by start, type and rule."""
        _refuse_length([text])
        folded = fold(_searchable(text))
        found = self._gate.find(folded.numeric.text)
        structured = self._mapped(folded, found)
        tokens = self._tokenizer.tokenize(folded)
        persons = [*self.names.find_many([folded], [tokens])[0], *_known_names(folded, tokens, known_names)]
        spans = self._settle(text, folded, structured, persons)
        for _ in range(_ROUNDS):
            shadow = self._shadow(text, spans)
            more = self._search([shadow.near])[0] if spans else []
            if not more or self._replace(shadow.near, more) == shadow.near:
                break
            spans = sorted([*spans, *shadow.mapped(more)])
        else:
            raise RedactionError("unstable")
        cues = {(c.start, c.type, c.rule): f.cue for c, f in zip(structured, found, strict=True) if f.cue}
        return spans, cues

    @staticmethod
    def _mapped(folded: Folded, found: list[Found]) -> list[Span]:
        """Findings in the numeric view as spans of the original."""
        if len(found) > MAX_SPANS:
            raise RedactionError("too_many_spans")
        origin = folded.numeric.origin_span
        return [Span(*origin(f.start, f.end), f.type, f.score, f.rule) for f in found]

    def _settle(self, text: str, folded: Folded, structured: list[Span], persons: list[Span]) -> list[Span]:
        """Disjoint spans out of all candidates, without what the policy allows or keeps."""
        candidates = [*structured, *persons]
        if persons:
            candidates += _ages_behind_names(folded, persons)
        if self._deny:
            candidates += self._denied(folded)
        if structured:
            candidates += _repeated_numbers(folded.original, structured)
        if not candidates:
            return []
        if len(candidates) > MAX_SPANS:
            raise RedactionError("too_many_spans")
        coarse = coarse_spans(text)
        if coarse:
            candidates = [c for c in candidates if not any(_is_coarse(c, low, high) for low, high in coarse)]
        spans = merge(candidates, folded.original)
        if self._allow:
            spans = [s for s in spans if _plain(text[s.start : s.end]) not in self._allow]
        return [s for s in spans if self.policy.operator(s.type) != "keep"]

    def _refuse(self, spans: list[Span]) -> None:
        """Raise if the policy wants a post with these spans dropped."""
        if not spans:
            return
        limit = self.policy.quasi_limit()
        if limit is not None and sum(span.type in QUASI for span in spans) >= limit:
            raise RedactionError("dropped_by_policy")
        if any(self.policy.operator(span.type) == "drop_post" for span in spans):
            raise RedactionError("dropped_by_policy")

    def _denied(self, folded: Folded) -> Iterator[Span]:
        """Occurrences of words on the deny list."""
        for word, name in self._deny:
            for start, end in _occurrences(folded.text, word):
                yield Span(*folded.origin_span(start, end), name, 1.0, "policy.deny")

    def _replace(self, text: str, spans: list[Span]) -> str:
        """The text with its spans replaced."""
        if not spans:
            return text
        parts: list[str] = []
        position = 0
        for span in spans:
            parts.append(text[position : span.start])
            parts.append(self._operate(span.type, text[span.start : span.end]))
            position = span.end
        parts.append(text[position:])
        return "".join(parts)

    def _operate(self, name: str, text: str) -> str:
        operator = self.policy.operator(name)
        if operator == "generalise":
            return generalise(name, text)
        if operator == "pseudonym" and self._key is not None:
            return pseudonym(name, text, self._key)
        return placeholder(name)


def _parsed(line: bytes) -> tuple[str | int | None, str, str]:
    """Id, text and error of a JSON line; one of the last two is empty."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None, "", "not_json"
    if not isinstance(record, dict):
        return None, "", "not_an_object"
    ident = record.get("id")
    ident = ident if isinstance(ident, str | int) else None
    text = record.get("text")
    return (ident, text, "") if isinstance(text, str) else (ident, "", "no_text")


def _answer(ident: str | int | None, result: Redaction | RedactionFailure) -> dict[str, Any]:
    """What is written for a line; lone surrogates, which no encoding takes, become U+FFFD."""
    if isinstance(result, RedactionFailure):
        return {"id": ident, "error": result.reason}
    text = _SURROGATES.sub("\ufffd", result.text)
    return {"id": ident, "text": text, "spans": [span._asdict() for span in result.spans]}


_LINES: Final = 256
"""Lines that are read ahead, so that they pass the stages together."""

_SURROGATES: Final = re.compile("[\ud800-\udfff]")


def _plain(word: str) -> str:
    """A listed word as it is compared: folded, without surrounding space."""
    return fold(word.strip()).text


def _refuse_length(texts: Iterable[str]) -> None:
    """Raise if a text is too long to be searched."""
    if any(len(text) > MAX_CHARS for text in texts):
        raise RedactionError("too_long")


def _searchable(text: str) -> str:
    """The text with placeholders of an earlier pass blanked, at the same length."""
    spans = placeholder_spans(text)
    if not spans:
        return text
    parts: list[str] = []
    position = 0
    for start, end in spans:
        parts += [text[position:start], _BLANK * (end - start)]
        position = end
    return "".join([*parts, text[position:]])


def _occurrences(text: str, word: str) -> Iterator[tuple[int, int]]:
    """Where a word stands in a text."""
    start = text.find(word) if word else -1
    while start >= 0:
        yield start, start + len(word)
        start = text.find(word, start + len(word))


def _is_coarse(span: Span, low: int, high: int) -> bool:
    """Whether a span takes from a coarser form, or is one: not one that holds it and more."""
    overlaps = span.start < high and low < span.end
    return overlaps and not (span.start <= low and high <= span.end and span.end - span.start > high - low)


_REPEATED: Final = frozenset(
    {"PATIENT_ID", "INSURANCE_ID", "LICENSE", "MY_NUMBER", "PENSION_ID", "BANK_ACCOUNT", "PHONE"}
)


def _repeated_numbers(text: str, spans: list[Span]) -> Iterator[Span]:
    """Other places where an identifying number stands again, as long as no digit joins it there."""
    seen: set[str] = set()
    starts = {span.start for span in spans}
    for span in spans:
        word = text[span.start : span.end]
        if (
            span.type not in _REPEATED
            or len(word) < _SHORTEST_NUMBER
            or word in seen
            or len(seen) >= _MOST_REPEATED
        ):
            continue
        seen.add(word)
        for start, end in _occurrences(text, word):
            alone = not text[start - 1 : start].isalnum() and not text[end : end + 1].isdigit()
            if start not in starts and alone and text[end : end + 1] not in _COUNTERS:
                yield span._replace(
                    start=start, end=end, score=min(span.score, 0.7), rule=f"{span.rule}.repeated"
                )


_MOST_REPEATED: Final = 50
_SHORTEST_NUMBER: Final = 2
_COUNTERS: Final = frozenset("人円分時日月年回歳才%％.:：/件階個枚本名週代番度")

# A name that goes on so is a disease, a place or a house, not the person named elsewhere in the post.
_NOT_A_PERSON: Final = re.compile(
    r"(?:病|症|氏病|型|母斑|反応|試験|分類|式|法|県|市|区|町|村|駅|線|港|山|川|島|通り|橋|病院|医院|クリニック|内科|外科|歯科|整形|小児科|眼科|皮膚科|産婦人科|薬局|記念|大学|高校|製薬|薬品|胃散|漢方|製菓|精機|工業)"
)
_SCRIPT_RE: Final = re.compile(
    r"(?P<kanji>[一-龥々㐀-䶵])|(?P<hira>[ぁ-ゖ])|(?P<kata>[ァ-ヺー])|(?P<latin>[A-Za-z])"
)


def _known_names(folded: Folded, tokens: Sequence[Token], known: Sequence[str]) -> Iterator[Span]:
    """Where names known from the post's thread stand; the finder itself repeats the names that it found."""
    if not known:
        return
    starts, ends = {t.start for t in tokens}, {t.end for t in tokens}
    words = {part for name in known for part in re.split(r"[\s・·=,.]+", fold(name).text)}
    for word in words:
        if len(word) < _shortest(word):
            continue
        for start, end in _occurrences(folded.text, word):
            alone = _stands_alone(folded.text, start, end, starts, ends)
            if alone and not _NOT_A_PERSON.match(folded.text, end):
                yield Span(*folded.origin_span(start, end), "PERSON", 0.8, "person.thread")


def _script(char: str) -> str:
    match = _SCRIPT_RE.match(char)
    return match.lastgroup or "" if match else ""


def _shortest(word: str) -> int:
    """How long a name must be to be searched for: two kanji, three letters of a syllabary or alphabet."""
    return 2 if word and _script(word[0]) == "kanji" else 3


def _stands_alone(text: str, start: int, end: int, starts: set[int], ends: set[int]) -> bool:
    """Whether an occurrence is a word of its own: at word borders, or between letters of other scripts."""
    if start in starts and end in ends:
        return True
    before = _script(text[start - 1]) if start else ""
    behind = _script(text[end]) if end < len(text) else ""
    return before != _script(text[start]) and behind != _script(text[end - 1])


_AGE_BRACKET: Final = re.compile(
    r"\s?[(（]\s?(?:享年|当時|満)?\s?(?P<age>[0-9]{1,3}|[一二三四五六七八九]つ|[二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九])(?=\s?[)）、,])|[、,]\s?(?P<bare>[1-9][0-9])(?=[。、)）])"
)


def _ages_behind_names(folded: Folded, persons: list[Span]) -> Iterator[Span]:
    """Bare numbers in brackets or behind a comma right after a name: ages (ルイ(4)、髙橋 律、34、)."""
    original = folded.original
    for person in persons:
        if original[person.end : person.end + 1].isalpha():
            continue  # most often an honorific; folding costs more than all the rest
        window = fold(original[person.end : person.end + 16])
        match = _AGE_BRACKET.match(window.text)
        if not match:
            continue
        start, end = match.span(match.lastgroup or 0)
        if window.text[start:end].isdigit() and int(window.text[start:end]) > 115:
            continue
        low, high = window.origin_span(start, end)
        yield Span(person.end + low, person.end + high, "AGE", 0.75, "age.behind_name")
