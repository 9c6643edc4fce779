"""What time asks for: rollouts go on, the audit log is sealed, old rows go.

Each piece of work is one transaction that also claims its time in the schedule, so
that any number of workers may try.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import structlog
from sqlalchemy import ColumnElement, CursorResult, delete
from sqlalchemy.orm import Session

from passes import db
from passes.cards import rollout
from passes.db import Base
from passes.delivery import schedule
from passes.people import audit
from wallet_apple import device_log
from wallet_google import saves
from web import idempotency
from web.services import Services
from web.tables import RateCounter, WebSession

_log = structlog.get_logger()

STEP = timedelta(milliseconds=200)
"""How often a rollout raises a chunk: 2500 cards a second at most."""

ROUNDS = 100
"""How many batches of one job follow each other before the next job has its turn."""

# No transaction stays open for as long as this before its audit record commits.
_SETTLED = timedelta(minutes=2)
_SESSIONS_KEPT = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Job:
    """Work that repeats, in one transaction.

    What is done *batch* by batch is done again, in a transaction of its own, as long
    as *work* returns a whole one, `ROUNDS` times at most.
    """

    name: str
    every: timedelta
    work: Callable[[Session, datetime], object]
    batch: int | None = None


def seal_audit(session: Session, at: datetime) -> int:
    """Seal what was recorded, up to a moment that no open transaction reaches."""
    return audit.seal(session, at, at - _SETTLED)


def prune_sessions(session: Session, at: datetime) -> int:
    """Remove browsers that have not been seen for longer than any may stay in."""
    return _remove(session, WebSession, WebSession.seen_at < at - _SESSIONS_KEPT)


def prune_counters(session: Session, at: datetime) -> int:
    """Remove the limiter's windows that are over."""
    return _remove(session, RateCounter, RateCounter.expires_at < at)


PULSE = Job("seal-audit", timedelta(minutes=1), seal_audit)
"""The most frequent job: while it is done, some worker runs."""

JOBS = (
    PULSE,
    Job("prune-answers", timedelta(minutes=10), idempotency.prune, idempotency.BATCH),
    Job("prune-sessions", timedelta(hours=1), prune_sessions),
    Job("prune-counters", timedelta(minutes=10), prune_counters),
    Job("prune-device-log", timedelta(hours=1), device_log.prune),
    Job("prune-callbacks", timedelta(hours=1), saves.prune),
)


def run_due(services: Services, jobs: tuple[Job, ...] = JOBS) -> list[str]:
    """Do the jobs that are due and return their names.

    A job that fails is logged, stays due, and keeps no other from running.
    """
    at = services.clock()
    with db.read(services.sessions) as session:
        upcoming = schedule.upcoming(session)
    # Most looks find nothing due, and those must not take the database's one writer.
    due = [
        job for job in jobs if schedule.is_due(upcoming.get(job.name), job.every, at)
    ]
    return [job.name for job in due if _ran(services, job, at)]


def step_rollouts(services: Services) -> bool:
    """Raise the next chunk of every rollout; tell whether any is to go on."""
    with db.read(services.sessions) as session:
        behind = rollout.behind(session)
    for programme_id in behind:
        at = services.clock()
        with services.write() as session:
            if schedule.claim(session, f"rollout-{programme_id}", STEP, at):
                rollout.step(session, programme_id, at)
    return bool(behind)


def _ran(services: Services, job: Job, at: datetime) -> bool:
    try:
        with db.write(services.sessions) as session:
            if not schedule.claim(session, job.name, job.every, at):
                return False
            done = job.work(session, at)
        for _ in range(ROUNDS - 1):
            if job.batch is None or done != job.batch:
                break
            with db.write(services.sessions) as session:
                done = job.work(session, at)
    except Exception:
        _log.exception("job_failed", code=job.name)
        return False
    return True


def _remove(session: Session, table: type[Base], old: ColumnElement[bool]) -> int:
    gone = session.execute(
        delete(table).where(old).execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", gone).rowcount
