"""Purchases: an amount at the till becomes points on the card."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import cast

from sqlalchemy import (
    Executable,
    ForeignKey,
    Index,
    Table,
    UniqueConstraint,
    bindparam,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from passes import db, names, prepared
from passes.cards import card as cards
from passes.cards.card import CardRow
from passes.db import Base
from passes.errors import InvalidError, NotFoundError, ReceiptUsedError
from passes.loyalty import earning, ledger
from passes.loyalty.earning import Quote
from passes.loyalty.entry import Account, Appended, Kind, Unit
from passes.loyalty.ledger import Movement, Posting
from passes.people import audit
from passes.people.actor import Actor
from passes.prepared import Prepared
from passes.programmes import rules as ruleset
from passes.programmes.programme import Programme, Shop

SOURCE = "purchase"
_LATEST = timedelta(hours=48)
_AHEAD = timedelta(minutes=5)
_MAX_RECEIPT = 64


class Purchase(Base):
    """One purchase. *amount* is in minor units; *receipt* is unique in its day."""

    __tablename__ = "purchase"
    __table_args__ = (
        UniqueConstraint(
            "programme_id",
            "location",
            "business_day",
            "receipt",
            name="uq_purchase_receipt",
        ),
        Index("ix_purchase_card", "card_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id"))
    card_id: Mapped[int] = mapped_column(ForeignKey("card.id"))
    amount: Mapped[int]
    location: Mapped[str]
    business_day: Mapped[str]
    receipt: Mapped[str | None]
    channel: Mapped[str]
    rules_version: Mapped[int]
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Bought:
    """A `Purchase` that was just written, as far as its author is told of it."""

    public_id: str
    amount: int
    receipt: str | None
    channel: str
    rules_version: int
    occurred_at: datetime


_PURCHASES = cast("Table", Purchase.__table__)


def _insert(dialect: str) -> Executable:
    return (
        db.inserting(dialect, _PURCHASES)
        .values(prepared.values(*(c.name for c in _PURCHASES.c if c.name != "id")))
        .on_conflict_do_nothing(
            index_elements=["programme_id", "location", "business_day", "receipt"]
        )
    )


# The receipt is deduplicated by the database, not by looking first.
_RECORD = Prepared(_insert)
_EARLIER = Prepared(
    select(_PURCHASES.c.public_id).where(
        _PURCHASES.c.programme_id == bindparam("programme"),
        _PURCHASES.c.location == "",
        _PURCHASES.c.business_day == bindparam("day"),
        _PURCHASES.c.receipt == bindparam("number"),
    )
)


@dataclass(frozen=True, slots=True)
class Till:
    """What the till says of a purchase. *amount* is in minor units."""

    amount: int
    receipt: str | None = None
    channel: str = "store"
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Earned:
    """A purchase and what it put onto the card (nothing, when it was too small)."""

    purchase: Bought
    entries: list[Appended]


def quote(session: Session, programme: Programme | Shop, till: Till) -> Quote:
    """Return what `earn` would give for the same purchase; write nothing.

    Raises:
        InvalidError: the amount is not acceptable.
    """
    live = ruleset.live(session, programme)
    return earning.quote(live, till.amount, programme.decimals)


def earn(
    session: Session,
    programme: Programme | Shop,
    card_id: int,
    till: Till,
    *,
    actor: Actor,
    at: datetime,
    idempotency_key: str | None = None,
) -> Earned:
    """Credit a purchase to the card and return what it earned.

    Raises:
        InvalidError: amount, receipt or time is not acceptable.
        CardVoidError: the card was ended.
        CardExpiredError: the card's end has come.
        ReceiptUsedError: the receipt was credited before.
    """
    occurred_at = _occurred(till, at)
    _check_receipt(till.receipt)
    card = cards.lock_active(session, card_id, at)
    live = ruleset.live(session, programme)
    quoted = earning.quote(live, till.amount, programme.decimals)
    day = programme.business_day(occurred_at)
    purchase = Bought(
        public_id=names.ordered_id(at),
        amount=till.amount,
        receipt=till.receipt,
        channel=till.channel,
        rules_version=quoted.rules_version,
        occurred_at=occurred_at,
    )
    _record(session, card, purchase, day, at)
    movement = Movement(
        kind=Kind.EARN,
        source_type=SOURCE,
        source_id=purchase.public_id,
        actor=actor,
        occurred_at=occurred_at,
        idempotency_key=idempotency_key,
    )
    entries = (
        ledger.append(session, card, live, movement, _postings(quoted), at=at)
        if quoted.lines
        else []
    )
    if not entries:
        cards.note_activity(session, card, at)
    audit.record(
        session,
        actor,
        "card.earn",
        f"card:{card.public_id}",
        programme_id=programme.id,
        at=at,
        facts={"purchase": purchase.public_id, "points": quoted.points},
    )
    return Earned(purchase, entries)


def by_public_id(session: Session, programme_id: int, public_id: str) -> Purchase:
    """Return the programme's purchase of that name, or raise `NotFoundError`."""
    found = session.scalar(
        select(Purchase).where(
            Purchase.programme_id == programme_id, Purchase.public_id == public_id
        )
    )
    if found is None:
        raise NotFoundError("purchase")
    return found


def by_public_ids(session: Session, public_ids: list[str]) -> dict[str, Purchase]:
    """Return the purchases of these names, by name."""
    rows = session.scalars(select(Purchase).where(Purchase.public_id.in_(public_ids)))
    return {row.public_id: row for row in rows}


def _postings(quoted: Quote) -> list[Posting]:
    return [
        Posting(unit, amount, Account.ISSUED, line.rule, line.explanation)
        for line in quoted.lines
        for unit, amount in ((Unit.POINTS, line.points), (Unit.STATUS, line.status))
        if amount
    ]


def _record(
    session: Session, card: CardRow, purchase: Bought, day: date, at: datetime
) -> None:
    written = _RECORD.run(
        db.connection(session),
        public_id=purchase.public_id,
        programme_id=card.programme_id,
        card_id=card.id,
        amount=purchase.amount,
        location="",
        business_day=day.isoformat(),
        receipt=purchase.receipt,
        channel=purchase.channel,
        rules_version=purchase.rules_version,
        occurred_at=purchase.occurred_at,
        recorded_at=at,
    )
    if not written:
        raise ReceiptUsedError(_earlier(session, card, purchase, day))


def _earlier(session: Session, card: CardRow, purchase: Bought, day: date) -> str:
    found: str = _EARLIER.scalar(
        db.connection(session),
        programme=card.programme_id,
        day=day.isoformat(),
        number=purchase.receipt,
    )
    return found


def _occurred(till: Till, at: datetime) -> datetime:
    occurred_at = till.occurred_at or at
    if occurred_at > at + _AHEAD:
        raise InvalidError("occurred_at", "This time has not come yet.")
    if occurred_at < at - _LATEST:
        raise InvalidError("occurred_at", "A purchase can be entered for 48 hours.")
    return occurred_at


def _check_receipt(receipt: str | None) -> None:
    if receipt is not None and not (
        0 < len(receipt) <= _MAX_RECEIPT and receipt.isprintable()
    ):
        raise InvalidError("receipt", f"Use 1 to {_MAX_RECEIPT} printable characters.")
