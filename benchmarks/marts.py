"""What the marts cost: dbt with its tests and statistics on a night's posts, and on one more day after a long history.

    python benchmarks/marts.py [--sample 20000] [--history 1000000] [--added 10000] [--days 365]

The sample is redacted and classified first, which is not measured. The history is of synthetic rows of labels without text, the same
every time. The added day is the first of a month, and again its last: a night counts anew the months that it touches, so these
are the least and the most that it costs. Seconds are of the clock and of the CPU of dbt and its children; memory is the largest
resident set of dbt's process. The homes are temporary folders: KOE_BENCH_HOME puts them on the disk to be measured.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console
from rich.table import Table

from orchestration.assets import staging
from orchestration.exports import ENTITIES_SCHEMA, PEER_SETS, export_configuration
from orchestration.installation import Installation
from orchestration.progress import Silent
from orchestration.settings import DBT_PROJECT, Settings
from orchestration.staging import write_day, write_table
from orchestration.terms import WORDS_SCHEMA
from samples.generate import generate
from transforms.posts import CLASSIFIED_SCHEMA
from transforms.terms.finder import number_of

LAST = date(2026, 10, 28)
"""A Wednesday on which a month of whole weeks is nearly full; the Monday after begins the next."""
SAMPLE_SECONDS, ADDED_RATIO, MEMORY_GIB = 30.0, 2.0, 4.0
ENTITIES = [(f"own-{i}", "own") for i in range(5)] + [(f"rival-{i}", "competitor") for i in range(15)]
THEMES = {
    "ACC_WAIT": "wait", "STF_MANNER": "manner", "COM_EXPLAIN": "explanation", "CLI_QUALITY": "care", "ADM_COST": "cost",
    "ENV_CLEAN": "facility", "ACC_LOC": "access", "ENV_FOOD": "inpatient", "DRG": "medication", "INF_NEWTX": "newtech",
}  # fmt: skip
SOURCES = ("x", "google_review", "qa", "bluesky", "youtube", "blog")
NOUNS = 400


class Cost(NamedTuple):
    """What one run of dbt took: seconds of the clock and of the CPU, GiB of memory."""

    clock: float
    cpu: float
    memory: float


def synthetic_day(day: date, count: int) -> pa.Table:
    """Labels of one day's posts, without text: the same for the same day and count."""
    rng = np.random.default_rng([day.toordinal(), count])

    def pick(values: list[Any] | tuple[Any, ...], p: list[float] | None = None) -> pa.Array:
        return pa.array(values).take(pa.array(rng.choice(len(values), count, p=p)))

    def lists(values: pa.Array, each: int = 1) -> pa.Array:
        return pa.ListArray.from_arrays(pa.array(np.arange(count + 1, dtype=np.int32) * each), values)

    number = pa.array(np.arange(count)).cast(pa.string())
    theme = rng.choice(len(THEMES), count)
    polarity = rng.choice([-1, 0, 1], count, p=[0.35, 0.35, 0.3]).astype(np.int8)
    topics = pa.array(list(THEMES.values())).take(pa.array(theme))
    themes = pa.array(list(THEMES)).take(pa.array(theme))
    voices = [
        ("patient", "patient_voice"),
        ("family", "patient_voice"),
        ("public", "public"),
        ("hcp", "hcp_personal"),
    ]
    voice = rng.choice(len(voices), count, p=[0.5, 0.2, 0.2, 0.1])
    columns: dict[str, Any] = {
        "post_key": pc.binary_join_element_wise(str(day), number, "-"),
        "author_key": pa.array(rng.integers(0, 400_000, count)).cast(pa.string()),
        "key_id": pa.array([f"{day:%Y-%m}"] * count),
        "source": pick(SOURCES, [0.45, 0.2, 0.15, 0.1, 0.06, 0.04]),
        "arrived_on": pa.array([day] * count),
        "posted_on": pa.array([day] * count),
        "posted_at_jst": pa.array([datetime(day.year, day.month, day.day)] * count),  # noqa: DTZ001
        "entities": lists(pick([e for e, _ in ENTITIES])),
        "cluster_key": pc.binary_join_element_wise(str(day), number, "-"),
        "relevant": pa.array(np.ones(count, dtype=bool)),
        "sentiment": pa.array(["neg", "neu", "pos"]).take(pa.array(polarity.astype(np.int64) + 1)),
        "topics": lists(topics),
        "themes": lists(themes),
        "aspects": lists(pa.StructArray.from_arrays([themes, topics, pa.array(polarity)], ["theme", "topic", "polarity"])),
        "speaker": pa.array([s for s, _ in voices]).take(pa.array(voice)),
        "voice_class": pa.array([v for _, v in voices]).take(pa.array(voice)),
        "intent": pick(["complaint", "experience", "question", "praise", "information"]),
        "criticality": pa.array(rng.integers(0, 4, count).astype(np.int8)),
        "care_setting": pick(["外来", "入院", None]),
        "stage_of_care": pick(["受付", "診察", "会計", None]),
        "department": pick(["内科", "整形外科", "皮膚科", None]),
        "prefecture": pick(["東京都", "大阪府", None]),
        "confidence": pa.array(np.full(count, 0.9, dtype=np.float32)),
        "terms": lists(pick([f"drug:薬{i}" for i in range(40)] + ["technology:AI診断"])),
        "conditions": lists(pick(["がん", "呼吸器", "消化器"])),
        "nouns": lists(pa.array([number_of(f"語{i}") for i in range(NOUNS)]).take(pa.array(rng.integers(0, NOUNS, 5 * count))), 5),
    }  # fmt: skip
    arrays = []
    for field in CLASSIFIED_SCHEMA:
        if field.name in columns:
            arrays.append(columns[field.name].cast(field.type))
        else:
            empty: Any = [] if pa.types.is_list(field.type) else None if field.nullable else ""
            arrays.append(pa.array([empty] * count, field.type))
    return pa.table(arrays, CLASSIFIED_SCHEMA)


def new_home(folder: Path) -> Path:
    """A home with what dbt reads of the configuration."""
    config = folder / "staging" / "config"
    rows = [
        {"entity_id": e, "class": c, "name": e, "prefecture": "東京都", "peer_set": PEER_SETS[c]}
        for e, c in ENTITIES
    ]
    write_table(config / "entities.parquet", pa.Table.from_pylist(rows, ENTITIES_SCHEMA))
    words = [
        {"noun": number_of(f"語{i}"), "word": f"語{i}", "first_week_on": date(2020, 1, 6)}
        for i in range(NOUNS)
    ]
    write_table(folder / "staging" / "terms" / "words.parquet", pa.Table.from_pylist(words, WORDS_SCHEMA))
    return folder


def add_day(home: Path, day: date, count: int) -> None:
    """Stage a synthetic day."""
    write_day(home / "staging" / "classified", day, synthetic_day(day, count), CLASSIFIED_SCHEMA)


def sample_home(home: Path, posts: int) -> Path:
    """The sample night's staging, as the night writes it."""
    os.environ |= {"KOE_HOME": str(home), "KOE_MASTER_KEY": "11" * 32}
    installation = Installation.open(Settings.from_environment())
    generate(posts=posts, days=120, seed=7, end_day=LAST, out=installation.zones.landing)
    days = [LAST - timedelta(days=i) for i in range(119, -1, -1)]
    for step in (staging.load, staging.redact, staging.classify):
        step(installation, days, Silent())
    export_configuration(installation)
    return home


def dbt(home: Path, window: tuple[date, date] | None) -> Cost:
    """Run dbt as the night does: its models parsed, which is done once a change of them.

    Raises:
        RuntimeError: it failed; the message is the end of what it said.
    """
    if not (home / "target").exists():
        run_dbt(home, ("parse",), None)
    return run_dbt(home, ("build", "--exclude-resource-type", "unit_test"), window)


def run_dbt(home: Path, words: tuple[str, ...], window: tuple[date, date] | None) -> Cost:
    """Run a command of dbt's with its artefacts in the home.

    Raises:
        RuntimeError: it failed; the message is the end of what it said.
    """
    days = ("", "") if window is None else (window[0].isoformat(), window[1].isoformat())
    environment = os.environ | {
        "KOE_HOME": str(home), "KOE_ARRIVED_FROM": days[0], "KOE_ARRIVED_TO": days[1], "DO_NOT_TRACK": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }  # fmt: skip
    command = [
        Path(sys.executable).with_name("dbt"), "--no-version-check", *words, "--project-dir", DBT_PROJECT,
        "--profiles-dir", DBT_PROJECT, "--target-path", home / "target", "--log-path", home / "logs",
    ]  # fmt: skip
    begin = time.perf_counter()
    with (home / "said.txt").open("w+", encoding="utf-8") as said:
        child = subprocess.Popen([str(part) for part in command], env=environment, stdout=said)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            said.seek(0)
            raise RuntimeError(said.read()[-2000:])
    clock = time.perf_counter() - begin
    return Cost(clock, used.ru_utime + used.ru_stime, used.ru_maxrss / 2**20)


def published_cells(home: Path) -> int:
    """Cells of the warehouse."""
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as con:
        found = con.execute("select count(*) from intermediate.int_published").fetchone()
    return int(found[0]) if found else 0


def measure(arguments: argparse.Namespace, folder: Path) -> list[tuple[str, Cost, str]]:
    """All runs: what, its cost, what it is held against."""
    rows: list[tuple[str, Cost, str]] = []
    if arguments.sample:
        home = sample_home(folder / "sample", arguments.sample)
        cost = dbt(home, None)
        rows.append((f"{arguments.sample:,} sample posts, all anew", cost, f"≤ {SAMPLE_SECONDS:.0f} s"))
    if not arguments.history:
        return rows
    full = new_home(folder / "history")
    per_day = arguments.history // arguments.days
    for back in range(arguments.days, 0, -1):
        add_day(full, LAST - timedelta(days=back), per_day)
    rows.append((f"{arguments.history:,} rows of {arguments.days} days, all anew", dbt(full, None), ""))
    next_month = LAST + timedelta(days=(7 - LAST.weekday()) % 7)
    for name, day in (("last", LAST), ("first", next_month)):
        add_day(full, day, arguments.added)
        after = dbt(full, (day, day))
        alone = new_home(folder / f"alone-{name}")
        add_day(alone, day, arguments.added)
        before = dbt(alone, None)
        told = f"a day of {arguments.added:,}, the {name} of its month"
        rows.append((f"{told}, on an empty warehouse", before, ""))
        ratio = f"{after.clock / before.clock:.1f} x the clock, {after.cpu / before.cpu:.1f} x the CPU (≤ {ADDED_RATIO:.0f})"
        rows.append((f"{told}, on the history", after, ratio))
    rows.append((f"cells on the history: {published_cells(full):,}", Cost(0, 0, 0), ""))
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sample", type=int, default=20_000, help="posts of the sample night; 0: none")
    parser.add_argument("--history", type=int, default=1_000_000, help="rows of the history; 0: none")
    parser.add_argument("--added", type=int, default=10_000, help="rows of the added day")
    parser.add_argument("--days", type=int, default=365, help="days of the history")
    arguments = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory(dir=os.environ.get("KOE_BENCH_HOME"), prefix="koe-marts-") as folder:
        rows = measure(arguments, Path(folder))
    table = Table("what", "clock s", "CPU s", f"GiB (≤ {MEMORY_GIB:.0f})", "against")
    for what, cost, goal in rows:
        table.add_row(what, f"{cost.clock:.1f}", f"{cost.cpu:.1f}", f"{cost.memory:.2f}", goal)
    console.print(table)


if __name__ == "__main__":
    main()
