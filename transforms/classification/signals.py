"""Signals: what lexicons, clauses and the post's own fields tell the models, each by a name.

Belongs here: the list of names that one document gives.
Does not: the lexicons, weights, n-grams.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from itertools import chain
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from ahocorasick_rs import AhoCorasick, MatchKind

from transforms.classification.adverse_events import AeFeatures, ae_features
from transforms.classification.clauses import Clause, negated
from transforms.classification.lexicons import TABLES, Entry, Scan
from transforms.posts import SOURCES

if TYPE_CHECKING:
    from transforms.classification.features import Prepared

I64 = npt.NDArray[np.int64]


class _Numbers(dict[str, int]):
    """Names of signals to their numbers, given as they come. All come from tables, so that there is an end to them."""

    def __missing__(self, name: str) -> int:
        number = self[name] = len(NAMES)
        NAMES.append(name)
        return number


NAMES: Final[list[str]] = []
"""The names of signals by number; it grows as new ones are met."""

_NUMBERS: Final = _Numbers()


def _numbers(*names: str) -> tuple[int, ...]:
    return tuple([_NUMBERS[name] for name in names])


_TABLES_BY_LINE: Final = frozenset(
    {"settings", "stages", "sensitive", "people", "cues", "themes", "adverts", "criticality"}
)
"""Tables whose lines are signals by all that they say; of the others only groups are."""

_MAX_LINES: Final = 50_000

_CAP: Final = 3
"""A signal that is given more often says no more."""

_COUNTED: Final = tuple((_numbers(f"ae:{name}"), _numbers(f"ae:{name}") * 2) for name in AeFeatures._fields)
"""What each count of `AeFeatures` gives: for one, for more."""

_STEPS: Final = (20, 40, 70, 110, 180, 300, 600)
"""Bounds of the classes of length, in folded characters."""

_LENGTHS: Final = _numbers(*(f"length:{i}" for i in range(len(_STEPS) + 1)))
_SOURCES: Final[dict[str | None, int]] = {source: _NUMBERS[f"source:{source}"] for source in (*SOURCES, None)}
_OTHER_SOURCE: Final = _NUMBERS["source:other"]
_RATINGS: Final = {stars: _numbers(f"rating:{stars}") for stars in range(1, 6)}
_OFFICIAL: Final = _NUMBERS["official"]
_TABLES: Final = {table: _NUMBERS[f"table:{table}"] for table in TABLES}
_EMPTY: Final = _NUMBERS["empty"]
_JUDGES_LAST, _JUDGES_FIRST, _JUDGES_FINALLY = (
    {sign: _NUMBERS[f"judges {when}:{sign}"] for sign in "+-"} for when in ("last", "first", "finally")
)
_BOTH_WAYS, _BOTH_WAYS_WITH_A_TURN = _numbers("judges both ways", "judges both ways with a turn")
_DRUG_AND_EVENT, _STATED_PAIR = _numbers("ae:drug and event", "ae:stated pair")
_OPPOSITE: Final = {"+": "-", "-": "+"}


class Groups:
    """Groups of words, found in one pass."""

    def __init__(self, groups: dict[str, list[str]]) -> None:
        by_spelling: dict[str, list[str]] = {}
        for name, spellings in groups.items():
            for spelling in spellings:
                by_spelling.setdefault(spelling, []).append(f"group:{name}")
        self._names = [_by_place(names) for names in by_spelling.values()]
        self._automaton = AhoCorasick(list(by_spelling), matchkind=MatchKind.Standard, store_patterns=False)

    def find(self, text: str, first: int, last: int) -> list[int]:
        """The groups that a text has words of, once a word, and once more where it stands in the first or last sentence.

        Args:
            text: folded text in lower case.
            first: where the first sentence ends.
            last: where the last sentence begins.

        Returns:
            Numbers of signals in order of place.
        """
        found: list[int] = []
        names = self._names
        for spelling, start, _ in self._automaton.find_matches_as_indexes(text, overlapping=True):
            found += names[spelling][(start < first) + 2 * (start >= last)]
        return found


def _by_place(names: list[str]) -> tuple[tuple[int, ...], ...]:
    """What a word of some groups gives: within the text, in its first sentence, in its last one, in both."""
    first = [f"first {name}" for name in names]
    last = [f"last {name}" for name in names]
    places = (names, names + first, names + last, names + first + last)
    return tuple([_numbers(*some) for some in places])


@lru_cache(maxsize=1)
def groups() -> Groups:
    """The shipped groups, read once a process."""
    text = resources.files(__package__).joinpath("data/groups.tsv").read_text(encoding="utf-8")
    lines = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return Groups({name: spellings.split(" ") for name, spellings in lines})


def signals(prepared: Prepared) -> list[str]:
    """The signals of one document.

    Args:
        prepared: the document as read.

    Returns:
        Names, each at most three times.
    """
    return [NAMES[number] for number in numbered([prepared])[1].tolist()]


def numbered(batch: Sequence[Prepared]) -> tuple[I64, I64]:
    """The signals of documents by their places in `NAMES`, which is quicker than by name.

    Args:
        batch: documents as read.

    Returns:
        How many each document has, and the numbers, the documents one after another; each at most three times a document.
    """
    found = [_of_reading(prepared) for prepared in batch]
    # A pass of its own: the automaton stays in the processor's cache.
    find = groups().find
    for prepared, numbers in zip(batch, found, strict=True):
        scan, clauses = prepared.reading
        numbers.extend(find(scan.text, *_ends(clauses)))
    counts = np.array(list(map(len, found)), dtype=np.int64)
    return _capped(counts, np.array(list(chain.from_iterable(found)), dtype=np.int64))


def _of_reading(prepared: Prepared) -> list[int]:
    """What the post's fields, the lexicons and the clauses say."""
    document, _, _, (scan, clauses) = prepared
    found = [_SOURCES.get(document.source, _OTHER_SOURCE), _LENGTHS[bisect_left(_STEPS, len(scan.text))]]
    if document.rating is not None:
        found += _RATINGS.get(document.rating, ())
    if document.author_official:
        found.append(_OFFICIAL)
    _of_tables(scan, found)
    _of_clauses(scan, clauses, found)
    if "drugs" in scan.hits or "events" in scan.hits:
        _of_events(scan, clauses, found)
    return found


def _ends(clauses: list[Clause]) -> tuple[int, int]:
    """Where the first sentence ends and the last one begins; a text of one sentence has no such parts."""
    stops = [end for _, end, _, _, ends in clauses if ends]
    return (stops[0], stops[-2]) if len(stops) > 1 else (0, clauses[-1].end if clauses else 0)


def _of_tables(scan: Scan, found: list[int]) -> None:
    """Add what each table's hits say."""
    known = _LINES.get
    for table, hits in scan.hits.items():
        found.append(_TABLES[table])
        for _, _, entry in hits:
            line = known(id(entry))
            found += line[1] if line else _learn(entry)


_LINES: Final[dict[int, tuple[Entry, tuple[int, ...]]]] = {}
"""What lines say, by the line's identity, which is quicker than its hash; the line itself is kept, so that none takes its place."""


def _learn(entry: Entry) -> tuple[int, ...]:
    """Remember what a line says."""
    if len(_LINES) >= _MAX_LINES:
        _LINES.clear()
    numbers = _numbers(*_of_line(entry.table, entry.values))
    _LINES[id(entry)] = entry, numbers
    return numbers


def _of_line(table: str, values: tuple[str, ...]) -> tuple[str, ...]:
    """What a line of a table says."""
    if table == "drugs":
        return f"drug:{values[1]}", f"drug:{values[2]}"
    if table == "events":
        return f"event:{values[1] or values[0]}", f"event:{values[2]}"
    return (f"{table}:{'/'.join(values)}",) if table in _TABLES_BY_LINE else ()


def _of_clauses(scan: Scan, clauses: list[Clause], found: list[int]) -> None:
    """Add how the clauses judge, in which order, and how the post ends."""
    if not clauses:
        found.append(_EMPTY)
        return
    if clauses[-1].cues:
        found += _of_last(clauses[-1].cues)
    if "polarity" not in scan.hits:
        return
    signs: list[str] = []
    index, last = 0, len(clauses) - 1
    for start, end, entry in scan.hits["polarity"]:
        while index < last and start >= clauses[index].end:
            index += 1
        sign = entry.values[0]
        if negated(scan.text, end, clauses[index].end):
            sign = _OPPOSITE[sign]
        signs.append(sign)
        found.append(_judging(sign, entry.values[1]))
        if index == last:
            found.append(_JUDGES_LAST[sign])
    found += (_JUDGES_FIRST[signs[0]], _JUDGES_FINALLY[signs[-1]])
    if len(set(signs)) > 1:
        found.append(_BOTH_WAYS)
        if any(clause.turns for clause in clauses):
            found.append(_BOTH_WAYS_WITH_A_TURN)


@lru_cache(maxsize=4096)
def _of_last(cues: frozenset[str]) -> tuple[int, ...]:
    """What the last clause's cues say."""
    return _numbers(*(f"last:{cue}" for cue in sorted(cues)))


@lru_cache(maxsize=4096)
def _judging(sign: str, themes: str) -> int:
    """What a judging word says."""
    return _NUMBERS[f"judges:{sign}{themes}"]


def _of_events(scan: Scan, clauses: list[Clause], found: list[int]) -> None:
    """Add what drugs and events say together."""
    counts = ae_features(scan, clauses)
    for given, count in zip(_COUNTED, counts, strict=True):
        if count:
            found += given[count > 1]
    if counts.n_drugs and counts.n_events:
        found.append(_DRUG_AND_EVENT)
    if (counts.pairs or counts.near_pairs) and not (counts.negated or counts.asked or counts.feared):
        found.append(_STATED_PAIR)


def _capped(counts: I64, numbers: I64) -> tuple[I64, I64]:
    """At most `_CAP` of each in a document, the first ones."""
    size = len(numbers)
    owner = np.repeat(np.arange(len(counts)), counts)
    # Document, signal and place in one number each: sorted, equal signals of a document lie side by side in order.
    ordered = np.sort((owner * len(NAMES) + numbers) * size + np.arange(size))
    same = ordered // max(size, 1)
    more = ordered[_CAP:][same[_CAP:] == same[:-_CAP]] % max(size, 1)
    if not len(more):
        return counts, numbers
    return counts - np.bincount(owner[more], minlength=len(counts)), np.delete(numbers, more)
