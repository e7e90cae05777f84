"""What reviewers said, and how well labels do, in the marts: days are opened again for it, small numbers stay hidden."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import classified_posts as night
import polars as pl
import pyarrow as pa
import pytest
from conftest import run_dbt
from test_dbt import NO_TESTS, all_marts, build, query

from orchestration.quality import LABELS_SCHEMA
from orchestration.staging import write_table
from orchestration.verdicts import OUTCOME_SCHEMA

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

NO_WINDOW = {"KOE_ARRIVED_FROM": "2020-01-01", "KOE_ARRIVED_TO": "2020-01-01"}
REVIEWED_ON = date(2026, 8, 20)


def judged(post: dict[str, Any], queue: str, status: str) -> dict[str, Any]:
    return {
        "queue": queue,
        "reviewed_on": REVIEWED_ON,
        "drugs": [e["drug"] for e in post["ae"]],
        "status": status,
        "reviewers": 1,
        **{
            name: post[name]
            for name in (
                "post_key",
                "source",
                "posted_on",
                "arrived_on",
                "entities",
                "voice_class",
                "claim_key",
                "topics",
            )
        },
    }


def write_outcomes(home: Path, rows: list[dict[str, Any]]) -> None:
    write_table(home / "restricted" / "outcomes" / "part.parquet", pa.Table.from_pylist(rows, OUTCOME_SCHEMA))


def scores(day: date, **f1: tuple[float, int]) -> list[dict[str, Any]]:
    return [
        {
            "measured_on": day, "version": "v", "model_version": "linear-test", "field": "topics", "label": topic,
            "labelled_posts": posts, "label_precision": value, "label_recall": value, "f1": value,
        }
        for topic, (value, posts) in f1.items()
    ]  # fmt: skip


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fifty days with a rumour and a cluster of events, built; then judged, and built again for a window without posts."""
    home = tmp_path_factory.mktemp("reviews") / "home"
    rows = night.posts(days=50, per_day=30, seed=4, start=date(2026, 6, 22))
    night.write_partitions(home, rows)
    build(home, *NO_TESTS)
    assert query(home, "select distinct reviewer_status from marts.mart_rumours") == [("未確認",)]
    assert query(home, "select count(*) from marts.mart_safety where breakdown_value = 'confirmed'") == [(0,)]
    assert query(home, "select bool_and(is_reference_only) from marts.mart_topics_weekly") == [(True,)]

    events = [r for r in rows if r["flags"] == ["adverse_event"]]
    claims = [r for r in rows if r["claim_key"]]
    outcomes = [judged(r, "adverse_event", "confirmed") for r in events[:40]]
    outcomes += [judged(r, "adverse_event", "rejected") for r in events[40:43]]
    outcomes += [judged(r, "misinformation", "false") for r in claims[:2]]
    write_outcomes(home, outcomes)
    write_table(
        home / "staging" / "quality" / "labels.parquet",
        pa.Table.from_pylist(
            [*scores(date(2026, 8, 1), wait=(0.9, 50)), *scores(date(2026, 8, 2), wait=(0.4, 50), medication=(0.8, 50), safety=(0.8, 29))],
            LABELS_SCHEMA,
        ),
    )  # fmt: skip
    facts = [
        ("review_confirmed:adverse_event", 40.0), ("review_rejected:adverse_event", 3.0), ("review_open:crisis", 0.0),
        ("review_judged:queue.adverse_event", 43.0), ("review_right:queue.adverse_event", 40.0),
        ("review_judged:topics.wait", 60.0), ("review_right:topics.wait", 45.0), ("event_overdue", 4.0), ("event_open", 27.0),
    ]  # fmt: skip
    pl.DataFrame(
        [(REVIEWED_ON, "all", *fact) for fact in facts],
        schema={"arrived_on": pl.Date, "source": pl.String, "fact": pl.String, "value": pl.Float64},
        orient="row",
    ).write_parquet(home / "staging" / "facts" / f"arrived_on={night.START}" / "review.parquet", mkdir=True)
    build(home, *NO_TESTS, **NO_WINDOW)
    return home


def test_verdicts_open_their_days_again(reviewed: Path) -> None:
    rows = query(
        reviewed,
        f"""select breakdown_value, sum(authors) from marts.mart_safety
        where breakdown = 'review' and grain = 'month' and drug = '{night.DRUG}' and authors is not null group by all""",
    )
    counts = dict(rows)
    assert counts["confirmed"] >= 30
    assert "rejected" not in counts, "three people are too few to be shown"
    assert query(reviewed, "select distinct reviewer_status from marts.mart_rumours") == [("誤り",)]


def test_nothing_said_anew_opens_nothing(reviewed: Path) -> None:
    before = all_marts(reviewed)
    build(reviewed, *NO_TESTS, **NO_WINDOW)
    assert query(reviewed, "select count(*) from intermediate.int_posts") == [(0,)]
    assert all_marts(reviewed) == before


def test_it_is_the_same_from_scratch_and_passes_the_gate(reviewed: Path) -> None:
    before = all_marts(reviewed)
    build(reviewed, "--full-refresh", "--exclude-resource-type", "unit_test")
    assert all_marts(reviewed) == before


def test_a_warehouse_from_before_reviews_is_computed_anew(reviewed: Path) -> None:
    import duckdb

    before = all_marts(reviewed)
    with duckdb.connect(str(reviewed / "warehouse.duckdb")) as con:
        con.execute("alter table intermediate.int_counted_days drop column verdicts")
    build(reviewed, *NO_TESTS, **NO_WINDOW)
    assert all_marts(reviewed) == before


def test_confirmed_days_are_there_for_the_alerts(reviewed: Path) -> None:
    rows = query(
        reviewed,
        "select queue, entity, topic, min(first_on), sum(posts) from intermediate.int_confirmed_events group by all order by 1",
    )
    assert rows == [
        ("adverse_event", "drug-koelin", "medication", night.EVENTS[0], 40),
        ("misinformation", night.OWN_QUIET, "safety", night.RUMOUR[0], 2),
    ]


def test_review_counts_are_shown_in_tens(reviewed: Path) -> None:
    found = {
        (metric, detail): value
        for metric, detail, value in query(
            reviewed,
            "select metric, detail, value from marts.mart_quality where metric like 'review%' or metric like 'event%'",
        )
    }
    assert found == {
        ("review_confirmed", "adverse_event"): 40,
        ("review_rejected", "adverse_event"): None,
        ("review_open", "crisis"): 0,
        ("review_judged", "queue.adverse_event"): 40,
        ("review_judged", "topics.wait"): 60,
        ("review_precision", "queue.adverse_event"): None,  # the three that were wrong would follow from it
        ("review_precision", "topics.wait"): 0.75,
        ("event_overdue", "all"): None,
        ("event_open", "all"): 20,
    }


def test_topics_that_are_told_badly_are_marked_in_every_mart(reviewed: Path) -> None:
    """By the newest measurement: waiting is below 0.5, safety has 29 posts, medication is sound."""
    marts = query(
        reviewed,
        """select table_name from information_schema.columns where table_schema = 'marts' and column_name = 'topic' order by 1""",
    )
    assert len(marts) >= 9
    marked: dict[str, set[bool]] = {}
    for (mart,) in marts:
        for topic, mark in query(reviewed, f"select distinct topic, is_reference_only from marts.{mart}"):
            marked.setdefault(topic, set()).add(mark)
    assert marked.pop("medication") == {False}
    assert {"wait", "safety"} <= set(marked)
    assert set.union(*marked.values()) == {True}
    [(history,)] = query(
        reviewed,
        "select count(*) from marts.mart_quality where metric = 'label_f1' and detail = 'topics.wait'",
    )
    assert history == 2


def test_no_status_but_those_known(reviewed: Path) -> None:
    result = run_dbt(reviewed, "test", "--select", "stg_review_outcomes")
    assert result.returncode == 0, result.stdout
