"""Building a release aside, and swapping it in.

Belongs here: copying the warehouse's marts into a candidate, its manifest, the swap, reading releases back.
Does not: deciding whether a candidate may go out (`gates.py`), what the marts hold (dbt).

A release is a folder `published/releases/<id>/` with `marts.duckdb` (schema main, written so that DuckDB 1.4 opens it),
`parquet/<mart>.parquet`, `manifest.json`, `CHANGES.md` (which marts and columns came and went) and, once rendered,
`report.html` and `reports/`. `published/current` is a symbolic link,
replaced atomically: a reader that holds the old file open keeps it, a new reader sees the new one, and nobody waits.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from orchestration import schema
from orchestration.guard import PlainError
from orchestration.schema import Contract, Contracts

STORAGE_VERSION = "v1.4.0"
"""BI tools' drivers lag; a file of this version opens in DuckDB 1.4 and all later ones."""
MARTS_SCHEMA = "marts"
DATABASE = "marts.duckdb"
MANIFEST = "manifest.json"
CHANGES = "CHANGES.md"
REPORT = "report.html"
REPORTS = "reports"
MIN_FREE_BYTES = 64 * 1024 * 1024


class PublicationError(PlainError):
    """The release could not be made; the one before stays current."""


@dataclass(frozen=True, slots=True)
class Mart:
    """One published table: its name, how many rows, the hash of its rows (not of the file), and what it promises."""

    name: str
    rows: int
    content_sha256: str
    columns: dict[str, str]
    held_rows: int = 0
    version: str = ""
    keys: tuple[str, ...] = ()
    deprecated: dict[str, str] = field(default_factory=dict)


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
    def contracts(self) -> dict[str, Contract]:
        """What the marts that have a version promise."""
        return {m.name: Contract(m.version, m.columns, m.keys, m.deprecated) for m in self.marts if m.version}

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
    contracts: Contracts | None = None,
) -> Candidate:
    """Copy the warehouse's marts into a new folder.

    Args:
        warehouse: DuckDB file with schema `marts`.
        folder: where to build; must not exist.
        descriptions: by table, by column (and under "" for the table): comments for readers of the database.
        settle: last word on each mart's rows, before any is written: what it takes away leaves no trace in the file.
        contracts: the marts to publish, with their versions; None for every table of schema `marts`. A table that no model
            makes any more stays in the warehouse and is past all tests, so it is left out.

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
            if contracts is None or row[0] in contracts
        ]
        if not names:
            raise PublicationError("the warehouse holds no marts; the earlier release stays current")
        # One transaction: each of its own would write its log to the disk, and there is a comment a column.
        con.begin()
        marts = [_copy_mart(con, name, folder, (descriptions or {}).get(name, {}), settle) for name in names]
        con.commit()
        if contracts is not None:
            marts = [_promised(mart, contracts[mart.name]) for mart in marts]
        con.execute("CHECKPOINT release")
        con.execute("DETACH release")
    return Candidate(folder, marts)


def _promised(mart: Mart, contract: Contract) -> Mart:
    return replace(mart, version=contract.version, keys=contract.keys, deprecated=dict(contract.deprecated))


def tell_changes(candidate: Candidate, before: Path | None, today: date) -> None:
    """Write CHANGES.md into a candidate: what came, went and changed since the release before.

    Args:
        candidate: built with contracts.
        before: folder of the current release, if any.
        today: the day of publication.

    Raises:
        PublicationError: a change breaks a promise (`schema.refusals`). The candidate's folder is removed.
    """
    previous = schema.of_release(read_manifest(before)) if before else {}
    found = schema.refusals(previous, candidate.contracts, today)
    if found:
        shutil.rmtree(candidate.folder, ignore_errors=True)
        raise PublicationError(f"not published, the earlier release stays current. {'; '.join(found)}")
    page = schema.release_page(previous, candidate.contracts, before.name if before else "")
    (candidate.folder / CHANGES).write_text(page, encoding="utf-8")


def _copy_mart(
    con: duckdb.DuckDBPyConnection,
    name: str,
    folder: Path,
    comments: Mapping[str, str],
    settle: Settle | None,
) -> Mart:
    table = _quote(name)
    rows = f"SELECT * FROM w.{MARTS_SCHEMA}.{table}"
    held = 0
    if settle is None:
        con.execute(f"CREATE TABLE release.main.{table} AS {rows} ORDER BY ALL")
    else:
        frame = settle(name, con.execute(rows).pl())
        if "is_held" in frame.columns:
            held = int(frame["is_held"].sum())
            frame = frame.drop("is_held")
        con.execute(f"CREATE TABLE release.main.{table} AS {rows} LIMIT 0")
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
    count, digest = _content(con, table, columns)
    return Mart(name, count, digest, columns, held)


def _content(con: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, str]) -> tuple[int, str]:
    """How many rows a table of the release has, and the hash of its columns and rows, a line of JSON a row."""
    digest, count = hashlib.sha256(json.dumps(columns, sort_keys=True).encode()), 0
    lines = con.execute(f"SELECT to_json(t)::VARCHAR || chr(10) FROM release.main.{table} t")
    for batch in lines.to_arrow_reader(10_000):
        digest.update("".join(batch.column(0).to_pylist()).encode())
        count += batch.num_rows
    return count, digest.hexdigest()


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
    earlier = read_manifest(before) if before else {}
    promised = schema.of_release(earlier) if before else {}
    if (
        before
        and earlier.get("content_sha256") == candidate.content_sha256
        and earlier.get("versions") == dict(versions)
        and promised == candidate.contracts
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
        "schema_changes": [asdict(c) for c in schema.changes(promised, candidate.contracts)]
        if before
        else [],
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


def add_files(release: Path, sources: Mapping[str, Path]) -> None:
    """Move further files (reports) into a release and note them in its manifest, which is written last.

    Args:
        release: the release's folder.
        sources: by name in the release, with at most one folder before it; on the same file system.
    """
    manifest = read_manifest(release)
    for name, source in sources.items():
        source.chmod(0o444)
        _sync(source)
        manifest["files"][name] = {"bytes": source.stat().st_size, "sha256": sha256_of(source)}
        target = release / name
        target.parent.mkdir(exist_ok=True)
        target.parent.chmod(0o755)
        source.replace(target)
        _sync(target.parent)
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
        for folder in (path, *(p for p in path.iterdir() if p.is_dir())):
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
