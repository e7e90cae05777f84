"""What Dagster's processes load: the definitions, built once."""

from __future__ import annotations

from orchestration.build import build_defs
from orchestration.settings import Settings

Settings.from_environment().export()
defs = build_defs()
