"""Where Koe keeps its data and reads its configuration, from the environment.

Belongs here: environment variables and their defaults. Does not: what the configuration files say (`config/`), where
in a home a zone lies (`zones.py`).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

JST = ZoneInfo("Asia/Tokyo")
PROJECT = Path(__file__).resolve().parent.parent
DBT_PROJECT = PROJECT / "dbt_project"


@dataclass(frozen=True, slots=True)
class Settings:
    """Paths of one installation.

    Attributes:
        home: the root of all zones (KOE_HOME, default ./data).
        config: folder of sources.yaml, watchlist.yaml, policy.yaml, actions.yaml (KOE_CONFIG, default the project's config/).
    """

    home: Path
    config: Path

    @classmethod
    def from_environment(cls) -> Settings:
        """Read KOE_HOME and KOE_CONFIG."""
        return cls(
            home=Path(os.environ.get("KOE_HOME") or Path.cwd() / "data").absolute(),
            config=Path(os.environ.get("KOE_CONFIG") or PROJECT / "config").absolute(),
        )

    def export(self) -> None:
        """Put the paths into the environment, for dbt and for Dagster's child processes; switch all telemetry off."""
        os.environ["KOE_HOME"] = str(self.home)
        os.environ["KOE_CONFIG"] = str(self.config)
        os.environ["DAGSTER_HOME"] = str(self.home / "dagster")
        os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
        os.environ["DO_NOT_TRACK"] = "1"
        os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"


def today() -> date:
    """The current day in Japan."""
    return datetime.now(JST).date()
