"""Each gate fails when it should, alone, and tells counts and places but no text."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest

from orchestration import gates, publish
from transforms.redaction.canaries import Canary, plant

pytestmark = pytest.mark.integration
FLOCK = plant(date(2026, 11, 2), seed=11)


def one(kind: str, form: str) -> Canary:
    return next(c for c in FLOCK if c.type == kind and c.form == form)


def candidate(tmp_path: Path, sql: str) -> publish.Candidate:
    warehouse = tmp_path / "w.duckdb"
    with duckdb.connect(str(warehouse)) as con:
        con.execute("CREATE SCHEMA marts")
        con.execute(f"CREATE TABLE marts.mart_a AS {sql}")
    return publish.build_candidate(warehouse, tmp_path / "candidate")


def failed(results: list[publish.GateResult]) -> dict[str, dict[str, int]]:
    return {r.name: r.counts for r in results if not r.passed}


CLEAN = "SELECT DATE '2026-11-01' AS day, '待ち時間' AS topic, 12 AS authors UNION ALL SELECT DATE '2026-11-01', '接遇', NULL"


def test_a_clean_candidate_passes(tmp_path: Path) -> None:
    assert failed(gates.candidate_gate(candidate(tmp_path, CLEAN), FLOCK, [])) == {}


def test_an_identifier_in_a_value_is_found_without_being_told(tmp_path: Path) -> None:
    phone = one("PHONE", "half").needles[0]
    results = gates.candidate_gate(
        candidate(tmp_path, f"{CLEAN} UNION ALL SELECT NULL, '電話 {phone} まで', 12"), [], []
    )
    assert set(failed(results)["values"]) == {"rows", "mart_a.topic:PHONE"}
    assert phone not in repr(results)


@pytest.mark.parametrize("canary", FLOCK, ids=lambda c: f"{c.type}-{c.form}")
def test_every_canary_is_seen_in_values(canary: Canary) -> None:
    frame = pl.DataFrame({"topic": ["x", canary.text]})
    result = gates.canaries_in_frames(gates.STAGING, "canaries", FLOCK, [("t", frame)])
    assert not result.passed
    assert any(canary.type in key for key in result.counts)
    assert not any(needle in repr(result) for needle in canary.needles)


def test_a_canary_in_another_file_of_the_run_stops_publication(tmp_path: Path) -> None:
    log = tmp_path / "elsewhere" / "event.log"
    log.parent.mkdir()
    log.write_text(f"Traceback: could not parse {one('EMAIL', 'half').text}", encoding="utf-8")
    results = gates.candidate_gate(candidate(tmp_path, CLEAN), FLOCK, [log.parent])
    assert list(failed(results)) == ["canary_bytes"]


def test_without_planted_canaries_the_gate_fails(tmp_path: Path) -> None:
    assert set(failed(gates.candidate_gate(candidate(tmp_path, CLEAN), [], []))) == {
        "canary_values",
        "canary_bytes",
    }


@pytest.mark.parametrize(
    ("column", "finding"),
    [
        ("'x' AS post_key", "mart_a.post_key:forbidden"),
        ("'x' AS text", "mart_a.text:forbidden"),
        ("'x' AS some_key", "mart_a.some_key:forbidden"),
        ("TIMESTAMP '2026-11-01 10:20:00' AS at", "mart_a.at:finer_than_a_day"),
        ("9 AS authors", "mart_a.authors:small_cells"),
        ("1 AS authors_before", "mart_a.authors_before:small_cells"),
        ("5 AS five_star_authors", "mart_a.five_star_authors:small_cells"),
    ],
)
def test_the_shape_is_checked_whatever_dbt_said(tmp_path: Path, column: str, finding: str) -> None:
    results = gates.candidate_gate(candidate(tmp_path, f"SELECT 1 AS n, {column}"), FLOCK, [])
    assert failed(results) == {"shape": {finding: 1}}


def test_verify_finds_what_was_smuggled_into_a_release(tmp_path: Path) -> None:
    published = tmp_path / "published"
    published.mkdir()
    made = candidate(tmp_path, CLEAN)
    folder = publish.publish(
        made, published, now=datetime(2026, 11, 2, tzinfo=UTC), gates=[], versions={}, counts={}
    )
    assert gates.verify_release(published, None, FLOCK) == []
    (folder / "note.html").write_text(f"<p>連絡先 {one('PHONE', 'full').text}</p>", encoding="utf-8")
    found = gates.verify_release(published, None, FLOCK)
    assert found[0] == "note.html: not in the manifest"
    assert any(line.startswith("3-candidate/bytes: note.html") for line in found)
    assert any("canary_bytes" in line for line in found)


def test_verify_needs_a_release(tmp_path: Path) -> None:
    with pytest.raises(publish.PublicationError, match="no such release"):
        gates.verify_release(tmp_path, tmp_path / "none", FLOCK)
