"""Codes that somebody scanned or typed: whose card each is, and who guesses."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.orm import Session

from passes.cards import finding
from passes.cards.card import Card
from passes.errors import NotFoundError
from passes.programmes.programme import Programme
from wallet_google.errors import CodeExpiredError
from web import limits
from web.services import services

T = TypeVar("T")


def look_up(
    code: str,
    asker: str,
    programme: Callable[[Session], Programme],
    answer: Callable[[Session, Programme, Card], T],
) -> T:
    """Return what *answer* says of the programme's card whose code that is.

    A code that changes with the time is used up by this; any other is only read.
    *asker* may do it so often in a minute, and be wrong less often in an hour.

    Raises:
        NotFoundError: no card of the programme has the code.
        CodeReplacedError: the card has a newer code.
        CodeUsedError: a code that changes was accepted before.
        CodeExpiredError: the card's phone does not show this one now.
        TooOftenError: that is enough for now.
    """
    services().limits.take(limits.CODE_LOOKUP, asker)
    services().limits.check(limits.WRONG_CODES, asker)
    try:
        return _look_up(code, programme, answer)
    except (NotFoundError, CodeExpiredError):
        # A known card and a wrong value: a photo, or somebody who tries values.
        services().limits.take(limits.WRONG_CODES, asker)
        raise


def _look_up(
    code: str,
    programme: Callable[[Session], Programme],
    answer: Callable[[Session, Programme, Card], T],
) -> T:
    google = services().google
    changes = google is not None and google.rotates(code)
    by_code = google.accept if google is not None and changes else finding.by_code

    def work(session: Session) -> T:
        of = programme(session)
        card = by_code(session, of.id, code, services().clock())
        return answer(session, of, card)

    if changes:
        return services().transact(work)
    with services().read() as session:
        return work(session)
