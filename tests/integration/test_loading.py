"""From landing into the vault with a whole installation: what is bad, what comes again, what is erased, what is killed."""

from __future__ import annotations

import gzip
import json
import os
import random
import re
import secrets
import shutil
import subprocess
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from load_to_kill import FIRST, LAST, deliver, plain_values, state, tweet

from orchestration.installation import Installation
from orchestration.loading import load_days, replay_quarantined
from orchestration.locks import run_lock
from orchestration.progress import Silent
from orchestration.settings import PROJECT, Settings
from orchestration.staging import read_day
from orchestration.tombstones import Removal
from orchestration.zones import ZoneError, Zones
from samples.generate import generate

with warnings.catch_warnings():
    warnings.simplefilter(
        "ignore", dg.BetaWarning
    )  # as orchestration.build does, where assets are used otherwise
    from orchestration.assets.staging import classify, load, redact

pytestmark = pytest.mark.integration

BAD = PROJECT / "tests" / "fixtures" / "payloads" / "bad"
KOE = str(Path(sys.executable).with_name("koe"))
OTHER_FAMILIES = {
    "bluesky_bad_facets.jsonl": "bluesky",
    "csv_column_count.csv": "listening_exports",
    "csv_header_only.csv": "listening_exports",
    "csv_unclosed_quote.csv": "listening_exports",
    "eucjp_as_jp_tool.csv": "listening_exports",
    "jp_tool_saved_as_utf8_bom.csv": "listening_exports",
}
"""Folders of the bad files that are not of X's API."""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KOE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("KOE_MASTER_KEY", secrets.token_hex(32))
    monkeypatch.delenv("KOE_CONFIG", raising=False)
    return tmp_path / "home"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project's configuration, which the tests may change."""
    shutil.copytree(PROJECT / "config", tmp_path / "config")
    monkeypatch.setenv("KOE_CONFIG", str(tmp_path / "config"))
    return tmp_path / "config"


def opened() -> Installation:
    return Installation.open(Settings.from_environment())


def put(home: Path, name: str, *values: object, day: date = FIRST) -> Path:
    path = home / "landing" / str(day) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(v if isinstance(v, bytes) else orjson.dumps(v) + b"\n" for v in values))
    return path


def deliver_bad(home: Path) -> None:
    for path in BAD.iterdir():
        if not path.name.startswith(("README", "expected")):
            family = OTHER_FAMILIES.get(path.name, "x_api_v2")
            target = home / "landing" / str(FIRST) / family / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)


def lines_of(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (BAD / name).read_text(encoding="utf-8").splitlines()]


def facts_of(home: Path) -> Counter[str]:
    total: Counter[str] = Counter()
    for path in (home / "staging" / "facts").rglob("*.parquet"):
        for row in pq.read_table(path, partitioning=None).to_pylist():
            total[row["fact"]] += int(row["value"])
    return +total


def raw_rows(installation: Installation) -> list[dict[str, Any]]:
    table = installation.vault.read_raw()
    return [] if table is None else table.to_pylist()


def aside_rows(installation: Installation) -> list[dict[str, Any]]:
    table = installation.vault.read_quarantine()
    return [] if table is None else table.to_pylist()


def my_number(chance: random.Random) -> str:
    """Twelve digits of which the last is the check digit of the ministerial ordinance (平成26年総務省令85号, 5条)."""
    digits = [chance.randrange(10) for _ in range(11)]
    weights = [n + 1 if n <= 6 else n - 5 for n in range(1, 12)]
    rest = sum(d * w for d, w in zip(reversed(digits), weights, strict=True)) % 11
    return "".join(map(str, digits)) + str(0 if rest <= 1 else 11 - rest)


# What is bad -------------------------------------------------------------------------------------------------------


def test_every_bad_file_meets_what_is_expected_of_it(home: Path) -> None:
    deliver_bad(home)
    installation = opened()
    counted = load_days(installation, [FIRST], Silent())
    names = {e.sha256: e.name.rpartition("/")[2] for e in installation.ledger.entries()}
    wanted = lines_of("expected_quarantine.jsonl")

    aside = aside_rows(installation)
    found = [{"_file": names.get(r["file_id"]), "line": r["line"], "reason": r["reason"]} for r in aside]
    unopened = {"unsafe_name"}
    assert sorted(map(str, (f for f in found if f["reason"] not in unopened))) == sorted(
        map(str, (w for w in wanted if w["reason"] not in unopened))
    )
    reasons = Counter(str(w["reason"]) for w in wanted)
    told = Counter({f.partition(":")[2]: n for f, n in facts_of(home).items() if f.startswith("rejected:")})
    assert told == reasons
    assert sum((Counter(facts) for facts in counted.values()), Counter())["x", "rejected:invalid_json"] == 5

    kept = {(r["source"], r["post_id"]): r for r in raw_rows(installation)}
    good = lines_of("expected.jsonl")
    assert len(kept) == len({(r["source"], r["post_id"]) for r in good})
    for record in good:
        row = kept[record["source"], record["post_id"]]
        assert (row["author_id"], row["text"]) == (record["author_id"], record["text"])
        assert row["created_at"] == datetime.fromisoformat(record["created_at"]).timestamp()
    posts_in = facts_of(home)["posts_in"]
    assert posts_in == len(kept) + len(aside) + facts_of(home)["duplicate"]


def test_no_text_of_a_bad_file_is_in_the_open_and_landing_keeps_what_was_not_loaded(home: Path) -> None:
    deliver_bad(home)
    installation = opened()
    load_days(installation, [FIRST], Silent())
    left = {p.name for p in (home / "landing").rglob("*") if p.is_file()}
    assert left == {"truncated.jsonl.gz", "latest.jsonl -> export.jsonl"}
    probes = {re.sub(r"\s", "", r["text"])[:14].encode() for r in lines_of("expected.jsonl") if r["text"]}
    probes |= {r["raw"][n : n + 24] for r in aside_rows(installation) for n in (0, 40) if len(r["raw"]) > 64}
    ids = {r["post_id"].encode() for r in lines_of("expected.jsonl")}
    for path, data in plain_values(home):
        assert not any(probe in data for probe in probes | ids), path.relative_to(home)


def test_loading_twice_is_loading_once(home: Path) -> None:
    deliver_bad(home)
    load_days(opened(), [FIRST], Silent())
    once = state(home)
    assert [entry[0] for entry in once["ledger"] if not entry[-1]] == ["x_api_v2/truncated.jsonl.gz"]
    load_days(opened(), [FIRST], Silent())
    assert state(home) == once
    deliver_bad(home)
    load_days(opened(), [FIRST], Silent())
    assert state(home) == once


def test_a_later_delivery_of_the_same_day_is_added_to_its_facts(home: Path) -> None:
    put(home, "x_api_v2/a.jsonl", tweet(1, "ひよどり坂病院で待った"), b"{broken\n")
    load(opened(), [FIRST], Silent())
    put(home, "x_api_v2/b.jsonl", tweet(2, "ひよどり坂病院で待った"))
    load(opened(), [FIRST], Silent())
    assert facts_of(home) == Counter({"posts_in": 3, "loaded": 2, "rejected:invalid_json": 1})


def test_a_my_number_is_in_no_file(home: Path) -> None:
    chance = random.Random(11)
    numbers = [my_number(chance) for _ in range(12)]
    texts = iter([
        f"ひよどり坂病院 番号は{numbers[0]}です", f"個人番号 {numbers[1][:4]}-{numbers[1][4:8]}-{numbers[1][8:]} と書いた",
        f"マイナンバー{numbers[2].translate({ord(str(d)): 0xFF10 + d for d in range(10)})}を渡した", f"{numbers[3][:4]} {numbers[3][4:8]} {numbers[3][8:]}",
    ])  # fmt: skip
    tweets = [tweet(n, text) for n, text in enumerate(texts)]
    broken = f'{{"id": "5", "text": "私の番号は {numbers[4]} です", broken\n'.encode()
    no_author = {**tweet(9, f"番号 {numbers[5]} の件"), "author_id": None}
    wrong_encoding = f'{{"id": "6", "text": "番号 {numbers[6]} です"}}\n'.encode("cp932")
    put(home, "x_api_v2/a.jsonl", *tweets, broken, no_author, wrong_encoding)
    packed = gzip.compress(orjson.dumps(tweet(20, f"{numbers[7]} を忘れた")) + b"\n")
    put(home, "x_api_v2/b.jsonl.gz", packed)
    header, row = (BAD / "csv_column_count.csv").read_bytes().decode("cp932").splitlines()[:2]
    put(home, "listening_exports/c.csv", f"{header}\n{row},{numbers[8]}\n".encode("cp932"))
    put(home, "x_api_v2/d.json", f'{{"data": [{{"text": "{numbers[9]}"'.encode())
    installation = opened()
    load_days(installation, [FIRST], Silent())
    redact(installation, [FIRST], Silent())
    classify(installation, [FIRST], Silent())
    assert [p for p in (home / "landing").rglob("*") if p.is_file()] == []
    everything = [data for _, data in plain_values(home)]
    everything += [repr(raw_rows(installation)).encode()]
    everything += [r[name] for r in aside_rows(installation) for name in ("raw", "context")]
    joined = b"\n".join(everything)
    for encoding in ("utf-8", "cp932"):
        text = joined.decode(encoding, "ignore").translate({0xFF10 + d: str(d) for d in range(10)})
        bare = re.sub(r"[\s\-‐－―ー]", "", text)
        assert [n for n, number in enumerate(numbers) if number in text or number in bare] == []
    assert len(raw_rows(installation)) == 5
    reasons = {"invalid_json", "missing_author", "wrong_encoding", "column_count"}
    assert {r["reason"] for r in aside_rows(installation)} >= reasons


# Reading the quarantine again ----------------------------------------------------------------------------------------


def test_what_was_set_aside_is_loaded_after_a_fix(home: Path, config: Path) -> None:
    sources = (config / "sources.yaml").read_text(encoding="utf-8")
    blog = sources[sources.index("  - id: qa") :].split("\n\n")[0]
    blog = blog.replace("id: qa", "id: blog").replace("platforms: [qa]", "platforms: [blog]")
    blog = blog.replace('files: ["qa/*"]', 'files: ["blog/*"]\n    reader: table\n    columns: COLUMNS')
    columns = "{post_id: id, author_id: 筆者, created_at: WHEN, text: 本文}"

    def configure(when: str) -> None:
        text = f"{sources.rstrip()}\n\n{blog.replace('COLUMNS', columns.replace('WHEN', when))}\n"
        (config / "sources.yaml").write_text(text, encoding="utf-8")

    configure("id")  # the wrong column
    table = "id,筆者,日時,本文\n70000001,u1,2026-11-03 09:05,ひよどり坂病院で待った\n70000002,u2,きのう,ひよどり坂病院は丁寧\n70000003,u3,2026-11-03 09:06,ひよどり坂病院は遠い\n"
    put(home, "blog/a.csv", table.encode())
    put(home, "x_api_v2/b.jsonl", b"{broken\n", tweet(1, "ひよどり坂病院"))
    load_days(opened(), [FIRST], Silent())
    assert facts_of(home)["rejected:bad_created_at"] == 3
    assert facts_of(home)["posts_in"] == 5

    configure("日時")
    installation = opened()
    erased = Removal("blog", "70000003", None, None, "request")
    installation.erasure.tombstones.add([erased], 1)
    assert replay_quarantined(installation, LAST, LAST).fixed == 0
    told = replay_quarantined(installation)
    assert (told.days, told.fixed, told.still_bad, told.to_redact) == ([FIRST], 2, 2, 0)
    assert {(r["source"], r["post_id"], r["arrived_on"]) for r in raw_rows(installation)} == {
        ("x", tweet(1, "")["id"], FIRST),
        ("blog", "70000001", FIRST),
    }
    assert sorted(r["reason"] for r in aside_rows(installation)) == ["bad_created_at", "invalid_json"]
    wanted = Counter({
        "posts_in": 5, "loaded": 2, "refused:erased": 1, "rejected:bad_created_at": 1, "rejected:invalid_json": 1,
    })  # fmt: skip
    assert facts_of(home) == wanted
    again = replay_quarantined(opened())
    assert (again.days, again.fixed, again.still_bad) == ([], 0, 2)
    assert facts_of(home) == wanted


def test_what_redaction_set_aside_is_tried_again(home: Path, config: Path) -> None:
    policy = (config / "policy.yaml").read_text(encoding="utf-8")
    dropping = policy.replace("AGE: generalise", "PHONE: drop\n    AGE: generalise", 1)
    (config / "policy.yaml").write_text(dropping, encoding="utf-8")
    number = "-".join(["090", "3141", "5926"])
    posts = [tweet(1, f"ひよどり坂病院の件は {number} へ"), tweet(2, "ひよどり坂病院で二時間待った")]
    put(home, "x_api_v2/a.jsonl", *posts)
    installation = opened()
    load_days(installation, [FIRST], Silent())
    redact(installation, [FIRST], Silent())
    assert _staged(installation) == 1
    [note] = aside_rows(installation)
    assert (note["reason"], note["raw"], note["context"]) == ("dropped_by_policy", b"", b"")

    (config / "policy.yaml").write_text(policy, encoding="utf-8")
    installation = opened()
    told = replay_quarantined(installation)
    assert (told.days, told.fixed, told.to_redact) == ([FIRST], 0, 1)
    redact(installation, told.days, Silent())
    assert _staged(installation) == 2
    assert aside_rows(installation) == []
    assert replay_quarantined(installation).days == []


def _staged(installation: Installation) -> int:
    table = read_day(installation.zones.redacted, FIRST)
    return 0 if table is None else table.num_rows


# Erasing -----------------------------------------------------------------------------------------------------------


def _letters(number: int) -> str:
    """A word that nobody else writes."""
    return "".join("あかさたなはまやらわ"[int(d)] for d in f"{number:03}")


def _own_posts() -> Iterator[tuple[date, dict[str, Any]]]:
    for n in range(36):
        text = f"ひよどり坂病院で待った話をします。めじるしぬぬ{_letters(n)}ぬぬでした"
        yield (FIRST, LAST)[n % 2], tweet(n, text)


def _deliver_all(home: Path) -> None:
    generate(posts=160, days=2, seed=3, end_day=LAST, out=home / "landing")
    for day in (FIRST, LAST):
        put(home, "x_api_v2/own.jsonl", *(post for on, post in _own_posts() if on == day), day=day)


def _night(installation: Installation) -> None:
    """Load and stage, as a run does before the marts."""
    load(installation, [FIRST, LAST], Silent())
    redact(installation, [FIRST, LAST], Silent())
    classify(installation, [FIRST, LAST], Silent())


def _staged_rows(installation: Installation, name: str) -> set[str]:
    """All values of a column in plain files of posts, canaries apart."""
    found: set[str] = set()
    for zone in (installation.zones.staging, installation.zones.restricted):
        for path in zone.rglob("*.parquet"):
            if "canaries" not in path.parts and name in pq.read_schema(path).names:
                found.update(pq.read_table(path, columns=[name], partitioning=None)[name].to_pylist())
    return found


def _pseudonyms(installation: Installation, pairs: set[tuple[str, str]]) -> set[str]:
    names = installation.pseudonymiser
    return {
        name for source, id_ in pairs for some in names.candidates(source, [id_]).values() for name in some
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_erase_then_replay_everything_nothing_resurfaces_in_any_file(home: Path, seed: int) -> None:
    chance = random.Random(seed)
    _deliver_all(home)
    installation = opened()
    _night(installation)
    rows = raw_rows(installation)
    assert len(rows) > 150
    own = [r for r in rows if "めじるしぬぬ" in (r["text"] or "")]
    chosen = [*chance.sample(own, 6), *chance.sample(rows, 10)]
    posts = [Removal(r["source"], r["post_id"], None, None, "request") for r in chosen[::2]]
    authors = [
        Removal(r["source"], None, r["author_id"], None, "request") for r in chosen[1::2] if r["author_id"]
    ]
    gone_posts = {(p.source, p.post_id) for p in posts}
    gone_authors = {(a.source, a.author_id) for a in authors}
    gone = [
        r
        for r in rows
        if (r["source"], r["post_id"]) in gone_posts or (r["source"], r["author_id"]) in gone_authors
    ]
    names = _pseudonyms(installation, {(r["source"], r["post_id"]) for r in gone})
    staged = names & _staged_rows(installation, "post_key")
    assert len(staged) > 10
    words = [re.search("めじるしぬぬ.{3}", r["text"]) for r in gone if r in own]
    canaries = {found[0] for found in words if found}
    text = "\n".join(_staged_rows(installation, "text"))
    assert sum(word in text for word in canaries) > 5  # the redactor takes some for names

    now = datetime.now().astimezone()
    installation.erasure.record([*posts, *authors], now)
    report = installation.erasure.propagate(now)
    assert report.rows["raw"] == len(gone)
    assert set(installation.erasure.open_days()) == set(report.posted_days) != set()

    for _ in range(2):
        _deliver_all(home)
        for entry in installation.ledger.entries():
            installation.ledger.forget(entry.sha256)
        installation = opened()
        _night(installation)
        left = raw_rows(installation)
        assert not [r for r in left if (r["source"], r["post_id"]) in gone_posts]
        assert not [r for r in left if (r["source"], r["author_id"]) in gone_authors]
        assert not names & _staged_rows(installation, "post_key")
        assert len(_staged_rows(installation, "post_key")) > 60
        assert facts_of(home)["refused:erased"] >= len(staged)
        kept_ids = {
            i for r in left for i in (r["post_id"], r["author_id"], r["reply_to_id"], r["thread_id"]) if i
        }
        ids = {r["post_id"].encode() for r in gone if len(r["post_id"]) > 8 and r["post_id"] not in kept_ids}
        opened_aside = [r[n] for r in aside_rows(installation) for n in ("raw", "context")]
        for path, data in [*plain_values(home), (home / "quarantine", b"\n".join(opened_aside))]:
            assert not any(w.encode() in data for w in canaries), path.relative_to(home)
            assert not any(i in data for i in ids), path.relative_to(home)
    assert installation.certificates.verify() == len(installation.certificates.read())


# Faults ------------------------------------------------------------------------------------------------------------


def test_killed_at_any_moment_the_next_load_ends_the_same(tmp_path: Path) -> None:
    """Twelve random moments; more of them by the program's second argument."""
    program = Path(__file__).with_name("load_to_kill.py")
    done = subprocess.run(
        [sys.executable, str(program), str(tmp_path), "12"],
        capture_output=True, text=True, cwd=PROJECT, check=False, env={**os.environ, "KOE_MASTER_KEY": secrets.token_hex(32)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    calm = lines[0]["state"]
    assert (calm["leftovers"], calm["plaintext"], calm["landing"], calm["pending"]) == ([], [], [], False)
    assert len(calm["raw"]) == 52
    assert lines[-1]["changes"] > 100
    assert len(lines) == 14
    for line in lines[1:-1]:
        assert line["state"] == calm, f"killed at change {line['point']}"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mounts a small file system, or gives an existing one another size."""
    disk = tmp_path / "disk"
    disk.mkdir()

    def sized(size: str) -> Path:
        options = f"size={size}" + (",remount" if os.path.ismount(disk) else "")
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)], capture_output=True, check=False
        )
        if done.returncode:
            pytest.skip("THE FULL DISK IS NOT TESTED: this user may not mount a small file system (tmpfs)")
        return disk

    yield sized
    if os.path.ismount(disk):
        subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_stops_with_a_line_and_the_next_load_completes(
    small_disk: Callable[[str], Path], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(5)
    posts = [tweet(n, f"ひよどり坂病院 {chance.randbytes(400).hex()}") for n in range(2_500)]
    plenty = tmp_path / "plenty"
    lines = b"".join(orjson.dumps(post) + b"\n" for post in posts[100:])
    packed = gzip.compress(lines)  # once: it holds the time
    for target in (plenty, small_disk("1900k") / "home"):
        put(target, "x_api_v2/a.jsonl", *posts[:100])
        put(target, "x_api_v2/b.jsonl.gz", packed)
    monkeypatch.setenv("KOE_HOME", str(plenty))
    load_days(opened(), [FIRST], Silent())
    monkeypatch.setenv("KOE_HOME", str(tmp_path / "disk" / "home"))
    installation = opened()
    with pytest.raises(ZoneError, match=r"no space left on device; nothing was written$") as caught:
        load(installation, [FIRST], Silent())
    assert "\n" not in str(caught.value)
    small_home = installation.zones.root
    assert len([p for p in (small_home / "landing").rglob("*") if p.is_file()]) == 2
    assert all(entry.done_at is None for entry in installation.ledger.entries())
    for batch in installation.vault.batches("raw"):  # what is there is whole
        assert installation.vault.read(batch).num_rows == 100
    small_disk("64m")
    load(opened(), [FIRST], Silent())
    assert state(small_home) == state(plenty)


def test_two_runs_at_once_the_second_waits_or_says_so(home: Path) -> None:
    zones = Zones(home).create()

    def koe(wait: str, *arguments: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "KOE_LOCK_WAIT_SECONDS": wait, "COLUMNS": "300"}
        return subprocess.Popen(
            [KOE, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )

    with run_lock(zones):
        holder = f"another run (process {os.getpid()}) works on {home}"
        commands = [("run",), ("erase", "--source", "qa", "--post-id", "q")]
        refused = {command: koe("0", *command) for command in commands}
        wrong = koe("soon", "purge")
        waiting = koe("250", "purge")
        for command, process in refused.items():
            told, error = process.communicate(timeout=250)
            assert (process.returncode, told) == (2, ""), command
            assert error == f"koe: {holder}; nothing was done, try again when it has ended\n"
        assert "expected a number of seconds from 0" in wrong.communicate(timeout=250)[1]
        assert waiting.stdout is not None
        assert waiting.stdout.readline() == f"{holder}; waiting for up to 250 s\n"
        assert waiting.poll() is None
    told, error = waiting.communicate(timeout=250)
    assert (waiting.returncode, told, error) == (0, "destroyed: 0 certificate(s) issued\n", "")


def test_what_is_delivered_twice_in_one_load_is_read_once(home: Path) -> None:
    deliver(home)
    installation = opened()
    load_days(installation, [FIRST, LAST], Silent())
    raw = installation.vault.read_raw()
    assert isinstance(raw, pa.Table)
    assert [e.name for e in installation.ledger.entries() if e.name.endswith("d.jsonl")] == []
    assert raw.num_rows == len(set(raw["post_id"].to_pylist())) == 52
