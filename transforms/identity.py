"""What is one post: repeats, edits, removals, replies and copies, over all rows of the raw zone that are given.

Belongs here: logic by ids and by equal texts. Loading a file again, or the rows in another order, changes nothing.
Does not: texts that are nearly equal (`transforms.classification.claims`), keys and pseudonyms, tombstones on disk.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import polars as pl

from transforms.posts import RAW_SCHEMA

_POST: Final = ("source", "post_id")
_AUTHOR: Final = ("source", "author_id")
_FILLED: Final = ("lang", "reply_to_id", "thread_id", "place_name", "place_id", "author_official")
_VERSIONS: Final = ("create", "edit")
_ARRIVAL: Final = ("arrived_on", "loaded_at", "file_id", "line")
_SEEN: Final = (
    *_ARRIVAL,
    *(name for name in RAW_SCHEMA.names if name not in {*_ARRIVAL, "edit_ids"}),
)  # a total order
_MIN_COPY: Final = (
    15  # letters of a text whose copies are one voice; 「ありがとうございました」 is written by many
)
_MAX_CLIMB: Final = 1_000
_NOT_OWN_WORDS: Final = r"https?://\S+|^(?:RT\s+)?(?:@[\w.\-]+[:：]?\s*)+|[\s\p{P}\p{S}\p{C}]+"


class Resolution(NamedTuple):
    """What the raw rows come to.

    Attributes:
        posts: a row a live post, sorted by source and post_id: the columns of `RAW_SCHEMA`, of its newest version, with
            `created_at` of its first, then
            `versions` (how many different ones are known), `is_stale` (an edit was told whose text is not here: `text` is
            null, fetch it again), `cluster_id` (posts with one and the same text share the id of the earliest),
            `amplification` (posts in the cluster) and `cluster_authors` (distinct author ids in it, those without id as one).
        removals: a row an event that takes something away: source, post_id or author_id, event_type, created_at,
            arrived_on, loaded_at, file_id. Edited ids stand as the id of their post.
        removed: how many known posts they took away, by event type; a post that several name counts for the first of
            delete, account_delete, withhold, protect.
    """

    posts: pl.DataFrame
    removals: pl.DataFrame
    removed: dict[str, int]


def resolve(raw: pl.DataFrame) -> Resolution:
    """Live posts from raw rows.

    Newest wins: of several versions the one with the latest time (`changed_at`, else `created_at`); at the same time an
    edit before a post as it was created, a text before none, then the one with more known fields, then the one that
    arrived first. A delete and an account's deletion hold for ever. What is protected or withheld stays hidden until the
    post is fetched again, that is until it stands in a file that arrived on a later day than the event.

    Args:
        raw: rows of `RAW_SCHEMA`, in any order, any of them any number of times.
    """
    raw = raw.select(RAW_SCHEMA.names).with_columns(pl.col("edit_ids").fill_null([]))
    edits = _edit_ids(raw)
    is_version = pl.col("event_type").is_in(_VERSIONS)
    removals = _rooted(raw.filter(~is_version), edits, "post_id").unique(
        subset=[*_POST, "author_id", "event_type", "created_at", "arrived_on"],
        keep="first",
        maintain_order=True,
    )
    newest = _newest(raw.filter(is_version & pl.col("post_id").is_not_null()))
    posts, removed = _without_removed(newest, removals)
    posts = _rooted(_rooted(posts, edits, "reply_to_id"), edits, "thread_id")
    posts = _clustered(_threaded(posts.sort(_POST)))
    columns = [*RAW_SCHEMA.names, "versions", "is_stale", "cluster_id", "amplification", "cluster_authors"]
    return Resolution(
        posts.select(columns),
        removals.select(
            *_POST, "author_id", "event_type", "created_at", "arrived_on", "loaded_at", "file_id"
        ).sort(pl.all()),
        removed,
    )


def _edit_ids(raw: pl.DataFrame) -> pl.DataFrame:
    """The post of each id that one of its edits has: source, edit_id, root_id."""
    return (
        raw.filter(pl.col("event_type").is_in(_VERSIONS) & (pl.col("edit_ids").list.len() > 0))
        .select("source", pl.col("edit_ids").alias("edit_id"), pl.col("post_id").alias("root_id"))
        .explode("edit_id")
        .drop_nulls()
        .filter(pl.col("edit_id") != pl.col("root_id"))
        .sort("source", "edit_id", "root_id")
        .unique(subset=["source", "edit_id"], keep="first", maintain_order=True)
    )


def _rooted(rows: pl.DataFrame, edits: pl.DataFrame, column: str) -> pl.DataFrame:
    """Rows of which a column with an edit's id holds the id of its post."""
    if edits.is_empty():
        return rows.sort(_SEEN)
    return (
        rows.join(edits, left_on=["source", column], right_on=["source", "edit_id"], how="left")
        .with_columns(pl.coalesce("root_id", column).alias(column))
        .drop("root_id")
        .sort(_SEEN)
    )


def _newest(versions: pl.DataFrame) -> pl.DataFrame:
    """A row a post: its newest version, with what only other versions know, and when it was last seen."""
    version_at = pl.coalesce("changed_at", "created_at").fill_null(0)
    known = pl.sum_horizontal(
        pl.col(name).is_not_null().cast(pl.Int32) for name in (*_FILLED, "rating", "author_id")
    )
    has_text = pl.col("text").is_not_null()
    # An edit of which only the news came has no text and must not blot out what is known of the post.
    is_news = (pl.col("event_type") == "edit") & ~has_text & pl.col("changed_at").is_null()
    seen_first = (
        versions.with_columns(version_at.alias("_at"), known.alias("_known"), is_news.alias("_news"))
        .sort(_SEEN, nulls_last=True)
        .with_columns(pl.col("arrived_on").max().over(_POST).alias("_last_seen"))
        .unique(
            subset=[*_POST, "event_type", "_at", "text", "author_id", "_known"],
            keep="first",
            maintain_order=True,
        )
    )
    ordered = seen_first.sort(
        "_news", "_at", pl.col("event_type") == "edit", has_text, "_known",
        descending=[False, True, True, True, True], maintain_order=True,
    )  # fmt: skip
    others = [
        name
        for name in RAW_SCHEMA.names
        if name not in {*_POST, *_FILLED, "author_id", "created_at", "edit_ids"}
    ]
    posts = ordered.group_by(_POST, maintain_order=True).agg(
        pl.col(others).first(),
        *(pl.col(name).drop_nulls().first() for name in (*_FILLED, "author_id")),
        pl.col("created_at").filter(~pl.col("_news")).min(),
        pl.col("edit_ids").explode().drop_nulls().unique().sort(),
        pl.struct("_at", "text").filter(~pl.col("_news")).n_unique().alias("versions"),
        pl.col("_last_seen").first(),
        pl.col("_news").all().alias("_only_news"),
        *_news_counts(),
    )
    missing = (pl.col("_told") > pl.col("_edited")) & (pl.col("_told_on") >= pl.col("_text_on"))
    return (
        posts.filter(~pl.col("_only_news"))  # of a post that is not here, its edits are no news
        .with_columns(missing.fill_null(value=False).alias("is_stale"))
        .with_columns(pl.when("is_stale").then(None).otherwise("text").alias("text"))
    )


def _news_counts() -> tuple[pl.Expr, ...]:
    """Edits told and edits fetched, and when last."""
    has_text = pl.col("text").is_not_null()
    return (
        pl.col("_at").filter(pl.col("_news")).n_unique().alias("_told"),
        pl.col("_at").filter(has_text & (pl.col("event_type") == "edit")).n_unique().alias("_edited"),
        pl.col("arrived_on").filter(pl.col("_news")).max().alias("_told_on"),
        pl.col("arrived_on").filter(has_text).max().alias("_text_on"),
    )


def _without_removed(posts: pl.DataFrame, removals: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, int]]:
    """The posts that no event took away, and how many each kind took."""
    removed: dict[str, int] = {}
    of_post = pl.col("post_id").is_not_null()
    for event, lasts in (("delete", True), ("account_delete", True), ("withhold", False), ("protect", False)):
        events = removals.filter(pl.col("event_type") == event)
        before = posts.height
        for rows, keys in ((events.filter(of_post), _POST), (events.filter(~of_post), _AUTHOR)):
            told = rows.drop_nulls(keys).group_by(keys).agg(pl.col("arrived_on").max().alias("_told_on"))
            joined = posts.drop("_told_on").join(told, on=keys, how="left")
            hidden = pl.col("_told_on").is_not_null()
            if not lasts:
                hidden = hidden & (pl.col("_told_on") >= pl.col("_last_seen"))
            posts = joined.filter(~hidden)
        removed[event] = before - posts.height
    return posts, removed


def _threaded(posts: pl.DataFrame) -> pl.DataFrame:
    """Posts with the root of their thread where the platform names only the post answered."""
    lost = posts.filter(pl.col("thread_id").is_null() & pl.col("reply_to_id").is_not_null())
    if lost.is_empty():
        return posts
    sources = lost["source"].unique().to_list()
    links = posts.filter(pl.col("source").is_in(sources)).select(*_POST, "reply_to_id", "thread_id")
    parents = {(source, post): (reply, thread) for source, post, reply, thread in links.iter_rows()}
    roots = [_root(parents, source, post) for source, post in lost.select(_POST).iter_rows()]
    found = lost.select(_POST).with_columns(pl.Series("_root", roots, pl.String))
    joined = posts.join(found, on=_POST, how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce("thread_id", "_root").alias("thread_id")).drop("_root")


def _root(parents: dict[tuple[str, str], tuple[str | None, str | None]], source: str, post: str) -> str:
    """The topmost post that the links lead to, known or only named."""
    for _ in range(_MAX_CLIMB):
        reply, thread = parents.get((source, post), (None, None))
        if thread is not None:
            return thread
        if reply is None or reply == post:
            return post
        post = reply
    return post


def normalised(text: pl.Expr) -> pl.Expr:
    """A text's words alone, by which copies are told: no links, leading mentions, spaces, punctuation, case or width."""
    return text.str.normalize("NFKC").str.replace_all(_NOT_OWN_WORDS, "").str.to_lowercase()


def _clustered(posts: pl.DataFrame) -> pl.DataFrame:
    """Posts with the cluster of those that have the same words."""
    own = pl.concat_str("source", "post_id", separator="/")
    words = pl.col("_words")
    marked = posts.with_columns(normalised(pl.col("text")).alias("_words"), own.alias("_own")).with_columns(
        pl.when(words.str.len_chars() >= _MIN_COPY).then(words).otherwise(pl.lit("\0") + pl.col("_own"))
    )
    return marked.with_columns(
        pl.col("_own")
        .sort_by("created_at", "_own", nulls_last=True)
        .first()
        .over("_words")
        .alias("cluster_id"),
        pl.len().over("_words").alias("amplification"),
        pl.concat_str("source", pl.col("author_id").fill_null(""), separator="/")
        .n_unique()
        .over("_words")
        .alias("cluster_authors"),
    )
