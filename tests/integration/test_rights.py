"""Rights through the command line: erase, purge, incident, doctor and verify on a small home, each a process of its own."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from load_to_kill import plain_values, tweet
from rich.console import Console

from orchestration.guard import PlainError
from orchestration.installation import Installation
from orchestration.loading import load_days
from orchestration.progress import Silent
from orchestration.rights import erase
from orchestration.settings import Settings, today
from orchestration.vault import Batch

pytestmark = pytest.mark.integration

KOE = str(Path(sys.executable).with_name("koe"))
OLD, NEW = today() - timedelta(days=40), today() - timedelta(days=2)
POSTS = [
    tweet(n, f"めじるし{n:04} ひよどり坂病院で待った", created_at=f"{OLD}T01:00:00.000Z") for n in range(20)
]


def deliver(home: Path, day: date, *lines: object) -> None:
    path = home / "landing" / str(day) / "x_api_v2" / "a.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(v if isinstance(v, bytes) else orjson.dumps(v) + b"\n" for v in lines))


def opened(home: Path) -> Installation:
    return Installation.open(Settings(home, Settings.from_environment().config))


def raw_ids(home: Path) -> set[str]:
    raw = opened(home).vault.read_raw()
    return set() if raw is None else set(raw["post_id"].to_pylist())


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with ten posts that are due for destruction and ten that are not; nothing of them is staged."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KOE_MASTER_KEY", MASTER)
        home = tmp_path_factory.mktemp("rights") / "home"
        deliver(home, OLD, *POSTS[:10], b'{"id": "9999999999", broken\n')
        deliver(home, NEW, *POSTS[10:])
        load_days(opened(home), [OLD, NEW], Silent())
    return home


MASTER = secrets.token_hex(32)


@pytest.fixture
def home(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KOE_MASTER_KEY", MASTER)
    shutil.copytree(template, tmp_path / "home")
    return tmp_path / "home"


def koe(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, "KOE_HOME": str(home), "COLUMNS": "300", **environment}
    return subprocess.run(
        [KOE, *arguments], capture_output=True, text=True, env=variables, check=False, timeout=120
    )


def certificates(home: Path) -> list[tuple[str, str, int]]:
    chain = home / "vault" / "certificates" / "chain.jsonl"
    lines = chain.read_text().splitlines() if chain.exists() else []
    return [(c["reason"], c["zone"], c["quantity"]) for c in map(json.loads, lines)]


def test_a_post_and_an_author_are_erased_and_refused(home: Path) -> None:
    one, other = POSTS[12], POSTS[15]
    done = koe(home, "erase", "--source", "x", "--post-id", one["id"])
    assert (done.returncode, done.stdout, done.stderr) == (0, "erased: raw 1; certificates: 1\n", "")
    done = koe(home, "erase", "--source", "x", "--author", other["author_id"])
    of_author = {p["id"] for p in POSTS if p["author_id"] == other["author_id"]}
    assert done.stdout == f"erased: raw {len(of_author)}; certificates: 1\n"
    assert len(of_author) > 2
    left = {p["id"] for p in POSTS} - of_author - {one["id"]}
    assert raw_ids(home) == left
    deliver(home, today() - timedelta(days=1), *POSTS, b"\n")
    load_days(opened(home), [today() - timedelta(days=1)], Silent())
    assert raw_ids(home) == left
    assert certificates(home) == [("erasure", "raw", 1), ("erasure", "raw", len(of_author))]
    gone = [one["id"], other["author_id"], *(p["text"] for p in POSTS)]
    for path, data in plain_values(home):
        assert not any(word.encode() in data for word in gone), path.relative_to(home)


def test_what_was_never_stored_is_refused_from_then_on(home: Path) -> None:
    done = koe(home, "erase", "--source", "qa", "--post-id", "q-123456")
    assert (done.returncode, done.stdout) == (0, "erased: nothing was stored; certificates: 0\n")
    assert opened(home).erasure.tombstones.refuses("qa", "q-123456", None) == "request"


def test_a_broken_record_that_names_the_id_is_erased(home: Path) -> None:
    done = koe(home, "erase", "--source", "x", "--post-id", "9999999999")
    assert done.stdout == "erased: quarantine 1; certificates: 1\n"
    assert opened(home).vault.read_quarantine() is None


def test_purge_destroys_key_and_files_and_doctor_sees_before_and_after(home: Path) -> None:
    overdue = koe(home, "doctor")
    assert overdue.returncode == 1
    assert "✗" in overdue.stdout
    done = koe(home, "purge")
    assert (done.returncode, done.stdout) == (0, "destroyed: 2 certificate(s) issued\n")
    assert sorted(certificates(home)) == [("retention", "quarantine", 1), ("retention", "raw", 10)]
    assert raw_ids(home) == {p["id"] for p in POSTS[10:]}
    assert opened(home).keyring.is_destroyed(Batch("raw", OLD, "x_api_v2", "any").key_id)
    assert not (home / "vault" / "raw" / f"arrived_on={OLD}").exists()
    well = koe(home, "doctor")
    assert well.returncode == 0, well.stdout
    assert "✗" not in well.stdout


def test_doctor_finds_damage(home: Path) -> None:
    opened(home).retention.purge(datetime.now(UTC))
    [batch] = opened(home).vault.batches("raw")
    path = opened(home).vault.path(batch)
    path.write_bytes(b"PAR1" + path.read_bytes()[4:])
    next((home / "vault" / "ledger").iterdir()).chmod(0o644)
    stray = path.parent / "copy.jsonl"
    stray.write_text("めじるし")
    stray.chmod(0o600)
    chain = home / "vault" / "certificates" / "chain.jsonl"
    chain.write_text(chain.read_text().replace('"quantity":10', '"quantity":9'))
    done = koe(home, "doctor")
    assert done.returncode == 1
    told = [line.split()[1] for line in done.stdout.splitlines() if "✗" in line]
    assert told == ["permissions", "encryption", "plaintext", "certificates"]
    assert "めじるし" not in done.stdout + done.stderr


def test_an_incident_counts_persons_and_prints_nothing_of_them(home: Path) -> None:
    done = koe(home, "incident", "--from", str(OLD), "--to", str(today()), "--source", "x")
    assert (done.returncode, done.stderr) == (0, "")
    assert all(f"\n{number}. " in done.stdout for number in range(1, 10))
    persons = len({p["author_id"] for p in POSTS})
    assert f"{persons} 人" in done.stdout
    assert not any(p["author_id"] in done.stdout or p["text"] in done.stdout for p in POSTS)


def test_verify_without_a_release_says_so(home: Path) -> None:
    done = koe(home, "verify")
    assert done.returncode != 0
    assert "release" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_nothing_opens_without_the_master_key(home: Path) -> None:
    before = {
        path: path.read_bytes() for path in home.rglob("*.*") if path.is_file() and path.name != "run.lock"
    }
    erasing = ("erase", "--source", "x", "--post-id", "1")
    incident = ("incident", "--from", str(OLD), "--to", str(NEW))
    for key, arguments in (("", incident), ("ab" * 32, erasing)):
        done = koe(home, *arguments, KOE_MASTER_KEY=key)
        assert done.returncode == 2
        assert "master key" in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert {
        path: path.read_bytes() for path in home.rglob("*.*") if path.is_file() and path.name != "run.lock"
    } == before


def test_a_home_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    done = koe(tmp_path / "none", "purge")
    assert done.returncode == 2
    assert "does not exist" in done.stderr
    assert not (tmp_path / "none").exists()


def test_an_unknown_platform_is_named(home: Path) -> None:
    settings = Settings(home, Settings.from_environment().config)
    with pytest.raises(PlainError, match="--source myspace: expected one of x, bluesky"):
        erase(settings, source="myspace", post_id="1", author_id=None, console=Console())
