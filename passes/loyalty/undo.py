"""Undo: a movement is taken back by its exact opposite, once."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from passes.cards import card as cards
from passes.errors import (
    AlreadyReversedError,
    InvalidError,
    NotFoundError,
    UndoTooLateError,
)
from passes.loyalty import ledger
from passes.loyalty.entry import Account, Appended, Entry, Kind, Unit
from passes.loyalty.ledger import Movement, Posting
from passes.people import audit
from passes.people.actor import Actor, Role
from passes.programmes import rules as ruleset
from passes.programmes.programme import Programme

SOURCE = "undo"
OWN = timedelta(minutes=15)
"""How long a member of staff may undo what they did themselves."""


def undo(
    session: Session,
    programme: Programme,
    entry_id: str,
    *,
    actor: Actor,
    at: datetime,
    card_id: int | None = None,
    idempotency_key: str | None = None,
) -> list[Appended]:
    """Take back the whole movement that *entry_id* (public) is of.

    Where a card is looked at, *card_id* says that only its own movements count.

    Points that were spent meanwhile leave the card in debt: it shows none until
    the next ones repay it.

    Raises:
        NotFoundError: the programme, or the card, has no such entry.
        InvalidError: the entry is an undo itself.
        AlreadyReversedError: it was undone before.
        UndoTooLateError: staff undo only their own, for 15 minutes.
    """
    first = _entry(session, programme, entry_id)
    if card_id not in (None, first.card_id):
        raise NotFoundError("entry")
    if first.kind == Kind.UNDO:
        raise InvalidError("entry", "An undo cannot be undone.")
    _allow(first, actor, at)
    card = cards.lock(session, first.card_id or 0)
    original = _movement(session, first.movement)
    movement = Movement(
        kind=Kind.UNDO,
        source_type=SOURCE,
        source_id=first.movement,
        actor=actor,
        occurred_at=at,
        idempotency_key=idempotency_key,
    )
    # The card is locked: nobody else can undo between this look and the write.
    if is_undone(session, first):
        raise AlreadyReversedError
    entries = ledger.append(
        session,
        card,
        ruleset.live(session, programme),
        movement,
        _opposite(session, original),
        at=at,
    )
    audit.record(
        session,
        actor,
        "card.undo",
        f"card:{card.public_id}",
        programme_id=programme.id,
        at=at,
        facts={"movement": first.movement, "entry": entries[0].public_id},
    )
    return entries


def is_undone(session: Session, entry: Entry) -> bool:
    """Tell whether the entry's movement was taken back."""
    return bool(ledger.of_source(session, entry.programme_id, SOURCE, entry.movement))


def _entry(session: Session, programme: Programme, entry_id: str) -> Entry:
    found = session.scalar(
        select(Entry).where(
            Entry.programme_id == programme.id,
            Entry.public_id == entry_id,
            Entry.account == Account.CARD,
        )
    )
    if found is None:
        raise NotFoundError("entry")
    return found


def _movement(session: Session, name: str) -> list[Entry]:
    query = select(Entry).where(Entry.movement == name, Entry.account == Account.CARD)
    return list(session.scalars(query.order_by(Entry.id)))


def _allow(entry: Entry, actor: Actor, at: datetime) -> None:
    if actor.role is not Role.STAFF:
        return
    until = entry.recorded_at + OWN
    if entry.actor != actor.name or at > until:
        raise UndoTooLateError(until)


def _opposite(session: Session, original: list[Entry]) -> list[Posting]:
    against = session.execute(
        select(Entry.unit, Entry.rule, Entry.account).where(
            Entry.movement == original[0].movement, Entry.account != Account.CARD
        )
    )
    accounts = {(unit, rule): Account(account) for unit, rule, account in against}
    return [
        Posting(
            unit=Unit(entry.unit),
            amount=-entry.amount,
            account=accounts[entry.unit, entry.rule],
            rule=entry.rule,
            explanation={"undoes": entry.public_id},
            reverses=entry.public_id,
        )
        for entry in original
    ]
