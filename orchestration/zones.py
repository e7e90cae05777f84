"""Where data may lie: the folders below one root, their modes, and writing into them so that a crash leaves no halves.

Belongs here: paths, permissions, atomic writes, free space.
Does not: what a file holds, how it is encrypted (`vault`), when it is destroyed (`retention`, `erasure`).
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import BinaryIO, Final

from orchestration.guard import PlainError

HOME_VARIABLE: Final = "KOE_HOME"
DEFAULT_HOME: Final = "data"

PRIVATE_DIR: Final = 0o700
PRIVATE_FILE: Final = 0o600
PUBLIC_DIR: Final = 0o755
PUBLIC_FILE: Final = 0o444
SEARCHABLE_ROOTS: Final = (0o700, 0o710, 0o711)
"""Modes a root may have: none of them lists it, the last two let BI pass through it to published/."""

_TEMPORARY_SUFFIX: Final = ".tmp"


class ZoneError(PlainError):
    """A zone cannot be used. The message is one line that a user can act on."""


class Zones:
    """The folders below one root.

    Attributes:
        root: KOE_HOME.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.expanduser().absolute()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Zones:
        """The zones below KOE_HOME, or below ./data where it is not set.

        Args:
            environment: the variables; the process's own by default.
        """
        environment = os.environ if environment is None else environment
        return cls(Path(environment.get(HOME_VARIABLE) or DEFAULT_HOME))

    def __repr__(self) -> str:
        return f"Zones({str(self.root)!r})"

    @property
    def landing(self) -> Path:
        """Files as received. Personal."""
        return self.root / "landing"

    @property
    def vault(self) -> Path:
        """All that is kept encrypted. Personal."""
        return self.root / "vault"

    @property
    def raw(self) -> Path:
        """Raw posts, encrypted under a key per day and source."""
        return self.vault / "raw"

    @property
    def quarantine(self) -> Path:
        """Records that could not be read, encrypted likewise."""
        return self.vault / "quarantine"

    @property
    def tombstones(self) -> Path:
        """Keyed hashes of what was erased, and erasures under way."""
        return self.vault / "tombstones"

    @property
    def keyring(self) -> Path:
        """Wrapped keys."""
        return self.vault / "keyring"

    @property
    def ledger(self) -> Path:
        """Which files were loaded."""
        return self.vault / "ledger"

    @property
    def certificates(self) -> Path:
        """Proof of destruction."""
        return self.vault / "certificates"

    @property
    def staging(self) -> Path:
        """Redacted and classified posts by day of arrival. Pseudonymous."""
        return self.root / "staging"

    @property
    def redacted(self) -> Path:
        """Rows of `transforms.posts.REDACTED_SCHEMA`."""
        return self.staging / "redacted"

    @property
    def classified(self) -> Path:
        """Rows of `transforms.posts.CLASSIFIED_SCHEMA`."""
        return self.staging / "classified"

    @property
    def warehouse(self) -> Path:
        """The database that dbt builds. Pseudonymous."""
        return self.root / "warehouse.duckdb"

    @property
    def restricted(self) -> Path:
        """Queues for human review. Pseudonymous, with an access of its own."""
        return self.root / "restricted"

    @property
    def published(self) -> Path:
        """Statistics for BI: the only zone that others may read."""
        return self.root / "published"

    @property
    def releases(self) -> Path:
        """One folder a release."""
        return self.published / "releases"

    @property
    def current(self) -> Path:
        """Link to the newest release."""
        return self.published / "current"

    @property
    def dagster(self) -> Path:
        """Dagster's own storage: counts and ids."""
        return self.root / "dagster"

    @property
    def run_lock(self) -> Path:
        """Held by whoever writes into the zones."""
        return self.root / "run.lock"

    def private_directories(self) -> tuple[Path, ...]:
        """Every folder that only its owner may open, parents first; the root is not among them."""
        return (
            self.landing, self.vault, self.raw, self.quarantine, self.tombstones, self.keyring, self.ledger,
            self.certificates, self.staging, self.redacted, self.classified, self.restricted, self.dagster,
        )  # fmt: skip

    def create(self) -> Zones:
        """Make the folders with their modes, and make new files private by default.

        The process's umask becomes 077, because DuckDB, dbt and Dagster create their files by it. Modes of zones that
        exist already are set again; a root that the operator opened for passing through (0710, 0711) stays so.

        Returns:
            Itself.

        Raises:
            ZoneError: the root or a zone cannot be made, read or written.
        """
        os.umask(0o077)
        try:
            self._create()
        except OSError as error:
            raise ZoneError(_reason(self.root, error)) from None
        return self

    def _create(self) -> None:
        if self.root.exists() and not self.root.is_dir():
            raise ZoneError(f"{HOME_VARIABLE}={self.root}: is not a folder")
        made_root = not self.root.exists()
        self.root.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
        if made_root or stat.S_IMODE(self.root.stat().st_mode) not in SEARCHABLE_ROOTS:
            self.root.chmod(PRIVATE_DIR)
        for directory in self.private_directories():
            directory.mkdir(mode=PRIVATE_DIR, exist_ok=True)
            if stat.S_IMODE(directory.stat().st_mode) != PRIVATE_DIR:
                directory.chmod(PRIVATE_DIR)
        for directory in (self.published, self.releases):
            directory.mkdir(exist_ok=True)
            directory.chmod(PUBLIC_DIR)
        self._require_access()

    def require(self) -> Zones:
        """Check that the zones exist and can be read and written, without changing anything.

        Returns:
            Itself.

        Raises:
            ZoneError: the root is missing, unreadable or read-only.
        """
        if not self.root.exists():
            raise ZoneError(f"{HOME_VARIABLE}={self.root}: does not exist (koe run and koe sample make it)")
        if not self.root.is_dir():
            raise ZoneError(f"{HOME_VARIABLE}={self.root}: is not a folder")
        self._require_access()
        return self

    def _require_access(self) -> None:
        for directory in (self.root, *self.private_directories(), self.published):
            if directory.exists() and not os.access(directory, os.R_OK | os.X_OK):
                raise ZoneError(f"{directory}: cannot be read by this user (expected its owner, mode 0700)")
            if directory.exists() and not os.access(directory, os.W_OK):
                raise ZoneError(
                    f"{directory}: cannot be written by this user (expected its owner, mode 0700)"
                )

    def require_free(self, needed: int, *, at: Path | None = None) -> None:
        """Check before a long write that it can end.

        Args:
            needed: bytes.
            at: folder whose file system counts; the root by default.

        Raises:
            ZoneError: less than `needed` is free.
        """
        place = at or self.root
        free = shutil.disk_usage(place).free
        if free < needed:
            raise ZoneError(
                f"{place}: {free // 2**20} MiB free, {-(-needed // 2**20)} MiB are needed; nothing was written"
            )

    def sweep(self) -> int:
        """Remove what an interrupted atomic write left. Call it under the run lock only.

        Returns:
            The number of files removed.
        """
        removed = 0
        for directory in (self.vault, self.staging, self.restricted, self.releases):
            for path in directory.rglob(f"*{_TEMPORARY_SUFFIX}") if directory.exists() else ():
                path.unlink(missing_ok=True)
                removed += 1
        return removed

    def tighten(self) -> int:
        """Take group's and others' rights from files of the private zones that other programs have made.

        Returns:
            The number of files changed.
        """
        changed = 0
        for path in self.private_files():
            if stat.S_IMODE(path.lstat().st_mode) & 0o077:
                path.chmod(PRIVATE_FILE)
                changed += 1
        return changed

    def private_files(self) -> Iterator[Path]:
        """Every plain file outside published/; links are not followed."""
        for parent, directories, files in os.walk(self.root):
            if Path(parent) == self.root:
                directories[:] = [name for name in directories if name != self.published.name]
            for name in files:
                path = Path(parent, name)
                if not path.is_symlink():
                    yield path


def _reason(root: Path, error: OSError) -> str:
    """One line for a failed creation: which path, and what the system says."""
    where = error.filename or root
    return f"{where}: {(error.strerror or 'cannot be used').lower()} (set {HOME_VARIABLE} to a folder that this user may write)"


_one_barrier: ContextVar[bool] = ContextVar("one_barrier", default=False)


@contextlib.contextmanager
def one_barrier() -> Iterator[None]:
    """Write many files that count only together, with one flush for all of them at the end.

    Each file still appears whole or not at all when the process is killed. Against a power cut only the end of the block
    protects: nothing that these files replace may be destroyed before it. A flush a file would be most of a night's time.
    """
    token = _one_barrier.set(True)
    try:
        yield
    finally:
        _one_barrier.reset(token)
        os.sync()


@contextlib.contextmanager
def atomic_file(path: Path, *, mode: int = PRIVATE_FILE) -> Iterator[BinaryIO]:
    """Write a file that appears whole or not at all.

    The bytes go to a hidden temporary file in the same folder, are flushed to the disk, and take the name in one step;
    the folder is flushed too. If the block raises, the temporary file is removed and what was there before stays.

    Args:
        path: the file to make or replace; its folder is made where missing.
        mode: its permissions.

    Yields:
        The temporary file, open for writing.

    Raises:
        ZoneError: the disk is full or the folder cannot be written.
    """
    make_private(path.parent)
    temporary = path.with_name(f".{path.name[:120]}.{secrets.token_hex(8)}{_TEMPORARY_SUFFIX}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fchmod(file.fileno(), mode)
            if not _one_barrier.get():
                os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise ZoneError(
            f"{path.parent}: {(error.strerror or str(error)).lower()}; nothing was written"
        ) from None
    finally:
        temporary.unlink(missing_ok=True)
    sync_directory(path.parent)


def write_atomic(path: Path, data: bytes, *, mode: int = PRIVATE_FILE) -> None:
    """Write `data` to `path` as `atomic_file` does."""
    with atomic_file(path, mode=mode) as file:
        file.write(data)


def create_exclusive(path: Path, data: bytes) -> bool:
    """Make a private file that appears whole, unless there is one already.

    Returns:
        False if another process was first; its file stays.

    Raises:
        ZoneError: the disk is full or the folder cannot be written.
    """
    staged = path.with_name(f".{path.name}.{secrets.token_hex(8)}.new{_TEMPORARY_SUFFIX}")
    write_atomic(staged, data)
    try:
        os.link(staged, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links; whoever holds the run lock is alone here
        if path.exists():
            return False
        staged.replace(path)
    finally:
        staged.unlink(missing_ok=True)
        sync_directory(path.parent)
    return True


def remove(path: Path) -> None:
    """Remove a file for good: its name is off the disk when this returns. A missing file is no error."""
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
        sync_directory(path.parent)


def make_private(directory: Path) -> None:
    """Make a folder and its missing parents with mode 0700; those that exist keep theirs."""
    missing = []
    while not directory.exists():
        missing.append(directory)
        directory = directory.parent
    for one in reversed(missing):
        one.mkdir(mode=PRIVATE_DIR, exist_ok=True)
        sync_directory(one.parent)


def sync_directory(directory: Path) -> None:
    """Flush a folder's entries, so that a rename or removal in it outlives a power cut."""
    if _one_barrier.get():
        return
    with contextlib.suppress(FileNotFoundError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
