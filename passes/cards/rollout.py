"""Rollout: a new design reaches every card of its programme, chunk by chunk.

Level-triggered: a card whose design is not the published one is to be raised,
whatever happened before. The row only keeps what people are told, and a pause.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from passes.cards import card as cards
from passes.cards.card import Card
from passes.db import Base
from passes.programmes.programme import Programme

CHUNK = 500


class Rollout(Base):
    """The rollout of one design version: *raised* cards of *total* at its beginning."""

    __tablename__ = "rollout"

    programme_id: Mapped[int] = mapped_column(
        ForeignKey("programme.id"), primary_key=True
    )
    version: Mapped[int] = mapped_column(primary_key=True)
    total: Mapped[int]
    raised: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the published design has come: *raised* of *total* cards."""

    version: int
    total: int
    raised: int
    started_at: datetime
    finished_at: datetime | None
    paused: bool


def begin(session: Session, programme: Programme, at: datetime) -> None:
    """Begin to roll the programme's published design out, unless it has begun."""
    key = (programme.id, programme.design_version)
    if session.get(Rollout, key) is None:
        _supersede(session, programme, at)
        waiting = _waiting(session, programme)
        session.add(
            Rollout(
                programme_id=programme.id,
                version=programme.design_version,
                total=waiting,
                started_at=at,
                finished_at=None if waiting else at,
            )
        )
        session.flush()


def _supersede(session: Session, programme: Programme, at: datetime) -> None:
    session.execute(
        update(Rollout)
        .where(Rollout.programme_id == programme.id, Rollout.finished_at.is_(None))
        .values(finished_at=at)
    )


def step(session: Session, programme_id: int, at: datetime) -> int:
    """Raise the next chunk of cards and return how many.

    Of those that are furthest behind, the newest-active come first.
    """
    programme = session.get_one(Programme, programme_id)
    # Two workers must not choose the same chunk: the second one waits here.
    state = session.get(
        Rollout, (programme.id, programme.design_version), with_for_update=True
    )
    if state is not None and state.paused_at is not None:
        return 0
    chosen = _choose(session, programme)
    cards.revise_many(session, chosen, at, design_version=programme.design_version)
    if state is not None:
        state.raised += len(chosen)
        if not chosen and state.finished_at is None:
            state.finished_at = at
    return len(chosen)


def behind(session: Session) -> list[int]:
    """Return the programmes that have a rollout to go on with."""
    query = select(Rollout.programme_id).where(
        Rollout.finished_at.is_(None), Rollout.paused_at.is_(None)
    )
    return list(session.scalars(query.distinct()))


def pause(session: Session, programme: Programme, at: datetime | None) -> None:
    """Stop the programme's rollout, or let it go on when *at* is None."""
    state = session.get(Rollout, (programme.id, programme.design_version))
    if state is not None:
        state.paused_at = at


def progress(session: Session, programme: Programme) -> Progress | None:
    """Return how far the published design has come, or None before the first."""
    state = session.get(Rollout, (programme.id, programme.design_version))
    if state is None:
        return None
    return Progress(
        version=state.version,
        total=state.total,
        # A card that was being opened at the beginning is raised without counting.
        raised=min(state.raised, state.total),
        started_at=state.started_at,
        finished_at=state.finished_at,
        paused=state.paused_at is not None,
    )


def _waiting(session: Session, programme: Programme) -> int:
    query = select(func.count()).where(
        Card.programme_id == programme.id,
        Card.design_version < programme.design_version,
    )
    return session.scalar(query) or 0


def _choose(session: Session, programme: Programme) -> list[Card]:
    # Within one version the index has the order; across them all would be sorted.
    furthest = (
        select(Card.design_version)
        .where(
            Card.programme_id == programme.id,
            Card.design_version < programme.design_version,
        )
        .order_by(Card.design_version)
        .limit(1)
    )
    version = session.scalar(furthest)
    if version is None:
        return []
    newest = (
        select(Card.id)
        .where(Card.programme_id == programme.id, Card.design_version == version)
        .order_by(Card.last_active_at.desc())
        .limit(CHUNK)
    )
    # Locks are taken by id everywhere, whatever order the chunk was chosen in.
    query = (
        select(Card)
        .where(Card.id.in_(session.scalars(newest).all()))
        .order_by(Card.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(query))
