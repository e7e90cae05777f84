"""The canonical post, the quarantined record and the staging rows: the schemas that every other room speaks.

Belongs here: names, types and meanings of columns that cross a module's border.
Does not: how they are computed, where they are stored.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import pyarrow as pa

Source = Literal["x", "bluesky", "mastodon", "youtube", "google_review", "qa", "blog", "bbs"]
EventType = Literal["create", "edit", "delete", "account_delete", "protect", "withhold"]

SOURCES: tuple[Source, ...] = ("x", "bluesky", "mastodon", "youtube", "google_review", "qa", "blog", "bbs")
REMOVALS: frozenset[EventType] = frozenset({"delete", "account_delete", "protect", "withhold"})
"""Events that take posts away. A `protect` hides by the owner's choice, a `withhold` by the platform's or the law's."""


class Post(NamedTuple):
    """One canonical record, as an adapter gives it. Raw text and platform ids: personal data.

    Attributes:
        source: the platform.
        post_id: the platform's id, as written; None for events on a whole account.
        author_id: the platform's id of the author; None only where the platform has none.
        created_at: Unix seconds (UTC), fractions dropped. For create and edit the time that the platform gives for
            the post, for other events the time of the event, None if the payload does not say.
        text: plain text, or None where there are no words.
        lang: primary subtag that the platform states, never guessed.
        event_type: see `EventType`.
        reply_to_id: the post answered.
        thread_id: the root of the thread; a post that answers nothing is its own root.
        rating: 1 to 5 as the writer gave it.
        place_name: the place reviewed.
        place_id: the platform's id of the place reviewed.
        author_official: whether the payload proves that the author speaks for an organisation, None if it does not say.
        changed_at: when the platform says that this version was made, where that is not `created_at`. Decides which of
            two versions is the newer.
        edit_ids: ids of all versions, where the platform gives an edit an id of its own: a deletion may name any.
    """

    source: Source
    post_id: str | None
    author_id: str | None
    created_at: int | None
    text: str | None
    lang: str | None = None
    event_type: EventType = "create"
    reply_to_id: str | None = None
    thread_id: str | None = None
    rating: int | None = None
    place_name: str | None = None
    place_id: str | None = None
    author_official: bool | None = None
    changed_at: int | None = None
    edit_ids: tuple[str, ...] = ()


class Quarantined(NamedTuple):
    """A record that could not be read as a post. `raw` is personal data and goes to the vault only.

    Attributes:
        line: first physical line of the bad part, from 1; None for the whole file.
        reason: a code of lower-case words joined by underscores, never text of the record.
        raw: the bytes as received, cut to a bound.
    """

    line: int | None
    reason: str
    raw: bytes


_STR = pa.string()
_STRS = pa.list_(pa.string())
_JST = pa.timestamp(
    "s"
)  # naive: wall clock in Asia/Tokyo, because dbt's event times are compared without a zone

RAW_SCHEMA = pa.schema(
    [
        pa.field("source", _STR, nullable=False),
        pa.field("post_id", _STR),
        pa.field("author_id", _STR),
        pa.field("created_at", pa.int64()),  # Unix seconds, UTC
        pa.field("text", _STR),
        pa.field("lang", _STR),
        pa.field("event_type", _STR, nullable=False),
        pa.field("reply_to_id", _STR),
        pa.field("thread_id", _STR),
        pa.field("rating", pa.int8()),
        pa.field("place_name", _STR),
        pa.field("place_id", _STR),
        pa.field("author_official", pa.bool_()),
        pa.field("changed_at", pa.int64()),  # Unix seconds, UTC
        pa.field("edit_ids", _STRS, nullable=False),
        pa.field("file_id", _STR, nullable=False),  # SHA-256 of the file as received, hexadecimal
        pa.field(
            "line", pa.int64()
        ),  # first physical line of the record, from 1, where the payload has lines
        pa.field("arrived_on", pa.date32(), nullable=False),  # JST day of arrival: the partition
        pa.field("loaded_at", pa.int64(), nullable=False),  # Unix seconds, UTC, of the run that read the file
    ]
)
"""A row of the vault's raw posts: the fields of `Post` in their order, then where it came from. Personal data."""

QUARANTINE_SCHEMA = pa.schema(
    [
        pa.field("source_id", _STR, nullable=False),  # of the register, whose rules the record is read by
        pa.field("family", _STR),  # the landing folder's name
        pa.field("file_id", _STR, nullable=False),  # as in `RAW_SCHEMA`, or of the name if unopened
        pa.field("line", pa.int64()),  # null for the whole file
        pa.field("reason", _STR, nullable=False),
        pa.field("raw", pa.binary(), nullable=False),  # cut to a bound, My Numbers struck out
        pa.field("context", pa.binary(), nullable=False),  # a table's header, to read a row again
        pa.field("arrived_on", pa.date32(), nullable=False),
        pa.field("loaded_at", pa.int64(), nullable=False),
    ]
)
"""A row of the vault's quarantine: enough to read the record again after a fix. Personal data."""

REDACTED_SCHEMA = pa.schema(
    [
        pa.field("post_key", _STR, nullable=False),  # HMAC of source and post id under the period's key
        pa.field("author_key", _STR),  # HMAC of source and author id; null where the platform names no author
        pa.field("key_id", _STR, nullable=False),  # which key; distinct authors are exact within one
        pa.field("thread_key", _STR),
        pa.field("reply_key", _STR),
        pa.field("source", _STR, nullable=False),
        pa.field("arrived_on", pa.date32(), nullable=False),  # JST day of arrival: the partition
        pa.field("posted_on", pa.date32(), nullable=False),  # JST day of writing: the day of the marts
        pa.field("posted_at_jst", _JST, nullable=False),
        pa.field("lang", _STR),
        pa.field("rating", pa.int8()),
        pa.field("author_official", pa.bool_()),
        pa.field("entities", _STRS, nullable=False),  # watchlist ids that the post is about
        pa.field("watch_terms", _STRS, nullable=False),  # evidence: watchlist term ids with their version
        pa.field("cluster_key", _STR, nullable=False),  # near-duplicates share one
        pa.field("text", _STR, nullable=False),  # redacted
        pa.field("span_types", _STRS, nullable=False),  # one entry a redacted span
        pa.field("loaded_at", pa.int64()),  # Unix seconds, UTC, of the load: when the post became known
    ]
)
"""A row of staging/redacted. Pseudonymous."""

ASPECT = pa.struct([("theme", _STR), ("topic", _STR), ("polarity", pa.int8())])
ADVERSE_EVENT = pa.struct(
    [
        ("drug", _STR),
        ("event", _STR),  # as the lexicon writes the lay term
        ("event_pt", _STR),  # preferred term where the lexicon knows it
        ("serious", pa.bool_()),
        ("negated", pa.bool_()),
        ("feared", pa.bool_()),
        ("asked", pa.bool_()),
        ("about", _STR),  # self, family, other, generic
        ("has_patient", pa.bool_()),
        ("has_reporter", pa.bool_()),
        ("has_drug", pa.bool_()),
        ("has_event", pa.bool_()),
    ]
)

LABEL_FIELDS: tuple[pa.Field, ...] = (
    pa.field("relevant", pa.bool_(), nullable=False),
    pa.field("sentiment", _STR, nullable=False),  # neg, neu, pos, mixed
    pa.field("topics", _STRS, nullable=False),  # one to three, the main first; empty where not relevant
    pa.field("themes", _STRS, nullable=False),
    pa.field("aspects", pa.list_(ASPECT), nullable=False),
    pa.field("speaker", _STR, nullable=False),
    pa.field(
        "voice_class", _STR, nullable=False
    ),  # patient_voice, hcp_personal, official, media, public, excluded
    pa.field("intent", _STR, nullable=False),
    pa.field("flags", _STRS, nullable=False),
    pa.field("ae", pa.list_(ADVERSE_EVENT), nullable=False),
    pa.field("criticality", pa.int8(), nullable=False),  # 0 to 5, the worst statement
    pa.field("care_setting", _STR),
    pa.field("stage_of_care", _STR),
    pa.field("department", _STR),
    pa.field("prefecture", _STR),
    pa.field("health_subject", _STR, nullable=False),  # self, family, other, public_figure, generic
    pa.field("sensitive_category", _STR),
    pa.field("ad_claim_kinds", _STRS, nullable=False),
    pa.field("permitted_use", _STR, nullable=False),  # internal_only always; never anything like promotable
    pa.field("confidence", pa.float32(), nullable=False),  # 0 to 1
    pa.field("confidence_reason", _STR),  # why it is low: empty, no_words, other_language, too_long
    pa.field("review_reasons", _STRS, nullable=False),  # queues that want a human
    pa.field("claim_key", _STR),  # near-duplicate claim, for rumour and misinformation
    pa.field("evidence", _STRS, nullable=False),  # rule ids and top features
    pa.field("model_version", _STR, nullable=False),
    pa.field("taxonomy_version", _STR, nullable=False),
)
"""What the classifier adds to a post."""

TERM_FIELDS: tuple[pa.Field, ...] = (
    pa.field(
        "terms", _STRS, nullable=False
    ),  # `kind:name`, words of lexicons: drug, illness, procedure, technology
    pa.field("conditions", _STRS, nullable=False),  # groups of the illnesses among them
    pa.field(
        "nouns", pa.list_(pa.int64()), nullable=False
    ),  # other nouns, by a number that tells no rare word
)
"""What is found of a relevant post's words; empty for others."""

CLASSIFIED_SCHEMA = pa.schema(
    [f for f in REDACTED_SCHEMA if f.name != "text"] + list(LABEL_FIELDS) + list(TERM_FIELDS)
)
"""A row of staging/classified, which dbt reads: labels and keys, no text. Pseudonymous."""
