"""A class is sent by one worker at a time, and as it is by then."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from passes import db
from passes.programmes import design
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
