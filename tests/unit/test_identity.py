"""Identity of posts: repeats, edits, removals, threads and copies, whatever the order in which rows are given."""

from __future__ import annotations

import datetime as dt
import random
from functools import cache
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.identity import resolve
from transforms.posts import RAW_SCHEMA

MONDAY = dt.date(2026, 11, 2)
TUESDAY = MONDAY + dt.timedelta(days=1)
LONG = "受付で一時間待たされた話を家族に何度もしてしまう"


def row(post_id: str | None = "1", text: str | None = "待った", **fields: Any) -> dict[str, Any]:
    return {
        **dict.fromkeys(RAW_SCHEMA.names),
        "source": "x",
        "post_id": post_id,
        "author_id": "a",
        "created_at": 1_000,
        "text": text,
        "event_type": "create",
        "edit_ids": [],
        "file_id": "f1",
        "line": 1,
        "arrived_on": MONDAY,
        "loaded_at": 1_793_600_000,
        **fields,
    }


def edit(text: str | None, at: int, **fields: Any) -> dict[str, Any]:
    return row(text=text, created_at=at, event_type="edit", **fields)


def event(kind: str, **fields: Any) -> dict[str, Any]:
    return row(**{"text": None, "created_at": 9_000, "event_type": kind, "file_id": "f9", **fields})


@cache
def columns() -> pl.Schema:
    return pl.DataFrame(pl.from_arrow(RAW_SCHEMA.empty_table())).schema


def frame(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=columns())


def posts(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    return resolve(frame(*rows)).posts.to_dicts()


def test_no_rows_are_no_posts() -> None:
    resolved = resolve(frame())
    assert resolved.posts.height == resolved.removals.height == 0


def test_a_post_in_two_files_and_on_two_days_is_one() -> None:
    found = posts(row(), row(file_id="f2", line=7), row(file_id="f3", arrived_on=TUESDAY))
    assert [(post["post_id"], post["file_id"], post["versions"]) for post in found] == [("1", "f1", 1)]


def test_the_newest_edit_wins_and_the_day_of_writing_stays() -> None:
    found = posts(edit("三度目", 1_200), row(text="一度目"), edit("二度目", 1_100))
    assert [(post["text"], post["created_at"], post["event_type"]) for post in found] == [
        ("三度目", 1_000, "edit")
    ]
    assert found[0]["versions"] == 3


def test_of_versions_with_one_time_of_writing_the_later_change_wins() -> None:
    found = posts(edit("新", 1_000, changed_at=1_500), edit("旧", 1_000, changed_at=1_400), row(text="初"))
    assert found[0]["text"] == "新"


def test_an_older_file_that_arrives_later_does_not_bring_the_old_text_back() -> None:
    assert posts(edit("新", 1_100), row(text="旧", arrived_on=TUESDAY))[0]["text"] == "新"


def test_two_texts_under_one_id_and_time_keep_the_first_that_arrived() -> None:
    assert posts(row(text="後", arrived_on=TUESDAY), row(text="先"))[0]["text"] == "先"


def test_an_export_without_texts_does_not_blot_out_the_text() -> None:
    found = posts(row(text=None, lang="ja"), row(text="本文", file_id="f2"))
    assert (found[0]["text"], found[0]["lang"]) == ("本文", "ja")


@pytest.mark.parametrize("kind", ["delete", "withhold"])
def test_an_event_on_a_post_takes_it_alone(kind: str) -> None:
    resolved = resolve(frame(row(), row("2"), event(kind, author_id=None)))
    assert resolved.posts["post_id"].to_list() == ["2"]
    assert resolved.removed[kind] == 1


@pytest.mark.parametrize("kind", ["account_delete", "protect", "withhold"])
def test_an_event_on_an_account_takes_all_its_posts(kind: str) -> None:
    resolved = resolve(frame(row(), row("2"), row("3", author_id="b"), event(kind, post_id=None)))
    assert resolved.posts["post_id"].to_list() == ["3"]
    assert resolved.removed[kind] == 2


def test_an_event_of_another_platform_takes_nothing() -> None:
    assert len(posts(row(), event("delete", source="bluesky"))) == 1


def test_a_deletion_may_name_any_edit() -> None:
    known = edit("直した", 1_100, edit_ids=["1", "1b", "1c"])
    assert posts(row(), known, event("delete", post_id="1c", author_id=None)) == []


@pytest.mark.parametrize(
    ("kind", "comes_back"),
    [("delete", False), ("account_delete", False), ("protect", True), ("withhold", True)],
)
def test_fetched_again_on_a_later_day(kind: str, comes_back: bool) -> None:  # noqa: FBT001 - a table of cases
    named = {"post_id": None} if kind in {"account_delete", "protect"} else {}
    found = posts(row(), event(kind, **named), row(file_id="f5", arrived_on=TUESDAY))
    assert bool(found) is comes_back


def test_fetched_again_on_the_same_day_stays_hidden() -> None:
    assert posts(row(), event("protect", post_id=None), row(file_id="f5")) == []


def test_a_removal_before_its_post_holds() -> None:
    assert posts(event("delete"), row(arrived_on=TUESDAY)) == []


def test_news_of_an_edit_makes_the_text_stale_until_it_is_fetched() -> None:
    news = edit(None, 9_000, author_id=None, edit_ids=["1", "1b"])
    stale = posts(row(), news)[0]
    assert (stale["text"], stale["is_stale"], stale["author_id"]) == (None, True, "a")
    fresh = posts(row(), news, edit("直した", 1_100, edit_ids=["1", "1b"]))[0]
    assert (fresh["text"], fresh["is_stale"]) == ("直した", False)
    assert posts(news) == []


def test_links_lead_to_the_post_and_not_to_one_of_its_edits() -> None:
    root = edit("直した", 1_100, edit_ids=["1", "1b"], thread_id="1")
    answer = row("2", "答え", reply_to_id="1b", thread_id="1b")
    assert [(post["reply_to_id"], post["thread_id"]) for post in posts(root, answer)][1] == ("1", "1")


def test_threads_are_climbed_where_the_platform_names_only_the_parent() -> None:
    found = posts(
        row("1", thread_id="1"), row("2", reply_to_id="1"), row("3", reply_to_id="2"), row("4", reply_to_id="gone"),
        row("5", reply_to_id="6"), row("6", reply_to_id="5"), row("7"),
    )  # fmt: skip
    assert {post["post_id"]: post["thread_id"] for post in found} | {"5": "", "6": ""} == {
        "1": "1", "2": "1", "3": "1", "4": "gone", "5": "", "6": "", "7": None,
    }  # fmt: skip


def test_copies_are_one_cluster_with_their_number_and_authors() -> None:
    found = posts(
        row("1", LONG, created_at=2_000, author_id="a"),
        row("2", f"@someone {LONG}！ https://example.com/x", created_at=1_000, author_id="b"),
        row("3", LONG.replace("一", "１"), author_id="a"),
        row("4", "同じ", author_id="c"),
        row("5", "同じ", author_id="d"),
        row("6", None),
    )
    clusters = {
        post["post_id"]: (post["cluster_id"], post["amplification"], post["cluster_authors"])
        for post in found
    }
    assert clusters["1"] == clusters["2"] == ("x/2", 2, 2)
    assert clusters["4"] == ("x/4", 1, 1)
    assert clusters["5"][0] == "x/5"
    assert clusters["6"] == ("x/6", 1, 1)


EVENTS = st.sampled_from(
    ["create", "create", "edit", "edit", "delete", "account_delete", "protect", "withhold"]
)


@st.composite
def raw_rows(draw: st.DrawFn) -> list[dict[str, Any]]:
    rows = []
    for number in range(draw(st.integers(1, 12))):
        kind = draw(EVENTS)
        is_version = kind in {"create", "edit"}
        names_account = kind in {"account_delete", "protect"}
        rows.append(
            row(
                None if names_account else draw(st.sampled_from("123")),
                draw(st.sampled_from([None, LONG, "短い"])) if is_version else None,
                author_id=draw(st.sampled_from("ab")),
                created_at=draw(st.sampled_from([1_000, 1_100])),
                changed_at=draw(st.sampled_from([None, 1_200])) if kind == "edit" else None,
                event_type=kind,
                edit_ids=draw(st.sampled_from([[], ["1", "3"]])) if is_version else [],
                reply_to_id=draw(st.sampled_from([None, "1", "2", "3"])),
                file_id=draw(st.sampled_from(["f1", "f2"])),
                line=number,
                arrived_on=draw(st.sampled_from([MONDAY, TUESDAY])),
            )
        )
    return rows


@given(raw_rows(), st.integers(0, 2**32))
def test_a_row_a_post_nothing_deleted_and_the_same_when_loaded_again_in_any_order(
    rows: list[dict[str, Any]], order: int
) -> None:
    once = resolve(frame(*rows))
    ids = once.posts["post_id"].to_list()
    assert len(ids) == len(set(ids))
    gone = {each["author_id"] for each in rows if each["event_type"] == "account_delete"}
    assert gone.isdisjoint(once.posts["author_id"].to_list())
    again = resolve(frame(*random.Random(order).sample([*rows, *rows], 2 * len(rows))))
    assert again.posts.equals(once.posts)
    assert again.removals.equals(once.removals)
    assert again.removed == once.removed
