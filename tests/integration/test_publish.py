"""Publication on real DuckDB files: what a reader sees before, during and after a swap."""

from __future__ import annotations

import json
import struct
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest

from orchestration import publish
from orchestration.assets.release import Holds, against_release, commented, held_numbers
from orchestration.schema import Contract

pytestmark = pytest.mark.integration
NOW = datetime(2026, 11, 2, 17, 0, tzinfo=UTC)


def make_warehouse(path: Path, values: list[int]) -> Path:
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as con:
        con.execute(
            "CREATE SCHEMA marts; CREATE TABLE marts.mart_a (day DATE, authors INTEGER); CREATE TABLE main.hidden (t TEXT)"
        )
        for value in values:
            con.execute("INSERT INTO marts.mart_a VALUES (DATE '2026-11-01', ?)", [value])
    return path


def release(
    home: Path, values: list[int], now: datetime = NOW, gates: list[publish.GateResult] | None = None
) -> Path:
    published = home / "published"
    published.mkdir(exist_ok=True)
    candidate = publish.build_candidate(
        make_warehouse(home / "it's.duckdb", values),
        published / ".candidate",
        {"mart_a": {"": "試験 / test", "authors": "人数 / authors"}},
    )
    return publish.publish(candidate, published, now=now, gates=gates or [], versions={"koe": "1"}, counts={})


def read(path: Path) -> list[tuple[object, ...]]:
    with duckdb.connect(str(path), read_only=True) as con:
        return con.execute("SELECT authors FROM mart_a ORDER BY 1").fetchall()


def test_release_holds_marts_only_with_comments_and_is_read_only(tmp_path: Path) -> None:
    folder = release(tmp_path, [10, 20])
    database = tmp_path / "published" / "current" / publish.DATABASE
    assert read(database) == [(10,), (20,)]
    assert read(folder / publish.DATABASE) == read(database)
    assert database.stat().st_mode & 0o777 == 0o444
    with duckdb.connect(str(database), read_only=True) as con:
        assert con.execute("SELECT table_name FROM information_schema.tables").fetchall() == [("mart_a",)]
        assert con.execute(
            "SELECT comment FROM duckdb_columns() WHERE column_name = 'authors'"
        ).fetchall() == [("人数 / authors",)]
    assert duckdb.sql(f"SELECT count(*) FROM read_parquet('{folder}/parquet/mart_a.parquet')").fetchall() == [
        (2,)
    ]
    assert publish.verify_files(folder) == []


def test_file_has_a_storage_version_that_older_drivers_open(tmp_path: Path) -> None:
    header = (release(tmp_path, [10]) / publish.DATABASE).read_bytes()[:20]
    assert header[8:12] == b"DUCK"
    assert struct.unpack("<Q", header[12:20])[0] <= 67, "DuckDB 1.4 reads storage versions up to 67"


def test_reader_with_the_old_release_open_is_not_disturbed(tmp_path: Path) -> None:
    release(tmp_path, [10])
    current = str(tmp_path / "published" / "current" / publish.DATABASE)
    with duckdb.connect(current, read_only=True) as old:
        release(tmp_path, [30], now=NOW.replace(hour=18))
        assert old.execute("SELECT authors FROM mart_a").fetchall() == [(10,)]
    assert read(Path(current)) == [(30,)]


def test_row_identical_candidate_keeps_the_release(tmp_path: Path) -> None:
    first = release(tmp_path, [10])
    assert release(tmp_path, [10], now=NOW.replace(hour=18)) == first
    assert not (tmp_path / "published" / ".candidate").exists()


def test_failed_gate_keeps_the_earlier_release_and_removes_the_candidate(tmp_path: Path) -> None:
    first = release(tmp_path, [10])
    with pytest.raises(publish.PublicationError, match="candidate/values did not pass"):
        release(tmp_path, [30], gates=[publish.GateResult("candidate", "values", passed=False)])
    assert publish.current_release(tmp_path / "published") == first
    assert not (tmp_path / "published" / ".candidate").exists()


def test_full_disk_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = release(tmp_path, [10])
    monkeypatch.setattr(publish, "MIN_FREE_BYTES", 2**62)
    with pytest.raises(publish.PublicationError, match="not enough space"):
        release(tmp_path, [30])
    assert publish.current_release(tmp_path / "published") == first


def test_a_changed_or_foreign_file_is_found(tmp_path: Path) -> None:
    folder = release(tmp_path, [10])
    (folder / "parquet" / "mart_a.parquet").chmod(0o644)
    (folder / "parquet" / "mart_a.parquet").write_bytes(b"x")
    (folder / "note.txt").write_text("x")
    assert publish.verify_files(folder) == [
        "note.txt: not in the manifest",
        "parquet/mart_a.parquet: changed since publication",
    ]


def test_prune_keeps_the_newest_and_the_current(tmp_path: Path) -> None:
    for hour in range(5):
        release(tmp_path, [10 + hour], now=NOW.replace(hour=hour))
    removed = publish.prune(tmp_path / "published", keep=2)
    assert len(removed) == 3
    assert publish.current_release(tmp_path / "published") is not None
    assert read(tmp_path / "published" / "current" / publish.DATABASE) == [(14,)]


def test_a_cell_that_would_change_by_a_few_authors_stays_as_it_was_and_leaves_no_trace(
    tmp_path: Path,
) -> None:
    first = release(tmp_path, [111])
    settle = against_release(first, {"mart_a": ["day"]}, 10)
    warehouse = make_warehouse(tmp_path / "next.duckdb", [115])
    candidate = publish.build_candidate(warehouse, tmp_path / "published" / ".candidate", settle=settle)
    assert [m.held_rows for m in candidate.marts] == [1]
    assert read(candidate.folder / publish.DATABASE) == [(111,)]
    many = publish.build_candidate(
        make_warehouse(tmp_path / "more.duckdb", [121]), tmp_path / "published" / ".more", settle=settle
    )
    assert [m.held_rows for m in many.marts] == [0]
    assert read(many.folder / publish.DATABASE) == [(121,)]


def test_a_number_computed_from_other_cells_settles_with_its_row(tmp_path: Path) -> None:
    (tmp_path / "parquet").mkdir()
    last = pl.DataFrame({"day": ["a", "b"], "authors": [40, 50], "expected": [12.0, 13.0]})
    last.write_parquet(tmp_path / "parquet" / "mart_alerts.parquet")
    now = pl.DataFrame({"day": ["a", "b"], "authors": [40, 70], "expected": [12.1, 13.2]})
    keys = {"mart_alerts": ["day"]}
    settled = against_release(tmp_path, keys, 10, {"mart_alerts": Holds((), ())})("mart_alerts", now)
    assert settled["expected"].to_list() == [12.0, 13.2]
    assert against_release(tmp_path, keys, 10)("mart_alerts", now)["expected"].to_list() == [12.1, 13.2]


def test_marts_say_which_of_their_numbers_settle(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.json"
    nodes = {
        "a": {"name": "mart_a", "resource_type": "model", "config": {"meta": {"holds": {"people": ["n"]}}}},
        "b": {"name": "mart_b", "resource_type": "model", "config": {"meta": {"keys": ["day"]}}},
    }
    manifest.write_text(json.dumps({"nodes": nodes}))
    assert held_numbers(manifest) == {"mart_a": Holds(["n"], ())}


def release_under(home: Path, contract: Contract, columns: str, *, hour: int) -> Path:
    """A release of one mart under a contract, and of a table that no model makes any more."""
    published = home / "published"
    published.mkdir(exist_ok=True)
    warehouse = home / f"{hour}.duckdb"
    with duckdb.connect(str(warehouse)) as con:
        con.execute("CREATE SCHEMA marts; CREATE TABLE marts.mart_left_behind (t VARCHAR)")
        con.execute(f"CREATE TABLE marts.mart_a ({columns})")
    contracts = {"mart_a": contract}
    candidate = publish.build_candidate(
        warehouse, published / ".candidate", commented({"mart_a": {"": "試験 / test"}}, contracts), contracts=contracts
    )  # fmt: skip
    publish.tell_changes(candidate, publish.current_release(published), date(2026, 11, 3))
    return publish.publish(
        candidate, published, now=NOW.replace(hour=hour), gates=[], versions={"koe": "1"}, counts={}
    )


def test_a_release_tells_its_versions_and_what_changed(tmp_path: Path) -> None:
    first = release_under(tmp_path, Contract("1.0", {}, ("day",)), "day DATE, authors BIGINT", hour=1)
    assert "最初の版" in (first / publish.CHANGES).read_text(encoding="utf-8")
    going = Contract("1.1", {}, ("day",), {"authors": "2026-12-31"})
    second = release_under(tmp_path, going, "day DATE, authors BIGINT, posts BIGINT", hour=2)
    manifest = publish.read_manifest(second)
    assert [(m["name"], m["version"], m["deprecated"]) for m in manifest["marts"]] == [
        ("mart_a", "1.1", {"authors": "2026-12-31"})
    ]
    assert [(c["kind"], c["column"], c["now"]) for c in manifest["schema_changes"]] == [
        ("column_came", "posts", "BIGINT"),
        ("deprecated", "authors", "2026-12-31"),
    ]
    page = (second / publish.CHANGES).read_text(encoding="utf-8")
    assert first.name in page
    assert "`mart_a.posts` (BIGINT)" in page
    assert publish.verify_files(second) == []
    with duckdb.connect(str(second / publish.DATABASE), read_only=True) as con:
        assert con.execute("SELECT table_name, comment FROM duckdb_tables()").fetchall() == [
            ("mart_a", "試験 / test [v1.1]")
        ]
        assert con.execute(
            "SELECT comment FROM duckdb_columns() WHERE column_name = 'authors'"
        ).fetchall() == [("authors [廃止予定 / deprecated, stays until 2026-12-31]",)]


@pytest.mark.parametrize(
    ("contract", "columns", "message"),
    [
        (Contract("1.1", {}, ("day",)), "day DATE", "mart_a: authors changed, which needs version 2.0"),
        (Contract("1.0", {}, ("day",)), "day DATE, authors BIGINT, posts BIGINT", "mart_a: posts changed, which needs version 1.1"),
        (Contract("2.0", {}, ("day",)), "day DATE", "mart_a.authors was promised until 2026-12-31 and is gone"),
    ],
)  # fmt: skip
def test_a_column_that_changed_under_its_old_version_is_not_published(
    tmp_path: Path, contract: Contract, columns: str, message: str
) -> None:
    promised = Contract("1.0", {}, ("day",), {"authors": "2026-12-31"} if contract.version == "2.0" else {})
    first = release_under(tmp_path, promised, "day DATE, authors BIGINT", hour=1)
    with pytest.raises(publish.PublicationError, match=message):
        release_under(tmp_path, contract, columns, hour=2)
    assert publish.current_release(tmp_path / "published") == first
    assert not (tmp_path / "published" / ".candidate").exists()


def test_a_raised_version_alone_makes_a_release(tmp_path: Path) -> None:
    first = release_under(tmp_path, Contract("1.0", {}, ("day",)), "day DATE", hour=1)
    assert release_under(tmp_path, Contract("1.0", {}, ("day",)), "day DATE", hour=2) == first
    assert release_under(tmp_path, Contract("1.1", {}, ("day",)), "day DATE", hour=3) != first


def test_files_added_later_are_in_the_manifest_and_readable_by_all(tmp_path: Path) -> None:
    folder = release(tmp_path, [10])
    aside = tmp_path / "page.html"
    aside.write_text("x")
    publish.add_files(folder, {"reports/weekly.html": aside})
    assert publish.verify_files(folder) == []
    assert (folder / "reports").stat().st_mode & 0o777 == 0o755
    assert (folder / "reports" / "weekly.html").stat().st_mode & 0o777 == 0o444
    release(tmp_path, [20], now=NOW.replace(hour=18))
    assert publish.prune(tmp_path / "published", keep=1) == [folder.name]
