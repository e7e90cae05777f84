"""Terms by week with their growth, from published counts alone.

Belongs here: handing published weeks to the comparison. Does not: the comparison (`transforms/statistics`).
"""

from __future__ import annotations

from typing import Any

from transforms.statistics.emerging import find_emerging

CELL = "period_on as week_on, voice_class, split_part(d1, ':', 1) as kind, d1[length(split_part(d1, ':', 1)) + 2:] as term, authors, sources, k"


def model(dbt: Any, session: Any) -> Any:  # noqa: ARG001  dbt calls it with both
    """Compare each published week with the four before.

    Args:
        dbt: dbt's handle on the project.
        session: the warehouse's connection.

    Returns:
        A row a week, voice and published term, as a polars frame.
    """
    dbt.config(materialized="table")
    weeks = dbt.ref("int_published").filter("grain = 'week' and breakdown = 'all'")
    spoke = weeks.filter("mart = 'reputation'").aggregate(
        "period_on as week_on, voice_class, sum(authors)::bigint as authors"
    )
    return find_emerging(weeks.filter("mart = 'terms'").project(CELL).pl(), spoke.pl())
