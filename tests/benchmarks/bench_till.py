"""The till: points credited durably, beside what the disk alone could do."""

import http.client
import itertools
import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import g, request
from pydantic import SecretStr
from sqlalchemy import event

from passes import migrations
from passes.people.actor import SYSTEM
from passes.programmes import programme as programmes
from tests import makers
from tests.benchmarks import crowd
from tests.benchmarks.figures import Figure, rates
from tests.faults.harness import Server, percentile
from web.api import cards, keys
from web.api.app import create_api
from web.api.bodies import CardPath, PurchaseBody
from web.api.keys import Scope
from web.config import Settings
from web.services import Services, build

SMALL, LARGE = 1_000, 1_000_000
CLIENTS, SALES = 8, 150
COUNTED = 20
PAGE = b"x" * 4_096

REPLAYED = 400

Work = Callable[[], object]
Executed = tuple[str, Any, bool]


def figures() -> Iterator[Figure]:
    """Yield the figures of row 9 of the goals, and of the till's row 12."""
    # Where the code lies is a disk; where temporary files go may be memory.
    with TemporaryDirectory(prefix=".bench-", dir=Path.cwd()) as name:
        folder = Path(name)
        small = Shop(_gathered(folder, SMALL), SMALL)
        with Selling(small) as sell:
            yield from _beside_the_disk(folder, sell)
            yield from _beside_the_driver(folder, small, sell)
            yield Figure(
                "till: statements of a sale",
                len(_statements(small, sell)),
                "statements",
            )
        yield from _syncs(folder)
        yield from _served(folder)
        yield from _grown(small, Shop(_gathered(folder, LARGE), LARGE))


class Shop:
    """A shop of so many *cards*, and its API."""

    def __init__(self, services: Services, cards: int) -> None:
        self.services = services
        self.cards = cards
        self.api = create_api(services)
        self.token = _key(services)
        self._numbers = itertools.count(1)

    def card(self) -> str:
        """Return one card after the other, all over the tables."""
        return f"card-{2 + next(self._numbers) * 7919 % (self.cards - 1)}"


class Selling:
    """A request that is held open, so that the view can be called again and again."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._keys = itertools.count()
        self._context = shop.api.test_request_context(
            "/api/v1/cards/x/earn",
            method="POST",
            data=b'{"amount":"12.50"}',
            content_type="application/json",
        )

    def __enter__(self) -> Work:
        self._context.push()
        with self._shop.services.read() as session:
            g.caller = keys.find(session, self._shop.token)
        return self._sell

    def __exit__(self, *_: object) -> None:
        self._context.pop()

    def _sell(self) -> None:
        request.environ["HTTP_IDEMPOTENCY_KEY"] = f"{id(self):x}-{next(self._keys)}"
        path = CardPath(card=self._shop.card())
        answer = cards.earn(path, PurchaseBody(amount="12.50"))
        if answer.status_code != 201:
            raise RuntimeError(answer.get_data(as_text=True))


def _services(folder: Path, name: object) -> Services:
    settings = Settings(
        base_url=crowd.BASE_URL,
        data_dir=folder / "data",
        database_url=SecretStr(f"sqlite:///{folder}/{name}.db"),
    )
    settings.prepare()
    return build(settings)


def _gathered(folder: Path, cards: int) -> Services:
    services = _services(folder, cards)
    crowd.gather(services.sessions, services.apple, cards)
    return services


def _key(services: Services) -> str:
    name = f"till {secrets.token_hex(4)}"
    with services.write() as session:
        shop = programmes.every(session)[0]
        return keys.create(session, shop, name, Scope, by=SYSTEM, at=crowd.NOW)


def _beside_the_disk(folder: Path, sell: Work) -> Iterator[Figure]:
    file = os.open(folder / "disk", os.O_RDWR | os.O_CREAT)
    turns = itertools.count()

    def sync() -> None:
        os.pwrite(file, PAGE, next(turns) % 1_000 * len(PAGE))
        os.fdatasync(file)

    measured = rates({"sale": sell, "disk": sync}, rounds=9)
    alone = rates({"sale": sell}, rounds=5, clock=time.thread_time)["sale"]
    os.close(file)
    yield Figure(
        "till: sales committed durably (SQLite)",
        measured["sale"],
        "sales/s",
        measured["disk"],
        measured["sale"] / measured["disk"],
        goal=0.15,
    )
    yield Figure("till: processor time of a sale", 1e6 / alone, "µs")


def _beside_the_driver(folder: Path, shop: Shop, sell: Work) -> Iterator[Figure]:
    """Sell, and beside it give the very same statements to the driver alone."""
    copy = folder / "copy.db"
    bare = sqlite3.connect(copy, isolation_level=None)
    # Copying the file itself would take this process's locks on it away.
    with closing(sqlite3.connect(folder / f"{SMALL}.db")) as connection:
        connection.backup(bare)
    sales = [_executed(shop, sell) for _ in range(REPLAYED)]
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        bare.execute(f"PRAGMA {pragma}")
    coming = iter(sales)

    def replay() -> None:
        for statement, values, many in next(coming):
            cursor = bare.cursor()
            (cursor.executemany if many else cursor.execute)(statement, values)
            cursor.fetchall()
        bare.execute("COMMIT")

    began = time.perf_counter()
    for _ in range(REPLAYED // 2):
        replay()
    alone = (REPLAYED // 2) / (time.perf_counter() - began)
    began = time.perf_counter()
    for _ in range(REPLAYED // 2):
        sell()
    whole = (REPLAYED // 2) / (time.perf_counter() - began)
    bare.close()
    yield Figure(
        "till: sales, beside the driver with the same statements",
        whole,
        "sales/s",
        alone,
        whole / alone,
    )


def _executed(shop: Shop, sell: Work) -> list[Executed]:
    """Sell, and return what was executed: statement, parameters, many or one."""
    seen: list[Executed] = []

    def note(*told: Any) -> None:
        _, __, statement, parameters, ___, many = told
        seen.append((statement, parameters, many))

    engine = shop.services.sessions.engine
    event.listen(engine, "before_cursor_execute", note)
    sell()
    event.remove(engine, "before_cursor_execute", note)
    return seen


def _statements(shop: Shop, sell: Work) -> list[str]:
    return [statement for statement, *_ in _executed(shop, sell)]


def _syncs(folder: Path) -> Iterator[Figure]:
    """Count the syncs of one sale, by what a process with more sales has more."""
    if shutil.which("strace") is None:
        return
    few, more = (_traced(folder, sales) for sales in (0, COUNTED))
    each = (more - few) / COUNTED
    yield Figure("till: syncs of a sale", each, "syncs", 1, each, 1, at_most=True)


def _traced(folder: Path, sales: int) -> int:
    # A full log would be written back meanwhile, and that is no sale's.
    with closing(sqlite3.connect(folder / f"{SMALL}.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    trace = folder / f"trace-{sales}"
    command = ["strace", "-f", "-qq", "-e", "trace=fsync,fdatasync", "-o", str(trace)]
    command += [sys.executable, "-m", "tests.benchmarks.bench_till"]
    subprocess.run([*command, str(folder), str(sales)], check=True)
    return len(trace.read_text().splitlines())


def _served(folder: Path) -> Iterator[Figure]:
    """Sell from eight tills at once, over HTTP, to the server as it is shipped."""
    url = f"sqlite:///{folder}/served.db"
    services = _services(folder, "served")
    migrations.upgrade(services.sessions.engine)
    with services.write() as session:
        shop = makers.make_shop(session).programme
        made = [makers.make_card(session, shop).public_id for _ in range(CLIENTS)]
    token = _key(services)
    services.sessions.engine.dispose()
    with Server(folder, url) as server, ThreadPoolExecutor(CLIENTS) as threads:
        times = list(itertools.chain(*threads.map(_client(server.port, token), made)))
    for share in (0.5, 0.99):
        value = percentile(times, share) * 1_000
        yield Figure(
            f"till: sale over HTTP, {CLIENTS} tills, p{share:.0%}", value, "ms"
        )


def _client(port: int, token: str) -> Callable[[str], list[float]]:
    def sell(card: str) -> list[float]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        times = []
        for number in range(SALES + 10):
            headers = {
                "Authorization": f"Bearer {token}",
                "Content-Type": "application/json",
                "Idempotency-Key": f"{card}-{number}",
            }
            began = time.perf_counter()
            path = f"/api/v1/cards/{card}/earn"
            connection.request("POST", path, b'{"amount":"12.50"}', headers)
            answer = connection.getresponse()
            answer.read()
            times.append(time.perf_counter() - began)
            if answer.status != HTTPStatus.CREATED:
                raise RuntimeError(f"a sale was answered {answer.status}")
        connection.close()
        # The first ones warm the server up.
        return times[10:]

    return sell


def _grown(small: Shop, large: Shop) -> Iterator[Figure]:
    with Selling(small) as sell:
        queries = _statements(small, sell)
    with Selling(large) as sell:
        same = _statements(large, sell) == queries
    measured = rates({"small": _each(small), "large": _each(large)}, rounds=5)
    slower = measured["small"] / measured["large"]
    yield Figure(
        f"till: sale among {LARGE:,} cards, beside {SMALL:,}",
        1e6 / measured["large"],
        "µs",
        1e6 / measured["small"],
        slower,
        1.2,
        at_most=True,
    )
    yield Figure(
        "till: other statements among them",
        float(not same),
        "",
        ratio=float(not same),
        goal=0,
        at_most=True,
    )


def _each(shop: Shop) -> Work:
    """Sell with a request of its own, since the two shops take turns."""
    selling = Selling(shop)

    def sell() -> None:
        with selling as once:
            once()

    return sell


def sell_traced(folder: Path, sales: int) -> None:
    """Sell so many times; the one who started this process counts its syncs."""
    with Selling(Shop(_services(folder, SMALL), SMALL)) as sell:
        for _ in range(sales):
            sell()


if __name__ == "__main__":
    sell_traced(Path(sys.argv[1]), int(sys.argv[2]))
