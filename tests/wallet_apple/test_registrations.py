"""Registrations and tags: whatever the order of things, no change is lost."""

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import event, text

from passes import db
from passes.cards import card as cards
from passes.delivery import claims
from passes.delivery.changes import Priority
from passes.delivery.wallet import Answer, Outcome
from tests.makers import NOON
from tests.wallet_apple.counters import (
    PASS_TYPE,
    Counter,
    RememberedPushes,
    open_counter,
    rows_of,
)
from wallet_apple import holdings, registrations
from wallet_apple.registrations import Client, Registered

IPHONE = Client("device-1", PASS_TYPE, "ab" * 32, registrations.APNS)
SECOND = timedelta(seconds=1)


@pytest.fixture
def pushes() -> RememberedPushes:
    return RememberedPushes()


@pytest.fixture
def counter(
    sessions: db.Sessions, development: Path, pushes: RememberedPushes
) -> Counter:
    return open_counter(sessions, development, pushes)


def enter(
    counter: Counter, client: Client = IPHONE, card_id: int | None = None
) -> Registered:
    return db.transact(
        counter.sessions,
        lambda session: registrations.register(
            session.connection(), card_id or counter.card_id, client, counter.clock()
        ),
    )


def listed(counter: Counter, since: int = -1, device: str = "device-1") -> list[int]:
    """The tag of a list, and how many passes it names."""
    with counter.sessions.reading.connect() as connection:
        listing = holdings.listed(connection, device, PASS_TYPE, since)
    assert listing
    return [listing.tag, len(listing.serial_numbers)]


class TestOwing:
    def test_a_card_that_never_changed_owes_its_new_device_nothing(
        self, counter: Counter
    ) -> None:
        enter(counter)
        counter.clock.wait(60)
        assert counter.drain() == 0

    def test_a_change_between_download_and_registration_is_pushed(
        self, counter: Counter, pushes: RememberedPushes
    ) -> None:
        counter.revise()
        enter(counter)
        counter.clock.wait(60)
        counter.drain()
        assert pushes.tokens == [IPHONE.push_token]

    def test_a_change_is_pushed_at_once(
        self, counter: Counter, pushes: RememberedPushes
    ) -> None:
        enter(counter)
        counter.revise()
        assert counter.drain() == 1
        assert pushes.tokens == [IPHONE.push_token]

    def test_changes_that_follow_one_another_are_one_push(
        self, counter: Counter, pushes: RememberedPushes
    ) -> None:
        enter(counter)
        counter.revise()
        counter.drain()
        for _ in range(10):
            counter.clock.wait(0.2)
            counter.revise()
            counter.drain()
        counter.clock.wait(3)
        counter.drain()
        assert len(pushes.tokens) == 2

    def test_a_new_token_is_owed_what_the_old_one_was_pushed_and_not_heard(
        self, counter: Counter, pushes: RememberedPushes
    ) -> None:
        enter(counter)
        counter.revise()
        counter.drain()
        enter(counter, Client("device-1", PASS_TYPE, "cd" * 32, registrations.APNS))
        counter.drain()
        assert pushes.tokens == ["ab" * 32, "cd" * 32]

    def test_a_push_to_the_former_token_does_not_settle_the_new_one(
        self, counter: Counter
    ) -> None:
        enter(counter)
        counter.revise()
        rows = counter.wallet.rows
        with db.write(counter.sessions) as session:
            claim = claims.claim(session, rows, counter.lane, counter.clock(), 10)
        enter(counter, Client("device-1", PASS_TYPE, "cd" * 32, registrations.APNS))
        delivered = [Answer(row.row_id, Outcome.DELIVERED) for row in claim.rows]
        with db.write(counter.sessions) as session:
            claims.mark(session, rows, claim, delivered, counter.clock())
        [row] = counter.registrations()
        assert row.wanted > row.delivered

    def test_a_person_s_change_stays_in_front_of_a_rollout_s(
        self, counter: Counter
    ) -> None:
        enter(counter)
        counter.revise()
        with db.write(counter.sessions) as session:
            cards.lock(session, counter.card_id)
            counter.wallet.changed(
                session, [counter.card_id], counter.clock(), priority=Priority.MASS
            )
        assert [row.priority for row in counter.registrations()] == [0]

    def test_a_row_that_was_given_up_is_owed_again_by_the_next_change(
        self, counter: Counter
    ) -> None:
        enter(counter)
        with db.write(counter.sessions) as session:
            session.execute(
                text("UPDATE registration SET dead_at = registered_at, attempts = 9")
            )
        counter.revise()
        [row] = counter.registrations()
        assert (row.dead_at, row.attempts) == (None, 0)

    def test_a_client_that_is_not_pushed_to_owes_nothing_but_gets_its_tag(
        self, counter: Counter
    ) -> None:
        enter(counter, Client("device-1", PASS_TYPE, "gcm:x", "pass2u"))
        before, _ = listed(counter)
        counter.revise()
        assert listed(counter, before)[1] == 1
        assert [row.wanted for row in counter.registrations()] == [0]


class TestRemoval:
    def test_only_what_was_registered_before_its_token_died_goes(
        self, counter: Counter
    ) -> None:
        enter(counter)
        for gone_at, left in ((NOON - SECOND, 1), (NOON, 1), (NOON + SECOND, 0)):
            with db.write(counter.sessions) as session:
                removed = registrations.remove(
                    session.connection(), PASS_TYPE, {"ab" * 32: gone_at}
                )
            assert len(counter.devices()) == len(counter.registrations()) == left
            assert (removed == {"ab" * 32}) is (left == 0)

    def test_every_device_of_the_token_goes_and_no_other(
        self, counter: Counter
    ) -> None:
        for number in range(2):
            enter(counter, Client(f"twin-{number}", PASS_TYPE, "ab" * 32, "apns"))
        enter(counter, Client("other", PASS_TYPE, "cd" * 32, "apns"))
        with db.write(counter.sessions) as session:
            registrations.remove(session.connection(), PASS_TYPE, {"ab" * 32: None})
        assert [one.library_identifier for one in counter.devices()] == ["other"]


class TestSetWise:
    def test_the_number_of_statements_does_not_depend_on_the_cards(
        self, counter: Counter
    ) -> None:
        many = [counter.card_id, *(counter.new_card() for _ in range(12))]
        for number, card_id in enumerate(many):
            enter(
                counter,
                Client(f"device-{number % 5}", PASS_TYPE, "ab" * 32, "apns"),
                card_id,
            )
        assert counted(counter, many[:1]) == counted(counter, many) == 2

    def test_it_is_owed_since_the_first_change_that_was_not_told(
        self, counter: Counter
    ) -> None:
        enter(counter)
        assert counter.registrations()[0].owed_since is None
        began = counter.clock.wait(60)
        counter.revise()
        counter.clock.wait(60)
        counter.revise()
        assert counter.registrations()[0].owed_since == began

    def test_what_was_given_up_is_owed_since_the_change_that_wakes_it(
        self, counter: Counter
    ) -> None:
        enter(counter)
        counter.revise()
        with db.write(counter.sessions) as session:
            rows_of(session, counter.card_id)[0].dead_at = counter.clock()
        again = counter.clock.wait(60)
        counter.revise()
        assert counter.registrations()[0].owed_since == again

    def test_a_device_with_several_changed_cards_has_one_new_tag(
        self, counter: Counter
    ) -> None:
        other = counter.new_card()
        enter(counter)
        enter(counter, card_id=other)
        counter.revise(counter.card_id, other)
        assert len({row.tag for row in counter.registrations()}) == 1
        [device] = counter.devices()
        assert device.counter == counter.registrations()[0].tag


def counted(counter: Counter, card_ids: list[int]) -> int:
    asked: list[str] = []

    def note(*told: object) -> None:
        asked.append(str(told[2]))

    with db.write(counter.sessions) as session:
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", note)
        registrations.changed(connection, card_ids, counter.clock(), priority=0)
    return len(asked)


class TestRaces:
    """Threads on one card: what commits is listed, and owed until it is pushed."""

    def test_a_registration_during_a_change_is_owed_the_change(
        self, counter: Counter, pushes: RememberedPushes
    ) -> None:
        for round_ in range(10):
            device = f"racer-{round_}"
            client = Client(device, PASS_TYPE, f"{round_:02d}" * 32, "apns")
            both(counter.revise, partial(enter, counter, client))
            counter.clock.wait(60)
            counter.drain()
        assert set(pushes.tokens) == {f"{round_:02d}" * 32 for round_ in range(10)}

    def test_two_changes_at_once_have_two_tags(self, counter: Counter) -> None:
        other = counter.new_card()
        enter(counter)
        enter(counter, card_id=other)
        for _ in range(10):
            both(counter.revise, lambda: counter.revise(other))
            tags = [row.tag for row in counter.registrations()]
            assert len(set(tags)) == 2
            assert counter.devices()[0].counter == max(tags)

    def test_the_last_card_goes_while_another_comes(self, counter: Counter) -> None:
        other = counter.new_card()
        for _ in range(10):
            enter(counter)
            both(
                lambda: leave(counter, counter.card_id),
                lambda: enter(counter, card_id=other),
            )
            assert [row.card_id for row in counter.registrations()] == [other]
            assert len(counter.devices()) == 1
            leave(counter, other)

    def test_one_registration_that_comes_twice_at_once_is_one(
        self, counter: Counter
    ) -> None:
        for round_ in range(10):
            client = Client(f"twice-{round_}", PASS_TYPE, "ab" * 32, "apns")
            both(*[partial(enter, counter, client)] * 2)
        assert len(counter.registrations()) == len(counter.devices()) == 10


def leave(counter: Counter, card_id: int) -> None:
    db.transact(
        counter.sessions,
        lambda session: registrations.unregister(
            session.connection(), card_id, "device-1", PASS_TYPE
        ),
    )


def both(*works: Callable[[], object]) -> None:
    """Run all at the same moment, and let the first error out."""
    errors: list[BaseException] = []
    gate = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        gate.wait(10)
        try:
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    if errors:
        raise errors[0]
