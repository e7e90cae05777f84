"""Certificates of destruction: what was destroyed, when, how much, under which key; nothing personal.

Belongs here: writing, reading and proving the chain. Does not: destroying.

The chain is a file of JSON lines that is only ever appended to. Each line holds the SHA-256 over the line before it and
its own content, so that a changed, removed or inserted line shows to anybody. The last line's number and hash are kept
beside it under a keyed hash, so that cutting lines off the end, or writing the whole chain anew, shows to whoever holds
the master key.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from orchestration.guard import PlainError
from orchestration.keyring import Keyring
from orchestration.zones import PRIVATE_FILE, Zones, make_private, sync_directory, write_atomic

CERTIFICATE_KEY: Final = "certificates"
_START: Final = "0" * 64


class CertificateError(PlainError):
    """The chain is broken: the message says at which certificate."""


class Certificate(NamedTuple):
    """One destruction.

    Attributes:
        number: place in the chain, from 1.
        destroyed_at: the time in ISO 8601 with its zone.
        task: id of the erasure or purge that it belongs to.
        reason: retention, erasure or key_expired.
        zone: raw, quarantine, staging, restricted, verdicts or keys.
        what: which part: a day and source, or the period of a key; never a person.
        quantity: rows destroyed, or keys.
        key_id: the key destroyed with them, None where rows were taken out of files that stay.
        previous: hash of the certificate before.
        hash: SHA-256 over `previous` and the other fields.
    """

    number: int
    destroyed_at: str
    task: str
    reason: str
    zone: str
    what: str
    quantity: int
    key_id: str | None
    previous: str
    hash: str


class Destroyed(NamedTuple):
    """What a certificate is to say; the fields as in `Certificate`."""

    reason: str
    zone: str
    what: str
    quantity: int
    key_id: str | None = None


class Certificates:
    """The chain of one installation.

    Args:
        zones: where it lies.
        keyring: for the keyed hash of its end.
    """

    def __init__(self, zones: Zones, keyring: Keyring) -> None:
        self._chain = zones.certificates / "chain.jsonl"
        self._end = zones.certificates / "end.json"
        self._keyring = keyring

    def issue(self, task: str, destroyed: Iterable[Destroyed], now: datetime) -> list[Certificate]:
        """Append certificates; a task that has some already gets only those that it still lacks.

        Args:
            task: id of the erasure or purge: a run that resumes it uses the same.
            destroyed: what was destroyed, in an order that is the same each time.
            now: the time, with its zone.

        Returns:
            The new certificates.

        Raises:
            CertificateError: the chain was broken or cut before.
        """
        known = self.read()
        self._check_end(known, task)
        done = {(c.reason, c.zone, c.what) for c in known if c.task == task}
        previous = known[-1] if known else None
        new: list[Certificate] = []
        for item in destroyed:
            if (item.reason, item.zone, item.what) in done:
                continue
            previous = _next(previous, task, item, now)
            new.append(previous)
        if new:
            self._append(new)
        # Also where nothing is new: a crash between the line and the record of the end left the end behind.
        if previous and self._read_end() != (previous.number, previous.hash):
            self._seal_end(previous)
        return new

    def read(self) -> list[Certificate]:
        """All certificates, with their links checked. A last line that a crash cut short does not count.

        Raises:
            CertificateError: a certificate was changed, removed or inserted.
        """
        return list(_linked(self._whole_lines()))

    def verify(self) -> int:
        """Prove the chain from its beginning to its end.

        Returns:
            The number of certificates.

        Raises:
            CertificateError: a certificate was changed, removed or inserted, or the end was cut off.
            KeyringError: the master key is missing or another one.
        """
        certificates = self.read()
        self._check_end(certificates)
        return len(certificates)

    def _check_end(self, certificates: list[Certificate], resumed: str | None = None) -> None:
        """Raise `CertificateError` where lines were cut off.

        A crash between a line and the record of the end leaves the chain longer by one append, never shorter; in the first
        append of all, which the task `resumed` made, it leaves no end at all.
        """
        sealed = self._read_end()
        if sealed is None:
            if any(certificate.task != resumed for certificate in certificates):
                raise CertificateError("the record of the certificates' end is missing")
            return
        number, last = sealed
        if len(certificates) < number or certificates[number - 1].hash != last:
            raise CertificateError(
                f"certificates are missing at the end: {number} were issued, {len(certificates)} are here"
            )

    def _append(self, certificates: list[Certificate]) -> None:
        make_private(self._chain.parent)
        whole = sum(len(line) + 1 for line in self._whole_lines())
        descriptor = os.open(self._chain, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
        with os.fdopen(descriptor, "r+b") as file:
            file.truncate(whole)  # drops what a crash left of a line: it was never told to anybody
            file.seek(whole)
            file.write(b"".join(_encode(c._asdict()) + b"\n" for c in certificates))
            file.flush()
            os.fsync(file.fileno())
        sync_directory(self._chain.parent)

    def _seal_end(self, last: Certificate) -> None:
        seal = self._end_seal(last.number, last.hash)
        write_atomic(self._end, _encode({"number": last.number, "hash": last.hash, "seal": seal}))

    def _read_end(self) -> tuple[int, str] | None:
        try:
            record = json.loads(self._end.read_bytes())
            number, last, seal = int(record["number"]), str(record["hash"]), str(record["seal"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            raise CertificateError("the record of the certificates' end was changed") from None
        if number < 1 or not hmac.compare_digest(seal, self._end_seal(number, last)):
            raise CertificateError("the record of the certificates' end was changed")
        return number, last

    def _end_seal(self, number: int, last: str) -> str:
        key = self._keyring.ensure(CERTIFICATE_KEY)
        return hmac.digest(key, f"{number}:{last}".encode(), "sha256").hex()

    def _whole_lines(self) -> list[bytes]:
        try:
            data = self._chain.read_bytes()
        except FileNotFoundError:
            return []
        return data.split(b"\n")[:-1]


def verify_chain(path: Path) -> int:
    """Check a copy of the chain without any key, as an auditor can: links and hashes, not the end.

    Args:
        path: the file of JSON lines.

    Returns:
        The number of certificates.

    Raises:
        CertificateError: a certificate was changed, removed or inserted.
    """
    return sum(1 for _ in _linked(path.read_bytes().split(b"\n")[:-1]))


def _linked(lines: Iterable[bytes]) -> Iterator[Certificate]:
    """The certificates of a chain, each checked against the one before."""
    before = _START
    for number, line in enumerate(lines, start=1):
        try:
            certificate = Certificate(**json.loads(line))
        except (ValueError, TypeError):
            raise CertificateError(_broken(number)) from None
        if (
            certificate.number != number
            or certificate.previous != before
            or certificate.hash != _hash(certificate)
        ):
            raise CertificateError(_broken(number))
        before = certificate.hash
        yield certificate


def _next(previous: Certificate | None, task: str, item: Destroyed, now: datetime) -> Certificate:
    certificate = Certificate(
        number=previous.number + 1 if previous else 1,
        destroyed_at=now.isoformat(timespec="seconds"),
        task=task,
        reason=item.reason,
        zone=item.zone,
        what=item.what,
        quantity=item.quantity,
        key_id=item.key_id,
        previous=previous.hash if previous else _START,
        hash="",
    )
    return certificate._replace(hash=_hash(certificate))


def _hash(certificate: Certificate) -> str:
    content = {name: value for name, value in certificate._asdict().items() if name != "hash"}
    return hashlib.sha256(_encode(content)).hexdigest()


def _encode(record: dict[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _broken(number: int) -> str:
    return f"the chain of certificates is broken at number {number}: it was changed, or one before it was removed"
