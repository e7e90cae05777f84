"""Which watchlist entries a post is about, with evidence: one Aho-Corasick pass over the folded text.

Belongs here: matching terms and place ids, exclusions, validity by day. Does not: where the entries come from.

Rules:
- text and terms are folded (`transforms.text.fold`), in small letters, and all the circles that hide letters (○〇◯●◎)
  are one;
- a term that begins or ends with a Latin letter or digit does not match within a longer Latin word or number;
- an exclusion cancels every match of its entry that it overlaps (県立中央病院 for an entry 中央病院);
- a facility's name within another facility's longer name is not a match (山田病院 within 北山田病院).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from transforms.text.fold import fold

PLACE_TERM: Final = "place_id"
"""Stands for the term where a review's place id, not its text, is the evidence."""

_FACILITIES: Final = frozenset({"own", "competitor"})
_CIRCLE: Final = "○"
_CIRCLES: Final = "〇◯●◎"
_LATIN_OR_DIGIT: Final = re.compile(r"[0-9a-z]")


class WatchEntry(NamedTuple):
    """One thing that is listened for.

    Attributes:
        id: short name.
        entry_class: own, competitor, industry or product.
        terms: names, aliases and masked forms, as people write them.
        exclusions: longer phrases in which a term means something else.
        place_ids: ids of the place on review platforms.
        valid_from: first day, None for no bound.
        valid_to: last day, None for no bound.
        version: of the entry.
    """

    id: str
    entry_class: str
    terms: tuple[str, ...]
    exclusions: tuple[str, ...] = ()
    place_ids: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None
    version: str = "1"


class Match(NamedTuple):
    """An entry found in a post.

    Attributes:
        entity: id of the entry.
        term: evidence, `entity:term@version`.
        entry_class: of the entry.
        start: offset in the folded text, -1 for a place id.
        end: one past the last code point, -1 for a place id.
    """

    entity: str
    term: str
    entry_class: str
    start: int
    end: int


class _Term(NamedTuple):
    """What a pattern of the automaton stands for: one use of it by one entry, which may be valid for some days only."""

    entry: WatchEntry
    evidence: str
    excludes: bool
    is_bounded: bool


class _Hit(NamedTuple):
    start: int
    end: int
    term: _Term


def normalise(text: str) -> str:
    """Text or term as the automaton sees it."""
    folded = fold(text).text.lower()
    for circle in _CIRCLES:
        if circle in folded:
            folded = folded.replace(circle, _CIRCLE)
    return folded


def compile_watchlist(entries: Iterable[WatchEntry]) -> Matcher:
    """Build the matcher. Terms that fold to nothing are left out.

    Args:
        entries: with ids that are given once.

    Returns:
        The matcher; building it takes about a second for 100,000 terms.
    """
    uses: dict[str, list[_Term]] = {}
    places: dict[str, list[_Term]] = {}
    for entry in entries:
        is_bounded = entry.valid_from is not None or entry.valid_to is not None
        for text in entry.terms:
            term = _Term(entry, f"{entry.id}:{text}@{entry.version}", excludes=False, is_bounded=is_bounded)
            uses.setdefault(normalise(text), []).append(term)
        for text in entry.exclusions:
            uses.setdefault(normalise(text), []).append(
                _Term(entry, "", excludes=True, is_bounded=is_bounded)
            )
        for place in entry.place_ids:
            evidence = f"{entry.id}:{PLACE_TERM}@{entry.version}"
            term = _Term(entry, evidence, excludes=False, is_bounded=is_bounded)
            places.setdefault(place, []).append(term)
    uses.pop("", None)
    return Matcher(uses, places)


class Matcher:
    """A compiled watchlist. Made by `compile_watchlist`."""

    def __init__(self, uses: dict[str, list[_Term]], places: dict[str, list[_Term]]) -> None:
        self._uses = list(uses.values())
        ends = ((_is_latin(text[0]), _is_latin(text[-1])) for text in uses)
        self._open_ends = [pair if any(pair) else None for pair in ends]
        self._places = places
        self._automaton = AhoCorasick(
            list(uses),
            matchkind=MatchKind.Standard,
            implementation=Implementation.ContiguousNFA,
            store_patterns=False,
        )

    def __repr__(self) -> str:
        return f"Matcher({len(self._uses)} terms, {len(self._places)} places)"

    def match_many(
        self, texts: Sequence[str], days: Sequence[date], place_ids: Sequence[str | None]
    ) -> list[list[Match]]:
        """Find the entries that each post is about.

        Args:
            texts: as written, not redacted.
            days: the day by which an entry's validity is judged, a post each.
            place_ids: the review platform's id of the place, None where there is none.

        Returns:
            Matches a post, those of the place id first, then in the order of the text.
        """
        return [self.match(*post) for post in zip(texts, days, place_ids, strict=True)]

    def match(self, text: str, day: date, place_id: str | None = None) -> list[Match]:
        """Find the entries that one post is about, as `match_many` does."""
        found = (
            [
                Match(term.entry.id, term.evidence, term.entry.entry_class, -1, -1)
                for term in self._places.get(place_id, ())
                if _is_live(term.entry, day)
            ]
            if place_id is not None
            else []
        )
        if hits := self._hits(normalise(text), day):
            found += [
                Match(hit.term.entry.id, hit.term.evidence, hit.term.entry.entry_class, hit.start, hit.end)
                for hit in _survivors(hits)
            ]
        return found

    def _hits(self, text: str, day: date) -> list[_Hit]:
        hits = []
        for pattern, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
            ends = self._open_ends[pattern]
            if ends is not None and _is_within_word(text, start, end, ends):
                continue
            for term in self._uses[pattern]:
                if not term.is_bounded or _is_live(term.entry, day):
                    hits.append(_Hit(start, end, term))  # noqa: PERF401  most patterns have one use
        return hits


def _is_within_word(text: str, start: int, end: int, is_latin: tuple[bool, bool]) -> bool:
    latin_start, latin_end = is_latin
    if latin_start and start > 0 and _is_latin(text[start - 1]):
        return True
    return latin_end and end < len(text) and _is_latin(text[end])


def _is_latin(char: str) -> bool:
    return _LATIN_OR_DIGIT.match(char) is not None


def _is_live(entry: WatchEntry, day: date) -> bool:
    return (entry.valid_from is None or entry.valid_from <= day) and (
        entry.valid_to is None or day <= entry.valid_to
    )


def _survivors(hits: list[_Hit]) -> list[_Hit]:
    """Hits that no exclusion and no longer facility's name takes away, in the order of the text.

    Quadratic in the hits at worst, so their number is bounded: a text of 100,000 code points full of names tells no more
    by its thousandth name.
    """
    hits = hits[:_MAX_HITS]
    if len(hits) == 1:
        return [] if hits[0].term.excludes else hits
    strong = [hit for hit in hits if hit.term.excludes or hit.term.entry.entry_class in _FACILITIES]
    kept = [
        hit
        for hit in hits
        if not hit.term.excludes and not (strong and any(_takes_away(other, hit) for other in strong))
    ]
    return sorted(kept, key=_order) if len(kept) > 1 else kept


def _order(hit: _Hit) -> tuple[int, int, str]:
    return hit.start, -hit.end, hit.term.evidence


_MAX_HITS: Final = 1_000


def _takes_away(other: _Hit, hit: _Hit) -> bool:
    if other.term.excludes:
        return other.term.entry.id == hit.term.entry.id and other.start < hit.end and hit.start < other.end
    both_facilities = {other.term.entry.entry_class, hit.term.entry.entry_class} <= _FACILITIES
    longer = other.end - other.start > hit.end - hit.start
    return both_facilities and longer and other.start <= hit.start and hit.end <= other.end
