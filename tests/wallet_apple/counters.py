"""A shop with Apple's wallet, as tests need it: a clock, pushes, a client."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import Client, TestResponse

from passes import db
from passes.cards import card as cards
from passes.cards.announcement import Announcement
from passes.cards.card import Card
from passes.delivery import changes, lanes
from passes.programmes import programme as programmes
from tests import makers
from tests.makers import NOON
from wallet_apple import authority
from wallet_apple.apns_answers import ACCEPTED, Answer
from wallet_apple.connections import Pushes
from wallet_apple.identity import Files, Identity, Loaded
from wallet_apple.tables import ApplePass, Device, Registration
from wallet_apple.wallet import AppleWallet
from wallet_apple.webservice import WebService

BASE_URL = "https://cards.example.org"
PASS_TYPE = authority.PASS_TYPE_IDENTIFIER


class Clock:
    """A clock that a test turns."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def wait(self, seconds: float) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now


@dataclass
class RememberedPushes:
    """Answers as it is told, and remembers what it was asked to push."""

    answers: dict[str, Answer] = field(default_factory=dict)
    otherwise: Answer = ACCEPTED
    batches: list[list[str]] = field(default_factory=list)

    def push(self, loaded: Loaded, tokens: Iterable[str]) -> dict[str, Answer]:
        asked = list(tokens)
        self.batches.append(asked)
        return {token: self.answers.get(token, self.otherwise) for token in asked}

    def close(self) -> None:
        """There is nothing open."""

    @property
    def tokens(self) -> list[str]:
        return [token for batch in self.batches for token in batch]


def no_media(name: str) -> bytes:
    raise AssertionError(name)


def push_token() -> str:
    return secrets.token_hex(32)


@dataclass
class Counter:
    """A programme, its first card, and the web service that its phones ask."""

    sessions: db.Sessions
    clock: Clock
    wallet: AppleWallet
    programme_id: int
    card_id: int
    client: Client

    @property
    def lane(self) -> str:
        return f"apple:{self.pass_type}"

    @property
    def pass_type(self) -> str:
        found = self.wallet.identity.pass_type
        assert found
        return found

    def apple_pass(self, card_id: int | None = None) -> ApplePass:
        with db.read(self.sessions) as session:
            return session.get_one(ApplePass, card_id or self.card_id)

    def card(self, card_id: int | None = None) -> Card:
        with db.read(self.sessions) as session:
            return session.get_one(Card, card_id or self.card_id)

    def new_card(self) -> int:
        with self.changing() as session:
            programme = programmes.by_id(session, self.programme_id)
            return makers.make_card(session, programme, at=self.clock()).id

    def changing(self) -> Any:
        return changes.write(self.sessions, [self.wallet], self.clock(), lambda: None)

    def revise(self, *card_ids: int, announce: str = "nothing") -> None:
        with self.changing() as session:
            for card_id in sorted(card_ids or (self.card_id,)):
                cards.revise(
                    session,
                    cards.lock(session, card_id),
                    self.clock(),
                    announce=Announcement(announce),
                )

    def devices(self) -> list[Device]:
        with db.read(self.sessions) as session:
            return list(session.scalars(select(Device).order_by(Device.id)))

    def registrations(self) -> list[Registration]:
        with db.read(self.sessions) as session:
            return list(session.scalars(select(Registration).order_by(Registration.id)))

    def drain(self) -> int:
        return lanes.drain(self.sessions, self.wallet, self.lane, self.clock)

    def headers(self, token: str | None = None, scheme: str = "ApplePass") -> Any:
        token = token or self.apple_pass().authentication_token
        return {"Authorization": f"{scheme} {token}"}

    def path(self, device: str | None = None, serial: str | None = None) -> str:
        serial = self.apple_pass().serial_number if serial is None else serial
        if device is None:
            return f"/v1/passes/{self.pass_type}/{serial}"
        return f"/v1/devices/{device}/registrations/{self.pass_type}/{serial}"

    def register(
        self,
        device: str = "device-1",
        token: str = "ab" * 32,
        *,
        card_id: int | None = None,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> TestResponse:
        apple = self.apple_pass(card_id)
        return self.client.post(
            self.path(device, apple.serial_number),
            json={"pushToken": token},
            headers=headers or self.headers(apple.authentication_token),
            **more,
        )

    def unregister(self, device: str = "device-1") -> TestResponse:
        return self.client.delete(self.path(device), headers=self.headers())

    def list(self, device: str = "device-1", **query: str) -> TestResponse:
        path = f"/v1/devices/{device}/registrations/{self.pass_type}"
        return self.client.get(path, query_string=query)

    def fetch(self, since: str | None = None, method: str = "GET") -> TestResponse:
        headers = self.headers()
        if since is not None:
            headers["If-Modified-Since"] = since
        return self.client.open(self.path(), method=method, headers=headers)


def open_counter(
    sessions: db.Sessions,
    folder: Path,
    pushes: Pushes,
    *,
    clock: Clock | None = None,
    base_url: str = BASE_URL,
) -> Counter:
    """Return a shop with one card, its wallet signing with the folder's files."""
    clock = clock or Clock()
    identity = Identity(Files.in_folder(folder), no_media, look_again=0)
    wallet = AppleWallet(sessions, identity, pushes, base_url=base_url, clock=clock)
    with changes.write(sessions, [wallet], clock(), lambda: None) as session:
        shop = makers.make_shop(session, at=clock())
        programme_id, card_id = shop.programme.id, shop.card.id
    client = Client(WebService(wallet))
    return Counter(sessions, clock, wallet, programme_id, card_id, client)


def rows_of(session: Session, card_id: int) -> list[Registration]:
    query = select(Registration).where(Registration.card_id == card_id)
    return list(session.scalars(query))
