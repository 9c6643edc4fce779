"""What plays Apple, Google and a customer's phone, as stand-ins in this process."""

import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from http import HTTPStatus

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from passes.cards.card import Card
from passes.programmes import programme as programmes
from wallet_apple import certificates, keyfiles
from wallet_apple.standin.apns import ApnsStandin
from wallet_apple.standin.phone import Phone
from wallet_apple.standin.shelf import Shelf
from wallet_apple.tables import Device, Registration
from wallet_google.standin.server import GoogleStandin
from web.config import Settings
from web.demo import google
from web.demo.shop import SLUG
from web.services import Services

_log = structlog.get_logger()

LIBRARY = "demo0phone0demo0phone0demo0phone"
"""How the phone names itself: the same after each start, as a phone does."""

_PATIENCE = 30.0


@dataclass(frozen=True)
class StandIns:
    """What plays Apple and Google. *phone* is the one on the demo's page."""

    apns: ApnsStandin
    shelf: Shelf
    phone: Phone
    google: GoogleStandin

    def settings(self, of: Settings) -> Settings:
        """Return the settings with everything going to the stand-ins."""
        return google.pointed(of, self.google).model_copy(
            update={"apns_url": self.apns.url, "apns_ca_file": self.apns.ca_file}
        )

    def stop(self) -> None:
        """End all of them."""
        self.google.stop()
        self.apns.stop()
        self.shelf.stop()


def start(settings: Settings) -> StandIns:
    """Start the stand-ins; Apple's trust the development certificates alone."""
    folder = settings.certs_dir
    root = (folder / certificates.ROOT_FILE).read_bytes()
    issuer = (folder / certificates.INTERMEDIATE_FILE).read_bytes()
    shelf = Shelf()
    phone = shelf.put("demo", Phone(LIBRARY, roots=keyfiles.read(root)))
    apns = ApnsStandin(
        settings.data_dir / "standin",
        (root + issuer).decode(),
        on_push=shelf.on_push,
    )
    return StandIns(apns.start(), shelf.start(), phone, google.start(settings))


def restore(services: Services, played: StandIns) -> None:
    """Give the stand-ins back what they held, in the background.

    Phones and Google keep their cards when the server restarts; what plays them
    forgets. The first time the phone gets the card of somebody who is near the next
    tier.
    """
    threading.Thread(
        target=_restore, args=(services, played), name="demo-restore", daemon=True
    ).start()


def _restore(services: Services, played: StandIns) -> None:
    try:
        _wait_for(f"{services.settings.base_url}/healthz")
        with services.read() as session:
            held = _held(session) or _favourite(session)
        google.give_back(services, played.google)
        for card_id in held:
            install(services, played.phone, card_id)
    except Exception:
        _log.exception("demo_not_restored")


def install(services: Services, phone: Phone, card_id: int) -> str:
    """Do what a customer's tap does: add the card to the phone; return its serial."""
    with services.read() as session:
        data = services.apple.pass_file(session, card_id, services.clock())
    return phone.add(data).serial_number


def _held(session: Session) -> list[int]:
    query = (
        select(Registration.card_id)
        .join(Device, Device.id == Registration.device_id)
        .where(Device.library_identifier == LIBRARY)
    )
    return list(session.scalars(query.order_by(Registration.id)))


def _favourite(session: Session) -> list[int]:
    programme = programmes.by_slug(session, SLUG)
    query = (
        select(Card.id)
        .where(Card.programme_id == programme.id, Card.status_points < 100)  # noqa: PLR2004
        .order_by(Card.status_points.desc(), Card.id)
        .limit(1)
    )
    return list(session.scalars(query))


def _wait_for(url: str) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310
                if answer.status == HTTPStatus.OK:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise TimeoutError(url)
