"""Faults R6 to R9: duplicates, chaos, outages, and what may cost a device."""

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from passes import db
from passes.delivery import claims, debts
from passes.delivery.circuit import SHORTEST
from passes.loyalty import adjustments
from passes.programmes import programme as programmes
from tests.makers import MANAGER, NOON
from tests.wallet_apple.counters import (
    Clock,
    Counter,
    RememberedPushes,
    open_counter,
    push_token,
)
from tests.wallet_apple.phones import InProcess, roots_of
from wallet_apple import authority
from wallet_apple.apns_answers import Answer, Outcome
from wallet_apple.apns_batch import Limits
from wallet_apple.connections import Connections
from wallet_apple.identity import Loaded
from wallet_apple.standin.apns import ApnsStandin
from wallet_apple.standin.apns_book import Behaviour, Trick
from wallet_apple.standin.apns_rules import Reply
from wallet_apple.standin.phone import Phone
from wallet_apple.tables import Device, Registration

pytestmark = pytest.mark.faults

HASTY = Limits(connect=2, stall=0.5, batch=20)


class TestDuplicates:
    """R6: whatever comes twice leaves the same behind as what comes once."""

    @pytest.mark.parametrize("times", [1, 3])
    def test_registering_and_unregistering(
        self, sessions: db.Sessions, development: Path, times: int
    ) -> None:
        counter = open_counter(sessions, development, RememberedPushes())
        for _ in range(times):
            counter.register("stays")
            counter.register("goes", push_token())
        for _ in range(times):
            counter.unregister("goes")
        assert state(sessions) == [("stays", 1, 1)]

    @pytest.mark.parametrize("times", [1, 3])
    def test_a_worker_that_delivers_the_same_rows_again(
        self, sessions: db.Sessions, development: Path, times: int
    ) -> None:
        counter = open_counter(sessions, development, RememberedPushes())
        counter.register("stays")
        counter.revise()
        with db.write(sessions) as session:
            claim = claims.claim(
                session, Registration, counter.lane, counter.clock(), 10
            )
        for _ in range(times):
            report = counter.wallet.deliver(counter.lane, claim.rows, counter.clock())
            with db.write(sessions) as session:
                claims.mark(
                    session, Registration, claim, report.answers, counter.clock()
                )
        assert state(sessions) == [("stays", 2, 2)]

    def test_a_phone_that_is_pushed_three_times_fetches_once(
        self, sessions: db.Sessions, development: Path
    ) -> None:
        counter = open_counter(sessions, development, RememberedPushes())
        carrier = InProcess(counter.client)
        phone = make_phone("phone", counter, carrier, development)
        phone.add(pass_file(counter, counter.card_id))
        adjust(counter, counter.card_id, 5)
        carrier.asked.clear()
        for _ in range(3):
            phone.pushed()
        assert [status for _, _, status in carrier.asked] == [200, 200, 204, 204]


def state(sessions: db.Sessions) -> list[tuple[str, int, int]]:
    query = (
        select(Device.library_identifier, Registration.wanted, Registration.delivered)
        .join(Registration, Registration.device_id == Device.id)
        .order_by(Device.library_identifier)
    )
    with db.read(sessions) as session:
        return [(name, wanted, done) for name, wanted, done in session.execute(query)]


class Chaos:
    """Twenty phones, a moody push service, a bad network, workers that die."""

    def __init__(
        self, sessions: db.Sessions, folder: Path, apple: ApnsStandin, seed: int
    ) -> None:
        self.dice = random.Random(seed)  # noqa: S311  (a seed makes it repeatable)
        self.apple = apple
        self.clock = Clock(datetime.now(UTC).replace(microsecond=0))
        connections = Connections(apple.url, apple.ca_file, HASTY)
        self.counter = open_counter(sessions, folder, connections, clock=self.clock)
        self.calm = True
        self.heard: list[str] = []
        self.failures = self.changes = self.abandoned = 0
        apple.book.decide = self.mood
        apple.book.on_push = self.heard.append
        others = [self.counter.new_card() for _ in range(9)]
        self.cards = [self.counter.card_id, *others]
        self.carrier = InProcess(self.counter.client, trouble=self.network)
        self.phones = [self.phone(number, folder) for number in range(20)]

    def phone(self, number: int, folder: Path) -> Phone:
        made = make_phone(f"phone-{number}", self.counter, self.carrier, folder)
        for card_id in self.dice.sample(self.cards, 2):
            made.add(pass_file(self.counter, card_id))
        return made

    def mood(self, token: str) -> Behaviour | None:
        roll = 1.0 if self.calm else self.dice.random()
        old = int((self.clock() - timedelta(days=400)).timestamp() * 1000)
        moods: list[tuple[float, Behaviour]] = [
            # Registered since it died: the device has to survive.
            (0.10, Reply(410, "Unregistered", old)),
            (0.20, Reply(429, "TooManyRequests")),
            (0.30, Reply(500, "InternalServerError")),
            (0.35, Reply(503, "ServiceUnavailable")),
            (0.40, Reply(400, "DeviceTokenNotForTopic")),
            (0.45, Trick.RESET),
            (0.47, Trick.SILENCE),
            (0.48, Trick.CUT),
        ]
        return next((mood for limit, mood in moods if roll < limit), None)

    def network(self) -> int | None:
        roll = 1.0 if self.calm else self.dice.random()
        self.failures += roll < 0.1
        if roll < 0.05:
            raise TimeoutError
        return 503 if roll < 0.1 else None

    def storm(self, rounds: int) -> None:
        self.calm = False
        for _ in range(rounds):
            cards = self.dice.sample(self.cards, self.dice.randint(1, 3))
            for card_id in cards:
                self.change(card_id)
            if self.dice.random() < 0.3:
                self.abandon()
            self.counter.drain()
            self.react()
            self.clock.wait(self.dice.choice([0.5, 2, 10, 90]))
        self.calm = True

    def change(self, card_id: int) -> None:
        self.changes += 1
        adjust(self.counter, card_id, self.dice.randint(1, 9))

    def abandon(self) -> None:
        """Let a worker take rows and be killed."""
        with db.write(self.counter.sessions) as session:
            claim = claims.claim(
                session, Registration, self.counter.lane, self.clock(), 5
            )
        self.abandoned += len(claim.rows)

    def react(self) -> None:
        """Let pushes arrive out of order, and some of them twice."""
        told, self.heard[:] = self.heard[:], []
        self.dice.shuffle(told)
        for token in told + told[:2]:
            [phone] = [one for one in self.phones if one.push_token == token]
            before = self.failures
            phone.pushed()
            if self.failures > before:
                # PassKit comes back to what failed.
                self.heard.append(token)

    def settle(self) -> float:
        """Let everything come to rest without a further change; return how long."""
        began = self.clock()
        while self.owed() or self.heard:
            assert self.clock() - began < timedelta(hours=3)
            self.counter.drain()
            self.react()
            self.clock.wait(5)
        return (self.clock() - began).total_seconds()

    def owed(self) -> int:
        with db.read(self.counter.sessions) as session:
            return debts.of_wallet(session, Registration).waiting

    def stale(self) -> list[str]:
        """Return the passes on phones that are not the last version."""
        newest = {
            self.counter.apple_pass(card_id).serial_number: self.counter.card(card_id)
            for card_id in self.cards
        }
        return [
            one.serial_number
            for phone in self.phones
            for one in phone.passes
            if one.document["storeCard"]["headerFields"][0]["value"]
            != newest[one.serial_number].balance
        ]

    def figures(self, seed: int, seconds: float) -> str:
        book = self.apple.book
        refused = sum(book.reasons.values())
        return (
            f"R7 seed={seed} phones={len(self.phones)} changes={self.changes} "
            f"stale={len(self.stale())} pushes={book.accepted} accepted, "
            f"{refused} refused ({book.accepted / self.changes:.2f} a change) "
            f"abandoned rows={self.abandoned} network failures={self.failures} "
            f"at rest after {seconds:.0f} s of simulated time"
        )


@pytest.mark.parametrize("seed", [1, 2])
def test_every_phone_holds_the_last_version_after_chaos(
    sessions: db.Sessions, today: Path, tmp_path: Path, seed: int, long_form: bool
) -> None:
    with ApnsStandin(tmp_path / "apns", authorities(today)) as apple:
        chaos = Chaos(sessions, today, apple, seed)
        chaos.storm(200 if long_form else 12)
        seconds = chaos.settle()
        print("\n" + chaos.figures(seed, seconds))  # noqa: T201  (the run's figures)
        assert chaos.stale() == []
        assert len(chaos.counter.devices()) == len(chaos.phones)
        log = [line for phone in chaos.phones for line in phone.log]
        # All that a phone has to complain of is the network.
        assert all("response code 503" in line for line in log)
        chaos.counter.wallet.close()


class Outage(RememberedPushes):
    """A push service that is away until a time."""

    def __init__(self, clock: Clock, until: datetime) -> None:
        super().__init__()
        self.clock = clock
        self.until = until
        self.probes: list[datetime] = []

    def push(self, loaded: Loaded, tokens: Iterable[str]) -> dict[str, Answer]:
        if self.clock() >= self.until:
            return super().push(loaded, tokens)
        # The client finds out with one push and holds back the others.
        self.probes.append(self.clock())
        return dict.fromkeys(tokens, Answer(Outcome.UNAVAILABLE, 0, "refused"))


def test_a_day_without_apple_drains_with_one_push_a_device(
    sessions: db.Sessions, development: Path, long_form: bool
) -> None:
    clock = Clock()
    back = clock() + timedelta(hours=24)
    outage = Outage(clock, back)
    counter = open_counter(sessions, development, outage, clock=clock)
    devices = fill(counter, 10_000 if long_form else 500)
    for hour in range(24):
        counter.revise()
        while clock() < NOON + timedelta(hours=hour + 1):
            counter.drain()
            clock.wait(30 if long_form else 120)
    while owed(counter):
        assert clock() < back + timedelta(hours=2)
        counter.drain()
        clock.wait(10)
    gaps = [b - a for a, b in pairwise(outage.probes[2:])]
    later = (clock() - back).total_seconds()
    figures = (
        f"R8 outage of 24 h, {devices} devices, 24 changes: {len(outage.probes)} "
        f"probes, shortest gap {min(gaps).total_seconds():.0f} s, "
        f"{len(outage.tokens)} pushes afterwards, drained {later:.0f} s later"
    )
    print(f"\n{figures}")  # noqa: T201  (the run's figures)
    assert min(gaps) >= SHORTEST
    assert len(outage.tokens) == len(set(outage.tokens)) == devices


def fill(counter: Counter, devices: int) -> int:
    """Put the card on many devices, as if they had registered."""
    with db.write(counter.sessions) as session:
        ids = session.scalars(
            insert(Device).returning(Device.id),
            [
                {
                    "library_identifier": f"device-{number}",
                    "pass_type": counter.pass_type,
                    "push_token": f"{number:064x}",
                    "kind": "apns",
                    "registered_at": NOON,
                }
                for number in range(devices)
            ],
        ).all()
        session.execute(
            insert(Registration),
            [
                {
                    "card_id": counter.card_id,
                    "device_id": device_id,
                    "lane": counter.lane,
                    "wanted": 1,
                    "delivered": 1,
                    "due_at": NOON,
                    "registered_at": NOON,
                }
                for device_id in ids
            ],
        )
    return devices


def owed(counter: Counter) -> int:
    with db.read(counter.sessions) as session:
        return debts.of_wallet(session, Registration).waiting


OLD = 1_500_000_000_000
COMING = 4_000_000_000_000


@pytest.mark.parametrize(
    ("reply", "left"),
    [
        (Reply(410, "Unregistered", COMING), 0),
        (Reply(410, "ExpiredToken", COMING), 0),
        (Reply(400, "BadDeviceToken"), 0),
        (Reply(410, "Unregistered", OLD), 3),
        (Reply(410, "Unregistered"), 3),
        (Reply(400, "DeviceTokenNotForTopic"), 3),
        (Reply(400, "TopicDisallowed"), 3),
        (Reply(400, "BadTopic"), 3),
        (Reply(400, "MissingTopic"), 3),
        (Reply(400, "PayloadEmpty"), 3),
        (Reply(403, "BadCertificate"), 3),
        (Reply(403, "BadCertificateEnvironment"), 3),
        (Reply(403, "Forbidden"), 3),
        (Reply(404, "BadPath"), 3),
        (Reply(405, "MethodNotAllowed"), 3),
        (Reply(413, "PayloadTooLarge"), 3),
        (Reply(429, "TooManyRequests"), 3),
        (Reply(500, "InternalServerError"), 3),
        (Reply(503, "Shutdown"), 3),
        (Reply(418, "SomethingNew"), 3),
    ],
    ids=lambda value: (
        f"{value.status} {value.reason} {value.timestamp}"
        if isinstance(value, Reply)
        else str(value)
    ),
)
def test_only_a_dead_token_costs_its_device(
    sqlite_url: str, today: Path, tmp_path: Path, reply: Reply, left: int
) -> None:
    engine = db.open_engine(sqlite_url)
    with ApnsStandin(tmp_path / "apns", authorities(today)) as apple:
        connections = Connections(apple.url, apple.ca_file, HASTY)
        counter = open_counter(
            db.Sessions(engine), today, connections, clock=Clock(datetime.now(UTC))
        )
        for number in range(3):
            counter.register(f"device-{number}", push_token())
        counter.revise()
        apple.book.decide = lambda token: reply
        counter.drain()
        assert len(counter.devices()) == left
        counter.wallet.close()
    engine.dispose()


@pytest.fixture(scope="module")
def today(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Development certificates that count now: TLS has no clock to turn."""
    folder = tmp_path_factory.mktemp("today") / "certs"
    authority.write(folder, at=datetime.now(UTC))
    return folder


def authorities(folder: Path) -> str:
    return (folder / "root.pem").read_text() + (folder / "wwdr.pem").read_text()


def make_phone(name: str, counter: Counter, carrier: InProcess, folder: Path) -> Phone:
    return Phone(
        name,
        roots=roots_of(folder),
        carrier=carrier,
        clock=counter.clock,
        sleep=lambda seconds: None,
    )


def pass_file(counter: Counter, card_id: int) -> bytes:
    with db.read(counter.sessions) as session:
        return counter.wallet.pass_file(session, card_id)


def adjust(counter: Counter, card_id: int, points: int) -> None:
    with counter.changing() as session:
        adjustments.adjust(
            session,
            programmes.by_id(session, counter.programme_id),
            card_id,
            points,
            reason="chaos",
            actor=MANAGER,
            at=counter.clock(),
        )
