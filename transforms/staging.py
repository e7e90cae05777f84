"""From raw posts to staging rows: what a night does to each post, without files, clocks or keys of its own.

Belongs here: choosing, redacting and labelling rows, and counting what happened to them.
Does not: reading the vault or writing staging (`orchestration.assets`), how redaction and labels work.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, Protocol

import numpy as np
import pyarrow as pa

from transforms.classification.claims import ClaimIndex, empty_index, join
from transforms.classification.document import Document
from transforms.posts import CLASSIFIED_SCHEMA, LABEL_FIELDS, REDACTED_SCHEMA, TERM_FIELDS
from transforms.redaction.redactor import Redaction, RedactionError, RedactionFailure

CANARY_PREFIX = "canary-"
"""Post keys that begin so belong to planted posts: every check sees them, no mart counts them."""
JST_OFFSET = timedelta(hours=9)
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  naive on purpose: a wall clock in Japan

Facts = Counter[tuple[str, str]]
"""(source, fact) to a number."""


class RedactsTexts(Protocol):
    """Redacts texts; a text that cannot be redacted gives a failure, never the text."""

    def redact_many(self, texts: Sequence[str]) -> list[Redaction | RedactionFailure]:
        """One result a text."""
        ...

    def redact(self, text: str, *, known_names: Sequence[str] = ()) -> Redaction:
        """Redact one text, where some names are known already; raises `RedactionError`."""
        ...


class WatchMatch(Protocol):
    """What a watchlist entry found in a post."""

    @property
    def entity(self) -> str:
        """Id of the entry."""
        ...

    @property
    def term(self) -> str:
        """Evidence: id of the term with its version."""
        ...


class Matches(Protocol):
    """Finds watchlist entries."""

    def match_many(
        self, texts: Sequence[str], days: Sequence[date], place_ids: Sequence[str | None]
    ) -> Sequence[Sequence[Any]]:
        """The matches of each post."""
        ...


class Pseudonymises(Protocol):
    """Replaces platform ids by keyed hashes."""

    def key_ids(self, sources: Sequence[str], posted_on: Sequence[date]) -> list[str]:
        """Id of each row's key."""
        ...

    def pseudonyms(
        self, sources: Sequence[str], key_ids: Sequence[str], ids: Sequence[str | None]
    ) -> list[str | None]:
        """Pseudonym of each row's id."""
        ...


def _redact_knowing(redactor: RedactsTexts, text: str, names: Sequence[str]) -> Redaction | RedactionFailure:
    try:
        return redactor.redact(text, known_names=names)
    except RedactionError as error:
        return RedactionFailure(str(error))


class _Planted(NamedTuple):
    entity: str = "canary"
    term: str = "canary"


class EverythingMatches:
    """A watchlist that wants every post: for planted ones."""

    def match_many(
        self, texts: Sequence[str], days: Sequence[date], place_ids: Sequence[str | None]
    ) -> Sequence[Sequence[_Planted]]:
        """One match a post."""
        return [[_Planted()] for _ in zip(texts, days, place_ids, strict=True)]


class RedactedPosts(NamedTuple):
    """Redacted rows of some days of arrival.

    Attributes:
        table: rows of `REDACTED_SCHEMA`, in the order of the input.
        facts: counts by day and source.
        failed: (row of the input, reason) of posts that could not be redacted and must go to quarantine.
    """

    table: pa.Table
    facts: dict[date, Facts]
    failed: list[tuple[int, str]]


def _columns(table: pa.Table) -> dict[str, list[Any]]:
    return {name: table.column(name).to_pylist() for name in table.column_names}


def _take(columns: dict[str, list[Any]], rows: Sequence[int]) -> dict[str, list[Any]]:
    return {name: [values[i] for i in rows] for name, values in columns.items()}


def thread_names(
    threads: Sequence[str | None], texts: Sequence[str], results: Sequence[Redaction | RedactionFailure]
) -> dict[str, frozenset[str]]:
    """Names found in each thread that has more than one post."""
    sizes = Counter(t for t in threads if t)
    names: defaultdict[str, set[str]] = defaultdict(set)
    for thread, text, result in zip(threads, texts, results, strict=True):
        if thread and sizes[thread] > 1 and isinstance(result, Redaction):
            names[thread].update(
                text[s.start : s.end] for s in result.spans if s.type == "PERSON" and s.end - s.start > 1
            )
    return {thread: frozenset(found) for thread, found in names.items() if found}


def redact_texts(
    redactor: RedactsTexts, texts: Sequence[str], threads: Sequence[str | None]
) -> list[Redaction | RedactionFailure]:
    """Redact texts, and look for the names that one post of a thread gives away in the thread's other posts."""
    results = redactor.redact_many(texts)
    known = thread_names(threads, texts, results)
    for row, (thread, text) in enumerate(zip(threads, texts, strict=True)):
        names = known.get(thread or "")
        if names and any(name in text for name in names):
            results[row] = _redact_knowing(redactor, text, sorted(names))
    return results


def _choose(
    raw: pa.Table, matcher: Matches, count: Callable[[dict[str, list[Any]], int, str], None]
) -> tuple[list[int], dict[str, list[Any]]]:
    """The rows that have something to say and that a purpose wants, and their columns; the others are counted."""
    columns = _columns(raw)
    told = [
        i
        for i, at in enumerate(columns["created_at"])
        if at is not None and (columns["text"][i] or columns["rating"][i] is not None)
    ]
    for i in set(range(raw.num_rows)).difference(told):
        count(columns, i, "dropped:no_words")
    columns = _take(columns, told)
    columns["text"] = [t or "" for t in columns["text"]]
    columns["written"] = [_EPOCH + timedelta(seconds=at) + JST_OFFSET for at in columns["created_at"]]
    columns["posted_on"] = [at.date() for at in columns["written"]]
    columns["matches"] = list(matcher.match_many(columns["text"], columns["posted_on"], columns["place_id"]))
    wanted = [i for i, found in enumerate(columns["matches"]) if found]
    for i in set(range(len(told))).difference(wanted):
        count(columns, i, "dropped:unwanted")
    return [told[i] for i in wanted], _take(columns, wanted)


Scanner = Callable[[Sequence[str]], Mapping[int, Sequence[str]]]
"""Positions of texts that still hold identifiers, with their types."""


def no_scan(texts: Sequence[str]) -> Mapping[int, Sequence[str]]:  # noqa: ARG001  a scanner's signature
    """Hold nothing back: for planted posts, which the gates must see as they are."""
    return {}


def _hold_back(results: list[Redaction | RedactionFailure], scanner: Scanner) -> dict[int, str]:
    """Rows that must not be staged, with the reason: not redacted, or redacted and still found by the other scanner."""
    held = {i: r.reason for i, r in enumerate(results) if isinstance(r, RedactionFailure)}
    texts = [r.text if isinstance(r, Redaction) else "" for r in results]
    held.update((i, f"residual_{types[0].lower()}") for i, types in scanner(texts).items())
    return held


def redact_posts(
    raw: pa.Table,
    *,
    redactor: RedactsTexts,
    matcher: Matches,
    pseudonymiser: Pseudonymises,
    scanner: Scanner,
) -> RedactedPosts:
    """Choose, redact and pseudonymise posts.

    Args:
        raw: canonical posts (create and edit, one version a post and day), columns of `transforms.posts.Post` and
            `arrived_on`.
        redactor: redacts texts.
        matcher: finds what the watchlist wants; a post that no live purpose wants is counted and left out.
        pseudonymiser: keyed hashes of ids.
        scanner: the independent scanner; a post in which it still finds somebody fails alone, so that the gate behind it
            need not stop the night.

    Returns:
        Rows, counts, failures. A post without words is kept if it was rated, else counted and left out.
    """
    facts: defaultdict[date, Facts] = defaultdict(Counter)

    def count(columns: dict[str, list[Any]], row: int, fact: str) -> None:
        facts[columns["arrived_on"][row]][columns["source"][row], fact] += 1

    origin, columns = _choose(raw, matcher, count)
    # A thread's names count within a day of arrival: a day staged again alone must come out as it did among others.
    threads = [
        t and f"{day} {source} {t}"
        for t, day, source in zip(columns["thread_id"], columns["arrived_on"], columns["source"], strict=True)
    ]
    results = redact_texts(redactor, columns["text"], threads)
    held = _hold_back(results, scanner)
    for i, reason in held.items():
        count(columns, i, f"rejected:{reason}")
    kept = [(i, r) for i, r in enumerate(results) if i not in held and isinstance(r, Redaction)]
    for i, result in kept:
        count(columns, i, "staged")
        for span in result.spans:
            count(columns, i, f"redacted:{span.type}")
    table = _rows(_take(columns, [i for i, _ in kept]), [r for _, r in kept], pseudonymiser)
    return RedactedPosts(table, dict(facts), [(origin[i], reason) for i, reason in sorted(held.items())])


def _authors(columns: dict[str, list[Any]]) -> list[str | None]:
    """Author ids; for a review without one, an id made of the review's.

    Google names no author to a place's owner, but lets an account review a place once, so reviews of a place are by as many
    people. Elsewhere an unnamed author stays unknown, and is not counted.
    """
    return [
        f"author of {post}" if author is None and place is not None else author
        for author, post, place in zip(
            columns["author_id"], columns["post_id"], columns["place_id"], strict=True
        )
    ]


def _rows(
    columns: dict[str, list[Any]], results: Sequence[Redaction], pseudonymiser: Pseudonymises
) -> pa.Table:
    sources = columns["source"]
    key_ids = pseudonymiser.key_ids(sources, columns["posted_on"])

    def pseudonyms(name: str) -> list[str | None]:
        return pseudonymiser.pseudonyms(sources, key_ids, columns[name])

    columns["author_id"] = _authors(columns)
    post_keys = pseudonyms("post_id")
    values = {
        "post_key": post_keys,
        "author_key": pseudonyms("author_id"),
        "key_id": key_ids,
        "thread_key": pseudonyms("thread_id"),
        "reply_key": pseudonyms("reply_to_id"),
        "source": sources,
        "arrived_on": columns["arrived_on"],
        "posted_on": columns["posted_on"],
        "posted_at_jst": columns["written"],
        "lang": columns["lang"],
        "rating": columns["rating"],
        "author_official": columns["author_official"],
        "entities": [sorted({m.entity for m in found}) for found in columns["matches"]],
        "watch_terms": [sorted({m.term for m in found}) for found in columns["matches"]],
        "cluster_key": post_keys,
        "text": [r.text for r in results],
        "span_types": [[span.type for span in r.spans] for r in results],
        "loaded_at": columns.get("loaded_at", [None] * len(results)),
    }
    return pa.table(values, schema=REDACTED_SCHEMA)


CLUSTER_DAYS = 14
"""Days of arrival within which near-duplicates are joined."""


class Clusters:
    """Names clusters of near-duplicate texts across days of arrival, remembering the last `CLUSTER_DAYS`."""

    def __init__(self) -> None:
        self._known: deque[tuple[date, ClaimIndex]] = deque()

    def remember(self, redacted: pa.Table, arrived_on: date) -> None:
        """Take in a day that is staged already, with its names."""
        texts, keys = redacted["text"].to_pylist(), redacted["cluster_key"].to_pylist()
        _, index = join(texts, keys, empty_index())
        self._known.append((arrived_on, ClaimIndex(index.signatures, tuple(keys))))

    def name(self, redacted: pa.Table) -> pa.Table:
        """Fill `cluster_key` of new rows: that of an earlier near-duplicate, or a new one."""
        if not redacted.num_rows:
            return redacted
        days = redacted["arrived_on"].to_pylist()
        while self._known and self._known[0][0] < min(days) - timedelta(days=CLUSTER_DAYS):
            self._known.popleft()
        known = ClaimIndex(
            np.concatenate([empty_index().signatures, *(index.signatures for _, index in self._known)]),
            tuple(key for _, index in self._known for key in index.keys),
        )
        keys, index = join(redacted["text"].to_pylist(), redacted["post_key"].to_pylist(), known)
        self._known.append((max(days), ClaimIndex(index.signatures[len(known.keys) :], tuple(keys))))
        column = redacted.schema.get_field_index("cluster_key")
        return redacted.set_column(column, redacted.schema.field(column), pa.array(keys, pa.string()))


class ClassifiesDocuments(Protocol):
    """Labels documents."""

    def classify_many(self, documents: Sequence[Document]) -> Sequence[Any]:
        """One set of labels a document, fields as `transforms.posts.LABEL_FIELDS`."""
        ...


class FindsTerms(Protocol):
    """Finds terms in redacted texts."""

    def find_many(self, texts: Sequence[str | None]) -> Sequence[Any]:
        """What each text holds, fields as `transforms.posts.TERM_FIELDS`; nothing for None."""
        ...


def classify_posts(redacted: pa.Table, classifier: ClassifiesDocuments, finder: FindsTerms) -> pa.Table:
    """Label redacted rows.

    Args:
        redacted: rows of `REDACTED_SCHEMA`.
        classifier: sees redacted text only.
        finder: sees the redacted texts of relevant posts only.

    Returns:
        Rows of `CLASSIFIED_SCHEMA`, in the same order, without text.
    """
    columns = _columns(redacted.select(["post_key", "source", "text", "rating", "author_official"]))
    documents = [
        Document(id=k, source=s, text=t, rating=r, author_official=o)
        for k, s, t, r, o in zip(*columns.values(), strict=True)
    ]
    labels = classifier.classify_many(documents)
    clusters = redacted["cluster_key"].to_pylist()
    claims = [key if is_claim(row) else None for row, key in zip(labels, clusters, strict=True)]
    kept = redacted.drop_columns(["text"])
    arrays = [
        pa.array(
            claims if field.name == "claim_key" else [_plain(getattr(row, field.name)) for row in labels],
            type=field.type,
        )
        for field in LABEL_FIELDS
    ]
    texts = redacted["text"].to_pylist()
    found = finder.find_many([t if row.relevant else None for t, row in zip(texts, labels, strict=True)])
    arrays += [pa.array([getattr(f, field.name) for f in found], type=field.type) for field in TERM_FIELDS]
    return pa.Table.from_arrays([*kept.columns, *arrays], schema=CLASSIFIED_SCHEMA)


def is_claim(labels: Any) -> bool:
    """Whether a post spreads something that a reviewer should judge as one claim with its near-duplicates."""
    return bool(labels.relevant) and (labels.intent == "rumour" or "misinformation" in labels.flags)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return value._asdict()
    if isinstance(value, (list, tuple, frozenset)):
        return [_plain(v) for v in value]
    return value
