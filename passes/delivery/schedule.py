"""What repeats, kept in rows: a time that was slept through is caught up.

Of several workers, one does the work.
"""

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from passes import db
from passes.db import Base


class Schedule(Base):
    """When the work called *name* is to be done next."""

    __tablename__ = "schedule"

    name: Mapped[str] = mapped_column(primary_key=True)
    next_run_at: Mapped[datetime]


def claim(
    session: Session,
    name: str,
    every: timedelta,
    at: datetime,
    *,
    then: datetime | None = None,
) -> bool:
    """Tell whether this transaction is the one to do the work now.

    The next time is *then*, within *every*, or else *every* from now.

    The row is held until the transaction ends: what fails stays due, and nobody
    else begins meanwhile.
    """
    session.execute(db.insert_new(session, Schedule).values(name=name, next_run_at=at))
    taken = session.execute(
        update(Schedule)
        .where(
            Schedule.name == name,
            # A clock that was ahead must not stop the work until it is reached.
            or_(Schedule.next_run_at <= at, Schedule.next_run_at > at + every),
        )
        .values(next_run_at=then or at + every)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", taken).rowcount == 1


def put_back(session: Session, name: str, at: datetime) -> None:
    """Make claimed work due again: it could not be finished."""
    session.execute(
        update(Schedule)
        .where(Schedule.name == name)
        .values(next_run_at=at)
        .execution_options(synchronize_session=False)
    )


def is_due(next_run_at: datetime | None, every: timedelta, at: datetime) -> bool:
    """Tell whether `claim` could succeed, for a look without one."""
    return next_run_at is None or next_run_at <= at or next_run_at > at + every


def upcoming(session: Session) -> dict[str, datetime]:
    """Return when each known work is due next, for a look without a claim."""
    rows = session.execute(select(Schedule.name, Schedule.next_run_at))
    return {row.name: row.next_run_at for row in rows}
