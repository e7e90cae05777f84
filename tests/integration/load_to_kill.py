"""A program of its own for test_loading: loads landing, is killed at many points, and loads again.

It forks, which the threads of a test process would not allow. It prints a JSON line for the undisturbed end, and one for
every end after a kill.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
from night_to_kill import in_child, kill_at

from orchestration.installation import Installation
from orchestration.loading import load_days
from orchestration.progress import Silent
from orchestration.settings import PROJECT, Settings

FIRST, LAST = date(2026, 11, 5), date(2026, 11, 6)
CANARY = "めじるし"


def tweet(number: int, text: str, **more: Any) -> dict[str, Any]:
    """A line of X's export; the text is a canary."""
    fields = {
        "id": str(2_117_407_000_000_000_000 + number), "author_id": str(1_885_855_905_348_000_000 + number % 7),
        "created_at": f"2026-11-03T{number % 24:02}:00:00.000Z", "lang": "ja", "text": text,
    }  # fmt: skip
    return {**fields, **more}


def deliver(home: Path) -> None:
    """Two days with posts, a broken line, an edit, a file that comes twice, deletions of a post and of an account."""
    first, second = (home / "landing" / str(day) / "x_api_v2" for day in (FIRST, LAST))
    first.mkdir(parents=True)
    second.mkdir(parents=True)
    posts = [tweet(n, f"{CANARY}{n:04} ひよどり坂病院で待った") for n in range(60)]
    (first / "a.jsonl").write_bytes(b"".join(orjson.dumps(post) + b"\n" for post in posts[:40]))
    (first / "b.jsonl").write_bytes(
        b"".join(orjson.dumps(post) + b"\n" for post in posts[40:]) + b'{"id": "21174", broken\n'
    )
    gone = [
        {"data": {"delete": {"tweet": {"id": posts[3]["id"], "author_id": posts[3]["author_id"]}}}},
        {"data": {"user_delete": {"user": {"id": posts[5]["author_id"]}}}},
    ]
    later = [
        tweet(3, f"{CANARY}again 病院"),
        tweet(5, f"{CANARY}again 病院"),
        tweet(100, f"{CANARY}0100 病院"),
    ]
    (second / "c.jsonl").write_bytes(b"".join(orjson.dumps(value) + b"\n" for value in (*gone, *later)))
    shutil.copy(first / "a.jsonl", second / "d.jsonl")


def load(home: Path) -> None:
    """What a run does before it redacts."""
    installation = opened(home)
    installation.zones.sweep()
    load_days(installation, [FIRST, LAST], Silent())


def opened(home: Path) -> Installation:
    """The installation at a home, with the project's configuration."""
    return Installation.open(Settings(home, PROJECT / "config"))


def plain_values(home: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file of a home outside landing/ as its bytes, and plain Parquet files as their values too."""
    for path in sorted(home.rglob("*")):
        if not path.is_file() or path.is_relative_to(home / "landing"):
            continue
        data = path.read_bytes()
        yield path, data
        if path.suffix == ".parquet" and not data.startswith(b"PARE"):
            table = pq.read_table(path, partitioning=None)
            yield path, repr(table.to_pylist()).encode("utf-8", "surrogatepass")


def state(home: Path) -> dict[str, Any]:
    """All that a home is, apart from times and random names.

    Facts are added up over "loaded" and "refused:erased": which of the two a post is that is deleted in the same delivery
    depends on whether the deletion was known by the time it was read, and a run that died may have noted it. For the same
    reason its certificate may be missing: what was never loaded whole is read again without the post, and nothing is left
    to destroy.
    """
    installation = opened(home)
    raw, aside = installation.vault.read_raw(), installation.vault.read_quarantine()
    facts: Counter[str] = Counter()
    for path in (home / "staging" / "facts").rglob("*.parquet"):
        for row in pq.read_table(path, partitioning=None).to_pylist():
            told = "read" if row["fact"] in ("loaded", "refused:erased") else row["fact"]
            facts[f"{row['arrived_on']} {row['file_id']} {row['source']} {told}"] += row["value"]
    of_loading = {"loaded_at"}
    issued = installation.certificates.read()
    return {
        "raw": sorted(repr({k: v for k, v in row.items() if k not in of_loading}) for row in raw.to_pylist()) if raw else [],
        "quarantine": sorted(repr({k: v for k, v in row.items() if k not in of_loading}) for row in aside.to_pylist()) if aside else [],
        "facts": facts,
        "ledger": sorted([e.name, e.source, e.arrived_on.isoformat(), e.posts, e.quarantined, e.done_at is not None] for e in installation.ledger.entries()),
        "landing": sorted(str(p.relative_to(home)) for p in (home / "landing").rglob("*") if p.is_file()),
        "pending": installation.erasure.is_pending(),
        "certified": not issued or installation.certificates.verify() == len(issued),
        "refused": [installation.erasure.tombstones.refuses("x", str(2_117_407_000_000_000_000 + n), str(1_885_855_905_348_000_000 + n % 7)) for n in range(60)],
        "keys": [key_id for key_id in installation.keyring.ids() if key_id != "certificates"],
        "leftovers": sorted(str(p.relative_to(home)) for p in home.rglob("*") if p.name.endswith(".tmp")),
        "plaintext": sorted(str(path.relative_to(home)) for path, data in plain_values(home) if CANARY.encode() in data),
    }  # fmt: skip


def killed_load(home: Path, point: int) -> None:
    """Load, and be killed just before the nth change of a file or folder."""
    kill_at(point)
    load(home)


def report(home: Path, file: Path) -> None:
    """Write a home's state."""
    file.write_text(json.dumps(state(home), ensure_ascii=False))


def show(label: str, home: Path, file: Path) -> None:
    """Print a home's state as a line."""
    assert in_child(report, home, file) == 0
    print(json.dumps({"point": label, "state": json.loads(file.read_text())}), flush=True)  # noqa: T201


def changes_of(home: Path, file: Path) -> None:
    """Load, and write down how many changes that made."""
    changes = 0

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal changes
        changes += event in {"os.rename", "os.remove", "os.link", "os.mkdir", "os.rmdir"} or (
            event == "open"
            and isinstance(arguments[2], int)
            and bool(arguments[2] & (os.O_WRONLY | os.O_RDWR))
        )

    sys.addaudithook(watch)
    load(home)
    file.write_text(str(changes))


def main(work: Path, moments: int) -> None:
    """Load undisturbed; then be killed at so many random moments, at every third of them a second time."""
    template, calm, killed, file = work / "template", work / "calm", work / "killed", work / "report.json"
    deliver(template)
    shutil.copytree(template, calm)
    assert in_child(changes_of, calm, file) == 0
    changes = int(file.read_text())
    show("calm", calm, file)
    points = random.Random(7).sample(range(1, changes), moments)
    for number, point in enumerate(points):
        shutil.copytree(template, killed)
        assert in_child(killed_load, killed, point) == -9
        if number % 3 == 0:  # a second blow while the first is being mended
            in_child(killed_load, killed, point // 2 + 1)
        assert in_child(load, killed) == 0
        show(str(point), killed, file)
        shutil.rmtree(killed)
    print(json.dumps({"point": "end", "changes": changes}), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
