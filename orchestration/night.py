"""Running the night from the command line: which days, one Dagster run in this process, a table at the end.

Belongs here: choosing days, starting the run, telling what came of it. Does not: the steps (`assets/`), their order (`build.py`).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from orchestration.guard import PlainError
from orchestration.locks import run_lock
from orchestration.progress import bars
from orchestration.settings import Settings, today

if TYPE_CHECKING:
    import dagster as dg

    from orchestration.installation import Installation
    from orchestration.loading import Replay

SAMPLE_POSTS, SAMPLE_DAYS, SAMPLE_SEED = 20_000, 120, 7
SAMPLE_END = date(2026, 11, 25)
"""Last day of the sample posts: fixed, so that config/actions.yaml can hold the dates of their measures."""

DAGSTER_YAML = """\
# Written by Koe. Runs of one kind wait for each other: DuckDB has one writer.
telemetry:
  enabled: false
concurrency:
  pools:
    default_limit: 1
    granularity: run
run_coordinator:
  module: dagster.core.run_coordinator
  class: QueuedRunCoordinator
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the caller asked for.

    Attributes:
        first: first day of arrival; None for all days that wait, and yesterday.
        last: last day of arrival.
        engine: where text is processed, of `installation.ENGINES`.
        samples_if_empty: write sample posts where nothing was ever loaded.
        from_marts: begin at the marts.
        full_refresh: rebuild incremental models.
        quarantined: first read again what was set aside, of the days asked for or of all.
    """

    first: date | None = None
    last: date | None = None
    engine: str = "local"
    samples_if_empty: bool = False
    from_marts: bool = False
    full_refresh: bool = False
    quarantined: bool = False


@dataclass(slots=True)
class Outcome:
    """What a night came to."""

    success: bool
    first: date
    last: date
    seconds: dict[str, float] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    gates: list[tuple[str, bool, str]] = field(default_factory=list)
    watches: list[tuple[str, bool, str]] = field(default_factory=list)
    marts: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    release: str | None = None
    replay: Replay | None = None


def prepare(settings: Settings) -> None:
    """Make the zones and Dagster's own configuration; check the configuration files first.

    Raises:
        PlainError: a configuration file is wrong, or KOE_HOME cannot be used.
    """
    from orchestration.installation import Installation  # noqa: PLC0415

    installation = Installation.open(settings)
    write_dagster_yaml(installation.zones.dagster)


def write_dagster_yaml(folder: Path) -> None:
    """Configure Dagster's instance, unless the operator has done so."""
    path = folder / "dagster.yaml"
    if not path.exists():
        path.write_text(DAGSTER_YAML, encoding="utf-8")


def write_samples(
    settings: Settings,
    *,
    posts: int,
    days: int,
    seed: int,
    end: date | None,
    into: Path | None,
    console: Console,
) -> int:
    """Write sample posts into landing (or another folder).

    Returns:
        How many posts were written.
    """
    from orchestration.zones import Zones  # noqa: PLC0415
    from samples.generate import generate  # noqa: PLC0415

    target = into or Zones(settings.home).create().landing
    with bars(console) as reporter:
        reporter.begin("sample posts", posts)
        summary = generate(
            posts=posts,
            days=days,
            seed=seed,
            end_day=end or SAMPLE_END,
            out=target,
            progress=reporter.advance,
        )
    return int(summary.posts)


def choose_days(wanted: Wanted, waiting: Iterable[date], now: date) -> tuple[date, date]:
    """The range of days of arrival to run.

    Args:
        wanted: the caller's wish.
        waiting: days that have files in landing.
        now: today in Japan.

    Returns:
        First and last day. Without a wish: from the first to the last waiting day, yesterday included.

    Raises:
        PlainError: the range is turned round, lies in the future or before the first partition.
    """
    from orchestration.partitions import FIRST_DAY  # noqa: PLC0415

    if wanted.first and wanted.last:
        if wanted.first > wanted.last:
            raise PlainError(f"--from {wanted.first} is after --to {wanted.last}")
        if wanted.last > now:
            raise PlainError(f"{wanted.last} has not come yet (today is {now} in Japan)")
        if wanted.first < date.fromisoformat(FIRST_DAY):
            raise PlainError(f"{wanted.first} is before the first day, {FIRST_DAY} (KOE_FIRST_DAY)")
        return wanted.first, wanted.last
    days = [d for d in waiting if date.fromisoformat(FIRST_DAY) <= d <= now] + [now - timedelta(days=1)]
    return min(days), max(days)


def run(settings: Settings, wanted: Wanted, console: Console) -> Outcome:
    """Run the night and print its table.

    Raises:
        PlainError: configuration or home cannot be used; nothing was changed.
    """
    from orchestration.installation import Installation, check_engine  # noqa: PLC0415
    from orchestration.loading import replay_quarantined, waiting_days  # noqa: PLC0415

    check_engine(wanted.engine)
    installation = Installation.open(settings)
    zones = installation.zones
    write_dagster_yaml(zones.dagster)
    with run_lock(zones, on_wait=lambda line: console.print(line, markup=False)):
        if wanted.samples_if_empty and not waiting_days(installation) and not installation.ledger.entries():
            write_samples(
                settings,
                posts=SAMPLE_POSTS,
                days=SAMPLE_DAYS,
                seed=SAMPLE_SEED,
                end=None,
                into=None,
                console=console,
            )
        zones.sweep()
        replay = replay_quarantined(installation, wanted.first, wanted.last) if wanted.quarantined else None
        waiting = {*waiting_days(installation), *(replay.days if replay else ())}
        first, last = choose_days(wanted, waiting, today())
        outcome = execute(wanted, first, last, zones.dagster / "dbt-console.log", console)
        outcome.replay = replay
        zones.tighten()
        if outcome.success:
            report = installation.retention.purge(datetime.now(UTC))
            outcome.counts.update({f"purge.destroyed:{zone}": n for zone, n in report.rows.items()})
    show(outcome, installation, console)
    return outcome


def execute(wanted: Wanted, first: date, last: date, log: Path, console: Console) -> Outcome:
    """One Dagster run over a range of days, in this process, recorded in Dagster's own storage.

    What dbt prints goes to a log file: names of models and tests, counts and seconds.
    """
    import dagster as dg  # noqa: PLC0415

    from orchestration.build import FROM_MARTS, NIGHT, build_defs  # noqa: PLC0415
    from orchestration.partitions import range_tags  # noqa: PLC0415
    from orchestration.resources import Koe  # noqa: PLC0415

    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    console.print(f"Koe 声 {first} – {last}", highlight=False)
    with (
        bars(console) as reporter,
        dg.DagsterInstance.get() as instance,
        log.open("w", encoding="utf-8") as quiet,
        redirect_stdout(quiet),
    ):
        defs = build_defs(
            resource_overrides={
                "reporter": reporter,
                "koe": Koe(full_refresh=wanted.full_refresh, engine=wanted.engine),
            }
        )
        job = defs.resolve_job_def(FROM_MARTS if wanted.from_marts else NIGHT)
        result = job.execute_in_process(
            instance=instance,
            tags=range_tags(first, last),
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
    return summarise(result, first, last)


def summarise(result: dg.ExecuteInProcessResult, first: date, last: date) -> Outcome:
    """Read counts, gates and seconds from a run's events."""
    outcome = Outcome(result.success, first, last)
    tests, failed_tests = 0, 0
    for event in result.all_events:
        data: Any = event.event_specific_data
        if event.is_step_success and event.step_key:
            outcome.seconds[event.step_key] = data.duration_ms / 1000
        elif event.is_step_failure and event.step_key:
            outcome.failures.append(f"{event.step_key}: {_cause(data.error)}")
        elif event.is_step_materialization:
            metadata = {k: v.value for k, v in data.materialization.metadata.items()}
            if isinstance(metadata.get("counts"), Mapping) and event.step_key:
                outcome.counts.update(
                    {f"{event.step_key}.{k}": int(v) for k, v in metadata["counts"].items()}
                    if f"{event.step_key}.seen" not in outcome.counts
                    else {}
                )
                outcome.counts[f"{event.step_key}.seen"] = 1
            outcome.marts.update(metadata.get("marts") or {})
            outcome.warnings += [metadata["warning"]] if "warning" in metadata else []
            outcome.release = metadata.get("release") or outcome.release
        elif event.event_type_value == "ASSET_CHECK_EVALUATION":
            name = data.asset_key.path[-1]
            if name in ("redacted_posts", "classified_posts"):
                told = outcome.watches if data.severity.value == "WARN" else outcome.gates
                told.append((f"1 {data.check_name}", bool(data.passed), data.description or ""))
            else:
                tests += 1
                failed_tests += not data.passed
    if tests:
        outcome.gates.append(
            (f"2 dbt tests ({tests})", failed_tests == 0, f"{failed_tests} failed" if failed_tests else "")
        )
    if outcome.release:
        outcome.gates.append(("3 candidate release", True, outcome.release))
    return outcome


def _cause(error: Any) -> str:
    """The innermost message of an error: our own, which holds no personal data."""
    while error.cause:
        error = error.cause
    kind, _, message = str(error.message).strip().partition(": ")
    plain = error.cls_name in ("QuietError", "PublicationError", "Failure") or error.cls_name.endswith(
        "Error"
    )
    return message if plain and message else kind


def show(outcome: Outcome, installation: Installation, console: Console) -> None:
    """Print the night's table."""
    table = Table(box=None, show_header=False, pad_edge=False)
    counts = outcome.counts

    def total(step: str, prefix: str) -> dict[str, int]:
        return {k.split(":", 1)[1]: n for k, n in counts.items() if k.startswith(f"{step}.{prefix}:")}

    def listed(values: Mapping[str, int]) -> str:
        return "  ".join(f"{k} {n:,}" for k, n in sorted(values.items(), key=lambda x: -x[1])) or "none"

    if replay := outcome.replay:
        table.add_row(
            "read again",
            f"fixed {replay.fixed:,}  still set aside {replay.still_bad:,}  to redact again {replay.to_redact:,}",
        )
    table.add_row("posts in", f"{counts['raw_posts.posts_in']:,}")
    table.add_row("loaded", f"{counts['raw_posts.loaded']:,}")
    table.add_row("staged", f"{counts['redacted_posts.staged']:,}")
    table.add_row("relevant", f"{counts['classified_posts.relevant']:,}")
    table.add_row(
        "rejected",
        listed(Counter(total("raw_posts", "rejected")) + Counter(total("redacted_posts", "rejected"))),
    )
    table.add_row("dropped", listed(total("redacted_posts", "dropped")))
    table.add_row("redacted", listed(total("redacted_posts", "redacted")))
    table.add_row("to review", listed(total("classified_posts", "queued")))
    table.add_row("destroyed", listed(total("purge", "destroyed")))
    for name, passed, details in outcome.gates:
        table.add_row(
            "gate", f"{'[green]✓[/]' if passed else '[red]✗[/]'} {name}  {details if not passed else ''}"
        )
    for name, passed, details in outcome.watches:
        table.add_row("check", f"{'[green]✓[/]' if passed else '[yellow]![/]'} {name[2:]}  {escape(details)}")
    for name, rows in sorted(outcome.marts.items()):
        table.add_row("mart", f"{name:<28} {rows:>7,} rows")
    table.add_row("seconds", "  ".join(f"{k} {v:.1f}" for k, v in outcome.seconds.items() if v >= 0.05))
    if outcome.release:
        current = installation.zones.published / "current"
        table.add_row("release", str(current.resolve()))
        table.add_row("report", str(current / "report.html"))
        table.add_row("for BI", str(current / "marts.duckdb"))
    for warning in outcome.warnings:
        table.add_row("[yellow]warning[/]", Text(warning))
    for failure in outcome.failures:
        table.add_row("[red]failed[/]", failure)
    console.print(table)
    if not outcome.success:
        console.print("The night failed; the earlier release, if any, stays current.", style="red")
