"""published, report, postgres and digest: what leaves the house.

Belongs here: the order of build, gate 3, swap, pages, server, message. Does not: how any of them works (`publish`, `gates`,
`report`, `postgres`, `digest`).
"""

import importlib.metadata
import json
import shutil
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import dagster as dg
import polars as pl

from orchestration import gates, publish, schema
from orchestration.guard import quiet
from orchestration.installation import Installation
from orchestration.notify import Notifier
from orchestration.progress import Reporter
from orchestration.publish import GateResult
from orchestration.resources import Koe
from orchestration.schema import Contracts
from orchestration.settings import DBT_PROJECT, today
from transforms.disclosure import hold_back, hold_numbers

KEPT_RELEASES = 14


def planted_day(installation: Installation) -> date | None:
    """The newest day of arrival on which a run planted canaries."""
    folder = installation.zones.staging / "canaries"
    days = sorted(p.name.removeprefix("arrived_on=") for p in folder.iterdir()) if folder.is_dir() else []
    return date.fromisoformat(days[-1]) if days else None


def versions(installation: Installation) -> dict[str, str]:
    """What made a release: code, models, configuration, libraries."""
    libraries = (
        "koe",
        "dagster",
        "dbt-core",
        "dbt-duckdb",
        "duckdb",
        "great-expectations",
        "polars",
        "pyarrow",
    )
    config = installation.config
    return {
        **{name: importlib.metadata.version(name) for name in libraries},
        "policy": config.policy.version,
        "sources": config.sources.version,
        "watchlist": config.watchlist.version,
    }


def descriptions(manifest: Path) -> dict[str, dict[str, str]]:
    """Descriptions of models and columns from dbt's manifest, by model, by column ("" for the model itself)."""
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    return {
        n["name"]: {
            "": n["description"],
            **{c["name"]: c["description"] for c in n["columns"].values() if c["description"]},
        }
        for n in nodes
        if n["resource_type"] == "model" and n["description"]
    }


def commented(
    descriptions: Mapping[str, Mapping[str, str]], contracts: Contracts
) -> dict[str, dict[str, str]]:
    """Descriptions with what a reader of the database has no other place to learn: versions, and what is to go when."""
    found = {}
    for name, contract in contracts.items():
        comments = dict(descriptions.get(name, {}))
        comments[""] = f"{comments.get('', name)} [v{contract.version}]"
        for column, day in contract.deprecated.items():
            key = "" if column == schema.WHOLE_MART else column
            comments[key] = f"{comments.get(key, column)} [廃止予定 / deprecated, stays until {day}]"
        found[name] = comments
    return found


def cell_keys(contracts: Contracts) -> dict[str, list[str]]:
    """The columns that name a cell of each mart, where its contract says so and the mart counts authors."""
    return {name: list(c.keys) for name, c in contracts.items() if c.keys and "authors" in c.columns}


class Holds(NamedTuple):
    """What else of a mart's rows has to settle: see `transforms.disclosure.hold_numbers`."""

    people: Sequence[str]
    evidence: Sequence[str]


def held_numbers(manifest: Path) -> dict[str, Holds]:
    """Marts whose numbers are computed from other cells' counts, by dbt's `meta.holds`."""
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    found = {
        n["name"]: n["config"].get("meta", {}).get("holds") for n in nodes if n["resource_type"] == "model"
    }
    return {
        name: Holds(holds.get("people", ()), holds.get("evidence", ()))
        for name, holds in found.items()
        if holds is not None
    }


def against_release(
    before: Path | None,
    keys: Mapping[str, Sequence[str]],
    k: int,
    holds: Mapping[str, Holds] = MappingProxyType({}),
) -> publish.Settle:
    """Rows that may follow a release: a cell that would change by 1 to k-1 authors stays as it was published.

    Args:
        before: the current release, None if there is none yet.
        keys: columns that name a cell, by mart.
        k: the smallest change that may be seen.
        holds: marts whose numbers are computed from other cells' counts.
    """

    def settle(name: str, rows: pl.DataFrame) -> pl.DataFrame:
        published = before / "parquet" / f"{name}.parquet" if before else None
        if name not in keys or published is None or not published.exists():
            return rows
        last, named = pl.read_parquet(published), list(keys[name])
        held = hold_back(last, rows, keys=named, k=k)
        if name not in holds:
            return held
        return hold_numbers(last, held, keys=named, k=k, **holds[name]._asdict())

    return settle


def written_elsewhere(installation: Installation) -> list[Path]:
    """What a run writes beside the zones of posts: event log, dbt's artefacts, run facts, the warehouse."""
    zones = installation.zones
    return [
        zones.dagster,
        DBT_PROJECT / "target",
        DBT_PROJECT / "logs",
        zones.staging / "facts",
        zones.warehouse,
    ]


@quiet
def release(
    installation: Installation, earlier: Sequence[GateResult], counts: Mapping[str, Any], since: float
) -> tuple[Path, list[GateResult]]:
    """Build a candidate, take it through gate 3, swap it in.

    Args:
        installation: whose warehouse is published.
        earlier: what gates 1 and 2 said in this run; empty where a run began at the marts.
        counts: numbers of the run.
        since: when the run began, Unix seconds.

    Returns:
        The release's folder and all gates' results.

    Raises:
        PublicationError: a gate did not pass; nothing has changed.
    """
    zones = installation.zones
    for left in zones.published.glob(".candidate-*"):
        shutil.rmtree(left, ignore_errors=True)
    folder = zones.published / f".candidate-{uuid.uuid4().hex}"
    manifest = DBT_PROJECT / "target" / "manifest.json"
    contracts = schema.of_dbt(manifest)
    before = publish.current_release(zones.published)
    settle = against_release(
        before, cell_keys(contracts), installation.config.policy.k, held_numbers(manifest)
    )
    comments = commented(descriptions(manifest), contracts)
    candidate = publish.build_candidate(zones.warehouse, folder, comments, settle, contracts)
    publish.tell_changes(candidate, before, today())
    day = planted_day(installation)
    flock = installation.flock(day) if day else []
    results = [*earlier, *gates.candidate_gate(candidate, flock, written_elsewhere(installation), since)]
    failed = [gates.describe(r) for r in results if not r.passed]
    if failed:
        shutil.rmtree(folder, ignore_errors=True)
        raise publish.PublicationError(
            f"not published, the earlier release stays current. {'; '.join(failed)}"
        )
    made = publish.publish(
        candidate,
        zones.published,
        now=datetime.now(UTC),
        gates=results,
        versions=versions(installation),
        counts=counts,
    )
    installation.erasure.close_days(installation.erasure.open_days())
    publish.prune(zones.published, KEPT_RELEASES)
    return made, results


@quiet
def to_postgres(installation: Installation) -> str:
    """Put the current release into PostgreSQL, where the policy names a server.

    Returns:
        Whether it `is current` there, or `off`.

    Raises:
        PublicationError: it could not be put there; the earlier release stays current there.
    """
    wanted = installation.config.policy.publish
    current = publish.current_release(installation.zones.published)
    if wanted.postgres_dsn is None or current is None:
        return "off"
    from orchestration import postgres  # noqa: PLC0415  only where it is used

    target = postgres.Target.from_environment(
        wanted.postgres_dsn, wanted.postgres_schema, wanted.postgres_reader
    )
    postgres.put(current, target)
    return "is current"


@quiet
def write_report(installation: Installation) -> tuple[Path, int]:
    """Render the current release's pages beside it, scan them, and move them into the release.

    Returns:
        The report's path, and the size of all pages in bytes.

    Raises:
        PublicationError: there is no release, or the scan found something.
    """
    from orchestration.report.pages import linked, pages_of  # noqa: PLC0415  charts take a second to import

    current = publish.current_release(installation.zones.published)
    if current is None:
        raise publish.PublicationError("there is no release to report on")
    files: dict[str, dict[str, int]] = publish.read_manifest(current)["files"]
    for left in installation.zones.published.glob(".report-*"):
        shutil.rmtree(left, ignore_errors=True)
    pages = linked(pages_of(current))
    if all(page.name in files for page in pages):
        return current / publish.REPORT, sum(files[page.name]["bytes"] for page in pages)
    with tempfile.TemporaryDirectory(prefix=".report-", dir=installation.zones.published) as folder:
        asides = {page.name: Path(folder) / page.name.replace("/", "_") for page in pages}
        for page in pages:
            page.write(asides[page.name])
        day = planted_day(installation)
        checks = [
            gates.residual_in_files(gates.CANDIDATE, "report_bytes", asides.values()),
            gates.canaries_in_files(
                gates.CANDIDATE, "report_canaries", installation.flock(day) if day else [], asides.values()
            ),
        ]
        failed = [gates.describe(r) for r in checks if not r.passed]
        if failed:
            raise publish.PublicationError(f"the report is held back. {'; '.join(failed)}")
        size = sum(path.stat().st_size for path in asides.values())
        publish.add_files(current, asides)
    return current / publish.REPORT, size


@quiet
def tell(installation: Installation, notifier: Notifier, warnings: Sequence[str]) -> str:
    """Tell people about the current release, once; about what went wrong beside it, each night.

    Args:
        installation: whose release it is.
        notifier: who delivers.
        warnings: lines about this night.

    Returns:
        `delivered`, `not delivered` (it is tried again after the next night), or `told before`.
    """
    from orchestration import digest  # noqa: PLC0415

    zones = installation.zones
    current = publish.current_release(zones.published)
    if current is None or (digest.was_told(zones, current) and not warnings):
        return "told before"
    if digest.was_told(zones, current):
        title, body = "Koe: 注意 / warning", "\n".join(warnings)
    else:
        title, body = digest.compose(current, digest.release_before(zones.published, current), warnings)
    if not notifier.send(title, body):
        return "not delivered"
    digest.note_told(zones, current)
    return "delivered"


def make_release_assets(marts: Sequence[dg.AssetKey]) -> list[dg.AssetsDefinition]:
    """The assets downstream of all marts."""

    @dg.asset(
        deps=list(marts),
        group_name="release",
        owners=["team:data-engineering"],
        kinds={"duckdb", "parquet"},
        code_version="1",
        pool="duckdb_writer",
        description="検査を通った集計だけを公開 / The candidate release, scanned by values and bytes, then swapped in atomically.",
        metadata={"data_class": "statistical"},
    )
    def published(
        context: dg.AssetExecutionContext, koe: Koe, reporter: dg.ResourceParam[Reporter]
    ) -> dg.MaterializeResult[None]:
        reporter.begin("publish", None)
        earlier = earlier_gates(context)
        made, results = release(koe.installation, earlier, {"run_id": context.run_id}, began_at(context))
        manifest = publish.read_manifest(made)
        return dg.MaterializeResult(
            metadata={
                "release": made.name,
                "marts": {m["name"]: m["rows"] for m in manifest["marts"]},
                "gates": {f"{r.gate}/{r.name}": r.passed for r in results},
            }
        )

    @dg.asset(
        deps=[published],
        group_name="release",
        owners=["team:data-engineering"],
        kinds={"altair"},
        code_version="1",
        description="公開データだけから作る日本語の報告 / The report, from published marts only, scanned before it joins the release.",
        metadata={"data_class": "statistical"},
    )
    def report(koe: Koe, reporter: dg.ResourceParam[Reporter]) -> dg.MaterializeResult[None]:
        reporter.begin("report", None)
        path, size = write_report(koe.installation)
        return dg.MaterializeResult(metadata={"bytes": size, "file": path.name})

    @dg.asset(
        deps=[published],
        group_name="release",
        owners=["team:data-engineering"],
        kinds={"postgres"},
        code_version="1",
        description="同じ公開版を PostgreSQL にも置く（設定した場合のみ） / The same release in PostgreSQL, where the policy asks for it.",
        metadata={"data_class": "statistical"},
    )
    def postgres(context: dg.AssetExecutionContext, koe: Koe) -> dg.MaterializeResult[None]:
        # The files are out already: a server that is away must not keep the night from ending, nor from purging.
        try:
            return dg.MaterializeResult(metadata={"postgres": to_postgres(koe.installation)})
        except publish.PublicationError as error:
            context.log.warning(str(error))
            return dg.MaterializeResult(metadata={"postgres": "failed", "warning": str(error)})

    @dg.asset(
        deps=[report, postgres],
        group_name="release",
        owners=["team:data-engineering"],
        kinds={"apprise"},
        code_version="1",
        description="公開ごとの要約を通知（件数と公開値のみ） / A message about each release: counts and values of marts only.",
        metadata={"data_class": "statistical"},
    )
    def digest(
        context: dg.AssetExecutionContext, koe: Koe, notifier: dg.ResourceParam[Notifier]
    ) -> dg.MaterializeResult[None]:
        told = tell(koe.installation, notifier, warnings_of(context, "postgres"))
        undelivered = {"warning": "the digest of the release was not delivered; the next night tries again"}
        return dg.MaterializeResult(
            metadata={"digest": told, **(undelivered if told == "not delivered" else {})}
        )

    return [published, report, postgres, digest]


def warnings_of(context: dg.AssetExecutionContext, asset: str) -> list[str]:
    """What an asset of this run warned of, from Dagster's event log."""
    event = context.instance.get_latest_materialization_event(dg.AssetKey([asset]))
    if event is None or event.run_id != context.run_id or event.asset_materialization is None:
        return []
    warning = event.asset_materialization.metadata.get("warning")
    return [str(warning.value)] if warning else []


def began_at(context: dg.AssetExecutionContext) -> float:
    """When a run began, Unix seconds; 0 where Dagster does not know."""
    stats = context.instance.get_run_stats(context.run_id)
    return float(stats.start_time or 0.0)


def earlier_gates(context: dg.AssetExecutionContext) -> list[GateResult]:
    """What the checks of this run came to, from Dagster's event log: gate 1 by name, gate 2 as a count of dbt's tests.

    Checks that only warn are no gates.
    """
    records = context.instance.all_logs(context.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    results: list[GateResult] = []
    tests = failures = 0
    for entry in records:
        data: Any = entry.dagster_event.event_specific_data if entry.dagster_event else None
        if data is None or data.severity == dg.AssetCheckSeverity.WARN:
            continue
        if data.asset_key.path[-1] in ("redacted_posts", "classified_posts"):
            counts = {
                k: int(v.value)
                for k, v in data.metadata.items()
                if isinstance(getattr(v, "value", None), int)
            }
            results.append(GateResult(gates.STAGING, data.check_name, bool(data.passed), counts))
        else:
            tests += 1
            failures += not data.passed and data.severity == dg.AssetCheckSeverity.ERROR
    if tests:
        results.append(
            GateResult(gates.MARTS, "dbt_tests", failures == 0, {"tests": tests, "failed": failures})
        )
    return results
