"""Gate 1: blocking checks on staging, over the days of the run only."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date

import dagster as dg
import polars as pl

from orchestration import gates
from orchestration.checks import gx_suite
from orchestration.guard import quiet
from orchestration.installation import Installation
from orchestration.partitions import daily, days_of
from orchestration.publish import GateResult
from orchestration.resources import Koe
from orchestration.staging import day_file, read_day, read_days
from transforms.redaction import scan

CHUNK_ROWS = 50_000
FEW_RECORDS = 50
"""Below this a share says little: one broken file would stop a quiet night."""
LABEL_TEXTS = [
    "topics", "themes", "department", "prefecture", "ae", "evidence", "aspects", "terms", "conditions",
]  # fmt: skip


def _frames(
    installation: Installation, kind: str, days: Sequence[date], columns: list[str] | None = None
) -> Iterator[tuple[str, pl.DataFrame]]:
    folder = installation.zones.redacted if kind == "redacted" else installation.zones.classified
    waiting: list[pl.DataFrame] = []
    for _, table in read_days(folder, days, columns):
        waiting.append(pl.DataFrame(table))
        if sum(frame.height for frame in waiting) >= CHUNK_ROWS:
            yield kind, pl.concat(waiting)
            waiting = []
    if waiting:
        yield kind, pl.concat(waiting)


def _planted(
    installation: Installation, kind: str, days: Sequence[date]
) -> Iterator[tuple[str, pl.DataFrame]]:
    path = day_file(installation.zones.staging / "canaries", days[-1], f"{kind}.parquet")
    if path.exists():
        yield f"canaries.{kind}", pl.read_parquet(path, hive_partitioning=False)


def _whole(frames: Iterator[tuple[str, pl.DataFrame]]) -> pl.DataFrame | None:
    parts = [frame for _, frame in frames]
    return pl.concat(parts) if parts else None


def _expectations(name: str, outcomes: Sequence[gx_suite.Expectation], rows: int) -> GateResult:
    counts = {"rows": rows, "expectations": len(outcomes)}
    counts.update(
        {
            f"{o.column}:{o.name}{':raised' if o.raised else ''}": o.unexpected
            for o in outcomes
            if not o.passed
        }
    )
    return GateResult(gates.STAGING, name, all(o.passed for o in outcomes), counts)


@quiet
def suite_on_redacted(installation: Installation, days: Sequence[date]) -> GateResult:
    """Great Expectations on the run's redacted rows."""
    frame = _whole(_frames(installation, "redacted", days, gx_suite.REDACTED_COLUMNS))
    if frame is None:
        return GateResult(gates.STAGING, "suite_on_redacted", passed=True, counts={"rows": 0})
    patterns = [(column, regex) for column, regex in scan.gx_expectations(["text"])]
    expectations = gx_suite.redacted_expectations(patterns)
    # A post that arrived on two days of the run stands in both files; its key is unique within a day.
    unique = frame.with_columns(post_key=pl.col("post_key") + "." + pl.col("arrived_on").cast(pl.String))
    return _expectations(
        "suite_on_redacted", gx_suite.validate(unique.to_pandas(), expectations), frame.height
    )


@quiet
def suite_on_classified(installation: Installation, days: Sequence[date]) -> GateResult:
    """Great Expectations on the run's labels."""
    frame = _whole(_frames(installation, "classified", days, gx_suite.CLASSIFIED_COLUMNS))
    if frame is None:
        return GateResult(gates.STAGING, "suite_on_classified", passed=True, counts={"rows": 0})
    return _expectations(
        "suite_on_classified",
        gx_suite.validate(frame.to_pandas(), gx_suite.classified_expectations()),
        frame.height,
    )


@quiet
def residual_in_redacted(installation: Installation, days: Sequence[date]) -> GateResult:
    """The independent scanner over the run's redacted texts."""
    return gates.residual(
        gates.STAGING, "residual_in_redacted", _frames(installation, "redacted", days, ["text"])
    )


@quiet
def residual_in_classified(installation: Installation, days: Sequence[date]) -> GateResult:
    """The independent scanner over the run's labels and their evidence."""
    frames = _frames(installation, "classified", days, LABEL_TEXTS)
    return gates.residual(gates.STAGING, "residual_in_classified", frames, ignored=gates.CODES)


@quiet
def canaries_in_redacted(installation: Installation, days: Sequence[date]) -> GateResult:
    """The run's planted identities, in their redacted rows."""
    return _canaries(installation, days, "redacted")


@quiet
def canaries_in_classified(installation: Installation, days: Sequence[date]) -> GateResult:
    """The run's planted identities, in their labels and evidence."""
    return _canaries(installation, days, "classified")


def _canaries(installation: Installation, days: Sequence[date], kind: str) -> GateResult:
    """Look for planted identities in their own rows.

    Other people's rows are not looked through: somebody may well be called as an invented person is.
    """
    flock = installation.flock(days[-1])
    planted = list(_planted(installation, kind, days))
    result = gates.canaries_in_frames(gates.STAGING, f"canaries_in_{kind}", flock if planted else [], planted)
    if planted and planted[0][1].height != len(flock):
        # One that was dropped on its way has shown nothing.
        return GateResult(
            result.gate, result.name, passed=False, counts={**result.counts, "arrived": planted[0][1].height}
        )
    return result


@quiet
def shares(installation: Installation, days: Sequence[date]) -> GateResult:
    """Whether unusually much was set aside or unwanted: then something is wrong with a source, a reader or the watchlist."""
    policy = installation.config.policy.gates
    totals: Counter[str] = Counter()
    for name in ("raw.parquet", "redacted.parquet"):
        tables = (read_day(installation.zones.staging / "facts", day, name=name) for day in days)
        for facts in (t for t in tables if t is not None):
            for fact, value in zip(facts["fact"].to_pylist(), facts["value"].to_pylist(), strict=True):
                totals[fact if fact == "dropped:unwanted" else fact.split(":")[0]] += int(value)
    records, loaded = totals["posts_in"] + totals["rejected"], totals["loaded"]
    enough = policy.max_quarantined_share * records >= totals["rejected"] or records < FEW_RECORDS
    wanted = policy.max_dropped_share * loaded >= totals["dropped:unwanted"] or loaded < FEW_RECORDS
    counts = {"records": records, "rejected": totals["rejected"], "unwanted": totals["dropped:unwanted"]}
    return GateResult(gates.STAGING, "shares", passed=enough and wanted, counts=counts)


Gate = Callable[[Installation, Sequence[date]], GateResult]


def _blocking(asset: str, name: str, description: str, gate: Gate) -> dg.AssetChecksDefinition:
    """A gate as a blocking check on an asset."""

    @dg.asset_check(asset=asset, name=name, blocking=True, partitions_def=daily, description=description)
    def check(context: dg.AssetCheckExecutionContext, koe: Koe) -> dg.AssetCheckResult:
        result = gate(koe.installation, days_of(context))
        told = "ok" if result.passed else gates.describe(result)
        metadata = dict(result.counts)
        return dg.AssetCheckResult(
            passed=result.passed, severity=dg.AssetCheckSeverity.ERROR, description=told, metadata=metadata
        )

    return check


def make_checks() -> list[dg.AssetChecksDefinition]:
    """All blocking checks on staging."""
    redacted, classified = "redacted_posts", "classified_posts"
    table: list[tuple[str, str, str, Gate]] = [
        (redacted, "shares_redacted", "不受理や対象外が異常に多くないか / No unusual share was set aside or unwanted.", shares),
        (redacted, "suite_redacted", "GXによる形式と語彙の検査 / Great Expectations: shape, vocabularies, patterns.", suite_on_redacted),
        (redacted, "residual_redacted", "独立した走査で残存識別子を探す / The independent residual scan.", residual_in_redacted),
        (redacted, "canaries_redacted", "仕込んだ架空の人物が残っていないか / Planted identities must be gone.", canaries_in_redacted),
        (classified, "suite_classified", "GXによるラベルの検査 / Great Expectations: labels are of closed vocabularies.", suite_on_classified),
        (classified, "residual_classified", "ラベルと証拠に残存識別子がないか / The residual scan over labels and evidence.", residual_in_classified),
        (classified, "canaries_classified", "仕込んだ架空の人物がラベルに出ていないか / Planted identities must not show in labels.", canaries_in_classified),
    ]  # fmt: skip
    return [_blocking(*row) for row in table]
