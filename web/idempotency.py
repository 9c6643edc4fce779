"""Idempotency: one key moves points once, however often it is sent.

The answer to a key is a row of the very transaction that did the work, so that
neither can be there without the other. A second request with the key waits in the
database for the first one: on PostgreSQL at the unique key, on SQLite for the only
write transaction; after five seconds it is told to come back (`BusyError`).
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import (
    CursorResult,
    Executable,
    Table,
    and_,
    bindparam,
    delete,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import Session

from passes import db, prepared
from passes.errors import BusyError, ConflictError, InvalidError, PassesError
from passes.prepared import Prepared
from web.tables import GivenAnswer

HEADER = "Idempotency-Key"
KEPT = timedelta(days=30)
"""How long an answer is given again; a till's queue may come back that late."""

BATCH = 1_000
"""How many answers are dropped at a time."""

_WRITTEN = re.compile(r"[\x20-\x7e]{1,255}")
_QUOTED = re.compile(r'"((?:[^"\\]|\\["\\])*)"')
_ROWS: Table = GivenAnswer.metadata.tables[GivenAnswer.__tablename__]
_IS_KEY = and_(
    _ROWS.c.programme_id == bindparam("of"), _ROWS.c.key == bindparam("under")
)
_FIND = Prepared(
    select(_ROWS.c.fingerprint, _ROWS.c.status, _ROWS.c.body, _ROWS.c.at).where(_IS_KEY)
)
_KEEP = Prepared(
    update(_ROWS).where(_IS_KEY).values(prepared.values("status", "body", "subject"))
)


def _claim(dialect: str) -> Executable:
    """Take a key that is free. Here the second request with it waits."""
    taken = prepared.values("programme_id", "key", "fingerprint", "at")
    return db.inserting(dialect, _ROWS).values(taken).on_conflict_do_nothing()


_CLAIM = Prepared(_claim)


class KeyMissingError(InvalidError):
    """The request changes points and names no key."""

    code = "idempotency_key_missing"

    def __init__(self) -> None:
        super().__init__(HEADER, "Send a key, so that the request can be repeated.")


class KeyMalformedError(InvalidError):
    """The key is no key."""

    code = "idempotency_key_invalid"

    def __init__(self) -> None:
        super().__init__(HEADER, "Use 1 to 255 printable ASCII characters.")


class KeyReusedError(PassesError):
    """The key was used for another request."""

    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__("This key was used for another request.")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that may come again: its *key*, and what tells it from others."""

    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request is answered. *given_at* is when, if the work was done before.

    *subject* is whom the body is `about`, so that `forget` finds it.
    """

    status: int
    body: bytes
    subject: str | None = None
    given_at: datetime | None = None

    @property
    def replayed(self) -> bool:
        """Whether the work was done for an earlier request."""
        return self.given_at is not None


Work = Callable[[Session], Answer]
"""What is done in a transaction, and what it is answered."""


def read_key(written: str | None) -> str:
    """Return the key as it is kept, bare, from its bare or quoted spelling.

    Quoted is the IETF's draft-ietf-httpapi-idempotency-key-header (a string of
    RFC 9651), bare is what most clients send.

    Raises:
        KeyMissingError: there is none.
        KeyMalformedError: it is not 1 to 255 printable ASCII characters.
    """
    if written is None or not written.strip():
        raise KeyMissingError
    key = written.strip(" \t")
    if key.startswith('"'):
        quoted = _QUOTED.fullmatch(key)
        if quoted is None:
            raise KeyMalformedError
        key = re.sub(r"\\(.)", r"\1", quoted[1])
    if not _WRITTEN.fullmatch(key):
        raise KeyMalformedError
    return key


def fingerprint(method: str, path: str, body: bytes) -> str:
    """Return what two requests share only when they ask for the same."""
    digest = hashlib.sha256(f"{method} {path}\n".encode())
    digest.update(body)
    return digest.hexdigest()


def once(
    transact: Callable[[Work], Answer],
    programme_id: Callable[[Session], int],
    asked: Asked,
    work: Work,
    *,
    refused: Callable[[ConflictError], Answer],
    at: datetime,
) -> Answer:
    """Do *work* in a transaction like `answer`, and keep a refusal too.

    A refusal of the domain (`ConflictError`) undoes the transaction; *refused* words
    it, and that answer is kept in a second one, unless another request with the key
    was answered in between.

    Raises:
        KeyReusedError: the key was used for another request.
        BusyError: the first request with this key is still running.
    """

    def answered(work: Work) -> Answer:
        return transact(
            lambda session: answer(session, programme_id(session), asked, work, at=at)
        )

    try:
        return answered(work)
    except ConflictError as error:
        told = refused(error)
        return answered(lambda _: told)


def answer(
    session: Session, programme_id: int, asked: Asked, work: Work, *, at: datetime
) -> Answer:
    """Do *work* and keep its answer under the key, or return the answer kept.

    The session is in the write transaction that *work* belongs to. Whatever *work*
    raises undoes everything, so that the same key can be sent again.

    Raises:
        KeyReusedError: the key was used for another request.
        BusyError: the first request with this key is still running.
    """
    connection = db.connection(session)
    key = {"programme_id": programme_id, "key": asked.key}
    if not _CLAIM.run(connection, **key, fingerprint=asked.fingerprint, at=at):
        return _given(session, programme_id, asked)
    given = work(session)
    _KEEP.run(
        connection,
        of=programme_id,
        under=asked.key,
        status=given.status,
        body=given.body,
        subject=given.subject,
    )
    return given


def about(public_id: str) -> str:
    """Return how the member of that id is named as the subject of an answer."""
    return f"member:{public_id}"


def forget(session: Session, programme_id: int, subject: str, instead: Answer) -> None:
    """Give *instead* from now on where an answer spoke of *subject*."""
    session.execute(
        update(_ROWS)
        .where(_ROWS.c.programme_id == programme_id, _ROWS.c.subject == subject)
        .values(status=instead.status, body=instead.body)
    )


def prune(session: Session, at: datetime) -> int:
    """Drop up to `BATCH` answers older than `KEPT`; return how many."""
    oldest = (
        select(_ROWS.c.programme_id, _ROWS.c.key)
        .where(_ROWS.c.at < at - KEPT)
        .order_by(_ROWS.c.at)
        .limit(BATCH)
    )
    gone = session.execute(delete(_ROWS).where(tuple_(*_ROWS.primary_key).in_(oldest)))
    return cast("CursorResult[object]", gone).rowcount


def _given(session: Session, programme_id: int, asked: Asked) -> Answer:
    found = _FIND.first(db.connection(session), of=programme_id, under=asked.key)
    if found is None or found.status is None:
        # Pruned between the two statements; sent again, the key is free.
        raise BusyError
    if found.fingerprint != asked.fingerprint:
        raise KeyReusedError
    return Answer(found.status, found.body, given_at=found.at)
