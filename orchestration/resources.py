"""What Dagster hands to the steps: the installation. Progress and notifications are plain objects, see `build.py`."""

from __future__ import annotations

import dagster as dg
from pydantic import PrivateAttr

from orchestration.installation import Installation
from orchestration.settings import Settings


class Koe(dg.ConfigurableResource[None]):
    """An installation of Koe; its configuration is read when a step first asks for it.

    Attributes:
        full_refresh: whether dbt rebuilds its incremental models from all of staging.
        engine: where text is processed, of `installation.ENGINES`.
    """

    full_refresh: bool = False
    engine: str = "local"
    _opened: Installation | None = PrivateAttr(default=None)

    @property
    def installation(self) -> Installation:
        """The installation that the environment names, opened once."""
        if self._opened is None:
            settings = Settings.from_environment()
            settings.export()
            self._opened = Installation.open(settings, self.engine)
        return self._opened
