"""The tables of the ledger: entries, and the words that may be erased."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from passes.db import Base, Json


class Account(StrEnum):
    """Where an amount stands: on a card, or on the programme's side of it."""

    CARD = "card"
    ISSUED = "issued"
    ADJUSTED = "adjusted"


class Unit(StrEnum):
    """What is counted: points to spend, or status that lifts the tier."""

    POINTS = "points"
    STATUS = "status"


class Kind(StrEnum):
    """Why an amount moved."""

    EARN = "earn"
    ADJUST = "adjust"
    UNDO = "undo"


class Entry(Base):
    """One amount on one account; never changed or removed: the database refuses.

    The entries of one *movement* sum to zero for each unit. A card's entries are
    numbered by *sequence* without a gap, and each *hash* covers the one before.
    """

    __tablename__ = "entry"
    __table_args__ = (
        UniqueConstraint(
            "programme_id",
            "source_type",
            "source_id",
            "unit",
            "kind",
            "rule",
            "account",
            name="uq_entry_source",
        ),
        UniqueConstraint("card_id", "sequence", name="uq_entry_card_sequence"),
        CheckConstraint("amount <> 0", name="amount"),
        CheckConstraint(
            "(account = 'card') = (card_id IS NOT NULL)"
            " AND (account = 'card') = (sequence IS NOT NULL)"
            " AND (account = 'card') = (hash IS NOT NULL)",
            name="account",
        ),
        Index("ix_entry_movement", "movement"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    movement: Mapped[str]
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id"))
    account: Mapped[str]
    card_id: Mapped[int | None] = mapped_column(ForeignKey("card.id"))
    unit: Mapped[str]
    amount: Mapped[int]
    kind: Mapped[str]
    rule: Mapped[str]
    source_type: Mapped[str]
    source_id: Mapped[str]
    reverses: Mapped[str | None]
    rules_version: Mapped[int]
    explanation: Mapped[object] = mapped_column(Json)
    actor: Mapped[str]
    note_digest: Mapped[str | None]
    idempotency_key: Mapped[str | None]
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    sequence: Mapped[int | None]
    prev_hash: Mapped[str | None]
    hash: Mapped[str | None]


@dataclass(frozen=True, slots=True)
class Appended:
    """A card's `Entry` that was just written, as far as its author is told of it."""

    public_id: str
    movement: str
    card_id: int
    unit: str
    amount: int
    kind: str
    source_type: str
    source_id: str
    explanation: object
    occurred_at: datetime


class Note(Base):
    """What somebody wrote as the reason. It can be erased; its digest stays."""

    __tablename__ = "note"

    movement: Mapped[str] = mapped_column(primary_key=True)
    salt: Mapped[str]
    text: Mapped[str]
