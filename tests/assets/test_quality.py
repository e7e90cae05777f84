"""Scores are measured when something has changed and read back otherwise; drift is told; neither stops a night."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from test_review import DAY, EVENT, NOW, RUMOUR, confirm, exported, fill, load

from orchestration import quality, review_files
from orchestration.assets.staging import classify
from orchestration.build import NIGHT, build_defs
from orchestration.installation import Installation
from orchestration.partitions import range_tags
from orchestration.progress import Silent
from orchestration.staging import read_day, write_day
from transforms.classification.decode import FIELDS
from transforms.posts import CLASSIFIED_SCHEMA

pytestmark = pytest.mark.integration
WEEKS = [DAY - timedelta(days=i) for i in range(7 * 9)]


def scores_file(installation: Installation) -> Path:
    return installation.zones.staging / "quality" / "labels.parquet"


def test_scores_are_those_of_the_gold_posts(installation: Installation) -> None:
    rows = quality.label_scores(installation)
    topics = {r["label"]: r for r in rows if r["field"] == "topics"}
    assert set(topics) == set(FIELDS["topics"])
    assert topics["care"]["labelled_posts"] >= 30
    reference = quality.for_reference_only(rows)
    assert "wait" in reference, "eleven gold posts are too few to speak of a score"
    assert "care" not in reference or topics["care"]["f1"] < 0.5
    assert {r["model_version"] for r in rows} == {installation.classifier.version}
    assert pq.read_table(scores_file(installation)).num_rows == len(rows)


def test_nothing_is_measured_twice(installation: Installation) -> None:
    first = quality.label_scores(installation)
    content = scores_file(installation).read_bytes()
    changed = scores_file(installation).stat().st_mtime_ns
    assert quality.label_scores(installation) == first
    assert scores_file(installation).stat().st_mtime_ns == changed
    assert scores_file(installation).read_bytes() == content


def test_reviewed_posts_join_the_gold_posts(installation: Installation, tmp_path: Path) -> None:
    load(installation, DAY, {"event": EVENT, "rumour": RUMOUR})
    before = {
        r["label"]: r["labelled_posts"] for r in quality.label_scores(installation) if r["field"] == "topics"
    }
    filled = fill(
        exported(installation, tmp_path), tmp_path / "f.csv",
        lambda row: {**confirm(row), "labels_checked": "はい", "new_relevant": "はい", "new_topics": "wait"},
    )  # fmt: skip
    assert not review_files.import_verdicts(installation, filled, NOW).refused
    after = {
        r["label"]: r["labelled_posts"] for r in quality.label_scores(installation) if r["field"] == "topics"
    }
    assert after == {**before, "wait": before["wait"] + 2}


def classified(installation: Installation, day: date, sentiments: list[str]) -> None:
    """A day of labels made of one, repeated."""
    sample = read_day(installation.zones.classified, DAY)
    assert sample is not None
    table = pa.concat_tables([sample.slice(0, 1)] * len(sentiments))
    index = table.schema.get_field_index("sentiment")
    table = table.set_column(index, table.schema.field(index), pa.array(sentiments))
    write_day(installation.zones.classified, day, table, CLASSIFIED_SCHEMA)


def test_a_model_that_labels_otherwise_is_noticed(installation: Installation) -> None:
    load(installation, DAY, {"event": EVENT})
    for i, day in enumerate(WEEKS):
        classified(
            installation, day, (["pos"] * 20 + ["neg"] * 2) if i < 7 else (["pos"] * 11 + ["neg"] * 11)
        )
    found = quality.write_drift(installation, DAY)
    assert found["sentiment"].is_drift
    assert found["sentiment"].value in ("neg", "pos")
    facts = read_day(installation.zones.staging / "facts", DAY, name="drift.parquet")
    assert facts is not None
    values = dict(zip(facts["fact"].to_pylist(), facts["value"].to_pylist(), strict=True))
    assert values["label_psi:sentiment"] == round(found["sentiment"].psi, 4)
    before = quality.write_drift(installation, DAY - timedelta(days=7))
    assert not before["sentiment"].is_drift


def test_a_day_without_arrivals_is_not_judged(installation: Installation) -> None:
    load(installation, DAY, {"event": EVENT})
    for day in WEEKS:
        classified(installation, day, ["pos"] * 20 + ["neg"] * 2)
    after = DAY + timedelta(days=1)
    assert quality.drift(installation, DAY)
    assert quality.drift(installation, after) == {}
    classified(installation, after, ["pos"])
    assert quality.drift(installation, after)
    write_day(installation.zones.classified, after, CLASSIFIED_SCHEMA.empty_table(), CLASSIFIED_SCHEMA)
    assert quality.drift(installation, after) == {}


def test_a_young_installation_is_not_judged(installation: Installation) -> None:
    load(installation, DAY, {"event": EVENT})
    assert quality.drift(installation, DAY) == {}
    classify(installation, [DAY], Silent())
    facts = read_day(installation.zones.staging / "facts", DAY, name="drift.parquet")
    assert facts is not None
    assert facts.num_rows == 0


def test_what_reviewers_said_is_counted_for_the_marts(installation: Installation, tmp_path: Path) -> None:
    load(installation, DAY, {"event": EVENT, "rumour": RUMOUR})
    quality.write_reviews(installation)

    def facts() -> dict[str, float]:
        table = read_day(installation.zones.staging / "facts", quality.today(), name="review.parquet")
        assert table is not None
        return dict(zip(table["fact"].to_pylist(), table["value"].to_pylist(), strict=True))

    assert facts()["review_open:adverse_event"] == 1
    assert facts()["event_open"] == 1
    filled = fill(
        exported(installation, tmp_path),
        tmp_path / "f.csv",
        lambda row: {**confirm(row), "labels_checked": "はい", "new_topics": "wait"},
    )
    review_files.import_verdicts(installation, filled, NOW)
    quality.write_reviews(installation)
    now = facts()
    assert now["review_open:adverse_event"] == 0
    assert now["review_confirmed:adverse_event"] == now["review_judged:queue.adverse_event"] == 1
    assert now["review_false:misinformation"] == 1
    assert now["review_right:topics.medication"] == 0
    assert now["review_judged:topics.medication"] == 1
    outcomes = pq.read_table(installation.zones.restricted / "outcomes" / "part.parquet").to_pylist()
    assert {row["status"] for row in outcomes} == {"confirmed", "false"}
    assert all(row["topics"] == ["wait"] for row in outcomes)


def test_warnings_are_no_gates(installation: Installation) -> None:
    defs = build_defs(resource_overrides={"reporter": Silent()})
    specs = {s.name: s for c in defs.asset_checks or [] for s in c.check_specs}
    assert not specs["label_scores"].blocking
    assert not specs["label_drift"].blocking
    night = {key.name for key in defs.resolve_job_def(NIGHT).asset_layer.asset_graph.asset_check_keys}
    assert {"label_scores", "label_drift"} <= night
    load(installation, DAY, {"event": EVENT})
    with dg.DagsterInstance.ephemeral() as instance:
        job = dg.Definitions(
            assets=[dg.AssetSpec("classified_posts", partitions_def=quality_partitions())],
            asset_checks=[
                c
                for c in defs.asset_checks or []
                if {s.name for s in c.check_specs} & {"label_scores", "label_drift"}
            ],
            resources=dict(defs.resources or {}),
        ).resolve_implicit_global_asset_job_def()
        result = job.execute_in_process(instance=instance, tags=range_tags(DAY, DAY))
    told = {e.check_name: e for e in result.get_asset_check_evaluations()}
    assert set(told) == {"label_scores", "label_drift"}
    assert {e.severity for e in told.values()} == {dg.AssetCheckSeverity.WARN}
    assert EVENT[:10] not in repr(told)


def quality_partitions() -> dg.PartitionsDefinition[str]:
    from orchestration.partitions import daily

    return daily
