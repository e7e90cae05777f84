"""The dbt project as Dagster sees it, and its manifest made when it is missing or old.

It stands alone in a module because preparing the manifest must not need it: `build.py` imports the models from the
manifest that this module provides.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dagster_dbt import DbtCliResource, DbtProject
from packaging import version

from orchestration.guard import PlainError
from orchestration.settings import DBT_PROJECT

PARSED = "partial_parse.msgpack"
SOURCES = ("*.sql", "*.yml", "*.csv", "*.py", "*.md")


class DbtError(PlainError):
    """dbt could not read its own project."""


def dbt_executable() -> str:
    """The dbt of this environment; cron and systemd do not have it on their PATH."""
    return str(Path(sys.executable).with_name("dbt"))


def _newest_source(project: Path) -> float:
    own = {project / "target", project / "logs"}
    files = (p for pattern in SOURCES for p in project.rglob(pattern) if not own & set(p.parents))
    return max(p.stat().st_mtime for p in files)


def ensure_manifest(project: Path = DBT_PROJECT) -> Path:
    """Parse the dbt project if its manifest is missing or older than any of its files.

    Returns:
        The manifest's path.

    Raises:
        DbtError: dbt refuses the project; its own output has been shown.
    """
    manifest = project / "target" / "manifest.json"
    if manifest.exists() and manifest.stat().st_mtime >= _newest_source(project):
        return manifest
    environment = {"KOE_HOME": "unset"} | dict(os.environ)
    command = [
        dbt_executable(),
        "--quiet",
        "--no-version-check",
        "parse",
        "--project-dir",
        str(project),
        "--profiles-dir",
        str(project),
    ]
    done = subprocess.run(command, env=environment, check=False, cwd=project)  # noqa: S603  fixed words, no shell
    if done.returncode or not manifest.exists():
        raise DbtError("dbt cannot parse dbt_project/, see its message above")
    manifest.touch()
    return manifest


class PinnedDbt(DbtCliResource):
    """dbt's command line, whose version is known from the installed package.

    dagster-dbt asks `dbt --version` before each command. That takes four seconds and looks for newer releases online,
    which a machine without a network waits for.
    """

    @property
    def _cli_version(self) -> version.Version:
        return version.parse(importlib.metadata.version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:  # noqa: ARG002  dagster-dbt's signature
        """No adapter: it would read row counts and columns back, which nobody asks for, at the price of dbt in this process too."""
        return None


def remove_old_artefacts(project: Path = DBT_PROJECT) -> None:
    """Remove what earlier runs left: dagster-dbt makes a folder of artefacts a run, and never removes one."""
    for folder in (project / "target").glob("dbt_models-*"):
        shutil.rmtree(folder, ignore_errors=True)


def keep_parsed(artefacts: Path, project: Path = DBT_PROJECT) -> None:
    """Keep what a run has parsed for the next one: dbt parses the whole project again for another home or memory limit.

    Args:
        artefacts: the run's folder of artefacts.
        project: the dbt project.
    """
    aside = project / "target" / f".{artefacts.name}.{PARSED}"
    with contextlib.suppress(FileNotFoundError):
        shutil.copyfile(project / artefacts / PARSED, aside)
        aside.replace(project / "target" / PARSED)


def make_project() -> DbtProject:
    """The project, with a manifest that can be read."""
    ensure_manifest()
    return DbtProject(project_dir=DBT_PROJECT, profiles_dir=DBT_PROJECT)


def make_resource(project: DbtProject) -> DbtCliResource:
    """The dbt command line for Dagster."""
    return PinnedDbt(
        project_dir=str(project.project_dir),
        dbt_executable=dbt_executable(),
        global_config_flags=["--no-use-colors", "--no-version-check"],
    )
