"""What BI may rely on: which change needs which version, and that the present marts are what the record says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from orchestration import schema, schema_history
from orchestration.schema import Change, Contract, SchemaError, changes, refusals
from orchestration.schema_history import Recorded

TODAY = date(2027, 1, 10)
BASE = Contract("1.0", {"week_on": "DATE", "authors": "BIGINT"}, ("week_on",))


def after(version: str, *, deprecated: dict[str, str] | None = None, **columns: str | None) -> Contract:
    merged = {**BASE.columns, **columns}
    return Contract(version, {c: t for c, t in merged.items() if t}, BASE.keys, deprecated or {})


@pytest.mark.parametrize(
    ("new", "needed"),
    [
        (after("1.0"), None),
        (after("1.1", posts="BIGINT"), None),
        (after("1.0", posts="BIGINT"), "mart_a: posts changed, which needs version 1.1 or later; it says 1.0"),
        (after("1.9", authors=None), "mart_a: authors changed, which needs version 2.0 or later; it says 1.9"),
        (after("2.0", authors=None), None),
        (after("1.1", authors="INTEGER"), "mart_a: authors changed, which needs version 2.0 or later; it says 1.1"),
        (replace(BASE, keys=("week_on", "authors")), "mart_a: keys changed, which needs version 2.0 or later; it says 1.0"),
        (after("1.0", deprecated={"authors": "2027-06-30"}), None),
        (after("10.0", authors=None, posts="BIGINT"), None),
    ],
)  # fmt: skip
def test_a_changed_column_needs_its_version(new: Contract, needed: str | None) -> None:
    assert refusals({"mart_a": BASE}, {"mart_a": new}, TODAY) == ([needed] if needed else [])


def test_a_version_never_goes_back() -> None:
    assert refusals({"mart_a": replace(BASE, version="2.1")}, {"mart_a": replace(BASE, version="1.9")}, TODAY) == [
        "mart_a: nothing may go back, which needs version 2.1 or later; it says 1.9"
    ]  # fmt: skip


def test_what_was_promised_until_a_day_is_there_until_that_day() -> None:
    before = {"mart_a": after("1.1", deprecated={"authors": "2027-01-10"}), "mart_b": after("1.0", deprecated={"*": "2027-01-10"})}  # fmt: skip
    without = {"mart_a": after("2.0", authors=None)}
    assert refusals(before, without, TODAY) == [
        "mart_a.authors was promised until 2027-01-10 and is gone",
        "mart_b was promised until 2027-01-10 and is gone",
    ]
    assert refusals(before, without, date(2027, 1, 11)) == []


def test_changes_are_named_by_mart_and_column() -> None:
    before = {"mart_a": BASE, "mart_gone": BASE}
    now = {
        "mart_a": Contract("2.0", {"week_on": "DATE", "authors": "INTEGER", "posts": "BIGINT"}, ("week_on",), {"posts": "2027-06-30"}),
        "mart_new": BASE,
    }  # fmt: skip
    assert changes(before, now) == [
        Change("mart_a", "column_came", "posts", now="BIGINT"),
        Change("mart_a", "type_changed", "authors", "BIGINT", "INTEGER"),
        Change("mart_a", "deprecated", "posts", now="2027-06-30"),
        Change("mart_gone", "mart_went", was="1.0"),
        Change("mart_new", "mart_came", now="1.0"),
    ]
    page = schema.release_page(before, now, "20270109T170000Z-0a1b2c3d")
    for told in ("20270109T170000Z-0a1b2c3d", "新しい列 / new column: `mart_a.posts` (BIGINT)", "`mart_a.authors` (BIGINT → INTEGER)",
                 "なくなった表 / mart gone: `mart_gone`", "`mart_a` の列 / column `posts`: 2027-06-30", "| `mart_new` | 1.0 | 2 |"):  # fmt: skip
        assert told in page
    assert changes(now, now) == []
    assert "変更はありません" in schema.release_page(now, now, "x")
    assert "最初の版" in schema.release_page({}, now, "")


@pytest.mark.parametrize(
    ("meta", "message"),
    [
        ("{}", "expected a version in quotes"),
        ("{version: 1.0}", "expected a version in quotes"),
        ('{version: "1"}', "expected a version in quotes"),
        ('{version: "1.0", deprecated: {nothing: 2027-06-30}}', "there is no column nothing"),
        ('{version: "1.0", deprecated: {authors: soon}}', "expected a day"),
    ],
)
def test_a_wrong_announcement_is_told_in_a_line(meta: str, message: str, tmp_path: Path) -> None:
    folder = tmp_path
    (folder / "a.yml").write_text(
        f"models:\n  - name: mart_a\n    config:\n      meta: {meta}\n    columns: [{{name: authors, data_type: bigint}}]\n"
    )
    with pytest.raises(SchemaError, match=message):
        schema.of_models(folder)


def test_the_present_marts_are_recorded_under_their_versions() -> None:
    history = schema_history.load_history()
    current = schema.of_models(schema_history.MODELS)
    assert schema_history.unrecorded(history, current, TODAY) == []
    assert schema_history.CHANGELOG.read_text(encoding="utf-8") == schema_history.changelog(history)


def test_the_record_refuses_a_changed_column_under_the_old_version() -> None:
    history = schema_history.load_history()
    current = schema.of_models(schema_history.MODELS)
    changed = current | {"mart_trends": replace(current["mart_trends"], columns={"week_on": "DATE"})}
    (told,) = schema_history.unrecorded(history, changed, TODAY)
    assert told.startswith("mart_trends: ")
    assert "needs version" in told
    with pytest.raises(SchemaError, match="mart_trends"):
        schema_history.record(history, changed, TODAY)


def test_the_record_grows_by_what_changed_and_knows_an_end() -> None:
    history = {"mart_a": [Recorded("2026-11-26", BASE)]}
    leaving = after("1.1", posts="BIGINT", deprecated={"*": "2027-06-30"})
    announced = schema_history.record(history, {"mart_a": leaving}, TODAY)
    assert [e.on for e in announced["mart_a"]] == ["2026-11-26", "2027-01-10"]
    assert schema_history.unrecorded(history, {}, TODAY) == [
        "mart_a: it ends without having been announced under meta.deprecated"
    ]
    with pytest.raises(SchemaError, match="promised until 2027-06-30"):
        schema_history.record(announced, {}, TODAY)
    ended = schema_history.record(announced, {}, date(2027, 7, 1))
    assert ended["mart_a"][-1].contract is None
    page = schema_history.changelog(ended)
    assert page.index("## 2027-07-01") < page.index("## 2027-01-10") < page.index("## 2026-11-26")
    assert "mart gone: `mart_a` (1.1)" in page
    assert "new column: `mart_a.posts`" in page


def test_the_record_survives_being_written_and_read(tmp_path: Path) -> None:
    history = {
        "mart_a": [Recorded("2026-11-26", after("1.0", deprecated={"authors": "2027-06-30"})), Recorded("2027-07-01", None)]
    }  # fmt: skip
    path = tmp_path / "history.yaml"
    path.write_text(schema_history.as_yaml(history), encoding="utf-8")
    assert schema_history.load_history(path) == history
