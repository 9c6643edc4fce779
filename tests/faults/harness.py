"""What every fault test stands on: a real server, tills that never give up, a judge.

The server is a process group of its own, so that all of it can be killed at once.
Each till keeps outside of it, in a file that is synced line by line, what the server
has acknowledged; it repeats a request with its key until the answer is definite. In
the end the judge (`verdicts`) compares the two, and proves the ledger.
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
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from passes import db
from passes.db import Sessions
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


@dataclass(frozen=True)
class Moved:
    """A movement that was acknowledged: its entry, whose it is, its points."""

    entry: str
    card: str
    points: int


class Till(threading.Thread):
    """Earns on random cards until told to stop; never forgets an unanswered key.

    *moved* is what all tills together have done. *broken* counts the requests that
    got no answer at all; each was sent again.
    """

    def __init__(
        self, server: Server, shop: Shop, number: int, seed: int, moved: list[Moved]
    ) -> None:
        super().__init__(name=f"till-{number}", daemon=True)
        self.book = server.folder / f"till-{number}.jsonl"
        self.seconds: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.broken = 0
        self.closing = threading.Event()
        self._server, self._shop, self._number = server, shop, number
        self._seed, self._moved = seed, moved
        self._draw = random.Random(seed * 1000 + number)  # noqa: S311
        self._connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        """Work until the shop closes."""
        done = 0
        try:
            with self.book.open("a") as book:
                while not self.closing.is_set():
                    done += 1
                    self._work(
                        f"till-{self._seed}-{self._number}-{done}", book.fileno()
                    )
        finally:
            self._hang_up()

    def _work(self, key: str, book: int) -> None:
        self._sell(key, book)

    def _sell(self, key: str, book: int) -> None:
        card = self._draw.choice(self._shop.cards)
        euros = self._draw.randint(1, 40)
        body = {"amount": f"{euros}.00", "receipt": key}
        path = f"/api/v1/cards/{card}/earn"
        answer = self._ask(path, body, key)
        self._note(book, answer, key=key, card=card, points=euros, kind="earn")

    def _ask(
        self, path: str, body: object, key: str, *, may_refuse: bool = False
    ) -> bytes | None:
        """Send until the answer is definite; None where it is a refusal."""
        began = time.monotonic()
        while (told := self._post(path, body, key)) is None or told[0] != 201:
            if told is not None and may_refuse and told[0] == 409:
                return None
            # Nothing but trouble on the way can come instead; it is asked again.
            if told is not None and told[0] < 500 and told[0] != 429:
                raise AssertionError(f"{key} was answered {told[0]}: {told[1]!r}")
            time.sleep(0.05)
        self.seconds.append(time.monotonic() - began)
        return told[1]

    def _note(self, book: int, answer: bytes | None, **move: str | int) -> None:
        if answer is None:
            return
        os.write(book, f"{json.dumps(move)}\n".encode())
        os.fsync(book)
        entry = json.loads(answer)["entries"][0]["id"]
        if move["kind"] != "undo":
            moved = Moved(entry, str(move["card"]), int(move["points"]))
            self._moved.append(moved)

    def _post(self, path: str, body: object, key: str) -> tuple[int, bytes] | None:
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
            told = answer.read()
        except (OSError, http.client.HTTPException):
            self.broken += 1
            self._hang_up()
            return None
        self.statuses[answer.status] += 1
        return answer.status, told

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Manager(Till):
    """A till that also corrects by hand, and takes back what any till did."""

    def _work(self, key: str, book: int) -> None:
        drawn = self._draw.random()
        if drawn < 0.4 or not self._moved:
            self._sell(key, book)
        elif drawn < 0.7:
            self._adjust(key, book)
        else:
            self._undo(key, book)

    def _adjust(self, key: str, book: int) -> None:
        card = self._draw.choice(self._shop.cards)
        points = self._draw.choice((-60, -25, -5, 10))
        body = {"points": points, "reason": "counted again"}
        path = f"/api/v1/cards/{card}/adjust"
        answer = self._ask(path, body, key, may_refuse=True)
        self._note(book, answer, key=key, card=card, points=points, kind="adjust")

    def _undo(self, key: str, book: int) -> None:
        # Among the newest, so that tills meet on one.
        taken = self._draw.choice(self._moved[-8:])
        path = f"/api/v1/entries/{taken.entry}/undo"
        answer = self._ask(path, {}, key, may_refuse=True)
        given = -taken.points
        self._note(book, answer, key=key, card=taken.card, points=given, kind="undo")


@contextmanager
def tills(
    server: Server, shop: Shop, many: int, seed: int, kind: type[Till] = Till
) -> Iterator[list[Till]]:
    """Let *many* tills work; on leaving, each waits for its last answer."""
    moved: list[Moved] = []
    running = [kind(server, shop, number, seed, moved) for number in range(many)]
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
