"""Bytes in: compression, encodings of whole files, and lines, all in bounded memory.

Belongs here: what is done to bytes before anybody asks what they mean.
Does not: opening files, JSON, CSV.
"""

from __future__ import annotations

import codecs
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

import zstandard

CHUNK = 1 << 18
MAX_LINE = 32 << 20
"""Bytes of a line, or of a JSON document, that is read as one value."""

_FREE_EXPANSION = 64 << 20  # small files may expand as they like
_MAX_RATIO = 250  # posts as text compress 5 to 50 times
_MAX_EXPANDED = 64 << 30
_MAX_MEMBERS = 1_000
_ZSTD_STEP = 1 << 10  # a step of compressed bytes may give at most 256 blocks of 128 KiB
_ZSTD_WINDOW = 1 << 27

_FINAL = frozenset(
    {
        "compression_bomb", "document_too_big", "too_many_members", "encrypted_archive", "unsafe_name", "unseekable_zip",
        "wrong_encoding",
    }
)  # fmt: skip

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
ZIP_MAGIC = b"PK\x03\x04"
_EMPTY_ZIP_MAGIC = b"PK\x05\x06"
_ARCHIVES = (
    GZIP_MAGIC,
    ZSTD_MAGIC,
    ZIP_MAGIC,
    _EMPTY_ZIP_MAGIC,
    b"BZh",
    b"\xfd7zXZ\x00",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!",
)


class Damaged(Exception):  # noqa: N818 - a verdict on the bytes, caught and counted
    """The bytes end early, cannot be expanded or are refused. What was read before stays good.

    Attributes:
        reason: a code, for example `truncated_gzip`.
        is_final: whether the file is refused for good, so that reading it again would not help.
        rest: the bytes after the last whole line, where that is known.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_final = reason in _FINAL
        self.rest = b""


class LongLine(bytes):
    """The beginning of a line that is over `MAX_LINE`."""


class UnendedLine(bytes):
    """A last line without a newline: perhaps whole, perhaps cut."""


class ByteSource:
    """A forward stream of bytes of which the head can be looked at first.

    Attributes:
        damage: where the stream breaks off, if the look has met it.
    """

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._head = b""
        self.damage: Damaged | None = None

    def peek(self, size: int) -> bytes:
        """Up to `size` bytes from the front, which stay to be read. Never raises: damage shows at its place in `read`."""
        parts = [self._head]
        have = len(self._head)
        while have < size and self.damage is None:
            try:
                chunk = self._read(CHUNK)
            except Damaged as damage:
                self.damage = damage
                break
            if not chunk:
                break
            parts.append(chunk)
            have += len(chunk)
        self._head = b"".join(parts)
        return self._head[:size]

    def skip(self, size: int) -> None:
        """Drops `size` bytes that were peeked."""
        self._head = self._head[size:]

    def put_back(self, data: bytes) -> None:
        """Makes bytes that were read the next ones again."""
        self._head = data + self._head

    def read(self, size: int = CHUNK) -> bytes:
        """The next bytes, at most `size` or what was peeked; empty at the end.

        Raises:
            Damaged: where the stream breaks off.
        """
        if self._head:
            head, self._head = self._head[:size], self._head[size:]
            return head
        if self.damage is not None:
            raise self.damage
        return self._read(size)

    def read_all(self, limit: int) -> bytes:
        """Everything that is left.

        Raises:
            Damaged: where the stream breaks off; `document_too_big` over `limit` bytes.
        """
        parts: list[bytes] = []
        size = 0
        while chunk := self.read():
            parts.append(chunk)
            size += len(chunk)
            if size > limit:
                raise Damaged("document_too_big")
        return b"".join(parts)


def lines(source: ByteSource) -> Iterator[bytes]:
    r"""The lines of a stream without their `\n`: plain bytes, or a `LongLine` or an `UnendedLine`.

    Raises:
        Damaged: where the stream breaks off, with the bytes of the line that is cut as `rest`.
    """
    begun: list[bytes] = []  # of a line that goes on
    size = 0
    try:
        while chunk := source.read(CHUNK):
            first, newline, others = chunk.partition(b"\n")
            begun.append(first)
            size += len(first)
            if newline:
                yield b"".join(begun)
                *whole, last = others.split(b"\n")
                yield from whole
                begun, size = [last], len(last)
            elif size > MAX_LINE:
                yield LongLine(b"".join(begun)[:MAX_LINE])
                _skip_line(source)
                begun, size = [], 0
    except Damaged as damage:
        damage.rest = b"".join(begun)
        raise
    if size:
        yield UnendedLine(b"".join(begun))


def _skip_line(source: ByteSource) -> None:
    """Reads on to the end of the line."""
    while chunk := source.read(CHUNK):
        _, newline, after = chunk.partition(b"\n")
        if newline:
            source.put_back(after)
            return


class _Meter:
    """Counts what goes in and comes out of a decompressor and stops a bomb."""

    def __init__(self) -> None:
        self.packed = 0
        self.expanded = 0

    def check(self, expanded: int) -> None:
        self.expanded += expanded
        if self.expanded > _FREE_EXPANSION + _MAX_RATIO * self.packed or self.expanded > _MAX_EXPANDED:
            raise Damaged("compression_bomb")


def _gunzip(source: ByteSource, meter: _Meter) -> Iterator[bytes]:
    packed = source.read()
    while packed:
        expander = zlib.decompressobj(wbits=31)
        while True:
            meter.packed += len(packed)
            yield from _inflate(expander, packed, meter)
            if expander.eof:
                break
            packed = source.read()
            if not packed:
                raise Damaged("truncated_gzip")
        packed = expander.unused_data.lstrip(b"\0") or source.read()  # padding after the last member is legal


def _inflate(expander: zlib._Decompress, packed: bytes, meter: _Meter) -> Iterator[bytes]:
    while True:
        try:
            out = expander.decompress(packed, CHUNK)
        except zlib.error:
            raise Damaged("corrupt_gzip") from None
        meter.check(len(out))
        if out:
            yield out
        packed = expander.unconsumed_tail
        if expander.eof or (not packed and len(out) < CHUNK):
            return


def _unzstd(source: ByteSource, meter: _Meter) -> Iterator[bytes]:
    packed = source.read(_ZSTD_STEP)
    while packed:
        expander = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()
        while not expander.eof:
            if not packed:
                raise Damaged("truncated_zstd")
            meter.packed += len(packed)
            try:
                out = expander.decompress(packed)
            except zstandard.ZstdError:
                raise Damaged("corrupt_zstd") from None
            meter.check(len(out))
            for start in range(0, len(out), CHUNK):
                yield out[start : start + CHUNK]
            packed = b"" if expander.eof else source.read(_ZSTD_STEP)
        packed = expander.unused_data or source.read(_ZSTD_STEP)


def _from_chunks(chunks: Iterator[bytes]) -> ByteSource:
    held = b""

    def read(size: int) -> bytes:
        nonlocal held
        if not held:
            held = next(chunks, b"")
        out, held = held[:size], held[size:]
        return out

    return ByteSource(read)


def _unzip(stream: BinaryIO, meter: _Meter) -> Iterator[ByteSource]:
    try:
        with zipfile.ZipFile(stream) as archive:
            members = archive.infolist()
            if len(members) > _MAX_MEMBERS:
                raise Damaged("too_many_members")
            for member in members:
                if member.is_dir():
                    continue
                if member.flag_bits & 1:
                    raise Damaged("encrypted_archive")
                if not is_safe_name(member.filename) or stat.S_ISLNK(member.external_attr >> 16):
                    raise Damaged("unsafe_name")
                yield _from_chunks(_zip_chunks(archive, member, meter))
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, OSError, zlib.error):
        raise Damaged("corrupt_zip") from None


def _zip_chunks(archive: zipfile.ZipFile, member: zipfile.ZipInfo, meter: _Meter) -> Iterator[bytes]:
    meter.packed += member.compress_size
    try:
        with archive.open(member) as packed:
            while chunk := packed.read(CHUNK):
                meter.check(len(chunk))
                yield chunk
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, OSError, RuntimeError, zlib.error):
        raise Damaged("corrupt_zip") from None


def is_safe_name(name: str) -> bool:
    """Whether a file's or an archive member's name is a plain relative one.

    Refused: empty, absolute, with `..`, a drive, a backslash, control or direction characters, leading dots, ends in
    white space, over 200 bytes a part, or reading like a link (`a -> b`).
    """
    if not name or not name.isprintable() or "->" in name or "\\" in name or re.match(r"[A-Za-z]:", name):
        return False
    return all(
        part
        and part not in {".", ".."}
        and part == part.strip()
        and not part.startswith(".")
        and len(part.encode()) <= 200
        for part in name.split("/")
    )


def expand(stream: BinaryIO) -> Iterator[ByteSource]:
    """The payloads in a file: itself, what its gzip or zstd frames hold, or each member of a zip.

    Nothing is written anywhere and no member's name is used. One level only: an archive in an archive is left to the
    reader, who refuses it as no text.

    Args:
        stream: the file; seekable if it is a zip.

    Raises:
        Damaged: from here or while the payload is read.
    """
    source = ByteSource(stream.read)
    head = source.peek(8)
    if head.startswith(GZIP_MAGIC):
        yield _from_chunks(_gunzip(source, _Meter()))
    elif head.startswith(ZSTD_MAGIC):
        yield _from_chunks(_unzstd(source, _Meter()))
    elif head.startswith((ZIP_MAGIC, _EMPTY_ZIP_MAGIC)):
        if not stream.seekable():
            raise Damaged("unseekable_zip")
        stream.seek(0)
        yield from _unzip(stream, _Meter())
    else:
        yield source


_BINARY = (
    *_ARCHIVES, b"MZ", b"\x7fELF", b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"SQLite format 3", b"\xd0\xcf\x11\xe0",
)  # fmt: skip


def begins_binary(head: bytes) -> bool:
    """Whether a file begins like a program, a picture, an archive or other binary data that has a mark."""
    return head.startswith(_BINARY)


def looks_binary(head: bytes) -> bool:
    """Whether the first line of a file without UTF-16 mark holds what no text holds."""
    return b"\0" in head.split(b"\n", 1)[0][:1024]


def as_utf8(source: ByteSource) -> ByteSource:
    """The stream as UTF-8 without byte order mark if a mark tells that it is UTF-8 or UTF-16, else as it is.

    A UTF-16 stream that breaks raises `Damaged("wrong_encoding")` there.
    """
    head = source.peek(3)
    if head.startswith(codecs.BOM_UTF8):
        source.skip(3)
        return source
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _from_chunks(_utf16_chunks(source))
    return source


def _utf16_chunks(source: ByteSource) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder("utf-16")()
    is_last = False
    while not is_last:
        chunk = source.read()
        is_last = not chunk
        try:
            text = decoder.decode(chunk, final=is_last)
        except UnicodeDecodeError as error:
            yield error.object[: error.start].decode(error.encoding).removeprefix("\ufeff").encode()
            raise Damaged("wrong_encoding") from None
        if text:
            yield text.encode()
