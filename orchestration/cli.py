"""The command line: `koe`.

Belongs here: options, help, messages, exit codes. Does not: any work; each command calls one function elsewhere, and
imports it only when it runs, so that `koe --help` answers at once.

Exit codes: 0 done; 1 the night, a gate or a check failed; 2 a mistake in the call or the configuration, nothing was touched;
3 done, but some records were refused and counted, or the release did not reach PostgreSQL, or its message nobody.
"""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer
from rich.console import Console

from orchestration.guard import PlainError, QuietError

if TYPE_CHECKING:
    from orchestration.settings import Settings

DONE, FAILED, USAGE, PARTIAL = 0, 1, 2, 3

app = typer.Typer(
    name="koe",
    help="Koe 声 listens to what patients and families say in public, without learning who they are.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
out = Console(highlight=False)
err = Console(stderr=True)

Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD")]
Input = Annotated[
    str, typer.Argument(metavar="[IN.jsonl]", help="Posts, one JSON object a line; - is standard input.")
]
Output = Annotated[str, typer.Argument(metavar="[OUT.jsonl]", help="Where answers go; - is standard output.")]


def _settings() -> Settings:
    from orchestration.settings import Settings

    settings = Settings.from_environment()
    settings.export()
    return settings


def _as_day(value: datetime | None) -> date | None:
    return value.date() if value else None


@contextmanager
def _streams(source: str, target: str) -> Iterator[tuple[BinaryIO, BinaryIO]]:
    reader = sys.stdin.buffer if source == "-" else _open(source, "rb")
    writer = sys.stdout.buffer if target == "-" else _open(target, "wb")
    try:
        yield reader, writer
        writer.flush()
    finally:
        for stream, name in ((reader, source), (writer, target)):
            if name != "-":
                stream.close()


def _open(name: str, mode: str) -> BinaryIO:
    try:
        return Path(name).open(mode)  # type: ignore[return-value]
    except OSError as error:
        raise PlainError(f"{name}: {error.strerror}") from None


@app.command(
    epilog="Examples: koe run · koe run --date 2026-11-03 · koe run --from 2026-08-01 --to 2026-08-31 · koe run --quarantined",
)
def run(
    date_: Annotated[
        datetime | None,
        typer.Option("--date", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="One day of arrival (JST)."),
    ] = None,
    first: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="First day of a backfill."),
    ] = None,
    last: Annotated[
        datetime | None,
        typer.Option("--to", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="Last day of a backfill."),
    ] = None,
    engine: Annotated[
        str,
        typer.Option(
            help="Where text is redacted: local (this process), processes (of this machine), ray (a cluster)."
        ),
    ] = "local",
    samples_if_empty: Annotated[
        bool, typer.Option("--samples-if-empty", help="Write sample posts first if nothing was ever loaded.")
    ] = False,
    from_marts: Annotated[
        bool,
        typer.Option("--from-marts", help="Rebuild marts, release and report from staging; gates included."),
    ] = False,
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Rebuild the marts from all of staging.")
    ] = False,
    quarantined: Annotated[
        bool,
        typer.Option(
            "--quarantined",
            help="First read again what was set aside, after a fix of readers or configuration.",
        ),
    ] = False,
) -> None:
    """Run the night, end to end: landing, redaction, labels, marts, gates, release, report.

    Without a day: all days that have files waiting in landing, and yesterday.
    """
    from orchestration import night

    if date_ and (first or last):
        raise typer.BadParameter("give either --date or --from and --to")
    if bool(first) != bool(last):
        raise typer.BadParameter("--from and --to go together")
    if quarantined and from_marts:
        raise typer.BadParameter(
            "--quarantined begins at the vault, --from-marts behind it: give one of them"
        )
    wanted = night.Wanted(
        first=_as_day(date_ or first),
        last=_as_day(date_ or last),
        engine=engine,
        samples_if_empty=samples_if_empty,
        from_marts=from_marts,
        full_refresh=full_refresh,
        quarantined=quarantined,
    )
    result = night.run(_settings(), wanted, out)
    done = PARTIAL if result.warnings else DONE
    raise typer.Exit(done if result.success else FAILED)


@app.command(epilog="Example: koe sample --posts 20000 --days 120 --seed 7")
def sample(
    posts: Annotated[int, typer.Option(min=1, help="How many posts.")] = 20_000,
    days: Annotated[int, typer.Option(min=1, max=3_650, help="Over how many days.")] = 120,
    seed: Annotated[int, typer.Option(help="Same seed, same posts.")] = 7,
    end: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            metavar="YYYY-MM-DD",
            help="Last day of arrival; fixed by default, so that config/actions.yaml fits.",
        ),
    ] = None,
    into: Annotated[Path | None, typer.Option(help="Folder to write to; landing/ by default.")] = None,
) -> None:
    """Write invented posts of every platform's shape into landing/, with stories that the marts must find."""
    from orchestration import night

    written = night.write_samples(
        _settings(), posts=posts, days=days, seed=seed, end=_as_day(end), into=into, console=err
    )
    out.print(f"{written:,} posts written")


@app.command(
    epilog="Examples: koe redact posts.jsonl redacted.jsonl · cat posts.jsonl | koe redact - - · koe redact --explain posts.jsonl"
)
def redact(
    source: Input = "-",
    target: Output = "-",
    explain: Annotated[
        bool, typer.Option("--explain", help="Show each text with its spans, rules and cues in the terminal.")
    ] = False,
) -> None:
    """Redact personal data: {"id","text",…} to {"id","text","spans":[{"start","end","type","score","rule"}]}.

    A line that is no JSON or lacks text is answered with {"id","error"}; then the exit code is 3.
    """
    from orchestration import lines

    settings = _settings()
    with _streams(source, target) as (reader, writer):
        refused = (
            lines.explain_redaction(settings, reader, out)
            if explain
            else lines.redact(settings, reader, writer)
        )
    raise typer.Exit(PARTIAL if refused else DONE)


@app.command(
    epilog="Examples: koe classify redacted.jsonl labels.jsonl · koe redact posts.jsonl | koe classify - labels.jsonl"
)
def classify(
    source: Input = "-",
    target: Output = "-",
    explain: Annotated[
        bool, typer.Option("--explain", help="Show each label with the rules and features behind it.")
    ] = False,
) -> None:
    """Label posts: {"id","source","text",…} to relevance, sentiment, topics, themes, aspects, speaker, intent, flags, ….

    A line that is no JSON or lacks text is answered with {"id","error"}; then the exit code is 3.
    """
    from orchestration import lines

    with _streams(source, target) as (reader, writer):
        refused = lines.explain_labels(reader, out) if explain else lines.classify(reader, writer)
    raise typer.Exit(PARTIAL if refused else DONE)


@app.command(epilog="Examples: koe verify · koe verify data/published/releases/20261103T170000Z-0f3a9c21")
def verify(
    release: Annotated[
        Path | None, typer.Argument(help="A release's folder; the current one by default.")
    ] = None,
) -> None:
    """Check a release again: hashes, patterns, names, canaries, small cells. Exit code 1 if anything is found."""
    from orchestration import rights

    findings = rights.verify(_settings(), release)
    for finding in findings:
        out.print(f"[red]✗[/] {finding}")
    if findings:
        raise typer.Exit(FAILED)
    out.print("[green]✓[/] nothing found")


@app.command(
    epilog="Examples: koe erase --source x --post-id 2117407711733853529 · koe erase --source bluesky --author did:plc:abc"
)
def erase(
    source: Annotated[
        str, typer.Option(help="The platform: x, bluesky, mastodon, youtube, google_review, qa, blog, bbs.")
    ],
    post_id: Annotated[str | None, typer.Option("--post-id", help="The platform's id of one post.")] = None,
    author: Annotated[
        str | None, typer.Option("--author", help="The platform's id of an author: all posts go.")
    ] = None,
) -> None:
    """Erase a post or an author everywhere, refuse them from now on, and run the marts again."""
    if (post_id is None) == (author is None):
        raise typer.BadParameter("give either --post-id or --author")
    from orchestration import rights

    success = rights.erase(_settings(), source=source, post_id=post_id, author_id=author, console=out)
    raise typer.Exit(DONE if success else FAILED)


@app.command(epilog="Example: koe purge")
def purge() -> None:
    """Destroy what is past its time: keys first, then files; each destruction leaves a certificate."""
    from orchestration import rights

    rights.purge(_settings(), console=out)


@app.command(epilog="Example: koe incident --from 2026-11-01 --to 2026-11-03 --source x")
def incident(
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD")],
    source: Annotated[str | None, typer.Option(help="One platform; all by default.")] = None,
) -> None:
    """Print the nine items of a breach report, as far as they can be known, and count the persons affected."""
    from orchestration import rights

    out.print(rights.incident(_settings(), first.date(), last.date(), source), markup=False, highlight=False)


@app.command(epilog="Example: koe doctor")
def doctor() -> None:
    """Check configuration, zones, permissions, keys, encryption, certificates, dictionaries. Exit code 1 if anything is wrong."""
    from orchestration import rights

    raise typer.Exit(DONE if rights.doctor(_settings(), console=out) else FAILED)


review = typer.Typer(
    help="Cases out to reviewers, verdicts back, due dates, reviewed posts for training.",
    no_args_is_help=True,
)
app.add_typer(review, name="review")


@review.command(
    "export",
    epilog="Examples: koe review export adverse_event cases.csv · koe review export --all cases.jsonl",
)
def review_export(
    arguments: Annotated[
        list[str],
        typer.Argument(
            metavar="[QUEUE]... OUT",
            help="adverse_event, crisis, distress, misinformation, takedown; then a file that ends in .csv or .jsonl.",
        ),
    ],
    every: Annotated[bool, typer.Option("--all", help="All queues.")] = False,
) -> None:
    """Write the cases of a queue into a table for reviewers, with redacted texts and columns to fill in."""
    from orchestration import review_files
    from orchestration.installation import Installation
    from transforms.classification.assembly import REVIEW_QUEUES

    *queues, target = arguments
    if every == bool(queues):
        raise typer.BadParameter("give either queues or --all, and then the file to write")
    wanted = REVIEW_QUEUES if every else tuple(queues)
    count = review_files.export_cases(Installation.open(_settings()), wanted, Path(target))
    out.print(
        f"{count:,} cases written to {target}; the file holds redacted texts, keep it as restricted/ is kept",
        soft_wrap=True,
    )


@review.command("import", epilog="Example: koe review import cases.csv")
def review_import(
    source: Annotated[
        Path, typer.Argument(metavar="FILE", help="An exported file, filled in; .csv or .jsonl.")
    ],
) -> None:
    """Take the verdicts of a file that reviewers have filled in; notes are redacted first. Twice is the same as once.

    A row that cannot be taken is told by its number, the others are taken; then the exit code is 3.
    """
    from datetime import UTC

    from orchestration import review_files
    from orchestration.installation import Installation

    result = review_files.import_verdicts(
        Installation.open(_settings()),
        source,
        datetime.now(UTC),
        on_wait=lambda line: err.print(line, markup=False),
    )
    for row, reason in result.refused[: review_files.MAX_SHOWN]:
        err.print(f"koe: {source.name}: row {row}: {reason}", markup=False, highlight=False, soft_wrap=True)
    if len(result.refused) > review_files.MAX_SHOWN:
        err.print(f"koe: … and {len(result.refused) - review_files.MAX_SHOWN} more rows", markup=False)
    stored = result.stored
    out.print(
        f"{stored.new} new, {stored.changed} changed, {stored.same} known already, {result.left_open} left open, "
        f"{len(result.refused)} refused"
    )
    raise typer.Exit(PARTIAL if result.refused else DONE)


@review.command("due", epilog="Examples: koe review due · koe review due --within 7")
def review_due(
    within: Annotated[
        int | None, typer.Option(min=0, help="Only what is due within so many days, or overdue.")
    ] = None,
) -> None:
    """List the adverse events that are neither ruled out nor reported, with their due dates. Exit code 1 if any is overdue."""
    from orchestration import review_files
    from orchestration.installation import Installation
    from orchestration.settings import today

    installation = Installation.open(_settings())
    raise typer.Exit(FAILED if review_files.print_due(installation, today(), within, out) else DONE)


@review.command("training", epilog="Example: koe review training reviewed.jsonl")
def review_training(
    target: Annotated[Path, typer.Argument(metavar="OUT.jsonl", help="In the format of training/posts.")],
) -> None:
    """Write the posts whose labels reviewers have checked, as training posts with redacted texts."""
    from orchestration import review_files
    from orchestration.installation import Installation

    count = review_files.export_training(Installation.open(_settings()), target)
    out.print(f"{count:,} reviewed posts written")


@app.command(
    epilog="Examples: koe report · koe report --weekly --pdf · koe report --department 医事課 --out reports · koe report --department all",
)
def report(
    weekly: Annotated[
        bool, typer.Option("--weekly", help="The board's page: the last week that is over.")
    ] = False,
    department: Annotated[
        list[str] | None,
        typer.Option(
            "--department", metavar="NAME", help="A department's page; again for another, all for every one."
        ),
    ] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="As PDF too; needs Chromium.")] = False,
    into: Annotated[Path, typer.Option("--out", help="Folder to write to.")] = Path("reports"),
    release: Annotated[
        Path | None, typer.Option(help="A release's folder; the current one by default.")
    ] = None,
) -> None:
    """Write pages in Japanese from a release's published marts: the nightly report, the week, a department's page.

    Nothing but the release is read. The same pages, without PDF, lie in each release under reports/.
    """
    from orchestration import publish
    from orchestration.report import pages

    found = release or publish.current_release(_settings().home / "published")
    if found is None:
        raise PlainError("there is no release to report on; run the night first")
    wanted = pages.chosen(pages.pages_of(found), weekly=weekly, departments=department or [])
    for path in pages.write_pages(wanted, into, as_pdf=pdf):
        out.print(str(path), markup=False, highlight=False, soft_wrap=True)


@app.command(epilog="Example: koe board --port 8000")
def board(port: Annotated[int, typer.Option(min=1, max=65535)] = 8000) -> None:
    """Serve the current release's report and files on this machine, reading nothing but published/."""
    from board import server

    settings = _settings()
    out.print(f"http://127.0.0.1:{port}/  (Ctrl+C ends)")
    server.serve(settings.home / "published", port)


@app.command(epilog="Example: koe dev --port 3000")
def dev(port: Annotated[int, typer.Option(min=1, max=65535)] = 3000) -> None:
    """Open Dagster's UI, with schedules and sensors, on the code location of workspace.yaml."""
    from orchestration import night

    night.prepare(_settings())
    from orchestration.settings import PROJECT

    program = str(Path(sys.executable).with_name("dagster"))
    os.chdir(PROJECT)
    os.execv(program, [program, "dev", "--workspace", "workspace.yaml", "--port", str(port)])  # noqa: S606  fixed words


@app.command(epilog="Example: koe bench redaction")
def bench(name: Annotated[str, typer.Argument(help="A file of benchmarks/, without .py.")] = "") -> None:
    """Run a benchmark, or list them."""
    import runpy

    from orchestration.settings import PROJECT

    known = {p.stem: p for p in sorted((PROJECT / "benchmarks").glob("*.py"))}
    if name not in known:
        out.print("\n".join(known))
        raise typer.Exit(USAGE if name else DONE)
    runpy.run_path(str(known[name]), run_name="__main__")


def _warning_line(
    message: Warning | str,
    category: type[Warning],  # noqa: ARG001
    filename: str,  # noqa: ARG001
    lineno: int,  # noqa: ARG001
    line: str | None = None,  # noqa: ARG001
) -> str:
    """A warning as one line, without the place in the code that Python would show with it."""
    return f"koe: {message}\n"


def main() -> None:
    """Entry point: one clear line for a mistake, never a stack trace."""
    warnings.formatwarning = _warning_line
    try:
        app()
    except PlainError as error:
        for line in str(error).splitlines():
            err.print(f"koe: {line}", markup=False, highlight=False, soft_wrap=True)
        sys.exit(USAGE)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(DONE)
    except QuietError as error:
        err.print(f"koe: internal error: {error}", markup=False, highlight=False)
        sys.exit(FAILED)
    except Exception as error:  # noqa: BLE001  a trace may quote a post, so type and place are all that is told
        place = traceback.extract_tb(error.__traceback__)[-1]
        err.print(
            f"koe: internal error: {type(error).__name__} at {Path(place.filename).name}:{place.lineno}",
            markup=False,
            highlight=False,
        )
        sys.exit(FAILED)
