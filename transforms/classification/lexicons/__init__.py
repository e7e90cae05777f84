"""The words that the rules know: drugs, events, departments, places, cues, polarity, themes.

Belongs here: the tables (TSV beside this file), their reader, and the one pass over a text that finds all of them.
Does not: what follows from a word; that is for the modules that ask for its kind.

Every table has the columns that `_TABLES` names. Three of them are the same everywhere:

* `terms`: spellings divided by `|`. A `*` at a drug's end stands for the words of `_DRUG_FORMS` (薬, 注射 …). Where the
  first column starts with `@`, it names a class, and each spelling names itself: `a=b=c` are three spellings of `a`.
* `at`: empty, or a regular expression that must match where the spelling begins (a look-behind sees what stands before).
* `around`: empty, or a regular expression of which a match must take in some of the spelling.

A short spelling without a condition must stand by itself (see `_edges`).

Both conditions see `WINDOW` characters around the spelling, on folded text in lower case, and are tried only where the spelling
stands, so that a text costs one automaton pass and few expressions. The hit is then what the expression matched.

A line that starts with `#` is a comment. The version below goes into every classified row.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from functools import lru_cache
from importlib import resources
from operator import itemgetter
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, MatchKind

from transforms.text.fold import Folded, fold

LEXICON_VERSION = "1.0"

WINDOW = _BEFORE, _AFTER = 12, 22
"""How many folded characters before and after a spelling its conditions may see."""

MAX_SCANNED = 20_000
"""Folded characters that are looked at. A post of any platform is shorter; what is longer is no post."""

_PLACE = itemgetter(0, 1)
_KATAKANA = re.compile("[ァ-ヶー]+")

_ASCII_LOWER = {ord(capital): capital.lower() for capital in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}

_TABLES: dict[str, tuple[str, ...]] = {
    "drugs": ("name", "type", "class"),
    "events": ("lay", "pt", "serious"),
    "departments": ("department",),
    "places": ("prefecture", "rule"),
    "settings": ("setting",),
    "stages": ("stage",),
    "sensitive": ("category",),
    "people": ("who",),
    "cues": ("cue",),
    "polarity": ("polarity", "themes"),
    "themes": ("theme",),
    "adverts": ("kind",),
    "criticality": ("level", "reason"),
}
"""Table -> its columns before `terms`, `at` and `around`."""

TABLES = tuple(_TABLES)

_DRUG_FORMS = (
    "薬",
    "お薬",
    "クスリ",
    "注射",
    "点滴",
    "飲み薬",
    "塗り薬",
    "貼り薬",
    "目薬",
    "点眼",
    "錠剤",
    "治療薬",
)


class Entry(NamedTuple):
    """One line of a table, as a hit refers to it.

    Attributes:
        table: which table.
        rule: id for the evidence: the table and the line's first value, e.g. `drugs.ロキソプロフェン`.
        values: the line's own columns, in the order of `_TABLES`.
        at: the condition at the spelling's place, if any.
        around: the condition around it, if any.
    """

    table: str
    rule: str
    values: tuple[str, ...]
    at: re.Pattern[str] | None
    around: re.Pattern[str] | None


class Hit(NamedTuple):
    """A word of a table found in a text.

    Attributes:
        start: first folded character, of the match of the condition if there is one.
        end: one past the last.
        entry: the line.
    """

    start: int
    end: int
    entry: Entry


class Scan(NamedTuple):
    """A folded text and all that the tables know in it.

    Attributes:
        folded: the text as folded.
        text: the part of the folded text that was looked at, in lower case; offsets are those of the folded text.
        hits: table -> its hits by start, then end. A table without hits has no key.
    """

    folded: Folded
    text: str
    hits: dict[str, list[Hit]]

    def __repr__(self) -> str:
        """Its length and the number of hits: a text must not reach a log or a traceback."""
        return f"Scan({len(self.text)} characters, {sum(map(len, self.hits.values()))} hits)"

    def of(self, table: str) -> list[Hit]:
        """The hits of one table, in order of place; empty where there are none."""
        return self.hits.get(table, [])

    def longest(self, table: str) -> list[Hit]:
        """The hits of one table without those that lie within a longer one."""
        return longest(self.hits.get(table, []))


class Lexicon:
    """All tables in one automaton."""

    def __init__(self, entries: list[tuple[str, Entry]]) -> None:
        by_spelling: dict[str, list[Entry]] = {}
        for spelling, entry in entries:
            found = by_spelling.setdefault(spelling, [])
            if entry not in found:
                found.append(entry)
        self._entries = [
            (
                tuple((e.table, e) for e in found if not (e.at or e.around)),
                tuple((e.table, e, e.at.match if e.at else None) for e in found if e.at or e.around),
            )
            for found in by_spelling.values()
        ]
        self._automaton = AhoCorasick(list(by_spelling), matchkind=MatchKind.Standard, store_patterns=False)

    def scan(self, folded: Folded) -> Scan:
        """Find every word of every table.

        Args:
            folded: the text; only its first `MAX_SCANNED` folded characters are looked at.

        Returns:
            The hits by table.
        """
        text = _lower(folded.text[:MAX_SCANNED])
        hits: dict[str, list[Hit]] = defaultdict(list)
        seen: set[tuple[int, int, int]] = set()
        entries = self._entries
        new = tuple.__new__  # a third cheaper than Hit(...), ten times a post
        for spelling, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
            plain, conditioned = entries[spelling]
            for table, entry in plain:
                hits[table].append(new(Hit, (start, end, entry)))
            for table, entry, at in conditioned:
                match = at(text, start, end + _AFTER) if at else _around(entry.around, text, start, end)
                if match is None:
                    continue
                first, last = match.span()
                if (key := (first, last, id(entry))) not in seen:
                    seen.add(key)
                    hits[table].append(new(Hit, (first, last, entry)))
        for found in hits.values():
            if len(found) > 1:
                found.sort(key=_PLACE)
        return Scan(folded, text, dict(hits))


def _around(when: re.Pattern[str] | None, text: str, start: int, end: int) -> re.Match[str] | None:
    """The first match of a condition near a spelling that takes in some of the spelling."""
    if when is None:
        return None
    limit = end + _AFTER
    match = when.search(text, start - _BEFORE if start > _BEFORE else 0, limit)
    while match is not None and match.end() <= start:
        match = when.search(text, match.end() + (match.end() == match.start()), limit)
    return match if match is not None and match.start() < end else None


def _lower(text: str) -> str:
    """Lower case of the same length; some capitals of other scripts would grow."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else text.translate(_ASCII_LOWER)


def longest(hits: list[Hit]) -> list[Hit]:
    """Keep the hits that lie within no longer hit of the list.

    Args:
        hits: in any order.

    Returns:
        The kept ones by start. Of equal spans the first is kept.
    """
    if len(hits) < 2:
        return hits
    kept: list[Hit] = []
    covered = -1
    for hit in sorted(hits, key=lambda h: (h.start, -h.end)):
        if hit.end > covered:
            kept.append(hit)
            covered = hit.end
    return kept


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The shipped tables, read once a process."""
    pairs: list[tuple[str, Entry]] = []
    for table in _TABLES:
        pairs.extend(_read(table))
    return Lexicon(pairs)


def scan(folded: Folded) -> Scan:
    """Find every word of the shipped tables in a text; see `Lexicon.scan`."""
    return lexicon().scan(folded)


@lru_cache(maxsize=1)
def digest() -> str:
    """A name for the content of all tables: 12 hexadecimal digits of SHA-256.

    Models take features from the tables, so that a model is of use only with the tables that it was trained with.
    """
    content = hashlib.sha256()
    for table in sorted(_TABLES):
        content.update(resources.files(__package__).joinpath(f"{table}.tsv").read_bytes())
    return content.hexdigest()[:12]


def rows(table: str) -> list[dict[str, str]]:
    """The lines of a shipped table, for tests and documents.

    Args:
        table: a key of `_TABLES`.

    Returns:
        One mapping a line: its own columns, `terms`, `at` and `around`.

    Raises:
        ValueError: a line has more columns than the table.
    """
    columns = (*_TABLES[table], "terms", "at", "around")
    text = resources.files(__package__).joinpath(f"{table}.tsv").read_text(encoding="utf-8")
    out = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        values = line.split("\t")
        if not len(columns) - 2 <= len(values) <= len(columns):
            raise ValueError(f"{table}.tsv line {number}: {len(values)} columns, expected {len(columns)}")
        out.append(dict(zip(columns, [*values, "", ""][: len(columns)], strict=True)))
    return out


def _read(table: str) -> list[tuple[str, Entry]]:
    pairs: list[tuple[str, Entry]] = []
    for row in rows(table):
        values = tuple(row[column] for column in _TABLES[table])
        at = re.compile(row["at"]) if row["at"] else None
        around = re.compile(row["around"]) if row["around"] else None
        bare = at is None and around is None
        for term in row["terms"].split("|"):
            names = term.split("=")
            first = values[0]
            if first.startswith("@"):
                first = first[1:] if term.endswith("*") else names[0]
            entry = Entry(table, f"{table}.{first}", (first, *values[1:]), at, around)
            for spelling in (s for name in names for s in _spellings(name)):
                edges = _edges(spelling) if bare else None
                pairs.append((spelling, entry if edges is None else entry._replace(at=edges)))
    return pairs


def _edges(spelling: str) -> re.Pattern[str] | None:
    """The condition that a short spelling stands by itself, None for a long one.

    Latin letters, or up to three katakana, within a longer word of the same letters are another word: ect in direct,
    ヒブ in ヒブロック.
    """
    if spelling.isascii() and spelling.isalnum():
        return re.compile(f"(?<![a-z]){re.escape(spelling)}(?![a-z])")
    if len(spelling) <= 3 and _KATAKANA.fullmatch(spelling):
        return re.compile(f"(?<![ァ-ヶー]){spelling}(?![ァ-ヶー])")
    return None


def _spellings(term: str) -> list[str]:
    term = term.replace("\\n", "\n")
    written = [term] if not term.endswith("*") else [term[:-1] + form for form in _DRUG_FORMS]
    return [_lower(fold(spelling).text) for spelling in written]
