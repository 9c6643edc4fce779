"""Google's wallet: a card is there before it is saved, and stays as the card is."""

import secrets
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import event, update

from passes import db
from passes.cards import card as cards
from passes.delivery import changes
from passes.delivery.wallet import Room
from passes.errors import NotFoundError
from tests.wallet_google import tills
from tests.wallet_google.tills import LANE, Shop
from wallet_google import deliveries, errors
from wallet_google.standin import replies
from wallet_google.standin.book import Trick
from wallet_google.standin.replies import Reply
from wallet_google.tables import GoogleClass, GoogleObject, GoogleSlot
from wallet_google.wallet import GoogleWallet

OTHER_ISSUER = "3388000000000000002"


@pytest.fixture
def shop(sessions: db.Sessions, tmp_path: Path) -> Iterator[Shop]:
    opened = tills.open_shop(sessions, tmp_path / "google")
    yield opened
    opened.wallet.close()
    opened.google.stop()


def elsewhere(shop: Shop) -> GoogleWallet:
    """The wallet of a process whose settings name another issuer."""
    return tills.open_wallet(
        shop.sessions,
        shop.google,
        shop.time,
        shop.shelf,
        issuer_id=OTHER_ISSUER,
    )


class TestSaving:
    """At the click class and card are there, and the link is short."""

    def test_a_card_is_at_google_before_its_link_is_given(self, shop: Shop) -> None:
        card = shop.new_card(saved=False)

        url = shop.wallet.save_url(card, shop.time.now)

        assert url.startswith(shop.google.save_url)
        assert len(urlsplit(url).path) < 800
        assert shop.at_google(card)["state"] == "ACTIVE"
        assert [one.method for one in shop.sent()] == ["PATCH", "POST"] * 2
        assert shop.debt().waiting == 0

    def test_a_card_that_is_there_costs_no_request(self, shop: Shop) -> None:
        card = shop.new_card()
        shop.forget_requests()

        shop.wallet.save_url(card, shop.time.now)

        assert shop.sent() == []

    def test_a_second_card_needs_no_class(self, shop: Shop) -> None:
        shop.new_card()
        shop.forget_requests()

        shop.new_card()

        assert [one.method for one in shop.sent()] == ["PATCH", "POST"]

    def test_a_card_that_nobody_wants_there_stays_here(self, shop: Shop) -> None:
        card = shop.new_card(saved=False)
        shop.earn(card, 10)
        shop.settle()

        assert shop.sent() == []
        with db.read(shop.sessions) as session:
            assert shop.wallet.state(session, card) == "none"

    def test_while_google_is_away_the_holder_waits_and_then_goes_on(
        self, shop: Shop
    ) -> None:
        card = shop.new_card(saved=False)
        shop.google.refuse()

        with pytest.raises(errors.NotYetError) as raised:
            shop.wallet.save_url(card, shop.time.now)
        assert 1 <= raised.value.seconds <= 30

        shop.google.restore()
        shop.settle()
        shop.forget_requests()
        assert shop.wallet.save_url(card, shop.time.now)
        assert shop.sent() == []

    def test_a_turn_that_is_far_away_is_waited_for(self, shop: Shop) -> None:
        card = shop.new_card(saved=False)
        shop.wallet.slots.slow_down(20)

        with pytest.raises(errors.NotYetError) as raised:
            shop.wallet.save_url(card, shop.time.now)

        assert raised.value.seconds == pytest.approx(20, abs=0.5)
        assert shop.sent() == []

    def test_a_card_that_is_being_sent_is_waited_for(self, shop: Shop) -> None:
        card = shop.new_card(saved=False)
        shop.google.refuse()
        with pytest.raises(errors.NotYetError):
            shop.wallet.save_url(card, shop.time.now)
        shop.google.restore()
        shop.time.sleep(60)
        shop.claim()

        with pytest.raises(errors.NotYetError):
            shop.wallet.save_url(card, shop.time.now)

    def test_what_only_a_person_can_mend_is_said(self, shop: Shop) -> None:
        card = shop.new_card(saved=False)
        shop.google.book.revoked = True

        with pytest.raises(errors.RevokedError):
            shop.wallet.save_url(card, shop.time.now)

    def test_a_class_that_rests_is_waited_for_only_at_the_end(self, shop: Shop) -> None:
        card = shop.new_card(saved=False)
        shop.google.book.decide = lambda method, path: (
            replies.invalid("no").reply
            if "loyaltyClass" in path and method == "POST"
            else None
        )
        with pytest.raises(errors.ClassRefusedError):
            shop.wallet.save_url(card, shop.time.now)
        shop.time.sleep(60)
        with pytest.raises(errors.ClassRefusedError):
            shop.wallet.save_url(card, shop.time.now)
        retry_at = shop.class_row().retry_at
        assert retry_at
        shop.time.now = retry_at - timedelta(seconds=20)

        with pytest.raises(errors.NotYetError) as raised:
            shop.wallet.save_url(card, shop.time.now)

        assert raised.value.seconds == pytest.approx(20, abs=0.5)

    def test_a_class_that_somebody_is_sending_is_waited_for(self, shop: Shop) -> None:
        shop.new_card()
        card = shop.new_card(saved=False)
        with db.write(shop.sessions) as session:
            busy = shop.time.now + timedelta(seconds=30)
            values = {"busy_until": busy, "fingerprint": "former"}
            session.execute(update(GoogleClass).values(**values))

        with pytest.raises(errors.NotYetError) as raised:
            shop.wallet.save_url(card, shop.time.now)

        assert raised.value.seconds <= 5

    def test_a_link_of_another_issuer_is_not_given(self, shop: Shop) -> None:
        card = shop.new_card()
        other = elsewhere(shop)

        with pytest.raises(errors.IssuerIdError, match=OTHER_ISSUER):
            other.save_url(card, shop.time.now)
        other.close()

    def test_an_erased_card_cannot_be_saved(self, shop: Shop) -> None:
        card = shop.new_card(saved=False)
        shop.erase(card)

        with pytest.raises(NotFoundError):
            shop.wallet.save_url(card, shop.time.now)

    def test_callbacks_say_how_things_stand(self, shop: Shop) -> None:
        card = shop.new_card()
        with db.write(shop.sessions) as session:
            said = [shop.wallet.state(session, card)]
            row = session.get_one(type(shop.row(card)), shop.row(card).id)
            row.saved_at = shop.time.now
            session.flush()
            said.append(shop.wallet.state(session, card))
            row.removed_at = shop.time.now + timedelta(seconds=1)
            session.flush()
            said.append(shop.wallet.state(session, card))

        assert said == ["offered", "saved", "removed"]


class TestRaces:
    """Several do it at once, and it is as if one had."""

    def test_many_clicks_at_once_bring_one_card(self, shop: Shop) -> None:
        card = shop.new_card(saved=False)
        links, waits = list[str](), list[float]()

        def click() -> None:
            try:
                links.append(shop.wallet.save_url(card, shop.time.now))
            except errors.NotYetError as error:
                waits.append(error.seconds)

        threads = [threading.Thread(target=click) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert links
        assert len(links) + len(waits) == 6
        assert [one.method for one in shop.sent()] == ["PATCH", "POST"] * 2

    def test_a_change_during_the_click_reaches_google_too(self, shop: Shop) -> None:
        card = shop.new_card(saved=False)

        def change(method: str, path: str) -> None:
            if "loyaltyObject" in path and method == "POST":
                shop.earn(card, 7)

        shop.google.book.decide = change
        shop.wallet.save_url(card, shop.time.now)
        shop.google.book.decide = None
        assert shop.debt().waiting == 1

        shop.settle()
        assert shop.points_at_google(card) == 7

    def test_a_till_waits_for_one_statement(self, shop: Shop) -> None:
        card = shop.new_card()
        statements: list[str] = []
        with db.write(shop.sessions) as session:
            held = cards.lock(session, card)
            cards.revise(session, held, shop.time.now)

            def hear(connection: object, cursor: object, sql: str, *_: object) -> None:
                statements.append(sql)

            heard = (shop.sessions.engine, "before_cursor_execute", hear)
            event.listen(*heard)
            shop.wallet.changed(session, [card], shop.time.now, priority=0)
            event.remove(*heard)
            changes.settle(session, (), shop.time.now)

        assert len(statements) == 1
        assert "UPDATE google_object" in statements[0]

    def test_many_cards_are_owed_by_one_statement_too(self, shop: Shop) -> None:
        made = [shop.new_card() for _ in range(3)]
        shop.new_card(saved=False)
        with db.write(shop.sessions) as session:
            owed = shop.wallet.changed(session, made, shop.time.now, priority=5)
            none = shop.wallet.changed(
                session, [10**9, 10**9 + 1], shop.time.now, priority=5
            )
            one = shop.wallet.changed(session, [10**9], shop.time.now, priority=0)

        assert (owed, none, one) == (True, False, False)


class TestUpdating:
    """A change is one request, with the newest there is."""

    def test_a_change_is_one_patch(self, shop: Shop) -> None:
        card = shop.new_card()
        shop.forget_requests()
        shop.time.sleep(5)

        shop.earn(card, 40)
        shop.settle()

        assert [one.method for one in shop.sent()] == ["PATCH"]
        assert shop.points_at_google(card) == 40

    def test_ten_changes_while_waiting_are_one_patch(self, shop: Shop) -> None:
        card = shop.new_card()
        shop.forget_requests()
        for _ in range(10):
            shop.earn(card, 1)
        shop.settle()

        assert len(shop.sent()) == 1
        assert shop.points_at_google(card) == 10

    def test_what_google_holds_already_is_not_sent(self, shop: Shop) -> None:
        card = shop.new_card()
        shop.forget_requests()
        shop.time.sleep(5)

        shop.revise(card)
        shop.settle()

        assert shop.sent() == []
        assert shop.row(card).delivered == 2

    def test_after_a_failure_nothing_is_believed_to_be_there(self, shop: Shop) -> None:
        card = shop.new_card()
        shop.time.sleep(5)
        shop.google.book.planned.extend([Trick.LOSE] * 40)
        shop.earn(card, 40)
        shop.drain()
        shop.google.book.planned.clear()
        shop.forget_requests()

        shop.earn(card, -40)
        shop.settle(600)

        assert shop.points_at_google(card) == 0

    def test_what_a_person_waits_for_goes_before_a_whole_programme(
        self, shop: Shop
    ) -> None:
        made = [shop.new_card() for _ in range(30)]
        shop.time.sleep(5)
        shop.forget_requests()
        with shop.changing() as session:
            tills.publish(session, shop, background="#112233", foreground="#ffffff")
        shop.earn(made[0], 7)

        shop.settle()

        patched = [
            one.body
            for one in shop.sent()
            if "loyaltyObject" in one.path and one.status == HTTPStatus.OK
        ]
        place = [
            number
            for number, body in enumerate(patched)
            if body["loyaltyPoints"]["balance"]["int"] == 7
        ]
        assert len(patched) == 30
        assert place[0] < 10


def test_no_second_has_more_requests_than_google_takes(
    sessions: db.Sessions, tmp_path: Path
) -> None:
    shop = tills.open_shop(sessions, tmp_path / "google", tills.RealTime())
    made = [shop.new_card() for _ in range(12)]
    # An answer takes as long as Google's do from afar.
    shop.google.book.latency = 0.2
    time.sleep(1)
    shop.forget_requests()
    for number in range(3):
        shop.revise(*made, balance=5 + number)
        with db.write(shop.sessions) as session:
            session.execute(update(GoogleObject).values(due_at=shop.time.clock()))
        shop.drain()
        shop.settle(1)
    shop.settle(10)
    shop.wallet.close()
    shop.google.stop()

    assert {one.status for one in shop.sent()} == {200}
    assert shop.debt().waiting == 0


class TestTelling:
    """Holders are told of what is news to them, and not too often."""

    def loud(self, shop: Shop) -> list[bool]:
        return [
            "notifyPreference" in one.body
            for one in shop.sent("PATCH")
            # A token that ended is renewed, and the request sent anew.
            if one.status != HTTPStatus.UNAUTHORIZED
        ]

    def test_the_first_time_tells_nobody(self, shop: Shop) -> None:
        shop.new_card()

        assert not any("notifyPreference" in one.body for one in shop.sent())

    @pytest.mark.parametrize(
        ("announce", "points", "told"),
        [("points", 5, True), ("nothing", 5, False), ("points", 0, False)],
    )
    def test_who_is_told(
        self, shop: Shop, announce: str, points: int, told: bool
    ) -> None:
        card = shop.new_card()
        shop.time.sleep(5)
        shop.forget_requests()
        shop.earn(card, points, announce)
        shop.revise(card, short_code=secrets.token_hex(5).upper())
        shop.settle()

        assert self.loud(shop) == [told]

    def test_the_last_of_a_day_is_kept_for_a_tier(self, shop: Shop) -> None:
        card = shop.new_card()
        shop.forget_requests()
        for announce in ("points", "points", "points", "tier", "points"):
            shop.time.sleep(1200)
            shop.earn(card, 5, announce)
            shop.settle()

        assert self.loud(shop) == [True, True, False, True, False]
        assert len(list(shop.row(card).told)) == 3  # type: ignore[call-overload]
        shop.time.sleep(24 * 3600)
        shop.forget_requests()
        shop.earn(card, 5)
        shop.settle()
        assert self.loud(shop) == [True]

    def test_a_quota_that_is_used_up_makes_it_silent(self, shop: Shop) -> None:
        card = shop.new_card()
        shop.time.sleep(5)
        shop.forget_requests()
        shop.google.book.planned.append(replies.no_more_messages("1", "object").reply)
        shop.earn(card, 5)
        shop.settle()

        assert self.loud(shop) == [True, False]
        assert shop.points_at_google(card) == 5


class TestClasses:
    """What cards share is one request, before the cards that need it."""

    def test_a_new_name_is_one_request_for_all_holders(self, shop: Shop) -> None:
        made = [shop.new_card() for _ in range(25)]
        shop.time.sleep(5)
        shop.forget_requests()

        with shop.changing() as session:
            tills.publish(session, shop, contact="allo@example.org")
        shop.settle()

        assert [(one.method, one.path.split("/")[3]) for one in shop.sent()] == [
            ("PATCH", "loyaltyClass")
        ]
        assert shop.debt().waiting == 0
        assert len(made) == 25

    def test_a_class_that_somebody_else_brings_is_the_only_request_too(
        self, shop: Shop
    ) -> None:
        for _ in range(15):
            shop.new_card()
        shop.time.sleep(5)
        shop.forget_requests()
        with shop.changing() as session:
            tills.publish(session, shop, contact="allo@example.org")
        with db.write(shop.sessions) as session:
            held = session.get_one(GoogleClass, shop.programme_id)
            held.busy_until = shop.time.now + timedelta(seconds=3)
        shop.settle()

        assert [one.path.split("/")[3] for one in shop.sent()] == ["loyaltyClass"]
        assert shop.debt().waiting == 0

    def test_a_class_that_waits_for_google_costs_its_cards_nothing(
        self, shop: Shop
    ) -> None:
        for _ in range(15):
            shop.new_card()
        shop.time.sleep(5)
        shop.google.refuse()
        with shop.changing() as session:
            tills.publish(session, shop, contact="allo@example.org")
        shop.settle(20)
        shop.google.restore()
        shop.forget_requests()
        shop.settle()

        assert [one.path.split("/")[3] for one in shop.sent()] == ["loyaltyClass"]
        assert shop.debt().waiting == 0

    def test_a_class_goes_before_its_cards(self, shop: Shop) -> None:
        for _ in range(3):
            shop.new_card()
        shop.time.sleep(5)
        shop.forget_requests()

        with shop.changing() as session:
            tills.publish(session, shop, background="#112233")
        shop.settle()

        kinds = [one.path.split("/")[3] for one in shop.sent()]
        assert kinds == ["loyaltyClass", *["loyaltyObject"] * 3]

    def test_a_class_that_is_refused_is_said_and_tried_again_later(
        self, shop: Shop
    ) -> None:
        card = shop.new_card(saved=False)
        shop.google.book.decide = lambda method, path: (
            replies.invalid("Image cannot be loaded").reply
            if "loyaltyClass" in path and method == "POST"
            else None
        )
        with pytest.raises(errors.ClassRefusedError):
            shop.wallet.save_url(card, shop.time.now)
        assert "Image cannot be loaded" in (shop.class_row().last_error or "")
        assert "Image cannot be loaded" in (shop.row(card).last_error or "")
        shop.forget_requests()
        shop.settle(120)
        assert shop.sent() == []

        shop.google.book.decide = None
        shop.settle(1200)
        assert shop.at_google(card)["state"] == "ACTIVE"
        assert shop.class_row().last_error is None

    def test_a_new_look_that_is_refused_leaves_the_cards_going(
        self, shop: Shop
    ) -> None:
        card = shop.new_card()
        shop.time.sleep(5)
        shop.google.book.decide = lambda method, path: (
            replies.invalid("no").reply if "loyaltyClass" in path else None
        )
        with shop.changing() as session:
            tills.publish(session, shop, contact="allo@example.org")
        shop.earn(card, 9)
        shop.settle()

        assert shop.points_at_google(card) == 9
        assert shop.class_row().last_error

    def test_a_class_that_google_lost_is_put_first(self, shop: Shop) -> None:
        shop.new_card()
        shop.google.resources._kept["loyaltyClass"].clear()
        shop.google.resources._kept["loyaltyObject"].clear()

        card = shop.new_card()

        assert shop.at_google(card)["state"] == "ACTIVE"


class TestErasing:
    """There is no delete: nothing but the id is left, as soon as Google takes it."""

    def test_nothing_is_left_but_the_id(self, shop: Shop) -> None:
        card = shop.new_card()
        shop.time.sleep(5)

        shop.erase(card)
        shop.settle()

        kept = shop.at_google(card)
        kept.pop("classReference")
        row = shop.row(card)
        assert kept == {
            "id": row.object_id,
            "classId": row.class_id,
            "state": "INACTIVE",
            "hasUsers": False,
        }

    @pytest.mark.parametrize(
        "no", [replies.invalid("no").reply, replies.no(501, "notImplemented", "no")]
    )
    def test_it_is_owed_for_as_long_as_google_does_not_take_it(
        self, shop: Shop, no: Reply
    ) -> None:
        card = shop.new_card()
        shop.time.sleep(5)
        shop.google.book.decide = lambda method, path: no if method == "PUT" else None
        shop.erase(card)
        shop.settle(3600 * 30)
        assert shop.debt().waiting == 1

        shop.google.book.decide = None
        shop.settle(3600)
        assert shop.debt().waiting == 0
        assert "accountName" not in shop.at_google(card)

    def test_a_card_that_never_was_there_is_not_brought_there(self, shop: Shop) -> None:
        card = shop.new_card(saved=False)
        shop.google.refuse()
        with pytest.raises(errors.NotYetError):
            shop.wallet.save_url(card, shop.time.now)
        shop.erase(card)
        shop.google.restore()
        shop.forget_requests()
        shop.settle(300)

        assert [one.method for one in shop.sent()] == ["PUT"]
        assert shop.debt().waiting == 0


class TestTroubles:
    """Each answer has its consequence, and the operator reads which."""

    def test_a_picture_that_could_not_be_fetched_is_given_another_try(
        self, shop: Shop
    ) -> None:
        card = shop.new_card()
        shop.time.sleep(5)
        refused = replies.invalid("Image cannot be loaded.").reply
        shop.google.book.planned.extend([refused] * 2)
        shop.earn(card, 5)
        shop.settle(50)
        assert shop.debt().waiting == 1
        assert "Image cannot be loaded." in (shop.row(card).last_error or "")

        shop.settle(700)
        assert shop.points_at_google(card) == 5

    def test_a_malformed_card_is_given_up_with_the_reason(self, shop: Shop) -> None:
        card = shop.new_card()
        shop.time.sleep(5)
        refused = replies.invalid("A bad field.").reply
        shop.google.book.decide = lambda method, path: refused
        shop.earn(card, 5)
        shop.settle(24 * 3600)

        assert (shop.debt().waiting, shop.debt().dead) == (0, 1)
        assert "A bad field." in (shop.row(card).last_error or "")

        shop.google.book.decide = None
        shop.earn(card, 5)
        shop.settle()
        assert shop.points_at_google(card) == 10

    def test_too_many_requests_move_everybodys_turn(self, shop: Shop) -> None:
        card = shop.new_card()
        shop.time.sleep(5)
        shop.google.book.planned.append(replies.too_fast())
        shop.forget_requests()
        shop.earn(card, 5)
        shop.settle()

        assert [one.status for one in shop.sent()] == [429, 200]

    def test_an_outage_opens_the_circuit(self, shop: Shop) -> None:
        made = [shop.new_card() for _ in range(3)]
        shop.time.sleep(5)
        shop.google.refuse()
        shop.revise(*made, balance=5)
        shop.settle(120)
        lane = shop.lane()

        assert lane
        assert lane.paused_until
        assert "could not be reached" in (lane.reason or "")

        shop.google.restore()
        shop.settle(3600)
        assert shop.debt().waiting == 0

    def test_a_revoked_account_stops_the_lane_until_there_is_another(
        self, shop: Shop
    ) -> None:
        card = shop.new_card()
        shop.time.sleep(5)
        shop.google.book.revoked = True
        shop.earn(card, 5)
        shop.drain()
        lane = shop.lane()
        assert lane
        assert "access token" in (lane.reason or "")
        assert shop.debt().waiting == 1

        shop.google.book.revoked = False
        shop.google.account_file.write_bytes(shop.google.account_file.read_bytes())
        shop.wallet.tick()
        shop.settle(deliveries.MENDING.total_seconds() + 60)
        assert shop.points_at_google(card) == 5

    def test_rights_that_were_taken_away_are_named(self, shop: Shop) -> None:
        card = shop.new_card()
        shop.time.sleep(5)
        shop.google.office.users.clear()
        shop.earn(card, 5)
        shop.drain()
        lane = shop.lane()

        assert lane
        assert "Invite" in (lane.reason or "")

    def test_what_is_forbidden_to_one_card_stops_no_other(self, shop: Shop) -> None:
        made = [shop.new_card() for _ in range(6)]
        shop.time.sleep(5)
        odd = shop.row(made[0]).object_id
        shop.google.book.decide = lambda method, path: (
            replies.no(403, "oddReason", "no") if odd in path else None
        )
        shop.revise(*made, balance=5)
        shop.settle(30)
        lane = shop.lane()

        assert [shop.points_at_google(card) for card in made[1:]] == [5] * 5
        assert shop.debt().waiting == 1
        assert lane
        assert lane.paused_until is None

    def test_a_quota_of_everything_rests_the_lane(self, shop: Shop) -> None:
        made = [shop.new_card() for _ in range(30)]
        shop.time.sleep(5)
        shop.forget_requests()
        no_more = replies.no(403, "quotaExceeded", "Quota exceeded for the project.")
        shop.google.book.decide = lambda method, path: no_more
        shop.revise(*made, balance=5)
        shop.settle(60)
        lane = shop.lane()

        assert 0 < len(shop.sent()) < 20
        assert lane
        assert lane.paused_until
        assert "Quota exceeded" in (lane.reason or "")
        shop.google.book.decide = None
        shop.settle(600)
        assert [shop.points_at_google(card) for card in made] == [5] * 30

    def test_an_issuer_that_is_not_the_cards_own_is_named(self, shop: Shop) -> None:
        card = shop.new_card()
        other = elsewhere(shop)
        shop.time.sleep(5)
        shop.earn(card, 5)
        shop.forget_requests()
        report = other.deliver(LANE, shop.claim().rows, shop.time.now)
        other.close()

        assert OTHER_ISSUER in (report.reason or "")
        assert shop.sent() == []

    def test_cards_of_another_issuer_take_no_turns(self, shop: Shop) -> None:
        made = [shop.new_card() for _ in range(3)]
        other = elsewhere(shop)
        shop.time.sleep(5)
        shop.revise(*made, balance=5)

        room = other.room(LANE, shop.time.now)
        other.close()

        assert room == Room(3)
        with db.read(shop.sessions) as session:
            assert session.get(GoogleSlot, OTHER_ISSUER) is None
