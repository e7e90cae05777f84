"""What happens between nights: late files start a run for their days, a failed run tells somebody.

Belongs here: deciding from counts and names of files' days. Does not: reading a file, sending (`notify.py`).
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from orchestration.notify import Notifier
from orchestration.partitions import range_tags
from orchestration.settings import Settings, today

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition


def waiting_days(landing: Path) -> dict[date, int]:
    """Days of arrival that have files waiting, with the newest change as a whole number of seconds.

    Only folders named YYYY-MM-DD count here: a file elsewhere belongs to the day on which it was put there, and waits for
    that day's night.
    """
    found: dict[date, int] = {}
    for folder in landing.iterdir() if landing.is_dir() else ():
        try:
            day = date.fromisoformat(folder.name)
        except ValueError:
            continue
        if folder.is_symlink() or not folder.is_dir():
            continue
        stamps = [int(p.stat().st_mtime) for p in folder.rglob("*") if p.is_file() and not p.is_symlink()]
        if stamps:
            found[day] = max(stamps)
    return found


def late_files(job: UnresolvedAssetJobDefinition) -> dg.SensorDefinition:
    """Start a run for days before yesterday that have files again: the schedule will not come back to them."""

    @dg.sensor(
        name="late_files",
        job=job,
        minimum_interval_seconds=600,
        description="到着日が過ぎたファイルを見つけて再処理 / Runs again for past days of arrival that have new files.",
    )
    def sensor() -> dg.SensorResult | dg.SkipReason:
        yesterday = today() - timedelta(days=1)
        late = {
            d: stamp
            for d, stamp in waiting_days(Settings.from_environment().home / "landing").items()
            if d < yesterday
        }
        if not late:
            return dg.SkipReason("no file of a past day is waiting")
        first, last = min(late), max(late)
        key = f"{first}:{last}:{max(late.values())}"
        return dg.SensorResult(run_requests=[dg.RunRequest(run_key=key, tags=range_tags(first, last))])

    return sensor


def tell_failures(monitored: list[UnresolvedAssetJobDefinition]) -> dg.SensorDefinition:
    """Tell the notifier about a failed run: names of steps and checks only."""

    @dg.run_failure_sensor(
        name="tell_failures",
        monitored_jobs=monitored,
        description="夜間処理の失敗を通知（本文は送らない）/ Notifies of failed runs, with names of steps only.",
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def sensor(context: dg.RunFailureSensorContext, notifier: dg.ResourceParam[Notifier]) -> None:
        steps = sorted({e.step_key for e in context.get_step_failure_events() if e.step_key})
        notifier.send(
            title=f"Koe: {context.dagster_run.job_name} failed / 夜間処理が失敗しました",
            body=f"run {context.dagster_run.run_id}; failed: {', '.join(steps) or 'before any step'}. The earlier release stays current. / 前回の公開版はそのまま残ります。",
        )

    return sensor
