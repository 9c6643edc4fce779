"""Cards: opened, found, revised, replaced, voided."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from passes.cards import card as cards
from passes.cards import finding
from passes.cards.announcement import Announcement
from passes.cards.card import CardRow
from passes.delivery import changes
from passes.errors import (
    CardExpiredError,
    CardVoidError,
    CodeReplacedError,
    NotFoundError,
)
from tests.makers import NOON, make_card, make_programme, make_shop


def held(session: Session) -> CardRow:
    """Return a new card, locked."""
    return cards.lock(session, make_shop(session).card.id)


def test_a_new_card_is_active_and_shows_nothing_yet(session: Session) -> None:
    card = make_shop(session).card

    assert card.status == "active"
    assert (card.balance, card.status_points, card.tier, card.revision) == (0, 0, 0, 1)


def test_all_of_a_cards_names_are_different(session: Session) -> None:
    card = make_shop(session).card

    assert len({card.public_id, card.code, card.short_code, card.page_token}) == 4


def test_a_card_is_found_by_either_code(session: Session) -> None:
    shop = make_shop(session)

    for code in (shop.card.code, shop.card.short_code.lower()):
        found = finding.by_code(session, shop.programme.id, code, NOON)
        assert found.id == shop.card.id


def test_a_code_of_another_programme_is_unknown(session: Session) -> None:
    shop, other = make_shop(session), make_programme(session, "other")

    with pytest.raises(NotFoundError):
        finding.by_code(session, other.id, shop.card.code, NOON)


def test_a_replaced_code_is_told_apart_for_thirty_days(session: Session) -> None:
    shop = make_shop(session)
    old = shop.card.code
    cards.replace_code(session, cards.lock(session, shop.card.id), NOON)
    session.flush()

    with pytest.raises(CodeReplacedError):
        finding.by_code(session, shop.programme.id, old, NOON + timedelta(days=29))
    with pytest.raises(NotFoundError):
        finding.by_code(session, shop.programme.id, old, NOON + timedelta(days=30))
    found = finding.by_code(session, shop.programme.id, shop.card.code, NOON)
    assert found.id == shop.card.id


def test_a_replaced_code_of_another_programme_is_unknown(session: Session) -> None:
    shop, other = make_shop(session), make_programme(session, "other")
    old = shop.card.code, shop.card.short_code
    cards.replace_code(session, cards.lock(session, shop.card.id), NOON)
    session.flush()

    for code in old:
        with pytest.raises(NotFoundError):
            finding.by_code(session, other.id, code, NOON)


def test_two_revisions_never_share_a_second(session: Session) -> None:
    card = held(session)
    first = card.revised_at

    for _ in range(3):
        cards.revise(session, card, NOON)
        changes.settle(session, (), NOON)

    assert card.revised_at == first + timedelta(seconds=3)
    assert card.revision == 4


def test_a_clock_that_steps_back_does_not_take_the_revision_back(
    session: Session,
) -> None:
    card = held(session)
    cards.revise(session, card, NOON + timedelta(hours=1))
    changes.settle(session, (), NOON)
    later = card.revised_at

    cards.revise(session, card, NOON)

    assert card.revised_at == later + timedelta(seconds=1)


def test_the_sessions_own_object_of_a_card_shows_what_was_written(
    session: Session,
) -> None:
    card = make_shop(session).card

    cards.revise(session, cards.lock(session, card.id), NOON, balance=7)

    assert (card.balance, card.revision) == (7, 2)
    session.expire_all()
    assert (card.balance, card.revision) == (7, 2)


def test_a_card_is_held_once_however_often_it_is_found(session: Session) -> None:
    shop = make_shop(session)
    first = cards.lock(session, shop.card.id)
    cards.revise(session, first, NOON, balance=7)

    again = finding.found(
        session, shop.programme.id, shop.card.public_id, lock=True
    ).card

    assert again is first


def test_changes_in_one_transaction_are_one_revision(session: Session) -> None:
    card = held(session)

    cards.revise(session, card, NOON, announce=Announcement.POINTS)
    cards.revise(session, card, NOON, announce=Announcement.TIER)
    cards.revise(session, card, NOON, announce=Announcement.POINTS)

    assert card.revision == 2
    assert card.announcement == "tier"


@pytest.mark.parametrize("weighty", [Announcement.POINTS, Announcement.TIER])
def test_a_quiet_change_drowns_nothing_in_its_transaction(
    session: Session, weighty: Announcement
) -> None:
    card = held(session)

    cards.revise(session, card, NOON, announce=weighty)
    cards.revise(session, card, NOON)

    assert card.announcement == weighty


@pytest.mark.parametrize(
    ("after", "announced"),
    [(timedelta(minutes=9), "tier"), (timedelta(minutes=11), "nothing")],
)
def test_a_quiet_change_leaves_the_phone_its_time_to_hear_the_news(
    session: Session, after: timedelta, announced: str
) -> None:
    card = held(session)
    cards.revise(session, card, NOON, announce=Announcement.TIER)
    changes.settle(session, (), NOON)

    cards.revise(session, card, NOON + after)

    assert card.announcement == announced


def test_a_tier_is_announced_though_points_follow_at_once(session: Session) -> None:
    card = held(session)
    cards.revise(session, card, NOON, announce=Announcement.TIER)
    changes.settle(session, (), NOON)

    cards.revise(
        session, card, NOON + timedelta(seconds=2), announce=Announcement.POINTS
    )
    assert card.announcement == "tier"

    changes.settle(session, (), NOON)
    cards.revise(
        session, card, NOON + timedelta(minutes=2), announce=Announcement.POINTS
    )
    assert card.announcement == "points"


def test_a_void_card_counts_no_more(session: Session) -> None:
    card = held(session)

    cards.void(session, card, NOON)
    session.flush()

    with pytest.raises(CardVoidError):
        cards.lock_active(session, card.id, NOON)


def test_a_card_counts_until_its_end(session: Session) -> None:
    card = held(session)

    cards.set_end(session, card, NOON + timedelta(days=1), NOON)

    just_before = NOON + timedelta(days=1, microseconds=-1)
    assert cards.lock_active(session, card.id, just_before) is card
    with pytest.raises(CardExpiredError):
        cards.lock_active(session, card.id, NOON + timedelta(days=1))


def test_an_end_can_be_taken_back(session: Session) -> None:
    card = held(session)
    cards.set_end(session, card, NOON, NOON)

    cards.set_end(session, card, None, NOON)

    assert cards.lock_active(session, card.id, NOON + timedelta(days=9)) is card


def test_an_end_is_a_change_once(session: Session) -> None:
    card = held(session)
    for _ in range(2):
        cards.set_end(session, card, NOON + timedelta(days=1), NOON)
        changes.settle(session, (), NOON)

    assert card.revision == 2


def test_an_ended_card_is_void_rather_than_expired(session: Session) -> None:
    card = held(session)
    cards.set_end(session, card, NOON, NOON)
    cards.void(session, card, NOON)

    with pytest.raises(CardVoidError):
        cards.lock_active(session, card.id, NOON)


def test_voiding_twice_is_one_change(session: Session) -> None:
    card = held(session)
    cards.void(session, card, NOON)
    changes.settle(session, (), NOON)

    cards.void(session, card, NOON)

    assert card.revision == 2


def test_a_card_is_found_on_its_private_page_only_by_its_token(
    session: Session,
) -> None:
    card = make_card(session, make_programme(session))

    assert finding.by_page_token(session, card.page_token).id == card.id
    with pytest.raises(NotFoundError):
        finding.by_page_token(session, card.public_id)
