"""Databases for tests: migrated once for a run, then as new for every test.

SQLite: the migrated file is copied. PostgreSQL: a database made from a migrated
template is emptied between tests, and made again when a test altered its schema;
emptying takes milliseconds where making one takes a quarter of a second.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

from passes import db, migrations

USUAL_SERVERS = (
    "postgresql+psycopg:///postgres",
    "postgresql+psycopg://127.0.0.1/postgres",
)

_EMPTY = """
SET session_replication_role = replica;
SET synchronous_commit = off;
DO $$
DECLARE
    kept text;
BEGIN
    FOR kept IN SELECT tablename FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    LOOP
        EXECUTE format('DELETE FROM public.%I', kept);
    END LOOP;
    PERFORM setval(seqrelid, seqstart, false) FROM pg_sequence;
END $$
"""

# Every DDL statement writes new versions of catalogue rows.
_SHAPE = """
SELECT md5(string_agg(named, ',' ORDER BY named)) FROM (
    SELECT 'c' || oid || '.' || xmin FROM pg_class
        WHERE relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT 't' || oid || '.' || xmin FROM pg_trigger
    UNION ALL
    SELECT 'f' || oid || '.' || xmin FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace
) AS shape(named)
"""


def migrated_sqlite(folder: Path) -> Path:
    """Return a SQLite file with the whole schema and no rows."""
    path = folder / "migrated.db"
    engine = db.open_engine(sqlite_url(path))
    migrations.upgrade(engine)
    engine.dispose()
    return path


def copied_sqlite(migrated: Path, folder: Path) -> str:
    """Return the address of a copy of *migrated* in *folder*."""
    path = folder / "palier.db"
    shutil.copyfile(migrated, path)
    path.chmod(0o600)
    return sqlite_url(path)


def sqlite_url(path: Path) -> str:
    """Return the address of the file at *path*."""
    return URL.create("sqlite", database=str(path)).render_as_string()


class PostgresqlServer:
    """A server on which databases may be made; *url* is its maintenance database."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self._names = f"palier_test_{os.getpid()}"
        self._template: str | None = None
        self._shape: str | None = None

    def answers(self) -> str | None:
        """Return why the server cannot be used, or nothing."""
        try:
            with self._connected():
                return None
        except psycopg.OperationalError as error:
            return str(error).strip()

    def fresh(self) -> str:
        """Return the address of the database, migrated and without rows."""
        name = f"{self._names}_rows"
        address = self._address(name)
        if self._template is None:
            self._template = self.create(f"{self._names}_template")
            engine = db.open_engine(self._address(self._template))
            migrations.upgrade(engine)
            engine.dispose()
        if self._shape is not None:
            self._let_go(name)
            with self._connected(name) as connection:
                if _shape(connection) == self._shape:
                    connection.execute(_EMPTY)
                    return address
        self.create(name, template=self._template)
        with self._connected(name) as connection:
            self._shape = _shape(connection)
        return address

    @contextmanager
    def blank(self) -> Iterator[str]:
        """Give the address of a database with nothing in it, and drop it after."""
        name = self.create(f"{self._names}_blank")
        try:
            yield self._address(name)
        finally:
            self._drop(name)

    def create(self, name: str, *, template: str = "template0") -> str:
        """Make the database *name*, in place of what bore that name."""
        self._drop(name)
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        with self._connected() as connection:
            connection.execute(
                made.format(sql.Identifier(name), sql.Identifier(template))
            )
        return name

    def close(self) -> None:
        """Drop every database that was made."""
        for kind in ("rows", "template", "blank"):
            self._drop(f"{self._names}_{kind}")

    def _drop(self, name: str) -> None:
        gone = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        with self._connected() as connection:
            connection.execute("SET client_min_messages = warning")
            connection.execute(gone.format(sql.Identifier(name)))

    def _let_go(self, name: str) -> None:
        # A server that a test has killed may still hold its locks.
        with self._connected() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = %s",
                [name],
            )

    def _address(self, name: str) -> str:
        return self.url.set(database=name).render_as_string(hide_password=False)

    @contextmanager
    def _connected(
        self, name: str | None = None
    ) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
        url = self.url.set(drivername="postgresql")
        if name is not None:
            url = url.set(database=name)
        plain = url.render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True, connect_timeout=5) as connection:
            yield connection


def find_server(asked: str | None) -> PostgresqlServer | str:
    """Return the server at *asked*, or else where they usually are, or why not."""
    reasons = []
    for url in [asked] if asked else USUAL_SERVERS:
        server = PostgresqlServer(url)
        reason = server.answers()
        if reason is None:
            return server
        reasons.append(f"{server.url!r}: {reason}")
    return "; ".join(reasons)


def _shape(connection: psycopg.Connection[tuple[object, ...]]) -> str:
    row = connection.execute(_SHAPE).fetchone()
    return str(row and row[0])
