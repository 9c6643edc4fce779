"""One card's way to Google Wallet, and all that wait for theirs, for the operator."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from passes.delivery import debts
from passes.delivery.lanes import Lane
from wallet_google import objects
from wallet_google.slots import RATE
from wallet_google.tables import GoogleClass, GoogleObject, GoogleSlot

_classes = cast("Table", GoogleClass.__table__)


@dataclass(frozen=True, slots=True)
class Timeline:
    """What the card's object should show, and what Google took and told.

    *state* is ``none``, ``offered``, ``saved`` or ``removed``; it and its times are
    what Google's callbacks said, and no more than that is known of phones. While it
    owes revision *wanted*, *due_at* is when it is tried next; *error* is how the last
    attempt ended, *given_up* that there is no other before the card changes.
    """

    object_id: str
    state: str
    saved_at: datetime | None
    removed_at: datetime | None
    wanted: int
    taken: int
    tried_at: datetime | None
    due_at: datetime | None
    error: str | None
    given_up: bool
    paused_until: datetime | None
    pause: str | None


@dataclass(frozen=True, slots=True)
class Figures:
    """What one issuer's lane owes.

    At *rate* cards in a second, the last of those *waiting* is at Google by *done_at*
    if nothing else changes; those that Google holds already take no such time.
    *refused* are the classes that Google did not take, with its reasons.
    """

    lane: str
    waiting: int
    dead: int
    since: datetime | None
    rate: int
    done_at: datetime | None
    paused_until: datetime | None
    pause: str | None
    refused: tuple[tuple[str, str], ...]


def of_card(session: Session, card_id: int) -> Timeline | None:
    """Return the timeline of a card, None while nobody wanted it at Google."""
    row = session.scalar(select(GoogleObject).where(GoogleObject.card_id == card_id))
    if row is None:
        return None
    lane = session.get(Lane, row.lane)
    owed = row.wanted > row.delivered and row.dead_at is None
    return Timeline(
        object_id=row.object_id,
        state=objects.state_of(session, card_id),
        saved_at=row.saved_at,
        removed_at=row.removed_at,
        wanted=row.wanted,
        taken=row.delivered,
        tried_at=row.sent_at,
        due_at=row.due_at if owed else None,
        error=row.last_error,
        given_up=row.dead_at is not None,
        paused_until=lane.paused_until if lane else None,
        pause=lane.reason if lane else None,
    )


def figures(session: Session, at: datetime) -> list[Figures]:
    """Return what each issuer's lane owes; one that owes nothing is not named."""
    owed = debts.by_lane(session, GoogleObject)
    return [_of_lane(session, lane, owed[lane], at) for lane in sorted(owed)]


def _of_lane(session: Session, name: str, debt: debts.Debt, at: datetime) -> Figures:
    lane = session.get(Lane, name)
    resting = lane if lane is not None and lane.rests(at) else None
    issuer_id = name.partition(":")[2]
    goes_on = max(
        at,
        _turn(session, issuer_id, at),
        (resting.paused_until if resting else None) or at,
    )
    done_at = goes_on + timedelta(seconds=debt.waiting / RATE)
    refused = select(_classes.c.class_id, _classes.c.last_error).where(
        _classes.c.class_id.startswith(f"{issuer_id}.", autoescape=True),
        _classes.c.last_error.is_not(None),
    )
    return Figures(
        lane=name,
        waiting=debt.waiting,
        dead=debt.dead,
        since=debt.since,
        rate=RATE,
        done_at=done_at if debt.waiting else None,
        paused_until=resting.paused_until if resting else None,
        pause=resting.reason if resting else None,
        refused=tuple((row[0], row[1]) for row in session.execute(refused)),
    )


def _turn(session: Session, issuer_id: str, at: datetime) -> datetime:
    """Return when the next request may leave."""
    slot = session.get(GoogleSlot, issuer_id)
    if slot is None:
        return at
    ahead = timedelta(microseconds=slot.next_at - int(at.timestamp() * 1_000_000))
    return at + ahead if ahead < timedelta(hours=1) else at
