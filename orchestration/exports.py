"""What dbt reads of the configuration, as Parquet below staging/config: entities, measures, confirmed events.

Belongs here: these tables, and noticing that a measure was edited. Does not: the configuration's files (`config`), SQL.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.config.actions import Action
from orchestration.installation import Installation
from orchestration.settings import today
from orchestration.staging import write_table

PEER_SETS = {"own": "facilities", "competitor": "facilities", "product": "products"}
"""Which entries are compared with each other: one's own facilities with the competitors', products among themselves."""

_STR, _STRS = pa.string(), pa.list_(pa.string())
ENTITIES_SCHEMA = pa.schema(
    [(name, _STR) for name in ("entity_id", "class", "name", "prefecture", "peer_set")]
)
ACTIONS_SCHEMA = pa.schema(
    [
        ("action", _STR), ("entity", _STR), ("topics", _STRS), ("themes", _STRS), ("control_topics", _STRS),
        ("control_entities", _STRS), ("start_on", pa.date32()), ("ramp_days", pa.int32()), ("description", _STR),
        ("expected_direction", _STR), ("registered_on", pa.date32()), ("owner", _STR),
        ("fingerprint", _STR), ("edited_on", pa.date32()), ("is_current", pa.bool_()),
    ]
)  # fmt: skip
EVENTS_SCHEMA = pa.schema(
    [("entity", _STR), ("topic", _STR), ("first_on", pa.date32()), ("last_on", pa.date32())]
)
_WORDS = {"description", "owner"}
"""What may be worded better without touching how a measure is judged."""


def export_configuration(installation: Installation) -> None:
    """Write what dbt reads of the configuration: the watchlist's entities without their terms, measures, confirmed events."""
    folder = installation.zones.staging / "config"
    config = installation.config
    entities = [
        {
            "entity_id": e.id,
            "class": e.entry_class,
            "name": e.names[0],
            "prefecture": e.prefecture,
            "peer_set": PEER_SETS.get(e.entry_class),
        }
        for e in config.watchlist.entries
    ]
    events = [
        {"entity": e.entity, "topic": e.topic, "first_on": e.first_day, "last_on": e.last_day}
        for e in config.actions.events
    ]
    ledger = folder / "actions.parquet"
    before = pq.read_table(ledger).to_pylist() if ledger.is_file() else []
    actions = ledger_rows(config.actions.actions, before, today())
    write_table(folder / "entities.parquet", pa.Table.from_pylist(entities, ENTITIES_SCHEMA))
    write_table(ledger, pa.Table.from_pylist(actions, ACTIONS_SCHEMA))
    write_table(folder / "events.parquet", pa.Table.from_pylist(events, EVENTS_SCHEMA))


def ledger_rows(actions: list[Action], before: list[dict[str, Any]], day: date) -> list[dict[str, Any]]:
    """The measures with the day on which each was last found edited.

    A measure is believed as it was first met. From then on a change of anything but its words counts as an edit on the day on
    which it was found; a measure that was taken out stays on record, so that it does not come back as a new one.

    Args:
        actions: as configured now.
        before: rows of the last run.
        day: today.
    """
    known = {row["action"]: row for row in before}
    rows = []
    for action in actions:
        fingerprint = _fingerprint(action)
        last = known.pop(action.id, None)
        same = last is None or last["fingerprint"] == fingerprint
        values = action.model_dump(include={*Action.model_fields} - {"id", "start_date"})
        rows.append(
            values
            | {
                "action": action.id,
                "start_on": action.start_date,
                "fingerprint": fingerprint,
                "edited_on": (last["edited_on"] if last else None) if same else day,
                "is_current": True,
            }
        )
    rows += [{**row, "is_current": False} for row in known.values()]
    return rows


def _fingerprint(action: Action) -> str:
    values = action.model_dump(mode="json", exclude=_WORDS)
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]
