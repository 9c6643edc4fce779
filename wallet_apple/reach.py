"""How far a programme's cards have come on phones, for the people of the shop."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Table, and_, func, select
from sqlalchemy.orm import Session

from passes.cards.card import Card
from passes.delivery import state
from wallet_apple.tables import ApplePass, Device, Registration

_passes = cast("Table", ApplePass.__table__)
_rows = cast("Table", Registration.__table__)
_cards = cast("Table", Card.__table__)


@dataclass(frozen=True, slots=True)
class Reach:
    """Cards on phones. A card on two phones is one of *cards* and two of *phones*.

    Of the phones that are told of changes, *told* know of all there is; *waiting*
    do not yet, the longest since *waiting_since*; *given_up* are not tried again
    until their card changes. *fetched* cards were downloaded as they are now, by
    one of their phones at least.
    """

    phones: int
    told: int
    waiting: int
    given_up: int
    waiting_since: datetime | None
    cards: int
    fetched: int


def of_programme(session: Session, programme_id: int, design_version: int = 0) -> Reach:
    """Return it for the programme's cards of that design or a newer one.

    One statement; it reads every registration of the programme.
    """
    owed = state.owing(Registration)
    dead = and_(_rows.c.dead_at.is_not(None), _rows.c.wanted > _rows.c.delivered)
    # Other wallets than Apple's ask by themselves: nothing is ever owed to them.
    heard = _rows.c.wanted > 0
    here = _passes.c.fetched_revision >= _cards.c.revision
    card = _rows.c.card_id
    row = session.execute(
        select(
            func.count().filter(heard),
            func.count().filter(heard, _rows.c.delivered >= _rows.c.wanted),
            func.count().filter(owed),
            func.count().filter(dead),
            func.min(_rows.c.owed_since).filter(owed),
            func.count(card.distinct()),
            func.count(card.distinct()).filter(here),
        )
        .select_from(
            _rows.join(_cards, _cards.c.id == card).join(
                _passes, _passes.c.card_id == card
            )
        )
        .where(
            _cards.c.programme_id == programme_id,
            _cards.c.design_version >= design_version,
        )
    ).one()
    return Reach(*row)


def pass_type_in_use(session: Session, signing: str | None) -> str | None:
    """Return the pass type of the passes that people hold; None while nobody does.

    Devices have told it; passes that were only downloaded are of *signing*, what was
    signed for until now.
    """
    told = session.scalar(select(Device.pass_type).order_by(Device.id.desc()).limit(1))
    if told is not None:
        return told
    downloaded = select(ApplePass.card_id).where(ApplePass.fetched_at.is_not(None))
    return signing if session.scalar(downloaded.limit(1)) is not None else None
