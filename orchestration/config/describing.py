"""docs/configuration.md: every key of config/ with what it expects, written from the schemas themselves.

    python -m orchestration.config.describing > docs/configuration.md

Belongs here: turning schemas into a page. Does not: explaining how to use them (the files' own comments, README).
"""

from __future__ import annotations

import sys
import typing
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from orchestration.config.actions import Actions
from orchestration.config.policy import Policy
from orchestration.config.reading import plain_type
from orchestration.config.sources import NEVER_READ, SourceRegister
from orchestration.config.watchlist import WatchlistFile

FILES: tuple[tuple[str, type[BaseModel]], ...] = (
    ("sources.yaml", SourceRegister),
    ("watchlist.yaml", WatchlistFile),
    ("policy.yaml", Policy),
    ("actions.yaml", Actions),
)

_HEAD = f"""# Configuration

Four files in `config/` (or in the folder that `KOE_CONFIG` names). This page is written from their schemas
(`python -m orchestration.config.describing > docs/configuration.md`), and a test holds it to them.

Before a run touches anything, all four are read. A mistake is told in one line, several mistakes in several, and the exit
code is 2:

    config/sources.yaml:12: sources[1].retention_days: expected a whole number of days from 1 to 30
    config/policy.yaml:9: operator_typ: is not a key here; did you mean operator_type? expected one of …

YAML's tags and keys that are not listed here are mistakes; a file may have 16 MiB. Days are written YYYY-MM-DD. `[]` behind
a key marks a list of sections.

Never read, whatever a payload holds, and refused under `allowed_fields`: {", ".join(sorted(NEVER_READ))}.

Long watchlists: a CSV file named under `lists` has a header out of id, names, aliases, masked, exclusions, place_ids,
prefecture, valid_from, valid_to; several values of a cell are parted by `|`.

How long something is kept is the shorter of what `policy.yaml` and, for raw posts and quarantine, `sources.yaml` say.
"""


def page() -> str:
    """The page, in Markdown."""
    parts = [_HEAD]
    for name, model in FILES:
        rows = "\n".join(_rows(model, ""))
        parts.append(f"## config/{name}\n\n| key | expected | default |\n|---|---|---|\n{rows}\n")
    return "\n".join(parts)


def _rows(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        key = f"{prefix}{field.alias or name}"
        section, is_list = _section_of(field)
        shown = f"{key}[]" if is_list else key
        yield f"| `{shown}` | {(field.description or '').replace('|', '¦')} | {_default(field)} |"
        if section is not None:
            yield from _rows(section, f"{shown}.")


def _section_of(field: FieldInfo) -> tuple[type[BaseModel] | None, bool]:
    """The section that a field holds, if any, and whether it is a list of them."""
    kind: Any = plain_type(field.annotation)
    is_list = typing.get_origin(kind) is list
    if is_list:
        kind = plain_type(typing.get_args(kind)[0])
    is_section = isinstance(kind, type) and issubclass(kind, BaseModel)
    return (kind, is_list) if is_section else (None, False)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or value in ([], {}):
        return "none"
    return "as below" if isinstance(value, BaseModel) else f"`{value}`"


if __name__ == "__main__":
    sys.stdout.write(page())
