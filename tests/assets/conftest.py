"""A home of one's own for tests that run assets in process."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.installation import Installation
from orchestration.settings import Settings


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """An empty installation that the environment names, with a master key from the environment."""
    for name in (
        "KOE_CONFIG",
        "DAGSTER_HOME",
        "DAGSTER_DISABLE_TELEMETRY",
        "DO_NOT_TRACK",
        "DBT_SEND_ANONYMOUS_USAGE_STATS",
    ):
        monkeypatch.setenv(name, "")
    monkeypatch.delenv("KOE_CONFIG")
    monkeypatch.setenv("KOE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KOE_MASTER_KEY", "11" * 32)
    settings = Settings.from_environment()
    settings.export()
    return Installation.open(settings)
