"""Counters that several workers share."""

import multiprocessing
from datetime import timedelta

import pytest
from sqlalchemy import select

from passes import db
from passes.db import Sessions
from passes.errors import BusyError
from tests.web.clocks import HeldClock
from web import limits, requests
from web.limits import Limits, Rule, TooOftenError
from web.tables import RateCounter

KEY = b"k" * 32
OPEN = Rule("open", 3, timedelta(minutes=1))
CLOSED = Rule("closed", 3, timedelta(minutes=1), closed=True)
LOCAL = Rule("local", 3, timedelta(minutes=1), local=True)
RACE = Rule("race", 50, timedelta(hours=1), closed=True)


@pytest.fixture
def counted(sessions: Sessions, clock: HeldClock) -> Limits:
    """Limits on the test's database, of either engine in turn."""
    return limits.in_database(sessions, clock, KEY)


def taken(counted: Limits, rule: Rule, key: str, times: int) -> int:
    """Try *times* times and return how many were let through."""
    return sum(counted.allows(rule, key) for _ in range(times))


@pytest.mark.asvs("v5.0.0-2.1.3")
@pytest.mark.parametrize("rule", [OPEN, CLOSED, LOCAL])
def test_as_many_as_the_rule_says_and_not_one_more(counted: Limits, rule: Rule) -> None:
    assert taken(counted, rule, "a", 5) == 3


@pytest.mark.parametrize("rule", [OPEN, LOCAL])
def test_each_key_is_counted_by_itself(counted: Limits, rule: Rule) -> None:
    taken(counted, rule, "a", 5)

    assert taken(counted, rule, "b", 5) == 3


def test_each_rule_is_counted_by_itself(counted: Limits) -> None:
    taken(counted, OPEN, "a", 5)

    assert taken(counted, CLOSED, "a", 5) == 3


def test_a_new_window_begins_anew(counted: Limits, clock: HeldClock) -> None:
    taken(counted, OPEN, "a", 5)

    clock.move(seconds=61)

    assert taken(counted, OPEN, "a", 5) == 3


def test_tries_that_were_refused_do_not_make_the_wait_longer(
    counted: Limits, clock: HeldClock
) -> None:
    taken(counted, OPEN, "a", 5)
    clock.move(seconds=50)
    taken(counted, OPEN, "a", 5)

    clock.move(seconds=11)

    assert taken(counted, OPEN, "a", 1) == 1


def test_a_refusal_says_how_long_to_wait(counted: Limits, clock: HeldClock) -> None:
    taken(counted, OPEN, "a", 3)
    clock.move(seconds=20)

    with pytest.raises(TooOftenError) as refused:
        counted.take(OPEN, "a")

    assert refused.value.palier_retry_after == 40


def test_a_flood_that_is_refused_writes_nothing(
    counted: Limits, sessions: Sessions
) -> None:
    taken(counted, OPEN, "a", 100)

    with db.read(sessions) as session:
        assert session.scalar(select(RateCounter.hits)) == 3


def test_what_is_given_back_can_be_taken_again(counted: Limits) -> None:
    taken(counted, OPEN, "a", 2)

    counted.give_back(OPEN, "a")

    assert taken(counted, OPEN, "a", 5) == 2


def test_what_is_forgotten_begins_anew(counted: Limits) -> None:
    taken(counted, OPEN, "a", 5)

    counted.forget(OPEN, "a")

    assert taken(counted, OPEN, "a", 5) == 3


def test_what_is_asked_for_anonymously_is_counted_without_writing(
    counted: Limits, sessions: Sessions
) -> None:
    taken(counted, LOCAL, "a", 5)

    with db.read(sessions) as session:
        assert session.scalar(select(RateCounter)) is None


def test_a_counter_names_neither_a_person_nor_an_address(
    counted: Limits, sessions: Sessions
) -> None:
    taken(counted, OPEN, "anna@cafe.example", 1)

    with db.read(sessions) as session:
        assert "anna" not in str(session.scalar(select(RateCounter.key)))


def without_counters(sessions: Sessions) -> None:
    """Take the table away, as a database that is in trouble would."""
    with sessions.engine.begin() as connection:
        RateCounter.__table__.drop(connection)  # type: ignore[attr-defined]


@pytest.mark.asvs("v5.0.0-16.5.3")
def test_a_closed_rule_lets_nobody_through_without_counters(
    counted: Limits, sessions: Sessions
) -> None:
    without_counters(sessions)

    with pytest.raises(BusyError):
        counted.take(CLOSED, "a")


def test_an_open_rule_lets_everybody_through_without_counters(
    counted: Limits, sessions: Sessions
) -> None:
    without_counters(sessions)

    assert taken(counted, OPEN, "a", 5) == 5


@pytest.fixture
def unreachable(clock: HeldClock) -> Limits:
    """Limits on a Redis that does not answer."""
    return limits.at("redis://127.0.0.1:1/0", clock, KEY)


def test_without_its_redis_a_closed_rule_lets_nobody_through(
    unreachable: Limits,
) -> None:
    with pytest.raises(BusyError):
        unreachable.take(CLOSED, "a")


def test_without_its_redis_an_open_rule_lets_everybody_through(
    unreachable: Limits,
) -> None:
    assert taken(unreachable, OPEN, "a", 5) == 5


def race(url: str, tries: int) -> int:
    """Be one of several workers; return how many tries were let through."""
    engine = db.open_engine(url)
    counted = limits.in_database(Sessions(engine), HeldClock(), KEY)
    passed = taken(counted, RACE, "everybody", tries)
    engine.dispose()
    return passed


@pytest.mark.asvs("v5.0.0-2.4.1")
def test_two_workers_count_together(database_url: str) -> None:
    spawned = multiprocessing.get_context("spawn")
    with spawned.Pool(2) as workers:
        passed = workers.starmap(race, [(database_url, 40), (database_url, 40)])

    assert sum(passed) == RACE.times


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ("", "unknown"),
        ("unix:", "unknown"),
    ],
)
def test_a_network_is_an_ipv4_address_or_an_ipv6_64(
    address: str, counted_as: str
) -> None:
    assert requests.network(address) == counted_as
