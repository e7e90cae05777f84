"""Keys under the master key: data keys, pseudonym keys, and their destruction.

Belongs here: making, opening, re-wrapping and destroying keys; pseudonyms computed with them.
Does not: the master key (`master_key`), what is encrypted with a key (`vault`), when a key is due for destruction (`retention`).

Every key is 32 random bytes, wrapped by the master key with AES-256-GCM (NIST SP 800-38D; the key's id is the additional
authenticated data, so that files of the keyring cannot be swapped), a file a key. Destroying a key removes that file: what
was encrypted under it can then be opened by nobody, wherever copies of it lie (NIST SP 800-88, cryptographic erase).
"""

from __future__ import annotations

import base64
import calendar
import hashlib
import json
import os
import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final, Literal, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from orchestration.guard import PlainError
from orchestration.master_key import KEY_BYTES, MasterKey, load_master_key
from orchestration.zones import (
    Zones,
    create_exclusive,
    make_private,
    sync_directory,
    write_atomic,
)

_NONCE_BYTES: Final = 12
_KEY_ID = re.compile(r"[a-z0-9][a-z0-9_.-]{0,119}")
_SUFFIX: Final = ".key"

Scope = Literal["month", "day"]


class KeyringError(PlainError):
    """A key cannot be had. The message is one line and holds no key material."""


class KeyDestroyedError(KeyringError):
    """The key was destroyed: what was encrypted under it is gone for good."""


class Keyring:
    """The keys below the vault's keyring folder.

    Args:
        zones: where it lies.
        master: the key that wraps the others.
    """

    def __init__(self, zones: Zones, master: MasterKey) -> None:
        self._directory = zones.keyring / "keys"
        self._destroyed_list = zones.keyring / "destroyed"
        self._master = master
        self._opened: dict[str, bytes] = {}
        self._destroyed: frozenset[str] = frozenset()
        self._destroyed_version: tuple[int, ...] = ()

    @classmethod
    def open(cls, zones: Zones, environment: Mapping[str, str] | None = None) -> Keyring:
        """The keyring with the master key that the environment names (`load_master_key`).

        Raises:
            MasterKeyError: there is no master key.
            KeyringError: it is not the one that wrapped the keys here.
        """
        keyring = cls(zones, load_master_key(zones, environment))
        keyring.check_master()
        return keyring

    def __repr__(self) -> str:
        return f"Keyring({self._master!r})"

    def check_master(self) -> None:
        """Open one key, so that a wrong master key is told before any work.

        Raises:
            KeyringError: the master key is not the one that wrapped the keys.
        """
        for key_id in self.ids()[:1]:
            self.key(key_id)

    def ids(self, prefix: str = "") -> list[str]:
        """Ids of the live keys that begin with `prefix`, sorted."""
        destroyed = self.destroyed_ids()
        names = (path.name.removesuffix(_SUFFIX) for path in self._directory.glob(f"{prefix}*{_SUFFIX}"))
        return sorted(name for name in names if not name.startswith(".") and name not in destroyed)

    def exists(self, key_id: str) -> bool:
        """Whether the key is alive."""
        return self._path(key_id).exists() and not self.is_destroyed(key_id)

    def is_destroyed(self, key_id: str) -> bool:
        """Whether the key was destroyed here. An id that never was gives False."""
        return key_id in self.destroyed_ids()

    def destroyed_ids(self) -> frozenset[str]:
        """Ids of all keys destroyed here."""
        try:
            status = self._destroyed_list.stat()
        except FileNotFoundError:
            return frozenset()
        version = (status.st_ino, status.st_mtime_ns, status.st_size)
        if version != self._destroyed_version:
            self._destroyed = frozenset(self._destroyed_list.read_text("ascii").split())
            self._destroyed_version = version
        return self._destroyed

    def key(self, key_id: str) -> bytes:
        """Open a live key.

        Raises:
            KeyDestroyedError: it was destroyed.
            KeyringError: there is none, its file was changed, or another master key wrapped it.
        """
        # The disk decides, not what is remembered: another process may have destroyed the key.
        path = self._path(key_id)
        if self.is_destroyed(key_id):
            self._opened.pop(key_id, None)
            raise KeyDestroyedError(f"key {key_id} was destroyed; what it encrypted is gone")
        if not path.exists():
            self._opened.pop(key_id, None)
            raise KeyringError(f"there is no key {key_id}")
        if key_id not in self._opened:
            self._opened[key_id] = self._unwrap(key_id, path)
        return self._opened[key_id]

    def ensure(self, key_id: str) -> bytes:
        """Open a key, making it first if it never was.

        Raises:
            KeyDestroyedError: it was destroyed; it is not made again under the same id.
            KeyringError: it does not open.
        """
        if not self.exists(key_id) and not self.is_destroyed(key_id):
            make_private(self._directory)
            create_exclusive(
                self._path(key_id), self._record(key_id, secrets.token_bytes(KEY_BYTES), self._master)
            )
        return self.key(key_id)

    def destroy(self, *key_ids: str) -> int:
        """Destroy keys: note their ids, overwrite the wrapped keys, remove their files. May be repeated.

        Returns:
            How many there were; those destroyed before do not count.
        """
        paths = {key_id: self._path(key_id) for key_id in key_ids if self._path(key_id).exists()}
        if not paths:
            return 0
        destroyed = self.destroyed_ids()
        if not destroyed >= paths.keys():
            lines = sorted(destroyed | paths.keys())
            write_atomic(self._destroyed_list, ("\n".join(lines) + "\n").encode())
        for key_id, path in paths.items():
            self._opened.pop(key_id, None)
            _overwrite(path)
            path.unlink()
        sync_directory(self._directory)
        return len(paths)

    def rotate(self, master: MasterKey) -> int:
        """Wrap every key anew by another master key. Interrupted, it is completed by running it again.

        Args:
            master: the new master key; afterwards only it opens the keyring.

        Returns:
            The number of keys re-wrapped; those that the new key wraps already are not counted.

        Raises:
            KeyringError: a key opens with neither the old nor the new master key.
        """
        count = 0
        for key_id in self.ids():
            path = self._path(key_id)
            if _read_record(key_id, path)["master"] != master.fingerprint:
                write_atomic(path, self._record(key_id, self._unwrap(key_id, path), master))
                count += 1
        self._master = master
        return count

    def seal(self, key_id: str, data: bytes, *, context: str = "") -> bytes:
        """Encrypt a small record under a data key, made where missing (AES-256-GCM).

        Args:
            key_id: the key.
            data: the record.
            context: where the record belongs, e.g. its file's name; it opens with the same context only.
        """
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + AESGCM(self.ensure(key_id)).encrypt(nonce, data, f"{key_id}\0{context}".encode())

    def unseal(self, key_id: str, sealed: bytes, *, context: str = "") -> bytes:
        """Undo `seal`.

        Raises:
            KeyringError: the key is gone, or the record was changed or belongs elsewhere.
        """
        cipher = AESGCM(self.key(key_id))
        try:
            return cipher.decrypt(
                sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], f"{key_id}\0{context}".encode()
            )
        except (InvalidTag, ValueError):
            raise KeyringError(f"a record sealed under key {key_id} does not open: it was changed") from None

    def _path(self, key_id: str) -> Path:
        if not _KEY_ID.fullmatch(key_id):
            raise KeyringError("a key id is made of small letters, digits, - . and _")
        return self._directory / f"{key_id}{_SUFFIX}"

    def _record(self, key_id: str, key: bytes, master: MasterKey) -> bytes:
        wrapped = base64.b64encode(master.wrap(key_id, key)).decode()
        return json.dumps({"id": key_id, "master": master.fingerprint, "wrapped": wrapped}).encode()

    def _unwrap(self, key_id: str, path: Path) -> bytes:
        record = _read_record(key_id, path)
        if record["master"] != self._master.fingerprint:
            raise KeyringError(
                f"the master key given ({self._master.fingerprint}) is not the one that wrapped key {key_id} "
                f"({record['master']})"
            )
        try:
            wrapped = base64.b64decode(record["wrapped"], validate=True)
            return self._master.unwrap(key_id, wrapped)
        except (InvalidTag, ValueError):
            raise KeyringError(f"key {key_id} does not open: its file was changed") from None


def _read_record(key_id: str, path: Path) -> dict[str, str]:
    try:
        record = json.loads(path.read_bytes())
    except OSError as error:
        raise KeyringError(f"key {key_id}: {(error.strerror or 'cannot be read').lower()}") from None
    except ValueError:
        record = None
    if not isinstance(record, dict) or not {"id", "master", "wrapped"} <= record.keys():
        raise KeyringError(
            f"key {key_id} does not open: its file was changed or its destruction was cut short"
        )
    return {name: str(value) for name, value in record.items()}


def _overwrite(path: Path) -> None:
    """Write zeros over a file in place: on plain disks the old bytes go; elsewhere the removal must do."""
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.pwrite(descriptor, bytes(os.fstat(descriptor).st_size), 0)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Period(NamedTuple):
    """The days that one pseudonym key covers.

    Attributes:
        key_id: `pseudonym-month-YYYY-MM` or `pseudonym-day-YYYY-MM-DD`.
        first: first JST day.
        last: last JST day.
    """

    key_id: str
    first: date
    last: date


_MONTH_PREFIX: Final = "pseudonym-month-"
_DAY_PREFIX: Final = "pseudonym-day-"
PSEUDONYM_PREFIX: Final = "pseudonym-"


def period_of(day: date, scope: Scope) -> Period:
    """The period of a JST day.

    >>> period_of(date(2026, 2, 11), "month")
    Period(key_id='pseudonym-month-2026-02', first=datetime.date(2026, 2, 1), last=datetime.date(2026, 2, 28))
    """
    if scope == "day":
        return Period(f"{_DAY_PREFIX}{day:%Y-%m-%d}", day, day)
    last = calendar.monthrange(day.year, day.month)[1]
    return Period(f"{_MONTH_PREFIX}{day:%Y-%m}", day.replace(day=1), day.replace(day=last))


def parse_period(key_id: str) -> Period:
    """The period that a pseudonym key's id names.

    Raises:
        KeyringError: it names none.
    """
    try:
        if key_id.startswith(_DAY_PREFIX):
            return period_of(date.fromisoformat(key_id.removeprefix(_DAY_PREFIX)), "day")
        if key_id.startswith(_MONTH_PREFIX):
            return period_of(date.fromisoformat(key_id.removeprefix(_MONTH_PREFIX) + "-01"), "month")
    except ValueError:
        pass
    raise KeyringError("not the id of a pseudonym key")


PSEUDONYM_LENGTH: Final = 32
"""Letters of a pseudonym, four bits each: 128 of the HMAC's 256 bits, by which 10^13 ids collide with probability 10^-13."""

_LETTERS: Final = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
"""Letters only, so that no pseudonym holds digits that a scan could take for a telephone or card number."""


class Pseudonymiser:
    """Replaces platform ids by HMAC-SHA-256(key of the period, source ‖ 0 ‖ id) (RFC 2104), written in letters a to p.

    The period is that of the day on which a post was written: the same post or author has one pseudonym within it, however
    often and whenever the post arrives. A post older than what is kept falls into the oldest period that is.

    Args:
        keyring: where the keys are.
        day_scoped: sources (platforms) whose terms want a key a day.
        oldest: first day whose period may still have a key; None for no bound.
    """

    def __init__(
        self, keyring: Keyring, *, day_scoped: Iterable[str] = (), oldest: date | None = None
    ) -> None:
        self._keyring = keyring
        self._day_scoped = frozenset(day_scoped)
        self._oldest = oldest or date.min
        self._hashers: dict[str, Callable[[bytes], str]] = {}
        self._periods: dict[tuple[bool, date], str] = {}

    def key_id(self, source: str, posted_on: date) -> str:
        """Id of the key for posts of `source` written on the JST day `posted_on`; the key is made where missing."""
        by_day = source in self._day_scoped
        known = self._periods.get((by_day, posted_on))
        if known is None:
            known = self._live_period("day" if by_day else "month", posted_on)
            self._periods[by_day, posted_on] = known
        return known

    def key_ids(self, sources: Sequence[str], posted_on: Sequence[date]) -> list[str]:
        """`key_id` for each row."""
        return [self.key_id(source, day) for source, day in zip(sources, posted_on, strict=True)]

    def pseudonyms(
        self, sources: Sequence[str], key_ids: Sequence[str], ids: Sequence[str | None]
    ) -> list[str | None]:
        """A pseudonym for each row.

        Args:
            sources: platform of each row.
            key_ids: as `key_ids` gives them.
            ids: the platform's ids; None stays None.

        Returns:
            `PSEUDONYM_LENGTH` letters each, or None.

        Raises:
            KeyringError: a key is gone.
        """
        hashers = {key_id: self._hasher(key_id) for key_id in set(key_ids)}
        return [
            None if id_ is None else hashers[key_id](_message(source, id_))
            for source, key_id, id_ in zip(sources, key_ids, ids, strict=True)
        ]

    def candidates(self, source: str, ids: Sequence[str]) -> dict[str, list[str]]:
        """What `ids` of `source` are called under every live key: for finding rows to erase.

        Returns:
            Key id to one pseudonym an id, in order.
        """
        messages = [_message(source, id_) for id_ in ids]
        return {
            key_id: [self._hasher(key_id)(message) for message in messages]
            for key_id in self._keyring.ids(PSEUDONYM_PREFIX)
        }

    def _live_period(self, scope: Scope, posted_on: date) -> str:
        period = period_of(max(posted_on, self._oldest), scope)
        while self._keyring.is_destroyed(period.key_id):
            period = period_of(period.last + timedelta(days=1), scope)
        self._keyring.ensure(period.key_id)
        return period.key_id

    def _hasher(self, key_id: str) -> Callable[[bytes], str]:
        if key_id not in self._hashers:
            self._hashers[key_id] = _lettered_hmac(self._keyring.key(key_id))
        return self._hashers[key_id]


def _message(source: str, id_: str) -> bytes:
    return f"{source}\0{id_}".encode("utf-8", "surrogatepass")


def _lettered_hmac(key: bytes) -> Callable[[bytes], str]:
    """HMAC-SHA-256 with its two key blocks hashed once, which halves the cost of short messages."""
    block = key.ljust(64, b"\0")
    inner_start = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
    outer_start = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))

    def pseudonym(message: bytes) -> str:
        inner = inner_start.copy()
        inner.update(message)
        outer = outer_start.copy()
        outer.update(inner.digest())
        return outer.hexdigest()[:PSEUDONYM_LENGTH].translate(_LETTERS)

    return pseudonym
