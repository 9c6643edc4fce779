"""Claims: rows are one worker's for a while, and how they ended is written down.

A claim is one UPDATE. Whoever finds the claim gone has been overtaken.
"""

import secrets
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Select, Table, bindparam, case, func, literal, select, update
from sqlalchemy.orm import Session

from passes.db import UtcDateTime
from passes.delivery import state
from passes.delivery.state import LEASE, LONGEST_WAIT, MERGE, DeliveryState
from passes.delivery.wallet import Answer, Claimed, Outcome

_FIRST_WAIT = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Claim:
    """Rows that are one worker's until their lease ends; *name* is in each of them.

    *at* is when they were claimed.
    """

    name: str
    lane: str
    at: datetime
    rows: Sequence[Claimed]


def claim(
    session: Session, rows: type[DeliveryState], lane: str, at: datetime, limit: int
) -> Claim:
    """Take up to *limit* due rows for this worker alone."""
    return _take(session, rows, lane, _due(session, rows, lane, at, limit), at)


def claim_one(
    session: Session, rows: type[DeliveryState], lane: str, row_id: int, at: datetime
) -> Claim:
    """Take this row, if it is due, before all others."""
    chosen = select(rows.id).where(state.due(rows, lane, at), rows.id == row_id)
    return _take(session, rows, lane, chosen, at)


def count_due(
    session: Session, rows: type[DeliveryState], lane: str, at: datetime, limit: int
) -> int:
    """Return how many rows `claim` would find, *limit* at most."""
    found = select(rows.id).where(state.due(rows, lane, at)).limit(limit).subquery()
    return session.scalar(select(func.count()).select_from(found)) or 0


def _take(
    session: Session,
    rows: type[DeliveryState],
    lane: str,
    chosen: Select[int],
    at: datetime,
) -> Claim:
    name = secrets.token_hex(8)
    taken = session.execute(
        update(rows)
        .where(rows.id.in_(chosen))
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
    claimed = [Claimed(row_id, attempts) for row_id, attempts in taken]
    return Claim(name, lane, at, claimed)


def _due(
    session: Session, rows: type[DeliveryState], lane: str, at: datetime, limit: int
) -> Select[int]:
    due = (
        select(rows.id)
        .where(state.due(rows, lane, at))
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
    """Write down how the claimed rows ended.

    A row that another worker has claimed since is owed once more: of the two that
    were under way, the older one may have arrived last.
    """
    held = _held(session, rows, claim, [answer.row_id for answer in answers])
    table = cast("Table", rows.__table__)  # type: ignore[attr-defined]
    kept = [answer for answer in answers if answer.row_id in held]
    _mark_delivered(session, table, kept, at)
    _mark_failed(session, table, claim, kept, at)
    if overtaken := sorted({answer.row_id for answer in answers} - held):
        _owe_again(session, rows, claim, overtaken, at)


def release(
    session: Session, rows: type[DeliveryState], names: Collection[str], at: datetime
) -> None:
    """Give claimed rows back: the worker that holds these claims is going away."""
    held = select(rows.id).where(rows.claim.in_(names)).order_by(rows.id)
    session.execute(
        update(rows)
        .where(rows.id.in_(session.scalars(held.with_for_update()).all()))
        .where(rows.claim.in_(names))
        .values(claim=None, due_at=at)
        .execution_options(synchronize_session=False)
    )


def _held(
    session: Session, rows: type[DeliveryState], claim: Claim, row_ids: Sequence[int]
) -> set[int]:
    """Return the rows that are the claim's still.

    All of them are locked, in the order of their keys as everywhere: the others are
    written after these.
    """
    query = (
        select(rows.id, rows.claim)
        .where(rows.id.in_(row_ids))
        .order_by(rows.id)
        .with_for_update()
    )
    return {row_id for row_id, name in session.execute(query) if name == claim.name}


def _mark_delivered(
    session: Session, table: Table, answers: list[Answer], at: datetime
) -> None:
    columns = table.c
    by_notes: defaultdict[tuple[str, ...], list[Answer]] = defaultdict(list)
    for answer in answers:
        if answer.outcome is Outcome.DELIVERED:
            by_notes[tuple(sorted(answer.notes))].append(answer)
    for names, done in by_notes.items():
        statement = update(table).values(
            delivered=columns.sent,
            claim=None,
            attempts=0,
            last_error=None,
            owed_since=case((columns.wanted > columns.sent, columns.sent_at)),
            # What changed meanwhile goes out next, merged like other changes.
            due_at=at + MERGE,
            **{name: bindparam(f"note_{name}") for name in names},
        )
        if names:
            session.connection().execute(
                statement.where(columns.id == bindparam("row")), _noted(done)
            )
        else:
            ids = [answer.row_id for answer in done]
            session.connection().execute(statement.where(columns.id.in_(ids)))


def _noted(answers: Sequence[Answer]) -> list[dict[str, object]]:
    return [
        {"row": answer.row_id}
        | {f"note_{name}": value for name, value in answer.notes.items()}
        for answer in answers
    ]


def _mark_failed(
    session: Session, table: Table, claim: Claim, answers: list[Answer], at: datetime
) -> None:
    tried = {row.row_id: row.attempts for row in claim.rows}
    failed = [
        {
            "row": answer.row_id,
            "error": answer.error,
            "tried": tried[answer.row_id]
            if answer.attempts is None
            else answer.attempts,
            "due": answer.retry_at or at + _wait(tried[answer.row_id]),
            "dead": at if answer.outcome is Outcome.DEAD else None,
        }
        for answer in answers
        if answer.outcome is not Outcome.DELIVERED
    ]
    if not failed:
        return
    session.connection().execute(
        update(table)
        .where(table.c.id == bindparam("row"))
        .values(
            claim=None,
            attempts=bindparam("tried"),
            last_error=bindparam("error"),
            due_at=bindparam("due"),
            dead_at=bindparam("dead"),
        ),
        failed,
    )


def _owe_again(
    session: Session,
    rows: type[DeliveryState],
    claim: Claim,
    row_ids: list[int],
    at: datetime,
) -> None:
    late = rows.wanted - 1
    now = literal(at, UtcDateTime())
    session.execute(
        update(rows)
        # Rows that were given back, or marked before, nobody has claimed since.
        .where(rows.id.in_(row_ids), rows.sent_at != claim.at)
        .values(
            # Nor may the other worker mark it as delivered.
            claim=None,
            delivered=case((rows.delivered > late, late), else_=rows.delivered),
            owed_since=case((state.owing(rows), rows.owed_since), else_=now),
            # Nor is this a first attempt, since something went wrong before.
            attempts=case((rows.attempts > 0, rows.attempts), else_=1),
            # Until the other's lease ends, two could be under way again.
            due_at=case(
                (rows.claim.is_not(None), rows.due_at),
                else_=literal(at + MERGE, UtcDateTime()),
            ),
        )
        .execution_options(synchronize_session=False)
    )


def _wait(attempts: int) -> timedelta:
    """Return a wait that doubles up to an hour, spread so that no herd forms."""
    longest = min(LONGEST_WAIT, _FIRST_WAIT * 2 ** min(attempts - 1, 12))
    spread: timedelta = longest * (0.5 + secrets.randbelow(512) / 1024)
    return spread
