"""Transactions, types and what makes them durable, on both engines."""

import stat
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.orm import Session

from passes import db
from passes.db import Sessions
from passes.errors import BusyError
from passes.programmes.programme import Programme
from tests.makers import NOON, make_programme


def test_a_time_comes_back_in_utc_to_the_microsecond(session: Session) -> None:
    exact = datetime(2026, 3, 29, 1, 59, 59, 999_999, tzinfo=UTC)
    make_programme(session, at=exact)
    session.expire_all()

    assert session.scalar(select(Programme.created_at)) == exact
    assert session.scalar(select(Programme.created_at)).tzinfo is UTC  # type: ignore[union-attr]


def test_a_time_elsewhere_is_the_same_moment(session: Session) -> None:
    there = NOON.astimezone(timezone(timedelta(hours=-5)))
    make_programme(session, at=there)
    session.expire_all()

    assert session.scalar(select(Programme.created_at)) == NOON


def test_a_naive_time_is_refused(session: Session) -> None:
    with pytest.raises(StatementError, match="without a zone"):
        make_programme(session, at=NOON.replace(tzinfo=None))


def test_a_refused_transaction_leaves_nothing(sessions: Sessions) -> None:
    def fail() -> None:
        with db.write(sessions) as session:
            make_programme(session)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    with db.read(sessions) as session:
        assert session.scalar(select(Programme.id)) is None


def test_a_reader_sees_one_moment(sessions: Sessions) -> None:
    with db.write(sessions) as session:
        make_programme(session)

    with db.read(sessions) as reader:
        first = reader.execute(text("SELECT count(*) FROM programme")).scalar()
        with db.write(sessions) as session:
            make_programme(session, "other")
        second = reader.execute(text("SELECT count(*) FROM programme")).scalar()

    assert (first, second) == (1, 1)


def test_a_reader_cannot_lose_a_write_unnoticed(sessions: Sessions) -> None:
    if sessions.engine.dialect.name == "sqlite":
        with db.read(sessions) as session:
            make_programme(session)
        with db.read(sessions) as session:
            assert session.scalar(select(Programme.id)) is None
    else:
        with pytest.raises(DBAPIError, match="read-only"), db.read(sessions) as session:
            make_programme(session)


def test_the_loser_of_a_deadlock_starts_again(sessions: Sessions) -> None:
    with db.write(sessions) as session:
        for slug in ("a", "b"):
            make_programme(session, slug)
    attempts: list[str] = []
    together = threading.Barrier(2)

    def swap(first: str, second: str) -> None:
        def work(session: Session) -> None:
            again = attempts.count(first) > 0
            attempts.append(first)
            _touch(session, first)
            if not again and sessions.engine.dialect.name != "sqlite":
                together.wait(5)
            _touch(session, second)

        db.transact(sessions, work)

    threads = [
        threading.Thread(target=swap, args=order) for order in (("a", "b"), ("b", "a"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    with db.read(sessions) as session:
        names = session.scalars(select(Programme.name).order_by(Programme.slug)).all()
    assert names == ["Café a!!", "Café b!!"]


def _touch(session: Session, slug: str) -> None:
    session.execute(
        text("UPDATE programme SET name = name || '!' WHERE slug = :slug"),
        {"slug": slug},
    )


def test_contention_is_told_as_busy(sessions: Sessions) -> None:
    error = BusyError()

    assert error.code == "busy"
    assert "Try again" in str(error)


def test_sqlite_synchronises_fully_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "palier.db"
    engine = db.open_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in (
                "journal_mode",
                "synchronous",
                "foreign_keys",
                "trusted_schema",
            )
        }
    engine.dispose()

    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "trusted_schema": 0,
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
