"""A code that changes, scanned off a phone: it counts for half a minute, and once.

A photo of it is worth nothing soon, and nothing at all once the till has seen it.
https://developers.google.com/wallet/retail/loyalty-cards/use-cases/rotating-barcodes
"""

from datetime import datetime
from typing import cast

from sqlalchemy import Table, or_, select, update
from sqlalchemy.orm import Session

from passes.cards import finding
from passes.cards.card import Card
from passes.errors import NotFoundError
from wallet_google import rotating
from wallet_google.errors import CodeExpiredError, CodeUsedError
from wallet_google.tables import GoogleObject

_rows = cast("Table", GoogleObject.__table__)


def rotates(scanned: str) -> bool:
    """Tell whether *scanned* has the form of a code that changes."""
    return rotating.parted(scanned.strip()) is not None


def accept(session: Session, programme_id: int, scanned: str, at: datetime) -> Card:
    """Return the card whose phone shows *scanned* now, and use that code up.

    Whether codes are to change plays no part: a phone may show what it showed before
    the owner decided otherwise.

    Raises:
        NotFoundError: no card of this programme has such a code.
        CodeReplacedError: the card has a newer member code.
        CodeUsedError: this code or a later one of the card was accepted before.
        CodeExpiredError: the code is none of this moment's.
    """
    parts = rotating.parted(scanned.strip())
    if parts is None:
        raise NotFoundError("card")
    code, digits = parts
    card = finding.by_code(session, programme_id, code, at)
    query = select(_rows.c.id, _rows.c.seed).where(_rows.c.card_id == card.id)
    row = session.execute(query).first()
    if row is None:
        raise NotFoundError("card")
    step = rotating.accepted(row.seed, digits, at)
    if step is None:
        raise CodeExpiredError
    if not _use(session, row.id, step):
        raise CodeUsedError
    return card


def _use(session: Session, row_id: int, step: int) -> bool:
    """Remember the period, and tell whether it was still to be had."""
    # One statement: of two tills with the same photo, one finds it gone.
    unused = or_(_rows.c.last_step.is_(None), _rows.c.last_step < step)
    taking = update(_rows).where(_rows.c.id == row_id, unused).values(last_step=step)
    return session.connection().execute(taking).rowcount == 1
