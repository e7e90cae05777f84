"""The cells of the months that this run opens, after the publication rule: hidden numbers are gone.

Belongs here: handing the open months' cells to the rule. Does not: the rule (`transforms/disclosure.py`).
"""

from __future__ import annotations

from typing import Any

from transforms.disclosure import publishable


def model(dbt: Any, session: Any) -> Any:  # noqa: ARG001  dbt calls it with both
    """Apply the publication rule to the months that this run opens.

    Args:
        dbt: dbt's handle on the project.
        session: the warehouse's connection.

    Returns:
        The cells as a polars frame.
    """
    dbt.config(materialized="table")
    cells = dbt.ref("int_cells")
    months = dbt.ref("int_open_months")
    return publishable(cells.join(months, "month_on", how="semi").pl())
