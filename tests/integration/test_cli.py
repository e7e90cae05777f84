"""The command line: help that shows examples, one line for a mistake, exit codes that scripts can use."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestration.cli import app

pytestmark = pytest.mark.integration
COMMANDS = sorted(c.name or c.callback.__name__ for c in app.registered_commands if c.callback)


def koe(*arguments: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("koe")
    variables = {**os.environ, "KOE_HOME": str(home), **environment}
    return subprocess.run(
        [program, *arguments], capture_output=True, text=True, env=variables, check=False, timeout=120
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str) -> None:
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert f"koe {command}" in " ".join(result.output.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--from", "2026-11-01"], "--from and --to go together"),
        (["run", "--date", "2026-11-01", "--from", "2026-11-01", "--to", "2026-11-02"], "either --date or"),
        (["run", "--date", "yesterday"], "yesterday"),
        (["erase", "--source", "x"], "either --post-id or --author"),
        (["run", "--engine", "spark"], "expected one of local, processes, ray"),
        (["frobnicate"], "frobnicate"),
    ],
)
def test_a_wrong_call_is_told_in_a_line_and_touches_nothing(
    arguments: list[str], message: str, tmp_path: Path
) -> None:
    done = koe(*arguments, home=tmp_path / "home")
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "home").exists()


def test_a_broken_configuration_is_named_by_file_line_and_key(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.mkdir()
    for name in ("sources", "watchlist", "policy", "actions"):
        (config / f"{name}.yaml").write_bytes((Path("config") / f"{name}.yaml").read_bytes())
    policy = config / "policy.yaml"
    policy.write_text(policy.read_text(encoding="utf-8").replace("\nk: 10", "\nk: 3"), encoding="utf-8")
    done = koe("run", home=tmp_path / "home", KOE_CONFIG=str(config))
    line = next(
        i
        for i, text in enumerate(policy.read_text(encoding="utf-8").splitlines(), 1)
        if text.startswith("k: 3")
    )
    assert done.returncode == 2
    assert f"policy.yaml:{line}: k: expected a whole number of authors from 10" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "home").exists()


def test_an_unusable_home_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    done = koe("run", home=tmp_path / "file")
    assert done.returncode == 2
    assert "is not a folder" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
