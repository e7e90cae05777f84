"""What all tests share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

# Before anything imports numpy: two workers with a thread a core each would wait for one another on two cores.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

# On CI the same examples every time: a change is judged by itself. At home new ones, which find what nobody thought of.
settings.register_profile("ci", derandomize=True, deadline=None, max_examples=40)
settings.register_profile("home", deadline=None, max_examples=40)
settings.register_profile("deep", deadline=None, max_examples=2_000)  # make test-deep
settings.load_profile("ci" if os.environ.get("CI") else "home")


LONGEST_FIRST = ("tests/integration/test_night.py", "tests/integration/marts")
"""Groups that last longest: begun last, they would keep one worker busy while the other has nothing left."""


def group_of(node_id: str) -> str:
    """What shares a costly fixture: the tests of the marts together, of others each file."""
    file = Path(node_id.partition("::")[0])
    return str(file.parent if file.parent.name == "marts" else file)


class GroupScheduling(LoadFileScheduling):
    """Keeps a group in one worker. (The marks of `--dist loadgroup` do not reach xdist 3.8 under pytest 9.2.)"""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> GroupScheduling | None:
    """Group where whole files go to a worker; other ways of `--dist` are xdist's own."""
    return GroupScheduling(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest groups; all others as they come."""
    items.sort(key=lambda item: (*LONGEST_FIRST, group := group_of(item.nodeid)).index(group))


@pytest.fixture(scope="session")
def built_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], None]:
    """Fails where a costly thing is built by a second worker: its tests have been parted, and each side pays for it."""

    def claim(what: str) -> None:
        if os.environ.get("PYTEST_XDIST_WORKER"):
            (tmp_path_factory.getbasetemp().parent / f"{what} is built").touch(exist_ok=False)

    return claim
