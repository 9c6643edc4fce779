"""The web service: beside plain Flask and an ORM, beside raw RSA, and as it grows."""

import http.client
import io
import os
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask, Response, request
from sqlalchemy import select
from werkzeug.datastructures import Headers
from werkzeug.http import http_date
from werkzeug.test import EnvironBuilder

from passes import db
from passes.cards.card import Card
from tests.benchmarks import apple_signer, crowd
from tests.benchmarks.figures import Figure, rates
from tests.faults.harness import Server
from wallet_apple import authority
from wallet_apple.tables import ApplePass, Device, Registration
from wallet_apple.webservice import WebService

PASS_TYPE = authority.PASS_TYPE_IDENTIFIER
SMALL, LARGE = 1_000, 1_000_000
Wsgi = Callable[..., Any]
Work = Callable[[], object]


def figures() -> Iterator[Figure]:
    """Yield the figures of rows 3 and 4 of the goals, and of the service's row 12."""
    with TemporaryDirectory() as folder:
        small = Shop(Path(folder), SMALL)
        yield from _beside_flask(small)
        yield from _served(Path(folder))
        yield from _grown(small, Shop(Path(folder), LARGE))


class Shop:
    """A shop of some size and its web service."""

    def __init__(self, folder: Path, cards: int) -> None:
        self.cards = cards
        engine = db.open_engine(f"sqlite:///{folder}/{cards}.db")
        self.sessions = db.Sessions(engine)
        self.wallet = crowd.wallet(folder / "certs", self.sessions)
        crowd.gather(self.sessions, self.wallet, cards)
        self.service = WebService(self.wallet, asks=10**9)
        self._turn = 0

    def number(self) -> int:
        """Return one card after the other, all over the tables."""
        self._turn += 1
        return 2 + self._turn * 7919 % (self.cards - 1)


def _environ(method: str, path: str, since: bool = False, body: bytes = b"") -> Any:
    headers = {"Authorization": f"ApplePass {crowd.TOKEN}"}
    if since:
        headers["If-Modified-Since"] = http_date(crowd.NOW)
    return EnvironBuilder(
        path, method=method, headers=Headers(headers), data=body
    ).get_environ()


def _unchanged(number: int) -> Any:
    return _environ("GET", f"/v1/passes/{PASS_TYPE}/serial-{number}", since=True)


def _fetched(number: int) -> Any:
    return _environ("GET", f"/v1/passes/{PASS_TYPE}/serial-{number}")


def _registered(number: int) -> Any:
    path = f"/v1/devices/device-{number}/registrations/{PASS_TYPE}/serial-{number}"
    body = b'{"pushToken": "aa%d"}' % (1_000_000_000 + number)
    return _environ("POST", path, body=body)


def _listed(number: int) -> Any:
    path = f"/v1/devices/device-{number}/registrations/{PASS_TYPE}"
    return _environ("GET", f"{path}?passesUpdatedSince=1")


ASKED = {
    "an unchanged pass (304)": (_unchanged, "304"),
    "a known registration": (_registered, "200"),
    "a list": (_listed, "200"),
}


def _asking(app: Wsgi, shop: Shop, make: Callable[[int], Any], status: str) -> Work:
    """Return work that asks *app* for one thing after the other."""
    ready = [make(shop.number()) for _ in range(512)]
    bodies = [environ["wsgi.input"].read() for environ in ready]
    turn = 0

    def start(said: str, headers: object, *more: object) -> None:
        assert said.startswith(status), said

    def ask() -> None:
        nonlocal turn
        turn = (turn + 1) % len(ready)
        environ = dict(ready[turn])
        environ["wsgi.input"] = io.BytesIO(bodies[turn])
        for _ in app(environ, start):
            pass

    return ask


def _beside_flask(shop: Shop) -> Iterator[Figure]:
    plain = _plain(shop.sessions)
    for name, (make, status) in ASKED.items():
        measured = rates(
            {
                "ours": _asking(shop.service, shop, make, status),
                "flask": _asking(plain, shop, make, status),
            },
            rounds=7,
            seconds=0.3,
            clock=time.thread_time,
        )
        ours, flask = measured["ours"], measured["flask"]
        yield Figure(
            f"{name}, beside Flask and an ORM", ours, "/s", flask, ours / flask, 3
        )


def _plain(sessions: db.Sessions) -> Flask:
    """The same three answers, as Flask and an ORM are usually used."""
    app = Flask(__name__)

    @app.get("/v1/passes/<pass_type>/<serial>")
    def fetch(pass_type: str, serial: str) -> Response:
        with sessions.reader() as session:
            found = session.scalars(
                select(ApplePass).where(ApplePass.serial_number == serial)
            ).one()
            _allow(found)
            card = session.get_one(Card, found.card_id)
            answer = Response(status=200)
            answer.last_modified = card.revised_at
            answer.make_conditional(request)
        return answer

    path = "/v1/devices/<device>/registrations/<pass_type>"

    @app.post(f"{path}/<serial>")
    def register(device: str, pass_type: str, serial: str) -> Response:
        with sessions.reader() as session:
            found = session.scalars(
                select(ApplePass).where(ApplePass.serial_number == serial)
            ).one()
            _allow(found)
            known = session.scalars(
                select(Device).where(
                    Device.library_identifier == device, Device.pass_type == pass_type
                )
            ).one()
            session.scalars(
                select(Registration).where(
                    Registration.card_id == found.card_id,
                    Registration.device_id == known.id,
                )
            ).one()
            said = request.get_json(force=True)
        return Response(status=200 if said["pushToken"] == known.push_token else 201)

    @app.get(path)
    def changed(device: str, pass_type: str) -> dict[str, object]:
        with sessions.reader() as session:
            rows = session.execute(
                select(ApplePass, Registration)
                .join(Registration, Registration.card_id == ApplePass.card_id)
                .join(Device, Device.id == Registration.device_id)
                .where(
                    Device.library_identifier == device,
                    Device.pass_type == pass_type,
                    Registration.tag > int(request.args["passesUpdatedSince"]),
                )
            ).all()
            return {
                "serialNumbers": [found.serial_number for found, _ in rows],
                "lastUpdated": str(max(row.tag for _, row in rows)),
            }

    return app


def _allow(found: ApplePass) -> None:
    assert request.headers["Authorization"] == f"ApplePass {found.authentication_token}"


def _grown(small: Shop, large: Shop) -> Iterator[Figure]:
    """Ask both shops in turn; the growth is of the time that one request takes."""
    asked = {**ASKED, "a pass built": (_fetched, "200")}
    for name, (make, status) in asked.items():
        measured = rates(
            {
                "small": _asking(small.service, small, make, status),
                "large": _asking(large.service, large, make, status),
            },
            rounds=9,
            seconds=0.3,
            clock=time.thread_time,
        )
        times = {size: 1e6 / rate for size, rate in measured.items()}
        yield Figure(
            f"{name}, 1 M cards beside 1 k",
            times["large"],
            "µs",
            times["small"],
            times["large"] / times["small"],
            1.2,
            at_most=True,
        )


def _served(folder: Path) -> Iterator[Figure]:
    """Fetch changed passes from `palier serve`, counting all its processor time."""
    home = folder / "served"
    home.mkdir()
    url = f"sqlite:///{home}/served.db"
    server = Server(home, url, PALIER_WORKER="off")
    sessions = db.Sessions(db.open_engine(url))
    crowd.gather(sessions, crowd.wallet(home / "data" / "certs", sessions), SMALL)
    with server:
        yield _per_core(server)


def _per_core(server: Server) -> Figure:
    raw = apple_signer.raw(apple_signer.make())
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    _fetch_many(connection, range(2, 102))
    passes, signatures = [], []
    for turn in range(5):
        began, count, first = _processor_seconds(server), 300, 102 + turn * 140
        _fetch_many(connection, range(first, first + count))
        passes.append(count / (_processor_seconds(server) - began))
        signatures.append(_per_second(raw))
    served, limit = statistics.median(passes), statistics.median(signatures)
    return Figure(
        "a changed pass over HTTP, a core of palier serve",
        *(served, "/s", limit, served / limit, 0.5),
    )


def _fetch_many(connection: http.client.HTTPConnection, numbers: range) -> None:
    headers = {"Authorization": f"ApplePass {crowd.TOKEN}"}
    for number in numbers:
        path = f"/apple/v1/passes/{PASS_TYPE}/serial-{number}"
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        assert answer.status == 200, answer.status
        answer.read()


def _per_second(work: Work) -> float:
    began = time.thread_time()
    for _ in range(1000):
        work()
    return 1000 / (time.thread_time() - began)


def _processor_seconds(server: Server) -> float:
    """Return what the server and its workers have used so far."""
    assert server._process
    ticks = 0
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == server._process.pid:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
