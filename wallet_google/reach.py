"""How far a programme's cards have come at Google, for the people of the shop."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Table, and_, func, or_, select
from sqlalchemy.orm import Session

from passes.cards.card import Card
from passes.delivery import state
from wallet_google.tables import GoogleObject

_rows = cast("Table", GoogleObject.__table__)
_cards = cast("Table", Card.__table__)


@dataclass(frozen=True, slots=True)
class Reach:
    """The programme's cards that Google has, *saved* of them in people's wallets.

    Of the cards that Google is to have, *waiting* are not there as they are now, the
    longest since *waiting_since*; *given_up* are not tried again until they change.
    """

    saved: int
    waiting: int
    given_up: int
    waiting_since: datetime | None


def of_programme(session: Session, programme_id: int) -> Reach:
    """Return it for all of the programme's cards.

    One statement; it reads every object of the programme.
    """
    owed = state.owing(GoogleObject)
    dead = and_(_rows.c.dead_at.is_not(None), _rows.c.wanted > _rows.c.delivered)
    kept = or_(_rows.c.removed_at.is_(None), _rows.c.removed_at < _rows.c.saved_at)
    row = session.execute(
        select(
            func.count().filter(_rows.c.saved_at.is_not(None), kept),
            func.count().filter(owed),
            func.count().filter(dead),
            func.min(_rows.c.owed_since).filter(owed),
        )
        .select_from(_rows.join(_cards, _cards.c.id == _rows.c.card_id))
        .where(_cards.c.programme_id == programme_id)
    ).one()
    return Reach(*row)
