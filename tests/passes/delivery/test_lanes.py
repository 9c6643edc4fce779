"""Owed rows are claimed by one worker, and nothing owed is lost."""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from passes import db
from passes.db import Sessions
from passes.delivery import claims, debts, lanes, state
from passes.delivery.lanes import Lane
from passes.delivery.wallet import Answer, Claimed, Outcome, Report, Room
from tests import overtaking
from tests.makers import NOON, make_card, make_programme
from wallet_apple.tables import Device, Registration

LANE = "apple:pass.test"


class FakeWallet:
    """A wallet that remembers what it was given and answers as it is told."""

    name = "fake"
    rows = Registration

    def __init__(self, outcome: Outcome = Outcome.DELIVERED) -> None:
        self.outcome = outcome
        self.delivered: list[int] = []
        self.pause_until: datetime | None = None
        self.rooms: list[Room] = []
        self.notes: dict[str, object] = {}

    def opened(self, session: Session, card_ids: Sequence[int], at: datetime) -> None:
        """Prepare nothing."""

    def changed(
        self, session: Session, card_ids: Sequence[int], at: datetime, *, priority: int
    ) -> bool:
        """Mark nothing."""
        return False

    def tick(self) -> None:
        """Have nothing to do."""

    def close(self) -> None:
        """Close nothing."""

    def room(self, lane: str, at: datetime) -> Room:
        """Have room as it is told to, and for everything otherwise."""
        return self.rooms.pop(0) if self.rooms else Room(lanes.BATCH)

    def deliver(self, lane: str, claimed: Sequence[Claimed], at: datetime) -> Report:
        """Answer for every row alike."""
        self.delivered += [row.row_id for row in claimed]
        answers = [
            Answer(row.row_id, self.outcome, "because", notes=self.notes)
            for row in claimed
        ]
        return Report(answers, self.pause_until, "a reason")


def make_rows(session: Session, many: int, **values: object) -> list[int]:
    """Return the ids of *many* rows that owe revision 2 since noon."""
    programme = make_programme(session)
    made = []
    for number in range(many):
        device = Device(
            library_identifier=f"device-{number}",
            pass_type="pass.test",
            push_token=f"{number:064x}",
            kind="apns",
            registered_at=NOON,
        )
        session.add(device)
        session.flush()
        row = Registration(
            card_id=make_card(session, programme).id,
            device_id=device.id,
            lane=LANE,
            wanted=2,
            delivered=1,
            due_at=NOON,
            registered_at=NOON,
        )
        for name, value in values.items():
            setattr(row, name, value)
        session.add(row)
        session.flush()
        made.append(row.id)
    return made


def test_what_is_owed_is_delivered_and_marked(sessions: Sessions) -> None:
    with db.write(sessions) as session:
        rows = make_rows(session, 3)
    wallet = FakeWallet()

    assert lanes.drain(sessions, wallet, LANE, lambda: NOON) == 3

    assert sorted(wallet.delivered) == rows
    with db.read(sessions) as session:
        assert debts.of_wallet(session, Registration) == debts.NONE


def test_a_second_drain_finds_nothing(sessions: Sessions) -> None:
    with db.write(sessions) as session:
        make_rows(session, 3)
    wallet = FakeWallet()
    lanes.drain(sessions, wallet, LANE, lambda: NOON)

    assert lanes.drain(sessions, wallet, LANE, lambda: NOON) == 0


def test_two_claims_share_nothing(sessions: Sessions) -> None:
    with db.write(sessions) as session:
        make_rows(session, 5)
    with db.write(sessions) as session:
        first = claims.claim(session, Registration, LANE, NOON, 3).rows
    with db.write(sessions) as session:
        second = claims.claim(session, Registration, LANE, NOON, 3).rows

    assert len(first) == 3
    assert len(second) == 2
    assert not {row.row_id for row in first} & {row.row_id for row in second}


def test_racing_workers_deliver_each_row_once(sessions: Sessions) -> None:
    with db.write(sessions) as session:
        rows = make_rows(session, 60)
    taken: list[int] = []

    def work() -> None:
        while True:
            with db.write(sessions) as session:
                claimed = claims.claim(session, Registration, LANE, NOON, 7).rows
            if not claimed:
                return
            taken.extend(row.row_id for row in claimed)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken) == rows


def test_a_lease_that_ended_is_claimed_again(sessions: Sessions) -> None:
    with db.write(sessions) as session:
        make_rows(session, 1)
        claims.claim(session, Registration, LANE, NOON, 1)

    with db.write(sessions) as session:
        early = NOON + state.LEASE - timedelta(seconds=1)
        assert claims.claim(session, Registration, LANE, early, 1).rows == []
        assert (
            len(claims.claim(session, Registration, LANE, NOON + state.LEASE, 1).rows)
            == 1
        )


def test_a_worker_that_lost_its_claim_marks_nothing(sessions: Sessions) -> None:
    with db.write(sessions) as session:
        (row,) = make_rows(session, 1)
        slow = claims.claim(session, Registration, LANE, NOON, 1)
        later = NOON + state.LEASE
        claims.claim(session, Registration, LANE, later, 1)
        done = [Answer(row, Outcome.DELIVERED)]
        claims.mark(session, Registration, slow, done, later)

    with db.read(sessions) as session:
        assert session.get_one(Registration, row).delivered == 1


def test_a_row_that_was_overtaken_is_owed_once_more(sessions: Sessions) -> None:
    with db.write(sessions) as session:
        (row,) = make_rows(session, 1)
        slow = claims.claim(session, Registration, LANE, NOON, 1)
        later = NOON + state.LEASE
        fast = claims.claim(session, Registration, LANE, later, 1)
        done = [Answer(row, Outcome.DELIVERED)]
        claims.mark(session, Registration, fast, done, later)
        claims.mark(session, Registration, slow, done, later)

    with db.read(sessions) as session:
        kept = session.get_one(Registration, row)
        assert (kept.delivered, kept.wanted, kept.attempts) == (1, 2, 1)
        assert kept.due_at == later + state.MERGE


def test_what_overtakes_is_not_believed_either_and_has_its_time(
    sessions: Sessions,
) -> None:
    with db.write(sessions) as session:
        (row,) = make_rows(session, 1)
        slow = claims.claim(session, Registration, LANE, NOON, 1)
        later = NOON + state.LEASE
        fast = claims.claim(session, Registration, LANE, later, 1)
        done = [Answer(row, Outcome.DELIVERED)]
        claims.mark(session, Registration, slow, done, later)
        claims.mark(session, Registration, fast, done, later)

    with db.read(sessions) as session:
        kept = session.get_one(Registration, row)
        assert (kept.delivered, kept.due_at) == (1, later + state.LEASE)


def test_what_a_wallet_wants_to_remember_is_written_with_the_mark(
    sessions: Sessions,
) -> None:
    with db.write(sessions) as session:
        rows = make_rows(session, 2)
    wallet = FakeWallet()
    wallet.notes = {"listed_tag": 7, "listed_at": NOON}

    lanes.drain(sessions, wallet, LANE, lambda: NOON)

    with db.read(sessions) as session:
        kept = [session.get_one(Registration, row) for row in rows]
        assert [(row.delivered, row.listed_tag) for row in kept] == [(2, 7), (2, 7)]
        assert [row.listed_at for row in kept] == [NOON, NOON]


def test_no_more_rows_are_taken_than_there_is_room_for(sessions: Sessions) -> None:
    with db.write(sessions) as session:
        rows = make_rows(session, 5)
        session.get_one(Registration, rows[0]).priority = 5
    wallet, waits = FakeWallet(), list[datetime]()
    again_at = NOON + timedelta(milliseconds=300)
    wallet.rooms = [Room(2), Room(2), Room(0, again_at)]

    taken = lanes.drain(sessions, wallet, LANE, lambda: NOON, later=waits.append)

    assert taken == 4
    assert waits == [again_at]
    assert rows[0] not in wallet.delivered


def test_lanes_are_found_and_told_apart_however_much_they_owe(
    sessions: Sessions,
) -> None:
    soon = NOON + timedelta(seconds=9)
    with db.write(sessions) as session:
        rows = [session.get_one(Registration, row) for row in make_rows(session, 6)]
        for number, row in enumerate(rows):
            row.lane = f"apple:{number % 3}"
        rows[1].due_at = rows[4].due_at = soon
        rows[4].priority = 5
        rows[2].dead_at = rows[5].dead_at = NOON

    with db.read(sessions) as session:
        assert lanes.active(session, FakeWallet(), NOON) == ["apple:0"]
        assert lanes.active(session, FakeWallet(), soon) == ["apple:0", "apple:1"]
        assert lanes.next_due(session, FakeWallet()) == NOON
    lanes.drain(sessions, FakeWallet(), "apple:0", lambda: NOON)
    with db.read(sessions) as session:
        assert lanes.next_due(session, FakeWallet()) == soon


def test_a_change_during_the_delivery_is_owed_still(sessions: Sessions) -> None:
    with db.write(sessions) as session:
        (row,) = make_rows(session, 1)
        claim = claims.claim(session, Registration, LANE, NOON, 1)
    with db.write(sessions) as session:
        session.get_one(Registration, row).wanted = 3
    with db.write(sessions) as session:
        done = [Answer(row, Outcome.DELIVERED)]
        claims.mark(session, Registration, claim, done, NOON)

    with db.read(sessions) as session:
        kept = session.get_one(Registration, row)
        assert (kept.delivered, kept.wanted, kept.due_at) == (2, 3, NOON + state.MERGE)


def test_a_failure_waits_longer_each_time_and_never_over_an_hour(
    sessions: Sessions,
) -> None:
    with db.write(sessions) as session:
        (row,) = make_rows(session, 1)
    wallet, at, waits = FakeWallet(Outcome.RETRY), NOON, []
    for _ in range(16):
        lanes.drain(sessions, wallet, LANE, lambda at=at: at)  # type: ignore[misc]
        with db.read(sessions) as session:
            due = session.get_one(Registration, row).due_at
        waits.append(due - at)
        at = due

    assert waits[0] <= timedelta(seconds=5)
    assert waits[-1] > timedelta(minutes=20)
    assert max(waits) <= timedelta(hours=1)


@pytest.mark.parametrize("attempts", [0, 3])
def test_a_row_counts_as_tried_as_often_as_its_wallet_says(
    sessions: Sessions, attempts: int
) -> None:
    with db.write(sessions) as session:
        (row,) = make_rows(session, 1, attempts=attempts)
        claim = claims.claim(session, Registration, LANE, NOON, 1)
        stayed = Answer(row, Outcome.RETRY, "it never left", attempts=attempts)
        claims.mark(session, Registration, claim, [stayed], NOON)

    with db.read(sessions) as session:
        assert session.get_one(Registration, row).attempts == attempts


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("table", "on"), [("lane", "INSERT"), ("registration", "UPDATE OF delivered")]
)
def test_answers_outlast_a_transaction_that_was_overtaken(
    postgresql_url: str, table: str, on: str
) -> None:
    engine = db.open_engine(postgresql_url)
    sessions = Sessions(engine)
    with db.write(sessions) as session:
        rows = make_rows(session, 2)
    overtaking.lose(sessions, table, on=on)
    wallet = FakeWallet()

    lanes.drain(sessions, wallet, LANE, lambda: NOON)

    assert sorted(wallet.delivered) == rows
    with db.read(sessions) as session:
        assert debts.of_wallet(session, Registration) == debts.NONE
        assert session.get_one(Lane, LANE).delivered_at == NOON
    engine.dispose()


def test_a_dead_row_is_shown_and_left_alone(sessions: Sessions) -> None:
    with db.write(sessions) as session:
        make_rows(session, 2)
    lanes.drain(sessions, FakeWallet(Outcome.DEAD), LANE, lambda: NOON)

    with db.read(sessions) as session:
        debt = debts.of_wallet(session, Registration)
        reasons = set(session.scalars(select(Registration.last_error)))
    assert (debt.waiting, debt.dead) == (0, 2)
    assert reasons == {"because"}
    assert lanes.drain(sessions, FakeWallet(), LANE, lambda: NOON) == 0


def test_a_paused_lane_is_left_alone_until_its_time(sessions: Sessions) -> None:
    with db.write(sessions) as session:
        make_rows(session, 1)
    wallet = FakeWallet(Outcome.RETRY)
    wallet.pause_until = NOON + timedelta(minutes=5)
    lanes.drain(sessions, wallet, LANE, lambda: NOON)
    soon, after = NOON + timedelta(minutes=4), NOON + timedelta(minutes=6)

    assert lanes.drain(sessions, FakeWallet(), LANE, lambda: soon) == 0
    with db.read(sessions) as session:
        assert lanes.active(session, FakeWallet(), soon) == []
        assert lanes.active(session, FakeWallet(), after) == [LANE]
    assert lanes.drain(sessions, FakeWallet(), LANE, lambda: after) == 1


def test_a_pause_of_a_clock_that_was_ahead_is_over(sessions: Sessions) -> None:
    with db.write(sessions) as session:
        make_rows(session, 1)
        until = NOON + timedelta(hours=2)
        session.add(Lane(name=LANE, paused_until=until, reason="an outage"))

    with db.read(sessions) as session:
        assert lanes.active(session, FakeWallet(), NOON) == [LANE]
    assert lanes.drain(sessions, FakeWallet(), LANE, lambda: NOON) == 1


def test_a_row_that_a_clock_ahead_put_off_is_due(sessions: Sessions) -> None:
    with db.write(sessions) as session:
        make_rows(session, 1, due_at=NOON + timedelta(hours=2))

    with db.read(sessions) as session:
        assert lanes.active(session, FakeWallet(), NOON) == [LANE]
    assert lanes.drain(sessions, FakeWallet(), LANE, lambda: NOON) == 1


def test_people_come_before_a_whole_programme(sessions: Sessions) -> None:
    with db.write(sessions) as session:
        rows = make_rows(session, 3)
        session.get_one(Registration, rows[0]).priority = 5
        session.flush()
        claimed = claims.claim(session, Registration, LANE, NOON, 2).rows

    assert sorted(row.row_id for row in claimed) == rows[1:]


@pytest.mark.parametrize(
    ("values", "due"),
    [
        ({"delivered": 2, "due_at": NOON - timedelta(days=1)}, NOON),
        ({"delivered": 2, "sent_at": NOON - timedelta(seconds=1)}, NOON + state.MERGE),
        ({"delivered": 2, "sent_at": NOON - timedelta(seconds=4)}, NOON),
        ({"due_at": NOON + timedelta(minutes=9)}, NOON + timedelta(minutes=9)),
        ({"claim": "x", "due_at": NOON + state.LEASE}, NOON + state.LEASE),
        ({"dead_at": NOON, "due_at": NOON - timedelta(days=1)}, NOON),
    ],
)
def test_when_a_changed_row_falls_due(
    sessions: Sessions, values: dict[str, object], due: datetime
) -> None:
    with db.write(sessions) as session:
        (row,) = make_rows(session, 1, **values)

    with db.read(sessions) as session:
        falls = session.scalar(
            select(state.due_after_change(Registration)).where(Registration.id == row),
            state.moments(NOON),
        )
    assert falls == due
