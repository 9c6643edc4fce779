"""A card's way through the whole server: to Google, changed there, saved, removed."""

import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.serving import WSGIRequestHandler, make_server

from passes.cards.card import Card
from passes.delivery.held import Held
from passes.loyalty import purchases
from passes.loyalty.purchases import Till
from passes.people.actor import SYSTEM
from passes.people.member import Member
from passes.privacy import erasure
from passes.programmes import programme as programmes
from tests.faults import harness
from tests.makers import make_card, make_programme
from tests.web import googles
from wallet_google.standin.resources import OBJECT
from wallet_google.standin.server import GoogleStandin
from wallet_google.tables import GoogleObject
from web import draining
from web import services as making
from web.app import create_app
from web.config import Settings
from web.services import Services

_SOON = 10.0
_PATIENCE = 60.0


class _Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        """Say nothing."""


@dataclass(frozen=True, slots=True)
class Shop:
    """A server that Google can call, what plays Google, and a member's card."""

    services: Services
    google: GoogleStandin
    card_id: int
    page: str

    def eventually(self, fact: Callable[[], bool]) -> bool:
        """Deliver as a worker does, and tell whether *fact* becomes true."""
        until = time.monotonic() + _PATIENCE
        while not fact() and time.monotonic() < until:
            draining.drain(self.services, Held())
            time.sleep(0.05)
        return fact()

    def open(self, path: str, **fields: str) -> tuple[str, str]:
        """Open a page, or send it a form; return where that led, and what is there."""
        form = urllib.parse.urlencode(fields).encode() if fields else None
        with urllib.request.urlopen(path, form, timeout=_SOON) as answer:  # noqa: S310
            return answer.url, answer.read().decode()

    def at_google(self) -> dict[str, Any]:
        """Return the card's object as Google has it."""
        with self.services.read() as session:
            row = session.scalars(select(GoogleObject)).one()
        return self.google.resources.get(OBJECT, row.object_id)

    def state(self) -> str:
        """Return the card's state, as Google told."""
        assert self.services.google is not None
        with self.services.read() as session:
            return self.services.google.state(session, self.card_id)

    def becomes(self, state: str) -> bool:
        """Tell whether Google soon tells of that state."""
        return self.eventually(lambda: self.state() == state)


@pytest.fixture
def shop(sqlite_url: str, tmp_path: Path, certificates: Path) -> Iterator[Shop]:
    """A shop on this machine, whose clock runs."""
    port = harness.free_port()
    given = {
        "data_dir": tmp_path / "var",
        "database_url": sqlite_url,
        "base_url": f"http://127.0.0.1:{port}",
    }
    with googles.standin(tmp_path / "google") as google:
        settings = googles.pointed(Settings.model_validate(given), google)
        settings.prepare()
        settings.certs_dir.symlink_to(certificates)
        services = making.build(settings)
        server = make_server(
            "127.0.0.1",
            port,
            create_app(services),
            threaded=True,
            request_handler=_Quiet,
        )
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        with services.write() as session:
            card = make_card(session, make_programme(session), at=services.clock())
        yield Shop(
            services, google, card.id, f"{settings.base_url}/card/{card.page_token}"
        )
        server.shutdown()
        thread.join(_SOON)
        server.server_close()
    for wallet in services.wallets:
        wallet.close()
    services.sessions.engine.dispose()


def test_a_card_is_saved_changed_and_removed(shop: Shop) -> None:
    address, offered = shop.open(f"{shop.page}/google")
    assert address.startswith(shop.google.save_url)
    assert "Add to Google Wallet" in offered
    assert "Anna" not in address

    shop.open(address, do="save")
    assert shop.becomes("saved")

    with shop.services.write() as session:
        programme = programmes.by_slug(session, "cafe")
        till = Till(1200, "r-1")
        purchases.earn(
            session,
            programme,
            shop.card_id,
            till,
            actor=SYSTEM,
            at=shop.services.clock(),
        )
    with shop.services.read() as session:
        balance = session.get_one(Card, shop.card_id).balance
    assert balance > 0
    assert shop.eventually(
        lambda: shop.at_google()["loyaltyPoints"]["balance"] == {"int": balance}
    )
    assert [one.kind for one in shop.google.wallets.notifications] == ["update"]

    shop.open(address, do="remove")
    assert shop.becomes("removed")


def test_google_finds_every_picture_that_a_card_names(shop: Shop) -> None:
    shop.open(f"{shop.page}/google")
    body = shop.at_google()
    named = {
        body["heroImage"]["sourceUri"]["uri"],
        body["classReference"]["programLogo"]["sourceUri"]["uri"],
    }

    for url in named:
        with urllib.request.urlopen(url, timeout=_SOON) as answer:  # noqa: S310
            assert answer.url == url
            assert answer.headers["Content-Type"] == "image/png"
            assert "immutable" in answer.headers["Cache-Control"]


def test_of_somebody_who_was_erased_google_keeps_nothing(shop: Shop) -> None:
    address, _ = shop.open(f"{shop.page}/google")
    shop.open(address, do="save")
    assert shop.becomes("saved")

    with shop.services.write() as session:
        member_id = session.get_one(Card, shop.card_id).member_id
        member = session.get_one(Member, member_id)
        erasure.erase(session, member, actor=SYSTEM, at=shop.services.clock())

    assert shop.eventually(lambda: shop.at_google()["state"] == "INACTIVE")
    assert set(shop.at_google()) == {
        "id",
        "classId",
        "state",
        "classReference",
        "hasUsers",
    }


def test_the_holder_waits_while_google_is_away(shop: Shop) -> None:
    shop.google.refuse()

    _, page = shop.open(f"{shop.page}/google?lang=en")
    shop.google.restore()

    assert "One moment" in page
    assert shop.eventually(
        lambda: shop.open(f"{shop.page}/google")[0].startswith(shop.google.save_url)
    )
