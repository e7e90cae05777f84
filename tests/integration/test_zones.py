"""Zones are private, appear whole, and the doctor sees what is wrong with them; one run at a time."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from night_to_kill import NOW, TODAY, Parts, build, night

from orchestration.doctor import Finding, examine
from orchestration.locks import RunLockedError, run_lock
from orchestration.zones import ZoneError, Zones, atomic_file, create_exclusive, write_atomic

pytestmark = pytest.mark.integration


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_zones_are_private_and_published_is_readable(tmp_path: Path) -> None:
    zones = Zones(tmp_path / "a" / "home").create()
    assert mode(zones.root) == 0o700
    assert all(mode(directory) == 0o700 for directory in zones.private_directories())
    assert mode(zones.published) == 0o755
    zones.root.chmod(0o777)
    zones.raw.chmod(0o755)
    zones.create()
    assert (mode(zones.root), mode(zones.raw)) == (0o700, 0o700)
    zones.root.chmod(0o711)
    assert mode(zones.create().root) == 0o711


def test_new_files_are_private_by_default(tmp_path: Path) -> None:
    zones = Zones(tmp_path / "home").create()
    zones.warehouse.write_bytes(b"")
    assert mode(zones.warehouse) == 0o600
    zones.warehouse.chmod(0o644)
    assert zones.tighten() == 1
    assert mode(zones.warehouse) == 0o600
    (zones.published / "x").write_bytes(b"")
    (zones.published / "x").chmod(0o444)
    assert zones.tighten() == 0


def test_home_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Zones.from_environment({"KOE_HOME": "/srv/koe"}).root == Path("/srv/koe")
    assert Zones.from_environment({"KOE_HOME": ""}).root == tmp_path / "data"


def test_a_home_that_cannot_be_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ZoneError, match="does not exist"):
        Zones(tmp_path / "none").require()
    file = tmp_path / "file"
    file.write_text("")
    for broken in (file, file / "below"):
        with pytest.raises(ZoneError) as caught:
            Zones(broken).create()
        assert "\n" not in str(caught.value)
    with pytest.raises(ZoneError, match="is not a folder"):
        Zones(file).require()
    assert Zones(tmp_path / "home").create().require().root.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")
def test_a_home_without_rights_is_one_line(tmp_path: Path) -> None:
    zones = Zones(tmp_path / "home").create()
    zones.raw.chmod(0o500)
    with pytest.raises(ZoneError, match="cannot be written"):
        zones.require()
    zones.raw.chmod(0o000)
    with pytest.raises(ZoneError, match="cannot be read"):
        zones.require()
    zones.raw.chmod(0o700)


def test_a_full_disk_is_told_before_writing(tmp_path: Path) -> None:
    zones = Zones(tmp_path / "home").create()
    zones.require_free(1)
    with pytest.raises(ZoneError, match="MiB are needed; nothing was written"):
        zones.require_free(2**60)


def test_writes_are_whole_or_nothing(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file"
    write_atomic(path, b"old")
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)

    def fail() -> None:
        with atomic_file(path) as file:
            file.write(b"new")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_bytes() == b"old"
    assert os.listdir(path.parent) == ["file"]  # noqa: PTH208
    assert not create_exclusive(path, b"second")
    assert create_exclusive(path.with_name("other"), b"first")
    assert sorted(os.listdir(path.parent)) == ["file", "other"]  # noqa: PTH208


def test_leftovers_are_swept(tmp_path: Path) -> None:
    zones = Zones(tmp_path / "home").create()
    (zones.raw / ".part.parquet.ab12.tmp").write_bytes(b"PARE")
    (zones.raw / "part.parquet").write_bytes(b"PARE")
    assert zones.sweep() == 1
    assert [path.name for path in zones.raw.iterdir()] == ["part.parquet"]


def test_the_second_run_waits_or_says_so(tmp_path: Path) -> None:
    zones = Zones(tmp_path / "home").create()
    program = (
        "import sys; from pathlib import Path; from orchestration.locks import run_lock; from orchestration.zones import Zones\n"
        "with run_lock(Zones(Path(sys.argv[1]))): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(zones.root)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
    ) as other:  # fmt: skip
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "held\n"
        told: list[str] = []
        with (
            pytest.raises(RunLockedError, match=f"process {other.pid}"),
            run_lock(zones, wait_seconds=0.2, on_wait=told.append),
        ):
            pass
        assert len(told) == 1
        assert "waiting" in told[0]
        with pytest.raises(RunLockedError, match="nothing was done"), run_lock(zones, wait_seconds=0):
            pass
        other.kill()
        other.wait()
        with run_lock(zones, wait_seconds=60):
            pass


def findings(parts: Parts, today: date = TODAY) -> dict[str, Finding]:
    found = examine(parts.zones, parts.vault, parts.certificates, parts.retention, today)
    return {finding.check: finding for finding in found}


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    build(tmp_path / "home")
    night(tmp_path / "home")
    return Parts(tmp_path / "home")


def test_a_home_after_a_night_is_well(parts: Parts) -> None:
    assert [finding for finding in findings(parts).values() if not finding.ok] == []
    assert "chain is whole" in findings(parts)["certificates"].message


def test_the_doctor_sees(parts: Parts) -> None:
    [batch, *_] = parts.vault.batches("raw")
    path = parts.vault.path(batch)
    path.chmod(0o644)
    pq.write_table(pa.table({"text": ["plain"]}), parts.zones.raw / "stray.parquet")
    (parts.zones.vault / "export.csv").write_text("plain")
    (parts.zones.raw / ".x.tmp").write_bytes(b"")
    (parts.zones.keyring / "keys" / f"{batch.key_id}.key").unlink()
    chain = parts.zones.certificates / "chain.jsonl"
    chain.write_bytes(chain.read_bytes().split(b"\n", 1)[1])
    found = findings(parts)
    assert {name for name, finding in found.items() if not finding.ok} == {
        "permissions", "encryption", "plaintext", "keys", "certificates", "leftovers",
    }  # fmt: skip
    assert f"{path} is 0644" in found["permissions"].message
    assert "stray.parquet is not encrypted" in found["encryption"].message
    assert "export.csv" in found["plaintext"].message
    assert f"there is no key {batch.key_id}" in found["keys"].message
    assert "broken at number 1" in found["certificates"].message


def test_the_doctor_sees_what_is_overdue(parts: Parts) -> None:
    later = date(2026, 12, 20)
    assert "koe purge" in findings(parts, later)["retention"].message
    parts.retention.purge(NOW.replace(month=12, day=19))
    assert findings(parts, later)["retention"].ok
    parts.keyring.destroy("pseudonym-month-2026-11")
    assert "outlive their key pseudonym-month-2026-11" in findings(parts, later)["keys"].message
