"""Signals: what lexicons, clauses and the post's own fields tell the models, each by a name.

Belongs here: the list of names that one document gives.
Does not: the lexicons, weights, n-grams.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Final

from ahocorasick_rs import AhoCorasick, MatchKind

from transforms.classification.adverse_events import ae_features
from transforms.classification.clauses import Clause, negated
from transforms.classification.lexicons import Scan

if TYPE_CHECKING:
    from transforms.classification.features import Prepared

_TABLES_BY_LINE: Final = frozenset(
    {"settings", "stages", "sensitive", "people", "cues", "themes", "adverts", "criticality"}
)
"""Tables whose lines are signals by all that they say; of the others only groups are."""

_CAP: Final = 3
"""A signal that is given more often says no more."""

_STEPS: Final = (20, 40, 70, 110, 180, 300, 600)
"""Bounds of the classes of length, in folded characters."""


class Groups:
    """Groups of words, found in one pass."""

    def __init__(self, groups: dict[str, list[str]]) -> None:
        by_spelling: dict[str, list[str]] = {}
        for name, spellings in groups.items():
            for spelling in spellings:
                by_spelling.setdefault(spelling, []).append(f"group:{name}")
        self._names = list(by_spelling.values())
        self._first = [[f"first {name}" for name in names] for names in self._names]
        self._last = [[f"last {name}" for name in names] for names in self._names]
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
        for spelling, start, _ in self._automaton.find_matches_as_indexes(text, overlapping=True):
            found += self._names[spelling]
            if start < first:
                found += self._first[spelling]
            if start >= last:
                found += self._last[spelling]
        return found


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
    found = [f"source:{document.source}", f"length:{sum(len(scan.text) > step for step in _STEPS)}"]
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
        for hit in hits:
            values = hit.entry.values
            if table == "drugs":
                found += (f"drug:{values[1]}", f"drug:{values[2]}")
            elif table == "events":
                found += (f"event:{values[1] or values[0]}", f"event:{values[2]}")
            elif table in _TABLES_BY_LINE:
                found.append(f"{table}:{'/'.join(values)}")
    return found


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
    counts = ae_features(scan, clauses)
    found = [
        f"ae:{name}" for name, count in zip(counts._fields, counts, strict=True) for _ in range(min(count, 2))
    ]
    if counts.n_drugs and counts.n_events:
        found.append("ae:drug and event")
    if (counts.pairs or counts.near_pairs) and not (counts.negated or counts.asked or counts.feared):
        found.append("ae:stated pair")
    return found


def _capped(names: list[str]) -> list[str]:
    """At most `_CAP` of each name."""
    seen: dict[str, int] = {}
    kept = []
    for name in names:
        count = seen.get(name, 0)
        if count < _CAP:
            seen[name] = count + 1
            kept.append(name)
    return kept
