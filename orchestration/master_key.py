"""The master key, which wraps all others: its form, and where it comes from.

Belongs here: reading it from the environment, a file or a command; wrapping and unwrapping. Does not: the keys that it
wraps (`keyring`).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import re
import secrets
import shlex
import stat
import subprocess
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from orchestration.guard import PlainError
from orchestration.zones import Zones, create_exclusive

KEY_BYTES: Final = 32
MASTER_VARIABLE: Final = "KOE_MASTER_KEY"
MASTER_FILE_VARIABLE: Final = "KOE_MASTER_KEY_FILE"
MASTER_COMMAND_VARIABLE: Final = "KOE_MASTER_KEY_COMMAND"
MASTER_FILE_NAME: Final = "master.key"

_COMMAND_SECONDS: Final = 30
_NONCE_BYTES: Final = 12


class MasterKeyError(PlainError):
    """The master key cannot be had. The message is one line and holds no key material."""


class MasterKeyWarning(UserWarning):
    """The master key lies where production should not keep it."""


class MasterKey:
    """The key that wraps all others. Its text form never shows the key.

    Args:
        key: 32 bytes.

    Raises:
        MasterKeyError: another length.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise MasterKeyError(f"the master key must be {KEY_BYTES} bytes, but is {len(key)}")
        self._cipher = AESGCM(key)
        self.fingerprint = hmac.digest(key, b"koe master key fingerprint", "sha256")[:8].hex()

    def __repr__(self) -> str:
        return f"MasterKey(fingerprint={self.fingerprint!r})"

    def wrap(self, key_id: str, key: bytes) -> bytes:
        """Encrypt a key. The result begins with the nonce."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, key, key_id.encode())

    def unwrap(self, key_id: str, wrapped: bytes) -> bytes:
        """Undo `wrap`.

        Raises:
            cryptography.exceptions.InvalidTag: another master key wrapped it, or it was changed.
            ValueError: it is too short to be a wrapped key.
        """
        return self._cipher.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], key_id.encode())


def parse_master_key(text: str, origin: str) -> MasterKey:
    """Read a master key written as 64 hexadecimal digits or as base64 (either alphabet) of 32 bytes.

    Args:
        text: the key; white space around it is ignored.
        origin: where it comes from, for the error.

    Raises:
        MasterKeyError: it is neither.
    """
    text = text.strip()
    key = b""
    try:
        if re.fullmatch(r"[0-9A-Fa-f]{64}", text):
            key = bytes.fromhex(text)
        else:
            key = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise MasterKeyError(f"{origin}: expected 32 bytes as 64 hexadecimal digits or as base64")
    return MasterKey(key)


def load_master_key(zones: Zones, environment: Mapping[str, str] | None = None) -> MasterKey:
    """The master key from KOE_MASTER_KEY, KOE_MASTER_KEY_FILE or KOE_MASTER_KEY_COMMAND, in this order.

    Where none of them is set, the file `master.key` in the vault's keyring serves; a first run makes it, with a
    `MasterKeyWarning`: a key beside the data protects against a lost data disk only as far as the keyring is elsewhere.

    Args:
        zones: where the keyring lies.
        environment: the variables; the process's own by default.

    Raises:
        MasterKeyError: what is named cannot be read, is readable by others, or is no key; or the vault holds keys
            but no master key is to be found.
    """
    environment = os.environ if environment is None else environment
    if text := environment.get(MASTER_VARIABLE):
        return parse_master_key(text, MASTER_VARIABLE)
    if name := environment.get(MASTER_FILE_VARIABLE):
        return read_master_key_file(Path(name).expanduser())
    if command := environment.get(MASTER_COMMAND_VARIABLE):
        return _run_master_key_command(command)
    return _default_master_key(zones)


def read_master_key_file(path: Path) -> MasterKey:
    """Read a key file that only its owner (or its group, where a service manager hands it out) may read.

    Raises:
        MasterKeyError: it is missing, unreadable, readable by others, or holds no key.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        text = path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "is no text file"
        raise MasterKeyError(f"{MASTER_FILE_VARIABLE}={path}: {reason.lower()}") from None
    if mode & 0o007:
        raise MasterKeyError(
            f"{path}: others may read the master key (mode {mode:04o}); expected 0600 or 0400"
        )
    return parse_master_key(text, str(path))


def _run_master_key_command(command: str) -> MasterKey:
    """Ask a KMS client or password store for the key: the command prints it on its standard output."""
    try:
        done = subprocess.run(  # noqa: S603 - the operator's own command, split without a shell
            shlex.split(command), capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=False
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise MasterKeyError(f"{MASTER_COMMAND_VARIABLE}: cannot be run ({type(error).__name__})") from None
    if done.returncode != 0:
        raise MasterKeyError(f"{MASTER_COMMAND_VARIABLE}: ended with exit code {done.returncode}")
    return parse_master_key(done.stdout, MASTER_COMMAND_VARIABLE)


def _default_master_key(zones: Zones) -> MasterKey:
    path = zones.keyring / MASTER_FILE_NAME
    if path.exists():
        return read_master_key_file(path)
    if any((zones.keyring / "keys").glob("*.key")):
        raise MasterKeyError(
            f"the vault's keys are wrapped by a master key that is not to be found: set {MASTER_VARIABLE}, "
            f"{MASTER_FILE_VARIABLE} or {MASTER_COMMAND_VARIABLE}"
        )
    master = make_master_key_file(path)
    warnings.warn(
        f"made a master key in {path}; for real posts keep it elsewhere ({MASTER_FILE_VARIABLE} or "
        f"{MASTER_COMMAND_VARIABLE}): docs/operations.md",
        MasterKeyWarning,
        stacklevel=3,
    )
    return master


def new_master_key_text() -> str:
    """A new random master key in base64, ending with a line break."""
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode() + "\n"


def make_master_key_file(path: Path) -> MasterKey:
    """Read a master key file, made first where it is missing, with mode 0600.

    Raises:
        MasterKeyError: it is there but cannot be used.
        ZoneError: it cannot be made.
    """
    if not path.exists():
        create_exclusive(path, new_master_key_text().encode())
    return read_master_key_file(path)
