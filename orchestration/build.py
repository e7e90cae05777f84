"""The only place where Dagster's definitions are put together.

Belongs here: which assets, checks, jobs, schedules, sensors and resources there are. Does not: what any of them does.
Tests call `build_defs` with overrides; nothing is patched.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from orchestration.dbt_project import make_project, make_resource
from orchestration.notify import AppriseNotifier
from orchestration.progress import Silent
from orchestration.resources import Koe
from orchestration.settings import Settings

warnings.filterwarnings("ignore", category=dg.BetaWarning)
warnings.filterwarnings("ignore", category=dg.PreviewWarning)
# Freshness policies judge an asset, not a partition: an old backfill would turn them green.
warnings.filterwarnings("ignore", category=dg.SupersessionWarning)

NIGHT, FROM_MARTS = "night", "from_marts"


def default_resources() -> dict[str, Any]:
    """What the steps are given outside of tests."""
    return {
        "koe": Koe(),
        "dbt": make_resource(make_project()),
        "notifier": AppriseNotifier(
            urls=os.environ.get("KOE_NOTIFY_URLS", "").split(),
            policy=str(Settings.from_environment().config / "policy.yaml"),
        ),
        "reporter": Silent(),
    }


def build_defs(
    *,
    resource_overrides: Mapping[str, Any] | None = None,
    check_overrides: Sequence[dg.AssetChecksDefinition] | None = None,
) -> dg.Definitions:
    """Put the definitions together.

    Args:
        resource_overrides: resources by name that take the place of the default ones.
        check_overrides: checks that take the place of all checks on staging.

    Returns:
        Everything that `workspace.yaml` loads.
    """
    from orchestration.assets.marts import make_dbt_assets, mart_keys  # noqa: PLC0415  needs a manifest
    from orchestration.assets.release import make_release_assets  # noqa: PLC0415
    from orchestration.assets.staging import classified_posts, raw_posts, redacted_posts  # noqa: PLC0415
    from orchestration.checks.quality import make_watches  # noqa: PLC0415
    from orchestration.checks.staging import make_checks  # noqa: PLC0415
    from orchestration.retention_job import purge  # noqa: PLC0415
    from orchestration.schedules import nightly, purging  # noqa: PLC0415
    from orchestration.sensors import late_files, tell_failures  # noqa: PLC0415

    project = make_project()
    dbt_models = make_dbt_assets(project)
    manifest = json.loads(project.manifest_path.read_text(encoding="utf-8"))
    released = make_release_assets(mart_keys(manifest))
    freshness = dg.build_time_partition_freshness_checks(
        assets=[raw_posts, classified_posts], deadline_cron="0 6 * * *", timezone="Asia/Tokyo"
    )
    night = dg.define_asset_job(
        NIGHT,
        selection=dg.AssetSelection.all() - dg.AssetSelection.checks(*freshness),
        executor_def=dg.in_process_executor,
        description="取り込みから公開まで / From landing to release, for a day or a range of days of arrival.",
    )
    from_marts = dg.define_asset_job(
        FROM_MARTS,
        selection=dg.AssetSelection.assets(dbt_models) | dg.AssetSelection.assets(*released),
        executor_def=dg.in_process_executor,
        description="集計から公開まで（検査2・3を通る） / From staging to release; gates 2 and 3 included.",
    )
    return dg.Definitions(
        assets=[raw_posts, redacted_posts, classified_posts, dbt_models, *released],
        asset_checks=[
            *([*make_checks(), *make_watches()] if check_overrides is None else check_overrides),
            *freshness,
        ],
        jobs=[night, from_marts, purge],
        schedules=[nightly(night), purging(purge)],
        sensors=[
            late_files(night),
            tell_failures([night, from_marts]),
            dg.build_sensor_for_freshness_checks(freshness_checks=freshness),
        ],
        resources={**default_resources(), **(resource_overrides or {})},
        executor=dg.in_process_executor,
    )
