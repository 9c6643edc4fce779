"""The API against a small model of a card, and against an observer (trust.md R5)."""

import random
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from passes.cards.card import Card
from passes.loyalty import verification
from passes.loyalty.entry import Account, Entry, Unit
from tests.faults import harness
from tests.makers import make_card
from tests.web.api.callers import Till
from web.services import Services

AMOUNTS = st.integers(min_value=1, max_value=40_000)
POINTS = st.integers(min_value=-150, max_value=150).filter(bool)
THRESHOLDS = (0, 100, 300)


@dataclass
class Sold:
    """What the model remembers of a movement."""

    points: int
    status: int
    undone: bool = False


@dataclass
class Model:
    """A card as it must be."""

    balance: int = 0
    status: int = 0
    movements: dict[str, Sold] = field(default_factory=dict)

    @property
    def tier(self) -> int:
        """The highest tier reached."""
        return max(n for n, start in enumerate(THRESHOLDS) if self.status >= start)

    def move(self, entry: str, points: int, status: int) -> None:
        """Take note of a movement."""
        self.balance += points
        self.status += status
        self.movements[entry] = Sold(points, status)


@dataclass(frozen=True)
class Sent:
    """A request that was answered, to be sent again."""

    path: str
    body: object
    key: str
    status: int
    data: bytes


class CardMachine(RuleBasedStateMachine):
    """One card, driven over the API by requests that come in any order."""

    sent = Bundle("sent")

    def __init__(self, till: Till, services: Services) -> None:
        super().__init__()
        self.till = till
        self.model = Model()
        with services.write() as session:
            self.card = make_card(session, till.shop.programme).public_id
        self.keys = iter(range(1, 1_000_000))

    @rule(target=sent, cents=AMOUNTS)
    def earn(self, cents: int) -> Sent:
        body = {"amount": f"{cents // 100}.{cents % 100:02d}"}
        answer, sent = self.send(f"/cards/{self.card}/earn", body)
        assert answer.status_code == 201
        for entry in answer.get_json()["entries"]:
            self.model.move(entry["id"], cents // 100, cents // 100)
        return sent

    @rule(target=sent, points=POINTS)
    def adjust(self, points: int) -> Sent:
        body = {"points": points, "reason": "a test"}
        answer, sent = self.send(f"/cards/{self.card}/adjust", body)
        allowed = points > 0 or max(0, self.model.balance) + points >= 0
        assert answer.status_code == (201 if allowed else 409)
        if allowed:
            self.model.move(answer.get_json()["entries"][0]["id"], points, 0)
        return sent

    @rule(target=sent, number=st.integers(min_value=0, max_value=50))
    def undo(self, number: int) -> Sent:
        entries = list(self.model.movements)
        entry = entries[number % len(entries)] if entries else "0" * 16
        answer, sent = self.send(f"/entries/{entry}/undo", None)
        if not entries:
            assert answer.status_code == 404
            return sent
        movement = self.model.movements[entry]
        assert answer.status_code == (409 if movement.undone else 201)
        if not movement.undone:
            movement.undone = True
            self.model.balance -= movement.points
            self.model.status -= movement.status
        return sent

    @rule(sent=sent)
    def repeat(self, sent: Sent) -> None:
        answer = self.till.caller.post(sent.path, sent.body, key=sent.key)
        assert answer.status_code == sent.status
        if sent.status != 404:
            assert answer.data == sent.data
            assert answer.headers["Idempotency-Replayed"] == "true"

    @rule(sent=sent)
    def reuse(self, sent: Sent) -> None:
        if sent.status == 404:
            return
        path = f"/cards/{self.card}/adjust"
        other = {"points": 7, "reason": "another request"}
        answer = self.till.caller.post(path, other, key=sent.key)
        assert answer.status_code == 422

    @invariant()
    def the_card_is_as_the_model(self) -> None:
        told = self.till.caller.get(f"/cards/{self.card}").get_json()
        assert told["points"] == max(0, self.model.balance)
        assert told["status_points"] == self.model.status
        assert told["tier"]["rank"] == self.model.tier

    def send(self, path: str, body: object) -> tuple[TestResponse, Sent]:
        """Send a request under a fresh key."""
        key = f"{self.card}-{next(self.keys)}"
        answer = self.till.caller.post(path, body, key=key)
        return answer, Sent(path, body, key, answer.status_code, answer.data)


def test_any_order_of_requests_leaves_the_card_as_the_model(
    till: Till, services: Services, *, long_form: bool
) -> None:
    class ThisCard(CardMachine):
        def __init__(self) -> None:
            super().__init__(till, services)

    run_state_machine_as_test(
        ThisCard,
        settings=settings(
            max_examples=200 if long_form else 5,
            stateful_step_count=40 if long_form else 16,
            deadline=None,
            database=None,
            derandomize=not long_form,
            suppress_health_check=list(HealthCheck),
        ),
    )

    with services.read() as session:
        assert list(verification.verify(session)) == []


@pytest.mark.faults
def test_a_balance_is_the_sum_of_its_entries_at_every_moment(
    till: Till,
    services: Services,
    capsys: pytest.CaptureFixture[str],
    *,
    long_form: bool,
) -> None:
    with services.write() as session:
        made = [make_card(session, till.shop.programme) for _ in range(4)]
        addresses = [f"/cards/{card.public_id}" for card in made]
    seed = secrets.randbelow(2**32)
    done = threading.Event()
    rounds = 3_000 if long_form else 8

    with ThreadPoolExecutor(33) as threads:
        seen = threads.submit(observe, services, done)
        clients = [
            threads.submit(drive, till, addresses, seed + client, rounds)
            for client in range(32)
        ]
        statuses = [client.result() for client in clients]
        done.set()

    looks, wrong = seen.result()
    operations = sum(map(len, statuses))
    harness.say(
        capsys, f"R5 API seed={seed} ops={operations} looks={looks} wrong={len(wrong)}"
    )
    assert wrong == []
    assert looks > 1
    assert set().union(*statuses) <= {201, 409}
    with services.read() as session:
        assert list(verification.verify(session)) == []


def observe(
    services: Services, done: threading.Event
) -> tuple[int, list[tuple[int, ...]]]:
    """Read every card beside its entries in one snapshot, until all is done."""
    sums = (
        select(Entry.card_id, func.sum(Entry.amount).label("points"))
        .where(Entry.account == Account.CARD, Entry.unit == Unit.POINTS)
        .group_by(Entry.card_id)
        .subquery()
    )
    query = select(Card.id, Card.balance, func.coalesce(sums.c.points, 0)).outerjoin(
        sums, sums.c.card_id == Card.id
    )
    looks = 0
    wrong: list[tuple[int, ...]] = []
    while not done.wait(0.05) or looks < 2:
        with services.read() as session:
            wrong += [tuple(row) for row in session.execute(query) if row[1] != row[2]]
        looks += 1
    return looks, wrong


def drive(till: Till, addresses: list[str], seed: int, rounds: int) -> list[int]:
    """Earn, take and undo on any card; return how each was answered."""
    chance = random.Random(seed)  # noqa: S311  (a test that can be repeated)
    statuses = []
    undoable: list[str] = []
    for number in range(rounds):
        card = chance.choice(addresses)
        key = f"{chance.getrandbits(64):x}-{number}"
        path, body = chance.choice(ACTS)(card, undoable, chance)
        answer = till.caller.post(path, body, key=key)
        statuses.append(answer.status_code)
        if answer.status_code == 201 and body is not None:
            undoable += [entry["id"] for entry in answer.get_json()["entries"]]
    return statuses


def sell(
    card: str, _: list[str], chance: random.Random
) -> tuple[str, dict[str, object] | None]:
    """A purchase."""
    return f"{card}/earn", {"amount": f"{chance.randrange(1, 90)}.00"}


def take(
    card: str, _: list[str], chance: random.Random
) -> tuple[str, dict[str, object] | None]:
    """Points taken by hand, which may be more than there are."""
    return f"{card}/adjust", {"points": -chance.randrange(1, 60), "reason": "a test"}


def undo(
    card: str, undoable: list[str], chance: random.Random
) -> tuple[str, dict[str, object] | None]:
    """A movement taken back, or a purchase while there is none."""
    if not undoable:
        return sell(card, undoable, chance)
    return f"/entries/{undoable.pop()}/undo", None


ACTS: tuple[
    Callable[[str, list[str], random.Random], tuple[str, dict[str, object] | None]],
    ...,
] = (sell, sell, take, undo)
