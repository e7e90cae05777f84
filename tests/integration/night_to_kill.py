"""A program of its own for test_retention: does a night's keeping of rights, is killed at many points, and does it again.

It is a program because it forks, which the threads of a test process would not allow. It prints a JSON line for the
undisturbed end, and one for every end after a kill.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.certificates import Certificates
from orchestration.erasure import Erasure
from orchestration.keyring import Keyring, Pseudonymiser
from orchestration.master_key import MasterKey
from orchestration.retention import Keep, Retention
from orchestration.tombstones import Removal
from orchestration.vault import Ledger, Vault
from orchestration.zones import Zones

NOW = datetime(2026, 11, 30, 17, tzinfo=UTC)  # 1 December in Japan
TODAY = date(2026, 12, 1)
DELIVERY = "d" * 64
KEEP = Keep(raw=30, quarantine=30, pseudonyms=60, restricted=40, by_source={"short": 5}, verdicts=20)
MASTER = bytes(range(32))


class Parts:
    def __init__(self, root: Path) -> None:
        self.zones = Zones(root).create()
        self.keyring = Keyring(self.zones, MasterKey(MASTER))
        self.vault = Vault(self.zones, self.keyring)
        self.names = Pseudonymiser(self.keyring)
        self.certificates = Certificates(self.zones, self.keyring)
        self.erasure = Erasure(self.zones, self.vault, self.names, self.certificates)
        self.retention = Retention(self.zones, self.vault, self.certificates, KEEP)
        self.ledger = Ledger(self.zones, self.keyring)


def raw(numbers: range) -> pa.Table:
    return pa.table(
        {
            "source": ["qa"] * len(numbers),
            "post_id": [f"post-{n:04}" for n in numbers],
            "author_id": [f"author-{n % 3}" for n in numbers],
            "created_at": pa.array(list(numbers), pa.int64()),
            "text": [f"canary-{n:04}" for n in numbers],
        }
    )


def build(root: Path) -> None:
    """Days that have expired and days that have not, of two sources, with staging rows of an expired month."""
    parts = Parts(root)
    numbers = iter(range(0, 1000, 10))
    for back in (45, 30, 29, 6, 1):
        day = TODAY - timedelta(days=back)
        for source in ("long", "short"):
            first = next(numbers)
            table = raw(range(first, first + 10))
            parts.vault.write_raw(day, source, "batch", table)
            parts.vault.write_quarantine(
                day, source, "batch", pa.table({"raw": [f"post-{first:04} broken".encode()]})
            )
            posted = [
                date(2026, 9, 3) if n % 2 else TODAY - timedelta(days=back) for n in range(first, first + 10)
            ]
            key_ids = parts.names.key_ids(["qa"] * 10, posted)
            keys = {
                "source": table["source"],
                "post_key": parts.names.pseudonyms(["qa"] * 10, key_ids, table["post_id"].to_pylist()),
                "author_key": parts.names.pseudonyms(["qa"] * 10, key_ids, table["author_id"].to_pylist()),
                "key_id": key_ids,
                "posted_on": posted,
                "arrived_on": [day] * 10,
                "text": table["text"],
            }
            staged = pa.table(keys)
            cases = staged.drop_columns(["author_key", "key_id"])
            for folder, part in (
                (parts.zones.redacted, staged),
                (parts.zones.restricted / "crisis", cases),
                (
                    parts.zones.restricted / "verdicts",
                    cases.append_column("reviewed_on", staged["arrived_on"]),
                ),
            ):
                path = folder / f"arrived_on={day}" / f"{source}.parquet"
                path.parent.mkdir(parents=True, exist_ok=True)
                pq.write_table(part, path)


def night(root: Path) -> None:
    """Take in a delivery with removals in it, erase, purge: what a run does for the rights of persons."""
    parts = Parts(root)
    parts.zones.sweep()
    entry = parts.ledger.begin(DELIVERY, "long", TODAY)
    if entry.done_at is None:
        removals = [
            Removal("qa", "post-0025", None, 1, "delete"),
            Removal("qa", "post-0040", None, 1, "delete"),
            Removal("qa", None, "author-1", 1, "account_delete"),
        ]
        parts.erasure.record(removals, NOW)
        table = raw(range(500, 510))
        ids = zip(table["post_id"].to_pylist(), table["author_id"].to_pylist(), strict=True)
        kept = [
            parts.erasure.tombstones.refuses("qa", post_id, author_id) is None for post_id, author_id in ids
        ]
        parts.vault.write_raw(entry.arrived_on, "long", DELIVERY, table.filter(pa.array(kept)))
        parts.vault.write_quarantine(entry.arrived_on, "long", DELIVERY, pa.table({"raw": [b"broken"]}))
        parts.ledger.finish(entry, posts=10, quarantined=1, now=NOW)
    parts.erasure.propagate(NOW)
    parts.retention.purge(NOW)


def state(root: Path) -> dict[str, Any]:
    """All that a home is, apart from what is random: ids, rows, keys, certificates, leftovers."""
    parts = Parts(root)
    table = parts.vault.read_raw()
    quarantine = parts.vault.read_quarantine()
    plain = {
        str(path.relative_to(root)): sorted(pq.read_table(path, partitioning=None)["text"].to_pylist())
        for zone in (parts.zones.staging, parts.zones.restricted)
        for path in zone.rglob("*.parquet")
    }
    certificates = Counter(
        f"{c.reason} {c.zone} {c.what} {c.quantity} {c.key_id}" for c in parts.certificates.read()
    )
    return {
        "raw": sorted(table["post_id"].to_pylist()) if table else [],
        "quarantine": quarantine.num_rows if quarantine else 0,
        "plain": plain,
        "keys": parts.keyring.ids(),
        "destroyed": sorted(k for k in parts.keyring.destroyed_ids() if not k.startswith("erasure-")),
        "certificates": sorted(certificates.items()),
        "proved": parts.certificates.verify(),
        "open_days": [day.isoformat() for day in parts.erasure.open_days()],
        "pending": parts.erasure.is_pending(),
        "expired": len(parts.retention.expired(TODAY)),
        "ledger": [[e.posts, e.quarantined, e.done_at is not None] for e in parts.ledger.entries()],
        "leftovers": [str(p.relative_to(root)) for p in root.rglob("*") if p.name.endswith(".tmp") or ("plan" in p.name and "key" not in p.name)],
        "plaintext": [str(p.relative_to(root)) for p in parts.zones.vault.rglob("*") if p.is_file() and b"canary-" in p.read_bytes()],
        "refused": [bool(parts.erasure.tombstones.refuses("qa", f"post-{n:04}", f"author-{n % 3}")) for n in range(50)],
    }  # fmt: skip


def in_child(work: Callable[..., None], *arguments: Any) -> int:
    """Run `work` in a child process; its exit status, negative for a signal."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work(*arguments)
            status = 0
        finally:
            if status:
                traceback.print_exc()
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def kill_at(point: int) -> None:
    """Let this process be killed just before its nth change of a file or folder."""
    changes = 0

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal changes
        is_change = event in {"os.rename", "os.remove", "os.link", "os.mkdir", "os.rmdir"} or (
            event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        )
        if is_change:
            changes += 1
            if changes == point:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


def killed_night(root: Path, point: int) -> None:
    kill_at(point)
    night(root)


def report(root: Path, file: Path) -> None:
    file.write_text(json.dumps(state(root), ensure_ascii=False))


def show(label: str, root: Path, file: Path) -> None:
    assert in_child(report, root, file) == 0
    print(json.dumps({"point": label, "state": json.loads(file.read_text())}), flush=True)  # noqa: T201


def main(work: Path, step: int) -> None:
    template, file = work / "template", work / "report.json"
    assert in_child(build, template) == 0
    calm = work / "calm"
    shutil.copytree(template, calm)
    assert in_child(night, calm) == 0
    show("calm", calm, file)
    point = 1
    root = work / "killed"
    while True:
        shutil.copytree(template, root)
        ended = in_child(killed_night, root, point)
        if ended == 0:
            break
        assert ended == -signal.SIGKILL, ended
        if point % 5 == 0:  # a second blow while the first is being mended
            in_child(killed_night, root, point // 2 + 1)
        assert in_child(night, root) == 0
        show(str(point), root, file)
        shutil.rmtree(root)
        point += step
    print(json.dumps({"point": "end", "points": point}), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
