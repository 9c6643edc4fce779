"""Adjustments: points given or taken by hand, with a reason."""

from datetime import datetime

from sqlalchemy.orm import Session

from passes import names, typed
from passes.cards import card as cards
from passes.errors import InsufficientPointsError, InvalidError
from passes.loyalty import ledger
from passes.loyalty.entry import Account, Appended, Kind, Unit
from passes.loyalty.ledger import Movement, Posting
from passes.people import audit
from passes.people.actor import Actor
from passes.programmes import rules as ruleset
from passes.programmes.programme import Programme, Shop

_MAX_REASON = 200


def adjust(
    session: Session,
    programme: Programme | Shop,
    card_id: int,
    points: int,
    *,
    reason: str,
    actor: Actor,
    at: datetime,
    idempotency_key: str | None = None,
) -> list[Appended]:
    """Give the card *points*, or take them when negative; status stays as it is.

    Raises:
        InvalidError: no reason, or *points* is zero or beyond `ledger.MAX_CHANGE`.
        CardVoidError: the card was ended.
        CardExpiredError: the card's end has come.
        InsufficientPointsError: the card has fewer points than are to be taken.
    """
    words = reason.strip()
    if not 0 < len(words) <= _MAX_REASON or not typed.showable(words):
        raise InvalidError("reason", f"Say why, in 1 to {_MAX_REASON} characters.")
    card = cards.lock_active(session, card_id, at)
    if points < 0 and card.available + points < 0:
        raise InsufficientPointsError(asked=-points, available=card.available)
    entries = ledger.append(
        session,
        card,
        ruleset.live(session, programme),
        Movement(
            kind=Kind.ADJUST,
            source_type="adjustment",
            source_id=names.ordered_id(at),
            actor=actor,
            occurred_at=at,
            note=words,
            idempotency_key=idempotency_key,
        ),
        [Posting(Unit.POINTS, points, Account.ADJUSTED)],
        at=at,
    )
    audit.record(
        session,
        actor,
        "card.adjust",
        f"card:{card.public_id}",
        programme_id=programme.id,
        at=at,
        facts={"points": points, "entry": entries[0].public_id},
    )
    return entries
