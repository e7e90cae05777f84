"""The queries of docs/marts.md as its readers run them: DuckDB, pandas, polars, and over ODBC and JDBC. All answer alike."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest

from orchestration import postgres as pg
from orchestration import publish
from tests.integration.conftest import LOADER, READER, Server

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]
DOCUMENT = (Path(__file__).parents[3] / "docs" / "marts.md").read_text(encoding="utf-8")
SECTION = DOCUMENT.split("## From your tool")[1].split("\n## ")[0]
JDBC_DRIVER = Path("/usr/share/java/postgresql.jar")
Row = tuple[str, str, str, int]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", SECTION, re.DOTALL)


def plain(rows: object) -> list[Row]:
    """Rows in one shape, whatever the client calls a day and a number."""
    assert isinstance(rows, list)
    days = [r[0].date() if isinstance(r[0], datetime) else r[0] for r in rows]
    return [(str(day), str(r[1]), str(r[2]), int(r[3])) for day, r in zip(days, rows, strict=True)]


def from_python(published: Path, block: str) -> list[Row]:
    assert "data/published/current" in block
    names: dict[str, object] = {}
    exec(block.replace("data/published/current", str(published / "current")), names)
    return plain(names["rows"])


@pytest.fixture(scope="module")
def answer(published: Path) -> list[Row]:
    """What DuckDB answers."""
    return from_python(published, blocks("python")[0])


@pytest.fixture(scope="module")
def served(postgres: Server, published: Path) -> Iterator[Server]:
    """A server that has the release."""
    release = publish.current_release(published)
    assert release
    pg.put(release, pg.Target(postgres.dsn(LOADER), "koe", READER, postgres.password))
    yield postgres
    with postgres.connect(LOADER) as con:
        con.execute("DROP SCHEMA koe CASCADE")


def from_lines(text: str) -> list[Row]:
    rows = [line.split("|") for line in text.splitlines() if line.count("|") == 3]
    return plain([(date.fromisoformat(r[0]), r[1], r[2], r[3]) for r in rows])


def at(server: Server, text: str) -> str:
    assert "5432" in text
    return text.replace("5432", str(server.port))


@pytest.mark.parametrize("number", range(3))
def test_python_answers_alike(published: Path, answer: list[Row], number: int) -> None:
    assert len(blocks("python")) == 3
    assert len(answer) == 10
    assert from_python(published, blocks("python")[number]) == answer


@pytest.mark.skipif(shutil.which("isql") is None, reason="NO ODBC: the query over ODBC was not run (Debian: apt-get install unixodbc odbc-postgresql)")  # fmt: skip
def test_odbc_answers_alike(served: Server, answer: list[Row]) -> None:
    (block,) = blocks("bash")
    done = subprocess.run(
        ["bash", "-c", at(served, block)], env={**os.environ, "PGPASSWORD": served.password}, capture_output=True, text=True, check=False, timeout=60
    )  # fmt: skip
    assert from_lines(done.stdout) == answer, done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("java") is None or not JDBC_DRIVER.exists(), reason="NO JDBC: the query over JDBC was not run (Debian: apt-get install default-jdk-headless libpostgresql-jdbc-java)")  # fmt: skip
def test_jdbc_answers_alike(served: Server, answer: list[Row], tmp_path: Path) -> None:
    (block,) = blocks("java")
    program = tmp_path / "Complaints.java"
    program.write_text(at(served, block), encoding="utf-8")
    done = subprocess.run(
        ["java", "-Dfile.encoding=UTF-8", "-cp", str(JDBC_DRIVER), str(program)], env={**os.environ, "PGPASSWORD": served.password}, capture_output=True, text=True, check=False, timeout=120
    )  # fmt: skip
    assert from_lines(done.stdout) == answer, done.stdout + done.stderr


def test_the_server_has_every_mart_with_its_descriptions(served: Server, published: Path) -> None:
    release = publish.current_release(published)
    assert release
    marts = publish.read_manifest(release)["marts"]
    with served.connect(READER) as con:
        for mart in marts:
            assert con.execute(f"SELECT count(*) FROM koe.{mart['name']}").fetchall() == [(mart["rows"],)]
        undescribed = con.execute(
            """SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
            WHERE c.relnamespace = 'koe'::regnamespace AND c.relname <> 'release' AND a.attnum > 0
            AND col_description(c.oid, a.attnum) IS NULL"""
        ).fetchall()
        versions = con.execute("SELECT obj_description('koe.mart_complaints'::regclass)").fetchall()
    assert undescribed == [(0,)]
    assert "[v" in str(versions[0][0])
