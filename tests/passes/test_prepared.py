"""Prepared statements give what SQLAlchemy gives, on both engines."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from sqlalchemy import (
    Executable,
    Table,
    bindparam,
    case,
    event,
    func,
    insert,
    literal,
    literal_column,
    select,
)
from sqlalchemy import update as updating
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.orm import Session

from passes import db
from passes.db import Sessions
from passes.people.audit import AuditRecord
from passes.prepared import Prepared
from passes.programmes.programme import Programme
from tests.makers import NOON, make_programme

LOG: Table = AuditRecord.metadata.tables["audit_record"]
SHOPS: Table = Programme.metadata.tables["programme"]
NAMES = ("at", "actor", "action", "subject", "facts", "programme_id")

WRITE = Prepared(insert(LOG).values({name: bindparam(name) for name in NAMES}))
READ = Prepared(
    select(LOG.c.id, LOG.c.at, LOG.c.facts, LOG.c.role)
    .where(LOG.c.actor == bindparam("actor"))
    .order_by(LOG.c.id)
)
SMALLEST = "-9223372036854775807 - 1"
EXACT = datetime(2026, 3, 29, 1, 59, 59, 999_999, tzinfo=UTC)


def act(**values: object) -> dict[str, object]:
    """Return the values of one record."""
    return {
        "at": EXACT,
        "actor": "key:1",
        "action": "card.earn",
        "subject": "card:x",
        "facts": {"points": 12, "é": [1, None]},
        "programme_id": None,
    } | values


def test_types_go_there_and_back(session: Session) -> None:
    WRITE.run(session.connection(), **act())

    row = READ.first(session.connection(), actor="key:1")

    assert row is not None
    assert (row.at, row.facts) == (EXACT, {"points": 12, "é": [1, None]})
    assert row.at.tzinfo is UTC
    assert row.role is None


def test_sqlalchemy_reads_what_was_written(session: Session) -> None:
    WRITE.run(session.connection(), **act())

    kept = session.scalars(select(AuditRecord)).one()

    assert (kept.at, kept.facts) == (EXACT, {"points": 12, "é": [1, None]})


def test_several_rows_are_written_and_read_in_order(session: Session) -> None:
    connection = session.connection()
    WRITE.many(connection, [act(subject=f"card:{n}") for n in range(3)])

    rows = READ.rows(connection, actor="key:1")

    assert [row.id for row in rows] == sorted(row.id for row in rows)
    assert len(rows) == 3
    assert READ.rows(connection, actor="nobody") == []
    assert READ.first(connection, actor="nobody") is None
    assert READ.scalar(connection, actor="nobody") is None
    assert READ.scalar(connection, actor="key:1") == rows[0].id


def test_it_tells_how_many_rows_it_touched(session: Session) -> None:
    make_programme(session)
    rename = Prepared(
        updating(SHOPS)
        .where(SHOPS.c.slug == bindparam("of"))
        .values(name=bindparam("name"), currency=literal("EUR"))
    )
    slug = session.scalars(select(Programme.slug)).one()

    assert rename.run(session.connection(), of=slug, name="Chez Léa") == 1
    assert rename.run(session.connection(), of="none", name="Chez Léa") == 0
    session.expire_all()
    assert session.scalars(select(Programme.name)).one() == "Chez Léa"


def test_each_engine_can_have_words_of_its_own(session: Session) -> None:
    def enter(dialect: str) -> Executable:
        new = db.inserting(dialect, SHOPS)
        row = [column.name for column in SHOPS.c if column.name != "id"]
        return (
            new.values({name: bindparam(name) for name in row})
            .on_conflict_do_nothing()
            .returning(SHOPS.c.id)
        )

    shop = make_programme(session)
    row: dict[str, object] = {
        column.name: getattr(shop, column.key)
        for column in SHOPS.c
        if column.name != "id"
    }

    again = Prepared(enter).first(session.connection(), **row)
    other = Prepared(enter).first(session.connection(), **row | {"slug": "other"})

    assert again is None
    assert other is not None
    assert other.id > shop.id


def test_it_begins_and_belongs_to_the_transaction(sessions: Sessions) -> None:
    def fail() -> None:
        with db.write(sessions) as session:
            WRITE.run(session.connection(), **act())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    with sessions.reading.connect() as connection:
        assert READ.rows(connection, actor="key:1") == []
        assert connection.in_transaction()


def test_what_the_database_refuses_is_raised_as_ever(session: Session) -> None:
    with pytest.raises(DBAPIError) as refused:
        WRITE.run(session.connection(), **act(actor=None, subject="card:secret"))

    assert "secret" not in str(refused.value).split("DETAIL")[0]
    assert "INSERT INTO audit_record" in str(refused.value)


def test_parameters_that_do_not_fit_are_named(session: Session) -> None:
    with pytest.raises(TypeError, match="action"):
        READ.rows(session.connection(), actor="key:1", action="card.earn")
    with pytest.raises(TypeError, match="actor"):
        READ.rows(session.connection())


def test_a_list_that_grows_is_refused(session: Session) -> None:
    growing = Prepared(
        select(LOG.c.id).where(LOG.c.id.in_(bindparam("ids", expanding=True)))
    )

    with pytest.raises(ValueError, match="not complete"):
        growing.rows(session.connection(), ids=[1])


def test_columns_of_one_name_go_by_their_place(session: Session) -> None:
    make_programme(session)
    both = Prepared(select(SHOPS.c.id, SHOPS.c.name, SHOPS.c.id.label("id")))

    first, name, second = both.rows(session.connection())[0]

    assert (first, name) == (second, session.scalars(select(Programme.name)).one())


def test_a_listener_hears_it_as_any_other_statement(session: Session) -> None:
    heard: list[str] = []
    connection = session.connection()

    def hear(_: object, __: object, statement: str, *___: object) -> None:
        heard.append(statement)

    event.listen(connection, "before_cursor_execute", hear)
    READ.rows(connection, actor="key:1")
    WRITE.many(connection, [act(), act(at=NOON)])

    assert [statement.split()[0] for statement in heard] == ["SELECT", "INSERT"]


def test_what_fails_while_it_is_read_is_raised_as_ever(session: Session) -> None:
    if session.get_bind().dialect.name != "sqlite":
        return  # PostgreSQL has computed every row before the first is read.
    WRITE.many(session.connection(), [act(), act(action="x")])
    failing = Prepared(
        select(
            case((LOG.c.action == "x", func.abs(literal_column(SMALLEST))), else_=1)
        ).order_by(LOG.c.id)
    )

    with pytest.raises(DBAPIError, match="overflow"):
        failing.rows(session.connection())


def test_nothing_is_written_after_a_flush_that_failed(sessions: Sessions) -> None:
    def swallow() -> None:
        with db.write(sessions) as session:
            make_programme(session)
            session.add(Programme(slug=None))
            with suppress(DBAPIError):
                session.flush()
            WRITE.run(db.connection(session), **act())

    with pytest.raises(InvalidRequestError):
        swallow()
