"""Undo: the exact opposite, once."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from passes.errors import (
    AlreadyReversedError,
    InvalidError,
    NotFoundError,
    UndoTooLateError,
)
from passes.loyalty import adjustments, ledger, purchases, undo, verification
from passes.loyalty.entry import Appended
from passes.loyalty.purchases import Till
from passes.people.actor import Actor, Role
from tests.makers import MANAGER, NOON, STAFF, Shop, make_programme, make_shop


@pytest.fixture
def shop(session: Session) -> Shop:
    """A shop whose one card earned 120 points at noon."""
    return make_shop(session)


@pytest.fixture
def entry(session: Session, shop: Shop) -> Appended:
    """The points that staff gave at noon."""
    earned = purchases.earn(
        session, shop.programme, shop.card.id, Till(12_000), actor=STAFF, at=NOON
    )
    return earned.entries[0]


def test_points_status_and_tier_are_as_before(
    session: Session, shop: Shop, entry: Appended
) -> None:
    assert shop.card.tier == 1

    undo.undo(session, shop.programme, entry.public_id, actor=STAFF, at=NOON)

    assert (shop.card.balance, shop.card.status_points, shop.card.tier) == (0, 0, 0)
    assert list(verification.verify(session)) == []


def test_the_first_entry_stays_and_is_named(
    session: Session, shop: Shop, entry: Appended
) -> None:
    undo.undo(session, shop.programme, entry.public_id, actor=STAFF, at=NOON)

    opposite, first = ledger.of_card(session, shop.card.id)
    assert (first.public_id, first.amount) == (entry.public_id, 120)
    assert (opposite.reverses, opposite.amount) == (entry.public_id, -120)


def test_nothing_is_undone_twice(session: Session, shop: Shop, entry: Appended) -> None:
    undo.undo(session, shop.programme, entry.public_id, actor=STAFF, at=NOON)

    with pytest.raises(AlreadyReversedError):
        undo.undo(session, shop.programme, entry.public_id, actor=MANAGER, at=NOON)

    assert shop.card.balance == 0


def test_an_undo_cannot_be_undone(
    session: Session, shop: Shop, entry: Appended
) -> None:
    taken = undo.undo(session, shop.programme, entry.public_id, actor=STAFF, at=NOON)

    with pytest.raises(InvalidError):
        undo.undo(session, shop.programme, taken[0].public_id, actor=MANAGER, at=NOON)


def test_staff_undo_for_fifteen_minutes(
    session: Session, shop: Shop, entry: Appended
) -> None:
    late = NOON + timedelta(minutes=15, seconds=1)

    with pytest.raises(UndoTooLateError):
        undo.undo(session, shop.programme, entry.public_id, actor=STAFF, at=late)

    undo.undo(session, shop.programme, entry.public_id, actor=MANAGER, at=late)


def test_staff_undo_only_their_own(
    session: Session, shop: Shop, entry: Appended
) -> None:
    colleague = Actor("account", "9", Role.STAFF)

    with pytest.raises(UndoTooLateError):
        undo.undo(session, shop.programme, entry.public_id, actor=colleague, at=NOON)


def test_points_spent_meanwhile_leave_a_debt_that_shows_as_none(
    session: Session, shop: Shop, entry: Appended
) -> None:
    adjustments.adjust(
        session,
        shop.programme,
        shop.card.id,
        -100,
        reason="Spent",
        actor=MANAGER,
        at=NOON,
    )

    undo.undo(session, shop.programme, entry.public_id, actor=STAFF, at=NOON)

    assert shop.card.balance == -100
    assert shop.card.available == 0


def test_an_entry_of_another_programme_is_unknown(
    session: Session, shop: Shop, entry: Appended
) -> None:
    other = make_programme(session, "other")

    with pytest.raises(NotFoundError):
        undo.undo(session, other, entry.public_id, actor=MANAGER, at=NOON)
