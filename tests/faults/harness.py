"""What every fault test stands on: a real server, tills that never give up, a judge.

The server is a process group of its own, so that all of it can be killed at once.
Each till keeps outside of it, in a file that is synced line by line, what the server
has acknowledged; it repeats a request with its key until the answer is definite. In
the end the judge compares the two, and proves the ledger.
"""

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from passes import db
from passes.db import Sessions
from passes.loyalty import verification
from passes.loyalty.entry import Account, Entry, Unit
from passes.loyalty.purchases import Purchase
from passes.people.actor import SYSTEM
from tests.makers import make_card, make_programme
from wallet_apple import authority
from web.api import keys

ROOT = Path(__file__).parents[2]
_START_SECONDS = 60.0
_STOP_SECONDS = 40.0


class Server:
    """`palier serve` on *database_url*, its data directory below *folder*."""

    def __init__(self, folder: Path, database_url: str, **settings: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.log = folder / "server.log"
        (folder / "data").mkdir(mode=0o700, exist_ok=True)
        authority.write(folder / "data" / "certs", at=datetime.now(UTC))
        self.environment = {
            "PATH": os.defpath,
            "PYTHONPATH": str(ROOT),
            "PALIER_DATA_DIR": str(folder / "data"),
            "PALIER_DATABASE_URL": database_url,
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process that listens, which leads the group."""
        if self._process is None:
            raise RuntimeError("it was not started")
        return self._process.pid

    def start(self) -> float:
        """Start it, and return after how many seconds it answered."""
        began = time.monotonic()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "web.cli", "serve", "--port", str(self.port)],
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        while not self._answers():
            if time.monotonic() - began > _START_SECONDS or self._process.poll():
                raise RuntimeError(f"it does not start: {self.log.read_text()[-2000:]}")
            time.sleep(0.02)
        return time.monotonic() - began

    def kill(self) -> None:
        """End the whole group at once, as a power cut to the process would."""
        if self._process is not None and self._process.returncode is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def terminate(self) -> None:
        """Ask it to end."""
        if self._process is not None:
            self._process.terminate()

    def ended(self) -> int:
        """Return its exit status, once it has ended."""
        if self._process is None:
            raise RuntimeError("it was not started")
        return self._process.wait(_STOP_SECONDS)

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


@dataclass(frozen=True)
class Shop:
    """What the tills need to know: a key, and the cards' ids."""

    key: str
    cards: Sequence[str]


@dataclass
class Verdict:
    """The judge's figures, and what the tills saw meanwhile."""

    acknowledged: int = 0
    lost: int = 0
    doubled: int = 0
    mismatched: int = 0
    broken: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"acknowledged={self.acknowledged} lost={self.lost}"
            f" doubled={self.doubled} mismatch={self.mismatched}"
            f" invariants={len(self.broken)}"
        )

    @property
    def clean(self) -> bool:
        """Whether nothing was lost, doubled or broken, and something happened."""
        found = (self.lost, self.doubled, self.mismatched, len(self.broken))
        return self.acknowledged > 0 and not any(found)


class Till(threading.Thread):
    """Earns on random cards until told to stop; never forgets an unanswered key."""

    def __init__(self, server: Server, shop: Shop, number: int, seed: int) -> None:
        super().__init__(name=f"till-{number}", daemon=True)
        self.book = server.folder / f"till-{number}.jsonl"
        self.seconds: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.closing = threading.Event()
        self._server, self._shop, self._number = server, shop, number
        self._seed = seed
        self._draw = random.Random(seed * 1000 + number)  # noqa: S311
        self._connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        """Sell until the shop closes."""
        sold = 0
        try:
            with self.book.open("a") as book:
                while not self.closing.is_set():
                    sold += 1
                    self._sell(
                        f"till-{self._seed}-{self._number}-{sold}", book.fileno()
                    )
        finally:
            self._hang_up()

    def _sell(self, key: str, book: int) -> None:
        card = self._draw.choice(self._shop.cards)
        euros = self._draw.randint(1, 40)
        body = {"amount": f"{euros}.00", "receipt": key}
        began = time.monotonic()
        while (status := self._post(f"/api/v1/cards/{card}/earn", body, key)) != 201:
            # Nothing but trouble on the way can come instead; it is asked again.
            if status is not None and status < 500 and status != 429:
                raise AssertionError(f"{key} was answered {status}")
            time.sleep(0.05)
        self.seconds.append(time.monotonic() - began)
        line = json.dumps({"key": key, "card": card, "points": euros})
        os.write(book, f"{line}\n".encode())
        os.fsync(book)

    def _post(self, path: str, body: object, key: str) -> int | None:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(
                "127.0.0.1", self._server.port, timeout=15
            )
        headers = {
            "Authorization": f"Bearer {self._shop.key}",
            "Idempotency-Key": key,
            "Content-Type": "application/json",
        }
        try:
            self._connection.request("POST", path, json.dumps(body), headers)
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            self._hang_up()
            return None
        self.statuses[answer.status] += 1
        return answer.status

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@contextmanager
def tills(server: Server, shop: Shop, many: int, seed: int) -> Iterator[list[Till]]:
    """Let *many* tills sell; on leaving, each waits for its last answer."""
    running = [Till(server, shop, number, seed) for number in range(many)]
    for till in running:
        till.start()
    try:
        yield running
    finally:
        close(running)


def close(running: Sequence[Till]) -> None:
    """Close the tills once each has its last answer; a second time does nothing."""
    for till in running:
        till.closing.set()
    for till in running:
        till.join(_START_SECONDS)
    assert not any(till.is_alive() for till in running)


def found(sessions: Sessions, cards: int = 8) -> Shop:
    """Make a programme with *cards* cards and an API key."""
    at = datetime.now(UTC)
    with db.write(sessions) as session:
        programme = make_programme(session, at=at)
        made = [make_card(session, programme, at=at).public_id for _ in range(cards)]
        scopes = ("read", "earn", "admin")
        key = keys.create(session, programme, "till", scopes, by=SYSTEM, at=at)
    return Shop(key, made)


def judge(sessions: Sessions, running: Sequence[Till]) -> Verdict:
    """Compare what was acknowledged with what the database holds."""
    told = [
        json.loads(line)
        for till in running
        for line in till.book.read_text().splitlines()
    ]
    verdict = Verdict(acknowledged=len(told))
    with db.read(sessions) as session:
        receipts = Counter(session.scalars(select(Purchase.receipt)))
        rows = session.execute(
            select(Entry.idempotency_key, Entry.amount).where(
                Entry.account == Account.CARD, Entry.unit == Unit.POINTS
            )
        )
        points: dict[str | None, list[int]] = {}
        for key, amount in rows:
            points.setdefault(key, []).append(amount)
        verdict.broken = [str(each) for each in verification.verify(session)]
    for sale in told:
        given = points.get(sale["key"], [])
        verdict.lost += not given
        verdict.doubled += len(given) > 1 or receipts[sale["key"]] > 1
        verdict.mismatched += bool(given) and given[0] != sale["points"]
    # What nobody was told of must not be there either, once all tills are answered.
    verdict.mismatched += len(receipts) - len({sale["key"] for sale in told})
    return verdict


def say(capsys: pytest.CaptureFixture[str], line: str) -> None:
    """Print a figure past the capture: it is what a fault test is for."""
    with capsys.disabled():
        sys.stdout.write(f"\n{line}\n")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that *share* of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
