"""Rare work on a home: another master key, and clearing a restored backup.

    python -m orchestration.maintenance rotate /etc/koe/master-2027.key
    python -m orchestration.maintenance restored

Belongs here: what an operator does by hand a few times a year (docs/operations.md). Does not: anything of a night.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from orchestration.certificates import Certificates
from orchestration.erasure import Erasure, ErasureReport
from orchestration.guard import PlainError
from orchestration.keyring import Keyring, Pseudonymiser
from orchestration.locks import run_lock
from orchestration.master_key import load_master_key, make_master_key_file
from orchestration.settings import Settings
from orchestration.vault import Vault
from orchestration.zones import Zones


def rotate(zones: Zones, new_key_file: Path) -> int:
    """Wrap all keys by the master key of another file, which is made where missing.

    The environment names the old master key. Interrupted, the same call completes it.

    Args:
        zones: the home.
        new_key_file: where the new master key is, or will be.

    Returns:
        The number of keys wrapped anew.

    Raises:
        MasterKeyError: a master key cannot be had.
        KeyringError: keys are wrapped by neither.
    """
    with run_lock(zones):
        return Keyring(zones, load_master_key(zones)).rotate(make_master_key_file(new_key_file))


def restored(zones: Zones, now: datetime) -> ErasureReport:
    """Erase again what a restored backup has brought back.

    Args:
        zones: the home.
        now: the time, with its zone.

    Returns:
        What was erased; a purge should follow.
    """
    with run_lock(zones):
        keyring = Keyring.open(zones)
        vault = Vault(zones, keyring)
        return Erasure(zones, vault, Pseudonymiser(keyring), Certificates(zones, keyring)).reapply(now)


def main(arguments: list[str] | None = None) -> int:
    """Run one of the two from a command line.

    Returns:
        The exit code: 0, or 2 with one line of what is wrong.
    """
    parser = argparse.ArgumentParser(prog="python -m orchestration.maintenance", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    rotation = commands.add_parser("rotate", help="wrap all keys by the master key in NEW_KEY_FILE")
    rotation.add_argument("new_key_file", type=Path)
    commands.add_parser("restored", help="erase again what a restored backup has brought back")
    chosen = parser.parse_args(arguments)
    zones = Zones(Settings.from_environment().home)
    try:
        zones.require()
        if chosen.command == "rotate":
            count = rotate(zones, chosen.new_key_file)
            told = f"{count} keys are wrapped by {chosen.new_key_file}; set KOE_MASTER_KEY_FILE to it"
        else:
            report = restored(zones, datetime.now(UTC))
            told = f"{sum(report.rows.values())} rows erased again; run koe purge and then koe run"
    except PlainError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{told}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
