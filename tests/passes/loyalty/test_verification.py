"""Whatever is changed behind the ledger's back is found and named."""

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from passes import db
from passes.db import Sessions
from passes.loyalty import adjustments, purchases, undo, verification
from passes.loyalty.purchases import Till
from tests.makers import MANAGER, NOON, STAFF, make_shop

TAMPERING = {
    "the balance": "UPDATE card SET balance = balance + 1",
    "the status": "UPDATE card SET status_points = 7",
    "the tier": "UPDATE card SET tier = 2",
    "the amount of an entry": "UPDATE entry SET amount = 13 WHERE sequence = 1",
    "both sides of a movement": (
        "UPDATE entry SET amount = CASE WHEN amount > 0 THEN 13 ELSE -13 END"
        " WHERE movement = (SELECT movement FROM entry WHERE sequence = 1)"
        " AND unit = 'points'"
    ),
    "the author of an entry": "UPDATE entry SET actor = 'x' WHERE sequence = 2",
    "the explanation": "UPDATE entry SET explanation = '{}' WHERE sequence = 1",
    "an entry in the middle": "DELETE FROM entry WHERE sequence = 2",
    "the last entry": "DELETE FROM entry WHERE sequence = 5",
    "the programme's side": (
        "DELETE FROM entry WHERE id ="
        " (SELECT min(id) FROM entry WHERE account = 'issued')"
    ),
    "the reason": "UPDATE note SET text = 'Something else'",
    "the end of the chain": "UPDATE card SET chain = 'x'",
}


@pytest.fixture
def history(sessions: Sessions) -> Sessions:
    """A database in which one card earned, was adjusted and undone."""
    with db.write(sessions) as session:
        shop = make_shop(session)
        earned = purchases.earn(
            session, shop.programme, shop.card.id, Till(1250), actor=STAFF, at=NOON
        )
        adjustments.adjust(
            session,
            shop.programme,
            shop.card.id,
            40,
            reason="Welcome",
            actor=MANAGER,
            at=NOON,
        )
        undo.undo(
            session,
            shop.programme,
            earned.entries[0].public_id,
            actor=STAFF,
            at=NOON,
        )
    return sessions


def differences(sessions: Sessions) -> list[verification.Difference]:
    """Return what the verification finds."""
    with db.read(sessions) as session:
        return list(verification.verify(session))


def test_an_honest_history_has_no_difference(history: Sessions) -> None:
    assert differences(history) == []


@pytest.mark.parametrize("change", TAMPERING)
def test_a_change_behind_its_back_is_found(history: Sessions, change: str) -> None:
    behind_its_back(history.engine, lambda c: c.execute(text(TAMPERING[change])))

    assert differences(history) != []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET amount = 5",
        "DELETE FROM entry",
        "UPDATE audit_record SET actor = 'x'",
        "DELETE FROM audit_record",
        "UPDATE rules SET document = '{}'",
        "DELETE FROM design",
    ],
)
def test_the_database_itself_refuses(history: Sessions, statement: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"), db.write(history) as session:
        session.execute(text(statement))

    assert differences(history) == []


def test_one_source_is_written_once(history: Sessions) -> None:
    copied = (
        "INSERT INTO entry (public_id, movement, programme_id, account, unit, amount,"
        " kind, rule, source_type, source_id, rules_version, explanation, actor,"
        " occurred_at, recorded_at)"
        " SELECT 'other', movement, programme_id, account, unit, amount, kind, rule,"
        " source_type, source_id, rules_version, explanation, actor, occurred_at,"
        " recorded_at FROM entry WHERE account = 'issued' AND unit = 'points'"
        " AND kind = 'earn'"
    )

    with pytest.raises(DBAPIError), db.write(history) as session:
        session.execute(text(copied))


def behind_its_back(engine: Engine, change: Callable[[Connection], object]) -> None:
    """Make a change that the database would refuse, as its administrator could."""
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            for act in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER entry_no_{act}"))
        else:
            connection.execute(text("ALTER TABLE entry DISABLE TRIGGER ALL"))
        change(connection)
