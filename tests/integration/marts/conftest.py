"""One night of dbt, built once for all tests of the marts and of what reads them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import classified_posts as night
import pytest

from orchestration import publish

PROJECT = Path(__file__).parents[3] / "dbt_project"


def run_dbt(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run dbt as the night does, its own files beside the home."""
    command = Path(sys.executable).with_name("dbt")
    places = ["--project-dir", PROJECT, "--profiles-dir", PROJECT, "--target-path", home.parent / "target", "--log-path", home.parent / "logs"]  # fmt: skip
    return subprocess.run(
        [str(x) for x in [command, *arguments, *places]],
        env=os.environ | {"KOE_HOME": str(home), "DO_NOT_TRACK": "1"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse of 120 days, built with every test of the project."""
    home = tmp_path_factory.mktemp("night") / "home"
    night.write_partitions(home, night.posts())
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
