"""Purchases at the till."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from passes.cards import card as cards
from passes.errors import CardVoidError, InvalidError, ReceiptUsedError
from passes.loyalty import purchases, verification
from passes.loyalty.entry import Entry
from passes.loyalty.purchases import Purchase, Till
from passes.people.audit import AuditRecord
from tests.makers import NOON, STAFF, Shop, make_card, make_shop


def earn(session: Session, shop: Shop, till: Till) -> purchases.Earned:
    """Credit a purchase to the shop's one card at noon."""
    return purchases.earn(
        session, shop.programme, shop.card.id, till, actor=STAFF, at=NOON
    )


def test_a_purchase_gives_points_and_status(session: Session) -> None:
    shop = make_shop(session)

    earned = earn(session, shop, Till(amount=1250))

    assert [(entry.unit, entry.amount) for entry in earned.entries] == [
        ("points", 12),
        ("status", 12),
    ]
    assert (shop.card.balance, shop.card.status_points) == (12, 12)


def test_a_quote_equals_the_earning(session: Session) -> None:
    shop = make_shop(session)
    quoted = purchases.quote(session, shop.programme, Till(amount=1999))

    earn(session, shop, Till(amount=1999))

    assert shop.card.balance == quoted.points


def test_crossing_a_threshold_lifts_the_tier_and_announces_it(session: Session) -> None:
    shop = make_shop(session)

    earn(session, shop, Till(amount=10_000))

    assert shop.card.tier == 1
    assert shop.card.announcement == "tier"


def test_the_programmes_side_balances_the_cards(session: Session) -> None:
    shop = make_shop(session)
    earn(session, shop, Till(amount=1250))

    sums = session.execute(
        select(Entry.account, Entry.unit, func.sum(Entry.amount)).group_by(
            Entry.account, Entry.unit
        )
    )
    assert {tuple(row) for row in sums} == {
        ("card", "points", 12),
        ("card", "status", 12),
        ("issued", "points", -12),
        ("issued", "status", -12),
    }


def test_a_receipt_counts_once_in_its_day(session: Session) -> None:
    shop = make_shop(session)
    first = earn(session, shop, Till(amount=1250, receipt="A1"))

    with pytest.raises(ReceiptUsedError) as refusal:
        earn(session, shop, Till(amount=1250, receipt="A1"))

    assert refusal.value.purchase == first.purchase.public_id
    assert shop.card.balance == 12


def test_a_receipt_counts_once_whichever_card_it_is_for(session: Session) -> None:
    shop = make_shop(session)
    other = make_card(session, shop.programme)
    earn(session, shop, Till(amount=1250, receipt="A1"))

    with pytest.raises(ReceiptUsedError):
        purchases.earn(
            session,
            shop.programme,
            other.id,
            Till(amount=900, receipt="A1"),
            actor=STAFF,
            at=NOON,
        )


def test_the_next_day_has_receipts_of_its_own(session: Session) -> None:
    shop = make_shop(session)
    earn(session, shop, Till(amount=1250, receipt="A1"))

    purchases.earn(
        session,
        shop.programme,
        shop.card.id,
        Till(amount=1250, receipt="A1"),
        actor=STAFF,
        at=NOON + timedelta(days=1),
    )

    assert shop.card.balance == 24


def test_purchases_without_receipt_are_all_their_own(session: Session) -> None:
    shop = make_shop(session)

    earn(session, shop, Till(amount=1250))
    earn(session, shop, Till(amount=1250))

    assert shop.card.balance == 24


def test_a_purchase_too_small_for_a_point_is_kept_all_the_same(
    session: Session,
) -> None:
    shop = make_shop(session)

    earned = earn(session, shop, Till(amount=50))

    assert earned.entries == []
    assert session.scalar(select(func.count()).select_from(Purchase)) == 1
    assert shop.card.revision == 1


@pytest.mark.parametrize(
    ("till", "field"),
    [
        (Till(amount=0), "amount"),
        (Till(amount=-5), "amount"),
        (Till(amount=100, receipt=""), "receipt"),
        (Till(amount=100, receipt="x" * 65), "receipt"),
        (Till(amount=100, receipt="a\x00b"), "receipt"),
        (Till(amount=100, occurred_at=NOON + timedelta(hours=1)), "occurred_at"),
        (Till(amount=100, occurred_at=NOON - timedelta(hours=49)), "occurred_at"),
    ],
)
def test_bad_input_names_its_field_and_changes_nothing(
    session: Session, till: Till, field: str
) -> None:
    shop = make_shop(session)

    with pytest.raises(InvalidError) as refusal:
        earn(session, shop, till)

    assert refusal.value.field == field
    assert session.scalar(select(func.count()).select_from(Purchase)) == 0
    assert shop.card.balance == 0


def test_a_void_card_earns_nothing(session: Session) -> None:
    shop = make_shop(session)
    cards.void(session, cards.lock(session, shop.card.id), NOON)

    with pytest.raises(CardVoidError):
        earn(session, shop, Till(amount=1250))


def test_the_act_is_in_the_audit_log(session: Session) -> None:
    shop = make_shop(session)

    earn(session, shop, Till(amount=1250))

    written = session.scalars(select(AuditRecord)).one()
    assert (written.actor, written.role, written.action) == (
        "account:1",
        "staff",
        "card.earn",
    )


def test_the_ledger_is_sound_afterwards(session: Session) -> None:
    shop = make_shop(session)
    for amount in (1250, 50, 99_900):
        earn(session, shop, Till(amount=amount))

    assert list(verification.verify(session)) == []
