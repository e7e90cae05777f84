"""Delimited text, and plain files by a mapping of columns."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from source_payloads import LOADED_AT, PAYLOADS, outcome

from transforms.sources import ColumnMapping, Reading, read
from transforms.sources.canonical import Rejected
from transforms.sources.exports import is_repost, platform, status_id, x_id

JP = (PAYLOADS / "listening_exports/jp_tool_export_cp932.csv").read_bytes()
HEADER, FIRST, *_ = JP.split(b"\r\n")


def jp(*rows: bytes) -> bytes:
    return b"\r\n".join((HEADER, *rows, b""))


def numbered(number: int, words: str = "待った") -> bytes:
    url = f"https://x.com/a/status/{10**18 + number}"
    return f'1,X,2026/11/03 9:05,a,a,,"{words}",{url},0,,0,,,,,\r\n'.encode("cp932").strip()


def test_a_quote_that_never_closes_costs_a_bounded_part() -> None:
    """What is swallowed is set aside, and the reading finds back into the rows."""
    unclosed = numbered(2).replace('待った"'.encode("cp932"), "待った".encode("cp932"))
    found = outcome(
        jp(numbered(1), unclosed, numbered(3), *(numbered(n).replace(b'"', b"") for n in range(4, 6_000)))
    )
    assert found.reasons == [(3, "unclosed_quote")]
    assert [post.post_id for post in found.posts][:2] == [str(10**18 + 1), str(10**18 + 4)]
    assert len(found.posts) == 5_997


def test_an_open_quote_without_another_is_given_up_after_a_bound() -> None:
    unclosed = numbered(2).replace('待った"'.encode("cp932"), "待った".encode("cp932"))
    found = outcome(jp(numbered(1), unclosed, *(numbered(n).replace(b'"', b"") for n in range(3, 6_000))))
    assert found.reasons[0] == (3, "unclosed_quote")
    assert {reason for _, reason in found.reasons} <= {"unclosed_quote", "column_count"}
    assert len(found.posts) > 3_000


def test_a_row_with_an_undecodable_cell_is_set_aside_alone() -> None:
    found = outcome(
        jp(numbered(1), numbered(2).replace("待った".encode("cp932"), b"\x85\x40\xff"), numbered(3))
    )
    assert len(found.posts) == 2
    assert found.reasons == [(3, "wrong_encoding")]
    assert b"\xff" in found.quarantined[0].raw


def test_a_text_over_the_bound_is_set_aside_alone() -> None:
    for size in (100_001, 140_000):
        found = outcome(jp(numbered(1), numbered(2, "x" * size), numbered(3)))
        assert found.reasons == [(3, "text_too_long")]
        assert len(found.posts) == 2


def test_lines_are_those_of_the_file_where_records_span_several() -> None:
    found = outcome(jp(numbered(1, "a\nb\nc"), b"1,2", numbered(2)))
    assert found.reasons == [(5, "column_count")]
    assert found.texts == ["a\nb\nc", "待った"]


def test_a_bare_carriage_return_does_not_stop_the_reading() -> None:
    found = outcome(jp(numbered(1), numbered(2).replace(b",0,,0", b",0\r9,,0"), numbered(3)))
    assert len(found.posts) == 2
    assert len(found.quarantined) == 1


def test_what_a_quarantined_row_needs_to_be_read_again() -> None:
    reading = Reading(io.BytesIO(jp(numbered(1), b"1,2")), loaded_at=LOADED_AT)
    records = list(read(reading))
    assert reading.context == HEADER + b"\r\n"
    again = outcome(reading.context + records[1].raw)  # type: ignore[union-attr]
    assert [reason for _, reason in again.reasons] == ["column_count"]


def test_columns_may_stand_in_another_order_and_more_may_be_there() -> None:
    found = outcome(
        "本文,新しい列,URL,投稿日時,媒体,投稿者ID\nよい,?,https://x.com/a/status/7,2026/11/03 9:05,X,a\n".encode(
            "cp932"
        )
    )
    assert [(post.post_id, post.text) for post in found.posts] == [("7", "よい")]


def test_platforms_that_are_not_taken_are_set_aside() -> None:
    found = outcome(jp(numbered(1).replace(b",X,", b",Instagram,"), numbered(2)))
    assert found.reasons == [(2, "unsupported_source")]


def test_brandwatch_without_a_zone_is_not_guessed() -> None:
    content = (PAYLOADS / "listening_exports/brandwatch_mentions.csv").read_bytes()
    assert {reason for _, reason in outcome(content.replace(b" JST ", b" ")).reasons} == {
        "created_at_without_zone"
    }
    assert (
        outcome(content.replace(b" JST ", b" UTC ")).posts[0].created_at
        == outcome(content).posts[0].created_at + 9 * 3600
    )  # type: ignore[operator]


def test_export_rules() -> None:
    assert platform(" Twitter ") == "x"
    with pytest.raises(Rejected, match="unsupported_source"):
        platform("TikTok")
    assert status_id("https://mobile.twitter.com/a/status/12?s=20") == "12"
    assert status_id("https://evil.example/x.com/a/status/12") is None
    assert x_id("2.11859E+18", "https://x.com/a/status/12") == "12"
    with pytest.raises(Rejected, match="bad_id"):
        x_id("2.11859E+18", "https://example.com/")
    assert is_repost("x", "RT @a: b")
    assert not is_repost("blog", "RT @a: b")


JST = dt.timezone(dt.timedelta(hours=9))
COLUMNS = {"post_id": "id", "created_at": "日時", "text": "本文", "author_id": "who"}
MAPPING = ColumnMapping(COLUMNS, "bbs", zone=JST)


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        (MAPPING._replace(columns={**COLUMNS, "bio": "x"}), "'bio' is no field"),
        (MAPPING._replace(columns={"post_id": "id", "text": "t"}), "'created_at' is missing"),
        (MAPPING._replace(source=None), "source: give a platform"),
        (
            MAPPING._replace(source="x", columns={"post_id": "i", "created_at": "c", "text": "t"}),
            "'author_id' is missing",
        ),
    ],
)
def test_a_wrong_mapping_is_told_in_one_line(mapping: ColumnMapping, message: str) -> None:
    with pytest.raises(ValueError, match=message) as error:
        mapping.check()
    assert "\n" not in str(error.value)


def test_a_right_mapping_passes() -> None:
    MAPPING.check()


ROWS: list[dict[str, Any]] = [
    {"id": "1", "who": "a", "日時": "2026-11-03 09:05", "本文": "待った\n本当に", "name": "秘密"},
    {"id": "2", "who": "", "日時": "2026-11-03T00:05:00Z", "本文": "", "name": "秘密"},
    {"id": "", "who": "a", "日時": "2026-11-03 09:05", "本文": "よい", "name": "秘密"},
    {"id": "4", "who": "a", "日時": "きのう", "本文": "よい", "name": "秘密"},
]
EXPECTED = [("1", "a", 1_793_664_300, "待った\n本当に"), ("2", None, 1_793_664_300, None)]
REASONS = ["bad_id", "bad_created_at"]


def _csv(encoding: str, delimiter: str) -> bytes:
    lines = [delimiter.join(ROWS[0])] + [delimiter.join(f'"{cell}"' for cell in row.values()) for row in ROWS]
    return "\r\n".join(lines).encode(encoding)


def _jsonl() -> bytes:
    import json

    return "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS).encode()


def _parquet() -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ROWS), out)
    return out.getvalue()


PLAIN = {
    "csv": _csv("utf-8", ","),
    "csv in cp932": _csv("cp932", ","),
    "tsv in utf-16": _csv("utf-16", "\t"),
    "json lines": _jsonl(),
    "json list": b"[" + _jsonl().replace(b"\n", b",\n") + b"]",
    "parquet": _parquet(),
}


@pytest.mark.parametrize("content", PLAIN.values(), ids=PLAIN.keys())
def test_plain_files_by_a_mapping(content: bytes) -> None:
    found = outcome(content, mapping=MAPPING)
    assert [(post.post_id, post.author_id, post.created_at, post.text) for post in found.posts] == EXPECTED
    assert [reason for _, reason in found.reasons] == REASONS
    assert "秘密" not in repr(found.posts)


@pytest.mark.parametrize("content", PLAIN.values(), ids=PLAIN.keys())
def test_plain_files_without_a_mapping_are_refused(content: bytes) -> None:
    found = outcome(content)
    assert found.posts == []
    assert {reason for _, reason in found.reasons} <= {"unknown_shape", "wrong_encoding"}


def test_parquet_with_times_of_its_own_and_nested_columns() -> None:
    moment = dt.datetime(2026, 11, 3, 9, 5)  # noqa: DTZ001 - as such a file holds it
    rows = [
        {
            "id": 7,
            "user": {"id": "u"},
            "at": moment,
            "zoned": moment.replace(tzinfo=dt.timezone(dt.timedelta(hours=9))),
            "t": "<p>a</p>",
        }
    ]
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), out)
    for column in ("at", "zoned"):
        mapping = ColumnMapping(
            {"post_id": "id", "author_id": "user.id", "created_at": column, "text": "t"},
            "x",
            zone=JST,
            markup="html",
        )
        (post,) = outcome(out.getvalue(), mapping=mapping).posts
        assert (post.post_id, post.author_id, post.created_at, post.text) == ("7", "u", 1_793_664_300, "a")


def test_a_zone_with_summer_time() -> None:
    mapping = MAPPING._replace(zone=ZoneInfo("Europe/Berlin"))
    rows = "id,who,日時,本文\n1,a,2026-07-01 12:00,夏\n2,a,2026-01-01 12:00,冬\n"
    noons = [post.created_at for post in outcome(rows.encode(), mapping=mapping).posts]
    assert [noon % 86_400 for noon in noons if noon] == [10 * 3600, 11 * 3600]


def test_broken_parquet_is_told() -> None:
    content = PLAIN["parquet"]
    assert outcome(content[:-200], mapping=MAPPING).reasons == [(None, "corrupt_parquet")]
    other = ColumnMapping({"post_id": "nope", "created_at": "日時", "text": "本文"}, "bbs")
    assert outcome(content, mapping=other).reasons == [(None, "unknown_shape")]


def test_a_mapping_with_events_platforms_and_numbers() -> None:
    mapping = ColumnMapping(
        {
            "source": "site", "post_id": "id", "author_id": "user", "created_at": "ms", "text": "t", "event_type": "what",
            "rating": "stars", "author_official": "official", "lang": "lang", "changed_at": "edited",
        },
        source_values={"掲示板": "bbs", "X": "x"},
        times="milliseconds",
    )  # fmt: skip
    mapping.check()
    content = (
        "site,id,user,ms,t,what,stars,official,lang,edited\n"
        "掲示板,1,,1793664300123,よい,create,★★★☆☆,true,ja-JP,\n"
        "掲示板,1,,1793664300123,よい。,edit,3,no,ja,1793664400123\n"
        "X,2,,1793664300123,よい,create,,,,\n"
        "X,3,u,,,delete,,,,\n"
        "X,,u,いつか,,account_delete,,,,\n"
        "X,,,,,delete,,,,\n"
        "X,4,u,1793664300123,よい,explode,,,,\n"
        "ほか,5,u,1793664300123,よい,,,,,\n"
    )
    found = outcome(content.encode(), mapping=mapping)
    assert [(post.source, post.post_id, post.event_type) for post in found.posts] == [
        ("bbs", "1", "create"), ("bbs", "1", "edit"), ("x", "3", "delete"), ("x", None, "account_delete"),
    ]  # fmt: skip
    assert (found.posts[0].rating, found.posts[0].author_official, found.posts[0].lang) == (3, True, "ja")
    assert found.posts[1].changed_at == 1_793_664_400
    assert [reason for _, reason in found.reasons] == [
        "missing_author",
        "bad_id",
        "unknown_event",
        "unsupported_source",
    ]
