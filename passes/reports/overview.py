"""The few numbers that an owner looks at first."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from passes.cards.card import Card, Status
from passes.loyalty.entry import Account, Entry, Kind, Unit
from passes.people.member import Member

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Overview:
    """A programme now. *joined* and *points* are of the last seven days.

    *points* were earned, less those that were undone.
    """

    members: int
    joined: int
    cards: int
    points: int


def of(session: Session, programme_id: int, at: datetime) -> Overview:
    """Return the programme's figures at *at*."""
    since = at - WEEK
    members, joined = session.execute(
        select(func.count(), func.count().filter(Member.created_at > since)).where(
            Member.programme_id == programme_id, Member.erased_at.is_(None)
        )
    ).one()
    return Overview(
        members=members,
        joined=joined,
        cards=cards(session, programme_id),
        points=_points(session, programme_id, since),
    )


def cards(session: Session, programme_id: int) -> int:
    """Return how many cards of the programme count."""
    query = select(func.count()).where(
        Card.programme_id == programme_id, Card.status == Status.ACTIVE
    )
    return session.scalar(query) or 0


def _points(session: Session, programme_id: int, since: datetime) -> int:
    query = select(func.sum(Entry.amount)).where(
        Entry.id >= _first_after(session, since),
        Entry.programme_id == programme_id,
        Entry.account == Account.CARD,
        Entry.unit == Unit.POINTS,
        Entry.kind.in_((Kind.EARN, Kind.UNDO)),
        Entry.recorded_at > since,
    )
    return session.scalar(query) or 0


def _first_after(session: Session, since: datetime) -> int:
    """Return an entry's id that none recorded after *since* is below.

    The ledger grows for years and has no index by time, which every sale would pay
    for; but its ids rise with time, so that halving finds the place.
    """
    low, high = 0, session.scalar(select(func.max(Entry.id))) or 0
    while low < high:
        middle = (low + high) // 2
        recorded = session.scalar(
            select(Entry.recorded_at)
            .where(Entry.id >= middle)
            .order_by(Entry.id)
            .limit(1)
        )
        if recorded is None or recorded > since:
            high = middle
        else:
            low = middle + 1
    return low
