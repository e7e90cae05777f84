"""What all tests share."""

from __future__ import annotations

import os

from hypothesis import settings

# On CI the same examples every time: a change is judged by itself. At home new ones, which find what nobody thought of.
settings.register_profile("ci", derandomize=True, deadline=None, max_examples=40)
settings.register_profile("home", deadline=None, max_examples=40)
settings.load_profile("ci" if os.environ.get("CI") else "home")
