"""Finds personal names in a post.

Belongs here: how evidence of the model, cues and lists become spans, and how a name found once is found again.
Does not: features and weights (`model`), words (`vocabulary`, `keep`), other identifiers.

A token becomes part of a name where the model's probability passes a bar. The bar depends on the cue beside it: before
an honorific little evidence is enough, without any cue much is asked for. Then names grow over the pieces that the
analyser cut off, and every name is looked for in the rest of the post.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Final

from transforms.redaction.names import keep
from transforms.redaction.names.features import REACH, SPACE
from transforms.redaction.names.growing import Post, grow, repeats
from transforms.redaction.names.joining import HINT, join
from transforms.redaction.names.model import NEVER, Model, Word, load_weights
from transforms.redaction.names.vocabulary import HONORIFIC_CLASSES
from transforms.redaction.spans import Span
from transforms.text.fold import Folded
from transforms.text.tokens import Token

_ADDRESSES: Final = HONORIFIC_CLASSES | {"DOCTOR", "CHIEF", "STAFF"}
_LABELS: Final = frozenset({"LABEL", "KIN"})
_AFTER_LABEL: Final = frozenset({":", "「", "は/詞", "(", "<", " ", "< >"})
_OTHER_NAMES: Final = frozenset({"FACILITY", "ORG", "DISEASE", "PLACEWORD"})

BARS: Final[dict[str, float]] = {
    "person.honorific": 0.08,
    "person.title": 0.12,
    "person.cue": 0.15,
    "person.label": 0.12,
    "person.lexicon": 0.25,
    "person.model": 0.35,
}
"""Probability that is enough, by the cue beside the word."""


_LOWEST_BAR: Final = min(BARS.values())


class NameFinder:
    """Finds names of private people, staff included, in any script.

    Args:
        model: the trained part; by default that which ships with the package.
    """

    def __init__(self, model: Model | None = None) -> None:
        self._model = model or default_model()

    def find(self, folded: Folded, tokens: Sequence[Token]) -> list[Span]:
        """Find names.

        Args:
            folded: the folded text.
            tokens: its words (`Tokenizer.tokenize`).

        Returns:
            Disjoint spans of type PERSON in order, in code points of the original.
        """
        if not tokens:
            return []
        model = self._model
        words = model.words(tokens)
        codes = "".join([w.code for w in words])
        if HINT.search(codes):
            joined = join(tokens, codes)
            if joined is not None:
                tokens, words = joined, model.words(joined)
        text = folded.text
        units: Sequence[Token | None] = tokens
        if " " in text or "\n" in text:
            units, words = _with_spaces(tokens, words, text, model)
        edge = [model.boundary] * REACH
        words = [*edge, *words, *edge]
        likely = model.likely(words)
        if not likely:
            return []
        return _Names(model, folded, [None] * REACH + [*units] + [None] * REACH, words).spans(likely)


def _with_spaces(
    tokens: Sequence[Token], words: Sequence[Word], text: str, model: Model
) -> tuple[list[Token | None], list[Word]]:
    """Tokens and words with an entry for each white space between them."""
    units: list[Token | None] = []
    kinds: list[Word] = []
    end = tokens[0].start
    for token, word in zip(tokens, words, strict=True):
        start = token[1]
        if start != end:
            units.append(None)
            kinds.append(model.newline if "\n" in text[end:start] else model.space)
        units.append(token)
        kinds.append(word)
        end = token[2]
    return units, kinds


class _Names:
    """The names of one post, at work."""

    def __init__(
        self, model: Model, folded: Folded, tokens: Sequence[Token | None], words: Sequence[Word]
    ) -> None:
        self.folded = folded
        self.text = folded.text
        self.model = model
        self.tokens = tokens
        self.words = words
        self.size = len(words)

    def spans(self, likely: Sequence[tuple[int, float]]) -> list[Span]:
        """All names, of the words that are worth a closer look."""
        marks = self._marked(likely)
        if not marks:
            return []
        self._drop_public(marks)
        if not marks:
            return []
        self._grow(marks)
        return [self._span(run, marks) for run in runs(marks)]

    def _span(self, run: Sequence[int], marks: dict[int, tuple[float, str]]) -> Span:
        first, last = self.tokens[run[0]], self.tokens[run[-1]]
        assert first is not None
        assert last is not None
        start, end = self.folded.origin_span(first.start, last.end)
        score, rule = max((marks[i] for i in run), key=lambda mark: (mark[1] != "person.part", mark[0]))
        return Span(start, end, "PERSON", round(score, 3), rule)

    def _marked(self, likely: Sequence[tuple[int, float]]) -> dict[int, tuple[float, str]]:
        marks: dict[int, tuple[float, str]] = {}
        for i, probability in self._probabilities(likely):
            if probability < _LOWEST_BAR:
                continue
            rule = self._cue(i)
            if probability >= BARS[rule] and not self._stays(i, probability, rule):
                marks[i] = (probability, rule)
        return marks

    def _stays(self, i: int, probability: float, rule: str) -> bool:
        """Whether a likely name is an initial, a common word, a public figure, a facility, a brand, a disease."""
        here = self.words[i].description
        token = self.tokens[i]
        assert token is not None
        surface = token.surface
        if len(surface) == 1 and here.letter in "AaTHK":
            return True
        if here.role and probability < 0.95:
            return True
        addressed = rule in {"person.honorific", "person.title"}
        if surface in keep.EPONYMS or (
            not addressed and (surface in keep.EPONYMS_OR_PEOPLE or surface in keep.BRANDS)
        ):
            return True
        return self._is_part_of_other_name(i)

    def _is_part_of_other_name(self, i: int) -> bool:
        """Whether the nouns behind make it a facility's, company's, disease's or place's name."""
        words = self.words
        for at in range(i + 1, min(i + 5, self.size)):
            here = words[at].description
            if here.role in _ADDRESSES:
                return False
            if here.role in _OTHER_NAMES:
                return True
            if not here.candidate:
                return False
        return False

    def _grow(self, marks: dict[int, tuple[float, str]]) -> None:
        """Add what belongs to the names found, and the same names elsewhere."""
        post = Post(self.words, self.tokens)
        marked = set(marks)
        for i in grow(post, marked):
            marks[i] = (0.5, "person.part")
        for i in repeats(post, self.text, set(marks), lambda at: not self._is_part_of_other_name(at)):
            marks[i] = (0.5, "person.repeat")

    def _drop_public(self, marks: dict[int, tuple[float, str]]) -> None:
        """Take out public figures and people of fiction."""
        fiction = keep.fiction_names(self.text) if marks else frozenset()
        for run in runs(marks):
            surfaces = [token.surface for i in run if (token := self.tokens[i]) is not None]
            if keep.is_public("".join(surfaces)) or keep.is_fiction(surfaces, fiction):
                for i in run:
                    del marks[i]

    def _probabilities(self, likely: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
        words, model = self.words, self.model
        result: list[tuple[int, float]] = []
        chain: list[int] = []
        evidence: list[float] = []
        for (i, single), (following, _) in zip(likely, [*likely[1:], (0, 0.0)], strict=True):
            chain.append(i)
            evidence.append(single + model.evidence(words, i))
            if following == i + 1:
                continue
            after_other = words[chain[0] - 1].own > NEVER
            before_other = words[i + 1].own > NEVER
            result += zip(
                chain, model.chain(evidence, after_other=after_other, before_other=before_other), strict=True
            )
            chain, evidence = [], []
        return result

    def _cue(self, i: int) -> str:
        """What stands beside a word that speaks for a name, as a rule id."""
        words = self.words
        behind = words[i + 1].description
        if behind.role in {"DOCTOR", "CHIEF", "STAFF"}:
            return "person.title"
        if (words[i + 2].description if behind is SPACE else behind).role in HONORIFIC_CLASSES:
            return "person.honorific"
        before, before2 = words[i - 1].description, words[i - 2].description
        if before.kind == "の/詞" and before2.role in {"STAFF", "DOCTOR", "CHIEF", "KIN", "PATIENT"}:
            return "person.cue"
        if before.role in _LABELS or (before2.role in _LABELS and before.kind in _AFTER_LABEL):
            return "person.label"
        token = self.tokens[i]
        return "person.lexicon" if token is not None and token.pos3 == "人名" else "person.model"


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
