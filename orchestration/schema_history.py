"""The record of all versions of all marts, and the page docs/marts_changelog.md that is written from it.

    python -m orchestration.schema_history      # after a mart's columns and its version have changed

Belongs here: the file `dbt_project/marts_history.yaml`, and holding the present models to it. Does not: which change needs
which version (`schema`), what differs between the releases of an installation (`CHANGES.md` of each release).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from orchestration.schema import (
    WHOLE_MART,
    Contract,
    Contracts,
    SchemaError,
    changes,
    line,
    of_models,
    refusals,
)
from orchestration.settings import DBT_PROJECT, PROJECT, today

HISTORY = DBT_PROJECT / "marts_history.yaml"
CHANGELOG = PROJECT / "docs" / "marts_changelog.md"
MODELS = DBT_PROJECT / "models" / "marts"


@dataclass(frozen=True, slots=True)
class Recorded:
    """One version of a mart as the project's history holds it; `contract` is None where the mart ended."""

    on: str
    contract: Contract | None


History = dict[str, list[Recorded]]


def load_history(path: Path = HISTORY) -> History:
    """Read the record of all versions; empty if there is none."""
    if not path.exists():
        return {}
    content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    return {
        mart: [
            Recorded(
                str(e["on"]),
                Contract(
                    e["version"],
                    e["columns"],
                    tuple(e["keys"]),
                    {c: str(d) for c, d in e.get("deprecated", {}).items()},
                )
                if e.get("version")
                else None,
            )
            for e in entries
        ]
        for mart, entries in content.items()
    }


def latest(history: History) -> dict[str, Contract]:
    """The newest recorded contract of each mart that is still there."""
    return {m: entries[-1].contract for m, entries in history.items() if entries[-1].contract is not None}


def unrecorded(history: History, current: Contracts, on: date) -> list[str]:
    """What keeps the present marts from being what the history says: one line a mart; empty if all is well."""
    known = latest(history)
    found = refusals(known, current, on)
    found += [
        f"{mart}: it ends without having been announced under meta.deprecated"
        for mart, contract in known.items()
        if mart not in current and WHOLE_MART not in contract.deprecated
    ]
    if found:
        return found
    return [
        f"{mart} is not recorded as it is now; run: python -m orchestration.schema_history"
        for mart in sorted({*known, *current})
        if known.get(mart) != current.get(mart)
    ]


def record(history: History, current: Contracts, on: date) -> History:
    """The history with the present marts added.

    Raises:
        SchemaError: a mart breaks a promise; a line each.
    """
    found = [told for told in unrecorded(history, current, on) if "is not recorded" not in told]
    if found:
        raise SchemaError("\n".join(found))
    known = latest(history)
    added = {m: list(entries) for m, entries in history.items()}
    for mart in sorted({*known, *current}):
        if known.get(mart) != current.get(mart):
            added.setdefault(mart, []).append(Recorded(on.isoformat(), current.get(mart)))
    return added


def as_yaml(history: History) -> str:
    """The record as the file holds it."""
    content: dict[str, list[dict[str, Any]]] = {
        mart: [
            {
                "on": e.on,
                "version": e.contract.version,
                "keys": list(e.contract.keys),
                "columns": dict(e.contract.columns),
                **({"deprecated": dict(e.contract.deprecated)} if e.contract.deprecated else {}),
            }
            if e.contract
            else {"on": e.on, "version": None}
            for e in entries
        ]
        for mart, entries in sorted(history.items())
    }
    head = (
        "# Every version of every mart. Written by `python -m orchestration.schema_history`, never by hand.\n"
    )
    return head + yaml.safe_dump(
        content, allow_unicode=True, sort_keys=False, width=120, default_flow_style=None
    )


_CHANGELOG_HEAD = """\
# Marts and columns: what came, went and changed

Written from `dbt_project/marts_history.yaml` by `python -m orchestration.schema_history`; a test holds it to the models. How
versions are counted, and what a reader may rely on: [marts.md](marts.md#a-schema-to-build-on). What differs between two
releases of your own stands beside each release, in `CHANGES.md` and under `schema_changes` of `manifest.json`.
"""


def changelog(history: History) -> str:
    """The page docs/marts_changelog.md, the newest day first."""
    days = sorted({e.on for entries in history.values() for e in entries}, reverse=True)
    parts = [_CHANGELOG_HEAD]
    for day in days:
        lines: list[str] = []
        for mart, entries in sorted(history.items()):
            lines += _lines_of_day(mart, entries, day)
        parts.append(f"## {day}\n\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


def _lines_of_day(mart: str, entries: Sequence[Recorded], day: str) -> list[str]:
    lines: list[str] = []
    for number, entry in enumerate(entries):
        if entry.on != day:
            continue
        before = entries[number - 1].contract if number else None
        old = {mart: before} if before else {}
        new = {mart: entry.contract} if entry.contract else {}
        lines += [line(c) for c in changes(old, new)]
    return lines


def main() -> int:
    """Record the present marts."""
    try:
        history = record(load_history(), of_models(MODELS), today())
    except SchemaError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    HISTORY.write_text(as_yaml(history), encoding="utf-8")
    CHANGELOG.write_text(changelog(history), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
