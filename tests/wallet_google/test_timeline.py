"""What the operator sees of a card at Google, and of all that wait."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from passes import db
from tests.wallet_google import tills
from tests.wallet_google.tills import LANE, Shop
from wallet_google import timeline
from wallet_google.slots import RATE
from wallet_google.standin import replies
from wallet_google.timeline import Figures, Timeline


@pytest.fixture
def shop(sessions: db.Sessions, tmp_path: Path) -> Iterator[Shop]:
    opened = tills.open_shop(sessions, tmp_path / "google")
    yield opened
    opened.wallet.close()
    opened.google.stop()


def of_card(shop: Shop, card: int) -> Timeline | None:
    with db.read(shop.sessions) as session:
        return timeline.of_card(session, card)


def figures(shop: Shop) -> list[Figures]:
    with db.read(shop.sessions) as session:
        return timeline.figures(session, shop.time.now)


def test_a_card_that_nobody_wanted_there_has_none(shop: Shop) -> None:
    assert of_card(shop, shop.new_card(saved=False)) is None


def test_what_was_taken_and_what_is_owed(shop: Shop) -> None:
    card = shop.new_card()
    shop.time.sleep(5)
    shop.earn(card, 5)
    seen = of_card(shop, card)

    assert seen
    assert (seen.state, seen.wanted, seen.taken) == ("offered", 2, 1)
    assert seen.due_at == shop.time.now
    shop.settle()
    seen = of_card(shop, card)
    assert seen
    assert (seen.taken, seen.due_at, seen.error) == (2, None, None)


def test_what_was_given_up_and_why(shop: Shop) -> None:
    card = shop.new_card()
    shop.time.sleep(5)
    refused = replies.invalid("A bad field.").reply
    shop.google.book.decide = lambda method, path: refused
    shop.earn(card, 5)
    shop.settle(24 * 3600)
    seen = of_card(shop, card)

    assert seen
    assert seen.given_up
    assert "A bad field." in (seen.error or "")
    (lane,) = figures(shop)
    assert (lane.lane, lane.waiting, lane.dead, lane.done_at) == (LANE, 0, 1, None)


def test_nothing_owed_has_no_figures(shop: Shop) -> None:
    shop.new_card()

    assert figures(shop) == []


def test_the_last_of_many_is_there_when_it_was_said(shop: Shop) -> None:
    made = [shop.new_card() for _ in range(50)]
    shop.time.sleep(5)
    shop.revise(*made, balance=5)
    (lane,) = figures(shop)
    assert lane.waiting == 50
    assert lane.done_at == shop.time.now + timedelta(seconds=50 / RATE)

    shop.settle()
    assert abs(shop.time.now - lane.done_at) < timedelta(seconds=10)


def test_a_pause_puts_it_off(shop: Shop) -> None:
    card = shop.new_card()
    shop.time.sleep(5)
    shop.google.book.revoked = True
    shop.earn(card, 5)
    shop.drain()
    (lane,) = figures(shop)

    assert lane.paused_until
    assert lane.done_at
    assert lane.done_at > lane.paused_until
    assert lane.pause
    assert of_card(shop, card).pause == lane.pause  # type: ignore[union-attr]


def test_a_class_that_was_refused_is_named(shop: Shop) -> None:
    card = shop.new_card()
    shop.time.sleep(5)
    shop.google.book.decide = lambda method, path: (
        replies.invalid("No such picture.").reply if "loyaltyClass" in path else None
    )
    with shop.changing() as session:
        tills.publish(session, shop, contact="allo@example.org")
    shop.settle()
    shop.earn(card, 5)
    (lane,) = figures(shop)

    assert lane.refused
    assert "No such picture." in lane.refused[0][1]
