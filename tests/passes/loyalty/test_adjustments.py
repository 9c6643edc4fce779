"""Points given or taken by hand."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from passes.errors import InsufficientPointsError, InvalidError
from passes.loyalty import adjustments, ledger
from passes.loyalty.entry import Appended, Note
from tests.makers import MANAGER, NOON, Shop, make_shop


def adjust(
    session: Session, shop: Shop, points: int, reason: str = "Welcome"
) -> list[Appended]:
    """Give (or take) points on the shop's one card at noon."""
    return adjustments.adjust(
        session,
        shop.programme,
        shop.card.id,
        points,
        reason=reason,
        actor=MANAGER,
        at=NOON,
    )


def test_points_are_given_without_status(session: Session) -> None:
    shop = make_shop(session)

    adjust(session, shop, 500)

    assert (shop.card.balance, shop.card.status_points, shop.card.tier) == (500, 0, 0)


def test_points_can_be_taken_down_to_none(session: Session) -> None:
    shop = make_shop(session)
    adjust(session, shop, 50)

    adjust(session, shop, -50)

    assert shop.card.balance == 0


def test_more_than_there_is_cannot_be_taken(session: Session) -> None:
    shop = make_shop(session)
    adjust(session, shop, 50)

    with pytest.raises(InsufficientPointsError) as refusal:
        adjust(session, shop, -51)

    assert (refusal.value.asked, refusal.value.available) == (51, 50)
    assert shop.card.balance == 50


def test_the_reason_can_be_erased_and_the_entry_stays(session: Session) -> None:
    shop = make_shop(session)
    adjust(session, shop, 50, "Sorry for the wait, Anna")

    (entry,) = ledger.of_card(session, shop.card.id)
    note = session.scalars(select(Note)).one()

    assert note.text == "Sorry for the wait, Anna"
    assert entry.note_digest == ledger.note_digest(note.salt, note.text)
    assert "Anna" not in str(entry.explanation)


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201, "a\x07b"])
def test_a_reason_is_needed(session: Session, reason: str) -> None:
    shop = make_shop(session)

    with pytest.raises(InvalidError) as refusal:
        adjust(session, shop, 5, reason)

    assert refusal.value.field == "reason"


@pytest.mark.parametrize("points", [0, 1_000_001, -1_000_001, 2**63])
def test_impossible_points_are_refused_by_name(session: Session, points: int) -> None:
    shop = make_shop(session)

    with pytest.raises((InvalidError, InsufficientPointsError)):
        adjust(session, shop, points)

    assert shop.card.balance == 0
