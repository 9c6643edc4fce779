"""What is owed, how much was given up, and for how long the oldest has waited."""

from datetime import timedelta

from passes import db
from passes.db import Sessions
from passes.delivery import claims, debts, lanes
from passes.delivery.debts import Debt
from passes.delivery.wallet import Answer, Outcome
from tests.makers import NOON
from tests.passes.delivery.test_lanes import LANE, FakeWallet, make_rows
from wallet_apple.tables import Registration

HOUR = timedelta(hours=1)


def debt(sessions: Sessions) -> Debt:
    """Return what the wallet owes."""
    with db.read(sessions) as session:
        return debts.of_wallet(session, Registration)


def test_an_outage_does_not_make_what_is_owed_any_younger(sessions: Sessions) -> None:
    with db.write(sessions) as session:
        make_rows(session, 2, owed_since=NOON)
    for hours in range(5):
        at = NOON + hours * HOUR
        lanes.drain(sessions, FakeWallet(Outcome.RETRY), LANE, lambda at=at: at)  # type: ignore[misc]

    assert debt(sessions) == Debt(waiting=2, dead=0, since=NOON)


def test_what_was_given_up_is_counted_and_has_no_age(sessions: Sessions) -> None:
    with db.write(sessions) as session:
        make_rows(session, 2, owed_since=NOON)
    lanes.drain(sessions, FakeWallet(Outcome.DEAD), LANE, lambda: NOON)

    assert debt(sessions) == Debt(waiting=0, dead=2, since=None)


def test_what_was_delivered_is_owed_no_longer(sessions: Sessions) -> None:
    with db.write(sessions) as session:
        make_rows(session, 2, owed_since=NOON)
    lanes.drain(sessions, FakeWallet(), LANE, lambda: NOON)

    assert debt(sessions) == debts.NONE


def test_a_change_during_the_delivery_is_owed_since_then(sessions: Sessions) -> None:
    with db.write(sessions) as session:
        (row,) = make_rows(session, 1, owed_since=NOON - HOUR)
        claim = claims.claim(session, Registration, LANE, NOON, 1)
        session.get_one(Registration, row).wanted = 3
    with db.write(sessions) as session:
        done = [Answer(row, Outcome.DELIVERED)]
        claims.mark(session, Registration, claim, done, NOON + timedelta(seconds=9))

    assert debt(sessions) == Debt(waiting=1, dead=0, since=NOON)


def test_each_lane_is_told_apart(sessions: Sessions) -> None:
    with db.write(sessions) as session:
        rows = make_rows(session, 3, owed_since=NOON)
        session.get_one(Registration, rows[0]).lane = "apple:pass.other"
        session.get_one(Registration, rows[1]).dead_at = NOON

    with db.read(sessions) as session:
        found = debts.by_lane(session, Registration)

    assert found == {
        "apple:pass.other": Debt(1, 0, NOON),
        LANE: Debt(1, 1, NOON),
    }
