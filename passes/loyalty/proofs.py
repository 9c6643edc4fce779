"""When the ledger was last proved from its entries, and whether anything differed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column

from passes.db import Base
from passes.loyalty import verification

_SHOWN = 5


class Proof(Base):
    """One run over the whole ledger. *example* is the first thing that differed."""

    __tablename__ = "ledger_proof"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    differences: Mapped[int]
    example: Mapped[str | None]


@dataclass(frozen=True, slots=True)
class Result:
    """How many *differences* there are, and the first of them in words."""

    differences: int
    examples: tuple[str, ...]


def prove(session: Session, go_on: Callable[[], bool] = lambda: True) -> Result | None:
    """Return what differs in the *session*'s snapshot; None when *go_on* ended it."""
    found = verification.verify(session, go_on)
    examples = tuple(f"{one.subject}: {one.problem}" for one in islice(found, _SHOWN))
    more = sum(1 for _ in found)
    return Result(len(examples) + more, examples) if go_on() else None


def record(session: Session, result: Result, at: datetime) -> None:
    """Note that the ledger was read as it stood at *at*."""
    example = result.examples[0] if result.examples else None
    session.add(Proof(at=at, differences=result.differences, example=example))


def latest(session: Session) -> Proof | None:
    """Return the newest proof, or None before the first."""
    return session.scalar(select(Proof).order_by(Proof.id.desc()).limit(1))
