"""What people and the law may ask of an installation: erase, purge, report an incident, prove its state.

Belongs here: the command line's way to `erasure`, `retention`, `incident`, `doctor`, and the run of the marts that an erasure
or a purge needs. Does not: how any of them works.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import get_args

from rich.console import Console
from rich.table import Table

from orchestration import doctor as examination
from orchestration import night
from orchestration.guard import PlainError
from orchestration.incident import assess, render
from orchestration.installation import Installation
from orchestration.locks import run_lock
from orchestration.settings import Settings, today
from orchestration.tombstones import Removal
from orchestration.zones import Zones
from transforms.posts import Source


def _open(settings: Settings) -> Installation:
    """An installation that exists already.

    Raises:
        ZoneError: there is none at KOE_HOME.
    """
    installation = Installation.open(settings)
    Zones(settings.home).require()
    return installation


def erase(
    settings: Settings, *, source: str, post_id: str | None, author_id: str | None, console: Console
) -> bool:
    """Erase a post or an author from every zone, refuse them from now on, and run the marts again.

    Returns:
        Whether the marts could be published again; the erasure itself has been carried out either way.

    Raises:
        PlainError: the platform is unknown.
    """
    if source not in get_args(Source):
        raise PlainError(f"--source {source}: expected one of {', '.join(get_args(Source))}")
    installation = _open(settings)
    now = datetime.now(UTC)
    with run_lock(installation.zones, on_wait=lambda line: console.print(line, markup=False)):
        installation.erasure.record(
            [Removal(source, post_id, author_id, int(now.timestamp()), "request")], now
        )
        report = installation.erasure.propagate(now)
    rows = ", ".join(f"{zone} {n}" for zone, n in sorted(report.rows.items()) if n) or "nothing was stored"
    console.print(f"erased: {rows}; certificates: {len(report.certificates)}")
    if not installation.erasure.open_days():
        return True
    return night.run(settings, night.Wanted(from_marts=True), console).success


def purge(settings: Settings, *, console: Console) -> None:
    """Destroy what is past its time."""
    installation = _open(settings)
    with run_lock(installation.zones, on_wait=lambda line: console.print(line, markup=False)):
        report = installation.retention.purge(datetime.now(UTC))
    console.print(f"destroyed: {len(report.certificates)} certificate(s) issued")


def incident(settings: Settings, first: date, last: date, source: str | None) -> str:
    """The nine items of a breach report."""
    installation = _open(settings)
    return render(assess(installation.zones, installation.vault, first, last, source), today())


def doctor(settings: Settings, *, console: Console) -> bool:
    """Print what is well and what is not.

    Returns:
        Whether all is well.
    """
    installation = _open(settings)
    findings = examination.examine(
        installation.zones, installation.vault, installation.certificates, installation.retention, today()
    )
    table = Table(box=None, show_header=False)
    for finding in findings:
        table.add_row("[green]✓[/]" if finding.ok else "[red]✗[/]", finding.check, finding.message)
    stale = installation.config.sources.stale_terms(today())
    table.add_row(
        "[yellow]![/]" if stale else "[green]✓[/]",
        "terms of sources",
        f"not read for a year: {', '.join(stale)}" if stale else "read within a year",
    )
    console.print(table)
    return all(finding.ok for finding in findings)


def verify(settings: Settings, release: Path | None) -> list[str]:
    """Check a release again; one line a finding."""
    from orchestration import gates  # noqa: PLC0415  a second that the other commands need not wait
    from orchestration.assets.release import planted_day  # noqa: PLC0415

    installation = _open(settings)
    day = planted_day(installation)
    flock = installation.flock(day) if day else []
    return gates.verify_release(installation.zones.published, release, flock)
