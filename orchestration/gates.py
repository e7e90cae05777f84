"""The gates: what must hold before anything leaves staging, as functions that say what they counted.

Belongs here: scanning staging rows, a candidate release and a release; looking for canaries in all that a run wrote.
Does not: Dagster's checks (`checks/`), which call these and block; the patterns (`transforms.redaction.scan`).

None of them trusts another: each reads what lies on the disk. A gate that cannot look fails. Results are counts and
names of types, columns and files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import polars as pl

from orchestration import publish
from orchestration.publish import Candidate, GateResult
from transforms.redaction import canaries, scan
from transforms.redaction.canaries import Canary, Sighting

CHUNK: Final = 1 << 20
ROWS_TOGETHER: Final = 500_000
STAGING, MARTS, CANDIDATE = "1-staging", "2-marts", "3-candidate"
BINARY: Final = frozenset({".parquet", ".duckdb"})


def read_chunks(path: Path) -> Iterator[bytes]:
    """A file's bytes, a mebibyte at a time."""
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            yield chunk


CODES: Final = frozenset({"handle.underscore"})
"""Patterns that codes such as ACC_WAIT meet: in tables of labels they say nothing."""


def distinct_values(frame: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Each text column of a table as a table of its own, of distinct values; lists and structs are taken apart.

    A label stands in many rows, and a scanner need see it once.
    """
    for name in frame.columns:
        for values in _flat(frame[name]):
            yield values.drop_nulls().unique(maintain_order=True).alias(name).to_frame()


def _flat(values: pl.Series) -> Iterator[pl.Series]:
    if isinstance(values.dtype, pl.List | pl.Array):
        yield from _flat(values.explode())
    elif isinstance(values.dtype, pl.Struct):
        for name in values.struct.fields:
            yield from _flat(values.struct.field(name))
    elif values.dtype in (pl.String, pl.Categorical) or isinstance(values.dtype, pl.Enum):
        yield values.cast(pl.String)


def residual(
    gate: str, name: str, frames: Iterable[tuple[str, pl.DataFrame]], ignored: frozenset[str] = frozenset()
) -> GateResult:
    """Scan every text column of some tables for identifiers.

    Args:
        gate: which gate asks.
        name: of the result.
        frames: (name, table) pairs.
        ignored: ids of patterns that these tables' own codes look like.

    Returns:
        Passed if nothing blocks. Counts: rows, and distinct values found by `table.column:type`.
    """
    counts: Counter[str] = Counter()
    found = 0
    for tables in _scanned_together(frames):
        counts["rows"] += sum(frame.height for _, frame in tables)
        columns = [(table, values) for table, frame in tables for values in distinct_values(frame)]
        # All columns at once: a pattern costs a call, and mostly nothing is found.
        together = [values.rename({values.columns[0]: "value"}) for _, values in columns]
        if not together or not _blocking(pl.concat(together).unique(), ignored):
            continue
        for table, values in columns:
            for finding in _blocking(values, ignored):
                found += 1
                counts[f"{table}.{finding.column}:{finding.type}"] += finding.rows
    return GateResult(gate, name, passed=not found, counts=dict(counts))


def _scanned_together(
    frames: Iterable[tuple[str, pl.DataFrame]],
) -> Iterator[list[tuple[str, pl.DataFrame]]]:
    """Tables in groups of a size that is worth a pass; a large one is alone with the small ones before it."""
    waiting: list[tuple[str, pl.DataFrame]] = []
    for table, frame in frames:
        waiting.append((table, frame))
        if sum(f.height for _, f in waiting) >= ROWS_TOGETHER:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def _blocking(values: pl.DataFrame, ignored: frozenset[str]) -> list[scan.Finding]:
    return [f for f in scan.scan_frame(values, values.columns).blocking if f.pattern not in ignored]


def _sightings(gate: str, name: str, planted: int, sightings: Sequence[tuple[str, Sighting]]) -> GateResult:
    counts = Counter({"planted": planted, "seen": len(sightings)})
    counts.update(f"{place}:{s.type}.{s.form}" for place, s in sightings)
    return GateResult(gate, name, passed=planted > 0 and not sightings, counts=dict(counts))


def canaries_in_frames(
    gate: str, name: str, flock: Sequence[Canary], frames: Iterable[tuple[str, pl.DataFrame]]
) -> GateResult:
    """Look for planted identities in every value of some tables. Without planted ones it fails: it has shown nothing."""
    seen = [
        (f"{table}.{s.place.split(':')[0]}", s)
        for table, frame in frames
        for values in distinct_values(frame)
        for s in canaries.find_in_frame(flock, values)
    ]
    return _sightings(gate, name, len(flock), seen)


def canaries_in_files(gate: str, name: str, flock: Sequence[Canary], files: Iterable[Path]) -> GateResult:
    """Look for planted identities in the bytes of files."""
    seen = canaries.find_in_files(flock, ((path.name, read_chunks(path)) for path in files))
    return _sightings(gate, name, len(flock), seen)


def residual_in_files(gate: str, name: str, files: Iterable[Path]) -> GateResult:
    """Scan the bytes of text files (reports, manifests) for identifiers."""
    counts: Counter[str] = Counter()
    for path in files:
        counts.update({f"{path.name}:{kind}": n for kind, n in scan.scan_bytes(read_chunks(path)).items()})
    return GateResult(gate, name, passed=not counts, counts=dict(counts))


def all_files(folders: Iterable[Path], since: float = 0.0) -> list[Path]:
    """Every plain file below some folders (or the files themselves) that was changed since a time in Unix seconds."""
    found: list[Path] = []
    for folder in folders:
        if folder.is_file():
            found.append(folder)
        elif folder.is_dir():
            found += [p for p in folder.rglob("*") if p.is_file() and not p.is_symlink()]
    return sorted(p for p in found if p.stat().st_mtime >= since)


def _marts(folder: Path) -> Iterator[tuple[str, pl.DataFrame]]:
    for path in sorted((folder / "parquet").glob("*.parquet")):
        yield path.stem, pl.read_parquet(path)


FORBIDDEN_COLUMNS: Final = frozenset(
    {
        "text",
        "url",
        "post_key",
        "author_key",
        "thread_key",
        "reply_key",
        "key_id",
        "cluster_key",
        "claim_key",
        "post_id",
        "author_id",
    }
)


def shape(gate: str, candidate: Candidate) -> GateResult:
    """No column of text, keys or ids, nothing finer than a day, and small cells hidden, whatever dbt's own tests said."""
    counts: Counter[str] = Counter()
    for table, frame in _marts(candidate.folder):
        counts.update(
            f"{table}.{c}:forbidden" for c in frame.columns if c in FORBIDDEN_COLUMNS or c.endswith("_key")
        )
        counts.update(
            f"{table}.{c}:finer_than_a_day"
            for c, t in frame.schema.items()
            if isinstance(t, pl.Datetime | pl.Time)
        )
        for column in _people(frame):
            small = frame.filter(pl.col(column).is_between(1, 9)).height
            counts.update({f"{table}.{column}:small_cells": small} if small else {})
    return GateResult(gate, "shape", passed=not counts, counts=dict(counts))


def _people(frame: pl.DataFrame) -> list[str]:
    """Columns that count people, by their names; a mean of such numbers is none."""
    return [
        name
        for name, kind in frame.schema.items()
        if kind.is_integer()
        and (name == "authors" or name.endswith("_authors") or name.startswith(("authors_", "spoke_")))
    ]


def candidate_gate(
    candidate: Candidate, flock: Sequence[Canary], elsewhere: Iterable[Path], since: float = 0.0
) -> list[GateResult]:
    """Gate 3: everything that could be wrong with a candidate, by its values and its bytes.

    Args:
        candidate: built aside.
        flock: identities that the run planted.
        elsewhere: other files and folders that the run wrote: event log, dbt's artefacts, warehouse.
        since: Unix seconds; older files there were looked through by earlier runs.
    """
    return [
        shape(CANDIDATE, candidate),
        residual(CANDIDATE, "values", _marts(candidate.folder), CODES),
        canaries_in_frames(CANDIDATE, "canary_values", flock, _marts(candidate.folder)),
        residual_in_files(CANDIDATE, "bytes", [p for p in candidate.files if p.suffix not in BINARY]),
        canaries_in_files(CANDIDATE, "canary_bytes", flock, [*candidate.files, *all_files(elsewhere, since)]),
    ]


def describe(result: GateResult) -> str:
    """One line about a failed gate: names and counts."""
    details = ", ".join(
        f"{k} {n}" for k, n in sorted(result.counts.items()) if k not in ("rows", "planted", "seen")
    )
    return f"{result.gate}/{result.name}: {details or 'nothing planted'}"


def verify_release(published: Path, release: Path | None, flock: Sequence[Canary]) -> list[str]:
    """Check a release again as if it were a candidate.

    Args:
        published: the zone.
        release: a release's folder; the current one if None.
        flock: identities planted lately.

    Returns:
        One line a finding.

    Raises:
        PublicationError: there is no such release.
    """
    folder = release or publish.current_release(published)
    if folder is None or not folder.is_dir():
        raise publish.PublicationError("there is no such release")
    found = publish.verify_files(folder)
    candidate = Candidate(folder, [])
    return found + [describe(r) for r in candidate_gate(candidate, flock, []) if not r.passed]
