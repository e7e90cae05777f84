"""What is past its time is gone with its key and certified, and a kill at any moment changes nothing of that."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from night_to_kill import KEEP, NOW, TODAY, Parts, build, night, raw, state

from orchestration.config.policy import load_policy
from orchestration.config.sources import load_sources
from orchestration.keyring import KeyDestroyedError
from orchestration.retention import Keep
from orchestration.vault import Batch

pytestmark = pytest.mark.integration

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    build(tmp_path / "home")
    return Parts(tmp_path / "home")


def test_expired_days_go_with_their_keys(parts: Parts) -> None:
    report = parts.retention.purge(NOW)
    left = {(batch.source, (TODAY - batch.arrived_on).days) for batch in parts.vault.batches("raw")}
    assert left == {("long", 29), ("long", 6), ("long", 1), ("short", 1)}
    assert {(b.source, (TODAY - b.arrived_on).days) for b in parts.vault.batches("quarantine")} == left
    assert report.rows["raw"] == 60
    assert report.rows["quarantine"] == 6
    batch = Batch("raw", TODAY - timedelta(days=30), "long", "batch")
    with pytest.raises(KeyDestroyedError):
        parts.vault.read(batch)
    assert parts.vault.is_partly_destroyed(TODAY - timedelta(days=6))
    assert not parts.vault.is_partly_destroyed(TODAY - timedelta(days=1))


def test_a_month_goes_with_its_rows_everywhere(parts: Parts) -> None:
    parts.retention.purge(NOW)
    home = state(parts.zones.root)
    assert "pseudonym-month-2026-09" in home["destroyed"]
    texts = {text for path, some in home["plain"].items() for text in some}
    assert texts
    assert all(int(text.removeprefix("canary-")) % 2 == 0 for text in texts)
    reviews = [path for path, some in home["plain"].items() if path.startswith("restricted") and some]
    assert not any(f"{TODAY - timedelta(days=45)}" in path for path in reviews)


def test_what_reviewers_said_goes_by_the_day_of_the_review(parts: Parts) -> None:
    report = parts.retention.purge(NOW)
    left = {
        (TODAY - date.fromisoformat(path.parent.name.removeprefix("arrived_on="))).days
        for path in (parts.zones.restricted / "verdicts").rglob("*.parquet")
        if pq.read_metadata(path).num_rows
    }
    assert left == {6, 1}
    assert report.rows["verdicts"] == 60
    assert report.rows["restricted"] == 20


def test_each_destruction_is_certified_once(parts: Parts) -> None:
    report = parts.retention.purge(NOW)
    assert parts.certificates.verify() == len(report.certificates)
    raw = [
        c for c in report.certificates if c.zone == "raw" and c.what == f"{TODAY - timedelta(days=45)}-long"
    ]
    assert [(c.quantity, c.key_id) for c in raw] == [(10, f"raw-{TODAY - timedelta(days=45)}-long")]
    again = parts.retention.purge(NOW)
    assert (again.rows, again.keys, again.certificates) == ({}, [], [])


def test_a_day_of_which_all_was_erased_loses_its_key_too(parts: Parts) -> None:
    for batch in parts.vault.batches("raw", [TODAY - timedelta(days=45)]):
        parts.vault.remove(batch)
    report = parts.retention.purge(NOW)
    assert f"raw-{TODAY - timedelta(days=45)}-long" in report.keys
    assert not parts.keyring.ids(f"raw-{TODAY - timedelta(days=45)}")


def test_late_posts_of_a_destroyed_day_go_with_the_next_purge(parts: Parts) -> None:
    parts.retention.purge(NOW)
    late = parts.vault.write_raw(TODAY - timedelta(days=45), "long", "late", raw(range(900, 903)))
    report = parts.retention.purge(NOW)
    assert (report.rows["raw"], report.keys) == (3, [late.key_id])
    assert late not in parts.vault.batches("raw")


def test_a_damaged_file_does_not_hold_up_the_purge(parts: Parts) -> None:
    [batch, *_] = parts.vault.batches("raw", [TODAY - timedelta(days=45)])
    parts.vault.path(batch).write_bytes(b"PARE damaged")
    assert batch.key_id in parts.retention.purge(NOW).keys
    assert not parts.vault.path(batch).exists()


def test_policy_and_register_decide_together() -> None:
    keep = Keep.of(load_policy(CONFIG / "policy.yaml"), load_sources(CONFIG / "sources.yaml"))
    assert keep.shelf_days("raw", "x_api_v2") <= 30
    assert keep._replace(raw=3).shelf_days("raw", "x_api_v2") == 3
    assert keep._replace(by_source={"x_api_v2": 2}).shelf_days("quarantine", "x_api_v2") == 2
    assert KEEP.shelf_days("raw", "unknown") == 30


def test_a_second_night_changes_nothing(tmp_path: Path) -> None:
    build(tmp_path / "home")
    night(tmp_path / "home")
    first = state(tmp_path / "home")
    night(tmp_path / "home")
    assert state(tmp_path / "home") == first
    assert first["expired"] == 0
    assert first["open_days"]
    assert date.fromisoformat(first["open_days"][0]) < TODAY


def test_killed_at_any_moment_the_next_run_ends_the_same(tmp_path: Path) -> None:
    """Every 37th change of a file or folder is a moment, some are struck again while resuming; step 1 tries all of them."""
    program = Path(__file__).with_name("night_to_kill.py")
    done = subprocess.run(
        [sys.executable, str(program), str(tmp_path), "37"],
        capture_output=True,
        text=True,
        cwd=CONFIG.parent,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    calm = lines[0]["state"]
    assert calm["leftovers"] == []
    assert calm["plaintext"] == []
    assert not calm["pending"]
    assert calm["ledger"] == [[10, 1, True]]
    assert lines[-1]["points"] > 300
    for line in lines[1:-1]:
        assert line["state"] == calm, f"killed at change {line['point']}"
