"""Which cards a transaction changed, told to every wallet once, last before commit.

What must not be lost is written with the change itself: each wallet marks its rows
as owing the card's new revision, in the same transaction.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import IntEnum
from typing import TypeVar

from sqlalchemy.orm import Session

from passes import db
from passes.delivery.wallet import Wallet

_OPENED = "palier.opened"
_CHANGED = "palier.changed"

T = TypeVar("T")


class Priority(IntEnum):
    """Who waits: a person with the phone in hand, or a whole programme."""

    INTERACTIVE = 0
    MASS = 5


def opened(session: Session, card_id: int) -> None:
    """Note a new card, for the wallets to prepare."""
    session.info.setdefault(_OPENED, []).append(card_id)


def note(session: Session, card_id: int, priority: Priority) -> None:
    """Note that the card shows something new."""
    session.info.setdefault(_CHANGED, {})[card_id] = priority


def noted(session: Session, card_id: int) -> bool:
    """Tell whether this transaction has changed the card already."""
    return card_id in session.info.get(_CHANGED, {})


def settle(session: Session, wallets: Sequence[Wallet], at: datetime) -> bool:
    """Tell the wallets what changed; return whether one of them owes something now.

    Called once, last before the commit, so that locks are taken in one order
    everywhere: cards, then devices, then delivery rows.
    """
    new = sorted(session.info.pop(_OPENED, []))
    changed: dict[int, Priority] = session.info.pop(_CHANGED, {})
    session.flush()
    owed = False
    for wallet in wallets:
        if new:
            wallet.opened(session, new, at)
        for priority in sorted(set(changed.values())):
            cards = sorted(card for card, p in changed.items() if p is priority)
            owed |= wallet.changed(session, cards, at, priority=priority)
    return owed


@contextmanager
def write(
    sessions: db.Sessions,
    wallets: Sequence[Wallet],
    at: datetime,
    wake: Callable[[], None],
) -> Iterator[Session]:
    """Give a session for changing cards; on leaving, wallets are told, then woken.

    *wake* is a hint that may be lost: the sweep finds what is owed all the same.

    Raises:
        BusyError: nothing was changed.
    """
    with db.write(sessions) as session:
        yield session
        owed = settle(session, wallets, at)
    if owed:
        wake()


def transact(
    sessions: db.Sessions,
    wallets: Sequence[Wallet],
    at: datetime,
    wake: Callable[[], None],
    work: Callable[[Session], T],
) -> T:
    """Return what *work* gives, done like `write`, and again when another won.

    *work* may run several times, each time in a session of its own; what it did in
    the one that lost is undone.

    Raises:
        BusyError: it lost every time, or waited too long; nothing was changed.
    """

    def settled(session: Session) -> tuple[T, bool]:
        given = work(session)
        return given, settle(session, wallets, at)

    given, owed = db.transact(sessions, settled)
    if owed:
        wake()
    return given
