"""Disproportionality of medicines and events by month: ratios where their counts may be known, else signals alone.

Belongs here: handing pairs to the measures. Does not: the measures (`transforms/statistics`).
"""

from __future__ import annotations

from typing import Any

from transforms.statistics.disproportionality import measure_pairs


def model(dbt: Any, session: Any) -> Any:  # noqa: ARG001  dbt calls it with both
    """Measure the pairs of each month.

    Args:
        dbt: dbt's handle on the project.
        session: the warehouse's connection.

    Returns:
        A row a month and published pair, as a polars frame.
    """
    dbt.config(materialized="table")
    return measure_pairs(dbt.ref("int_event_pairs").pl())
