"""However many ask, no more requests leave in a second than Google takes."""

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event

from passes import clock as clocks
from passes import db
from passes.errors import BusyError
from tests.makers import NOON
from wallet_google import errors
from wallet_google.slots import RATE, Slots
from wallet_google.tables import GoogleSlot

GOOGLES = 20


@dataclass
class Time:
    """A clock that stands still until somebody sleeps."""

    now: datetime = NOON
    left: list[datetime] = field(default_factory=list)

    def clock(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def of(self, sessions: db.Sessions, name: str = "1") -> Slots:
        return Slots(sessions, name, clock=self.clock, sleep=self.sleep)

    def leave(self, paced: Slots) -> None:
        paced.wait()
        self.left.append(self.now)


def most_in_a_second(left: list[datetime]) -> int:
    left = sorted(left)
    second = timedelta(seconds=1)
    return max(
        sum(first <= other < first + second for other in left[number:])
        for number, first in enumerate(left)
    )


@pytest.fixture
def at() -> Time:
    return Time()


def test_the_first_request_leaves_at_once(sessions: db.Sessions, at: Time) -> None:
    at.of(sessions).wait()

    assert at.now == NOON


def test_requests_leave_one_after_the_other(sessions: db.Sessions, at: Time) -> None:
    paced = at.of(sessions)
    for _ in range(RATE * 3):
        at.leave(paced)

    assert most_in_a_second(at.left) == RATE
    assert at.now - NOON < timedelta(seconds=3)


def test_others_find_what_was_reserved(sessions: db.Sessions, at: Time) -> None:
    first, second = at.of(sessions), at.of(sessions)

    assert first.reserve(500) == RATE
    assert second.reserve(1) == 0
    assert second.ahead() == pytest.approx(0.9, abs=0.01)
    at.sleep(second.ahead())
    assert second.reserve(5) == 5


def test_each_quota_has_its_own_slots(sessions: db.Sessions, at: Time) -> None:
    at.of(sessions, "1").reserve(RATE)

    assert at.of(sessions, "2").reserve(RATE) == RATE


def test_a_slot_that_was_missed_is_lost(sessions: db.Sessions, at: Time) -> None:
    paced, other = at.of(sessions), at.of(sessions)
    paced.reserve(RATE)
    at.sleep(0.97)
    for _ in range(3):
        at.leave(paced)
        at.leave(other)

    assert most_in_a_second(at.left) <= GOOGLES
    assert at.now > NOON + timedelta(seconds=1)


def test_slots_that_nobody_needs_serve_the_next_rows(
    sessions: db.Sessions, at: Time
) -> None:
    paced = at.of(sessions)
    paced.reserve(RATE)
    paced.give_back(12)

    assert paced.reserve(10) == 10
    assert paced.reserve(10) == 2
    assert paced.reserve(10) == 0


def test_a_pause_that_google_asks_for_is_everybodys(
    sessions: db.Sessions, at: Time
) -> None:
    paced, other = at.of(sessions), at.of(sessions)
    paced.reserve(RATE)

    paced.slow_down(30)

    assert (paced.reserve(1), other.reserve(1)) == (0, 0)
    assert other.ahead() == pytest.approx(29.9, abs=0.01)
    with pytest.raises(errors.NoTurnError) as raised:
        paced.wait()
    assert raised.value.retry_after == pytest.approx(29.9, abs=0.01)
    at.sleep(30)
    paced.wait()


def test_a_database_that_is_busy_gives_no_turn(sessions: db.Sessions, at: Time) -> None:
    paced = at.of(sessions)

    def be_busy(connection: object) -> None:
        raise BusyError

    event.listen(sessions.engine, "begin", be_busy)
    with pytest.raises(errors.NoTurnError):
        paced.wait()
    with pytest.raises(errors.UnavailableError):
        paced.slow_down(1)
    event.remove(sessions.engine, "begin", be_busy)

    paced.wait()


def test_a_shorter_pause_ends_no_longer_one(sessions: db.Sessions, at: Time) -> None:
    paced = at.of(sessions)
    paced.slow_down(30)
    paced.slow_down(1)

    assert paced.ahead() > 29


def test_a_clock_that_was_ahead_holds_nobody_up(
    sessions: db.Sessions, at: Time
) -> None:
    with db.write(sessions) as session:
        far = int((NOON + timedelta(days=9)).timestamp() * 1_000_000)
        session.add(GoogleSlot(name="1", begins_at=far, next_at=far))
    paced = at.of(sessions)

    assert paced.ahead() == 0
    paced.wait()
    assert at.now == NOON


def test_a_machine_that_cannot_keep_the_pace_says_so(
    sessions: db.Sessions, at: Time
) -> None:
    other = at.of(sessions)

    def oversleep(seconds: float) -> None:
        at.sleep(seconds + 0.2)
        other.reserve(RATE)

    paced = Slots(sessions, "1", clock=at.clock, sleep=oversleep)
    other.reserve(RATE)

    with pytest.raises(errors.ThrottledError, match="too busy"):
        paced.wait()


def test_slots_are_reserved_for_after_a_slow_commit(
    sessions: db.Sessions, at: Time
) -> None:
    event.listen(sessions.engine, "commit", lambda connection: at.sleep(0.08))
    paced = at.of(sessions)

    for _ in range(RATE):
        at.leave(paced)

    assert at.now < NOON + timedelta(seconds=4)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("reserve"), st.integers(0, 2), st.integers(1, 40)),
        st.tuples(st.just("leave"), st.integers(0, 2), st.integers(1, 12)),
        st.tuples(st.just("pass"), st.integers(0, 1500), st.just(0)),
        st.tuples(st.just("back"), st.integers(0, 2), st.integers(0, 9)),
    ),
    min_size=1,
    max_size=25,
)


@given(steps=STEPS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_workers_do_they_never_ask_too_much(
    sessions: db.Sessions, steps: list[tuple[str, int, int]]
) -> None:
    at = Time()
    with db.write(sessions) as session:
        session.execute(delete(GoogleSlot))
    workers = [at.of(sessions) for _ in range(3)]
    for what, who, many in steps:
        if what == "pass":
            at.sleep(who / 1000)
        elif what == "reserve":
            assert workers[who].reserve(many) <= RATE
        elif what == "back":
            workers[who].give_back(many)
        else:
            for _ in range(many):
                at.leave(workers[who])

    assert not at.left or most_in_a_second(at.left) <= GOOGLES


def test_racing_workers_never_ask_too_much(sessions: db.Sessions) -> None:
    workers = [Slots(sessions, "1") for _ in range(3)]
    left: list[datetime] = []
    until = time.monotonic() + 2.5

    def work(number: int) -> None:
        paced = workers[number % 3]
        while time.monotonic() < until:
            if number % 2:
                paced.reserve(4)
            try:
                paced.wait()
            except errors.ThrottledError:
                continue
            left.append(clocks.now())

    threads = [threading.Thread(target=work, args=(number,)) for number in range(9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most_in_a_second(left) <= GOOGLES
    assert len(left) > RATE
