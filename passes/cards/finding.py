"""Finding a card: by what its QR says, by what is typed, by its private link."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from passes.cards import card as cards
from passes.cards import codes
from passes.cards.card import Card, RetiredCode
from passes.errors import CodeReplacedError, NotFoundError
from passes.people.member import Member
from passes.programmes.programme import Programme

# A replaced code is told apart from an unknown one for this long.
_REPLACED_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Found:
    """A card with its programme, and the public id of its member."""

    card: Card
    programme: Programme
    member: str


_FOUND = (
    select(Card, Programme, Member.public_id)
    .join(Programme, Programme.id == Card.programme_id)
    .join(Member, Member.id == Card.member_id)
    .where(Card.programme_id == bindparam("of"), Card.public_id == bindparam("name"))
)
_FOUND_LOCKED = _FOUND.with_for_update(of=Card).execution_options(
    populate_existing=True
)


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

    Raises:
        NotFoundError: the programme has no such card.
    """
    row = session.execute(
        _FOUND_LOCKED if lock else _FOUND, {"of": programme_id, "name": public_id}
    ).first()
    if row is None:
        raise NotFoundError("card")
    if lock:
        cards.hold(session, row[0])
    return Found(*row)


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
