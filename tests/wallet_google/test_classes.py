"""A class is sent by one worker at a time, and as it is by then."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from passes import db
from passes.programmes import design, media
from passes.programmes import programme as programmes
from tests.wallet_google import tills
from tests.wallet_google.tills import Shop
from wallet_google import classes, errors, objects
from wallet_google.standin import replies
from wallet_google.standin.accounts import ISSUER_ID
from wallet_google.tables import GoogleClass

CLASS_ID = objects.class_id(ISSUER_ID, "cafe")


@pytest.fixture
def shop(sessions: db.Sessions, tmp_path: Path) -> Iterator[Shop]:
    opened = tills.open_shop(sessions, tmp_path / "google")
    yield opened
    opened.wallet.close()
    opened.google.stop()


def bring(shop: Shop, *, anyway: bool = False) -> None:
    shop.wallet.sender.classes.bring(shop.programme_id, CLASS_ID, 10.0, anyway=anyway)


def note(shop: Shop, **values: object) -> None:
    with db.write(shop.sessions) as session:
        session.execute(update(GoogleClass).values(**values))


def test_a_class_is_sent_once(shop: Shop) -> None:
    bring(shop)
    bring(shop)

    assert [one.method for one in shop.sent()] == ["PATCH", "POST"]
    assert shop.class_row().busy_until is None


def test_it_calls_us_when_somebody_saves(shop: Shop) -> None:
    bring(shop)

    kept = shop.google.resources.get("loyaltyClass", CLASS_ID)
    assert kept["callbackOptions"]["url"].endswith("/google/callback")


def test_what_google_may_hold_otherwise_is_sent_anyway(shop: Shop) -> None:
    bring(shop)
    bring(shop, anyway=True)

    assert [one.method for one in shop.sent()] == ["PATCH", "POST", "PATCH"]


def test_two_workers_do_not_send_it_at_once(shop: Shop) -> None:
    bring(shop)
    note(shop, busy_until=shop.time.now + timedelta(seconds=30), fingerprint="former")
    shop.forget_requests()

    with pytest.raises(errors.ClassRefusedError, match="being sent"):
        bring(shop)
    assert shop.sent() == []
    shop.time.sleep(30)
    bring(shop)
    assert len(shop.sent()) == 1


def test_a_lease_of_a_clock_that_was_ahead_is_none(shop: Shop) -> None:
    bring(shop)
    note(shop, busy_until=shop.time.now + classes.LEASE * 2, fingerprint="former")

    bring(shop)
    assert shop.class_row().fingerprint != "former"


def test_it_is_sent_as_it_is_when_the_turn_comes(shop: Shop) -> None:
    bring(shop)
    note(shop, fingerprint="former")
    with db.write(shop.sessions) as session:
        programme = programmes.by_id(session, shop.programme_id)
        look = design.starter("Les Habitués", "allo@example.org")
        design.publish(session, programme, look, by="account:1", at=shop.time.now)
    bring(shop)

    kept = shop.google.resources.get("loyaltyClass", CLASS_ID)
    assert kept["programName"] == "Les Habitués"


def test_after_trouble_the_next_one_may_try_at_once(shop: Shop) -> None:
    shop.google.book.decide = lambda method, path: replies.trouble()
    with pytest.raises(errors.UnavailableError):
        bring(shop)
    shop.google.book.decide = None

    bring(shop)
    assert shop.class_row().fingerprint


def test_a_refusal_is_remembered_for_all_workers(shop: Shop) -> None:
    shop.google.book.planned.append(replies.absent("classNotFound", "No.").reply)
    shop.google.book.planned.append(replies.invalid("Image cannot be loaded").reply)
    with pytest.raises(errors.ClassRefusedError, match="Image"):
        bring(shop)
    shop.forget_requests()

    with pytest.raises(errors.ClassRefusedError, match="Image") as raised:
        shop.another().wallet.sender.classes.bring(shop.programme_id, CLASS_ID, 10.0)
    assert raised.value.again_at == shop.time.now + classes.REFUSED_FOR
    assert shop.sent() == []


def refuse_classes(shop: Shop, message: str = "Image cannot be loaded") -> None:
    shop.google.book.decide = lambda method, path: (
        replies.invalid(message).reply if "loyaltyClass" in path else None
    )


def publish(shop: Shop, **changes: object) -> None:
    with shop.changing() as session:
        tills.publish(session, shop, **changes)


def contact_at_google(shop: Shop) -> str:
    kept = shop.google.resources.get("loyaltyClass", CLASS_ID)
    return str(kept["linksModuleData"])


class TestRefusals:
    """What was refused rests; what the owner made of it since does not."""

    def test_another_look_is_sent_at_once(self, shop: Shop) -> None:
        shop.new_card()
        refuse_classes(shop)
        publish(shop, contact="wrong@example.org")
        shop.settle()
        assert shop.class_row().last_error
        shop.google.book.decide = None
        shop.time.sleep(30)

        publish(shop, contact="right@example.org")
        shop.settle()

        assert "right@example.org" in contact_at_google(shop)
        row = shop.class_row()
        assert (row.last_error, row.retry_at, row.refused) == (None, None, None)

    def test_a_first_look_that_is_mended_lets_holders_save_at_once(
        self, shop: Shop
    ) -> None:
        card = shop.new_card(saved=False)
        refuse_classes(shop)
        with pytest.raises(errors.GoogleWalletError):
            shop.wallet.save_url(card, shop.time.now)
        shop.google.book.decide = None
        shop.time.sleep(30)
        publish(shop, contact="right@example.org")

        assert shop.wallet.save_url(card, shop.time.now)

    def test_the_former_look_again_is_no_refusal(self, shop: Shop) -> None:
        shop.new_card()
        with db.read(shop.sessions) as session:
            programme = programmes.by_id(session, shop.programme_id)
            former = design.live(session, programme).contact
        refuse_classes(shop)
        publish(shop, contact="wrong@example.org")
        shop.settle()
        shop.google.book.decide = None
        shop.forget_requests()

        publish(shop, contact=former)
        shop.settle()

        assert shop.class_row().last_error is None
        assert shop.sent() == []

    def test_in_time_it_is_sent_without_any_card(self, shop: Shop) -> None:
        shop.new_card()
        refuse_classes(shop)
        publish(shop, contact="allo@example.org")
        shop.settle()
        shop.google.book.decide = None
        assert shop.debt().waiting == 0
        shop.forget_requests()

        shop.wallet.tick()
        assert shop.sent() == []
        shop.time.sleep(classes.REFUSED_FOR.total_seconds())
        shop.wallet.tick()
        shop.wallet.tick()

        assert "allo@example.org" in contact_at_google(shop)
        assert shop.class_row().last_error is None
        assert len(shop.sent()) == 1

    def test_a_class_that_stays_refused_rests_each_time(self, shop: Shop) -> None:
        shop.new_card()
        refuse_classes(shop)
        publish(shop, contact="allo@example.org")
        shop.settle()
        shop.time.sleep(classes.REFUSED_FOR.total_seconds())
        shop.forget_requests()

        for _ in range(3):
            shop.wallet.tick()

        assert len(shop.sent()) == 1
        assert shop.class_row().retry_at == shop.time.now + classes.REFUSED_FOR

    def test_trouble_puts_a_refused_class_off(self, shop: Shop) -> None:
        shop.new_card()
        refuse_classes(shop)
        publish(shop, contact="allo@example.org")
        shop.settle()
        shop.time.sleep(classes.REFUSED_FOR.total_seconds())
        shop.google.refuse()

        shop.wallet.tick()

        row = shop.class_row()
        assert row.retry_at
        assert row.retry_at > shop.time.now
        assert row.last_error
        assert "Image" in row.last_error

    def test_a_lane_that_rests_tries_no_class(self, shop: Shop) -> None:
        card = shop.new_card()
        refuse_classes(shop)
        publish(shop, contact="allo@example.org")
        shop.settle()
        shop.time.sleep(classes.REFUSED_FOR.total_seconds())
        shop.google.book.revoked = True
        shop.earn(card, 5)
        shop.drain()
        shop.forget_requests()

        shop.wallet.tick()

        assert shop.sent() == []

    def test_a_picture_that_cannot_be_drawn_leaves_the_cards_going(
        self, shop: Shop, tmp_path: Path
    ) -> None:
        card = shop.new_card()
        shop.time.sleep(5)
        with db.write(shop.sessions) as session:
            name = media.add(
                session,
                media.MediaFiles(tmp_path),
                shop.programme_id,
                b"no picture",
                size=(660, 660),
                at=shop.time.now,
            )
        shop.shelf.held[name] = b"no picture"
        publish(shop, logo=name)
        shop.earn(card, 5)
        shop.settle()

        assert shop.points_at_google(card) == 5
        assert shop.class_row().last_error


def test_a_class_that_was_sent_meanwhile_is_not_brought_back(shop: Shop) -> None:
    bring(shop)
    known = shop.class_row().tries
    other = shop.another().wallet.sender.classes
    other.bring_back(shop.programme_id, CLASS_ID, 10.0, tries=known)
    shop.forget_requests()

    shop.wallet.sender.classes.bring_back(
        shop.programme_id, CLASS_ID, 10.0, tries=known
    )

    assert shop.sent() == []
    assert shop.class_row().tries == known + 1


def test_a_class_that_rests_is_not_brought_back(shop: Shop) -> None:
    bring(shop)
    refuse_classes(shop)
    bring(shop, anyway=True)
    row = shop.class_row()
    assert row.retry_at
    shop.forget_requests()

    shop.wallet.sender.classes.bring_back(
        shop.programme_id, CLASS_ID, 10.0, tries=row.tries
    )

    assert shop.sent() == []
