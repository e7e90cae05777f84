"""What BI tools may rely on: the version of each mart, and what has changed from one release to the next.

Belongs here: contracts of marts (version, columns, keys, deprecations), comparing two sets of them, which change needs
which version, the page that tells readers, the record of all versions. Does not: building or publishing (`publish`), what
a mart holds (dbt).

A version is "MAJOR.MINOR", kept in a mart's dbt `meta`. A column that comes raises the second number. A column that goes,
changes its type, or keys that change raise the first: a query may break. What is to go is announced in `meta.deprecated`
with the day until which it stays ("*" stands for the whole mart), and stays until then.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

import yaml

from orchestration.guard import PlainError

WHOLE_MART = "*"

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_VERSION = re.compile(r"[1-9][0-9]{0,3}\.(0|[1-9][0-9]{0,3})", re.ASCII)

Kind = Literal[
    "mart_came", "mart_went", "column_came", "column_went", "type_changed", "keys_changed", "deprecated"
]
BREAKING: frozenset[Kind] = frozenset({"column_went", "type_changed", "keys_changed"})


class SchemaError(PlainError):
    """A mart's version or deprecation does not fit what it holds."""


@dataclass(frozen=True, slots=True)
class Contract:
    """What a mart promises.

    Attributes:
        version: "MAJOR.MINOR".
        columns: type by name, in order, as DuckDB writes types.
        keys: columns that name a row.
        deprecated: by column ("*" for the whole mart) the last day, ISO, on which it is there.
    """

    version: str
    columns: Mapping[str, str]
    keys: tuple[str, ...] = ()
    deprecated: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two releases: the mart, what happened, to which column, what it was and what it is."""

    mart: str
    kind: Kind
    column: str | None = None
    was: str | None = None
    now: str | None = None


Contracts = Mapping[str, Contract]


def _contract(mart: str, meta: Mapping[str, Any], columns: Iterable[Mapping[str, Any]]) -> Contract:
    version = meta.get("version")
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise SchemaError(f'{mart}: meta.version: expected a version in quotes, such as "1.0"')
    types = {str(c["name"]): str(c.get("data_type") or "").upper() for c in columns}
    deprecated = {str(c): str(day) for c, day in (meta.get("deprecated") or {}).items()}
    for column, day in deprecated.items():
        if column != WHOLE_MART and column not in types:
            raise SchemaError(f"{mart}: meta.deprecated: there is no column {column}")
        try:
            date.fromisoformat(day)
        except ValueError:
            raise SchemaError(f"{mart}: meta.deprecated.{column}: expected a day, YYYY-MM-DD") from None
    return Contract(version, types, tuple(meta.get("keys") or ()), deprecated)


def of_dbt(manifest: Path) -> dict[str, Contract]:
    """Contracts of all marts from dbt's manifest.

    Raises:
        SchemaError: a mart lacks a version, or announces what it does not have.
    """
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    return {
        n["name"]: _contract(n["name"], n["config"].get("meta") or {}, n["columns"].values())
        for n in nodes
        if n["resource_type"] == "model" and n["schema"] == "marts"
    }


def of_models(folder: Path) -> dict[str, Contract]:
    """Contracts of all marts from the files beside the models.

    Raises:
        SchemaError: as `of_dbt`.
    """
    found = {}
    for path in sorted(folder.glob("*.yml")):
        content = yaml.load(path.read_text(encoding="utf-8"), _LOADER)  # noqa: S506 - a safe loader, both of them
        for model in content.get("models", []):
            meta = model.get("config", {}).get("meta") or {}
            found[model["name"]] = _contract(model["name"], meta, model["columns"])
    return found


def of_release(manifest: Mapping[str, Any]) -> dict[str, Contract]:
    """Contracts of a release, from its manifest; of a release made before there were versions, none."""
    return {
        m["name"]: Contract(m["version"], m["columns"], tuple(m["keys"]), m["deprecated"])
        for m in manifest["marts"]
        if m.get("version")
    }


def changes(before: Contracts, after: Contracts) -> list[Change]:
    """What came, went and changed, by mart; what is newly announced to go."""
    found: list[Change] = []
    for mart in sorted({*before, *after}):
        if mart not in before:
            found.append(Change(mart, "mart_came", now=after[mart].version))
        elif mart not in after:
            found.append(Change(mart, "mart_went", was=before[mart].version))
        if mart in after:
            known = before.get(mart)
            found += _column_changes(mart, known, after[mart]) if known else []
            found += [
                Change(mart, "deprecated", None if column == WHOLE_MART else column, now=day)
                for column, day in after[mart].deprecated.items()
                if not known or known.deprecated.get(column) != day
            ]
    return found


def _column_changes(mart: str, before: Contract, after: Contract) -> list[Change]:
    old, new = before.columns, after.columns
    found = [Change(mart, "column_came", c, now=t) for c, t in new.items() if c not in old]
    found += [Change(mart, "column_went", c, was=t) for c, t in old.items() if c not in new]
    found += [
        Change(mart, "type_changed", c, was=old[c], now=t) for c, t in new.items() if old.get(c, t) != t
    ]
    if before.keys != after.keys:
        found.append(Change(mart, "keys_changed", was=", ".join(before.keys), now=", ".join(after.keys)))
    return found


def _numbers(version: str) -> tuple[int, int]:
    major, minor = version.split(".")
    return int(major), int(minor)


def _next(version: str, kinds: set[Kind]) -> str:
    """The lowest version that may follow, given what changed."""
    major, minor = _numbers(version)
    if kinds & BREAKING:
        return f"{major + 1}.0"
    return f"{major}.{minor + 1}" if "column_came" in kinds else version


def refusals(before: Contracts, after: Contracts, on: date) -> list[str]:
    """Changes that break a promise.

    Args:
        before: what readers were promised.
        after: what they would get.
        on: the day of publication.

    Returns:
        One line a mart or column: changed under a version that does not say so, or gone before its day.
    """
    found: list[str] = []
    changed = changes(before, after)
    for mart in sorted({*before} & {*after}):
        kinds = {c.kind for c in changed if c.mart == mart}
        needed, has = _next(before[mart].version, kinds), after[mart].version
        if _numbers(has) < _numbers(needed):
            what = sorted({c.column or "keys" for c in changed if c.mart == mart and c.kind != "deprecated"})
            told = f"{', '.join(what)} changed" if what else "nothing may go back"
            found.append(f"{mart}: {told}, which needs version {needed} or later; it says {has}")
    for mart, contract in before.items():
        for column, day in contract.deprecated.items():
            gone = mart not in after or (column != WHOLE_MART and column not in after[mart].columns)
            if gone and date.fromisoformat(day) >= on:
                name = mart if column == WHOLE_MART else f"{mart}.{column}"
                found.append(f"{name} was promised until {day} and is gone")
    return found


_WORDS: Mapping[Kind, str] = {
    "mart_came": "新しい表 / new mart",
    "mart_went": "なくなった表 / mart gone",
    "column_came": "新しい列 / new column",
    "column_went": "なくなった列 / column gone",
    "type_changed": "型の変更 / type changed",
    "keys_changed": "行の単位の変更 / keys changed",
    "deprecated": "廃止予定 / deprecated",
}


def line(change: Change) -> str:
    """A change in one line of Markdown."""
    name = f"`{change.mart}.{change.column}`" if change.column else f"`{change.mart}`"
    if change.kind == "deprecated":
        return f"- {_WORDS[change.kind]}: {name} ({change.now} まで残る / stays until {change.now})"
    values = " → ".join(v for v in (change.was, change.now) if v)
    return f"- {_WORDS[change.kind]}: {name} ({values})"


def release_page(before: Contracts, after: Contracts, previous_id: str) -> str:
    """What a reader of a release should know about its shape, in Markdown.

    Args:
        before: contracts of the release before; none where there is none, or it was made before there were versions.
        after: contracts of this one.
        previous_id: id of the release before.
    """
    found = changes(before, after) if before else []
    parts = ["# 表と列の変更 / Changes of marts and columns\n"]
    if not before:
        parts.append("版番号の付いた最初の版です。 / The first release with versions.\n")
    else:
        parts.append(f"前の版 {previous_id} から。 / Since release {previous_id}.\n")
        lines = [line(c) for c in found] or ["変更はありません。 / Nothing has changed."]
        parts.append("\n".join(lines) + "\n")
    leaving = [
        f"- `{mart}`{'' if column == WHOLE_MART else f' の列 / column `{column}`'}: {day}"
        for mart, contract in after.items()
        for column, day in contract.deprecated.items()
    ]
    if leaving:
        parts.append(
            "## 廃止予定とその日 / Deprecated, and until when it stays\n\n" + "\n".join(leaving) + "\n"
        )
    rows = "\n".join(f"| `{m}` | {c.version} | {len(c.columns)} |" for m, c in sorted(after.items()))
    parts.append(
        f"## 表の版 / Versions\n\n| 表 / mart | 版 / version | 列 / columns |\n|---|---|---|\n{rows}\n"
    )
    return "\n".join(parts)
