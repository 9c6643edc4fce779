"""The columns that a wallet's table needs to be delivered from, and what they say."""

from datetime import datetime, timedelta

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, case, or_
from sqlalchemy.orm import Mapped, mapped_column

from passes.db import UtcDateTime

LEASE = timedelta(seconds=60)
"""How long a claimed row is one worker's alone; a delivery ends well before."""

MERGE = timedelta(seconds=3)
"""Changes that follow one another on a card within this time go out as one."""

LONGEST_WAIT = timedelta(hours=1)
"""How long a row or a lane is left alone after a failure, at most."""

FARTHEST = LONGEST_WAIT + LEASE
"""No attempt is put off for longer: a time beyond is of a clock that was ahead."""


class DeliveryState:
    """A row owes revision *wanted* while *delivered* is lower.

    *claim* is the worker's that is delivering revision *sent*; until *due_at* the
    row is nobody else's. A row with *dead_at* is not tried again until its card
    changes. *sent_at* is when the last attempt began, *owed_since* when the oldest
    change came that the row still owes. *attempts* begin anew with each success; what
    never left is none.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    lane: Mapped[str]
    wanted: Mapped[int] = mapped_column(default=0)
    delivered: Mapped[int] = mapped_column(default=0)
    sent: Mapped[int] = mapped_column(default=0)
    claim: Mapped[str | None]
    due_at: Mapped[datetime]
    owed_since: Mapped[datetime | None]
    priority: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]


def owing(rows: type[DeliveryState]) -> ColumnElement[bool]:
    """Return the condition under which a row is owed and not given up on."""
    return and_(rows.wanted > rows.delivered, rows.dead_at.is_(None))


def due(rows: type[DeliveryState], lane: str, at: datetime) -> ColumnElement[bool]:
    """Return the condition under which an owed row of the lane is to be tried now."""
    reached = or_(rows.due_at <= at, rows.due_at > at + FARTHEST)
    return and_(owing(rows), rows.lane == lane, reached)


def owed_since(rows: type[DeliveryState]) -> ColumnElement[datetime]:
    """Return since when a row is owed that is raised now; `moments` binds the time."""
    return case((owing(rows), rows.owed_since), else_=_moment("raised_at"))


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
