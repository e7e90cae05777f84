"""Strengths and gaps of one's own facilities beside their peers, from published counts alone.

Belongs here: handing published months to partial pooling. Does not: partial pooling (`transforms/statistics`).
"""

from __future__ import annotations

from typing import Any

from transforms.statistics.strengths import find_strengths

CELLS = """
    c.mart in ('themes', 'reputation') and c.grain = 'month' and c.voice_class = 'patient_voice'
    and (c.mart = 'themes' and c.breakdown = 'polarity' and c.value in ('pos', 'neg') or c.mart = 'reputation' and c.breakdown = 'all')
"""


def model(dbt: Any, session: Any) -> Any:  # noqa: ARG001  dbt calls it with both
    """Compare the facilities of each published month.

    Args:
        dbt: dbt's handle on the project.
        session: the warehouse's connection.

    Returns:
        A row a month, own facility, theme and polarity, as a polars frame.
    """
    dbt.config(materialized="table")
    entities = dbt.ref("stg_entities").set_alias("e")
    cells = (
        dbt.ref("int_published")
        .set_alias("c")
        .filter(CELLS)
        .join(entities, "c.entity = e.entity")
        .project(
            """c.period_on as month_on, c.entity, e.class, e.peer_set, c.voice_class, c.d1 as theme,
            if(c.mart = 'themes', c.value, 'all') as polarity, c.authors, c.k"""
        )
        .pl()
    )
    return find_strengths(cells)
