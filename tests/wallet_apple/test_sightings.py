"""What was seen waits in memory, bounded, and is then written at once."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from passes import db
from tests import overtaking
from tests.makers import NOON
from tests.wallet_apple.counters import Counter, RememberedPushes, open_counter
from wallet_apple import device_log
from wallet_apple.sightings import Sightings

SECOND = timedelta(seconds=1)


@pytest.fixture
def counter(sessions: db.Sessions, development: Path) -> Counter:
    return open_counter(sessions, development, RememberedPushes())


def flush(counter: Counter, seen: Sightings) -> int:
    return seen.flush(counter.sessions, NOON)


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


def test_a_token_that_lived_long_ago_is_written_down_before_the_answer(
    counter: Counter,
) -> None:
    counter.register()
    at = counter.clock.wait(600)
    assert counter.register().status_code == 200
    [device] = counter.devices()
    assert device.registered_at == at


def test_what_cannot_be_written_now_is_written_later(counter: Counter) -> None:
    counter.register()
    counter.list()
    seen = Sightings()
    seen.fetched(counter.card_id, 4, NOON)
    seen.listed(counter.devices()[0].id, 2**60, NOON)
    seen.registered(counter.devices()[0].id, NOON + SECOND)
    seen.complained(device_log.read(["x"], NOON))
    away = db.open_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    with pytest.raises(DBAPIError):
        seen.flush(db.Sessions(away), NOON)
    seen.fetched(counter.card_id, 3, NOON + SECOND)
    assert flush(counter, seen) == 4
    apple = counter.apple_pass()
    assert (apple.fetched_revision, apple.fetched_at) == (4, NOON + SECOND)
    assert counter.registrations()[0].listed_tag == 2**60
    assert counter.devices()[0].registered_at == NOON + SECOND


def test_what_comes_back_takes_no_more_room(counter: Counter) -> None:
    seen = Sightings(room=3)
    away = db.open_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    for number in range(9):
        seen.fetched(number, 1, NOON)
        with pytest.raises(DBAPIError):
            seen.flush(db.Sessions(away), NOON)
    assert len(seen._seen.fetched) == 3


@pytest.mark.postgresql
def test_what_was_overtaken_is_written_again(
    postgresql_url: str, development: Path
) -> None:
    engine = db.open_engine(postgresql_url)
    counter = open_counter(db.Sessions(engine), development, RememberedPushes())
    overtaking.lose(counter.sessions, "apple_pass", on="UPDATE")
    counter.fetch()
    counter.wallet.tick()
    assert counter.apple_pass().fetched_revision == 1
    engine.dispose()


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
