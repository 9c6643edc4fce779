"""One key moves points once: keys, answers, refusals, pruning."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from passes import db
from passes.db import Sessions
from passes.delivery import changes
from passes.errors import CardVoidError, ConflictError, InvalidError
from passes.loyalty.entry import Note
from tests.makers import NOON, make_programme
from web import idempotency
from web.idempotency import (
    Answer,
    Asked,
    KeyMalformedError,
    KeyMissingError,
    KeyReusedError,
    Work,
)
from web.tables import GivenAnswer

ASKED = Asked("a-key", idempotency.fingerprint("POST", "/earn", b"{}"))
OTHER = Asked("a-key", idempotency.fingerprint("POST", "/earn", b"{1}"))


def refusal(error: ConflictError) -> Answer:
    return Answer(409, error.code.encode())


def done(_: Session) -> Answer:
    return Answer(201, b"done")


def answered(session: Session, asked: Asked = ASKED, work: Work = done) -> Answer:
    return idempotency.answer(session, 1, asked, work, at=NOON)


def once(sessions: Sessions, work: Work, asked: Asked = ASKED) -> Answer:
    """Do *work* as requests do it, each in a transaction of its own."""
    return idempotency.once(
        lambda work: changes.transact(sessions, (), NOON, lambda: None, work),
        lambda _: 1,
        asked,
        work,
        refused=refusal,
        at=NOON,
    )


@pytest.fixture
def session(sessions: Sessions) -> Iterator[Session]:
    """A transaction in a database with one programme."""
    with db.write(sessions) as opened:
        assert make_programme(opened).id == 1
        yield opened


@pytest.fixture
def shop(sessions: Sessions) -> Sessions:
    """A database with one programme."""
    with db.write(sessions) as opened:
        assert make_programme(opened).id == 1
    return sessions


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("8e03978e-40d5", "8e03978e-40d5"),
        ('"8e03978e-40d5"', "8e03978e-40d5"),
        (" padded ", "padded"),
        (r'"with \"quotes\" and \\"', r'with "quotes" and \ '.strip()),
        ('inner"quote', 'inner"quote'),
        ("k" * 255, "k" * 255),
    ],
)
def test_a_key_is_the_same_bare_and_quoted(written: str, key: str) -> None:
    assert idempotency.read_key(written) == key


@pytest.mark.parametrize("written", [None, "", "   "])
def test_a_missing_key_is_refused(written: str | None) -> None:
    with pytest.raises(KeyMissingError):
        idempotency.read_key(written)


@pytest.mark.parametrize(
    "written", ["k" * 256, "é", "a\x00b", "a\tb", '"open', '""', '"a"b"', "\x7f"]
)
def test_a_key_that_is_none_is_refused(written: str) -> None:
    with pytest.raises(KeyMalformedError):
        idempotency.read_key(written)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("PUT", "/a", b"1"), ("POST", "/b", b"1"), ("POST", "/a", b"2")],
)
def test_another_request_has_another_fingerprint(
    method: str, path: str, body: bytes
) -> None:
    first = idempotency.fingerprint("POST", "/a", b"1")

    assert idempotency.fingerprint(method, path, body) != first


def test_the_first_answer_comes_again(session: Session) -> None:
    answered(session)

    again = answered(session, work=lambda _: Answer(201, b"done twice"))

    assert again == Answer(201, b"done", given_at=NOON)


def test_another_request_with_the_key_is_refused(session: Session) -> None:
    answered(session)

    with pytest.raises(KeyReusedError):
        answered(session, OTHER)


def test_a_refusal_is_kept_and_its_work_undone(shop: Sessions) -> None:
    def refuse(session: Session) -> Answer:
        session.add(Note(movement="m", salt="s", text="t"))
        session.flush()
        session.add(Note(movement="n", salt="s", text="not yet written"))
        changes.note(session, 7, changes.Priority.INTERACTIVE)
        raise CardVoidError

    assert once(shop, refuse) == Answer(409, b"card_void")
    assert once(shop, done) == Answer(409, b"card_void", given_at=NOON)
    with db.read(shop) as session:
        assert session.scalar(select(func.count()).select_from(Note)) == 0


def test_a_request_that_was_answered_before_a_refusal_was_kept_has_the_word(
    shop: Sessions,
) -> None:
    def refuse(_: Session) -> Answer:
        raise CardVoidError

    tried: list[int] = []

    def transact(work: Work) -> Answer:
        # Between the refusal and its keeping, the same request comes again.
        if tried:
            once(shop, done)
        tried.append(1)
        return changes.transact(shop, (), NOON, lambda: None, work)

    given = idempotency.once(
        transact, lambda _: 1, ASKED, refuse, refused=refusal, at=NOON
    )

    assert given == Answer(201, b"done", given_at=NOON)


def test_another_kind_of_failure_leaves_the_key_free(shop: Sessions) -> None:
    def fail(_: Session) -> Answer:
        raise InvalidError("amount", "Use more.")

    with pytest.raises(InvalidError):
        once(shop, fail)

    assert once(shop, done) == Answer(201, b"done")


def test_an_answer_about_a_person_can_be_replaced(session: Session) -> None:
    answered(session, work=lambda _: Answer(201, b"Anna", subject="member:1"))

    idempotency.forget(session, 1, "member:1", Answer(410, b"erased"))

    assert answered(session) == Answer(410, b"erased", given_at=NOON)


def test_answers_are_kept_for_thirty_days(session: Session) -> None:
    answered(session)

    assert idempotency.prune(session, NOON + timedelta(days=30)) == 0
    assert idempotency.prune(session, NOON + timedelta(days=30, seconds=1)) == 1
    assert session.scalar(select(func.count()).select_from(GivenAnswer)) == 0
