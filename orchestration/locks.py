"""One writer at a time: a lock on the home, held while anything below it is changed.

Belongs here: waiting for the lock, and saying who holds it. Does not: DuckDB's own lock on the warehouse.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import Final

from filelock import FileLock, Timeout

from orchestration.guard import PlainError
from orchestration.zones import PRIVATE_FILE, Zones

WAIT_VARIABLE: Final = "KOE_LOCK_WAIT_SECONDS"
WAIT_SECONDS: Final = 3600.0


class RunLockedError(PlainError):
    """Another process works on the same home, and the wait for it has ended."""


def wait_seconds_wanted() -> float:
    """How long to wait for another process: KOE_LOCK_WAIT_SECONDS, an hour by default.

    Raises:
        RunLockedError: the variable holds no number from 0.
    """
    text = os.environ.get(WAIT_VARIABLE) or str(WAIT_SECONDS)
    try:
        wanted = float(text)
    except ValueError:
        wanted = -1.0
    if not 0 <= wanted < float("inf"):
        raise RunLockedError(f"{WAIT_VARIABLE}: expected a number of seconds from 0")
    return wanted


@contextlib.contextmanager
def run_lock(
    zones: Zones, *, wait_seconds: float | None = None, on_wait: Callable[[str], None] | None = None
) -> Iterator[None]:
    """Hold the home's lock. The system gives it back when a process ends, however it ends.

    Args:
        zones: the home.
        wait_seconds: how long to wait for another process, 0 for not at all; `wait_seconds_wanted()` by default.
        on_wait: is told once, in one line, who is waited for.

    Yields:
        Nothing; the lock is held within the block.

    Raises:
        RunLockedError: another process still holds it after `wait_seconds`.
    """
    wait_seconds = wait_seconds_wanted() if wait_seconds is None else wait_seconds
    lock = FileLock(zones.run_lock, mode=PRIVATE_FILE)
    note = zones.run_lock.with_suffix(".holder")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        holder = _holder(note)
        if wait_seconds > 0 and on_wait is not None:
            on_wait(f"another run ({holder}) works on {zones.root}; waiting for up to {wait_seconds:.0f} s")
        try:
            lock.acquire(timeout=wait_seconds)
        except Timeout:
            raise RunLockedError(
                f"another run ({holder}) works on {zones.root}; nothing was done, try again when it has ended"
            ) from None
    try:
        with contextlib.suppress(OSError):  # on a full disk nobody is told who holds it, and that is all
            note.write_text(f"process {os.getpid()}\n", "ascii")
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def _holder(note: os.PathLike[str]) -> str:
    try:
        with open(note, encoding="ascii") as file:  # noqa: PTH123 - a path-like is enough
            return file.read(40).strip() or "unknown process"
    except (OSError, UnicodeDecodeError):
        return "unknown process"
