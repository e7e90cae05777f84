"""What all tests share."""

from __future__ import annotations

import os
from pathlib import Path

# Before anything imports numpy: two workers with a thread a core each would wait for one another on two cores.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest
from hypothesis import settings

# On CI the same examples every time: a change is judged by itself. At home new ones, which find what nobody thought of.
settings.register_profile("ci", derandomize=True, deadline=None, max_examples=40)
settings.register_profile("home", deadline=None, max_examples=40)
settings.load_profile("ci" if os.environ.get("CI") else "home")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep what shares a costly fixture in one worker: the tests of the marts together, of others each file."""
    for item in items:
        folder = Path(item.path).parent
        group = folder.name if folder.name == "marts" else f"{folder.name}/{Path(item.path).stem}"
        if "unit" not in Path(item.path).parts:
            item.add_marker(pytest.mark.xdist_group(group))
