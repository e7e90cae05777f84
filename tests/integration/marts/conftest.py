"""One night of dbt, built once for all tests of the marts and of what reads them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import classified_posts as night
import pytest

from orchestration import publish, schema, schema_history
from orchestration.assets.release import commented, descriptions

PROJECT = Path(__file__).parents[3] / "dbt_project"


PARSED = "partial_parse.msgpack"


def run_dbt(
    home: Path, command: str, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run dbt as the night does, its own files beside the home.

    dbt parses the whole project again where the warehouse has another path: all homes are shown to it under one name,
    and what was parsed for one is laid beside the next.
    """
    shown, target, parsed = home.parent.parent / "shown", home.parent / "target", home.parent.parent / PARSED
    shown.unlink(missing_ok=True)
    shown.symlink_to(home)
    if parsed.exists() and not target.exists():
        target.mkdir()
        shutil.copy(parsed, target)
    places = ["--project-dir", PROJECT, "--profiles-dir", PROJECT, "--target-path", target, "--log-path", home.parent / "logs"]  # fmt: skip
    done = subprocess.run(
        [str(x) for x in [Path(sys.executable).with_name("dbt"), command, *places, *arguments]],
        env=os.environ | {"KOE_HOME": str(shown), "DO_NOT_TRACK": "1"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0 and not parsed.exists():
        shutil.copy(target / PARSED, parsed)
    return done


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory, built_once: Callable[[str], None]) -> Path:
    """A warehouse of 120 days, built with every test of the project."""
    built_once("marts")
    home = tmp_path_factory.mktemp("night") / "home"
    night.write_partitions(home, night.posts())
    night.write_quality(home)
    result = run_dbt(home, "build")
    assert result.returncode == 0, result.stdout
    return home


@pytest.fixture(scope="session")
def release(home: Path) -> Path:
    """The database of a release with that night's marts."""
    return (
        publish.build_candidate(home / "warehouse.duckdb", home.parent / "candidate").folder
        / publish.DATABASE
    )


@pytest.fixture(scope="session")
def published(home: Path) -> Path:
    """The zone of that name with that night's release as the current one, made as the night makes it."""
    zone = home / "published"
    zone.mkdir(exist_ok=True)
    contracts = schema.of_models(schema_history.MODELS)
    comments = commented(descriptions(home.parent / "target" / "manifest.json"), contracts)
    candidate = publish.build_candidate(
        home / "warehouse.duckdb", zone / ".candidate", comments, contracts=contracts
    )
    publish.tell_changes(candidate, None, night.START)
    publish.publish(
        candidate,
        zone,
        now=datetime(2026, 9, 1, 17, tzinfo=UTC),
        gates=[publish.GateResult("2-marts", "dbt_tests", passed=True)],
        versions={"koe": "test"},
        counts={},
    )
    return zone
