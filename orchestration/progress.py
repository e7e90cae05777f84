"""Progress of long work, shown to whoever waits.

Belongs here: the small interface that long work speaks, and its bars in a terminal. Does not: the work.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)


class Reporter(Protocol):
    """Told how far the work is."""

    def begin(self, stage: str, total: int | None = None) -> None:
        """A stage begins; `total` units of it are expected, if that is known."""
        ...

    def advance(self, units: int = 1) -> None:
        """So many units are done."""
        ...


class Silent:
    """Shows nothing."""

    def begin(self, stage: str, total: int | None = None) -> None:
        """Do nothing."""

    def advance(self, units: int = 1) -> None:
        """Do nothing."""


class Bars:
    """One bar a stage."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = None if progress.disable else progress.add_task("", total=None, visible=False)

    def begin(self, stage: str, total: int | None = None) -> None:
        """End the bar of the stage before and begin one for this."""
        self._finish()
        self._task = self._progress.add_task(stage, total=total)

    def advance(self, units: int = 1) -> None:
        """Move the bar."""
        if self._task is not None:
            self._progress.advance(self._task, units)

    def _finish(self) -> None:
        if self._task is None:
            return
        task = next((t for t in self._progress.tasks if t.id == self._task), None)
        if task and task.visible:
            self._progress.update(
                self._task,
                total=task.total or max(1, int(task.completed)),
                completed=task.total or max(1, int(task.completed)),
            )
            self._progress.stop_task(self._task)


@contextmanager
def bars(console: Console) -> Iterator[Reporter]:
    """Bars on a terminal, nothing where the output is a file or a pipe."""
    if not console.is_terminal:
        yield Silent()
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:<18}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        shown = Bars(progress)
        yield shown
        shown.begin("done", 1)
        shown.advance()
