"""Alarms of the horizon and what each day came to: the detectors' outcome, before it is known what may leave.

Belongs here: handing series, sources' health and confirmed events to the detectors. Does not: the detectors
(`transforms/statistics`).
"""

from __future__ import annotations

from typing import Any

from transforms.statistics.alerts import LEAST_TODAY, find_alerts


def model(dbt: Any, session: Any) -> Any:  # noqa: ARG001  dbt calls it with both
    """Judge all days and weeks anew: a late post may change what was usual.

    Args:
        dbt: dbt's handle on the project.
        session: the warehouse's connection.

    Returns:
        Alarms, and a row a day and entity, as a polars frame.
    """
    dbt.config(materialized="table")
    listed = dbt.ref("stg_confirmed_events")
    # A single confirmed post is no event: as many as an alarm needs are.
    reviewed = (
        dbt.ref("int_confirmed_events")
        .filter(f"posts >= {LEAST_TODAY}")
        .project("entity, topic, first_on, last_on")
    )
    return find_alerts(
        dbt.ref("int_complaint_series").pl(),
        dbt.ref("int_source_health").pl(),
        listed.union(reviewed).pl(),
    )
