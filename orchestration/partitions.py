"""The one partition scheme: a day in Japan.

Raw and staging assets are partitioned by the day on which posts arrived. Marts hold the day on which posts were written;
their dbt models find the written days that an arrival touches.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import date, timedelta

import dagster as dg

FIRST_DAY = os.environ.get("KOE_FIRST_DAY", "2020-01-01")

daily = dg.DailyPartitionsDefinition(
    start_date=FIRST_DAY,
    timezone="Asia/Tokyo",
    end_offset=1,  # today counts: a file that a person drops by hand can be loaded at once
)

RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"
PARTITION = "dagster/partition"


def range_tags(first: date, last: date) -> dict[str, str]:
    """Run tags that make Dagster treat first to last (inclusive) as one run."""
    return {RANGE_START: first.isoformat(), RANGE_END: last.isoformat()}


def days_between(first: date, last: date) -> Iterator[date]:
    """Each day from first to last, both included."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def days_of_run(tags: Mapping[str, str]) -> list[date]:
    """The days of arrival that a run is for, from its tags; none for a run that names none."""
    first = tags.get(RANGE_START) or tags.get(PARTITION)
    last = tags.get(RANGE_END) or tags.get(PARTITION)
    return list(days_between(date.fromisoformat(first), date.fromisoformat(last))) if first and last else []


def days_of(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> list[date]:
    """The days of the run that a step belongs to."""
    keys = context.partition_key_range
    return list(days_between(date.fromisoformat(keys.start), date.fromisoformat(keys.end)))
