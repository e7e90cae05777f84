"""The queues that want a human: adverse events, crisis, distress, misinformation, takedown.

Belongs here: writing candidates into restricted/, with redacted text and a case reference. Does not: deciding what is a
candidate (`transforms.classification`), what a reviewer decides.

The clock of a marketing authorisation holder starts when the post was loaded: due dates are counted from then
(施行規則228条の20: 15 and 30 days).
"""

from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.staging import day_file, write_day
from orchestration.zones import Zones

REVIEW_SCHEMA = pa.schema(
    [
        pa.field("case_ref", pa.string(), nullable=False),
        pa.field("post_key", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("posted_on", pa.date32(), nullable=False),
        pa.field("arrived_on", pa.date32(), nullable=False),
        pa.field("first_aware_on", pa.date32(), nullable=False),
        pa.field("due_15_on", pa.date32(), nullable=False),
        pa.field("due_30_on", pa.date32(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("flags", pa.list_(pa.string()), nullable=False),
        pa.field("evidence", pa.list_(pa.string()), nullable=False),
        pa.field("confidence", pa.float32(), nullable=False),
        pa.field("review_status", pa.string(), nullable=False),
    ]
)


def write_queues(zones: Zones, day: date, redacted: pa.Table, classified: pa.Table) -> dict[str, int]:
    """Replace the day's part of every queue.

    Args:
        zones: where restricted/ is.
        day: of arrival, which is also the day on which the organisation became aware.
        redacted: the day's rows with text.
        classified: the same rows, in the same order, with labels.

    Returns:
        Candidates by queue.
    """
    reasons = pc.list_flatten(classified["review_reasons"]).unique().to_pylist()
    known = [p.name for p in zones.restricted.iterdir() if p.is_dir()]
    counts: dict[str, int] = {}
    for queue in sorted({*reasons, *known}):
        mask = pa.array(
            [queue in (row or []) for row in classified["review_reasons"].to_pylist()], pa.bool_()
        )
        rows = classified.filter(mask)
        if rows.num_rows == 0 and not day_file(zones.restricted / queue, day).exists():
            continue
        count = rows.num_rows
        keys = rows["post_key"].to_pylist()
        table = pa.table(
            {
                "case_ref": [f"{queue[:2].upper()}-{day:%Y%m%d}-{key[:12]}" for key in keys],
                "post_key": keys,
                "source": rows["source"],
                "posted_on": rows["posted_on"],
                "arrived_on": rows["arrived_on"],
                "first_aware_on": [day] * count,
                "due_15_on": [day + timedelta(days=15)] * count,
                "due_30_on": [day + timedelta(days=30)] * count,
                "text": redacted["text"].filter(mask),
                "flags": rows["flags"],
                "evidence": rows["evidence"],
                "confidence": rows["confidence"],
                "review_status": ["未確認"] * count,
            },
            schema=REVIEW_SCHEMA,
        )
        counts[queue] = write_day(zones.restricted / queue, day, table, REVIEW_SCHEMA)
    return counts
