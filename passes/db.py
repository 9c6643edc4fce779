"""The database: an engine for either size, read and write transactions, types.

SQLite and PostgreSQL differ in how a transaction begins and in which types they
know; every such difference is here and nowhere else.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Engine,
    Integer,
    MetaData,
    Table,
    Text,
    create_engine,
    event,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import Insert as PostgresqlInsert
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.types import TypeDecorator, TypeEngine

from passes.errors import BusyError
from passes.turns import Turns

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_BUSY_MS = 5_000
# Deadlock, serialization failure, lock not available.
_CONTENTION = {"40P01", "40001", "55P03"}
_ATTEMPTS = 4

_CONNECTION = "palier.connection"
_KNOWN = "palier.known"

_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

T = TypeVar("T")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time: timestamptz, or microseconds since 1970 in SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of column that *dialect* keeps times in."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Integer())
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(
        self, value: datetime | None, dialect: Dialect
    ) -> object | None:
        """Refuse a naive time; turn the others into what the column keeps."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        if dialect.name == "sqlite":
            return (value - _EPOCH) // _MICROSECOND
        return value

    def process_result_value(
        self, value: object | None, dialect: Dialect
    ) -> datetime | None:
        """Return the stored time in UTC."""
        if isinstance(value, int):
            return _EPOCH + value * _MICROSECOND
        return value.astimezone(UTC) if isinstance(value, datetime) else None


class Json(TypeDecorator[object]):
    """A JSON document: jsonb, or text in SQLite (whose strict tables know no JSON)."""

    impl = JSONB
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of column that *dialect* keeps documents in."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Text())
        return dialect.type_descriptor(JSONB())

    def process_bind_param(self, value: object, dialect: Dialect) -> object:
        """Write the document as text where the column is text."""
        if dialect.name == "sqlite" and value is not None:
            return _compact(value)
        return value

    def process_result_value(self, value: object, dialect: Dialect) -> object:
        """Return the document."""
        return json.loads(value) if isinstance(value, str) else value


class Flag(TypeDecorator[bool]):
    """True or false; 1 or 0 in SQLite, whose strict tables know no booleans."""

    impl = Boolean
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of column that *dialect* keeps flags in."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Integer())
        return dialect.type_descriptor(Boolean())

    def process_result_value(self, value: object, dialect: Dialect) -> bool | None:
        """Return the flag."""
        return None if value is None else bool(value)


Id = BigInteger().with_variant(Integer(), "sqlite")
"""A 64-bit whole number, fit for a primary key on both engines."""


class Base(DeclarativeBase):
    """The root of every table, whichever package it belongs to."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012  (read once by SQLAlchemy)
        int: Id,
        str: Text(),
        bool: Flag(),
        datetime: UtcDateTime(),
    }


@event.listens_for(Table, "after_parent_attach")
def _strict(table: Table, _: object) -> None:
    if table.metadata is Base.metadata:
        table.dialect_options["sqlite"]["strict"] = True


class Sessions:
    """Opens sessions on one engine: *reader* takes snapshots, *writer* changes.

    *reading* is the engine that begins snapshots, for reads without a session.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        if engine.dialect.name == "sqlite":
            reading = engine.execution_options(palier_snapshot=True)
        else:
            reading = engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        self.reading = reading
        shared: dict[Any, Any] = {_KNOWN: {}}
        self.reader = sessionmaker(
            reading, expire_on_commit=False, autoflush=False, info=shared
        )
        self.writer = sessionmaker(engine, expire_on_commit=False, info=shared)
        # SQLite lets its writers poll for the one lock, and under load some of them
        # starve; those of one process come one after the other instead.
        self.turns = Turns() if engine.dialect.name == "sqlite" else None


def open_engine(url: str | URL, *, pool_size: int = 20) -> Engine:
    """Return an engine for *url*; nothing is connected yet.

    SQLite: write-ahead log, full synchronisation, foreign keys on, and a file that
    its owner alone can read. PostgreSQL: waits for a lock end after five seconds.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed, pool_size)
    return create_engine(
        parsed,
        pool_size=pool_size,
        max_overflow=0,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            "options": f"-c lock_timeout={_BUSY_MS} -c timezone=UTC",
            "connect_timeout": 5,
        },
    )


def _open_sqlite(url: URL, pool_size: int) -> Engine:
    if url.database:
        path = Path(url.database)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        # An error that is logged must not tell whom it was about.
        hide_parameters=True,
        connect_args={"check_same_thread": False, "timeout": _BUSY_MS / 1000},
    )
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _configure_sqlite(connection: DBAPIConnection, _: object) -> None:
    # The driver must not begin transactions by itself: _begin_sqlite does.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout={_BUSY_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "trusted_schema=OFF",
        "cache_size=-16000",
    ):
        connection.execute(f"PRAGMA {pragma}")
    (synchronous,) = connection.execute("PRAGMA synchronous").fetchone()
    if synchronous != 2:  # noqa: PLR2004  (2 is FULL)
        raise sqlite3.OperationalError("this SQLite does not synchronise fully")


def _begin_sqlite(connection: Connection) -> None:
    if connection.get_execution_options().get("palier_snapshot"):
        # Straight to the driver: it waits for no lock, so there is nothing to refuse.
        connection.connection.cursor().execute("BEGIN")
    else:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def read(sessions: Sessions) -> Iterator[Session]:
    """Give a session on one snapshot of the database; it changes nothing."""
    with sessions.reader() as session:
        yield session


@contextmanager
def write(sessions: Sessions) -> Iterator[Session]:
    """Give a session whose work is committed at the end, or not at all.

    Raises:
        BusyError: the database could not be had in time, or another transaction
            won; nothing was changed.
    """
    try:
        with _in_turn(sessions), sessions.writer.begin() as session:
            session.info[_CONNECTION] = session.connection()
            yield session
    except DBAPIError as error:
        if _contended(error):
            raise BusyError from error
        raise


def connection(session: Session) -> Connection:
    """Return the connection that the session's transaction is on.

    In a session that `write` gave, it is at hand; another one is asked for it.
    """
    found: Connection | None = session.info.get(_CONNECTION)
    # A flush that failed has rolled back: the session is asked, and says so.
    if found is None or not found.in_transaction():
        return session.connection()
    return found


def known(session: Session, name: str) -> dict[Any, Any]:
    """Return what all sessions of one `Sessions` remember under *name*.

    It is for rows that never change once they are committed.
    """
    found: dict[Any, Any] = session.info.setdefault(_KNOWN, {}).setdefault(name, {})
    return found


def transact(sessions: Sessions, work: Callable[[Session], T]) -> T:
    """Run *work* in a write transaction, again from the start when another won.

    Raises:
        BusyError: it lost every time.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            with write(sessions) as session:
                return work(session)
        except BusyError as error:
            if _locked(error.__cause__):
                raise
    with write(sessions) as session:
        return work(session)


@contextmanager
def _in_turn(sessions: Sessions) -> Iterator[None]:
    if sessions.turns is None:
        yield
        return
    if not sessions.turns.take(_BUSY_MS / 1000):
        raise BusyError
    try:
        yield
    finally:
        sessions.turns.end()


def insert_new(
    session: Session, table: type[Base] | Table, *returning: Column[Any]
) -> SqliteInsert | PostgresqlInsert:
    """Return an INSERT that leaves a row alone that is there already.

    It gives the columns *returning* of a row that was written.
    """
    return _insert_new(session.get_bind().dialect.name, table, returning)


def inserting(
    dialect: str, table: type[Base] | Table
) -> SqliteInsert | PostgresqlInsert:
    """Return an INSERT that can say what to do about a row that is there already."""
    return sqlite_insert(table) if dialect == "sqlite" else postgresql_insert(table)


@cache
def _insert_new(
    dialect: str, table: type[Base] | Table, returning: tuple[Column[Any], ...]
) -> SqliteInsert | PostgresqlInsert:
    statement = inserting(dialect, table).on_conflict_do_nothing()
    if not returning:
        return statement
    return cast("SqliteInsert | PostgresqlInsert", statement.returning(*returning))


def _contended(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", None) in _CONTENTION or _locked(error)


def _locked(error: BaseException | None) -> bool:
    """Tell whether the wait for a lock was already spent, so that another is vain."""
    if error is None:
        return True
    if not isinstance(error, OperationalError):
        return False
    return (
        "database is locked" in str(error.orig)
        or getattr(error.orig, "sqlstate", None) == "55P03"
    )
