"""Values: texts, markup, ids, languages, ratings, times, JSON."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.sources import json_values, times
from transforms.sources.canonical import (
    MAX_TEXT,
    Rejected,
    as_id,
    clean_text,
    html_to_text,
    language,
    required_author,
    required_id,
    stars,
)


@pytest.mark.parametrize(
    ("given_text", "text"),
    [
        (None, None),
        ("", None),
        (" \n\u3000 ", None),
        ("\u200b", None),
        ("a\r\nb", "a\nb"),
        ("090-\0000123", "090-0123"),
        ("\ufeff葛\U000e0100城 👨\u200d👩 ❤\ufe0f", "葛\U000e0100城 👨\u200d👩 ❤\ufe0f"),
        ("\ud83d\udca7 \ud83c", "💧 \ufffd"),
        ("ＡＢ１", "ＡＢ１"),
    ],
)
def test_clean_text(given_text: str | None, text: str | None) -> None:
    assert clean_text(given_text) == text


@given(
    st.text(
        st.characters() | st.sampled_from("\0\r\n\u00ad\u200b\u200f\u202e\u2066\ufeff\ud800\udfff \u3000")
    )
)
def test_clean_text_can_be_stored_and_is_clean(text: str) -> None:
    cleaned = clean_text(text)
    if cleaned is not None:
        cleaned.encode()
        assert clean_text(cleaned) == cleaned


@pytest.mark.parametrize("value", [1, [], {}, True])
def test_text_of_another_type_is_refused(value: object) -> None:
    with pytest.raises(Rejected, match="wrong_shape"):
        clean_text(value)


def test_texts_have_a_bound() -> None:
    assert clean_text("a" * MAX_TEXT) is not None
    for text in ("a" * (MAX_TEXT + 1), "a" * (9 * MAX_TEXT)):
        with pytest.raises(Rejected, match="text_too_long"):
            clean_text(text)
        with pytest.raises(Rejected, match="text_too_long"):
            html_to_text(f"<p>{text}</p>")


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        (None, None),
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("<p>a<br>b<br />c</p>", "a\nb\nc"),
        ("<p>&lt;b&gt; &amp;amp; &quot;q&quot; &#39;</p>", '<b> &amp; "q" \''),
        ('<p class="quote-inline">RE: <a href="x">y</a></p><p>own</p>', "own"),
        ('<p class="a quote-inline b">RE</p>own', "own"),
        ('<p class="not-quote-inline-at-all">own</p>', "own"),
        (
            '<a href="x"><span class="invisible">https://</span><span>example.jp</span></a>',
            "https://example.jp",
        ),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("<p></p>", None),
        ("a &amp b", "a & b"),
        ("<p>unclosed <b", "unclosed <b"),
    ],
)
def test_html_to_text(markup: str | None, text: str | None) -> None:
    assert html_to_text(markup) == text


@pytest.mark.timeout(60)  # quadratic work would take minutes
@pytest.mark.parametrize(
    "markup", ["<" * 400_000, "<a " * 200_000, "<p>" * 200_000, "&" * 400_000, "<a href='" * 60_000]
)
def test_odd_markup_takes_linear_time(markup: str) -> None:
    with suppress(Rejected):  # some of them are too long
        html_to_text(markup)


@pytest.mark.parametrize(
    ("value", "found"),
    [("a1", "a1"), (2117407880905291362, "2117407880905291362"), (None, None), ("", None), (0, "0")],
)
def test_ids(value: object, found: str | None) -> None:
    assert as_id(value) == found


@pytest.mark.parametrize("value", [2.1e18, True, [], {}, -1, "a\nb", "a" * 513, "a\ud800"])
def test_bad_ids(value: object) -> None:
    with pytest.raises(Rejected, match="bad_id"):
        as_id(value)


def test_ids_that_must_be_there() -> None:
    for value in (None, ""):
        with pytest.raises(Rejected, match="bad_id"):
            required_id(value)
        with pytest.raises(Rejected, match="missing_author"):
            required_author(value)


@pytest.mark.parametrize(
    ("tag", "subtag"),
    [
        ("ja", "ja"),
        ("ja-JP", "ja"),
        ("zh_Hant", "zh"),
        ("EN", "en"),
        ("und", None),
        ("zxx", None),
        ("qme", None),
        ("qam", None),
        ("art", None),
        (None, None),
        ("", None),
        ("日本", None),
        (1, None),
        ("fil", "fil"),
    ],
)
def test_language(tag: object, subtag: str | None) -> None:
    assert language(tag) == subtag


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("4", 4),
        ("4.0", 4),
        ("★★☆☆☆", 2),
        ("★★★★★", 5),
        ("4.5", None),
        ("8.5", None),
        ("10", None),
        ("☆☆☆☆☆", None),
        ("", None),
        ("★6", None),
        (5, 5),
        (3.0, 3),
        (3.5, None),
        (0, None),
        (True, None),
        (None, None),
        ([5], None),
    ],
)
def test_stars(value: object, found: int | None) -> None:
    assert stars(value) == found


NOON = 1_793_620_800  # 2026-11-02T12:00:00Z


@pytest.mark.parametrize(
    "written",
    ["2026-11-02T12:00:00Z", "2026-11-02T12:00:00.999Z", "2026-11-02T12:00:00.123456789Z", "2026-11-02T21:00:00+09:00", "2026-11-02T21:00+0900",
     "2026-11-02 07:00:00-05:00", "2026-11-02T12:00:00.000Z", "2026-11-02T12:00:00z", "2026-11-02T12:00:00,5Z", "2026-11-02T21:00:00+09"],
)  # fmt: skip
def test_iso_times(written: str) -> None:
    assert times.iso_seconds(written) == NOON


@pytest.mark.parametrize("written", ["2026-11-02T12:00:00", "2026/11/02 9:05", "2026-11-02 12:00"])
def test_a_zone_is_never_guessed(written: str) -> None:
    with pytest.raises(Rejected, match="created_at_without_zone"):
        times.iso_seconds(written)


@pytest.mark.parametrize(
    "written",
    ["2026-13-01T00:00:00Z", "2026-02-30T00:00:00.000Z", "2026-11-02T24:00:00.000Z", "2026-11-02T12:60:00.000Z", "2026-11-02T12:00:61.000Z",
     "きのう", "", None, 5, "2026-11-02", "２０２６-11-02T12:00:00.000Z", "2026-11-02T12:00:00+99:00", "1969-12-31T00:00:00.000Z", "2026-11-02T12:00: 1.000Z", "x" * 99],
)  # fmt: skip
def test_bad_times(written: object) -> None:
    with pytest.raises(Rejected, match="bad_created_at"):
        times.iso_seconds(written)


@given(
    st.datetimes(
        min_value=__import__("datetime").datetime(1970, 1, 2),
        max_value=__import__("datetime").datetime(2100, 1, 1),
    )
)
def test_iso_times_are_those_of_the_standard_library(moment: object) -> None:
    import datetime as dt

    assert isinstance(moment, dt.datetime)
    aware = moment.replace(tzinfo=dt.UTC)
    expected = int((aware - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)).total_seconds())
    for written in (
        aware.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        aware.isoformat(),
        aware.astimezone(dt.timezone(dt.timedelta(hours=9))).isoformat(),
    ):
        assert times.iso_seconds(written.zfill(24)) == expected


def test_local_times() -> None:
    for written in ("2026/11/2 21:00", "2026-11-02 21:00:00", "2026-11-02 21:00:00.0", "2026-11-02T21:00"):
        assert times.local_seconds(written, times.JST_OFFSET) == NOON
    assert times.local_seconds("2026/11/02", times.JST_OFFSET) == NOON - 21 * 3600
    for written in ("2026/11/02 25:00", "11/02", "", None, "2026/11/02 21:00 JST"):
        with pytest.raises(Rejected, match="bad_created_at"):
            times.local_seconds(written, 0)


@pytest.mark.parametrize(
    ("written", "hours"),
    [
        ("02-Nov-2026 12:07AM", 0),
        ("02-Nov-2026 01:07AM", 1),
        ("02-Nov-2026 12:07PM", 12),
        ("02-Nov-2026 11:07PM", 23),
    ],
)
def test_meltwater_times(written: str, hours: int) -> None:
    assert (
        times.meltwater_seconds(written, times.JST_OFFSET)
        == NOON - 12 * 3600 + hours * 3600 + 420 - times.JST_OFFSET
    )


@pytest.mark.parametrize(
    "written",
    ["02-Nov-2026 13:07AM", "02-Foo-2026 12:07AM", "31-Feb-2026 12:07AM", "", None, "02-Nov-2026 00:07AM"],
)
def test_bad_meltwater_times(written: object) -> None:
    with pytest.raises(Rejected, match="bad_created_at"):
        times.meltwater_seconds(written, 0)


def test_epoch_times() -> None:
    assert times.epoch_seconds(NOON * 1_000_000 + 999_999, 1_000_000) == NOON
    for value in (1.5, True, -1, "1", None, 10**30):
        with pytest.raises(Rejected, match="bad_created_at"):
            times.epoch_seconds(value, 1_000)


def nested(levels: int) -> bytes:
    return b'{"a":[' * (levels // 2) + b"1" + b"]}" * (levels // 2)


def test_json_depth() -> None:
    assert json_values.loads(nested(100))
    wide = b"[" + b",".join([b'{"a":[{"b":[]}]}'] * 500) + b"]"
    assert json_values.loads(wide)
    assert json_values.loads(b'{"a":"' + b"[{" * 500 + b'"}')
    for data in (
        nested(102),
        nested(5_000),
        b"[" * 5_000 + b"]" * 5_000,
        b'{"t":"[[","a":' + nested(102) + b"}",
    ):
        with pytest.raises(Rejected, match="nesting_too_deep"):
            json_values.loads(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "invalid_json"),
        (b"{", "invalid_json"),
        (b'{"a":NaN,"b":"\\ud83c"}', "invalid_json"),
        (b"\x82\xa0", "wrong_encoding"),
        (b'{"a":"\x00"}', "invalid_json"),
        (b'{"a":1}x', "invalid_json"),
    ],
)
def test_bad_json(data: bytes, reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        json_values.loads(data)


def test_json_in_a_text() -> None:
    assert json_values.loads_text('{"a":["あ",2117407880905291362]}') == {"a": ["あ", 2117407880905291362]}
    assert json_values.loads_text('{"a":"\\ud83c"}') == {"a": "\ud83c"}
    for text in ("{", "", "\ud83c"):
        with pytest.raises(Rejected, match=r"invalid_json|wrong_encoding"):
            json_values.loads_text(text)
    with pytest.raises(Rejected, match="nesting_too_deep"):
        json_values.loads_text(nested(102).decode())


def test_json_keeps_digits_and_lets_half_pairs_through() -> None:
    assert json_values.loads(b"2117407880905291362") == 2117407880905291362
    assert json_values.loads(b'{"a":"\\ud83c","id":2117407880905291362}') == {
        "a": "\ud83c",
        "id": 2117407880905291362,
    }


def test_parts_are_found_where_they_stand() -> None:
    parts = [{"id": "1", "t": "あ"}, {"id": "2", "t": ["]", "\\"]}, {"id": "3"}]
    document = json.dumps({"data": [parts[0], {"x": parts[1]}, parts[2], parts[0]]}, indent=1).encode()
    found = list(json_values.locate(document, [parts[1], parts[0], {"no": "where"}, parts[0]]))
    lines = document.splitlines()
    assert [lines[line - 1].strip() for line, _ in found[:2]] == [b'"x": {', b"{"]
    assert json.loads(found[0][1]) == parts[1]
    assert found[1][0] < found[0][0] < found[3][0]
    assert found[2] == (1, b'{"no":"where"}')
