"""What repeats is done once for each interval, by one worker."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from passes import db
from passes.db import Sessions
from passes.delivery import schedule
from tests.makers import NOON

HOUR = timedelta(hours=1)


def claimed(sessions: Sessions, after: timedelta) -> bool:
    """Tell whether a worker gets the hourly work at noon and *after*."""
    with db.write(sessions) as session:
        return schedule.claim(session, "sweeping", HOUR, NOON + after)


def test_new_work_is_due_at_once(sessions: Sessions) -> None:
    assert claimed(sessions, timedelta())


def test_work_is_not_due_again_before_its_interval(sessions: Sessions) -> None:
    claimed(sessions, timedelta())

    assert not claimed(sessions, HOUR - timedelta(seconds=1))


def test_work_is_due_again_after_its_interval(sessions: Sessions) -> None:
    claimed(sessions, timedelta())

    assert claimed(sessions, HOUR)


def test_intervals_that_were_slept_through_are_one_piece_of_work(
    sessions: Sessions,
) -> None:
    claimed(sessions, timedelta())

    assert claimed(sessions, 30 * HOUR)
    assert not claimed(sessions, 30 * HOUR)


def test_a_clock_that_was_ahead_does_not_stop_the_work(sessions: Sessions) -> None:
    claimed(sessions, 24 * HOUR)

    assert claimed(sessions, timedelta())


def test_work_that_failed_stays_due(sessions: Sessions) -> None:
    def sweep(session: Session) -> None:
        schedule.claim(session, "sweeping", HOUR, NOON)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        db.transact(sessions, sweep)

    assert claimed(sessions, timedelta())


def test_the_next_times_can_be_looked_up(sessions: Sessions) -> None:
    claimed(sessions, timedelta())

    with db.read(sessions) as session:
        assert schedule.upcoming(session) == {"sweeping": NOON + HOUR}
