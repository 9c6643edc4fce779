"""A shop with Google's wallet before the stand-in: a clock, cards, points."""

import threading
import time
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from passes import clock as clocks
from passes import db
from passes.cards import card as cards
from passes.cards import rollout
from passes.cards.announcement import Announcement
from passes.cards.card import Card
from passes.delivery import changes, claims, debts, lanes
from passes.delivery.debts import Debt
from passes.delivery.lanes import Lane
from passes.delivery.wallet import Answer, Outcome
from passes.people.member import Member
from passes.privacy import erasure
from passes.programmes import design
from passes.programmes import programme as programmes
from tests import makers
from tests.wallet_google import accounts, drawing
from wallet_google import objects
from wallet_google.client import Client
from wallet_google.identity import Identity
from wallet_google.save_link import SaveLinks
from wallet_google.slots import Slots
from wallet_google.standin.accounts import ISSUER_ID
from wallet_google.standin.book import Sent
from wallet_google.standin.server import GoogleStandin
from wallet_google.tables import GoogleClass, GoogleObject
from wallet_google.wallet import GoogleWallet

LANE = objects.lane(ISSUER_ID)


class Time:
    """A clock that jumps ahead when somebody sleeps, and otherwise stands still."""

    def __init__(self) -> None:
        # Google's library tells the real time to whoever gives it tokens.
        self.now = clocks.now()
        self._lock = threading.Lock()

    def clock(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        return self.now.timestamp()

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.now += timedelta(seconds=seconds)


class RealTime(Time):
    """The clock of everybody else."""

    def clock(self) -> datetime:
        self.now = clocks.now()
        return self.now

    def seconds(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass
class Shop:
    """A programme, and the wallet of a process that serves it."""

    sessions: db.Sessions
    google: GoogleStandin
    time: Time
    shelf: drawing.Shelf
    wallet: GoogleWallet
    programme_id: int
    looked: list[datetime] = field(default_factory=list)

    def changing(self) -> Any:
        return changes.write(self.sessions, [self.wallet], self.time.now, lambda: None)

    def new_card(self, saved: bool = True) -> int:
        """Return a new card, saved in somebody's wallet or never offered."""
        with self.changing() as session:
            programme = programmes.by_id(session, self.programme_id)
            card_id = makers.make_card(session, programme, at=self.time.now).id
        if saved:
            self.wallet.save_url(card_id, self.time.now)
        return card_id

    def revise(self, *card_ids: int, announce: str = "nothing", **values: Any) -> None:
        with self.changing() as session:
            for card_id in card_ids:
                cards.revise(
                    session,
                    cards.lock(session, card_id),
                    self.time.now,
                    announce=Announcement(announce),
                    **values,
                )

    def earn(self, card_id: int, points: int, announce: str = "points") -> None:
        with self.changing() as session:
            card = cards.lock(session, card_id)
            balance = card.balance + points
            cards.revise(
                session,
                card,
                self.time.now,
                announce=Announcement(announce),
                balance=balance,
            )

    def erase(self, card_id: int) -> None:
        with self.changing() as session:
            card = session.get_one(Card, card_id)
            member = session.get_one(Member, card.member_id)
            erasure.erase(session, member, actor=makers.MANAGER, at=self.time.now)

    def drain(self) -> int:
        """Deliver what there is room for now."""
        return lanes.drain(
            self.sessions,
            self.wallet,
            LANE,
            self.time.clock,
            later=self.looked.append,
        )

    def settle(self, seconds: float = 60.0) -> None:
        """Deliver for so long, looking whenever something may be due."""
        until = self.time.now + timedelta(seconds=seconds)
        while self.time.now < until:
            self.drain()
            with db.read(self.sessions) as session:
                state = session.get(Lane, LANE)
                due = lanes.next_due(session, self.wallet)
            if due is None:
                return
            if state is not None and state.paused_until and state.rests(self.time.now):
                due = max(due, state.paused_until)
            ahead = (due - self.time.now).total_seconds()
            self.time.sleep(min(max(ahead, 0.05), seconds))

    def claim(self, many: int = 10) -> claims.Claim:
        with db.write(self.sessions) as session:
            return claims.claim(session, GoogleObject, LANE, self.time.now, many)

    def row(self, card_id: int) -> GoogleObject:
        with db.read(self.sessions) as session:
            query = select(GoogleObject).where(GoogleObject.card_id == card_id)
            return session.scalars(query).one()

    def class_row(self) -> GoogleClass:
        with db.read(self.sessions) as session:
            return session.get_one(GoogleClass, self.programme_id)

    def lane(self) -> Lane | None:
        with db.read(self.sessions) as session:
            return session.get(Lane, LANE)

    def debt(self) -> Debt:
        with db.read(self.sessions) as session:
            return debts.of_wallet(session, GoogleObject)

    def at_google(self, card_id: int) -> dict[str, Any]:
        object_id = self.row(card_id).object_id
        return self.google.resources.get("loyaltyObject", object_id)

    def points_at_google(self, card_id: int) -> int:
        return int(self.at_google(card_id)["loyaltyPoints"]["balance"]["int"])

    def sent(self, *methods: str) -> list[Sent]:
        """What reached Google, the requests of these methods or all."""
        asked = list(self.google.book.requests)
        return [one for one in asked if not methods or one.method in methods]

    def forget_requests(self) -> None:
        self.google.book.requests.clear()

    def another(self) -> "Shop":
        """The same shop, served by another process."""
        wallet = open_wallet(self.sessions, self.google, self.time, self.shelf)
        return Shop(
            self.sessions,
            self.google,
            self.time,
            self.shelf,
            wallet,
            self.programme_id,
        )


def open_wallet(
    sessions: db.Sessions,
    google: GoogleStandin,
    told: Time,
    shelf: drawing.Shelf,
    *,
    issuer_id: str = ISSUER_ID,
    file: Path | None = None,
    pace: type[Slots] = Slots,
) -> GoogleWallet:
    identity = Identity(
        file or google.account_file, issuer_id, local=True, look_again=0
    )
    slots = pace(sessions, issuer_id, clock=told.clock, sleep=told.sleep)
    client = Client(
        identity, google.url, pace=slots, clock=told.seconds, sleep=told.sleep
    )
    return GoogleWallet(
        sessions,
        identity,
        client,
        slots=slots,
        pictures=drawing.make_pictures(shelf),
        save_links=SaveLinks(identity, google.save_url),
        base_url=drawing.BASE,
        clock=told.clock,
    )


def open_shop(sessions: db.Sessions, folder: Path, told: Time | None = None) -> Shop:
    """Return a shop whose stand-in is started; both are to be closed."""
    told = told or Time()
    google = GoogleStandin(folder, clock=told.clock, key=accounts.key("usual"))
    google.start()
    shelf = drawing.Shelf()
    wallet = open_wallet(sessions, google, told, shelf)
    with db.write(sessions) as session:
        programme_id = makers.make_programme(session, at=told.now).id
    return Shop(sessions, google, told, shelf, wallet, programme_id)


def beside(shop: Shop, slug: str) -> Shop:
    """Return another programme of the same shop."""
    with db.write(shop.sessions) as session:
        made = makers.make_programme(session, slug=slug, at=shop.time.now)
        return replace(shop, programme_id=made.id)


def delivered(row_id: int, **notes: object) -> Answer:
    return Answer(row_id, Outcome.DELIVERED, notes=notes)


def publish(session: Session, shop: Shop, **changes_: Any) -> None:
    """Publish the shop's design with changes, and raise every card to it."""
    programme = programmes.by_id(session, shop.programme_id)
    look = replace(design.live(session, programme), **changes_)
    design.publish(session, programme, look, by="account:1", at=shop.time.now)
    rollout.begin(session, programme, shop.time.now)
    while rollout.step(session, shop.programme_id, shop.time.now):
        pass
