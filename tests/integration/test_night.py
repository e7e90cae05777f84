"""The night end to end: real Dagster, dbt, DuckDB and Great Expectations on sample posts, without a network."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest
from ahocorasick_rs import AhoCorasick

from orchestration import gates, publish
from orchestration.installation import Installation
from orchestration.settings import PROJECT, Settings, today
from samples.generate import generate

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

LAST = today() - timedelta(days=1)
FIRST = LAST - timedelta(days=9)
KOE = str(Path(sys.executable).with_name("koe"))


def environment(home: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "KOE_HOME": str(home), "COLUMNS": "200", **more}


def koe(home: Path, *arguments: str, offline: bool = False, **more: str) -> subprocess.CompletedProcess[str]:
    unplugged = ["unshare", "--map-root-user", "--net"] if offline else []
    return subprocess.run(
        [*unplugged, KOE, *arguments],
        env=environment(home, **more),
        capture_output=True,
        text=True,
        check=False,
        timeout=800,
    )


def can_unplug() -> bool:
    return (
        bool(shutil.which("unshare"))
        and subprocess.run(
            ["unshare", "--map-root-user", "--net", "true"], check=False, capture_output=True
        ).returncode
        == 0
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after its first night, run with the network unplugged."""
    folder = tmp_path_factory.mktemp("night") / "home"
    generate(posts=2_500, days=10, seed=7, end_day=LAST, out=folder / "landing")
    done = koe(folder, "run", "--from", str(FIRST), "--to", str(LAST), offline=can_unplug())
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    (folder / "first_run.txt").write_text(done.stdout, encoding="utf-8")
    return folder


@pytest.fixture
def opened(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    for name in ("KOE_HOME", "KOE_CONFIG", "DAGSTER_HOME"):
        monkeypatch.setenv(name, os.environ.get(name, ""))
    monkeypatch.setenv("KOE_HOME", str(home))
    monkeypatch.delenv("KOE_CONFIG")
    settings = Settings.from_environment()
    settings.export()
    return Installation.open(settings)


def release_of(home: Path) -> Path:
    current = publish.current_release(home / "published")
    assert current is not None
    return current


def rows(database: Path) -> dict[str, list[tuple[object, ...]]]:
    with duckdb.connect(str(database), read_only=True) as con:
        names = [
            r[0]
            for r in con.execute("SELECT table_name FROM information_schema.tables ORDER BY 1").fetchall()
        ]
        return {n: con.execute(f"SELECT * FROM {n} ORDER BY ALL").fetchall() for n in names}


def test_the_network_was_unplugged() -> None:
    assert can_unplug(), (
        "this system cannot take the network away from a process (unshare), so the night was run with it"
    )


def test_the_night_ends_with_its_table(home: Path) -> None:
    told = (home / "first_run.txt").read_text(encoding="utf-8")
    for word in (
        "posts in",
        "rejected",
        "redacted",
        "gate",
        "mart_topics_weekly",
        "seconds",
        "report.html",
        "marts.duckdb",
    ):
        assert word in told
    assert "✗" not in told


def test_the_release_is_whole_and_passed_all_gates(home: Path) -> None:
    manifest = json.loads((release_of(home) / "manifest.json").read_text(encoding="utf-8"))
    assert {g["gate"] for g in manifest["gates"]} == {gates.STAGING, gates.MARTS, gates.CANDIDATE}
    assert all(g["passed"] for g in manifest["gates"])
    assert publish.verify_files(release_of(home)) == []
    assert {m["name"] for m in manifest["marts"]} >= {
        "mart_topics_weekly",
        "mart_reputation",
        "mart_complaints",
        "mart_quality",
    }
    assert all(
        m["rows"] > 0
        for m in manifest["marts"]
        if m["name"] in ("mart_topics_weekly", "mart_reputation", "mart_complaints", "mart_quality")
    )


def test_landing_is_empty_and_the_vault_is_not(home: Path, opened: Installation) -> None:
    assert [p for p in (home / "landing").rglob("*") if p.is_file()] == []
    raw = opened.vault.read_raw()
    assert raw is not None
    assert raw.num_rows > 2_400


def test_only_published_may_be_read_by_others(home: Path) -> None:
    for path in home.rglob("*"):
        if path.is_symlink() or path.parts[len(home.parts)] in ("published", "first_run.txt"):
            continue
        assert path.stat().st_mode & 0o077 == 0, path.relative_to(home)


def test_no_run_of_any_post_is_in_what_was_published_or_logged(home: Path, opened: Installation) -> None:
    raw = opened.vault.read_raw()
    assert raw is not None
    texts = [re.sub(r"\s", "", t) for t in raw["text"].to_pylist() if t]
    grams = list({t[i : i + 13] for t in texts for i in range(0, max(0, len(t) - 12), 5)})
    assert len(grams) > 10_000
    frames = (pl.read_parquet(p) for p in (release_of(home) / "parquet").glob("*.parquet"))
    published = "\n".join(v for frame in frames for c in gates.distinct_values(frame) for v in c.to_series())
    folders = [home / "dagster", PROJECT / "dbt_project" / "target", release_of(home)]
    files = [p for p in gates.all_files(folders) if p.suffix not in gates.BINARY]
    everything = published + "\n".join(p.read_bytes().decode("utf-8", "replace") for p in files)
    for entry in opened.config.watchlist.entries:  # a facility's name is published, and people write it
        everything = everything.replace(entry.names[0], " ")
    seen = sum(1 for _ in AhoCorasick(grams).find_matches_as_indexes(everything))
    assert seen == 0


def test_the_readmes_questions_can_be_asked(home: Path) -> None:
    queries = re.findall(r"```sql\n(.*?)```", (PROJECT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert len(queries) == 3
    with duckdb.connect(str(release_of(home) / publish.DATABASE), read_only=True) as con:
        for query in queries:
            con.execute(query).fetchall()


def test_verify_and_doctor_find_nothing(home: Path) -> None:
    verified, examined = koe(home, "verify"), koe(home, "doctor")
    assert (verified.returncode, verified.stdout.strip()) == (0, "✓ nothing found")
    assert examined.returncode == 0, examined.stdout


def test_a_second_run_with_nothing_new_changes_nothing(home: Path) -> None:
    before, content = release_of(home), rows(release_of(home) / publish.DATABASE)
    done = koe(home, "run")
    assert done.returncode == 0, done.stdout[-3000:]
    assert release_of(home) == before
    assert rows(release_of(home) / publish.DATABASE) == content


def test_a_name_in_the_configuration_stops_at_the_last_gate_alone(home: Path, tmp_path: Path) -> None:
    config = tmp_path / "config"
    shutil.copytree(PROJECT / "config", config)
    watchlist = config / "watchlist.yaml"
    text = watchlist.read_text(encoding="utf-8")
    entity = Installation.open(Settings(home, PROJECT / "config")).config.watchlist.entries[0]
    number = "-".join(["090", "3141", "5926"])
    watchlist.write_text(text.replace(entity.names[0], f"{entity.names[0]} {number}", 1), encoding="utf-8")
    before = release_of(home)
    done = koe(
        home,
        "run",
        "--from-marts",
        "--full-refresh",
        "--from",
        str(FIRST),
        "--to",
        str(LAST),
        KOE_CONFIG=str(config),
    )
    told = " ".join(done.stdout.split())
    assert done.returncode == 1
    assert "3-candidate/values" in told
    assert ":PHONE" in told
    assert number not in done.stdout + done.stderr
    assert release_of(home) == before
    assert list((home / "published").glob(".candidate*")) == []
