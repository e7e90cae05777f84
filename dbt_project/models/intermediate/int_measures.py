"""What each measure of the ledger came to, by subject: verdicts, bands, and numbers where all weeks are published.

Belongs here: handing ledger and weeks to the regressions. Does not: the regressions (`transforms/statistics`).
"""

from __future__ import annotations

from typing import Any

from transforms.statistics.measures import evaluate


def model(dbt: Any, session: Any) -> Any:  # noqa: ARG001  dbt calls it with both
    """Judge all measures anew: each week adds evidence.

    Args:
        dbt: dbt's handle on the project.
        session: the warehouse's connection.

    Returns:
        A row a measure and subject, as a polars frame.
    """
    dbt.config(materialized="table")
    weeks = dbt.ref("int_measure_weeks")
    actions = dbt.ref("stg_actions").pl()
    entities = dbt.ref("stg_entities").pl()
    days = (
        dbt.ref("int_source_days")
        .aggregate("min(posted_on) as first_on, max(posted_on) as last_on")
        .fetchone()
    )
    return evaluate(actions, weeks.pl(), entities, days[0], days[1])
