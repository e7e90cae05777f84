"""Gate 1: each of its checks fails alone, on staging spoiled in one way, and tells no value."""

from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from orchestration.assets import staging
from orchestration.checks import staging as checks
from orchestration.installation import Installation
from orchestration.progress import Silent
from orchestration.publish import GateResult
from orchestration.staging import read_day, write_day
from samples.generate import generate
from transforms.posts import CLASSIFIED_SCHEMA, REDACTED_SCHEMA

pytestmark = pytest.mark.integration
DAY = date(2026, 11, 2)
PHONE = "-".join(["090", "3141", "5926"])


@pytest.fixture
def staged(installation: Installation) -> Installation:
    generate(posts=120, days=1, seed=3, end_day=DAY, out=installation.zones.landing)
    staging.load(installation, [DAY], Silent())
    staging.redact(installation, [DAY], Silent())
    staging.classify(installation, [DAY], Silent())
    return installation


def spoil(installation: Installation, column: str, value: object) -> None:
    """Put a value into the first row of a day's redacted or classified file."""
    is_redacted = column in REDACTED_SCHEMA.names
    folder, schema = (
        (installation.zones.redacted, REDACTED_SCHEMA)
        if is_redacted
        else (installation.zones.classified, CLASSIFIED_SCHEMA)
    )
    table = read_day(folder, DAY)
    assert table is not None
    values = table[column].to_pylist()
    values[0] = value
    index = table.schema.get_field_index(column)
    write_day(
        folder,
        DAY,
        table.set_column(
            index, table.schema.field(column), pa.array(values, table.schema.field(column).type)
        ),
        schema,
    )


def results(installation: Installation) -> dict[str, GateResult]:
    days = [DAY]
    every = [
        checks.suite_on_redacted(installation, days),
        checks.suite_on_classified(installation, days),
        checks.residual_in_redacted(installation, days),
        checks.residual_in_classified(installation, days),
        checks.canaries_in_redacted(installation, days),
        checks.canaries_in_classified(installation, days),
        checks.shares(installation, days),
    ]
    return {r.name: r for r in every}


def failed(installation: Installation) -> set[str]:
    found = results(installation)
    assert PHONE not in repr(found)
    return {name for name, result in found.items() if not result.passed}


def test_clean_staging_passes(staged: Installation) -> None:
    assert failed(staged) == set()


def test_an_identifier_in_a_redacted_text_is_found_twice(staged: Installation) -> None:
    spoil(staged, "text", f"電話は{PHONE}です")
    assert failed(staged) == {"suite_on_redacted", "residual_in_redacted"}


def test_an_identifier_among_the_evidence(staged: Installation) -> None:
    spoil(staged, "evidence", [f"ngram:電話{PHONE}"])
    assert failed(staged) == {"residual_in_classified"}


@pytest.mark.parametrize(("column", "value"), [("source", "diary"), ("rating", 7)])
def test_shape_of_redacted_posts(staged: Installation, column: str, value: object) -> None:
    spoil(staged, column, value)
    assert failed(staged) == {"suite_on_redacted"}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("sentiment", "怒り"),
        ("voice_class", "somebody"),
        ("criticality", 9),
        ("confidence", 1.5),
        ("permitted_use", "promotable"),
    ],
)
def test_vocabulary_of_labels(staged: Installation, column: str, value: object) -> None:
    spoil(staged, column, value)
    assert failed(staged) == {"suite_on_classified"}


def test_a_canary_that_came_through(staged: Installation) -> None:
    folder = staged.zones.staging / "canaries"
    table = read_day(folder, DAY, name="redacted.parquet")
    assert table is not None
    canary = staged.flock(DAY)[0]
    texts = [canary.text, *table["text"].to_pylist()[1:]]
    write_day(
        folder,
        DAY,
        table.set_column(table.schema.get_field_index("text"), "text", pa.array(texts)),
        REDACTED_SCHEMA,
        "redacted.parquet",
    )
    found = results(staged)["canaries_in_redacted"]
    assert not found.passed
    assert found.counts["seen"] >= 1
    assert not any(needle in repr(found) for needle in canary.needles)


def test_canaries_that_were_lost_or_never_planted(staged: Installation) -> None:
    folder = staged.zones.staging / "canaries"
    table = read_day(folder, DAY, name="classified.parquet")
    assert table is not None
    write_day(folder, DAY, table.slice(1), CLASSIFIED_SCHEMA, "classified.parquet")
    assert failed(staged) == {"canaries_in_classified"}
    assert not checks.canaries_in_redacted(staged, [DAY + timedelta(days=1)]).passed


def test_a_night_that_sets_too_much_aside(staged: Installation) -> None:
    facts = read_day(staged.zones.staging / "facts", DAY, name="raw.parquet")
    assert facts is not None
    more = pa.table(
        {
            "arrived_on": [DAY],
            "source": ["x"],
            "fact": ["rejected:invalid_json"],
            "value": [500.0],
            "file_id": ["f"],
        },
        schema=facts.schema,
    )
    write_day(
        staged.zones.staging / "facts", DAY, pa.concat_tables([facts, more]), facts.schema, "raw.parquet"
    )
    assert failed(staged) == {"shares"}


def test_redaction_is_the_same_twice_and_canaries_reach_no_mart(staged: Installation) -> None:
    before = read_day(staged.zones.redacted, DAY)
    staging.redact(staged, [DAY], Silent())
    after = read_day(staged.zones.redacted, DAY)
    assert before is not None
    assert after is not None
    assert before.equals(after)
    planted = read_day(staged.zones.staging / "canaries", DAY, name="redacted.parquet")
    assert planted is not None
    assert not pc.any(pc.is_in(after["post_key"], value_set=planted["post_key"].combine_chunks())).as_py()


def test_a_day_is_staged_alike_alone_and_among_others(installation: Installation) -> None:
    days = [DAY - timedelta(days=back) for back in (3, 2, 1, 0)]
    generate(posts=400, days=4, seed=3, end_day=DAY, out=installation.zones.landing)
    staging.load(installation, days, Silent())
    staging.redact(installation, days, Silent())
    together = read_day(installation.zones.redacted, DAY)
    staging.redact(installation, [DAY], Silent())
    alone = read_day(installation.zones.redacted, DAY)
    assert together is not None
    assert alone is not None
    assert together.equals(alone)
