"""What was seen waits in memory, bounded, and is then written at once."""

from datetime import timedelta
from pathlib import Path

import pytest

from passes import db
from tests.makers import NOON
from tests.wallet_apple.counters import Counter, RememberedPushes, open_counter
from wallet_apple import device_log
from wallet_apple.sightings import Sightings

SECOND = timedelta(seconds=1)


@pytest.fixture
def counter(sessions: db.Sessions, development: Path) -> Counter:
    return open_counter(sessions, development, RememberedPushes())


def flush(counter: Counter, seen: Sightings) -> int:
    with db.write(counter.sessions) as session:
        return seen.flush(session, NOON)


def test_the_newest_revision_fetched_stays(counter: Counter) -> None:
    seen = Sightings()
    for revision in (3, 5, 4):
        seen.fetched(counter.card_id, revision, NOON)
    flush(counter, seen)
    seen.fetched(counter.card_id, 2, NOON + SECOND)
    flush(counter, seen)
    apple = counter.apple_pass()
    assert (apple.fetched_revision, apple.fetched_at) == (5, NOON + SECOND)


def test_a_device_that_heard_of_one_change_has_not_heard_of_the_next(
    counter: Counter,
) -> None:
    counter.register()
    counter.list()
    counter.revise()
    counter.wallet.tick()
    [row] = counter.registrations()
    assert row.listed_at is None
    assert row.listed_tag < row.tag


def test_saying_again_that_a_token_lives_outlasts_its_death_before(
    counter: Counter,
) -> None:
    counter.register()
    counter.clock.wait(60)
    counter.register()
    counter.wallet.tick()
    [device] = counter.devices()
    assert device.registered_at == NOON + timedelta(seconds=60)


def test_a_device_that_went_meanwhile_is_no_trouble(counter: Counter) -> None:
    counter.register()
    counter.list()
    counter.register()
    counter.unregister()
    counter.wallet.tick()
    assert counter.devices() == []


def test_what_was_written_is_not_written_again(counter: Counter) -> None:
    seen = Sightings()
    seen.fetched(counter.card_id, 1, NOON)
    assert flush(counter, seen) == 1
    assert seen.empty
    assert flush(counter, seen) == 0


def test_a_flood_fills_nothing() -> None:
    seen = Sightings(room=10)
    for number in range(1000):
        seen.fetched(number, 1, NOON)
        seen.listed(number, 1, NOON)
        seen.registered(number, NOON)
        seen.complained(device_log.read(["x"] * 20, NOON))
    held = seen._seen
    assert len(held.fetched) == len(held.listed) == len(held.registered) == 10
    assert len(held.complaints) == 1000
