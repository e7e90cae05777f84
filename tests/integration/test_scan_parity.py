"""Every engine that a gate runs in must strike the same rows: Python re, polars, pandas, DuckDB, pyarrow."""

from __future__ import annotations

import json
import random
import re
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from evaluation import gold
from transforms.redaction import canaries, invented, scan

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[2]


def _table() -> list[str]:
    vectors = json.loads((ROOT / "tests/fixtures/reference/text_vectors.json").read_text(encoding="utf-8"))
    texts = [v[0] for v in vectors["positive"] + vectors["negative"]]
    for seed in range(3):
        texts += [c.text for c in canaries.plant(date(2026, 11, 3), seed)]
    rng = random.Random(1)
    for _ in range(40):
        number, card = invented.my_number(rng), invented.credit_card(rng)
        body = "37" + invented.digits(rng, 12)
        amex = body + invented.luhn_check_digit(body)
        texts += [
            f"支払いは{amex}で",
            f"支払いは{amex[:4]} {amex[4:10]} {amex[10:]}で",
            f"支払いは{amex[:-1]}{(int(amex[-1]) + 5) % 10}で",
        ]
        wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
        for value in (
            number,
            card,
            wrong,
            scan.ascii_digits(number),
            scan.ascii_digits(card),
            f"{wrong} と {number}",
        ):
            texts += [
                f"番号は{value}です",
                invented.to_full_width(f"番号 {value}\n"),
                f"x{value}",
                f"{value}\n",
                f"\n{value}",
            ]
            texts += [invented.to_kanji_digits(value), f"0.{value}", "\u200b".join(value)]
    for path in sorted((ROOT / "training/posts").glob("*.jsonl")):
        texts += [row["text"] for row in gold.read(path)][::3]
    texts += [
        "kuchikomi.taro#mail.example.com",
        "アクセス元 2001:db8:4f0:19::a3",
        "本アカは kusuri-dana.bsky.social です",
        "862-0950 熊本県の実家まで",
        "空けて書くね k u m o . 7 @ m a i l . e x a m p l e",
        "機器 AA:BB:CC:00:11:22 の履歴",
    ]
    return [*texts, "", " ", "\n", "a\r\nb", "\x00", "𠮷田さん", "e\u0301", "👨‍👩‍👧 0️⃣9️⃣0️⃣"]


TEXTS = _table()


@pytest.fixture(scope="module")
def expected() -> dict[str, list[bool]]:
    return {p.id: [scan.matches(p, t) for t in TEXTS] for p in scan.PATTERNS}


def test_the_table_strikes_every_pattern_and_spares_every_pattern(expected):
    assert {pattern_id for pattern_id, hits in expected.items() if not any(hits)} == set()
    assert {pattern_id for pattern_id, hits in expected.items() if all(hits)} == set()


def test_polars(expected):
    series = pl.Series("text", [*TEXTS, None])
    for pattern in scan.PATTERNS:
        assert scan.polars_mask(series, pattern).to_list() == [*expected[pattern.id], False], pattern.id


def test_duckdb(expected):
    with duckdb.connect() as db:
        db.register("posts", pa.table({"i": range(len(TEXTS) + 1), 'te"xt': [*TEXTS, None]}))
        for pattern_id, predicate in scan.duckdb_predicates('te"xt').items():
            rows = db.execute(f"select {predicate} from posts order by i").fetchall()
            assert [r[0] for r in rows] == [*expected[pattern_id], False], pattern_id
        anywhere = db.execute(
            f"""select count(*) from posts where {scan.duckdb_predicate('te"xt')}"""
        ).fetchone()
    assert anywhere == (sum(any(column) for column in zip(*expected.values(), strict=True)),)


@pytest.mark.parametrize("dtype", ["str", "object"])
def test_pandas(expected, dtype: str):
    series = pd.Series(TEXTS, dtype=dtype)
    for pattern in scan.PATTERNS:
        if pattern.check is None:
            assert series.str.contains(pattern.regex).tolist() == expected[pattern.id], pattern.id
            assert [m is not None for m in map(re.compile(pattern.regex).search, series)] == expected[
                pattern.id
            ]


def test_pyarrow(expected):
    column = pa.array(TEXTS)
    for pattern in scan.PATTERNS:
        if pattern.check is None:
            assert pc.match_substring_regex(column, pattern.regex).to_pylist() == expected[pattern.id], (
                pattern.id
            )


def test_expectation_regexes_strike_the_same_rows(expected):
    asked = scan.gx_expectations(["text"])
    series = pd.Series(TEXTS, dtype="str")
    struck = pd.concat([series.str.contains(regex) for _, regex in asked], axis=1).any(axis=1).tolist()
    plain = [expected[p.id] for p in scan.PATTERNS if p.check is None]
    assert struck == [any(column) for column in zip(*plain, strict=True)]
    assert {column for column, _ in asked} == {"text"}
