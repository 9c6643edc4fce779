"""A member's card in a programme: its codes, its revision, its state.

The points, status and tier in the row are caches of the ledger, written with each
entry; `passes.loyalty.verification` proves them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import cast

from sqlalchemy import ForeignKey, Index, Table, bindparam, select, update
from sqlalchemy.orm import Mapped, Session, attributes, mapped_column
from sqlalchemy.orm.util import identity_key

from passes import db, names, prepared
from passes.cards import codes
from passes.cards.announcement import Announcement
from passes.db import Base
from passes.delivery import changes
from passes.delivery.changes import Priority
from passes.errors import (
    CardExpiredError,
    CardVoidError,
    NotFoundError,
)
from passes.prepared import Prepared
from passes.programmes.programme import Programme

_PAGE_TOKEN = 26
_SECOND = timedelta(seconds=1)
# News that the phone may not have fetched yet are not drowned: a tier-up by points
# for a moment, either by what is said to nobody for longer.
_NEWS = timedelta(seconds=10)
_HEARD = timedelta(minutes=10)
_WEIGHTS = {Announcement.NOTHING: 0, Announcement.POINTS: 1, Announcement.TIER: 2}


class Status(StrEnum):
    """Whether the card counts. EXPIRED is never kept: it comes with the time."""

    ACTIVE = "active"
    VOID = "void"
    EXPIRED = "expired"


class Card(Base):
    """One card. *public_id* names it in addresses; the codes are secrets.

    *revision* rises with each shown change, *revised_at* by a second or more with
    it. *sequence* and *chain* are the last ledger entry's number and hash. From
    *expires_at* on, when there is one, the card counts no more.
    """

    __tablename__ = "card"
    __table_args__ = (
        Index("ix_card_rollout", "programme_id", "design_version", "last_active_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    code: Mapped[str] = mapped_column(unique=True)
    short_code: Mapped[str] = mapped_column(unique=True)
    page_token: Mapped[str] = mapped_column(unique=True)
    status: Mapped[str] = mapped_column(default=Status.ACTIVE.value)
    balance: Mapped[int] = mapped_column(default=0)
    status_points: Mapped[int] = mapped_column(default=0)
    tier: Mapped[int] = mapped_column(default=0)
    sequence: Mapped[int] = mapped_column(default=0)
    chain: Mapped[str] = mapped_column(default="")
    revision: Mapped[int] = mapped_column(default=1)
    revised_at: Mapped[datetime]
    announcement: Mapped[str] = mapped_column(default=Announcement.NOTHING.value)
    design_version: Mapped[int]
    last_active_at: Mapped[datetime]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]

    @property
    def available(self) -> int:
        """Points that can be spent; a debt shows as none."""
        return max(0, self.balance)

    def status_at(self, at: datetime) -> Status:
        """Return whether the card counts at that time."""
        return status_at(self.status, self.expires_at, at)


@dataclass(slots=True)
class CardRow:
    """A card's row as it was read, its fields those of `Card`.

    Of a card that the transaction has locked there is one, and it stays right:
    `revise` changes it with the row.
    """

    id: int
    public_id: str
    programme_id: int
    member_id: int
    code: str
    short_code: str
    page_token: str
    status: str
    balance: int
    status_points: int
    tier: int
    sequence: int
    chain: str
    revision: int
    revised_at: datetime
    announcement: str
    last_active_at: datetime
    expires_at: datetime | None

    @property
    def available(self) -> int:
        """Points that can be spent; a debt shows as none."""
        return max(0, self.balance)

    def status_at(self, at: datetime) -> Status:
        """Return whether the card counts at that time."""
        return status_at(self.status, self.expires_at, at)


_HELD = "palier.held"
_CARDS = cast("Table", Card.__table__)

_FIELDS = tuple(field.name for field in fields(CardRow))
COLUMNS = tuple(_CARDS.c[name] for name in _FIELDS)
"""What a `CardRow` is read from, in its order."""

_LOCK = Prepared(
    select(*COLUMNS).where(_CARDS.c.id == bindparam("card")).with_for_update()
)


class RetiredCode(Base):
    """A code that was replaced; it never becomes another card's."""

    __tablename__ = "retired_code"

    code: Mapped[str] = mapped_column(primary_key=True)
    card_id: Mapped[int] = mapped_column(ForeignKey("card.id"), index=True)
    retired_at: Mapped[datetime]


def open_card(
    session: Session, programme: Programme, member_id: int, at: datetime
) -> Card:
    """Give the member a card and return it; the wallets learn of it on commit."""
    card = Card(
        public_id=names.public_id(),
        programme_id=programme.id,
        member_id=member_id,
        code=codes.member_code(),
        short_code=codes.short_code(),
        page_token=names.draw(_PAGE_TOKEN).lower(),
        revised_at=at.replace(microsecond=0),
        design_version=programme.design_version,
        last_active_at=at,
        created_at=at,
    )
    session.add(card)
    session.flush()
    changes.opened(session, card.id)
    return card


def lock(session: Session, card_id: int) -> CardRow:
    """Return the card as it is now, held until the transaction ends.

    Raises:
        NotFoundError: there is no such card.
    """
    held = _held(session).get(card_id)
    if held is not None:
        return held
    session.flush()
    row = _LOCK.first(db.connection(session), card=card_id)
    if row is None:
        raise NotFoundError("card")
    return hold(session, CardRow(*row))


def hold(session: Session, card: CardRow) -> CardRow:
    """Note that this transaction has locked the card as it was read; return it.

    One that it holds already is right, and is returned instead.
    """
    held = _held(session)
    if card.id in held:
        return held[card.id]
    held[card.id] = card
    if (known := _known(session, card.id)) is not None:
        _show(known, {name: getattr(card, name) for name in _FIELDS})
    return card


def _held(session: Session) -> dict[int, CardRow]:
    """Return the cards that this transaction has locked; they cannot have changed."""
    transaction = session.get_transaction()
    known, held = session.info.get(_HELD, (None, {}))
    if known is not transaction:
        held = {}
        session.info[_HELD] = (transaction, held)
    return cast("dict[int, CardRow]", held)


def lock_active(session: Session, card_id: int, at: datetime) -> CardRow:
    """Return the locked card.

    Raises:
        CardVoidError: it was ended.
        CardExpiredError: its end has come.
    """
    card = lock(session, card_id)
    check_active(card, at)
    return card


def check_active(card: Card | CardRow, at: datetime) -> None:
    """Refuse a card that no longer counts.

    Raises:
        CardVoidError: it was ended.
        CardExpiredError: its end has come.
    """
    status = card.status_at(at)
    if status is Status.VOID:
        raise CardVoidError
    if status is Status.EXPIRED:
        raise CardExpiredError


def status_at(status: str, expires_at: datetime | None, at: datetime) -> Status:
    """Return the status of a card that is kept with *status* and that end."""
    if status == Status.ACTIVE and expires_at is not None and expires_at <= at:
        return Status.EXPIRED
    return Status(status)


def replace_code(session: Session, card: CardRow, at: datetime) -> None:
    """Give the locked card new codes; the old ones stop working."""
    for code in (card.code, card.short_code):
        session.add(RetiredCode(code=code, card_id=card.id, retired_at=at))
    new, new_short = codes.member_code(), codes.short_code()
    revise(session, card, at, code=new, short_code=new_short)


def void(session: Session, card: CardRow, at: datetime) -> None:
    """End the locked card: it shows as void on every phone and counts no more."""
    if card.status == Status.VOID:
        return
    revise(session, card, at, status=Status.VOID.value)


def set_end(
    session: Session, card: CardRow, expires_at: datetime | None, at: datetime
) -> None:
    """Let the locked card count until *expires_at*, or for good when that is None.

    Phones show the end at once, and grey the card out by themselves when it comes.
    """
    if card.expires_at == expires_at:
        return
    revise(session, card, at, expires_at=expires_at)


def revise(
    session: Session,
    card: CardRow,
    at: datetime,
    *,
    announce: Announcement = Announcement.NOTHING,
    **values: object,
) -> None:
    """Give the locked card these *values*, and say that it shows something new.

    Wallets are told on commit. Several changes in one transaction are one
    revision, which announces the weightiest of them.
    """
    values["announcement"] = _announced(session, card, announce, at).value
    if not changes.noted(session, card.id):
        values["revision"] = card.revision + 1
        # Last-Modified has whole seconds: two revisions must not share one.
        values["revised_at"] = max(at.replace(microsecond=0), card.revised_at + _SECOND)
        changes.note(session, card.id, Priority.INTERACTIVE)
    _write(session, card, values)


def note_activity(session: Session, card: CardRow, at: datetime) -> None:
    """Note that the locked card's holder was here; no phone has to know."""
    if at > card.last_active_at:
        _write(session, card, {"last_active_at": at})


def revise_many(
    session: Session, cards: Sequence[Card], at: datetime, *, design_version: int
) -> None:
    """Raise locked cards to a design, behind everything that a person waits for."""
    for card in cards:
        card.design_version = design_version
        card.announcement = _announced(session, card, Announcement.NOTHING, at).value
        card.revision += 1
        card.revised_at = max(at.replace(microsecond=0), card.revised_at + _SECOND)
        changes.note(session, card.id, Priority.MASS)


def _write(session: Session, card: CardRow, values: Mapping[str, object]) -> None:
    """Write the values to the row at once: a till's wait has no time for a flush."""
    _update(tuple(values)).run(db.connection(session), card=card.id, **values)
    for name, value in values.items():
        setattr(card, name, value)
    if (known := _known(session, card.id)) is not None:
        _show(known, values)


def _known(session: Session, card_id: int) -> Card | None:
    """Return the session's own object of the card, if it has one."""
    return session.identity_map.get(identity_key(Card, card_id))


def _show(known: Card, values: Mapping[str, object]) -> None:
    for name, value in values.items():
        attributes.set_committed_value(known, name, value)


@cache
def _update(names: tuple[str, ...]) -> Prepared:
    return Prepared(
        update(_CARDS)
        .where(_CARDS.c.id == bindparam("card"))
        .values(prepared.values(*names))
    )


def _announced(
    session: Session, card: Card | CardRow, announce: Announcement, at: datetime
) -> Announcement:
    """Return the weightier one of *announce* and of what a phone has yet to hear."""
    former = Announcement(card.announcement)
    lasting = _HEARD if announce is Announcement.NOTHING else _NEWS
    unheard = changes.noted(session, card.id) or at - card.revised_at < lasting
    return max(former, announce, key=_WEIGHTS.__getitem__) if unheard else announce
