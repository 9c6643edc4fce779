"""Lanes: owed rows are claimed, delivered and marked; nothing owed is ever lost.

A lane is everything that goes to one peer with one identity. Any number of workers
may serve it.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from passes import db
from passes.clock import Clock
from passes.db import Base, Sessions
from passes.delivery import claims, state
from passes.delivery.changes import Priority
from passes.delivery.claims import Claim
from passes.delivery.held import Held
from passes.delivery.state import FARTHEST, DeliveryState
from passes.delivery.wallet import Outcome, Report, Wallet

BATCH = 500
"""How many rows are claimed at a time, where the wallet sets no bound of its own."""


class Lane(Base):
    """The state of a lane that every worker shares. *reason* is for the operator."""

    __tablename__ = "lane"

    name: Mapped[str] = mapped_column(primary_key=True)
    paused_until: Mapped[datetime | None]
    reason: Mapped[str | None]
    failures: Mapped[int] = mapped_column(default=0)
    delivered_at: Mapped[datetime | None]

    def rests(self, at: datetime) -> bool:
        """Tell whether nothing is tried at *at*."""
        until = self.paused_until
        return until is not None and at < until <= at + FARTHEST


def paused(at: datetime) -> ColumnElement[bool]:
    """Return the condition under which a lane rests at *at*."""
    return and_(Lane.paused_until > at, Lane.paused_until <= at + FARTHEST)


def active(session: Session, wallet: Wallet, at: datetime) -> list[str]:
    """Return the wallet's lanes in which something is due now."""
    rows = wallet.rows
    resting = set(session.scalars(select(Lane.name).where(paused(at))))
    return [
        lane
        for lane in _owing(session, rows)
        if lane not in resting and claims.count_due(session, rows, lane, at, 1)
    ]


def next_due(session: Session, wallet: Wallet) -> datetime | None:
    """Return when the wallet's next owed row falls due, or None."""
    rows = wallet.rows
    found = [
        session.scalar(
            select(func.min(rows.due_at)).where(
                state.owing(rows), rows.lane == lane, rows.priority == priority
            )
        )
        for lane in _owing(session, rows)
        for priority in Priority
    ]
    return min((due for due in found if due is not None), default=None)


def _owing(session: Session, rows: type[DeliveryState]) -> Iterator[str]:
    """Yield each lane that owes something, however much: one seek in an index each."""
    last = ""
    while True:
        lane = session.scalar(
            select(rows.lane)
            .where(state.owing(rows), rows.lane > last)
            .order_by(rows.lane)
            .limit(1)
        )
        if lane is None:
            return
        yield lane
        last = lane


def drain(
    sessions: Sessions,
    wallet: Wallet,
    lane: str,
    clock: Clock,
    *,
    held: Held | None = None,
    go_on: Callable[[], bool] = lambda: True,
    later: Callable[[datetime], None] = lambda at: None,
) -> int:
    """Deliver what is due in the lane until nothing is; return how many rows.

    *held* has the name of the claim while it is being delivered, for
    `claims.release`; *go_on* is asked before each batch, and *later* hears when a
    lane that has no room for more may go on.
    """
    under_way = held or Held()
    total = 0
    while go_on():
        taken = _take(sessions, wallet, lane, clock, later)
        if taken is None:
            break
        under_way.add(taken.name)
        try:
            report = wallet.deliver(lane, taken.rows, clock())
            keep(sessions, wallet, taken, report, clock())
        finally:
            under_way.discard(taken.name)
        total += len(taken.rows)
    return total


def _take(
    sessions: Sessions,
    wallet: Wallet,
    lane: str,
    clock: Clock,
    later: Callable[[datetime], None],
) -> Claim | None:
    """Claim what there is room for; None when that is nothing."""
    room = wallet.room(lane, clock())
    if not room.rows:
        if room.again_at:
            later(room.again_at)
        return None
    with db.write(sessions) as session:
        if _paused(session, lane, clock()):
            return None
        taken = claims.claim(session, wallet.rows, lane, clock(), room.rows)
    return taken if taken.rows else None


def keep(
    sessions: Sessions, wallet: Wallet, claim: Claim, report: Report, at: datetime
) -> None:
    """Write down what a delivery brought: answers must not be lost to a deadlock."""

    def work(session: Session) -> None:
        claims.mark(session, wallet.rows, claim, report.answers, at)
        _note(session, claim.lane, report, at)

    db.transact(sessions, work)


def _paused(session: Session, lane: str, at: datetime) -> bool:
    state = session.get(Lane, lane)
    return state is not None and state.rests(at)


def _note(session: Session, lane: str, report: Report, at: datetime) -> None:
    state = session.get(Lane, lane)
    if state is None:
        # Another worker may be noting the lane's first delivery too.
        session.execute(db.insert_new(session, Lane).values(name=lane, failures=0))
        state = session.get_one(Lane, lane)
    if report.pause_until:
        state.paused_until, state.reason = report.pause_until, report.reason
        state.failures += 1
    elif any(answer.outcome is Outcome.DELIVERED for answer in report.answers):
        state.paused_until, state.reason, state.failures = None, None, 0
        state.delivered_at = at


def resume(session: Session, lane: str) -> None:
    """End a pause: what stopped the lane was mended."""
    if state := session.get(Lane, lane):
        state.paused_until, state.reason, state.failures = None, None, 0
