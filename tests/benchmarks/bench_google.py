"""Many cards owed to Google: the rate, what it costs here, and a true ETA.

The cards wait for Google's rate, not for this machine: so they drain by a clock that
jumps from slot to slot, and a part of them by the real one, 200 ms away from Google.
"""

import resource
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Table, insert, select, update
from sqlalchemy.orm import Session

from passes import clock as clocks
from passes import db
from passes.cards.card import Card
from passes.delivery import lanes
from passes.people.member import Member
from tests import databases
from tests.benchmarks.figures import Figure
from tests.makers import make_shop
from tests.wallet_google import accounts, drawing, tills
from tests.wallet_google.tills import LANE, RealTime, Time
from wallet_google import fingerprint, objects, timeline
from wallet_google.client import Client
from wallet_google.crew import Crew
from wallet_google.identity import Identity
from wallet_google.save_link import SaveLinks
from wallet_google.slots import RATE, Slots
from wallet_google.standin.accounts import ISSUER_ID
from wallet_google.tables import GoogleObject
from wallet_google.wallet import GoogleWallet

CARDS = 5_000
AWAY = 0.2
_REAL_SECONDS = 6.0
_MOST_GROWTH = 100.0
_MILLION = 1_000_000
_PAGE = resource.getpagesize()


class Taking:
    """Google, which takes whatever it is given, at its pace."""

    def __init__(self, identity: Identity, pace: Slots) -> None:
        self.identity = identity
        self.taken = 0
        self._pace = pace

    def put(self, kind: str, body: Mapping[str, Any], *, within: float) -> Any:
        """Take it."""
        self._pace.wait()
        fingerprint.of(body)
        self.taken += 1
        return {}

    def close(self) -> None:
        """There is nothing open."""


def figures() -> Iterator[Figure]:
    """Yield what draining costs, and how true the ETA was."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _drained(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        yield from _from_afar(Path(folder))


def _drained(folder: Path) -> Iterator[Figure]:
    told = Time()
    with _shop(folder, told) as (sessions, wallet, google):
        _owe(sessions, CARDS, told.now)
        with db.read(sessions) as session:
            (said,) = timeline.figures(session, told.now)
        began, spent, held = told.now, time.process_time(), _resident()
        _drain(sessions, wallet, told)
        seconds = (told.now - began).total_seconds()
        spent = time.process_time() - spent
        grown = (_resident() - held) / 1e6
        assert said.done_at
        eta = (said.done_at - began).total_seconds()
        yield Figure(
            f"Google: {CARDS:,} owed cards, cards in a second",
            *(CARDS / seconds, "1/s", float(RATE), CARDS / seconds / RATE, 0.95),
        )
        yield Figure("… the ETA, for each second taken", eta / seconds, "s")
        yield Figure(
            "… processor time for a card, of the time it may take",
            *(spent / CARDS * 1e3, "ms", 1e3 / RATE, spent / CARDS * RATE, 0.5, True),
        )
        yield Figure(
            "… memory that it took",
            *(grown, "MB", _MOST_GROWTH, grown / _MOST_GROWTH),
            1.0,
            at_most=True,
        )
        yield Figure("… days until a million are there", _MILLION / RATE / 86_400, "d")
        yield from _same(sessions, wallet, google, told)


def _same(
    sessions: db.Sessions, wallet: GoogleWallet, google: Taking, told: Time
) -> Iterator[Figure]:
    """What a change costs that the class carries alone."""
    told.sleep(60)
    with db.write(sessions) as session:
        session.execute(
            update(GoogleObject).values(
                wanted=GoogleObject.wanted + 1,
                due_at=told.now,
                owed_since=told.now,
                attempts=0,
            )
        )
    taken, spent = google.taken, time.process_time()
    _drain(sessions, wallet, told)
    spent = time.process_time() - spent
    yield Figure("… unchanged cards passed in a second of a core", CARDS / spent, "1/s")
    yield Figure("… requests for them", google.taken - taken, "")


def _from_afar(folder: Path) -> Iterator[Figure]:
    """What is reached by the real clock, with two threads as in a worker."""
    engine = db.open_engine(databases.sqlite_url(databases.migrated_sqlite(folder)))
    shop = tills.open_shop(db.Sessions(engine), folder / "google", RealTime())
    shop.new_card()
    shop.google.book.latency = AWAY
    _owe(shop.sessions, int(RATE * (_REAL_SECONDS + 3)), clocks.now())
    time.sleep(1)
    shop.forget_requests()
    until = time.monotonic() + _REAL_SECONDS

    def work() -> None:
        while time.monotonic() < until:
            lanes.drain(
                shop.sessions,
                shop.wallet,
                LANE,
                clocks.now,
                go_on=lambda: time.monotonic() < until,
            )
            time.sleep(0.02)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shop.wallet.close()
    shop.google.stop()
    engine.dispose()
    came = sorted(one.at for one in shop.sent())
    rate = (len(came) - 1) / (came[-1] - came[0]).total_seconds()
    yield Figure(
        "Google 200 ms away: requests in a second",
        *(rate, "1/s", float(RATE), rate / RATE, 0.95),
    )
    second = timedelta(seconds=1)
    most = max(sum(one <= other < one + second for other in came) for one in came)
    yield Figure("… the most in one second", most, "", 20.0, most / 20, 1.0, True)


@contextmanager
def _shop(
    folder: Path, told: Time
) -> Iterator[tuple[db.Sessions, GoogleWallet, Taking]]:
    engine = db.open_engine(databases.sqlite_url(databases.migrated_sqlite(folder)))
    sessions = db.Sessions(engine)
    identity = Identity(accounts.write(folder), ISSUER_ID)
    slots = Slots(sessions, ISSUER_ID, clock=told.clock, sleep=told.sleep)
    google = Taking(identity, slots)
    wallet = GoogleWallet(
        sessions,
        identity,
        cast("Client", google),
        slots=slots,
        pictures=drawing.make_pictures(),
        save_links=SaveLinks(identity),
        base_url=drawing.BASE,
        clock=told.clock,
    )
    # Requests take no time by this clock, and several threads would turn it at once.
    wallet._crew = Crew(1, lambda: None)
    with db.write(sessions) as session:
        make_shop(session, at=told.now)
    yield sessions, wallet, google
    wallet.close()
    engine.dispose()


def _drain(sessions: db.Sessions, wallet: GoogleWallet, told: Time) -> None:
    waits: list[datetime] = []
    while lanes.drain(sessions, wallet, LANE, told.clock, later=waits.append) or waits:
        if waits:
            ahead = (waits.pop() - told.now).total_seconds()
            told.sleep(max(ahead, 0.001))
        waits.clear()


def _owe(sessions: db.Sessions, many: int, at: datetime) -> None:
    """Owe *many* cards, each like the first one."""
    with db.write(sessions) as session:
        card = session.scalars(select(Card).order_by(Card.id)).first()
        member = session.scalars(select(Member).order_by(Member.id)).first()
        _many(session, Member, member, many, "public_id")
        _many(
            session, Card, card, many, "public_id", "code", "short_code", "page_token"
        )
        ids = session.scalars(select(Card.id).order_by(Card.id.desc()).limit(many))
        session.execute(
            insert(GoogleObject),
            [
                {
                    "card_id": card_id,
                    "object_id": objects.object_id(ISSUER_ID, f"{card_id}"),
                    "class_id": objects.class_id(ISSUER_ID, "cafe"),
                    "lane": LANE,
                    "wanted": 1,
                    "due_at": at,
                    "owed_since": at,
                }
                for card_id in ids
            ],
        )


def _many(
    session: Session, table: type[db.Base], like: Any, many: int, *unique: str
) -> None:
    columns = [
        column.name
        for column in cast("Table", table.__table__).columns
        if column.name != "id"
    ]
    row = {name: getattr(like, name) for name in columns}
    session.execute(
        insert(table),
        [
            row | {name: f"{row[name][:4]}{name[0]}{number}" for name in unique}
            for number in range(many)
        ],
    )


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * _PAGE
