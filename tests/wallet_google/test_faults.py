"""Whatever breaks, Google comes to hold every card as it is, with one request each."""

import contextlib
import random
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path

import pytest
from sqlalchemy import event

from passes import db
from passes.delivery import claims, lanes, state
from tests.wallet_google import tills
from tests.wallet_google.tills import LANE, Shop
from wallet_google import budget, errors
from wallet_google.slots import Slots
from wallet_google.standin import replies
from wallet_google.standin.book import Behaviour, Trick

OUTAGE = timedelta(minutes=9)


@pytest.fixture
def shop(sessions: db.Sessions, tmp_path: Path) -> Iterator[Shop]:
    opened = tills.open_shop(sessions, tmp_path / "google")
    yield opened
    opened.wallet.close()
    opened.google.stop()


class KilledError(BaseException):
    """The process is no more."""


def patched(shop: Shop) -> Counter[str]:
    """How often Google took an update of each object."""
    return Counter(
        one.path.rpartition("/")[2]
        for one in shop.sent("PATCH", "PUT")
        if "loyaltyObject" in one.path and one.status == HTTPStatus.OK
    )


class TestOutages:
    """R7, R8: what changed meanwhile is one request for each card."""

    def test_minutes_without_google_cost_one_request_for_each_card(
        self, shop: Shop
    ) -> None:
        made = [shop.new_card() for _ in range(12)]
        shop.time.sleep(5)
        shop.google.refuse()
        until = shop.time.now + OUTAGE
        number = 0
        while shop.time.now < until:
            shop.earn(made[number % 8], 1)
            number += 1
            shop.drain()
            shop.time.sleep(7)
        shop.google.restore()
        shop.forget_requests()
        shop.settle(3600)

        expected = {shop.row(card).object_id: 1 for card in made[:8]}
        assert dict(patched(shop)) == expected
        balances = [shop.points_at_google(card) for card in made[:8]]
        assert sum(balances) == number
        assert shop.debt().waiting == 0

    def test_an_outage_is_not_hammered(self, shop: Shop) -> None:
        made = [shop.new_card() for _ in range(12)]
        shop.time.sleep(5)
        shop.forget_requests()
        shop.google.book.decide = lambda method, path: replies.trouble()
        shop.revise(*made, balance=5)
        began = shop.time.now
        shop.settle(3600)

        tried = [one.at - began for one in shop.sent()]
        late = [one for one in tried if one > timedelta(minutes=5)]
        # Each probe is one call, which tries several times within its seconds.
        assert 0 < len(late) < 60

    def test_a_storm_of_refusals_passes(self, shop: Shop) -> None:
        made = [shop.new_card() for _ in range(15)]
        shop.time.sleep(5)
        draw = random.Random(3)  # noqa: S311
        shop.google.book.decide = lambda method, path: (
            replies.too_fast() if draw.random() < 0.6 else None
        )
        shop.revise(*made, balance=5)
        shop.settle(900)

        assert [shop.points_at_google(card) for card in made] == [5] * 15
        assert shop.debt().waiting == 0

    @pytest.mark.parametrize("trick", [Trick.HALF, Trick.LOSE, Trick.CUT])
    def test_answers_that_are_cut_or_lost(self, shop: Shop, trick: Trick) -> None:
        card = shop.new_card()
        shop.time.sleep(5)
        shop.google.book.planned.extend([trick] * 2)
        shop.earn(card, 5)
        shop.settle()

        assert shop.points_at_google(card) == 5
        assert shop.debt().waiting == 0

    def test_a_till_does_not_wait_for_google(self, shop: Shop) -> None:
        card = shop.new_card()
        shop.forget_requests()
        shop.google.book.decide = lambda method, path: Trick.SILENCE

        shop.earn(card, 5)

        assert shop.sent() == []
        assert shop.row(card).wanted == 2
        shop.google.book.decide = None


class TestDuplicates:
    """R6, R18: done twice is done once."""

    @pytest.mark.parametrize("times", [1, 3])
    def test_a_worker_that_delivers_the_same_rows_again(
        self, shop: Shop, times: int
    ) -> None:
        card = shop.new_card()
        shop.time.sleep(5)
        shop.earn(card, 5)
        claim = shop.claim()
        for _ in range(times):
            report = shop.wallet.deliver(LANE, claim.rows, shop.time.now)
            lanes.keep(shop.sessions, shop.wallet, claim, report, shop.time.now)
        row = shop.row(card)

        assert (row.wanted, row.delivered, row.attempts) == (2, 2, 0)
        assert len(list(row.told)) == 1  # type: ignore[call-overload]
        assert shop.points_at_google(card) == 5

    def test_an_overtaken_request_is_followed_by_the_newest(self, shop: Shop) -> None:
        card = shop.new_card()
        shop.time.sleep(5)
        shop.earn(card, 5)
        slow = shop.claim()
        old = shop.at_google(card)
        shop.time.sleep(state.LEASE.total_seconds())
        shop.earn(card, 5)
        shop.settle()
        assert shop.points_at_google(card) == 10
        # What the slow one has sent arrives only now.
        late = {"loyaltyPoints": {**old["loyaltyPoints"], "balance": {"int": 5}}}
        shop.google.resources.patch("loyaltyObject", old["id"], late, shop.time.now)
        with db.write(shop.sessions) as session:
            answers = [
                tills.delivered(row.row_id, fingerprint="of the older one")
                for row in slow.rows
            ]
            claims.mark(session, type(shop.row(card)), slow, answers, shop.time.now)
        shop.settle()

        assert shop.points_at_google(card) == 10
        assert shop.debt().waiting == 0

    def test_two_processes_send_each_change_once(self, shop: Shop) -> None:
        made = [shop.new_card() for _ in range(10)]
        shop.time.sleep(5)
        shop.forget_requests()
        other = shop.another()
        shop.revise(*made, balance=5)
        for _ in range(20):
            shop.drain()
            other.drain()
            shop.time.sleep(1)
        other.wallet.close()

        assert set(patched(shop).values()) == {1}
        assert len(patched(shop)) == 10


class StumblingSlots(Slots):
    """Slots that have a mistake, every second time."""

    asked = 0

    def wait(self) -> None:
        """Give a turn, or stumble."""
        self.asked += 1
        if self.asked % 2:
            raise RuntimeError("a mistake")
        super().wait()


class TestNulls:
    """Nothing promises that a PATCH may say null: then the whole goes instead."""

    def test_what_a_patch_cannot_take_away_a_put_does(self, shop: Shop) -> None:
        card = shop.new_card()
        shop.time.sleep(5)
        shop.google.book.decide = lambda method, path: (
            replies.invalid("null").reply if method == "PATCH" else None
        )
        shop.forget_requests()
        shop.earn(card, 5)
        shop.settle(20)

        assert [one.method for one in shop.sent()] == ["PATCH", "PUT"]
        assert None not in shop.sent("PUT")[0].body.values()
        assert shop.points_at_google(card) == 5
        assert shop.debt().waiting == 0

    def test_what_is_malformed_anyway_is_refused_in_the_first_words(
        self, shop: Shop
    ) -> None:
        card = shop.new_card(saved=False)
        shop.google.book.decide = lambda method, path: (
            replies.invalid("A bad field.").reply
            if method == "POST" and "loyaltyObject" in path
            else None
        )
        with pytest.raises(errors.RefusedError, match="A bad field"):
            shop.wallet.save_url(card, shop.time.now)


class TestMistakes:
    """What nobody foresaw in one card keeps no other one's answer from its row."""

    def test_a_card_that_cannot_be_written(
        self, shop: Shop, caplog: pytest.LogCaptureFixture
    ) -> None:
        odd, other = shop.new_card(), shop.new_card()
        shop.time.sleep(5)
        shop.shelf.trouble = RuntimeError("a mistake")
        with shop.changing() as session:
            tills.publish(session, shop, contact="allo@example.org")
        shop.revise(odd, balance=400, status_points=400)
        shop.settle(30)

        assert shop.row(other).delivered == shop.row(other).wanted
        assert "RuntimeError" in (shop.row(odd).last_error or "")
        assert "a mistake" in caplog.text
        shop.shelf.trouble = None
        shop.settle(120)
        assert shop.points_at_google(odd) == 400

    def test_a_card_that_cannot_be_sent(self, shop: Shop) -> None:
        made = [shop.new_card() for _ in range(6)]
        shop.time.sleep(5)
        shop.forget_requests()
        stumbling = tills.open_wallet(
            shop.sessions, shop.google, shop.time, shop.shelf, pace=StumblingSlots
        )
        shop.revise(*made, balance=5)
        claim = shop.claim()
        report = stumbling.deliver(LANE, claim.rows, shop.time.now)
        lanes.keep(shop.sessions, stumbling, claim, report, shop.time.now)
        stumbling.close()

        assert len(shop.sent()) == 3
        assert shop.debt().waiting == 3
        shop.settle(120)
        assert dict(patched(shop)) == {shop.row(card).object_id: 1 for card in made}


class TestKills:
    """R1, R7: a process that is killed leaves what it owes to the next one."""

    @pytest.mark.parametrize("boundary", range(1, 8))
    def test_killed_before_any_of_its_commits(self, shop: Shop, boundary: int) -> None:
        card = shop.new_card()
        shop.time.sleep(5)
        shop.earn(card, 5)
        left = [boundary]

        def kill(connection: object) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise KilledError

        event.listen(shop.sessions.engine, "commit", kill)
        try:
            shop.drain()
        except KilledError:
            pass
        finally:
            event.remove(shop.sessions.engine, "commit", kill)
        self.check(shop, card)

    @pytest.mark.parametrize("trick", [Trick.LOSE, Trick.CUT])
    def test_killed_while_google_answers(self, shop: Shop, trick: Trick) -> None:
        card = shop.new_card()
        shop.time.sleep(5)
        shop.earn(card, 5)
        claim = shop.claim()
        shop.google.book.planned.extend([trick] * 40)
        shop.wallet.deliver(LANE, claim.rows, shop.time.now)
        shop.google.book.planned.clear()

        self.check(shop, card)

    def test_killed_after_google_took_it_and_undone_meanwhile(self, shop: Shop) -> None:
        card = shop.new_card()
        shop.time.sleep(5)
        shop.earn(card, 5)
        shop.wallet.deliver(LANE, shop.claim().rows, shop.time.now)
        assert shop.points_at_google(card) == 5

        shop.earn(card, -5, announce="nothing")
        shop.settle(300)

        assert shop.points_at_google(card) == 0

    def test_killed_while_a_new_look_is_on_its_way(self, shop: Shop) -> None:
        card = shop.new_card()
        shop.time.sleep(5)
        with shop.changing() as session:
            tills.publish(session, shop, contact="allo@example.org")
        # Google took the class, and nobody was left to note it.
        shop.wallet.deliver(LANE, shop.claim().rows, shop.time.now)
        with db.write(shop.sessions) as session:
            row = session.get_one(type(shop.class_row()), shop.programme_id)
            row.fingerprint, row.busy_until = "former", shop.time.now
        other = shop.another()
        other.settle(300)
        other.wallet.close()

        assert shop.class_row().fingerprint != "former"
        assert shop.debt().waiting == 0
        assert shop.at_google(card)

    @staticmethod
    def check(shop: Shop, card: int) -> None:
        """Have another process go on, and see that nothing was lost."""
        other = shop.another()
        other.settle(300)
        other.wallet.close()
        assert shop.points_at_google(card) == 5
        assert shop.debt().waiting == 0
        row = shop.row(card)
        assert len(list(row.told)) <= budget.UPDATES  # type: ignore[call-overload]


MISFORTUNES: tuple[Behaviour | None, ...] = (
    None,
    None,
    None,
    Trick.LOSE,
    Trick.CUT,
    Trick.HALF,
    replies.too_fast(),
    replies.trouble(),
)


class Life:
    """Sixty things that happen to a shop with two processes, one after the other."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop = shop
        self.draw = random.Random(seed)  # noqa: S311
        self.processes = [shop, shop.another()]
        self.balances: Counter[int] = Counter()
        self.made: list[int] = []
        self.erased: set[int] = set()

    def go_on(self) -> None:
        self.shop.google.book.decide = self.misfortune
        happenings = (self.join, self.earn, self.drain, self.be_killed, self.wait)
        for _ in range(60):
            self.draw.choices(happenings, (2, 4, 2, 1, 2))[0]()
        for card in self.draw.sample(self.made, 2):
            self.erased.add(card)
            self.shop.erase(card)
        self.shop.google.book.decide = None
        self.shop.settle(2 * 3600)
        self.processes[1].wallet.close()

    def misfortune(self, method: str, path: str) -> Behaviour | None:
        return self.draw.choice(MISFORTUNES)

    def join(self) -> None:
        self.made.append(self.shop.new_card(saved=False))
        with contextlib.suppress(errors.GoogleWalletError):
            self.draw.choice(self.processes).wallet.save_url(
                self.made[-1], self.shop.time.now
            )

    def earn(self) -> None:
        if self.made:
            card, points = self.draw.choice(self.made), self.draw.randint(-3, 9)
            self.balances[card] += points
            self.shop.earn(card, points)

    def drain(self) -> None:
        self.draw.choice(self.processes).drain()

    def be_killed(self) -> None:
        """Claim what nobody will ever deliver."""
        self.shop.claim(2)

    def wait(self) -> None:
        self.shop.time.sleep(self.draw.choice((0.2, 3, 20, 70)))


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_happens_google_ends_with_the_cards_as_they_are(
    shop: Shop, seed: int
) -> None:
    life = Life(shop, seed)

    life.go_on()

    assert (shop.debt().waiting, shop.debt().dead) == (0, 0)
    held = shop.google.resources._kept["loyaltyObject"]
    assert len(held) > 3
    for card in life.made:
        kept = held.get(shop.row(card).object_id)
        if card in life.erased:
            assert kept is None or "loyaltyPoints" not in kept
        else:
            assert kept
            balance = kept["loyaltyPoints"]["balance"]["int"]
            assert balance == max(0, life.balances[card])
