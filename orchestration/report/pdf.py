"""A page as PDF, printed by a Chromium on this machine.

Belongs here: finding the browser and having it print. Does not: the page, whose own style says how it is printed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from orchestration.guard import PlainError

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
SECONDS: Final = 120
FLAGS: Final = (
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-pdf-header-footer",
)


def find_browser() -> str:
    """The browser's path.

    Raises:
        PlainError: there is none.
    """
    for name in NAMES:
        if found := shutil.which(name):
            return found
    raise PlainError("no Chromium on this machine, so no PDF; leave --pdf out, or install chromium")


def print_pdf(browser: str, page: Path, target: Path) -> None:
    """Print a page.

    Args:
        browser: as `find_browser` gives it.
        page: an HTML file that loads nothing.
        target: the PDF to write.

    Raises:
        PlainError: the browser did not do it.
    """
    # The browser refuses its sandbox to root; what it opens here is our own page, and it reaches no network.
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="koe-browser-") as profile:
        command = [browser, *FLAGS, *as_root, f"--user-data-dir={profile}", f"--print-to-pdf={target}", page.resolve().as_uri()]  # fmt: skip
        try:
            done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)  # noqa: S603  our own words
        except (OSError, subprocess.TimeoutExpired):
            done = None
    if done is None or done.returncode or not target.is_file():
        raise PlainError(f"{target.name}: the browser did not print the page")
