"""Gives each payload fixture to the tests that ask for one."""

from __future__ import annotations

import pytest
from source_payloads import all_payloads


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "payload" in metafunc.fixturenames:
        payloads = [
            each for each in all_payloads() if "->" not in each.name
        ]  # that one intake refuses by its name
        metafunc.parametrize("payload", payloads, ids=[f"{each.folder}/{each.name}" for each in payloads])
