"""Saves and deletions: whether a card is in its holder's Google Wallet.

A callback carries no time of what happened, only until when it counts, and Google
may send it again or late. So of two different ones the last to arrive is how things
stand, and each one has its effect once.
https://developers.google.com/wallet/retail/loyalty-cards/use-cases/use-callbacks-for-saves-and-deletions
"""

import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import cast

from sqlalchemy import Table, delete, select
from sqlalchemy.orm import Session

from passes import db
from wallet_google.ecv2 import Event
from wallet_google.tables import GoogleNonce, GoogleObject

SAVE, DELETE = "save", "del"

_nonces = cast("Table", GoogleNonce.__table__)

_MARGIN = timedelta(days=1)
_TICK = timedelta(microseconds=1)
_NONCE = re.compile(r"[\x21-\x7e]{1,200}")
_SUFFIX = r"\.[A-Za-z0-9._-]{1,200}"


class Noted(StrEnum):
    """What became of an event."""

    SAVED = "saved"
    REMOVED = "removed"
    REPEATED = "repeated"
    """It was noted before."""
    FOREIGN = "foreign"
    """It is about nothing that this Palier gave."""
    UNKNOWN = "unknown"
    """It is neither a save nor a deletion."""


def note(sessions: db.Sessions, event: Event, at: datetime) -> Noted:
    """Note once, for the object's row, what Google said at *at*.

    Raises:
        BusyError: the database could not be had; nothing was noted.
    """
    if event.kind not in {SAVE, DELETE} or not _NONCE.fullmatch(event.nonce or ""):
        return Noted.UNKNOWN
    if not _is_ours(event.issuer_id, event.class_id, event.object_id):
        return Noted.FOREIGN
    return db.transact(sessions, lambda session: _note(session, event, at))


def prune(session: Session, at: datetime) -> None:
    """Forget the callbacks that would not be believed again.

    A day more is kept: the clocks of several machines may differ.
    """
    session.execute(delete(GoogleNonce).where(GoogleNonce.expires_at < at - _MARGIN))


def _is_ours(issuer_id: str, *ids: str | None) -> bool:
    """Tell whether the ids are the issuer's, and such as the database takes."""
    pattern = re.escape(issuer_id) + _SUFFIX
    return all(re.fullmatch(pattern, found or "") for found in ids)


def _note(session: Session, event: Event, at: datetime) -> Noted:
    row = session.scalar(
        select(GoogleObject)
        .where(
            GoogleObject.object_id == event.object_id,
            GoogleObject.class_id == event.class_id,
        )
        .with_for_update()
    )
    if row is None:
        return Noted.FOREIGN
    if not _is_new(session, event):
        return Noted.REPEATED
    if event.kind == SAVE:
        row.saved_at = _after(row.removed_at, at)
        return Noted.SAVED
    row.removed_at = _after(row.saved_at, at)
    return Noted.REMOVED


def _is_new(session: Session, event: Event) -> bool:
    statement = db.insert_new(session, GoogleNonce, _nonces.c.nonce)
    values = {"nonce": event.nonce, "expires_at": event.expires_at}
    return session.connection().execute(statement, values).first() is not None


def _after(other: datetime | None, at: datetime) -> datetime:
    """Return *at*, or right after the *other* where the clock stood still."""
    return at if other is None or at > other else other + _TICK
