"""Objects: what is owed for a card that was to be saved in Google Wallet.

A card that nobody wanted there has no row, and is never sent to Google.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, Table, Update, bindparam, case, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from passes import db
from passes.cards.card import Card
from passes.delivery import state
from passes.delivery.changes import Priority
from passes.errors import NotFoundError
from passes.people.member import Member
from passes.prepared import Prepared
from passes.programmes.programme import Programme
from wallet_google.tables import GoogleObject

_rows = cast("Table", GoogleObject.__table__)
_cards = cast("Table", Card.__table__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A card's object: the row that it is owed by, and whether Google has it."""

    row_id: int
    object_id: str
    lane: str
    held: bool


def lane(issuer_id: str) -> str:
    """Return the name of the lane in which an issuer's cards go."""
    return f"google:{issuer_id}"


def class_id(issuer_id: str, programme: str) -> str:
    """Return the id of a programme's class; *programme* is its slug."""
    return f"{issuer_id}.p-{programme}"


def object_id(issuer_id: str, card: str) -> str:
    """Return the id of a card's object; *card* is its public id."""
    return f"{issuer_id}.c-{card}"


def find(session: Session, card_id: int) -> Wanted | None:
    """Return the card's object, if anybody ever wanted it."""
    row = session.execute(
        select(_rows.c.id, _rows.c.object_id, _rows.c.lane, _rows.c.balances).where(
            _rows.c.card_id == card_id
        )
    ).first()
    if row is None:
        return None
    return Wanted(row.id, row.object_id, row.lane, held=row.balances is not None)


def state_of(session: Session, card_id: int) -> str:
    """Return ``none``, ``offered``, ``saved`` or ``removed``, as Google told.

    ``offered`` is a card that Google has and that nobody was heard to save.
    """
    row = session.scalar(select(GoogleObject).where(GoogleObject.card_id == card_id))
    if row is None or row.balances is None:
        return "none"
    if row.saved_at is None:
        return "offered" if row.removed_at is None else "removed"
    return "saved" if row.in_wallet else "removed"


def want(session: Session, card_id: int, issuer_id: str, at: datetime) -> Wanted:
    """Owe the card's object now, as somebody waits for it.

    Raises:
        NotFoundError: there is no such card any more.
    """
    card = session.execute(
        select(_cards.c.public_id, _cards.c.revision, Programme.slug)
        .join_from(_cards, Programme, Programme.id == _cards.c.programme_id)
        .join(Member, Member.id == _cards.c.member_id)
        .where(_cards.c.id == card_id, Member.erased_at.is_(None))
        # A change of the card finds the row, or comes before it.
        .with_for_update(of=_cards)
    ).first()
    if card is None:
        raise NotFoundError("card")
    values = {
        "card_id": card_id,
        "object_id": object_id(issuer_id, card.public_id),
        "class_id": class_id(issuer_id, card.slug),
        "lane": lane(issuer_id),
        "wanted": card.revision,
        "owed_since": at,
        "due_at": at,
        "delivered": 0,
        "sent": 0,
        "priority": int(Priority.INTERACTIVE),
        "attempts": 0,
    }
    session.connection().execute(db.insert_new(session, _rows), values)
    # What was put off or given up is worth a try, now that somebody waits.
    session.connection().execute(
        update(_rows)
        .where(
            _rows.c.card_id == card_id,
            _rows.c.claim.is_(None),
            _rows.c.balances.is_(None),
        )
        .values(due_at=at, dead_at=None, priority=int(Priority.INTERACTIVE))
    )
    found = find(session, card_id)
    if found is None:
        raise RuntimeError("a row that was written is not there")
    return found


def changed(
    connection: Connection, card_ids: Sequence[int], at: datetime, *, priority: int
) -> bool:
    """Owe the objects of these locked cards their newest revision.

    Returns:
        Whether there is any.
    """
    moments = state.moments(at)
    if len(card_ids) == 1:
        # A till waits for this one.
        card = card_ids[0]
        return _OWE.run(connection, card=card, wait=int(priority), **moments) > 0
    cards = {"cards": list(card_ids), "wait": int(priority)}
    return bool(connection.execute(_OWE_MANY, {**cards, **moments}).all())


def owe_anew(connection: Connection, row_ids: Sequence[int], at: datetime) -> int:
    """Owe objects once more whatever is known of them; return how many.

    Those that are owed already are left alone, unless they were given up.
    """
    settled = _rows.c.delivered >= _rows.c.wanted
    known = _rows.c.balances.is_not(None)
    again = update(_rows).where(
        _rows.c.id.in_(sorted(row_ids)),
        (settled & known) | _rows.c.dead_at.is_not(None),
    )
    return connection.execute(
        again.values(
            delivered=case((settled, _rows.c.wanted - 1), else_=_rows.c.delivered),
            fingerprint=None,
            due_at=at,
            owed_since=at,
            priority=int(Priority.MASS),
            dead_at=None,
        )
    ).rowcount


def _owe(of_cards: ColumnElement[bool]) -> Update:
    """Return the statement that owes the objects of some cards what they show."""
    priority = bindparam("wait", type_=_rows.c.priority.type)
    owing = state.owing(GoogleObject)
    return (
        update(_rows)
        .where(of_cards, _cards.c.id == _rows.c.card_id)
        .values(
            wanted=_cards.c.revision,
            due_at=state.due_after_change(GoogleObject),
            owed_since=state.owed_since(GoogleObject),
            # What a person waits for stays in front of a whole programme's turn.
            priority=case(
                ((owing & (_rows.c.priority < priority)), _rows.c.priority),
                else_=priority,
            ),
            # After a failure Google may hold something else than is known.
            attempts=case(
                (owing, _rows.c.attempts), (_rows.c.dead_at.is_not(None), 1), else_=0
            ),
            dead_at=None,
        )
    )


def _owe_many() -> Update:
    locked = (
        select(_rows.c.id)
        .where(_rows.c.card_id.in_(bindparam("cards", expanding=True)))
        .order_by(_rows.c.id)
        .with_for_update()
        .cte("locked")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    # SQLite's driver does not count what a WITH … UPDATE touched.
    return _owe(_rows.c.id == locked.c.id).returning(_rows.c.id)


_OWE = Prepared(_owe(_rows.c.card_id == bindparam("card")))
_OWE_MANY = _owe_many()
