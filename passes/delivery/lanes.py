"""Lanes: owed rows are claimed, delivered and marked; nothing owed is ever lost.

A lane is everything that goes to one peer with one identity. Any number of workers
may serve it: a claim is one UPDATE, and whoever finds the claim gone leaves the row
as it is.
"""

import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    Table,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from passes import db
from passes.clock import Clock
from passes.db import Base, Sessions, UtcDateTime
from passes.delivery.held import Held
from passes.delivery.state import DeliveryState
from passes.delivery.wallet import Answer, Claimed, Outcome, Report, Wallet

LEASE = timedelta(seconds=60)
"""How long a claimed row is one worker's alone; a delivery ends well before."""

MERGE = timedelta(seconds=3)
"""Changes that follow one another on a card within this time go out as one."""

BATCH = 500
_FIRST_WAIT = timedelta(seconds=5)
_LONGEST_WAIT = timedelta(hours=1)
# No attempt is put off for longer: a time beyond is of a clock that was ahead.
_FARTHEST = _LONGEST_WAIT + LEASE


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
        return until is not None and at < until <= at + _FARTHEST


@dataclass(frozen=True, slots=True)
class Claim:
    """Rows that are one worker's until their lease ends; *name* is in each of them."""

    name: str
    lane: str
    rows: Sequence[Claimed]


def owing(rows: type[DeliveryState]) -> ColumnElement[bool]:
    """Return the condition under which a row is owed and not given up on."""
    return and_(rows.wanted > rows.delivered, rows.dead_at.is_(None))


def owed_since(rows: type[DeliveryState]) -> ColumnElement[datetime]:
    """Return since when a row is owed that is raised now; `moments` binds the time."""
    return case((owing(rows), rows.owed_since), else_=_moment("raised_at"))


def paused(at: datetime) -> ColumnElement[bool]:
    """Return the condition under which a lane rests at *at*."""
    return and_(Lane.paused_until > at, Lane.paused_until <= at + _FARTHEST)


def _due_at(rows: type[DeliveryState], at: datetime) -> ColumnElement[bool]:
    return or_(rows.due_at <= at, rows.due_at > at + _FARTHEST)


def due_after_change(rows: type[DeliveryState]) -> ColumnElement[datetime]:
    """Return when a row raised at some time falls due; `moments` binds the time.

    A row that is owed already keeps its time, so that a change ends no lease and
    no back-off. An idle one goes out at once, unless it went out a moment ago:
    then changes gather for `MERGE`.
    """
    recently = and_(rows.sent_at.is_not(None), rows.sent_at > _moment("merged_since"))
    return case(
        (owing(rows), rows.due_at),
        (recently, _moment("merged_until")),
        else_=_moment("raised_at"),
    )


def moments(at: datetime) -> dict[str, datetime]:
    """Return what `due_after_change` is to be executed with for a change at *at*."""
    return {"raised_at": at, "merged_since": at - MERGE, "merged_until": at + MERGE}


def _moment(name: str) -> BindParameter[datetime]:
    return bindparam(name, type_=UtcDateTime())


def active(session: Session, wallet: Wallet, at: datetime) -> list[str]:
    """Return the wallet's lanes in which something is due now."""
    rows = wallet.rows
    resting = select(Lane.name).where(paused(at))
    query = (
        select(rows.lane)
        .where(owing(rows), _due_at(rows, at), rows.lane.not_in(resting))
        .distinct()
    )
    return list(session.scalars(query))


def next_due(session: Session, wallet: Wallet) -> datetime | None:
    """Return when the wallet's next owed row falls due, or None."""
    rows = wallet.rows
    return session.scalar(select(func.min(rows.due_at)).where(owing(rows)))


def claim(
    session: Session, rows: type[DeliveryState], lane: str, at: datetime, limit: int
) -> Claim:
    """Take up to *limit* due rows for this worker alone."""
    name = secrets.token_hex(8)
    taken = session.execute(
        update(rows)
        .where(rows.id.in_(_due(session, rows, lane, at, limit)))
        .values(
            claim=name,
            sent=rows.wanted,
            sent_at=at,
            due_at=at + LEASE,
            attempts=rows.attempts + 1,
        )
        .returning(rows.id, rows.attempts)
        .execution_options(synchronize_session=False)
    )
    return Claim(name, lane, [Claimed(row_id, attempts) for row_id, attempts in taken])


def _due(
    session: Session, rows: type[DeliveryState], lane: str, at: datetime, limit: int
) -> Select[int]:
    due = (
        select(rows.id)
        .where(owing(rows), rows.lane == lane, _due_at(rows, at))
        .order_by(rows.priority, rows.due_at)
        .limit(limit)
    )
    if session.get_bind().dialect.name == "sqlite":
        return due
    # Without MATERIALIZED the planner may run the locking part more than once.
    chosen = (
        due.with_for_update(skip_locked=True)
        .cte("due")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    return select(chosen.c.id)


def mark(
    session: Session,
    rows: type[DeliveryState],
    claim: Claim,
    answers: Sequence[Answer],
    at: datetime,
) -> None:
    """Write down how the claimed rows ended. A row with another claim stays owed."""
    done = [answer.row_id for answer in answers if answer.outcome is Outcome.DELIVERED]
    if done:
        session.execute(
            update(rows)
            .where(rows.id.in_(sorted(done)), rows.claim == claim.name)
            .values(
                delivered=rows.sent,
                claim=None,
                attempts=0,
                last_error=None,
                owed_since=case((rows.wanted > rows.sent, rows.sent_at), else_=None),
                # What changed meanwhile goes out next, merged like other changes.
                due_at=at + MERGE,
            )
            .execution_options(synchronize_session=False)
        )
    attempts = {row.row_id: row.attempts for row in claim.rows}
    failed = [
        _failure(answer, claim.name, attempts.get(answer.row_id, 1), at)
        for answer in sorted(answers, key=lambda answer: answer.row_id)
        if answer.outcome is not Outcome.DELIVERED
    ]
    if failed:
        _mark_failed(session, rows, failed)


def _failure(
    answer: Answer, name: str, attempts: int, at: datetime
) -> dict[str, object]:
    return {
        "row": answer.row_id,
        "name": name,
        "error": answer.error,
        "due": answer.retry_at or at + _wait(attempts),
        "dead": at if answer.outcome is Outcome.DEAD else None,
    }


def _mark_failed(
    session: Session, rows: type[DeliveryState], failed: list[dict[str, object]]
) -> None:
    table = cast("Table", rows.__table__)  # type: ignore[attr-defined]
    session.connection().execute(
        update(table)
        .where(table.c.id == bindparam("row"), table.c.claim == bindparam("name"))
        .values(
            claim=None,
            last_error=bindparam("error"),
            due_at=bindparam("due"),
            dead_at=bindparam("dead"),
        ),
        failed,
    )


def _wait(attempts: int) -> timedelta:
    """Return a wait that doubles up to an hour, spread so that no herd forms."""
    longest = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(attempts - 1, 12))
    spread: timedelta = longest * (0.5 + secrets.randbelow(512) / 1024)
    return spread


def drain(
    sessions: Sessions,
    wallet: Wallet,
    lane: str,
    clock: Clock,
    *,
    held: Held | None = None,
    go_on: Callable[[], bool] = lambda: True,
) -> int:
    """Deliver what is due in the lane until nothing is; return how many rows.

    *held* has the name of the claim while it is being delivered, for `release`;
    *go_on* is asked before each batch.
    """
    claims = held or Held()
    total = 0
    while go_on():
        with db.write(sessions) as session:
            if _paused(session, lane, clock()):
                break
            taken = claim(session, wallet.rows, lane, clock(), BATCH)
        if not taken.rows:
            break
        claims.add(taken.name)
        try:
            report = wallet.deliver(lane, taken.rows, clock())
            _keep(sessions, wallet, taken, report, clock())
        finally:
            claims.discard(taken.name)
        total += len(taken.rows)
    return total


def _keep(
    sessions: Sessions, wallet: Wallet, claim: Claim, report: Report, at: datetime
) -> None:
    """Write down what a delivery brought: answers must not be lost to a deadlock."""

    def work(session: Session) -> None:
        mark(session, wallet.rows, claim, report.answers, at)
        _note(session, claim.lane, report, at)

    db.transact(sessions, work)


def release(
    session: Session, rows: type[DeliveryState], names: Collection[str], at: datetime
) -> None:
    """Give claimed rows back: the worker that holds these claims is going away."""
    session.execute(
        update(rows)
        .where(rows.claim.in_(names))
        .values(claim=None, due_at=at)
        .execution_options(synchronize_session=False)
    )


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
