"""Finding a card: by what its QR says, by what is typed, by its private link."""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from passes import db
from passes.cards import card as cards
from passes.cards import codes
from passes.cards.card import Card, CardRow, RetiredCode
from passes.errors import CodeReplacedError, NotFoundError
from passes.people.member import Member
from passes.prepared import Prepared
from passes.programmes.programme import Programme, Shop

# A replaced code is told apart from an unknown one for this long.
_REPLACED_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Found:
    """A card with its programme, and the public id of its member."""

    card: Card | CardRow
    programme: Programme | Shop
    member: str


_CARDS = cast("Table", Card.__table__)
_PROGRAMMES = cast("Table", Programme.__table__)
_MEMBERS = cast("Table", Member.__table__)
_SHOP = tuple(_PROGRAMMES.c[field.name] for field in fields(Shop))
_BY_NAME = (
    select(*cards.COLUMNS, *_SHOP, _MEMBERS.c.public_id)
    .join_from(_CARDS, _PROGRAMMES, _PROGRAMMES.c.id == _CARDS.c.programme_id)
    .join(_MEMBERS, _MEMBERS.c.id == _CARDS.c.member_id)
    .where(
        _CARDS.c.programme_id == bindparam("of"),
        _CARDS.c.public_id == bindparam("name"),
    )
)
_FOUND = Prepared(_BY_NAME)
_FOUND_LOCKED = Prepared(_BY_NAME.with_for_update(of=_CARDS))


def by_public_id(session: Session, programme_id: int, public_id: str) -> Card:
    """Return the programme's card of that name, or raise `NotFoundError`."""
    card = session.scalar(
        select(Card).where(
            Card.programme_id == programme_id, Card.public_id == public_id
        )
    )
    if card is None:
        raise NotFoundError("card")
    return card


def found(
    session: Session, programme_id: int, public_id: str, *, lock: bool = False
) -> Found:
    """Return the programme's card of that name with what it is of, in one statement.

    With *lock* the card is held until the transaction ends.

    Raises:
        NotFoundError: the programme has no such card.
    """
    session.flush()
    statement = _FOUND_LOCKED if lock else _FOUND
    row = statement.first(db.connection(session), of=programme_id, name=public_id)
    if row is None:
        raise NotFoundError("card")
    card = CardRow(*row[: -1 - len(_SHOP)])
    if lock:
        card = cards.hold(session, card)
    return Found(card, Shop(*row[-1 - len(_SHOP) : -1]), row[-1])


def by_page_token(session: Session, token: str) -> Card:
    """Return the card whose private page *token* opens, or raise `NotFoundError`."""
    card = session.scalar(select(Card).where(Card.page_token == token))
    if card is None:
        raise NotFoundError("card")
    return card


def of_member(session: Session, member_id: int) -> list[Card]:
    """Return the member's cards, oldest first."""
    query = select(Card).where(Card.member_id == member_id).order_by(Card.id)
    return list(session.scalars(query))


def by_code(session: Session, programme_id: int, typed: str, at: datetime) -> Card:
    """Return the card whose member code or short code was scanned or typed.

    Raises:
        NotFoundError: it is no code, or no card of this programme has it.
        CodeReplacedError: the card has a newer code.
    """
    code = codes.read(typed)
    if code is None:
        raise NotFoundError("card")
    column = Card.code if "." in code else Card.short_code
    card = session.scalar(
        select(Card).where(Card.programme_id == programme_id, column == code)
    )
    if card is None:
        _refuse_replaced(session, programme_id, code, at)
        raise NotFoundError("card")
    return card


def _refuse_replaced(
    session: Session, programme_id: int, code: str, at: datetime
) -> None:
    retired = (
        select(RetiredCode.retired_at)
        .join(Card, Card.id == RetiredCode.card_id)
        .where(RetiredCode.code == code, Card.programme_id == programme_id)
    )
    retired_at = session.scalar(retired)
    if retired_at is not None and at - retired_at < _REPLACED_FOR:
        raise CodeReplacedError
