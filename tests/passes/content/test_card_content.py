"""What a card shows."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from passes.cards import card as cards
from passes.content import card_content, explanations
from passes.content.shown import CardContent, Standing
from passes.errors import NotFoundError
from passes.loyalty import adjustments, purchases, undo
from passes.loyalty.purchases import Till
from passes.programmes import design, rules
from tests.makers import MANAGER, NOON, STAFF, Shop, make_programme, make_shop

BASE = "https://shop.example"


def shown(session: Session, shop: Shop) -> CardContent:
    """Return what the shop's one card shows."""
    session.flush()
    return card_content.shown(session, shop.card.id, BASE)


def earn(session: Session, shop: Shop, amount: int) -> purchases.Earned:
    """Credit a purchase at noon."""
    return purchases.earn(
        session, shop.programme, shop.card.id, Till(amount), actor=STAFF, at=NOON
    )


def test_a_new_card_is_on_the_first_tier_with_the_way_ahead(session: Session) -> None:
    content = shown(session, make_shop(session))

    assert content.points == 0
    assert content.tier.name["fr"] == "Bronze"
    assert content.progress is not None
    assert content.progress.tier.name["en"] == "Silver"
    assert (content.progress.missing, content.progress.step) == (100, 0)


def test_the_way_follows_the_points(session: Session) -> None:
    shop = make_shop(session)
    earn(session, shop, 4_250)

    progress = shown(session, shop).progress

    assert progress is not None
    assert (progress.missing, progress.step, progress.steps) == (58, 4, 10)


def test_the_top_tier_has_no_way_ahead(session: Session) -> None:
    shop = make_shop(session)
    earn(session, shop, 99_000)

    content = shown(session, shop)

    assert content.tier.rank == 2
    assert content.progress is None


def test_the_last_five_movements_are_told_newest_first(session: Session) -> None:
    shop = make_shop(session)
    for amount in range(1, 8):
        earn(session, shop, amount * 100)

    points = [movement.points for movement in shown(session, shop).movements]

    assert points == [7, 6, 5, 4, 3]


def test_each_movement_says_why_in_both_languages(session: Session) -> None:
    shop = make_shop(session)
    earned = earn(session, shop, 1250)
    adjustments.adjust(
        session,
        shop.programme,
        shop.card.id,
        5,
        reason="Secret",
        actor=MANAGER,
        at=NOON,
    )
    undo.undo(
        session, shop.programme, earned.entries[0].public_id, actor=STAFF, at=NOON
    )

    texts = [movement.text for movement in shown(session, shop).movements]

    assert [text["fr"] for text in texts] == [
        "Annulation",
        "Correction par la boutique",
        "Achat de 12,50\u00a0€",
    ]
    assert texts[2]["en"] == "Purchase of €12.50"


def test_a_movement_has_the_day_that_it_was_in_the_shop(session: Session) -> None:
    late = NOON.replace(hour=23, minute=30)
    shop = make_shop(session, at=late)
    purchases.earn(
        session, shop.programme, shop.card.id, Till(1250), actor=STAFF, at=late
    )

    (movement,) = shown(session, shop).movements

    assert (movement.at.day, movement.at.hour) == (25, 0)
    assert movement.at == late


def test_a_void_card_says_so(session: Session) -> None:
    shop = make_shop(session)
    cards.void(session, cards.lock(session, shop.card.id), NOON + timedelta(minutes=1))

    assert shown(session, shop).standing is Standing.VOID


@pytest.mark.parametrize(
    ("at", "standing"),
    [
        (None, Standing.ACTIVE),
        (NOON + timedelta(minutes=59), Standing.ACTIVE),
        (NOON + timedelta(hours=1), Standing.EXPIRED),
    ],
)
def test_a_card_tells_its_end_and_whether_it_has_come(
    session: Session, at: datetime | None, standing: Standing
) -> None:
    shop = make_shop(session)
    end = NOON + timedelta(hours=1)
    cards.set_end(session, cards.lock(session, shop.card.id), end, NOON)

    content = card_content.shown(session, shop.card.id, BASE, at)

    assert (content.expires_at, content.standing) == (end, standing)


def test_an_end_in_the_past_has_come(session: Session) -> None:
    shop = make_shop(session)
    cards.set_end(session, cards.lock(session, shop.card.id), NOON, NOON)

    assert shown(session, shop).standing is Standing.EXPIRED


def test_the_page_is_at_the_private_address(session: Session) -> None:
    shop = make_shop(session)

    assert shown(session, shop).page_url == f"{BASE}/card/{shop.card.page_token}"


def test_an_unknown_card_is_said_so(session: Session) -> None:
    with pytest.raises(NotFoundError):
        card_content.shown(session, 404, BASE)


def test_a_sample_can_be_shown_before_there_is_any_card(session: Session) -> None:
    programme = make_programme(session)
    look = card_content.look_of(
        programme, design.live(session, programme), rules.live(session, programme)
    )

    content = card_content.sample(look, NOON)

    assert content.progress is not None
    assert content.points + content.progress.missing == 100


def test_a_sample_earns_as_the_programme_promises(session: Session) -> None:
    programme = make_programme(session)
    programme.currency = "CAD"
    tenfold = replace(rules.STARTER, points_per_unit=10)
    look = card_content.look_of(programme, design.live(session, programme), tenfold)

    movement = card_content.sample(look, NOON).movements[0]

    assert movement.points == 125
    assert movement.text["en"] == "Purchase of CA$12.50"


@pytest.mark.parametrize(
    ("amount", "currency", "french", "english"),
    [
        (123_456, "EUR", "1\u202f234,56\u00a0€", "€1,234.56"),
        (500, "JPY", "500\u00a0JPY", "JP¥500"),
    ],
)
def test_money_is_written_as_people_write_it(
    amount: int, currency: str, french: str, english: str
) -> None:
    assert explanations.money(amount, currency, "fr") == french
    assert explanations.money(amount, currency, "en") == english
