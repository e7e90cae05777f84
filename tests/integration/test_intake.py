"""The landing zone end to end: layouts, links, odd names, the ledger, rules of sources, replay. Real files, real ledger rules."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import polars as pl
import pyarrow as pa
import pytest

from orchestration.config.sources import SourceEntry, load_sources
from orchestration.intake import (
    JST,
    FileLedger,
    FileReport,
    Intake,
    SourceRules,
    landing_files,
    replay,
)
from orchestration.keyring import Keyring, MasterKey
from orchestration.loading import rules_of
from orchestration.vault import FileEntry, Ledger
from orchestration.zones import Zones
from transforms.identity import resolve
from transforms.posts import QUARANTINE_SCHEMA, RAW_SCHEMA
from transforms.sources import ColumnMapping

pytestmark = pytest.mark.integration

PAYLOADS = Path(__file__).parents[1] / "fixtures" / "payloads"
NOW = dt.datetime(2026, 11, 10, 2, tzinfo=dt.UTC)
DAY = dt.date(2026, 11, 5)
TWEET = {
    "id": "7",
    "author_id": "1",
    "created_at": "2026-11-03T00:00:00.000Z",
    "text": "待った",
    "lang": "ja",
}


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    zones = Zones(tmp_path / "home").create()
    return Ledger(zones, Keyring(zones, MasterKey(secrets.token_bytes(32))))


class NoLedger:
    """Remembers nothing: every file is new."""

    def begin(self, sha256: str, source: str, arrived_on: dt.date, name: str = "") -> FileEntry:
        return FileEntry(sha256, source, arrived_on, name)

    def finish(self, entry: FileEntry, *, posts: int, quarantined: int, now: dt.datetime) -> FileEntry:
        return entry


class Loaded(NamedTuple):
    reports: dict[str, FileReport]
    posts: pa.Table
    quarantined: pa.Table


def any_source(_: str) -> SourceRules:
    return SourceRules("any")


def load(
    landing: Path,
    ledger: FileLedger | None = None,
    claim: Callable[[str], SourceRules | None] = any_source,
    days: tuple[dt.date | None, dt.date | None] = (None, None),
    **arguments: Any,
) -> Loaded:
    intake = Intake(landing, claim=claim, ledger=ledger or NoLedger(), now=NOW, **arguments)
    reports, posts, quarantined = {}, [RAW_SCHEMA.empty_table()], [QUARANTINE_SCHEMA.empty_table()]
    for loading in intake.load(*days):
        for batch in loading.batches:
            posts.append(batch.posts)
            quarantined.append(batch.quarantined)
        reports[loading.file.name] = loading.report
    return Loaded(reports, pa.concat_tables(posts), pa.concat_tables(quarantined))


def put(path: Path, *values: object, mtime: dt.datetime | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        b"".join(value if isinstance(value, bytes) else orjson.dumps(value) + b"\n" for value in values)
    )
    if mtime:
        os.utime(path, (mtime.timestamp(), mtime.timestamp()))
    return path


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    return tmp_path / "landing"


@pytest.fixture
def fixtures(landing: Path) -> Path:
    """All payload fixtures, as delivered on one day."""
    for folder in sorted(path for path in PAYLOADS.iterdir() if path.is_dir() and path.name != "bad"):
        ignored = shutil.ignore_patterns("README.md", "expected*")
        shutil.copytree(folder, landing / "2026-11-05" / folder.name, ignore=ignored)
    bad = landing / "2026-11-05" / "x_api_v2" / "bad"
    shutil.copytree(PAYLOADS / "bad", bad, ignore=shutil.ignore_patterns("README.md", "expected*"))
    return landing


def expected() -> Iterator[dict[str, Any]]:
    for path in sorted(PAYLOADS.glob("*/expected.jsonl")):
        yield from map(json.loads, path.read_text(encoding="utf-8").splitlines())


def test_every_fixture_through_the_landing_zone(fixtures: Path) -> None:
    loaded = load(fixtures)
    assert loaded.posts.schema == RAW_SCHEMA
    assert loaded.quarantined.schema == QUARANTINE_SCHEMA
    wanted = sorted(
        (record["source"], record["post_id"] or "", record["author_id"] or "", record["event_type"])
        for record in expected()
    )
    rows = loaded.posts.select(["source", "post_id", "author_id", "event_type"]).to_pylist()
    assert (
        sorted(
            (row["source"], row["post_id"] or "", row["author_id"] or "", row["event_type"]) for row in rows
        )
        == wanted
    )
    assert loaded.posts["arrived_on"].unique().to_pylist() == [DAY]
    assert loaded.posts["place_name"].drop_null().unique().to_pylist()  # from the file beside
    assert sum(report.posts + report.removals for report in loaded.reports.values()) == loaded.posts.num_rows
    assert (
        sum(report.quarantined.total() for report in loaded.reports.values()) == loaded.quarantined.num_rows
    )


def test_the_bad_files_give_their_reasons(fixtures: Path) -> None:
    loaded = load(fixtures)
    lines = (PAYLOADS / "bad" / "expected_quarantine.jsonl").read_text(encoding="utf-8").splitlines()
    found = [
        {"_file": name.rpartition("/")[2], "reason": reason}
        for name, report in loaded.reports.items()
        if "/bad/" in name
        for reason in report.quarantined.elements()
    ]
    wanted = [{key: record[key] for key in ("_file", "reason")} for record in map(json.loads, lines)]
    assert sorted(found, key=str) == sorted(wanted, key=str)


def test_loading_twice_is_loading_once(fixtures: Path, ledger: Ledger) -> None:
    first, again = load(fixtures, ledger), load(fixtures, ledger)
    cut = [name for name, report in again.reports.items() if not report.is_known]
    assert [name.rpartition("/")[2] for name in cut] == ["latest.jsonl -> export.jsonl", "truncated.jsonl.gz"]
    assert first.posts.num_rows > 250
    once = resolve(pl.DataFrame(pl.from_arrow(first.posts)))
    twice = resolve(pl.DataFrame(pl.from_arrow(pa.concat_tables([first.posts, again.posts, first.posts]))))
    assert twice.posts.equals(once.posts)


def test_a_copy_under_another_name_or_day_is_not_read_again(landing: Path, ledger: Ledger) -> None:
    put(landing / "2026-11-05" / "x" / "a.jsonl", TWEET)
    put(landing / "2026-11-06" / "x" / "b.jsonl", TWEET)
    loaded = load(landing, ledger)
    assert loaded.posts.num_rows == 1
    assert loaded.reports["x/b.jsonl"].is_known


def test_three_layouts(landing: Path) -> None:
    late = dt.datetime(2026, 11, 6, 15, 30, tzinfo=dt.UTC)  # the 7th in Japan
    put(landing / "2026-11-05" / "x_api_v2" / "deep" / "a.jsonl", TWEET)
    put(landing / "x_api_v2" / "b.jsonl", {**TWEET, "id": "8"}, mtime=late)
    put(landing / "c.jsonl", {**TWEET, "id": "9"}, mtime=late - dt.timedelta(hours=2))
    put(landing / "2026-02-30" / "d.jsonl", {**TWEET, "id": "10"}, mtime=late)  # no day: a family
    found = [(file.name, file.family, file.arrived_on) for file in landing_files(landing)]
    assert found == [
        ("x_api_v2/deep/a.jsonl", "x_api_v2", dt.date(2026, 11, 5)),
        ("c.jsonl", None, dt.date(2026, 11, 6)),
        ("2026-02-30/d.jsonl", "2026-02-30", dt.date(2026, 11, 7)),
        ("x_api_v2/b.jsonl", "x_api_v2", dt.date(2026, 11, 7)),
    ]
    assert [file.name for file in landing_files(landing, dt.date(2026, 11, 6), dt.date(2026, 11, 6))] == [
        "c.jsonl"
    ]
    assert load(landing, days=(dt.date(2026, 11, 7), None)).posts["post_id"].to_pylist() == ["10", "8"]


def test_no_landing_zone_is_no_files(landing: Path) -> None:
    assert landing_files(landing) == []


def test_links_pipes_and_odd_names_are_refused_and_never_opened(landing: Path, tmp_path: Path) -> None:
    outside = put(tmp_path / "outside.jsonl", TWEET)
    folder = put(landing / "2026-11-05" / "x" / "good.jsonl", {**TWEET, "id": "8"}).parent
    (folder / "link.jsonl").symlink_to(outside)
    (folder / "dangling.jsonl").symlink_to(tmp_path / "nowhere")
    (landing / "2026-11-05" / "linked").symlink_to(outside.parent, target_is_directory=True)
    os.mkfifo(folder / "pipe.jsonl")
    put(folder / "latest.jsonl -> good.jsonl", {**TWEET, "id": "9"})
    put(folder / "a\nb.jsonl", {**TWEET, "id": "10"})
    loaded = load(landing)
    assert loaded.posts["post_id"].to_pylist() == ["8"]
    refused = {
        name: list(report.quarantined) for name, report in loaded.reports.items() if report.quarantined
    }
    assert refused == {
        "linked": ["not_a_plain_file"],
        "x/link.jsonl": ["not_a_plain_file"],
        "x/dangling.jsonl": ["not_a_plain_file"],
        "x/pipe.jsonl": ["not_a_plain_file"],
        "x/latest.jsonl -> good.jsonl": ["unsafe_name"],
        "x/a\nb.jsonl": ["unsafe_name"],
    }
    assert loaded.quarantined["raw"].unique().to_pylist() == [b""]


def test_a_file_that_becomes_a_link_is_not_followed(landing: Path, tmp_path: Path) -> None:
    path = put(landing / "x" / "a.jsonl", TWEET)
    files = landing_files(landing)
    path.unlink()
    path.symlink_to(put(tmp_path / "outside.jsonl", TWEET))
    intake = Intake(landing, claim=any_source, ledger=NoLedger(), now=NOW)
    (loading,) = intake._file(files[0])
    assert list(loading.report.quarantined) == ["unreadable_file"]


def test_hidden_and_unfinished_files_are_passed_over(landing: Path) -> None:
    for name in (".gitkeep", ".a.jsonl.Xf3", "a.jsonl.part", "a.jsonl.tmp", "a.jsonl~"):
        put(landing / "x" / name, TWEET)
    assert landing_files(landing) == []


def test_a_file_that_no_source_claims_is_not_read(landing: Path, ledger: Ledger) -> None:
    put(landing / "2026-11-05" / "x" / "a.jsonl", TWEET)
    loaded = load(landing, ledger, claim=lambda _: None)
    assert loaded.posts.num_rows == 0
    assert list(loaded.reports["x/a.jsonl"].quarantined) == ["unclaimed"]
    assert ledger.entries() == []


def test_what_the_rules_of_a_source_keep_out_is_counted_and_not_kept(landing: Path) -> None:
    put(
        landing / "x" / "a.jsonl",
        TWEET,
        {**TWEET, "id": "8", "lang": "ko"},
        {**TWEET, "id": "9", "author_id": "2"},
        {**TWEET, "id": "10", "lang": None},
        {"data": {"delete": {"tweet": {"id": "9", "author_id": "2"}}}},
    )
    rules = SourceRules(
        "x", frozenset({"x"}), frozenset({"text", "author_id"}), None, frozenset({"ko"}), frozenset({"2"})
    )
    loaded = load(landing, claim=lambda _: rules)
    report = loaded.reports["x/a.jsonl"]
    assert dict(report.dropped) == {"blocked_language": 1, "blocked_account": 1}
    assert (report.posts, report.removals, report.records) == (2, 1, 5)
    assert loaded.posts["lang"].to_pylist() == [None, None, None]  # not among the allowed fields
    assert loaded.posts["author_id"].to_pylist() == ["1", "1", "2"]
    other = load(landing, claim=lambda _: rules._replace(platforms=frozenset({"bluesky"})))
    assert other.posts.num_rows == 0
    assert other.reports["x/a.jsonl"].dropped["unregistered_platform"] == 5


def test_a_file_that_ends_early_is_read_again_until_it_is_whole(landing: Path, ledger: Ledger) -> None:
    packed = gzip.compress(
        b"".join(orjson.dumps({**TWEET, "id": str(n)}) + b"\n" for n in range(50)), mtime=0
    )
    path = put(landing / "2026-11-05" / "x" / "a.jsonl.gz", packed[:-40])
    for _ in range(2):
        report = load(landing, ledger).reports["x/a.jsonl.gz"]
        assert not report.is_whole
        assert report.quarantined["truncated_gzip"] == 1
    put(path, packed)
    assert load(landing, ledger).reports["x/a.jsonl.gz"].is_whole
    assert load(landing, ledger).reports["x/a.jsonl.gz"].is_known


def test_a_file_that_grows_while_it_is_read_is_not_marked(landing: Path, ledger: Ledger) -> None:
    path = put(landing / "x" / "a.jsonl", TWEET)
    for loading in Intake(landing, claim=any_source, ledger=ledger, now=NOW).load():
        list(loading.batches)
        with path.open("ab") as stream:
            stream.write(orjson.dumps({**TWEET, "id": "8"}) + b"\n")
    assert [entry.done_at for entry in ledger.entries()] == [None]
    assert load(landing, ledger).posts.num_rows == 2


@pytest.mark.parametrize("batches", [0, 1])
def test_a_run_that_dies_marks_nothing(landing: Path, batches: int, ledger: Ledger) -> None:
    put(landing / "x" / "a.jsonl", *({**TWEET, "id": str(n)} for n in range(30)))
    run = Intake(landing, claim=any_source, ledger=ledger, now=NOW, batch_rows=10).load()
    loading = next(run)
    for _ in range(batches):
        next(loading.batches)
    run.close()  # type: ignore[attr-defined]
    assert [entry.done_at for entry in ledger.entries()] == [None]
    assert load(landing, ledger).posts.num_rows == 30
    assert [entry.done_at for entry in ledger.entries()] == [int(NOW.timestamp())]


def test_batches_that_nobody_goes_through_do_not_mark_a_file(landing: Path, ledger: Ledger) -> None:
    put(landing / "x" / "a.jsonl", TWEET)
    for _ in Intake(landing, claim=any_source, ledger=ledger, now=NOW).load():
        pass
    assert [entry.done_at for entry in ledger.entries()] == [None]


def test_batches_are_bounded_and_progress_adds_up(landing: Path) -> None:
    path = put(landing / "x" / "a.jsonl", *({**TWEET, "id": str(n)} for n in range(95)))
    told: list[int] = []
    sizes = []
    for loading in Intake(
        landing, claim=any_source, ledger=NoLedger(), now=NOW, batch_rows=10, on_bytes=told.append
    ).load():
        sizes = [batch.posts.num_rows for batch in loading.batches]
    assert sizes == [10] * 9 + [5]
    assert sum(told) == path.stat().st_size


def test_quarantined_records_are_read_again_after_a_fix(landing: Path) -> None:
    header = "id,日時,本文\n"
    rows = "1,2026-11-03 09:05,よい\n2,2026-11-03 09:06,わるい\n3,きのう,ふつう\n"
    put(landing / "blog" / "a.csv", (header + rows).encode())
    put(landing / "x" / "b.jsonl", {**TWEET, "author_id": None}, TWEET)
    wrong = ColumnMapping(
        {"post_id": "id", "created_at": "日時", "text": "本文"}, "blog"
    )  # its times have no zone
    rules = {"blog": SourceRules("blog", mapping=wrong), "x": SourceRules("x")}
    loaded = load(landing, claim=lambda name: rules[name.split("/")[0]])
    assert loaded.posts["post_id"].to_pylist() == ["7"]
    assert loaded.quarantined.num_rows == 4
    rules["blog"] = SourceRules("blog", mapping=wrong._replace(zone=JST))
    replayed = replay(loaded.quarantined, rules_by_id=rules.get, now=NOW)
    assert replayed.fixed == 2
    assert replayed.posts["post_id"].to_pylist() == ["1", "2"]
    assert replayed.posts["line"].to_pylist() == [2, 3]
    assert set(replayed.posts["file_id"].to_pylist()) <= set(loaded.quarantined["file_id"].to_pylist())
    assert replayed.quarantined["reason"].to_pylist() == ["bad_created_at", "missing_author"]
    assert replay(replayed.quarantined, rules_by_id=lambda _: None, now=NOW).quarantined.num_rows == 2


def test_reports_hold_nothing_of_a_post(fixtures: Path) -> None:
    reports = repr([*load(fixtures).reports.values()])
    for record in expected():
        for key in ("text", "post_id", "author_id"):
            assert not record[key] or len(record[key]) < 6 or record[key] not in reports


def test_every_fixture_by_the_register_as_it_is_shipped(fixtures: Path) -> None:
    register = load_sources(Path(__file__).parents[2] / "config" / "sources.yaml")

    def claim(name: str) -> SourceRules | None:
        return rules_of(register.source_of(name))

    loaded = load(fixtures, claim=claim)
    assert {report.source_id for report in loaded.reports.values()} >= {
        "x_api_v2",
        "bluesky",
        "mastodon",
        "youtube",
    }
    assert loaded.posts.num_rows > 200


def test_a_table_by_the_register(landing: Path) -> None:
    shipped = load_sources(Path(__file__).parents[2] / "config" / "sources.yaml").sources[0]
    columns = {"post_id": "id", "created_at": "日時", "text": "本文", "author_id": "誰"}
    entry = SourceEntry.model_validate(
        {
            **shipped.model_dump(),
            "reader": "table",
            "columns": columns,
            "platforms": ["blog", "bbs"],
            "platform_column": "媒体",
        }
    )
    put(
        landing / "any" / "a.csv",
        "媒体,id,誰,日時,本文\nブログ,1,a,2026/11/3 9:05,よい\n掲示板,2,,2026/11/3 9:05,よい\nX,3,a,2026/11/3 9:05,よい\n".encode(),
    )
    loaded = load(landing, claim=lambda _: rules_of(entry))
    assert loaded.posts["source"].to_pylist() == ["blog", "bbs"]
    assert loaded.posts["created_at"].unique().to_pylist() == [1_793_664_300]
    assert loaded.reports["any/a.csv"].dropped["unregistered_platform"] == 1
