"""The breach report counts persons once, says what is known, and leaves the rest to people."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from night_to_kill import TODAY, Parts, build, night

from orchestration.incident import assess, render

pytestmark = pytest.mark.integration

GOLDEN = Path(__file__).parents[1] / "fixtures" / "incident_report.txt"


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    build(tmp_path / "home")
    return Parts(tmp_path / "home")


def test_the_report_is_as_agreed(parts: Parts) -> None:
    night(parts.zones.root)
    incident = assess(parts.zones, parts.vault, TODAY - timedelta(days=45), TODAY)
    assert render(incident, date(2026, 12, 2)) + "\n" == GOLDEN.read_text("utf-8")


def test_persons_are_counted_once_over_days_and_files(parts: Parts) -> None:
    [one] = assess(parts.zones, parts.vault, TODAY - timedelta(days=45), TODAY).affected
    assert (one.source, one.raw_posts, one.raw_persons) == ("qa", 100, 3)
    assert one.staged_posts == 100
    assert one.staged_persons == 3
    incident = assess(parts.zones, parts.vault, TODAY - timedelta(days=6), TODAY - timedelta(days=6))
    assert incident.posts == 20


def test_one_source_and_posts_without_author(parts: Parts) -> None:
    table = pa.table({
        "source": ["x", "x", "google_review", "google_review"], "post_id": ["1", "2", "3", "4"],
        "author_id": ["a", "a", None, None], "text": ["t"] * 4,
    })  # fmt: skip
    parts.vault.write_raw(TODAY, "mixed", "b", table)
    persons = {
        source: assess(parts.zones, parts.vault, TODAY, TODAY, source).persons
        for source in ("x", "google_review", "qa")
    }
    assert persons == {"x": 1, "google_review": 2, "qa": 0}


def test_what_was_destroyed_or_does_not_open_is_told(parts: Parts) -> None:
    day = TODAY - timedelta(days=29)
    [batch, _] = parts.vault.batches("raw", [day])
    parts.vault.path(batch).write_bytes(b"PARE damaged PARE")
    parts.keyring.destroy(f"raw-{TODAY - timedelta(days=30)}-short")
    incident = assess(parts.zones, parts.vault, TODAY - timedelta(days=30), day)
    assert incident.unreadable == 2
    assert incident.days_destroyed == [TODAY - timedelta(days=30)]
    text = render(incident, TODAY)
    assert "開けない原本ファイルが 2 件" in text
    assert "破棄済み" in text


def test_an_empty_range_names_nobody(parts: Parts) -> None:
    incident = assess(parts.zones, parts.vault, date(2020, 1, 1), date(2020, 1, 2))
    assert (incident.persons, incident.posts, incident.fields) == (0, 0, [])
    assert "対象となる個人データは保有していない" in render(incident, TODAY)
    assert all(f"\n{number}. " in render(incident, TODAY) for number in range(1, 10))
