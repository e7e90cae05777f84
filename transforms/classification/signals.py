"""Signals: what lexicons, clauses and the post's own fields tell the models, each by a name.

Belongs here: the list of names that one document gives.
Does not: the lexicons, weights, n-grams.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Final

from ahocorasick_rs import AhoCorasick, MatchKind

from transforms.classification.adverse_events import AeFeatures, ae_features
from transforms.classification.clauses import Clause, negated
from transforms.classification.lexicons import Entry, Scan

if TYPE_CHECKING:
    from transforms.classification.features import Prepared

_TABLES_BY_LINE: Final = frozenset(
    {"settings", "stages", "sensitive", "people", "cues", "themes", "adverts", "criticality"}
)
"""Tables whose lines are signals by all that they say; of the others only groups are."""

_MAX_LINES: Final = 50_000

_CAP: Final = 3
"""A signal that is given more often says no more."""

_COUNTED: Final = tuple(f"ae:{name}" for name in AeFeatures._fields)

_STEPS: Final = (20, 40, 70, 110, 180, 300, 600)
"""Bounds of the classes of length, in folded characters."""

_LENGTHS: Final = tuple(f"length:{i}" for i in range(len(_STEPS) + 1))


class Groups:
    """Groups of words, found in one pass."""

    def __init__(self, groups: dict[str, list[str]]) -> None:
        by_spelling: dict[str, list[str]] = {}
        for name, spellings in groups.items():
            for spelling in spellings:
                by_spelling.setdefault(spelling, []).append(f"group:{name}")
        self._names = [_by_place(names) for names in by_spelling.values()]
        self._automaton = AhoCorasick(list(by_spelling), matchkind=MatchKind.Standard, store_patterns=False)

    def find(self, text: str, first: int, last: int) -> list[str]:
        """The groups that a text has words of, once a word, and once more where it stands in the first or last sentence.

        Args:
            text: folded text in lower case.
            first: where the first sentence ends.
            last: where the last sentence begins.

        Returns:
            Names of groups in order of place.
        """
        found: list[str] = []
        names = self._names
        for spelling, start, _ in self._automaton.find_matches_as_indexes(text, overlapping=True):
            found += names[spelling][(start < first) + 2 * (start >= last)]
        return found


def _by_place(names: list[str]) -> tuple[tuple[str, ...], ...]:
    """What a word of some groups gives: within the text, in its first sentence, in its last one, in both."""
    first = [f"first {name}" for name in names]
    last = [f"last {name}" for name in names]
    return tuple(names), (*names, *first), (*names, *last), (*names, *first, *last)


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
    document, scan, clauses = prepared.document, prepared.reading.scan, prepared.reading.clauses
    found = [f"source:{document.source}", _LENGTHS[bisect_left(_STEPS, len(scan.text))]]
    if document.rating is not None:
        found.append(f"rating:{document.rating}")
    if document.author_official:
        found.append("official")
    found += _of_tables(scan)
    found += _of_clauses(scan, clauses)
    found += _of_events(scan, clauses)
    found += groups().find(scan.text, *_ends(clauses))
    return _capped(found)


def _ends(clauses: list[Clause]) -> tuple[int, int]:
    """Where the first sentence ends and the last one begins; a text of one sentence has no such parts."""
    stops = [clause.end for clause in clauses if clause.ends]
    return (stops[0], stops[-2]) if len(stops) > 1 else (0, clauses[-1].end if clauses else 0)


def _of_tables(scan: Scan) -> list[str]:
    """What each table's hits say."""
    found: list[str] = []
    for table, hits in scan.hits.items():
        found.append(f"table:{table}")
        for _, _, entry in hits:
            known = _LINES.get(id(entry))
            found += known[1] if known else _learn(entry)
    return found


_LINES: dict[int, tuple[Entry, tuple[str, ...]]] = {}
"""What lines say, by the line's identity, which is quicker than its hash; the line itself is kept, so that none takes its place."""


def _learn(entry: Entry) -> tuple[str, ...]:
    """Remember what a line says."""
    if len(_LINES) >= _MAX_LINES:
        _LINES.clear()
    names = _of_line(entry.table, entry.values)
    _LINES[id(entry)] = entry, names
    return names


def _of_line(table: str, values: tuple[str, ...]) -> tuple[str, ...]:
    """What a line of a table says."""
    if table == "drugs":
        return f"drug:{values[1]}", f"drug:{values[2]}"
    if table == "events":
        return f"event:{values[1] or values[0]}", f"event:{values[2]}"
    return (f"{table}:{'/'.join(values)}",) if table in _TABLES_BY_LINE else ()


def _of_clauses(scan: Scan, clauses: list[Clause]) -> list[str]:
    """How the clauses judge, in which order, and how the post ends."""
    if not clauses:
        return ["empty"]
    found = [f"last:{cue}" for cue in sorted(clauses[-1].cues)]
    signs: list[str] = []
    index = 0
    for hit in scan.of("polarity"):
        while index < len(clauses) - 1 and hit.start >= clauses[index].end:
            index += 1
        sign = hit.entry.values[0]
        if negated(scan.text, hit.end, clauses[index].end):
            sign = "-" if sign == "+" else "+"
        signs.append(sign)
        found.append(f"judges:{sign}{hit.entry.values[1]}")
        if index == len(clauses) - 1:
            found.append(f"judges last:{sign}")
    if signs:
        found += (f"judges first:{signs[0]}", f"judges finally:{signs[-1]}")
        if len(set(signs)) > 1:
            found.append("judges both ways")
            if any(clause.turns for clause in clauses):
                found.append("judges both ways with a turn")
    return found


def _of_events(scan: Scan, clauses: list[Clause]) -> list[str]:
    """Drugs and events together."""
    if "drugs" not in scan.hits and "events" not in scan.hits:
        return []
    counts = ae_features(scan, clauses)
    found: list[str] = []
    for name, count in zip(_COUNTED, counts, strict=True):
        if count:
            found += (name, name) if count > 1 else (name,)
    if counts.n_drugs and counts.n_events:
        found.append("ae:drug and event")
    if (counts.pairs or counts.near_pairs) and not (counts.negated or counts.asked or counts.feared):
        found.append("ae:stated pair")
    return found


def _capped(names: list[str]) -> list[str]:
    """At most `_CAP` of each name."""
    if len(names) - len(set(names)) < _CAP:  # too few repeats for any name to have so many
        return names
    counts = Counter(names)
    if max(counts.values()) <= _CAP:
        return names
    many = {name for name, count in counts.items() if count > _CAP}
    seen = dict.fromkeys(many, 0)
    kept = []
    for name in names:
        if name in many:
            seen[name] += 1
            if seen[name] > _CAP:
                continue
        kept.append(name)
    return kept
