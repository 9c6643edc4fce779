"""Tags against a model: whatever a device asks between commits, it misses nothing."""

import itertools
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from passes import db
from passes.cards import card as cards
from passes.delivery import changes
from tests.makers import NOON
from tests.wallet_apple.counters import PASS_TYPE, RememberedPushes, open_counter
from wallet_apple import holdings, registrations
from wallet_apple.registrations import Client

CARDS = 3
_names = itertools.count()

Step = tuple[str, int]

# A change begins (its card is locked and revised), settles (devices are locked and
# tags given) and commits; the device asks, and the clock jumps, at any moment.
steps = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(["begin", "settle", "commit", "roll back"]),
            st.integers(0, CARDS - 1),
        ),
        st.tuples(st.just("ask"), st.just(0)),
        st.tuples(st.just("clock"), st.integers(-7200, 7200)),
    ),
    max_size=40,
)


class Model:
    """One device with some cards, and changes of them in progress."""

    def __init__(self, world: "World", *, at_once: int) -> None:
        self.world = world
        self.at_once = at_once
        self.device = f"model-{next(_names)}"
        self.cards = [world.counter.new_card() for _ in range(CARDS)]
        self.open: dict[int, tuple[ExitStack, Session]] = {}
        self.settled: int | None = None
        self.tag = -1
        self.held = dict.fromkeys(self.cards, 1)
        client = Client(self.device, PASS_TYPE, "ab" * 32, registrations.APNS)
        for card_id in self.cards:
            with db.write(world.counter.sessions) as session:
                registrations.register(
                    session.connection(), card_id, client, world.counter.clock()
                )

    def take(self, step: Step) -> None:
        what, number = step
        act: Callable[[int], None] = getattr(self, what.replace(" ", "_"))
        act(number)

    def clock(self, seconds: int) -> None:
        self.world.counter.clock.now = NOON + timedelta(seconds=seconds)

    def begin(self, number: int) -> None:
        if number in self.open or len(self.open) >= self.at_once:
            return
        stack = ExitStack()
        session = stack.enter_context(db.write(self.world.counter.sessions))
        self.open[number] = stack, session
        card = cards.lock(session, self.cards[number])
        cards.revise(session, card, self.world.counter.clock())
        session.flush()

    def settle(self, number: int) -> None:
        # A second one would wait for the device's lock: that is the protection.
        if number not in self.open or self.settled is not None:
            return
        _, session = self.open[number]
        clock, wallet = self.world.counter.clock, self.world.counter.wallet
        changes.settle(session, [wallet], clock())
        self.settled = number

    def commit(self, number: int) -> None:
        self.settle(number)
        if self.settled == number:
            self.settled = None
            self.open.pop(number)[0].close()

    def roll_back(self, number: int) -> None:
        if number not in self.open:
            return
        stack, session = self.open.pop(number)
        session.rollback()
        stack.close()
        if self.settled == number:
            self.settled = None

    def ask(self, _: int = 0) -> None:
        with self.world.counter.sessions.reading.connect() as connection:
            listing = holdings.listed(connection, self.device, PASS_TYPE, self.tag)
            assert listing
            if not listing.serial_numbers:
                return
            assert listing.tag > self.tag
            self.tag = listing.tag
            for serial_number in listing.serial_numbers:
                found = holdings.by_serial_number(connection, serial_number)
                assert found
                self.held[found.card.id] = found.revision

    def finish(self) -> None:
        if self.settled is not None:
            self.commit(self.settled)
        for number in list(self.open):
            self.commit(number)
        self.ask()


class World:
    def __init__(self, sessions: db.Sessions, folder: Path) -> None:
        self.counter = open_counter(sessions, folder, RememberedPushes())

    def check(self, schedule: list[Step], *, at_once: int) -> None:
        self.counter.clock.now = NOON
        model = Model(self, at_once=at_once)
        try:
            for step in schedule:
                model.take(step)
            model.finish()
        finally:
            for number in list(model.open):
                model.roll_back(number)
        shown = {card: self.counter.card(card).revision for card in model.cards}
        assert model.held == shown


quick = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def world(sessions: db.Sessions, development: Path) -> World:
    return World(sessions, development)


@quick
@given(schedule=steps)
def test_no_change_is_lost_whatever_commits_while_a_device_asks(
    world: World, schedule: list[Step]
) -> None:
    # SQLite has one writer at a time, PostgreSQL as many as there are cards.
    sqlite = world.counter.sessions.engine.dialect.name == "sqlite"
    world.check(schedule, at_once=1 if sqlite else CARDS)


def test_a_change_that_began_first_and_committed_last_is_listed(world: World) -> None:
    if world.counter.sessions.engine.dialect.name == "sqlite":
        schedule = [("begin", 0), ("ask", 0), ("commit", 0)]
        world.check(schedule, at_once=1)
        return
    schedule = [("begin", 0), ("begin", 1), ("commit", 1), ("ask", 0), ("commit", 0)]
    world.check(schedule, at_once=2)
