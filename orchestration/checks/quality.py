"""Checks that warn: how well the labels do on labelled posts, and whether their shares drift. They stop nothing.

Belongs here: what a warning says. Does not: the gates, which block (`checks/staging.py`); measuring (`orchestration.quality`).
"""

import dagster as dg

from orchestration import quality
from orchestration.partitions import daily, days_of
from orchestration.resources import Koe


def _result(*, passed: bool, told: str, metadata: dict[str, str | int | float]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=passed, severity=dg.AssetCheckSeverity.WARN, description=told, metadata=metadata
    )


@dg.asset_check(
    asset="classified_posts",
    name="label_scores",
    blocking=False,
    partitions_def=daily,
    description="正解付きの投稿で測った分類の成績 / Scores of the labels on labelled posts; a topic below 0.5 warns.",
)
def label_scores(context: dg.AssetCheckExecutionContext, koe: Koe) -> dg.AssetCheckResult:  # noqa: ARG001  Dagster's form
    """Measure, or read back, and say which topics are told badly."""
    scores = quality.label_scores(koe.installation)
    low = sorted(r["label"] for r in scores if r["field"] == "topics" and r["f1"] < quality.MIN_F1)
    reference = quality.for_reference_only(scores)
    topics = {f"f1 {r['label']}": float(r["f1"]) for r in scores if r["field"] == "topics"}
    told = f"F1 below {quality.MIN_F1}: {', '.join(low)}" if low else "every topic has an F1 of at least 0.5"
    return _result(
        passed=not low,
        told=f"{told}; for reference only: {len(reference)} topics",
        metadata={
            "version": scores[0]["version"],
            "model_version": scores[0]["model_version"],
            "measured_on": str(scores[0]["measured_on"]),
            "for_reference_only": ", ".join(reference),
            **topics,
        },
    )


@dg.asset_check(
    asset="classified_posts",
    name="label_drift",
    blocking=False,
    partitions_def=daily,
    description="直近1週のラベル構成を前8週と比べる / Shares of labels in the last week against the eight before.",
)
def label_drift(context: dg.AssetCheckExecutionContext, koe: Koe) -> dg.AssetCheckResult:
    """Say which labels are given in other shares than before."""
    found = quality.drift(koe.installation, days_of(context)[-1])
    moved = {field: one for field, one in found.items() if one.is_drift}
    told = "; ".join(
        f"{field}: {one.value} {one.share_before:.0%} → {one.share_now:.0%}" for field, one in moved.items()
    )
    return _result(
        passed=not moved,
        told=told or ("no drift" if found else "too few posts to compare"),
        metadata={f"psi {field}": round(one.psi, 4) for field, one in found.items()},
    )


def make_watches() -> list[dg.AssetChecksDefinition]:
    """The checks that warn."""
    return [label_scores, label_drift]
