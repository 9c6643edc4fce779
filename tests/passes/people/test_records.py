"""Consents, the team and the audit log."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from passes import db
from passes.db import Sessions
from passes.people import audit, consent
from passes.people.actor import SYSTEM
from passes.people.consent import Purpose
from tests.makers import NOON, STAFF, make_programme, make_shop


def answer(session: Session, member_id: int, *, granted: bool) -> None:
    """Record one answer about offers by e-mail."""
    consent.record(
        session,
        member_id,
        Purpose.EMAIL_OFFERS,
        granted=granted,
        text_version="2026-11",
        source="join",
        at=NOON,
    )
    session.flush()


def test_the_last_answer_counts(session: Session) -> None:
    member = make_shop(session).member
    answer(session, member.id, granted=True)
    answer(session, member.id, granted=False)

    assert consent.current(session, member.id) == {Purpose.EMAIL_OFFERS: False}


def test_who_was_never_asked_has_no_answer(session: Session) -> None:
    assert consent.current(session, make_shop(session).member.id) == {}


def record(session: Session, programme_id: int, seconds: int) -> None:
    """Write one act, some seconds after noon."""
    at = NOON + timedelta(seconds=seconds)
    audit.record(
        session, STAFF, "card.earn", "card:x", programme_id=programme_id, at=at
    )
    session.flush()


def test_only_settled_records_are_sealed(session: Session) -> None:
    programme = make_programme(session)
    for seconds in (0, 10, 20):
        record(session, programme.id, seconds)

    assert audit.seal(session, NOON, NOON + timedelta(seconds=15)) == 2
    assert audit.seal(session, NOON, NOON + timedelta(seconds=15)) == 0
    assert audit.seal(session, NOON, NOON + timedelta(hours=1)) == 1
    assert audit.verify(session) == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_record SET actor = 'account:7' WHERE id = 2",
        "DELETE FROM audit_record WHERE id = 2",
        "UPDATE audit_seal SET hash = 'x' WHERE id = 1",
    ],
)
def test_a_changed_record_is_named(sessions: Sessions, change: str) -> None:
    with db.write(sessions) as session:
        programme = make_programme(session)
        for seconds in range(3):
            record(session, programme.id, seconds)
        audit.seal(session, NOON, NOON + timedelta(hours=1))
    with sessions.engine.begin() as connection:
        if sessions.engine.dialect.name == "sqlite":
            for table in ("audit_record", "audit_seal"):
                for act in ("update", "delete"):
                    connection.execute(text(f"DROP TRIGGER {table}_no_{act}"))
        else:
            for table in ("audit_record", "audit_seal"):
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
        connection.execute(text(change))

    with db.read(sessions) as session:
        (broken,) = audit.verify(session)
    assert (broken.first_id, broken.last_id) == (1, 3)


def test_palier_itself_can_be_the_author() -> None:
    assert SYSTEM.name == "system:palier"
