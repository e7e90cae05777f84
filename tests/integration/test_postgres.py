"""Publication into a real PostgreSQL server: what a reader finds there, and what stays when it fails."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import duckdb
import psycopg
import pytest

from orchestration import postgres as pg
from orchestration import publish
from orchestration.assets.release import make_release_assets
from orchestration.config.reading import ConfigError
from orchestration.installation import Configuration
from orchestration.progress import Silent
from orchestration.publish import PublicationError
from orchestration.resources import Koe
from orchestration.settings import PROJECT, Settings
from tests.integration.conftest import LOADER, PERSON, READER, Server

pytestmark = pytest.mark.integration
NOW = datetime(2026, 11, 2, 17, 0, tzinfo=UTC)
ODD = "待ち時間\t\\N \\ 'x' \"y\"\n二行目"
COMMENTS = {"mart_a": {"": "試験 / it's a test", "authors": "人数 / authors"}}


def make_release(home: Path, authors: int, hour: int, kind: str = "BIGINT") -> Path:
    published = home / "published"
    published.mkdir(exist_ok=True)
    warehouse = home / f"{hour}.duckdb"
    with duckdb.connect(str(warehouse)) as con:
        con.execute("CREATE SCHEMA marts")
        con.execute(
            f"CREATE TABLE marts.mart_a (day DATE, name VARCHAR, authors {kind}, share DOUBLE, shown BOOLEAN, n INTEGER)"
        )
        con.execute(
            f"INSERT INTO marts.mart_a VALUES (DATE '2026-11-01', ?, {authors}, 0.25, true, 3)", [ODD]
        )
        con.execute("INSERT INTO marts.mart_a VALUES (NULL, '', NULL, NULL, false, NULL)")
        con.execute("CREATE TABLE marts.mart_b AS SELECT i::BIGINT AS authors FROM range(25000) t(i)")
    candidate = publish.build_candidate(warehouse, published / ".candidate", COMMENTS)
    return publish.publish(
        candidate, published, now=NOW.replace(hour=hour), gates=[], versions={"koe": "1"}, counts={}
    )


@pytest.fixture
def target(postgres: Server) -> Iterator[pg.Target]:
    yield pg.Target(postgres.dsn(LOADER), "koe", READER, postgres.password)
    with postgres.connect("postgres") as con:
        names = con.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ '^(koe|other)'").fetchall()
        for (name,) in names:
            con.execute(f"DROP SCHEMA {name} CASCADE")


def authors(server: Server, role: str = READER) -> list[tuple[object, ...]]:
    with server.connect(role) as con:
        return con.execute("SELECT authors FROM koe.mart_a ORDER BY 1").fetchall()


def schemas(server: Server) -> list[str]:
    with server.connect("postgres") as con:
        found = con.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'koe%' ORDER BY 1")
        return [str(r[0]) for r in found.fetchall()]


def test_a_reader_finds_the_release_with_comments_and_nothing_else(
    postgres: Server, target: pg.Target, tmp_path: Path
) -> None:
    release = make_release(tmp_path, 10, 1)
    assert pg.put(release, target)
    with postgres.connect(READER) as con:
        rows = con.execute("SELECT * FROM koe.mart_a ORDER BY day").fetchall()
        assert rows == [(date(2026, 11, 1), ODD, 10, 0.25, True, 3), (None, "", None, None, False, None)]
        assert con.execute("SELECT count(*), sum(authors) FROM koe.mart_b").fetchall() == [(25000, 312487500)]
        assert con.execute("SELECT * FROM koe.release").fetchall() == [(release.name, date(2026, 11, 2))]
        told = con.execute(
            "SELECT obj_description('koe.mart_a'::regclass), col_description('koe.mart_a'::regclass, 3)"
        ).fetchall()
        assert told == [("試験 / it's a test", "人数 / authors")]
        for forbidden in ("DELETE FROM koe.mart_a", "CREATE TABLE koe.x (i int)", "DROP TABLE koe.mart_a"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                con.execute(forbidden)
    with postgres.connect(PERSON) as con, pytest.raises(psycopg.errors.InsufficientPrivilege):
        con.execute("SELECT * FROM koe.mart_a")


def test_the_next_release_takes_the_place_of_the_one_before(
    postgres: Server, target: pg.Target, tmp_path: Path
) -> None:
    first = make_release(tmp_path, 10, 1)
    assert pg.put(first, target)
    assert not pg.put(first, target), "it is there already"
    assert pg.put(make_release(tmp_path, 30, 2), target)
    assert authors(postgres) == [(30,), (None,)]
    assert schemas(postgres) == ["koe"]


def test_a_reader_in_the_middle_of_a_transaction_holds_nobody_up_and_sees_a_whole_release(
    postgres: Server, target: pg.Target, tmp_path: Path
) -> None:
    pg.put(make_release(tmp_path, 10, 1), target)
    with postgres.connect(READER) as con:
        con.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        assert con.execute("SELECT count(authors), min(authors) FROM koe.mart_a").fetchall() == [(1, 10)]
        assert pg.put(make_release(tmp_path, 30, 2), target)
        assert con.execute("SELECT count(authors), min(authors) FROM koe.mart_a").fetchall() == [(1, 30)]
        assert len(schemas(postgres)) == 2, "what a reader still holds is not dropped"
        with postgres.connect(PERSON) as other, pytest.raises(psycopg.errors.InsufficientPrivilege):
            other.execute(f"SELECT * FROM {schemas(postgres)[1]}.mart_a")
        con.execute("COMMIT")
    assert pg.put(make_release(tmp_path, 50, 3), target)
    assert schemas(postgres) == ["koe"]


def test_what_fails_leaves_the_earlier_release_and_is_told_in_one_line(
    postgres: Server, target: pg.Target, tmp_path: Path
) -> None:
    pg.put(make_release(tmp_path, 10, 1), target)
    second = make_release(tmp_path, 30, 2)
    wrong = pg.Target(target.dsn, "koe", READER, "wrong-secret")
    nobody = pg.Target(target.dsn, "koe", "koe_nobody", target.password)
    away = pg.Target("host=127.0.0.1 port=1 dbname=koe user=koe_loader", "koe", READER, "wrong-secret")
    reader = pg.Target(postgres.dsn(READER), "koe_other", READER, target.password)
    typed = make_release(tmp_path, 30, 3, kind="DECIMAL(9,2)")
    for release, to, message in (
        (second, wrong, "password authentication failed"),
        (second, nobody, "no role koe_nobody"),
        (second, away, "Connection refused"),
        (second, reader, r"insufficient privilege \(42501\): permission denied for database koe"),
        (typed, target, r"no type is known for mart_a.authors \(DECIMAL\(9,2\)\)"),
    ):
        with pytest.raises(PublicationError, match=message) as caught:
            pg.put(release, to)
        told = str(caught.value)
        assert "\n" not in told
        assert postgres.password not in told + repr(to)
        assert "wrong-secret" not in told + repr(to)
        assert authors(postgres) == [(10,), (None,)]
    assert schemas(postgres) == ["koe"]


def killed_while_it_waits(con: psycopg.Connection[tuple[object, ...]]) -> bool:
    for _ in range(200):
        if con.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'koe' AND wait_event_type = 'Lock'"
        ).fetchall():
            return True
        time.sleep(0.1)
    return False


def test_a_connection_that_breaks_in_the_middle_leaves_the_earlier_release(
    postgres: Server, target: pg.Target, tmp_path: Path
) -> None:
    pg.put(make_release(tmp_path, 10, 1), target)
    second = make_release(tmp_path, 30, 2)
    with postgres.connect("postgres") as blocker:
        blocker.execute("BEGIN")
        blocker.execute(
            "LOCK TABLE pg_catalog.pg_statistic IN EXCLUSIVE MODE"
        )  # ANALYZE waits here, tables are copied
        failures: list[PublicationError] = []

        def publish_it() -> None:
            try:
                pg.put(second, target)
            except PublicationError as error:
                failures.append(error)

        publishing = threading.Thread(target=publish_it)
        publishing.start()
        with postgres.connect("postgres") as killer:
            assert killed_while_it_waits(killer)
        publishing.join(60)
        blocker.execute("ROLLBACK")
    (failure,) = failures
    assert "the earlier release stays current there" in str(failure)
    assert authors(postgres) == [(10,), (None,)]
    assert schemas(postgres) == ["koe"]
    assert pg.put(second, target)
    assert authors(postgres) == [(30,), (None,)]


def test_a_release_whose_rows_are_fewer_than_its_manifest_says_is_not_taken(
    postgres: Server, target: pg.Target, tmp_path: Path
) -> None:
    pg.put(make_release(tmp_path, 10, 1), target)
    second = make_release(tmp_path, 30, 2)
    database = second / publish.DATABASE
    database.chmod(0o644)
    with duckdb.connect(str(database)) as con:
        con.execute("DELETE FROM mart_b WHERE authors = 7")
    with pytest.raises(PublicationError, match="24999 of 25000 rows of mart_b"):
        pg.put(second, target)
    assert authors(postgres) == [(10,), (None,)]


def test_a_view_of_somebody_is_named_and_neither_dropped_nor_left_with_old_numbers(
    postgres: Server, target: pg.Target, tmp_path: Path
) -> None:
    pg.put(make_release(tmp_path, 10, 1), target)
    with postgres.connect("postgres") as con:
        con.execute("CREATE SCHEMA other; CREATE VIEW other.mine AS SELECT * FROM koe.mart_a")
    with pytest.raises(PublicationError, match=r"the view other\.mine"):
        pg.put(make_release(tmp_path, 30, 2), target)
    assert authors(postgres) == [(10,), (None,)]


def test_a_schema_that_is_not_ours_is_left_alone(postgres: Server, target: pg.Target, tmp_path: Path) -> None:
    with postgres.connect(LOADER) as con:
        con.execute("CREATE SCHEMA koe; CREATE TABLE koe.theirs (i int)")
    with pytest.raises(PublicationError, match="a schema koe that Koe did not make"):
        pg.put(make_release(tmp_path, 30, 2), target)
    with postgres.connect(LOADER) as con:
        assert con.execute("SELECT count(*) FROM koe.theirs").fetchall() == [(0,)]


def night_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dsn: str | None, password: str) -> dg.ExecuteInProcessResult:  # fmt: skip
    """The step of the night, on a home that has a release."""
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    config = tmp_path / "config"
    shutil.copytree(PROJECT / "config", config, dirs_exist_ok=True)
    if dsn:
        with (config / "policy.yaml").open("a", encoding="utf-8") as file:
            file.write(f"\npublish: {{postgres_dsn: {dsn}}}\n")
    for name in (
        "DAGSTER_HOME",
        "DAGSTER_DISABLE_TELEMETRY",
        "DO_NOT_TRACK",
        "DBT_SEND_ANONYMOUS_USAGE_STATS",
    ):
        monkeypatch.setenv(name, os.environ.get(name, ""))
    monkeypatch.setenv("KOE_HOME", str(home))
    monkeypatch.setenv("KOE_CONFIG", str(config))
    monkeypatch.setenv(pg.PASSWORD, password)
    step = next(a for a in make_release_assets([]) if a.key.path == ["postgres"])
    result = dg.materialize([step], resources={"koe": Koe(), "reporter": Silent()})
    for event in result.all_events:
        assert not password or password not in str(event)
    return result


def metadata(result: dg.ExecuteInProcessResult) -> dict[str, object]:
    (event,) = result.asset_materializations_for_node("postgres")
    return {k: v.value for k, v in event.metadata.items()}


def test_the_night_publishes_there_and_goes_on_when_it_cannot(
    postgres: Server, target: pg.Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").mkdir()
    make_release(tmp_path / "home", 10, 1)
    done = night_with(tmp_path, monkeypatch, postgres.dsn(LOADER), postgres.password)
    assert metadata(done)["postgres"] == "is current"
    assert authors(postgres) == [(10,), (None,)]
    shutil.rmtree(tmp_path / "config")
    failed = night_with(tmp_path, monkeypatch, "host=127.0.0.1 port=1 user=koe_loader", postgres.password)
    assert failed.success
    assert metadata(failed)["postgres"] == "failed"
    assert "the earlier release stays current there" in str(metadata(failed)["warning"])


def test_nothing_is_asked_of_any_server_unless_the_policy_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert metadata(night_with(tmp_path, monkeypatch, None, ""))["postgres"] == "off"


@pytest.mark.parametrize(
    ("dsn", "message"),
    [
        ("host=db password=hunter2secret", "expected no password here"),
        ("postgresql://koe:hunter2secret@db/koe", "expected no password here"),
        ("hunter2secret", "expected a libpq connection string"),
        ("host=db passwrd=hunter2secret", "expected a libpq connection string"),
    ],
)
def test_a_password_in_the_policy_is_refused_and_not_repeated(tmp_path: Path, dsn: str, message: str) -> None:
    config = tmp_path / "config"
    shutil.copytree(PROJECT / "config", config)
    with (config / "policy.yaml").open("a", encoding="utf-8") as file:
        file.write(f'\npublish: {{postgres_dsn: "{dsn}"}}\n')
    with pytest.raises(ConfigError, match=message) as caught:
        Configuration.load(Settings(tmp_path / "home", config))
    assert "hunter2secret" not in str(caught.value)
