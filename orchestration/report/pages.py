"""Which pages a release has, and writing them: the nightly report, the board's week, one page for each department.

Belongs here: names of pages, their order, links between them, writing some of them for somebody. Does not: what a page says (`render`, `weekly`,
`department`), publishing them (`assets/release.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from orchestration import gates, publish
from orchestration.guard import PlainError
from orchestration.report import pdf
from orchestration.report.department import file_name, render_department
from orchestration.report.marts import Release
from orchestration.report.render import render_report
from orchestration.report.weekly import render_weekly

EVERY_DEPARTMENT = "all"
WEEKLY = f"{publish.REPORTS}/weekly.html"


class Page(NamedTuple):
    """A page of a release.

    Attributes:
        name: its file within the release.
        title: in Japanese; of a department's page, the department.
        write: writes it to a path.
    """

    name: str
    title: str
    write: Callable[..., object]


def pages_of(release: Path) -> list[Page]:
    """All pages of a release, made from its marts alone: the report, the week, the departments.

    Raises:
        PublicationError: it is no release, or has no readable manifest.
    """
    manifest = publish.read_manifest(release)
    database = release / publish.DATABASE
    told = {"release_id": manifest["release_id"], "generated_on": manifest["published_at"]}
    with Release(database) as marts:
        departments = marts.departments()
    others = [
        Page(WEEKLY, "週報", partial(render_weekly, database, **told)),
        *(
            Page(
                f"{publish.REPORTS}/{file_name(name)}.html",
                name,
                partial(render_department, database, department=name, **told),
            )
            for name in departments
        ),
    ]
    report = partial(render_report, database, gates=manifest["gates"], **told)
    return [Page(publish.REPORT, "患者の声レポート", report), *others]


def linked(pages: Sequence[Page]) -> list[Page]:
    """The same pages, the report leading to the others, which have to lie where their names say."""
    report, *others = pages
    links = [(p.name, p.title) for p in others]
    return [report._replace(write=partial(report.write, links=links)), *others]


def chosen(pages: Sequence[Page], *, weekly: bool, departments: Sequence[str]) -> list[Page]:
    """The pages that somebody asks for.

    Args:
        pages: as `pages_of` gives them.
        weekly: whether the week's page is among them.
        departments: names of departments, or `all`.

    Returns:
        Those pages; the nightly report where nothing is asked for.

    Raises:
        PlainError: there is no such department; names those that are there.
    """
    by_title = {p.title: p for p in pages if p.name not in (publish.REPORT, WEEKLY)}
    if unknown := [d for d in departments if d != EVERY_DEPARTMENT and d not in by_title]:
        raise PlainError(f"no department {unknown[0]}; this release knows: {', '.join(by_title) or 'none'}")
    wanted = [p for p in pages if p.name == WEEKLY and weekly]
    if EVERY_DEPARTMENT in departments:
        wanted += by_title.values()
    else:
        wanted += [by_title[d] for d in dict.fromkeys(departments)]
    return wanted or [p for p in pages if p.name == publish.REPORT]


def write_pages(pages: Sequence[Page], folder: Path, *, as_pdf: bool) -> list[Path]:
    """Write pages into a folder, scanned as those of a release are.

    Args:
        pages: which.
        folder: where to; made if it is missing.
        as_pdf: whether each is printed as PDF as well.

    Returns:
        The files, in order.

    Raises:
        PlainError: there is no browser to print with (nothing is written), it fails, or the scan found something.
    """
    browser = pdf.find_browser() if as_pdf else None
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PlainError(f"{folder}: {error.strerror}") from None
    written: list[Path] = []
    for page in pages:
        target = folder / Path(page.name).name
        page.write(target)
        found = gates.residual_in_files(gates.CANDIDATE, "report_bytes", [target])
        if not found.passed:
            target.unlink()
            raise PlainError(f"the page is held back. {gates.describe(found)}")
        written.append(target)
        if browser:
            pdf.print_pdf(browser, target, target.with_suffix(".pdf"))
            written.append(target.with_suffix(".pdf"))
    return written
