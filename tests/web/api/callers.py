"""Callers of the API, as a till's program would be."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from flask_openapi.openapi import OpenAPI
from pydantic import SecretStr
from sqlalchemy.orm import Session
from werkzeug.test import Client, TestResponse

from passes.clock import Clock
from passes.people.actor import SYSTEM
from passes.programmes.programme import Programme
from tests.makers import NOON, Shop, make_shop
from web.api import keys
from web.api.app import create_api
from web.api.keys import Scope
from web.config import Settings
from web.services import Services, build

_NUMBERS = itertools.count(1)


def make_key(session: Session, programme: Programme, *scopes: Scope) -> str:
    """Return a new key of the programme."""
    name = f"till {next(_NUMBERS)}"
    return keys.create(session, programme, name, scopes, by=SYSTEM, at=NOON)


class HeldClock:
    """A clock that stands at noon until somebody moves it."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.at

    def move(self, **by: float) -> None:
        """Let time pass: ``move(minutes=5)``."""
        self.at += timedelta(**by)


@dataclass(frozen=True)
class Caller:
    """Sends requests with one API key."""

    api: OpenAPI
    token: str

    def get(self, path: str, **query: str) -> TestResponse:
        """Read something."""
        return self.send("GET", path, query_string=query)

    def post(
        self, path: str, body: object = None, *, key: str | None = None
    ) -> TestResponse:
        """Send an object, under an idempotency key when one is given."""
        headers = {"Idempotency-Key": key} if key is not None else {}
        data = b"" if body is None else orjson.dumps(body)
        return self.send("POST", path, data=data, headers=headers)

    def send(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        content_type: str = "application/json",
        **more: Any,
    ) -> TestResponse:
        """Send anything at all."""
        sent = {"Authorization": f"Bearer {self.token}"} | (headers or {})
        return Client(self.api).open(
            f"/api/v1{path}",
            method=method,
            headers=sent,
            content_type=content_type,
            **more,
        )


@dataclass(frozen=True)
class Till:
    """A caller beside one shop and its card."""

    caller: Caller
    shop: Shop
    keys: Any = field(default_factory=lambda: itertools.count(1))

    @property
    def card(self) -> str:
        """The address of the shop's card."""
        return f"/cards/{self.shop.card.public_id}"

    def earn(self, amount: str, key: str | None = None, **more: object) -> TestResponse:
        """Credit a purchase, under a fresh key unless one is given."""
        under = key or f"sale-{next(self.keys)}"
        body = {"amount": amount} | more
        return self.caller.post(f"{self.card}/earn", body, key=under)

    def adjust(self, points: object, key: str | None = None) -> TestResponse:
        """Give or take points, under a fresh key unless one is given."""
        under = key or f"hand-{next(self.keys)}"
        body = {"points": points, "reason": "a test"}
        return self.caller.post(f"{self.card}/adjust", body, key=under)


@contextmanager
def served(database_url: str, clock: Clock, directory: Path) -> Iterator[Services]:
    """Give the services that production has, on this database."""
    settings = Settings(
        base_url="https://shop.example",
        data_dir=directory / "data",
        database_url=SecretStr(database_url),
    )
    settings.prepare()
    made = build(settings, clock=clock)
    yield made
    made.sessions.engine.dispose()


def opened(services: Services) -> Till:
    """Open a shop with one card, and give its till a key for everything."""
    with services.write() as session:
        shop = make_shop(session)
        token = make_key(session, shop.programme, *Scope)
    return Till(Caller(create_api(services), token), shop)
