"""R7, R18 for Google's lane: workers that are killed lose nothing and flood nobody."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from passes import clock as clocks
from passes import db
from passes.db import Sessions
from tests.faults import harness
from tests.wallet_google import tills
from tests.wallet_google.tills import RealTime, Shop
from wallet_google.tables import GoogleObject

SEED = 7
CARDS = 10
SHORT, LONG = 2, 60
GOOGLES = 20
_ROOT = Path(__file__).parents[2]


class Worker:
    """A process that delivers, until it is killed."""

    def __init__(self, shop: Shop, database_url: str) -> None:
        module = [sys.executable, "-m", "tests.faults.google_worker"]
        account = str(shop.google.account_file)
        self._process = subprocess.Popen(  # noqa: S603
            [*module, database_url, account, shop.google.url],
            cwd=_ROOT,
            env={"PATH": os.defpath, "PYTHONPATH": str(_ROOT)},
            stdout=subprocess.PIPE,
        )

    def wait_until_begun(self) -> None:
        """Return when it delivers."""
        assert self._process.stdout
        assert self._process.stdout.readline() == b"begun\n"

    def kill(self) -> None:
        """Kill it, unless it is dead."""
        if self._process.returncode is not None:
            return
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        assert self._process.stdout
        self._process.stdout.close()


def most_in_a_second(shop: Shop) -> int:
    """The most requests that came within one second."""
    came = sorted(one.at for one in shop.sent())
    second = timedelta(seconds=1)
    return max(sum(one <= other < one + second for other in came) for one in came)


def end_leases(sessions: Sessions) -> None:
    """Let what the dead have claimed fall due, as a minute would."""
    with db.write(sessions) as session:
        session.execute(
            update(GoogleObject)
            .where(GoogleObject.claim.is_not(None))
            .values(due_at=clocks.now())
        )


@pytest.mark.faults
def test_killed_workers_lose_nothing(
    tmp_path: Path,
    engine: Engine,
    database_url: str,
    long_form: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    draw = random.Random(SEED)  # noqa: S311
    sessions = Sessions(engine)
    shop = tills.open_shop(sessions, tmp_path / "google", RealTime())
    balances: Counter[int] = Counter()
    with ExitStack() as stack:
        stack.callback(shop.google.stop)
        stack.callback(shop.wallet.close)
        cards = [shop.new_card() for _ in range(CARDS)]
        shop.google.book.latency = 0.05
        for _ in range(LONG if long_form else SHORT):
            workers = [Worker(shop, database_url) for _ in range(2)]
            for worker in workers:
                stack.callback(worker.kill)
                worker.wait_until_begun()
            for _ in range(CARDS):
                card = draw.choice(cards)
                balances[card] += 1
                shop.time.clock()
                shop.earn(card, 1)
            time.sleep(draw.uniform(0.05, 0.4))
            for worker in workers:
                worker.kill()
            end_leases(sessions)
        while shop.debt().waiting:
            end_leases(sessions)
            shop.drain()
            time.sleep(0.1)
        refused = Counter(one.status for one in shop.sent())
        held = {card: shop.points_at_google(card) for card in cards}

    harness.say(
        capsys,
        f"R7 google {engine.dialect.name} seed={SEED} answers={dict(refused)}"
        f" most_in_a_second={most_in_a_second(shop)}",
    )
    assert held == {card: balances[card] for card in cards}
    assert most_in_a_second(shop) <= GOOGLES + 1
    assert refused[HTTPStatus.TOO_MANY_REQUESTS] == 0
