"""A batch ends together: a class in trouble is the last request of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from passes import db
from tests.wallet_google import tills
from tests.wallet_google.tills import LANE, Shop
from wallet_google import objects
from wallet_google.standin import replies
from wallet_google.standin.accounts import ISSUER_ID

CLASS_ID = objects.class_id(ISSUER_ID, "cafe")


@pytest.fixture
def shop(sessions: db.Sessions, tmp_path: Path) -> Iterator[Shop]:
    opened = tills.open_shop(sessions, tmp_path / "google")
    yield opened
    opened.wallet.close()
    opened.google.stop()


def new_looks(*shops: Shop) -> None:
    for shop in shops:
        with shop.changing() as session:
            tills.publish(session, shop, contact="allo@example.org")


def asked_for(shop: Shop, kind: str) -> set[str]:
    return {
        one.path.rpartition("/")[2] for one in shop.sent() if f"/{kind}" in one.path
    }


class TestTrouble:
    """Where one class finds Google in trouble, nothing else is tried."""

    def test_one_class_alone_is_tried(self, shop: Shop) -> None:
        other = tills.beside(shop, "bar")
        cards = [shop.new_card(), other.new_card()]
        shop.time.sleep(5)
        new_looks(shop, other)
        shop.earn(cards[0], 5)
        other.earn(cards[1], 5)
        shop.google.book.decide = lambda method, path: replies.trouble()
        shop.forget_requests()

        report = shop.wallet.deliver(LANE, shop.claim().rows, shop.time.now)

        assert len(asked_for(shop, "loyaltyClass")) == 1
        assert asked_for(shop, "loyaltyObject") == set()
        assert sorted(answer.error or "" for answer in report.answers) == [
            "Google Wallet has trouble (503).",
            "unsent",
        ]
        shop.google.book.decide = None
        shop.settle(300)
        assert [shop.points_at_google(card) for card in cards] == [5, 5]

    def test_a_class_that_may_not_be_sent_stops_the_others_too(
        self, shop: Shop
    ) -> None:
        other = tills.beside(shop, "bar")
        shop.new_card()
        other.new_card()
        shop.time.sleep(5)
        new_looks(shop, other)
        shop.google.office.users.clear()
        shop.forget_requests()

        shop.drain()

        assert len(asked_for(shop, "loyaltyClass")) == 1
        lane = shop.lane()
        assert lane
        assert "Invite" in (lane.reason or "")

    def test_a_class_that_is_refused_is_no_trouble_of_others(self, shop: Shop) -> None:
        other = tills.beside(shop, "bar")
        shop.new_card()
        card = other.new_card()
        shop.time.sleep(5)
        new_looks(shop, other)
        other.earn(card, 5)
        shop.google.book.decide = lambda method, path: (
            replies.invalid("no").reply if path.endswith(CLASS_ID) else None
        )

        shop.settle()

        assert other.points_at_google(card) == 5
        assert other.class_row().last_error is None
        assert shop.class_row().last_error


class TestLostClasses:
    """A class that Google lost is put back once, whoever misses it."""

    def test_all_cards_that_miss_it_bring_it_once(self, shop: Shop) -> None:
        made = [shop.new_card() for _ in range(6)]
        shop.time.sleep(5)
        shop.google.resources._kept["loyaltyClass"].clear()
        shop.google.resources._kept["loyaltyObject"].clear()
        shop.revise(*made, balance=5)
        shop.forget_requests()

        shop.settle()

        assert [shop.points_at_google(card) for card in made] == [5] * 6
        put = [one for one in shop.sent("POST") if one.path.endswith("loyaltyClass")]
        assert len(put) == 1

    def test_a_refusal_that_only_names_it_costs_one_request_of_it(
        self, shop: Shop
    ) -> None:
        made = [shop.new_card() for _ in range(12)]
        shop.time.sleep(5)
        shop.revise(*made, balance=5)
        shop.google.book.decide = lambda method, path: (
            replies.invalid(f"Not for {CLASS_ID}.").reply
            if "loyaltyObject" in path
            else None
        )
        shop.forget_requests()

        report = shop.wallet.deliver(LANE, shop.claim(12).rows, shop.time.now)

        assert all("Not for" in (answer.error or "") for answer in report.answers)
        put = [one for one in shop.sent() if "loyaltyClass" in one.path]
        assert len(put) == 1
