"""When the night runs by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

HOUR = 2


def nightly(job: UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    """02:00 in Japan, for the day before.

    The partition scheme counts today as a partition, so the day before is named here rather than taken as the last one.
    """

    @dg.schedule(
        name="nightly",
        job=job,
        cron_schedule=f"0 {HOUR} * * *",
        execution_timezone="Asia/Tokyo",
        description="毎日2時（日本時間）に前日分を処理 / Every day at 02:00 JST, for the day before.",
    )
    def schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        day = (context.scheduled_execution_time.date() - timedelta(days=1)).isoformat()
        return dg.RunRequest(run_key=day, partition_key=day)

    return schedule


def purging(job: dg.JobDefinition) -> dg.ScheduleDefinition:
    """03:30 in Japan, every day: what is past its time goes, whether or not the night before it succeeded."""
    return dg.ScheduleDefinition(
        name="purging",
        job=job,
        cron_schedule="30 3 * * *",
        execution_timezone="Asia/Tokyo",
        description="毎日3時30分（日本時間）に期限切れを破棄 / Every day at 03:30 JST, destroys what is past its time.",
    )
