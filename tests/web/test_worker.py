"""The background delivers what is owed, whatever happens to a hint or a worker."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from passes import clock, db
from passes.cards import rollout
from passes.cards.card import Card
from passes.db import Sessions
from passes.delivery import lanes
from passes.delivery.wallet import Answer, Claimed, Outcome, Report, Room
from passes.people import audit
from passes.people.actor import SYSTEM
from passes.programmes import design
from passes.programmes.media import MediaFiles
from tests.makers import make_card, make_programme
from wallet_apple.tables import Device, Registration
from wallet_apple.wallet import AppleWallet
from web import limits, upkeep, worker
from web.config import Settings
from web.services import Services
from web.tables import GivenAnswer, RateCounter, WebSession
from web.worker import Engine

LANE = "apple:pass.test"
SOON = 5.0


class FakeWallet:
    """A wallet that remembers what it delivered, slowly or badly when told to."""

    name = "fake"
    rows = Registration

    def __init__(self) -> None:
        self.delivered: list[int] = []
        self.at: list[datetime] = []
        self.began = threading.Event()
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.troubles: list[Exception] = []
        self.rooms: list[Room] = []

    def opened(self, session: Session, card_ids: Sequence[int], at: object) -> None:
        """Prepare nothing."""

    def changed(
        self, session: Session, card_ids: Sequence[int], at: object, *, priority: int
    ) -> bool:
        """Mark nothing: the tests write the rows that are owed."""
        return True

    def room(self, lane: str, at: datetime) -> Room:
        """Have room as it is told to, and for everything otherwise."""
        return self.rooms.pop(0) if self.rooms else Room(lanes.BATCH)

    def deliver(self, lane: str, claimed: Sequence[Claimed], at: datetime) -> Report:
        """Accept every row."""
        self.at.append(at)
        self.began.set()
        self.goes_on.wait(SOON)
        if self.troubles:
            raise self.troubles.pop()
        self.delivered += [row.row_id for row in claimed]
        return Report([Answer(row.row_id, Outcome.DELIVERED) for row in claimed])

    def tick(self) -> None:
        """Write nothing down."""

    def close(self) -> None:
        """Close nothing."""


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """The settings of a shop with an empty queue."""
    data = tmp_path / "data"
    made = Settings.model_validate({"data_dir": data, "database_url": database_url})
    made.prepare()
    return made


@pytest.fixture
def wallet() -> FakeWallet:
    """The wallet that is delivered to."""
    return FakeWallet()


@pytest.fixture
def start(
    settings: Settings, sessions: Sessions, wallet: FakeWallet
) -> Iterator[Callable[..., Engine]]:
    """Starts an engine, as often as it is called."""
    with ExitStack() as stack:

        def started(sweep: float = worker.SWEEP) -> Engine:
            engine = worker.open_engine(settings, sweep=sweep)
            engine.start(services_of(settings, sessions, wallet, engine.wake))
            stack.callback(engine.stop)
            return engine

        yield started
        wallet.goes_on.set()


def services_of(
    settings: Settings,
    sessions: Sessions,
    wallet: FakeWallet,
    wake: Callable[[], None] = lambda: None,
) -> Services:
    """Return services whose one wallet is *wallet*."""
    return Services(
        settings,
        sessions,
        cast("AppleWallet", wallet),
        MediaFiles(settings.media_dir),
        limits.in_database(sessions, clock.now, b"key"),
        clock.now,
        wake,
    )


def owe(session: Session, **values: object) -> Registration:
    """Return a row that owes a revision now, *values* set."""
    programme = make_programme(session, at=clock.now())
    device = Device(
        library_identifier="device",
        pass_type="pass.test",
        push_token="ab" * 32,
        kind="apns",
        registered_at=clock.now(),
    )
    session.add(device)
    session.flush()
    row = Registration(
        card_id=make_card(session, programme).id,
        device_id=device.id,
        lane=LANE,
        wanted=2,
        delivered=1,
        due_at=clock.now(),
        registered_at=clock.now(),
    )
    for name, value in values.items():
        setattr(row, name, value)
    session.add(row)
    session.flush()
    return row


def eventually(fact: Callable[[], bool], seconds: float = SOON) -> bool:
    """Tell whether *fact* becomes true within *seconds*."""
    until = time.monotonic() + seconds
    while not fact() and time.monotonic() < until:
        time.sleep(0.01)
    return fact()


def test_a_hint_delivers_at_once(
    start: Callable[..., Engine], sessions: Sessions, wallet: FakeWallet
) -> None:
    # No sweep comes in time: what is delivered, the hint has brought.
    engine = start(sweep=60.0)
    with db.write(sessions) as session:
        owe(session)

    engine.wake()

    assert eventually(lambda: bool(wallet.delivered))


def test_a_process_that_does_not_deliver_hints_to_one_that_does(
    start: Callable[..., Engine],
    settings: Settings,
    sessions: Sessions,
    wallet: FakeWallet,
) -> None:
    start(sweep=60.0)
    with db.write(sessions) as session:
        owe(session)

    worker.open_engine(settings).wake()

    assert eventually(lambda: bool(wallet.delivered))


def test_what_is_owed_is_delivered_without_any_hint(
    start: Callable[..., Engine], sessions: Sessions, wallet: FakeWallet
) -> None:
    start()

    with db.write(sessions) as session:
        owe(session)

    assert eventually(lambda: bool(wallet.delivered))


def test_changes_that_are_merged_go_out_when_they_fall_due(
    start: Callable[..., Engine], sessions: Sessions, wallet: FakeWallet
) -> None:
    engine = start()
    due_at = clock.now() + timedelta(seconds=1.4)
    with db.write(sessions) as session:
        owe(session, due_at=due_at)
    engine.wake()

    assert eventually(lambda: bool(wallet.delivered))
    assert wallet.at[0] >= due_at


def test_a_lane_without_room_goes_on_as_soon_as_it_has_some(
    start: Callable[..., Engine], sessions: Sessions, wallet: FakeWallet
) -> None:
    # No sweep comes in time.
    engine = start(sweep=60.0)
    again_at = clock.now() + timedelta(seconds=0.3)
    wallet.rooms.append(Room(0, again_at))
    with db.write(sessions) as session:
        owe(session)

    engine.wake()

    assert eventually(lambda: bool(wallet.delivered))
    assert wallet.at[0] >= again_at


def test_several_workers_deliver_a_row_once(
    start: Callable[..., Engine], sessions: Sessions, wallet: FakeWallet
) -> None:
    engines = [start() for _ in range(3)]
    with db.write(sessions) as session:
        row = owe(session).id

    for engine in engines:
        engine.wake()

    assert eventually(lambda: bool(wallet.delivered))
    time.sleep(worker.SWEEP)
    assert wallet.delivered == [row]


def test_a_delivery_that_fails_does_not_stop_the_worker(
    start: Callable[..., Engine], sessions: Sessions, wallet: FakeWallet
) -> None:
    wallet.troubles.append(RuntimeError("a wallet's fault"))
    engine = start()
    with db.write(sessions) as session:
        first = owe(session).id
    engine.wake()
    assert eventually(lambda: not wallet.troubles)

    with db.write(sessions) as session:
        session.get_one(Registration, first).due_at = clock.now()
    engine.wake()

    assert eventually(lambda: wallet.delivered == [first])


def test_a_queue_full_of_strangers_words_does_not_stop_the_worker(
    start: Callable[..., Engine], sessions: Sessions, wallet: FakeWallet
) -> None:
    engine = start()
    engine._queue.storage.enqueue(b"cos\nsystem\n(S'true'\ntR.")

    with db.write(sessions) as session:
        owe(session)
    engine.wake()

    assert eventually(lambda: bool(wallet.delivered))


def test_a_hint_into_a_broken_queue_is_lost_quietly(settings: Settings) -> None:
    engine = worker.open_engine(settings)
    engine._queue.storage.close()
    queue = settings.data_dir / "queue.db"
    queue.write_bytes(b"this is no database at all")

    engine.wake()


def test_hints_that_nobody_takes_do_not_pile_up(settings: Settings) -> None:
    engine = worker.open_engine(settings)

    for _ in range(20):
        engine.wake()

    assert engine._queue.pending_count() == 1


def test_a_worker_that_stops_finishes_its_delivery(
    start: Callable[..., Engine], sessions: Sessions, wallet: FakeWallet
) -> None:
    wallet.goes_on.clear()
    engine = start()
    with db.write(sessions) as session:
        row = owe(session).id
    engine.wake()
    wallet.began.wait(SOON)

    threading.Timer(0.2, wallet.goes_on.set).start()
    engine.stop()

    with db.read(sessions) as session:
        assert session.get_one(Registration, row).delivered == 2


def test_a_worker_that_cannot_finish_gives_its_rows_back(
    start: Callable[..., Engine], sessions: Sessions, wallet: FakeWallet
) -> None:
    wallet.goes_on.clear()
    engine = start()
    with db.write(sessions) as session:
        row = owe(session).id
    engine.wake()
    wallet.began.wait(SOON)

    engine.stop(0.2)

    with db.read(sessions) as session:
        left = session.get_one(Registration, row)
        assert left.claim is None
        assert left.due_at <= clock.now()


def test_a_rollout_goes_on_until_every_card_has_the_new_design(
    start: Callable[..., Engine], sessions: Sessions
) -> None:
    start()
    with db.write(sessions) as session:
        programme = make_programme(session)
        card = make_card(session, programme).id
        look = design.starter("Another name", "bonjour@example.org")
        design.publish(session, programme, look, by="account:1", at=clock.now())
        rollout.begin(session, programme, clock.now())

    def raised() -> bool:
        with db.read(sessions) as session:
            version = session.scalar(select(Card.design_version).where(Card.id == card))
            return version == 2 and not rollout.behind(session)

    assert eventually(raised)


def test_jobs_run_once_for_each_interval(
    settings: Settings, sessions: Sessions, wallet: FakeWallet
) -> None:
    services = services_of(settings, sessions, wallet)

    first = upkeep.run_due(services)

    assert first == [job.name for job in upkeep.JOBS]
    assert upkeep.run_due(services) == []


def test_a_job_that_fails_keeps_no_other_from_running(
    settings: Settings, sessions: Sessions, wallet: FakeWallet
) -> None:
    done: list[str] = []

    def fail(session: Session, at: object) -> int:
        raise RuntimeError

    def work(session: Session, at: object) -> int:
        done.append("worked")
        return 1

    jobs = (
        upkeep.Job("failing", timedelta(hours=1), fail),
        upkeep.Job("working", timedelta(hours=1), work),
    )
    services = services_of(settings, sessions, wallet)

    assert upkeep.run_due(services, jobs) == ["working"]
    assert upkeep.run_due(services, jobs) == []


def test_the_audit_log_is_sealed_when_it_has_settled(sessions: Sessions) -> None:
    with db.write(sessions) as session:
        noted = clock.now() - timedelta(minutes=10)
        audit.record(session, SYSTEM, "a", "b", programme_id=None, at=noted)
        audit.record(session, SYSTEM, "a", "c", programme_id=None, at=clock.now())

    with db.write(sessions) as session:
        assert upkeep.seal_audit(session, clock.now()) == 1


def test_no_answer_outlives_its_time_however_many_there_are(
    settings: Settings, sessions: Sessions, wallet: FakeWallet
) -> None:
    at = clock.now()
    with db.write(sessions) as session:
        programme_id = make_programme(session).id
        session.add_all(
            GivenAnswer(
                programme_id=programme_id,
                key=str(n),
                fingerprint="f",
                at=at - timedelta(days=31),
            )
            for n in range(2_500)
        )

    upkeep.run_due(services_of(settings, sessions, wallet))

    with db.read(sessions) as session:
        assert session.scalar(select(GivenAnswer.key).limit(1)) is None


def test_work_in_batches_makes_room_for_others_between_them(
    settings: Settings, sessions: Sessions, wallet: FakeWallet
) -> None:
    rounds: list[Session] = []

    def work(session: Session, at: object) -> int:
        rounds.append(session)
        return 5

    jobs = (upkeep.Job("endless", timedelta(hours=1), work, batch=5),)

    upkeep.run_due(services_of(settings, sessions, wallet), jobs)

    assert len(set(map(id, rounds))) == len(rounds) == upkeep.ROUNDS


def test_browsers_and_counters_that_are_over_are_forgotten(sessions: Sessions) -> None:
    long_ago = clock.now() - timedelta(days=40)
    with db.write(sessions) as session:
        session.add(RateCounter(key="k", hits=1, expires_at=long_ago))
        session.add(
            WebSession(id="s", document={}, created_at=long_ago, seen_at=long_ago)
        )

    with db.write(sessions) as session:
        assert upkeep.prune_counters(session, clock.now()) == 1
        assert upkeep.prune_sessions(session, clock.now()) == 1
