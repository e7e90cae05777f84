"""Bytes: compression, bombs, archives, encodings, lines over the bound."""

from __future__ import annotations

import gzip
import io
import random
import stat
import zipfile
import zlib

import pytest
import zstandard
from source_payloads import PAYLOADS, outcome

from transforms.sources import is_safe_name, streams
from transforms.sources.streams import ByteSource, Damaged, LongLine, UnendedLine, expand, lines

TWEETS = (PAYLOADS / "bad" / "future_created_at.jsonl").read_bytes()
PAGES = (PAYLOADS / "x_api_v2" / "twarc_pages.jsonl").read_bytes()


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


PACKED = {
    "gzip": gzip.compress(TWEETS),
    "gzip of two members": gzip.compress(TWEETS[:400]) + gzip.compress(TWEETS[400:]),
    "gzip with padding": gzip.compress(TWEETS) + bytes(512),
    "zstd": zstandard.compress(TWEETS),
    "zstd of two frames": zstandard.compress(TWEETS[:400]) + zstandard.compress(TWEETS[400:]),
    "zip": zipped({"posts.jsonl": TWEETS}),
}


@pytest.mark.parametrize("packed_file", PACKED.values(), ids=PACKED.keys())
def test_packed_files_give_what_plain_ones_do(packed_file: bytes) -> None:
    plain, packed = outcome(TWEETS), outcome(packed_file)
    assert packed.records == plain.records
    assert packed.reading.is_whole


def test_each_member_of_a_zip_is_a_payload() -> None:
    found = outcome(zipped({"a/posts.jsonl": TWEETS, "empty/": b"", "b.jsonl": PAGES}))
    assert len(found.posts) == len(outcome(TWEETS).posts) + len(outcome(PAGES).posts)


def _big() -> bytes:
    """Lines that compress badly, so that a cut falls between blocks."""
    chance = random.Random(7)
    line = TWEETS.splitlines()[0]
    words = (chance.randbytes(400).hex().encode() for _ in range(600))
    return b"".join(
        line.replace(b'"id": "', b'"id": "%d' % n).replace(b'"text": "', b'"text": "' + w) + b"\n"
        for n, w in enumerate(words)
    ).replace(b'"edit_history_tweet_ids"', b'"unused"')


@pytest.mark.parametrize(
    ("packed", "reason"),
    [(gzip.compress(_big()), "truncated_gzip"), (zstandard.compress(_big()), "truncated_zstd")],
    ids=["gzip", "zstd"],
)
def test_lines_before_a_break_are_loaded_and_the_file_is_not_whole(packed: bytes, reason: str) -> None:
    found = outcome(packed[: len(packed) // 2])
    assert found.posts
    assert found.quarantined[-1].reason == reason
    assert not found.reading.is_whole


@pytest.mark.parametrize(
    ("packed", "reason"),
    [
        (gzip.compress(_big()), "corrupt_gzip"),
        (zstandard.ZstdCompressor(write_checksum=True).compress(_big()), "corrupt_zstd"),
    ],
    ids=["gzip", "zstd"],
)
def test_corrupt_archives_are_told(packed: bytes, reason: str) -> None:
    middle = len(packed) // 2
    damaged = (
        packed[:middle] + bytes(byte ^ 0xFF for byte in packed[middle : middle + 40]) + packed[middle + 40 :]
    )
    found = outcome(damaged)
    assert found.quarantined[-1].reason in {reason, reason.replace("corrupt", "truncated")}
    assert not found.reading.is_whole


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress], ids=["gzip", "zstd"])
def test_a_bomb_is_refused(pack: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "_FREE_EXPANSION", 1 << 20)
    found = outcome(pack(b"\n" * (24 << 20)))  # type: ignore[operator]
    assert found.posts == []
    assert [record.reason for record in found.quarantined] == ["compression_bomb"]


def test_a_bomb_in_a_zip_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "_FREE_EXPANSION", 1 << 20)
    found = outcome(zipped({"a.jsonl": TWEETS, "b.jsonl": b"\n" * (24 << 20)}))
    assert len(found.posts) == 2
    assert found.quarantined[-1].reason == "compression_bomb"


@pytest.mark.parametrize(
    "name", ["../../etc/cron.d/x", "/etc/passwd", "a/../../x", "C:\\x", "a\\..\\x", "a -> b"]
)
def test_members_that_would_leave_the_folder_are_refused(name: str) -> None:
    found = outcome(zipped({name: TWEETS}))
    assert (found.posts, found.reasons) == ([], [(None, "unsafe_name")])


def test_links_in_archives_are_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        member = zipfile.ZipInfo("posts.jsonl")
        member.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(member, "/etc/passwd")
    assert outcome(out.getvalue()).reasons == [(None, "unsafe_name")]


def test_archives_in_archives_are_refused() -> None:
    assert outcome(gzip.compress(gzip.compress(TWEETS))).reasons == [(None, "not_text")]
    assert outcome(zipped({"inner.zip": zipped({"posts.jsonl": TWEETS})})).reasons == [(None, "not_text")]


def test_broken_zips_are_told() -> None:
    packed = PACKED["zip"]
    assert outcome(packed[:-30]).reasons == [(None, "corrupt_zip")]
    assert outcome(packed[:60] + b"\0" * 40 + packed[100:]).quarantined[-1].reason == "corrupt_zip"
    assert outcome(zipped({f"{n}.jsonl": b"{}" for n in range(1_001)})).reasons == [
        (None, "too_many_members")
    ]


def test_nothing_of_a_packed_output_is_lost_at_the_bound_of_a_step() -> None:
    """A decompressor may hold back output when its input is used up."""
    content = b"".join(b'{"n":%d}\n' % number for number in range(300_000))
    (source,) = expand(io.BytesIO(zlib.compress(content, 9, 31)))
    assert source.read_all(1 << 30) == content


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_marks_tell_the_encoding(encoding: str) -> None:
    mark = {"utf-16-le": "\ufeff", "utf-16-be": "\ufeff"}.get(encoding, "")
    assert outcome((mark + TWEETS.decode()).encode(encoding)).texts == outcome(TWEETS).texts


def test_utf16_that_breaks_keeps_the_lines_before() -> None:
    whole = TWEETS.decode().encode("utf-16")
    found = outcome(whole + "\ud800".encode("utf-16-le", "surrogatepass") + "x\n".encode("utf-16-le"))
    assert len(found.posts) == 2
    assert found.quarantined[-1].reason == "wrong_encoding"


def test_lines_over_the_bound_are_set_aside_and_the_next_ones_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MAX_LINE", 1 << 20)
    first, _, third = TWEETS.splitlines()
    long = first.replace(b'"text": "', b'"text": "' + b"x" * (3 << 20))
    fourth = third.replace(b"2117407759268043035", b"8")
    found = outcome(b"\n".join((first, long, third, fourth, b"{", b"")))
    assert len(found.posts) == 3
    assert found.reasons == [(2, "line_too_long"), (5, "invalid_json")]
    assert len(found.quarantined[0].raw) <= 1 << 20


def test_lines_tell_how_they_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MAX_LINE", 8)
    monkeypatch.setattr(streams, "CHUNK", 4)
    source = ByteSource(io.BytesIO(b"ab\n\r\n0123456789abcdef\ng\nh\ncd").read)
    found = list(lines(source))
    assert [(type(line), bytes(line)) for line in found] == [
        (bytes, b"ab"), (bytes, b"\r"), (LongLine, b"01234567"), (bytes, b"g"), (bytes, b"h"),
        (UnendedLine, b"cd"),
    ]  # fmt: skip


def test_a_look_at_the_head_takes_nothing_away() -> None:
    source = ByteSource(io.BytesIO(b"0123456789").read)
    assert source.peek(4) == b"0123"
    assert source.peek(100) == b"0123456789"
    source.skip(2)
    assert source.read(3) == b"234"
    assert source.read_all(100) == b"56789"
    assert source.read() == b""


def test_damage_shows_at_its_place() -> None:
    packed = gzip.compress(b"a" * 10)[:-6]
    (source,) = expand(io.BytesIO(packed))
    assert source.peek(100) == b"a" * 10
    assert source.read() == b"a" * 10
    with pytest.raises(Damaged, match="truncated_gzip"):
        source.read()


@pytest.mark.parametrize("name", ["a.jsonl", "x_api_v2/page 1.json", "投稿2026年11月.csv"])
def test_plain_names_are_safe(name: str) -> None:
    assert is_safe_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "a/../b",
        "/a",
        "a//b",
        ".hidden",
        "a\0b",
        "a\nb",
        "a\u202eb",
        "latest.jsonl -> export.jsonl",
        " a",
        "x" * 201,
    ],
)
def test_odd_names_are_not(name: str) -> None:
    assert not is_safe_name(name)
