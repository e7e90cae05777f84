"""A PostgreSQL server of one's own for the tests that publish into one or read from it over a driver."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

INSTALLED = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: int(p.parts[4]))
LOADER, READER, PERSON = "koe_loader", "koe_reader", "tanaka"


@dataclass(frozen=True)
class Server:
    """A running server: its port, and the password that all its roles have."""

    port: int
    password: str

    def dsn(self, role: str, database: str = "koe") -> str:
        return f"host=127.0.0.1 port={self.port} dbname={database} user={role}"

    def connect(self, role: str, database: str = "koe") -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self.dsn(role, database), password=self.password, autocommit=True)


def wait_for(server: Server, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, "the server ended while it was starting"
        try:
            server.connect("postgres", "postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the server did not start in 30 seconds")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A server on a free port of this machine, with a database, a role that loads and one that reads."""
    if not INSTALLED:
        pytest.skip(
            "NO POSTGRESQL: publication into a server was not tested (Debian: apt-get install postgresql)"
        )
    folder = Path(tempfile.mkdtemp(prefix="koe-postgres-"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = Server(free.getsockname()[1], secrets.token_hex(12))
    password = folder / "password"
    password.write_text(server.password)
    # The server refuses to run as root; CI does.
    owner = pwd.getpwnam("postgres") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    for path in (folder, password):
        os.chown(path, owner.pw_uid, owner.pw_gid)
    who = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    programs, data = INSTALLED[-1].parent, folder / "data"
    initdb = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "scram-sha-256", f"--pwfile={password}", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]  # fmt: skip
    subprocess.run([str(x) for x in initdb], check=True, capture_output=True, cwd=folder, **who)
    start = [programs / "postgres", "-D", data, "-k", folder, "-h", "127.0.0.1", "-p", server.port, "-c", "fsync=off"]  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([str(x) for x in start], stdout=log, stderr=log, cwd=folder, **who)
    try:
        wait_for(server, process)
        with server.connect("postgres", "postgres") as con:
            for role in (LOADER, READER, PERSON):
                con.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{server.password}'")
            con.execute(f"CREATE DATABASE koe OWNER {LOADER}")
        yield server
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)
