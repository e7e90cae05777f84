"""Which nouns may be called by their name: those that enough people said within one week.

Belongs here: counting the numbers of nouns over staged weeks, and the list `staging/terms/words.parquet` that dbt joins names
from. Does not: finding terms in texts (`transforms.terms`), marts.

Classified rows hold nouns as numbers. A noun joins the list in the first week in which at least k people said it on two
platforms, and stays; dbt counts it from that week on. A noun that fewer people say is never written but in their own texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.staging import write_table
from orchestration.zones import Zones
from transforms.statistics.emerging import LEAST_SOURCES

WORDS_SCHEMA: Final = pa.schema(
    [
        pa.field("noun", pa.int64(), nullable=False),
        pa.field("word", pa.string(), nullable=False),
        pa.field("first_week_on", pa.date32(), nullable=False),
    ]
)
WEEKS_BACK: Final = 1
"""Weeks before a run's first day in which a noun may still come to be said by enough people: late posts lie there."""
_COLUMNS: Final = ("posted_on", "source", "key_id", "author_key", "voice_class", "relevant", "nouns")


def words_file(zones: Zones) -> Path:
    """Where the list lies."""
    return zones.staging / "terms" / "words.parquet"


def write_words(zones: Zones, days: Sequence[date], heard: Mapping[int, str], k: int) -> int:
    """Add the nouns that the weeks of some days of arrival have made known.

    Args:
        zones: whose staging is read and written.
        days: days of arrival that a run has classified.
        heard: nouns of these days by number.
        k: people who must have said a noun.

    Returns:
        Words on the list.
    """
    path = words_file(zones)
    known = pl.read_parquet(path) if path.is_file() else pl.DataFrame(schema=pl.Schema(_polars_schema()))
    found = _said_by_enough(zones, _monday(min(days)) - timedelta(weeks=WEEKS_BACK), max(days), k)
    names = pl.DataFrame(
        {"noun": list(heard), "word": list(heard.values())}, schema={"noun": pl.Int64, "word": pl.String}
    )
    named = pl.concat([names, known.select("noun", "word")]).unique("noun")
    joined = pl.concat(
        [known, found.join(named, on="noun", how="inner").select("noun", "word", "first_week_on")]
    )
    words = joined.group_by("noun").agg(pl.col("word").first(), pl.col("first_week_on").min()).sort("noun")
    write_table(path, words.to_arrow().cast(WORDS_SCHEMA))
    return words.height


def _polars_schema() -> dict[str, pl.DataType | type[pl.DataType]]:
    return {"noun": pl.Int64, "word": pl.String, "first_week_on": pl.Date}


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _said_by_enough(zones: Zones, first: date, last: date, k: int) -> pl.DataFrame:
    """Nouns said by at least k people in one of the weeks from `first` on, with the first such week.

    People are counted as the marts count them: within a key exactly, over keys the largest, over sources the sum.
    """
    count = (last - first).days + 1
    days = [first + timedelta(days=i) for i in range(max(0, count))]
    files = [zones.classified / f"arrived_on={day}" / "part.parquet" for day in days]
    # Files of a version that knew no nouns have nothing to say.
    read = [f for f in files if f.is_file() and "nouns" in pq.read_schema(f).names]
    if not read:
        return pl.DataFrame(schema={"noun": pl.Int64, "first_week_on": pl.Date})
    week = pl.col("posted_on").dt.truncate("1w").alias("first_week_on")
    return (
        pl.scan_parquet(read, hive_partitioning=False)
        .select(_COLUMNS)
        .filter("relevant", pl.col("voice_class") != "excluded", pl.col("posted_on") >= first)
        .select(week, "source", "key_id", pl.col("author_key").hash(), "nouns")
        .explode("nouns", empty_as_null=False, keep_nulls=False)
        .group_by("nouns", "first_week_on", "source", "key_id")
        .agg(pl.col("author_key").n_unique().alias("authors"))
        .group_by("nouns", "first_week_on", "source")
        .agg(pl.col("authors").max())
        .group_by("nouns", "first_week_on")
        .agg(pl.col("authors").sum(), pl.len().alias("sources"))
        .filter(pl.col("authors") >= k, pl.col("sources") >= LEAST_SOURCES)
        .group_by(pl.col("nouns").alias("noun"))
        .agg(pl.col("first_week_on").min())
        .collect()
    )
