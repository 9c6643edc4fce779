"""What a wallet owes, for the people who run it: how much, and since when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from passes.delivery import state
from passes.delivery.state import DeliveryState


@dataclass(frozen=True, slots=True)
class Debt:
    """Rows that are owed a revision.

    *waiting* rows are tried until they have it, the oldest owed *since* then; *dead*
    ones were given up until their card changes.
    """

    waiting: int
    dead: int
    since: datetime | None


NONE = Debt(0, 0, None)
"""Nothing is owed."""


def by_lane(session: Session, rows: type[DeliveryState]) -> dict[str, Debt]:
    """Return what each lane owes; a lane that owes nothing is not named.

    Both statements read an index of what is owed, and not the whole table.
    """
    waiting = select(rows.lane, func.count(), func.min(rows.owed_since)).where(
        state.owing(rows)
    )
    dead = select(rows.lane, func.count()).where(rows.dead_at.is_not(None))
    found = {
        lane: Debt(many, 0, since)
        for lane, many, since in session.execute(waiting.group_by(rows.lane))
    }
    for lane, many in session.execute(dead.group_by(rows.lane)):
        other = found.get(lane, NONE)
        found[lane] = Debt(other.waiting, many, other.since)
    return found


def of_wallet(session: Session, rows: type[DeliveryState]) -> Debt:
    """Return what all lanes of a wallet owe together."""
    return _sum(by_lane(session, rows).values())


def _sum(found: Iterable[Debt]) -> Debt:
    debts = list(found)
    return Debt(
        sum(debt.waiting for debt in debts),
        sum(debt.dead for debt in debts),
        min((debt.since for debt in debts if debt.since), default=None),
    )
