"""The vault: raw posts and quarantined records as encrypted Parquet, and the ledger of files that were loaded.

Belongs here: reading and writing what is encrypted, by day, source and batch.
Does not: keys (`keyring`), what is removed and when (`erasure`, `retention`), what the columns mean (`transforms.posts`).

Files are written with Parquet modular encryption (parquet-format, Encryption.md): AES-GCM for every column and for the
footer, a random key a file, wrapped by the key of its day and source. Nothing goes to the disk in plain text, not even
into temporary files: pyarrow encrypts pages before they leave memory.

Raw posts have a key a day and source, not a day alone, because sources may be kept for different times.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Final, Literal, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe

from orchestration.guard import PlainError
from orchestration.keyring import Keyring, KeyringError
from orchestration.zones import Zones, atomic_file, remove, sync_directory, write_atomic

MAGIC: Final = b"PARE"
"""First and last four bytes of a Parquet file with an encrypted footer."""

LEDGER_KEY: Final = "ledger"

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")
_ROW_GROUP_ROWS: Final = 64 * 1024

Shelf = Literal["raw", "quarantine"]


class VaultError(PlainError):
    """Something in the vault cannot be read or written. The message is one line without any of its content."""


def is_encrypted(path: Path) -> bool:
    """Whether a file begins and ends as Parquet with an encrypted footer does, and gives nothing away without a key."""
    with path.open("rb") as file:
        first = file.read(len(MAGIC))
        file.seek(0, os.SEEK_END)
        file.seek(max(file.tell() - len(MAGIC), 0))
        last = file.read()
    if first != MAGIC or last != MAGIC:
        return False
    try:
        pq.read_metadata(path)
    except (OSError, pa.ArrowException):
        return True
    return False


class Batch(NamedTuple):
    """One encrypted file: what one landing file gave for one day and source.

    Attributes:
        shelf: `raw` or `quarantine`.
        arrived_on: JST day of arrival.
        source: id of the source in the register (`config/sources.yaml`).
        name: id of the batch, unique within its day and source.
        generation: 1, and one more for each time that the day's key was destroyed before something arrived for the day again.
    """

    shelf: Shelf
    arrived_on: date
    source: str
    name: str
    generation: int = 1

    @property
    def key_id(self) -> str:
        """Id of the key that it is encrypted under."""
        return data_key_id(self.shelf, self.arrived_on, self.source, self.generation)


def data_key_id(shelf: Shelf, arrived_on: date, source: str, generation: int = 1) -> str:
    """Id of the key of a day and source.

    >>> data_key_id("raw", date(2026, 11, 5), "x-api")
    'raw-2026-11-05-x-api'
    """
    return f"{shelf}-{arrived_on:%Y-%m-%d}-{_labelled(source, generation)}"


def parse_data_key_id(key_id: str) -> tuple[date, str, int]:
    """Day, source and generation of the id of a day's key; undoes `data_key_id`."""
    day_and_source = key_id.split("-", 1)[1]
    return date.fromisoformat(day_and_source[:10]), *_parse_label(day_and_source[11:])


def _labelled(source: str, generation: int) -> str:
    return source if generation == 1 else f"{source}.{generation}"


def _parse_label(label: str) -> tuple[str, int]:
    source, _, generation = label.partition(".")
    return source, int(generation or 1)


class _KeyringKms(pe.KmsClient):  # type: ignore[misc] # pyarrow ships no types
    """Wraps and unwraps the files' own keys through the keyring, within the process."""

    def __init__(self, keyring: Keyring) -> None:
        pe.KmsClient.__init__(self)
        self._keyring = keyring

    def wrap_key(self, key_bytes: bytes, master_key_identifier: str) -> str:
        sealed = self._keyring.seal(master_key_identifier, key_bytes)
        return base64.b64encode(sealed).decode()

    def unwrap_key(self, wrapped_key: str, master_key_identifier: str) -> bytes:
        return self._keyring.unseal(master_key_identifier, base64.b64decode(wrapped_key))


class ParquetCipher:
    """Encrypts and decrypts single Parquet files under keys of a keyring.

    Args:
        keyring: where the keys are.
    """

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._factory = pe.CryptoFactory(lambda _: _KeyringKms(keyring))
        self._connection = pe.KmsConnectionConfig()

    @contextlib.contextmanager
    def writer(self, path: Path, schema: pa.Schema, key_id: str) -> Iterator[pq.ParquetWriter]:
        """Write an encrypted Parquet file that appears whole or not at all.

        Args:
            path: the file to make or replace.
            schema: of the tables that will be written.
            key_id: the key, made where missing.

        Yields:
            pyarrow's writer; `write_table` may be called any number of times.

        Raises:
            KeyringError: the key was destroyed or does not open.
            ZoneError: the disk is full or the folder cannot be written.
        """
        self._keyring.ensure(key_id)
        encryption = self._factory.file_encryption_properties(
            self._connection,
            pe.EncryptionConfiguration(
                footer_key=key_id,
                uniform_encryption=True,
                encryption_algorithm="AES_GCM_V1",
                plaintext_footer=False,
                double_wrapping=False,  # the day's key lies in this process: a second wrapping would protect nothing
                internal_key_material=True,
                data_key_length_bits=256,
            ),
        )
        with (
            atomic_file(path) as file,
            pq.ParquetWriter(file, schema, compression="zstd", encryption_properties=encryption) as writer,
        ):
            yield writer

    def open(self, path: Path, key_id: str) -> pq.ParquetFile:
        """Open an encrypted file for reading.

        Raises:
            KeyringError: its key is gone or does not open.
            VaultError: the file is missing, cut or changed.
        """
        self._keyring.key(key_id)  # a clear error here, rather than one passed through pyarrow's C++
        decryption = self._factory.file_decryption_properties(self._connection)
        try:
            return pq.ParquetFile(path, decryption_properties=decryption)
        except (OSError, pa.ArrowException, KeyringError):
            raise VaultError(f"{path}: cannot be opened: missing, cut or changed") from None

    def read(self, path: Path, key_id: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Read an encrypted file whole.

        Raises:
            KeyringError: its key is gone or does not open.
            VaultError: the file is missing, cut or changed.
        """
        with self.open(path, key_id) as file:
            try:
                return file.read(columns=None if columns is None else list(columns))
            except (OSError, pa.ArrowException):
                raise VaultError(f"{path}: cannot be read: cut or changed") from None


class Vault:
    """Raw posts and quarantined records by day of arrival, source and batch.

    Schemas are the caller's: a batch is read with the columns that it was written with.

    Args:
        zones: where the vault lies.
        keyring: its keys.
    """

    def __init__(self, zones: Zones, keyring: Keyring) -> None:
        self._zones = zones
        self.keyring = keyring
        self.cipher = ParquetCipher(keyring)

    @contextlib.contextmanager
    def writer(self, batch: Batch, schema: pa.Schema) -> Iterator[pq.ParquetWriter]:
        """Write a batch piece by piece; it takes its place, and the place of an earlier one of its name, at the end.

        Raises:
            KeyringError: the day's key was destroyed.
            VaultError: the source's or batch's name is not plain.
            ZoneError: it cannot be written.
        """
        with self.cipher.writer(self.path(batch), schema, batch.key_id) as writer:
            yield writer

    def write_raw(self, arrived_on: date, source: str, name: str, table: pa.Table) -> Batch:
        """Write one batch of raw posts; writing it again replaces it.

        A day whose key was destroyed for its age takes late posts under a key of the next generation, which the next purge
        destroys in turn.

        Args:
            arrived_on: JST day of arrival.
            source: id of the source in the register.
            name: id of the batch, e.g. the SHA-256 of the landing file: the same for the same content.
            table: its rows. No rows, no file.

        Returns:
            The batch.
        """
        return self._write(self.open_batch("raw", arrived_on, source, name), table)

    def write_quarantine(self, arrived_on: date, source: str, name: str, table: pa.Table) -> Batch:
        """Write the quarantined records of one batch, as `write_raw` does."""
        return self._write(self.open_batch("quarantine", arrived_on, source, name), table)

    def open_batch(self, shelf: Shelf, arrived_on: date, source: str, name: str) -> Batch:
        """The batch of that name to write to: of the first generation whose key was not destroyed."""
        batch = Batch(shelf, arrived_on, source, name)
        while self.keyring.is_destroyed(batch.key_id):
            batch = batch._replace(generation=batch.generation + 1)
        return batch

    def _write(self, batch: Batch, table: pa.Table) -> Batch:
        if table.num_rows == 0:
            remove(self.path(batch))
            return batch
        with self.writer(batch, table.schema) as writer:
            writer.write_table(table, row_group_size=_ROW_GROUP_ROWS)
        return batch

    def batches(
        self, shelf: Shelf, days: Iterable[date] | None = None, source: str | None = None
    ) -> list[Batch]:
        """The batches of a shelf, sorted by day, source and name.

        Args:
            shelf: which.
            days: days of arrival; all by default.
            source: of the register; all by default.
        """
        # By the names of the days asked for: a vault holds thousands of files, and a night asks day by day.
        names = ["arrived_on=*"] if days is None else [f"arrived_on={day:%Y-%m-%d}" for day in set(days)]
        found = []
        for path in (p for name in names for p in self._shelf(shelf).glob(f"{name}/source=*/*.parquet")):
            day = date.fromisoformat(path.parent.parent.name.removeprefix("arrived_on="))
            source_id, generation = _parse_label(path.parent.name.removeprefix("source="))
            batch = Batch(shelf, day, source_id, path.stem, generation)
            if not path.name.startswith(".") and source in {None, batch.source}:
                found.append(batch)
        return sorted(found)

    def read(self, batch: Batch, columns: Sequence[str] | None = None) -> pa.Table:
        """Read one batch.

        Raises:
            KeyringError: its key was destroyed or does not open.
            VaultError: it is missing, cut or changed.
        """
        return self.cipher.read(self.path(batch), batch.key_id, columns)

    def iterate(
        self, batch: Batch, columns: Sequence[str] | None = None, rows: int = 65_536
    ) -> Iterator[pa.RecordBatch]:
        """Read one batch piece by piece, at most `rows` rows at a time."""
        with self.cipher.open(self.path(batch), batch.key_id) as file:
            try:
                yield from file.iter_batches(rows, columns=None if columns is None else list(columns))
            except (OSError, pa.ArrowException):
                raise VaultError(f"{self.path(batch)}: cannot be read: cut or changed") from None

    def read_raw(
        self, days: Iterable[date] | None = None, columns: Sequence[str] | None = None
    ) -> pa.Table | None:
        """Raw posts that arrived on `days`, all batches of all sources in their order.

        Returns:
            One table; None where there is nothing.
        """
        return self._read_all("raw", days, columns)

    def read_quarantine(
        self, days: Iterable[date] | None = None, columns: Sequence[str] | None = None
    ) -> pa.Table | None:
        """Quarantined records that arrived on `days`, as `read_raw` does."""
        return self._read_all("quarantine", days, columns)

    def _read_all(
        self, shelf: Shelf, days: Iterable[date] | None, columns: Sequence[str] | None
    ) -> pa.Table | None:
        tables = [self.read(batch, columns) for batch in self.batches(shelf, days)]
        # A release may add columns while older days still lie here without them.
        return pa.concat_tables(tables, promote_options="default") if tables else None

    def remove(self, batch: Batch) -> None:
        """Remove one batch's file; its key stays."""
        remove(self.path(batch))

    def remove_days(self, batches: Iterable[Batch]) -> None:
        """Remove all files of the days, sources and generations of these batches, and a day's folder when it is empty."""
        for directory in sorted({self.path(batch).parent for batch in batches}):
            shutil.rmtree(directory, ignore_errors=True)
            with contextlib.suppress(OSError):
                directory.parent.rmdir()
                continue
            sync_directory(directory.parent)
        sync_directory(self._zones.raw)
        sync_directory(self._zones.quarantine)

    def schema(self, batch: Batch) -> pa.Schema:
        """Schema that a batch was written with."""
        with self.cipher.open(self.path(batch), batch.key_id) as file:
            return file.schema_arrow

    def rows(self, batch: Batch) -> int:
        """Number of rows of a batch."""
        with self.cipher.open(self.path(batch), batch.key_id) as file:
            return int(file.metadata.num_rows)

    def is_encrypted(self, batch: Batch) -> bool:
        """Whether a batch's file begins and ends as Parquet with an encrypted footer does."""
        return is_encrypted(self.path(batch))

    def is_partly_destroyed(self, arrived_on: date) -> bool:
        """Whether raw posts of a day were destroyed for their age, so that staging cannot be computed from them again."""
        prefix = f"raw-{arrived_on:%Y-%m-%d}-"
        return any(key_id.startswith(prefix) for key_id in self.keyring.destroyed_ids())

    def path(self, batch: Batch) -> Path:
        """Where a batch lies.

        Raises:
            VaultError: the source's or batch's name is not plain.
        """
        for name in (batch.source, batch.name):
            if not _NAME.fullmatch(name):
                raise VaultError("names of sources and batches are made of small letters, digits, - and _")
        return (
            self._shelf(batch.shelf)
            / f"arrived_on={batch.arrived_on:%Y-%m-%d}"
            / f"source={_labelled(batch.source, batch.generation)}"
            / f"{batch.name}.parquet"
        )

    def _shelf(self, shelf: Shelf) -> Path:
        return self._zones.raw if shelf == "raw" else self._zones.quarantine


class FileEntry(NamedTuple):
    """What the ledger knows of a landing file.

    Attributes:
        sha256: of its bytes, in hexadecimal.
        source: id of the source in the register.
        arrived_on: JST day of its first arrival; loading it again, also after a crash, counts for that day.
        name: the file's name as delivered; it may name a person, so the entry is sealed.
        posts: records loaded.
        quarantined: records set aside.
        done_at: when the loading ended, Unix seconds; None while it has not.
    """

    sha256: str
    source: str
    arrived_on: date
    name: str = ""
    posts: int = 0
    quarantined: int = 0
    done_at: int | None = None


class Ledger:
    """Which landing files were loaded, an encrypted record each, by the hash of their content.

    A file is entered by `begin` before its first batch is written and by `finish` after its last: what a crash
    interrupts is loaded again for the day on which it first arrived, over the same batches.

    Args:
        zones: where the ledger lies.
        keyring: its keys.
    """

    def __init__(self, zones: Zones, keyring: Keyring) -> None:
        self._directory = zones.ledger
        self._keyring = keyring

    def get(self, sha256: str) -> FileEntry | None:
        """The entry of a file, None if it is new.

        Raises:
            VaultError: the hash is none.
            KeyringError: the entry was changed, or its key does not open.
        """
        path = self._path(sha256)
        try:
            sealed = path.read_bytes()
        except FileNotFoundError:
            return None
        return self._open(path, sealed)

    def begin(self, sha256: str, source: str, arrived_on: date, name: str = "") -> FileEntry:
        """Enter a file before it is loaded; an earlier entry stays as it is.

        Returns:
            The entry: its `arrived_on` is the day to load for, its `done_at` tells whether there is anything to do.
        """
        known = self.get(sha256)
        if known is not None:
            return known
        entry = FileEntry(sha256, source, arrived_on, name)
        self._store(entry)
        return entry

    def finish(self, entry: FileEntry, *, posts: int, quarantined: int, now: datetime) -> FileEntry:
        """Note that a file is loaded whole.

        Args:
            entry: as `begin` gave it.
            posts: records loaded.
            quarantined: records set aside.
            now: the time, with its zone.
        """
        done = entry._replace(posts=posts, quarantined=quarantined, done_at=int(now.timestamp()))
        self._store(done)
        return done

    def forget(self, sha256: str) -> None:
        """Remove an entry, so that the file may be loaded again."""
        remove(self._path(sha256))

    def entries(self) -> list[FileEntry]:
        """All entries, sorted by day, source and hash."""
        entries = (
            self._open(path, path.read_bytes())
            for path in self._directory.glob("*.entry")
            if path.name[0] != "."
        )
        return sorted(entries, key=lambda entry: (entry.arrived_on, entry.source, entry.sha256))

    def _store(self, entry: FileEntry) -> None:
        record = json.dumps({**entry._asdict(), "arrived_on": entry.arrived_on.isoformat()}).encode()
        write_atomic(self._path(entry.sha256), self._keyring.seal(LEDGER_KEY, record, context=entry.sha256))

    def _open(self, path: Path, sealed: bytes) -> FileEntry:
        record = json.loads(self._keyring.unseal(LEDGER_KEY, sealed, context=path.stem))
        return FileEntry(**{**record, "arrived_on": date.fromisoformat(record["arrived_on"])})

    def _path(self, sha256: str) -> Path:
        if not re.fullmatch(r"[0-9a-f]{64}", sha256):
            raise VaultError("a file's hash is 64 hexadecimal digits")
        return self._directory / f"{sha256}.entry"
