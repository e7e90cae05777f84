"""The current release in PostgreSQL too, for BI tools that read a server better than a file. Off unless the policy names one.

Belongs here: copying a release's own tables, with comments and rights, and swapping them in. Does not: making a release
(`publish`), deciding whether it may go out (`gates.py`); what is copied has passed.

A release is built in a schema of its own and swapped in by renaming, in one transaction: readers see the whole earlier
release or the whole new one. Renaming waits for no reader, and rows are frozen as they are written, so that a reader in
the middle of a long transaction finds them too. The earlier schema is dropped afterwards, or by the next publication
where somebody still holds it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, LiteralString

import duckdb
import psycopg
from psycopg import sql

from orchestration import publish
from orchestration.publish import PublicationError

PASSWORD: Final = "KOE_POSTGRES_PASSWORD"  # noqa: S105  the name of a variable
CONNECT_SECONDS: Final = 10
LOCK_SECONDS: Final = 30
DROP_LOCK_SECONDS: Final = 2
STATEMENT_MINUTES: Final = 15
ROWS: Final = 10_000
RELEASE_TABLE: Final = "release"

_TYPES: Final[Mapping[str, LiteralString]] = {
    "VARCHAR": "text",
    "BIGINT": "bigint",
    "INTEGER": "integer",
    "DOUBLE": "double precision",
    "DATE": "date",
    "BOOLEAN": "boolean",
}
_VALUES: Final = frozenset({"22", "23"})
"""Classes of errors whose text quotes a value; that of others names objects."""
_MARK: Final = re.compile(r"Koe release (\S+)")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a release goes.

    Attributes:
        dsn: a libpq connection string without a password.
        schema: the schema that readers name.
        reader: the role that may read it; made by the database's owner.
        password: of the role that writes; None where libpq finds one by itself (.pgpass, a certificate, peer).
    """

    dsn: str
    schema: str
    reader: str
    password: str | None = None

    @classmethod
    def from_environment(cls, dsn: str, schema: str, reader: str) -> Target:
        """Take the password from the environment, KOE_POSTGRES_PASSWORD."""
        return cls(dsn, schema, reader, os.environ.get(PASSWORD) or None)

    def __repr__(self) -> str:
        """Name the schema alone: a target may hold a secret."""
        return f"Target(schema={self.schema!r})"


def put(release: Path, target: Target) -> bool:
    """Make a release the current one in PostgreSQL.

    Args:
        release: folder of a release.
        target: where to.

    Returns:
        False if it was there already.

    Raises:
        PublicationError: one line; the release that was there before is still the current one there.
    """
    manifest = publish.read_manifest(release)
    with _told(release.name, target), closing(_connect(target)) as connection:
        with connection.transaction():
            _limit(connection, LOCK_SECONDS)
            if _current(connection, target.schema) == release.name:
                return False
            _require_reader(connection, target.reader)
            _require_no_views(connection, target.schema)
            _build(connection, release, manifest, target)
            _swap(connection, target, release.name)
        with suppress(psycopg.Error):  # the release is out; what is left is swept next time
            _drop_earlier(connection, target.schema)
    return True


def _connect(target: Target) -> psycopg.Connection[tuple[Any, ...]]:
    given: dict[str, Any] = {"connect_timeout": CONNECT_SECONDS, "application_name": "koe"}
    given = {k: v for k, v in given.items() if k not in psycopg.conninfo.conninfo_to_dict(target.dsn)}
    if target.password:
        given["password"] = target.password
    return psycopg.connect(target.dsn, autocommit=True, **given)


@contextmanager
def _told(release_id: str, target: Target) -> Iterator[None]:
    """Turn a database's error into one line of ours: its own text may quote values or parts of the connection string."""
    try:
        yield
    except psycopg.Error as error:
        reason = _reason(error, target)
    else:
        return
    raise PublicationError(
        f"PostgreSQL did not take release {release_id}: {reason}; the earlier release stays current there"
    )


def _reason(error: psycopg.Error, target: Target) -> str:
    if error.sqlstate:
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__).lower()
        told = "" if error.sqlstate[:2] in _VALUES else f": {error.diag.message_primary}"
        return f"{words} ({error.sqlstate}){told}"
    if isinstance(error, psycopg.OperationalError):
        text = " ".join(str(error).split())
        return text.replace(target.password, "…") if target.password else text
    return type(error).__name__


def _limit(connection: psycopg.Connection[tuple[Any, ...]], lock_seconds: int) -> None:
    connection.execute(f"SET LOCAL lock_timeout = '{lock_seconds}s'")
    connection.execute(f"SET LOCAL statement_timeout = '{STATEMENT_MINUTES}min'")


def _current(connection: psycopg.Connection[tuple[Any, ...]], schema: str) -> str | None:
    row = connection.execute(
        "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %s", [schema]
    ).fetchone()
    found = _MARK.match(row[0] or "") if row else None
    if row and not found:
        raise PublicationError(
            f"PostgreSQL has a schema {schema} that Koe did not make; name another one as publish.postgres_schema"
        )
    return found[1] if found else None


def _require_reader(connection: psycopg.Connection[tuple[Any, ...]], reader: str) -> None:
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [reader]).fetchone():
        raise PublicationError(
            f"PostgreSQL has no role {reader} to read the release; its owner makes it: CREATE ROLE {reader} NOLOGIN"
        )


def _require_no_views(connection: psycopg.Connection[tuple[Any, ...]], schema: str) -> None:
    """Refuse while a view of somebody reads our tables: it would follow them out of the schema and show old numbers."""
    row = connection.execute(
        """SELECT format('%%I.%%I', n.nspname, v.relname)
        FROM pg_depend d
        JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
        JOIN pg_class v ON v.oid = r.ev_class
        JOIN pg_namespace n ON n.oid = v.relnamespace
        JOIN pg_class t ON d.refclassid = 'pg_class'::regclass AND t.oid = d.refobjid
        JOIN pg_namespace m ON m.oid = t.relnamespace
        WHERE m.nspname = %s AND v.oid <> t.oid ORDER BY 1 LIMIT 1""",
        [schema],
    ).fetchone()
    if row:
        raise PublicationError(
            f"PostgreSQL keeps its earlier release: the view {row[0]} reads its tables and would stay with old numbers; drop it, and make it anew afterwards"
        )


def _next(schema: str) -> str:
    return f"{schema}_next"


def _build(
    connection: psycopg.Connection[tuple[Any, ...]],
    release: Path,
    manifest: Mapping[str, Any],
    target: Target,
) -> None:
    schema = sql.Identifier(_next(target.schema))
    connection.execute(sql.SQL("CREATE SCHEMA {}").format(schema))
    with closing(duckdb.connect(str(release / publish.DATABASE), read_only=True)) as marts:
        comments = _comments(marts)
        for mart in manifest["marts"]:
            table = sql.Identifier(_next(target.schema), mart["name"])
            _create(connection, table, mart["name"], mart["columns"])
            _copy(connection, table, marts, mart["name"], int(mart["rows"]))
            _comment(connection, table, mart["columns"], comments.get(mart["name"], {}))
            connection.execute(sql.SQL("ANALYZE {}").format(table))
    table = sql.Identifier(_next(target.schema), RELEASE_TABLE)
    connection.execute(sql.SQL("CREATE TABLE {} (release_id text, published_on date)").format(table))
    connection.execute(
        sql.SQL("INSERT INTO {} VALUES (%s, %s)").format(table),
        [manifest["release_id"], manifest["published_at"][:10]],
    )


def _create(
    connection: psycopg.Connection[tuple[Any, ...]],
    table: sql.Identifier,
    name: str,
    columns: Mapping[str, str],
) -> None:
    unknown = [f"{name}.{c} ({t})" for c, t in columns.items() if t not in _TYPES]
    if unknown:
        raise PublicationError(f"PostgreSQL: no type is known for {', '.join(unknown)}")
    defined = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(c), sql.SQL(_TYPES[t])) for c, t in columns.items()
    )
    connection.execute(sql.SQL("CREATE TABLE {} ({})").format(table, defined))


def _copy(
    connection: psycopg.Connection[tuple[Any, ...]],
    table: sql.Identifier,
    marts: duckdb.DuckDBPyConnection,
    name: str,
    expected: int,
) -> None:
    reader = marts.execute(f'SELECT * FROM "{name}"')  # noqa: S608  a table of the release
    with connection.cursor() as cursor:
        with cursor.copy(sql.SQL("COPY {} FROM STDIN WITH (FREEZE)").format(table)) as copy:
            while chunk := reader.fetchmany(ROWS):
                for row in chunk:
                    copy.write_row(row)
        if cursor.rowcount != expected:
            raise PublicationError(
                f"PostgreSQL took {cursor.rowcount} of {expected} rows of {name}; the earlier release stays current there"
            )


def _comments(marts: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """Comments of the release by table, by column ("" for the table itself)."""
    found: dict[str, dict[str, str]] = {}
    for query in (
        "SELECT table_name, '', comment FROM duckdb_tables() WHERE comment IS NOT NULL",
        "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE comment IS NOT NULL",
    ):
        for table, column, comment in marts.execute(query).fetchall():
            found.setdefault(table, {})[column] = comment
    return found


def _comment(
    connection: psycopg.Connection[tuple[Any, ...]],
    table: sql.Identifier,
    columns: Mapping[str, str],
    comments: Mapping[str, str],
) -> None:
    if "" in comments:
        connection.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(table, sql.Literal(comments[""])))
    for column in columns:
        if column in comments:
            connection.execute(
                sql.SQL("COMMENT ON COLUMN {}.{} IS {}").format(
                    table, sql.Identifier(column), sql.Literal(comments[column])
                )
            )


def _swap(connection: psycopg.Connection[tuple[Any, ...]], target: Target, release_id: str) -> None:
    after, name, reader = (sql.Identifier(x) for x in (_next(target.schema), target.schema, target.reader))
    earlier = _current(connection, target.schema)
    if earlier:
        was = sql.Identifier(_was(target.schema, earlier))
        connection.execute(sql.SQL("REVOKE ALL ON SCHEMA {} FROM {}").format(name, reader))
        connection.execute(sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(name, was))
    connection.execute(sql.SQL("ALTER SCHEMA {} RENAME TO {}").format(after, name))
    connection.execute(
        sql.SQL("COMMENT ON SCHEMA {} IS {}").format(name, sql.Literal(f"Koe release {release_id}"))
    )
    for rights in (
        "REVOKE ALL ON SCHEMA {} FROM PUBLIC",
        "REVOKE ALL ON ALL TABLES IN SCHEMA {} FROM PUBLIC",
    ):
        connection.execute(sql.SQL(rights).format(name))
    connection.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(name, reader))
    connection.execute(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA {} TO {}").format(name, reader))


def _was(schema: str, release_id: str) -> str:
    return f"{schema}_was_{re.sub('[^a-z0-9]', '_', release_id.lower())}"


def _drop_earlier(connection: psycopg.Connection[tuple[Any, ...]], schema: str) -> None:
    """Drop earlier releases, each by itself; one that a reader still holds stays for the next publication."""
    names = connection.execute(
        """SELECT nspname FROM pg_namespace
        WHERE starts_with(nspname, %s) AND obj_description(oid, 'pg_namespace') LIKE 'Koe release %%' ORDER BY 1""",
        [f"{schema}_was_"],
    ).fetchall()
    for (name,) in names:
        with suppress(psycopg.Error), connection.transaction():
            _limit(connection, DROP_LOCK_SECONDS)
            tables = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = %s", [name]
            ).fetchall()
            for (table,) in tables:
                connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name, table)))
            connection.execute(sql.SQL("DROP SCHEMA {}").format(sql.Identifier(name)))
