"""The graph: what there is, in which order, and that a failed check stops everything behind it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from orchestration import sensors
from orchestration.build import FROM_MARTS, NIGHT, build_defs
from orchestration.dbt_project import PARSED, keep_parsed
from orchestration.installation import Installation
from orchestration.night import Wanted, choose_days, write_dagster_yaml
from orchestration.partitions import days_of_run, range_tags
from orchestration.progress import Silent
from orchestration.resources import Koe
from orchestration.settings import today

pytestmark = pytest.mark.integration
DAY = date(2026, 11, 2)


class Recorder:
    """A notifier that remembers."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

    def send(self, title: str, body: str) -> bool:
        self.sent.append((title, body))
        return True


@dg.asset_check(asset="redacted_posts", blocking=True)
def always_fails() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=False)


@pytest.fixture
def defs(installation: Installation) -> dg.Definitions:
    return build_defs()


def test_what_there_is(defs: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(defs)
    graph = defs.resolve_asset_graph()
    keys = {k.path[-1] for k in graph.get_all_asset_keys()}
    assert {
        "raw_posts",
        "redacted_posts",
        "classified_posts",
        "published",
        "report",
        "stg_posts",
        "mart_topics_weekly",
    } <= keys
    steps = {n.name for n in defs.resolve_job_def(NIGHT).nodes}
    assert {"raw_posts", "redacted_posts", "classified_posts", "dbt_models", "published", "report"} <= steps
    assert {n.name for n in defs.resolve_job_def(FROM_MARTS).nodes} == {
        "dbt_models",
        "published",
        "report",
        "postgres",
        "digest",
    }
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.group_name != "default", key
        assert node.owners, key
        assert node.description, key
        assert "select" not in node.description.lower(), key


def test_order_runs_from_landing_to_report(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()

    def parents(name: str) -> set[str]:
        return {k.path[-1] for k in graph.get(dg.AssetKey([name])).parent_keys}

    assert parents("redacted_posts") == {"raw_posts"}
    assert parents("classified_posts") == {"redacted_posts"}
    assert parents("stg_posts") == {"classified_posts"}
    assert "mart_topics_weekly" in parents("published")
    assert parents("report") == parents("postgres") == {"published"}
    assert parents("digest") == {"report", "postgres"}


def test_backfills_are_single_runs(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    for name in ("raw_posts", "redacted_posts", "classified_posts"):
        assert graph.get(dg.AssetKey([name])).backfill_policy == dg.BackfillPolicy.single_run()


def test_writers_of_the_warehouse_share_one_pool(defs: dg.Definitions) -> None:
    job = defs.resolve_job_def(NIGHT)
    assert {n.name: n.definition.pool for n in job.nodes if n.name in ("dbt_models", "published")} == {
        "dbt_models": "duckdb_writer",
        "published": "duckdb_writer",
    }


def test_the_schedule_takes_the_day_before_in_japan(defs: dg.Definitions) -> None:
    schedule = defs.resolve_schedule_def("nightly")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 2 * * *", "Asia/Tokyo")
    at = datetime(2026, 11, 2, 17, 0, tzinfo=UTC).astimezone(sensors_zone())  # 02:00 on the third in Japan
    tick = schedule.evaluate_tick(
        dg.build_schedule_context(scheduled_execution_time=at, repository_def=defs.get_repository_def())
    )
    assert [r.partition_key for r in tick.run_requests or []] == ["2026-11-02"]


def test_purging_has_a_job_and_an_hour_of_its_own(defs: dg.Definitions, installation: Installation) -> None:
    assert defs.resolve_schedule_def("purging").cron_schedule == "30 3 * * *"
    assert defs.resolve_job_def("purge").execute_in_process(resources={"koe": Koe()}).success


def sensors_zone() -> object:
    from zoneinfo import ZoneInfo

    return ZoneInfo("Asia/Tokyo")


def test_late_files_start_a_run_for_their_days(defs: dg.Definitions, installation: Installation) -> None:
    sensor = defs.resolve_sensor_def("late_files")
    assert isinstance(sensor(dg.build_sensor_context()), dg.SkipReason)
    for day in (DAY, DAY + timedelta(days=2), today()):
        folder = installation.zones.landing / day.isoformat() / "x_api_v2"
        folder.mkdir(parents=True)
        (folder / "page.json").write_text("{}")
    result = sensor(dg.build_sensor_context())
    assert isinstance(result, dg.SensorResult)
    (request,) = result.run_requests or []
    assert days_of_run(request.tags) == [DAY, DAY + timedelta(days=1), DAY + timedelta(days=2)]


def test_a_failed_check_stops_everything_behind_it_and_somebody_is_told(installation: Installation) -> None:
    """With tests of dbt sources shown as checks, Dagster would run the marts all the same."""
    recorder = Recorder()
    defs = build_defs(
        check_overrides=[always_fails],
        resource_overrides={"koe": Koe(), "notifier": recorder, "reporter": Silent()},
    )
    write_dagster_yaml(installation.zones.dagster)
    with dg.DagsterInstance.get() as instance:
        result = defs.resolve_job_def(NIGHT).execute_in_process(
            instance=instance, tags=range_tags(DAY, DAY), raise_on_error=False
        )
        done = {e.step_key for e in result.all_events if e.is_step_success}
        assert not result.success
        assert {"raw_posts", "redacted_posts"} <= done
        assert not {"classified_posts", "dbt_models", "published", "report", "postgres", "digest"} & done
        assert not installation.zones.current.exists()
        (failure,) = [e for e in result.all_events if e.event_type_value == "PIPELINE_FAILURE"]
        context = dg.build_run_status_sensor_context(
            "tell_failures", failure, instance, result.dagster_run, resources={"notifier": recorder}
        ).for_run_failure()
        sensors.tell_failures([])(context)
    ((title, body),) = recorder.sent
    assert "failed" in title
    assert "redacted_posts" in body


@pytest.mark.parametrize(
    ("wanted", "waiting", "expected"),
    [
        (Wanted(), [], (date(2026, 11, 2), date(2026, 11, 2))),
        (Wanted(), [date(2026, 10, 30), date(2026, 11, 3)], (date(2026, 10, 30), date(2026, 11, 3))),
        (Wanted(first=DAY, last=DAY), [date(2026, 1, 1)], (DAY, DAY)),
    ],
)
def test_days_of_a_run(wanted: Wanted, waiting: list[date], expected: tuple[date, date]) -> None:
    assert choose_days(wanted, waiting, date(2026, 11, 3)) == expected


@pytest.mark.parametrize(
    ("first", "last", "message"),
    [
        (date(2026, 11, 3), date(2026, 11, 2), "is after"),
        (date(2026, 11, 3), date(2026, 11, 4), "has not come yet"),
        (date(2019, 1, 1), date(2026, 11, 2), "before the first day"),
    ],
)
def test_impossible_days_are_refused(first: date, last: date, message: str) -> None:
    with pytest.raises(Exception, match=message):
        choose_days(Wanted(first=first, last=last), [], date(2026, 11, 3))


def test_what_a_run_has_parsed_is_kept_for_the_next(tmp_path: Path) -> None:
    artefacts = tmp_path / "target" / "dbt_models-1"
    artefacts.mkdir(parents=True)
    keep_parsed(Path("target/dbt_models-1"), tmp_path)  # dbt may have stopped before it parsed anything
    assert list((tmp_path / "target").iterdir()) == [artefacts]
    (artefacts / PARSED).write_bytes(b"parsed")
    keep_parsed(Path("target/dbt_models-1"), tmp_path)
    assert (tmp_path / "target" / PARSED).read_bytes() == b"parsed"
    assert sorted(p.name for p in (tmp_path / "target").iterdir()) == ["dbt_models-1", PARSED]
