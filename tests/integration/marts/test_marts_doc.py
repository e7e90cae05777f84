"""Every query of docs/marts.md runs on a release, from SQL, pandas and polars, and finds rows."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import polars as pl
import pytest

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]
DOCUMENT = Path(__file__).parents[3] / "docs" / "marts.md"
QUERIES = re.findall(r"```sql\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
MAY_BE_EMPTY = {"mart_presence"}  # the invented night has no proven accounts of organisations


@pytest.mark.parametrize("number", range(len(QUERIES)))
def test_query_runs_and_finds_rows(release: Path, number: int) -> None:
    with duckdb.connect(str(release), read_only=True) as con:
        rows = con.execute(QUERIES[number]).fetchall()
    assert rows or any(mart in QUERIES[number] for mart in MAY_BE_EMPTY)


def test_every_mart_has_its_query(release: Path) -> None:
    with duckdb.connect(str(release), read_only=True) as con:
        marts = {t for (t,) in con.execute("select table_name from duckdb_tables()").fetchall()}
    text = "\n".join(QUERIES) + DOCUMENT.read_text(encoding="utf-8")
    assert {m for m in marts if m not in text} == set()
    assert len(QUERIES) >= 18


def test_pandas_and_polars_read_the_release(release: Path) -> None:
    with duckdb.connect(str(release), read_only=True) as con:
        frame = con.sql("from mart_reputation").df()
    table = pl.read_parquet(release.parent / "parquet" / "mart_reputation.parquet")
    assert len(frame) == table.height > 0
    assert list(frame.columns) == table.columns
