"""Is the home as the policy wants it: encrypted, private, with its keys, its certificates whole, nothing overdue?

Belongs here: checks that only look. Does not: mending anything, printing.
"""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.certificates import CERTIFICATE_KEY, CertificateError, Certificates
from orchestration.guard import PlainError
from orchestration.keyring import Keyring, KeyringError
from orchestration.master_key import MASTER_FILE_NAME
from orchestration.retention import Retention
from orchestration.rewriting import parquet_files
from orchestration.vault import Shelf, Vault, VaultError, is_encrypted
from orchestration.zones import PRIVATE_DIR, PUBLIC_DIR, SEARCHABLE_ROOTS, Zones

MIN_FREE_BYTES: Final = 1024**3
_SHOWN: Final = 3


class Finding(NamedTuple):
    """What one check found.

    Attributes:
        check: its name.
        ok: whether all is well.
        message: one line; counts, paths of zones and ids of keys, nothing personal.
    """

    check: str
    ok: bool
    message: str


def examine(
    zones: Zones, vault: Vault, certificates: Certificates, retention: Retention, today: date
) -> list[Finding]:
    """All checks of a home.

    Args:
        zones: the home.
        vault: its vault, opened with its master key.
        certificates: its chain.
        retention: what is to be kept how long.
        today: in Japan.

    Returns:
        A finding a check.
    """
    checks: list[tuple[str, Callable[[], Finding]]] = [
        ("permissions", lambda: check_permissions(zones)),
        ("encryption", lambda: check_encryption(zones)),
        ("plaintext", lambda: check_only_known_files(zones)),
        ("keys", lambda: check_keys(zones, vault)),
        ("master key", lambda: check_master_key(zones)),
        ("certificates", lambda: check_certificates(certificates, vault.keyring)),
        ("retention", lambda: check_retention(retention, today)),
        ("leftovers", lambda: check_leftovers(zones)),
        ("free space", lambda: check_free_space(zones)),
    ]
    return [_guarded(name, check) for name, check in checks]


def _guarded(name: str, check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except PlainError as error:
        return Finding(name, False, str(error))
    except OSError as error:
        return Finding(name, False, f"{error.filename}: {(error.strerror or 'cannot be read').lower()}")


def check_permissions(zones: Zones) -> Finding:
    """Folders 0700 and files 0600 or less everywhere but in published/, which nobody but the owner may write."""
    wrong: list[str] = []
    if _mode(zones.root) not in SEARCHABLE_ROOTS:
        wrong.append(f"{zones.root} is {_mode(zones.root):04o}")
    wrong += [
        f"{d} is {_mode(d):04o}"
        for d in zones.private_directories()
        if d.exists() and _mode(d) != PRIVATE_DIR
    ]
    private = [
        path for directory in zones.private_directories() for path in directory.rglob("*") if path.is_dir()
    ]
    wrong += [f"{path} is {_mode(path):04o}" for path in private if _mode(path) & 0o077]
    wrong += [f"{path} is {_mode(path):04o}" for path in zones.private_files() if _mode(path) & 0o077]
    if zones.published.exists():
        public = [zones.published, *(path for path in zones.published.rglob("*") if not path.is_symlink())]
        wrong += [f"{path} is {_mode(path):04o}" for path in public if _mode(path) & 0o022]
        if _mode(zones.published) != PUBLIC_DIR:
            wrong.append(f"{zones.published} is {_mode(zones.published):04o}")
    return _finding("permissions", dict.fromkeys(wrong), "folders 0700, files 0600, published/ readable only")


def check_encryption(zones: Zones) -> Finding:
    """Every Parquet file of the vault has an encrypted footer and tells nothing without a key."""
    files = sorted(zones.vault.rglob("*.parquet"))
    wrong = [f"{path} is not encrypted" for path in files if not is_encrypted(path)]
    return _finding(
        "encryption", wrong, f"{len(files)} Parquet files of the vault are encrypted (AES-GCM, footer too)"
    )


def check_only_known_files(zones: Zones) -> Finding:
    """The vault holds nothing but what it writes itself: no stray export, no copy in plain text."""
    known = {".parquet", ".key", ".entry", ".tmp"}
    named = {"destroyed", "plan", "open_days", "purge_plan", "chain.jsonl", "end.json", MASTER_FILE_NAME}
    files = [path for path in zones.vault.rglob("*") if path.is_file()]
    wrong = [
        f"{path} is no file of the vault"
        for path in files
        if path.suffix not in known and path.name not in named
    ]
    wrong += [f"{path} is a link" for path in zones.vault.rglob("*") if path.is_symlink()]
    return _finding(
        "plaintext", wrong, f"{len(files)} files of the vault, all of kinds that it writes itself"
    )


def check_keys(zones: Zones, vault: Vault) -> Finding:
    """Every file has a key that opens, and every pseudonymous row a key that lives."""
    wrong: list[str] = []
    opened = 0
    shelves: tuple[Shelf, ...] = ("raw", "quarantine")
    for shelf in shelves:
        for batch in vault.batches(shelf):
            try:
                vault.rows(batch)
                opened += 1
            except (KeyringError, VaultError) as error:
                wrong.append(str(error))
    alive = set(vault.keyring.ids())
    used = _key_ids_in(parquet_files(zones.staging))
    wrong += [f"rows of staging outlive their key {key_id} (koe purge)" for key_id in sorted(used - alive)]
    return _finding("keys", wrong, f"{len(alive)} keys; {opened} files of raw posts and quarantine, all open")


def check_master_key(zones: Zones) -> Finding:
    """The master key does not lie beside what it protects."""
    if (zones.keyring / MASTER_FILE_NAME).exists():
        return Finding(
            "master key",
            True,
            "lies in the vault's keyring: for real posts keep it elsewhere (docs/operations.md)",
        )
    return Finding("master key", True, "lies outside the home")


def check_certificates(certificates: Certificates, keyring: Keyring) -> Finding:
    """The chain of certificates is whole, from its beginning to its end."""
    if CERTIFICATE_KEY not in keyring.ids() and not certificates.read():
        return Finding("certificates", True, "nothing was destroyed yet")
    try:
        return Finding("certificates", True, f"{certificates.verify()} certificates, the chain is whole")
    except CertificateError as error:
        return Finding("certificates", False, str(error))


def check_retention(retention: Retention, today: date) -> Finding:
    """Nothing is kept past its time."""
    overdue = [f"{item.zone} {item.what} is past its time (koe purge)" for item in retention.expired(today)]
    return _finding("retention", overdue, "nothing is past its time")


def check_leftovers(zones: Zones) -> Finding:
    """No interrupted write has left a temporary file behind."""
    zones_with_files = (zones.vault, zones.staging, zones.restricted, zones.releases)
    found = [
        f"{path} is left of an interrupted write" for zone in zones_with_files for path in zone.rglob("*.tmp")
    ]
    return _finding("leftovers", found, "no temporary files")


def check_free_space(zones: Zones) -> Finding:
    """There is room for a night."""
    free = shutil.disk_usage(zones.root).free
    return Finding("free space", free >= MIN_FREE_BYTES, f"{free / 1024**3:.1f} GiB free (at least 1 GiB)")


def _finding(check: str, wrong: Iterable[str], well: str) -> Finding:
    lines = list(wrong)
    if not lines:
        return Finding(check, True, well)
    more = f" and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
    return Finding(check, False, "; ".join(lines[:_SHOWN]) + more)


def _key_ids_in(paths: Iterable[Path]) -> set[str]:
    used: set[str] = set()
    for path in paths:
        if "key_id" in pq.read_schema(path).names:
            column: pa.ChunkedArray = pq.read_table(path, columns=["key_id"], partitioning=None)["key_id"]
            used |= set(column.unique().to_pylist())
    return used


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)
