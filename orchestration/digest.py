"""What is told after each release: new alerts, cells held back, records refused, gates. Counts and values of marts only.

Belongs here: comparing a release with the one before, the message's words, remembering what was told. Does not: sending
(`notify`), anything that is not in a release.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import polars as pl

from orchestration import publish
from orchestration.zones import Zones

ALERTS: Final = "mart_alerts"
QUALITY: Final = "mart_quality"
ALERTS_SHOWN: Final = 5
REASONS_SHOWN: Final = 4
FIRST_DAYS: Final = 7
"""Of a first release, which has none before it to compare with, only the newest days' alerts are new."""
TOLD: Final = "last_digest.txt"

Message = tuple[str, str]


def compose(release: Path, before: Path | None, warnings: Sequence[str] = ()) -> Message:
    """The message about a release.

    Args:
        release: its folder.
        before: folder of the release before, None if there is none any more.
        warnings: lines to add, such as that PostgreSQL did not take it.

    Returns:
        Title and body, in Japanese with English beside it.
    """
    manifest = publish.read_manifest(release)
    lines = [
        *_alert_lines(release, before, manifest),
        _held_line(manifest),
        _rejected_line(release, before),
        _gate_line(manifest),
        *_schema_lines(manifest),
        *(f"注意 / warning: {w}" for w in warnings),
    ]
    return f"Koe: {release.name} を公開しました / released", "\n".join(lines)


def _mart(folder: Path | None, name: str) -> pl.DataFrame | None:
    path = folder / "parquet" / f"{name}.parquet" if folder else None
    return pl.read_parquet(path) if path and path.exists() else None


def _alert_lines(release: Path, before: Path | None, manifest: Mapping[str, Any]) -> list[str]:
    alerts = _mart(release, ALERTS)
    if alerts is None:
        return []
    own = alerts.filter(pl.col("entity_class") == "own")
    new = _new_rows(own, _mart(before, ALERTS), _keys(manifest, ALERTS))
    tiers = Counter(new["tier"].to_list())
    counts = "、".join(f"{tier} {tiers[tier]}" for tier in ("警戒", "注意", "情報") if tiers[tier])
    told = f"新しい警報 / new alerts: {new.height}" + (f" ({counts})" if counts else "")
    rank = pl.col("tier").replace_strict({"警戒": 0, "注意": 1}, default=2, return_dtype=pl.Int8)
    shown = new.sort(rank, pl.col("period_on").reverse(), "entity", "topic", "theme").head(ALERTS_SHOWN)
    return [told, *(f"  - {_alert(row)}" for row in shown.iter_rows(named=True))]


def _alert(row: Mapping[str, Any]) -> str:
    day: date = row["period_on"]
    when = f"{day:%-m/%-d}の週" if row["grain"] == "week" else f"{day:%-m/%-d}"
    theme = "" if row["theme"] == "all" else f" {row['theme_ja']}"
    people = f"{row['authors']:,}人" if row["authors"] is not None else "非表示"
    return f"{row['tier']} {when} {row['entity_name']} {row['topic_ja']}{theme} {people}"


def _keys(manifest: Mapping[str, Any], mart: str) -> list[str]:
    return next((list(m.get("keys", [])) for m in manifest["marts"] if m["name"] == mart), [])


def _new_rows(now: pl.DataFrame, before: pl.DataFrame | None, keys: Sequence[str]) -> pl.DataFrame:
    """Rows that the release before did not have; of a first release those of the newest days."""
    if before is None or not keys or not {*keys} <= {*before.columns}:
        newest: Any = now["period_on"].max()
        return (
            now if newest is None else now.filter(pl.col("period_on") > newest - timedelta(days=FIRST_DAYS))
        )
    return now.join(before.select(keys), on=list(keys), how="anti", nulls_equal=True)


def _held_line(manifest: Mapping[str, Any]) -> str:
    held = sum(int(m.get("held_rows", 0)) for m in manifest["marts"])
    return f"前の版のまま据え置いた升 / cells held back: {held:,}"


def _rejected(folder: Path | None) -> Counter[str]:
    quality = _mart(folder, QUALITY)
    if quality is None:
        return Counter()
    rows = quality.filter((pl.col("metric") == "rejected") & (pl.col("basis") == "arrival"))
    by_reason = rows.group_by("detail").agg(pl.col("value").sum())
    return Counter({reason: int(value) for reason, value in by_reason.iter_rows()})


def _rejected_line(release: Path, before: Path | None) -> str:
    """Records set aside since the release before: an increase of the totals that the quality mart keeps."""
    more = _rejected(release) - _rejected(before)
    reasons = sorted(more.items(), key=lambda x: (-x[1], x[0]))[:REASONS_SHOWN]
    listed = "、".join(f"{reason} {n:,}" for reason, n in reasons)
    return f"却下した記録 / records refused: {more.total():,}" + (f" ({listed})" if listed else "")


def _gate_line(manifest: Mapping[str, Any]) -> str:
    gates = manifest["gates"]
    return f"検査 / gates: {sum(bool(g['passed']) for g in gates)} / {len(gates)} 合格 / passed"


def _schema_lines(manifest: Mapping[str, Any]) -> list[str]:
    changes = len(manifest.get("schema_changes", []))
    return [f"表と列の変更 / changes of marts and columns: {changes} ({publish.CHANGES})"] if changes else []


def was_told(zones: Zones, release: Path) -> bool:
    """Whether the message about a release was delivered."""
    path = zones.dagster / TOLD
    return path.is_file() and path.read_text(encoding="utf-8").strip() == release.name


def note_told(zones: Zones, release: Path) -> None:
    """Remember that it was."""
    (zones.dagster / TOLD).write_text(f"{release.name}\n", encoding="utf-8")


def release_before(published: Path, release: Path) -> Path | None:
    """Folder of the release before one, if it is still there."""
    name = publish.read_manifest(release).get("previous_release_id")
    folder = published / "releases" / str(name)
    return folder if name and folder.is_dir() else None
