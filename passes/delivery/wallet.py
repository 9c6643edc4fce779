"""What a wallet package offers the rest of the house."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from sqlalchemy.orm import Session

from passes.delivery.state import DeliveryState


class Outcome(StrEnum):
    """How an attempt to bring one row up to date ended."""

    DELIVERED = "delivered"
    RETRY = "retry"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Answer:
    """The end of one attempt. *error* is for the operator; it names no person.

    *retry_at* overrules the usual growing wait. *attempts* is how many a row that was
    not delivered counts from now on, where this one is not simply one more: what
    never left is as if it had not been tried. *notes* are what a delivered row is to
    remember, by the names of the wallet's own columns.
    """

    row_id: int
    outcome: Outcome
    error: str | None = None
    retry_at: datetime | None = None
    attempts: int | None = None
    notes: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """What a delivery brought: an answer for each row, and the lane's own state.

    *pause_until* stops the whole lane (an outage, refused credentials) and
    *reason* says why, for the operator.
    """

    answers: Sequence[Answer]
    pause_until: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row that this worker alone may deliver until its lease ends."""

    row_id: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Room:
    """How many due rows a lane may take now; *again_at* is when there may be more."""

    rows: int
    again_at: datetime | None = None


class Wallet(Protocol):
    """A wallet: it marks what its cards owe, and pays it when asked."""

    @property
    def name(self) -> str:
        """How the wallet is called in settings and figures: ``apple``."""

    @property
    def rows(self) -> type[DeliveryState]:
        """The table of what it owes."""

    def opened(self, session: Session, card_ids: Sequence[int], at: datetime) -> None:
        """Prepare new cards, in the transaction that made them."""

    def changed(
        self, session: Session, card_ids: Sequence[int], at: datetime, *, priority: int
    ) -> bool:
        """Mark that these locked cards' rows owe the cards' present revision.

        Returns:
            Whether anything may be owed, so that waking a worker is worth it.
        """

    def room(self, lane: str, at: datetime) -> Room:
        """Return how many of the lane's due rows may be claimed now.

        No transaction is open. What a peer's rate allows may be reserved for them.
        """

    def deliver(self, lane: str, claimed: Sequence[Claimed], at: datetime) -> Report:
        """Bring the claimed rows up to date over the network.

        No transaction is open. The call ends before the lease does, whatever the
        peer does.
        """

    def tick(self) -> None:
        """Do what only this process can do, without being owed; every few seconds."""

    def close(self) -> None:
        """Do so a last time, and close what is open."""
