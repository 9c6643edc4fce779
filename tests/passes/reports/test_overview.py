"""The first figures of an owner's page."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from passes.cards import card as cards
from passes.loyalty import purchases, undo
from passes.loyalty.purchases import Till
from passes.reports import overview
from tests.makers import MANAGER, NOON, Shop, make_card, make_shop

DAY = timedelta(days=1)


@pytest.fixture
def shop(session: Session) -> Shop:
    """A shop whose one member joined a month ago."""
    return make_shop(session, at=NOON - 30 * DAY)


def earn(session: Session, shop: Shop, amount: int, days_ago: int) -> str:
    earned = purchases.earn(
        session,
        shop.programme,
        shop.card.id,
        Till(amount),
        actor=MANAGER,
        at=NOON - days_ago * DAY,
    )
    return earned.entries[0].public_id


def test_points_are_those_of_the_last_seven_days(session: Session, shop: Shop) -> None:
    for days_ago, amount in ((20, 100_00), (8, 50_00), (6, 7_00), (1, 5_00)):
        earn(session, shop, amount, days_ago)

    assert overview.of(session, shop.programme.id, NOON).points == 12


def test_points_that_were_undone_do_not_count(session: Session, shop: Shop) -> None:
    entry = earn(session, shop, 7_00, 2)
    earn(session, shop, 5_00, 1)
    undo.undo(session, shop.programme, entry, actor=MANAGER, at=NOON)

    assert overview.of(session, shop.programme.id, NOON).points == 5


def test_a_programme_without_movements_has_no_points(
    session: Session, shop: Shop
) -> None:
    assert overview.of(session, shop.programme.id, NOON).points == 0


def test_members_are_told_from_those_who_have_just_joined(
    session: Session, shop: Shop
) -> None:
    make_card(session, shop.programme, at=NOON - DAY)

    found = overview.of(session, shop.programme.id, NOON)

    assert (found.members, found.joined, found.cards) == (2, 1, 2)


def test_a_void_card_is_no_card(session: Session, shop: Shop) -> None:
    cards.void(session, cards.lock(session, shop.card.id), NOON)

    assert overview.of(session, shop.programme.id, NOON).cards == 0


def test_another_programme_counts_for_itself(session: Session, shop: Shop) -> None:
    other = make_shop(session, "bar", at=NOON)
    earn(session, other, 9_00, 0)

    assert overview.of(session, shop.programme.id, NOON).points == 0
    assert overview.of(session, other.programme.id, NOON).points == 9
