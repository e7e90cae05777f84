"""The payload fixtures and how a test reads a payload."""

from __future__ import annotations

import datetime as dt
import io
import json
from pathlib import Path
from typing import Any, NamedTuple

from transforms.posts import Post, Quarantined
from transforms.sources import Reading, read, siblings_of

PAYLOADS = Path(__file__).parents[2] / "fixtures" / "payloads"
LOADED_AT = int(dt.datetime(2026, 11, 10, tzinfo=dt.UTC).timestamp())
FIELDS = tuple(field for field in Post._fields if field not in {"changed_at", "edit_ids"})


class Outcome(NamedTuple):
    """What came out of a payload."""

    reading: Reading
    records: list[Post | Quarantined]

    @property
    def posts(self) -> list[Post]:
        return [record for record in self.records if isinstance(record, Post)]

    @property
    def texts(self) -> list[str | None]:
        return [post.text for post in self.posts]

    @property
    def quarantined(self) -> list[Quarantined]:
        return [record for record in self.records if isinstance(record, Quarantined)]

    @property
    def reasons(self) -> list[tuple[int | None, str]]:
        return [(record.line, record.reason) for record in self.quarantined]


def outcome(payload: bytes, **arguments: Any) -> Outcome:
    reading = Reading(io.BytesIO(payload), **{"loaded_at": LOADED_AT, **arguments})
    return Outcome(reading, list(read(reading)))


def canonical(post: Post) -> dict[str, Any]:
    """A post as expected.jsonl writes it."""
    written = {field: getattr(post, field) for field in FIELDS}
    if post.created_at is not None:
        written["created_at"] = dt.datetime.fromtimestamp(post.created_at, dt.UTC).strftime(
            "%Y-%m-%dT%H:%M:%SZ"
        )
    return written


class Payload(NamedTuple):
    """A fixture file and what has to come out of it."""

    folder: str
    name: str
    expected: list[dict[str, Any]]
    quarantined: list[tuple[int | None, str]]

    @property
    def path(self) -> Path:
        return PAYLOADS / self.folder / self.name

    def read_raw(self) -> Outcome:
        """What the adapter makes of it, before My Numbers are struck out."""
        reading = Reading(io.BytesIO(self.path.read_bytes()), **self.arguments())
        return Outcome(reading, list(reading))

    def arguments(self) -> dict[str, Any]:
        beside = [
            path
            for path in sorted(self.path.parent.iterdir())
            if path.name.startswith(("locations", "users_"))
        ]
        streams = [io.BytesIO(path.read_bytes()) for path in beside]
        return {"loaded_at": LOADED_AT, "family": self.folder, "siblings": siblings_of(streams, self.folder)}


def _by_file(path: Path) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        record = json.loads(line)
        found.setdefault(record.pop("_file"), []).append(record)
    return found


def all_payloads() -> list[Payload]:
    """Every file of every platform's folder: a new platform's folder is tested as soon as it is there."""
    found = []
    for folder in sorted(path for path in PAYLOADS.iterdir() if path.is_dir()):
        expected = _by_file(folder / "expected.jsonl")
        quarantined = _by_file(folder / "expected_quarantine.jsonl")
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if path.is_dir() or name in {
                "README.md",
                "expected.md",
                "expected.jsonl",
                "expected_quarantine.jsonl",
            }:
                continue
            reasons = [(record["line"], record["reason"]) for record in quarantined.pop(name, [])]
            found.append(Payload(folder.name, name, expected.pop(name, []), reasons))
        assert not expected, f"expected.jsonl names files that are not there: {sorted(expected)}"
        assert not quarantined, (
            f"expected_quarantine.jsonl names files that are not there: {sorted(quarantined)}"
        )
    return found
