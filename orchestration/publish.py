"""Building a release aside, and swapping it in.

Belongs here: copying the warehouse's marts into a candidate, its manifest, the swap, reading releases back.
Does not: deciding whether a candidate may go out (`gates.py`), what the marts hold (dbt).

A release is a folder `published/releases/<id>/` with `marts.duckdb` (schema main, written so that DuckDB 1.4 opens it),
`parquet/<mart>.parquet`, `manifest.json` and, once rendered, `report.html`. `published/current` is a symbolic link,
replaced atomically: a reader that holds the old file open keeps it, a new reader sees the new one, and nobody waits.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from orchestration.guard import PlainError

STORAGE_VERSION = "v1.4.0"
"""BI tools' drivers lag; a file of this version opens in DuckDB 1.4 and all later ones."""
MARTS_SCHEMA = "marts"
DATABASE = "marts.duckdb"
MANIFEST = "manifest.json"
REPORT = "report.html"
MIN_FREE_BYTES = 64 * 1024 * 1024


class PublicationError(PlainError):
    """The release could not be made; the one before stays current."""


@dataclass(frozen=True, slots=True)
class Mart:
    """One published table: its name, how many rows, and the hash of its rows (not of the file)."""

    name: str
    rows: int
    content_sha256: str
    columns: dict[str, str]
    held_rows: int = 0


Settle = Callable[[str, pl.DataFrame], pl.DataFrame]
"""Takes a mart's name and rows, gives the rows that may be published, with a further column `is_held` where it kept some."""


@dataclass(slots=True)
class Candidate:
    """A release that is built but not yet out."""

    folder: Path
    marts: list[Mart]

    @property
    def content_sha256(self) -> str:
        """Hash over the content of all marts: equal for row-identical releases."""
        return hashlib.sha256("".join(f"{m.name}{m.content_sha256}" for m in self.marts).encode()).hexdigest()

    @property
    def files(self) -> list[Path]:
        """All files, in a stable order."""
        return sorted(p for p in self.folder.rglob("*") if p.is_file())


@dataclass(frozen=True, slots=True)
class GateResult:
    """What a gate said. Counts and names only."""

    gate: str
    name: str
    passed: bool
    counts: dict[str, int] = field(default_factory=dict)


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'"


def require_free_space(folder: Path, needed: int) -> None:
    """Refuse to begin what the disk cannot hold.

    Raises:
        PublicationError: less than `needed` plus a reserve is free.
    """
    free = shutil.disk_usage(folder).free
    if free < needed + MIN_FREE_BYTES:
        raise PublicationError(
            f"not enough space to publish: {free // 2**20} MiB free, {(needed + MIN_FREE_BYTES) // 2**20} MiB needed; the earlier release stays current"
        )


def build_candidate(
    warehouse: Path,
    folder: Path,
    descriptions: Mapping[str, Mapping[str, str]] | None = None,
    settle: Settle | None = None,
) -> Candidate:
    """Copy every table of the warehouse's marts schema into a new folder.

    Args:
        warehouse: DuckDB file with schema `marts`.
        folder: where to build; must not exist.
        descriptions: by table, by column (and under "" for the table): comments for readers of the database.
        settle: last word on each mart's rows, before any is written: what it takes away leaves no trace in the file.

    Returns:
        The candidate, files closed.

    Raises:
        PublicationError: no warehouse, no marts, no space.
    """
    if not warehouse.is_file():
        raise PublicationError("there is no warehouse to publish from; run the night first")
    require_free_space(folder.parent, 2 * warehouse.stat().st_size)
    (folder / "parquet").mkdir(parents=True)
    with duckdb.connect() as con:
        con.execute(f"ATTACH {_literal(warehouse)} AS w (READ_ONLY)")
        con.execute(f"ATTACH {_literal(folder / DATABASE)} AS release (STORAGE_VERSION '{STORAGE_VERSION}')")
        names = [
            row[0]
            for row in con.execute(
                "SELECT table_name FROM information_schema.tables WHERE table_catalog = 'w' AND table_schema = ? ORDER BY 1",
                [MARTS_SCHEMA],
            ).fetchall()
        ]
        if not names:
            raise PublicationError("the warehouse holds no marts; the earlier release stays current")
        marts = [_copy_mart(con, name, folder, (descriptions or {}).get(name, {}), settle) for name in names]
        con.execute("CHECKPOINT release")
        con.execute("DETACH release")
    return Candidate(folder, marts)


def _copy_mart(
    con: duckdb.DuckDBPyConnection,
    name: str,
    folder: Path,
    comments: Mapping[str, str],
    settle: Settle | None,
) -> Mart:
    table = _quote(name)
    rows_in_order = f"SELECT * FROM w.{MARTS_SCHEMA}.{table} ORDER BY ALL"
    held = 0
    if settle is None:
        con.execute(f"CREATE TABLE release.main.{table} AS {rows_in_order}")
    else:
        frame = settle(name, con.execute(rows_in_order).pl())
        if "is_held" in frame.columns:
            held = int(frame["is_held"].sum())
            frame = frame.drop("is_held")
        con.execute(f"CREATE TABLE release.main.{table} AS {rows_in_order} LIMIT 0")
        con.register("settled", frame.to_arrow())
        con.execute(f"INSERT INTO release.main.{table} SELECT * FROM settled ORDER BY ALL")
        con.unregister("settled")
    columns = {c: t for c, t, *_ in con.execute(f"DESCRIBE release.main.{table}").fetchall()}
    for column, comment in comments.items():
        target = f"COLUMN release.main.{table}.{_quote(column)}" if column else f"TABLE release.main.{table}"
        if not column or column in columns:
            con.execute(f"COMMENT ON {target} IS {_literal(comment)}")
    con.execute(
        f"COPY (SELECT * FROM release.main.{table}) TO {_literal(folder / 'parquet' / f'{name}.parquet')} (FORMAT parquet, COMPRESSION zstd)"
    )
    digest = hashlib.sha256(json.dumps(columns, sort_keys=True).encode())
    reader = con.execute(f"SELECT to_json(t)::VARCHAR FROM release.main.{table} t")
    rows = 0
    while chunk := reader.fetchmany(10_000):
        rows += len(chunk)
        digest.update("\n".join(r[0] for r in chunk).encode() + b"\n")
    return Mart(name, rows, digest.hexdigest(), columns, held)


def sha256_of(path: Path) -> str:
    """Hash of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    aside = path.with_suffix(".tmp")
    aside.write_text(
        json.dumps(content, ensure_ascii=False, indent=2, sort_keys=False) + "\n", encoding="utf-8"
    )
    aside.chmod(0o444)
    _sync(aside)
    aside.replace(path)
    _sync(path.parent)


def read_manifest(release: Path) -> dict[str, Any]:
    """Read a release's manifest.

    Raises:
        PublicationError: there is none, or it cannot be read.
    """
    try:
        manifest: dict[str, Any] = json.loads((release / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise PublicationError(f"{release.name}: no readable manifest") from None
    return manifest


def current_release(published: Path) -> Path | None:
    """The folder that `current` points at, if any."""
    link = published / "current"
    return link.resolve() if link.is_symlink() and link.exists() else None


def publish(
    candidate: Candidate,
    published: Path,
    *,
    now: datetime,
    gates: Sequence[GateResult],
    versions: Mapping[str, str],
    counts: Mapping[str, Any],
) -> Path:
    """Make a candidate the current release.

    Args:
        candidate: built beside the releases, on the same file system.
        published: the zone.
        now: time of publication.
        gates: what the gates said; each must have passed.
        versions: of code, model, taxonomy, policy, libraries.
        counts: numbers of the run that are worth keeping with the release.

    Returns:
        The release's folder. If the current release is row-identical, that one stays and the candidate is removed.

    Raises:
        PublicationError: a gate did not pass, or there is no space.
    """
    failed = [f"{g.gate}/{g.name}" for g in gates if not g.passed]
    if failed:
        shutil.rmtree(candidate.folder, ignore_errors=True)
        raise PublicationError(
            f"not published: {', '.join(failed)} did not pass; the earlier release stays current"
        )
    before = current_release(published)
    if (
        before
        and read_manifest(before).get("content_sha256") == candidate.content_sha256
        and read_manifest(before).get("versions") == dict(versions)
    ):
        shutil.rmtree(candidate.folder)
        return before
    release_id = f"{now:%Y%m%dT%H%M%S}Z-{candidate.content_sha256[:8]}"
    manifest = {
        "release_id": release_id,
        "published_at": now.isoformat(timespec="seconds"),
        "previous_release_id": before.name if before else None,
        "content_sha256": candidate.content_sha256,
        "data_class": "statistical",
        "storage_version": STORAGE_VERSION,
        "versions": dict(versions),
        "counts": dict(counts),
        "gates": [asdict(g) for g in gates],
        "marts": [asdict(m) for m in candidate.marts],
        "files": {
            str(p.relative_to(candidate.folder)): {"bytes": p.stat().st_size, "sha256": sha256_of(p)}
            for p in candidate.files
        },
    }
    _write_json(candidate.folder / MANIFEST, manifest)
    for path in candidate.files:
        path.chmod(0o444)
        _sync(path)
    for folder in (candidate.folder / "parquet", candidate.folder):
        folder.chmod(0o755)
        _sync(folder)
    releases = published / "releases"
    releases.mkdir(parents=True, exist_ok=True)
    release = releases / release_id
    candidate.folder.replace(release)
    _sync(releases)
    _point_current_at(published, release)
    return release


def _point_current_at(published: Path, release: Path) -> None:
    aside = published / ".current"
    aside.unlink(missing_ok=True)
    aside.symlink_to(Path("releases") / release.name)
    aside.replace(published / "current")
    _sync(published)


def add_file(release: Path, name: str, source: Path) -> None:
    """Move a further file (the report) into a release and note it in the manifest, each atomically."""
    source.chmod(0o444)
    _sync(source)
    manifest = read_manifest(release)
    manifest["files"][name] = {"bytes": source.stat().st_size, "sha256": sha256_of(source)}
    source.replace(release / name)
    _write_json(release / MANIFEST, manifest)


def prune(published: Path, keep: int) -> list[str]:
    """Remove the oldest releases beyond `keep`, never the current one.

    Returns:
        Ids of the removed releases.
    """
    current = current_release(published)
    releases = sorted(
        p for p in (published / "releases").iterdir() if p.is_dir() and not p.name.startswith(".")
    )
    old = [p for p in releases[: max(0, len(releases) - keep)] if p != current]
    for path in old:
        for folder in (path, path / "parquet"):
            folder.chmod(stat.S_IRWXU)
        shutil.rmtree(path)
    return [p.name for p in old]


def verify_files(release: Path) -> list[str]:
    """Compare a release's files with its manifest.

    Returns:
        One line a difference; empty if all is as published.
    """
    listed: dict[str, dict[str, Any]] = read_manifest(release)["files"]
    present = {str(p.relative_to(release)) for p in release.rglob("*") if p.is_file()} - {MANIFEST}
    found = [f"{name}: missing" for name in sorted(listed.keys() - present)]
    found += [f"{name}: not in the manifest" for name in sorted(present - listed.keys())]
    found += [
        f"{name}: changed since publication"
        for name in sorted(listed.keys() & present)
        if sha256_of(release / name) != listed[name]["sha256"]
    ]
    return found
