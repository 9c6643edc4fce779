"""A shop whose card is at Google, and Google that calls about it."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from werkzeug.test import Client, TestResponse

from passes import db
from tests import makers
from tests.makers import NOON
from wallet_google.callbacks import Callbacks
from wallet_google.errors import UnavailableError
from wallet_google.keys import RootKeys
from wallet_google.standin.signing import CallbackSigner
from wallet_google.tables import GoogleClass, GoogleNonce, GoogleObject

ISSUER = "3388000000012345678"
OTHER_ISSUER = "3388000000087654321"


@dataclass
class Google:
    """Signs, and publishes its root keys unless it is *away*."""

    signer: CallbackSigner = field(default_factory=lambda: CallbackSigner(at=NOON))
    away: bool = False
    asked: int = 0

    def root_keys(self, url: str) -> bytes:
        self.asked += 1
        if self.away:
            raise UnavailableError("away")
        return self.signer.root_keys_document()

    def rotate(self, at: datetime) -> None:
        self.signer = CallbackSigner(at=at)


@dataclass
class Caller:
    """What Google's callbacks meet: an address, and the rows behind it."""

    sessions: db.Sessions
    google: Google
    class_id: str
    object_id: str
    now: datetime = NOON
    issuers: set[str] = field(default_factory=lambda: {ISSUER})

    def __post_init__(self) -> None:
        self.keys = RootKeys(fetch=self.google.root_keys)
        self.client = self.client_of(self.sessions)

    def client_of(self, sessions: db.Sessions) -> Client:
        app = Callbacks(
            sessions, self.keys, lambda: self.issuers, clock=lambda: self.now
        )
        return Client(app)

    def wait(self, **time: float) -> datetime:
        self.now += timedelta(**time)
        return self.now

    def callback(self, kind: str = "save", **changes: Any) -> bytes:
        usual = {
            "object_id": self.object_id,
            "class_id": self.class_id,
            "at": self.now,
        }
        return self.google.signer.callback(kind, **{**usual, **changes})

    def signed(self, message: str, issuer_id: str = ISSUER) -> bytes:
        return self.google.signer.envelope(message, issuer_id, self.now)

    def post(self, body: bytes, **more: Any) -> TestResponse:
        return self.client.post(
            "/callback", data=body, **{"content_type": "application/json", **more}
        )

    def call(self, kind: str = "save", **changes: Any) -> TestResponse:
        return self.post(self.callback(kind, **changes))

    def row(self) -> GoogleObject:
        with db.read(self.sessions) as session:
            query = select(GoogleObject).where(GoogleObject.object_id == self.object_id)
            return session.scalars(query).one()

    def nonces(self) -> list[str]:
        with db.read(self.sessions) as session:
            return list(session.scalars(select(GoogleNonce.nonce)))

    @property
    def untouched(self) -> bool:
        row = self.row()
        return (row.saved_at, row.removed_at, self.nonces()) == (None, None, [])


def open_caller(sessions: db.Sessions) -> Caller:
    """Return Google calling about the one card of a new shop."""
    with db.write(sessions) as session:
        shop = makers.make_shop(session)
        class_id, object_id = f"{ISSUER}.p-cafe", f"{ISSUER}.c-{shop.card.public_id}"
        session.add(GoogleClass(programme_id=shop.programme.id, class_id=class_id))
        session.add(
            GoogleObject(
                card_id=shop.card.id,
                object_id=object_id,
                class_id=class_id,
                lane=f"google:{ISSUER}",
                due_at=NOON,
            )
        )
    return Caller(sessions, Google(), class_id, object_id)


def nonce() -> str:
    return secrets.token_hex(8)
