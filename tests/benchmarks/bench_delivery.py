"""From a commit at the till to a push that Apple's side has accepted (row 10)."""

import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select

from passes import migrations
from passes.cards.card import Card
from passes.loyalty import purchases
from passes.loyalty.purchases import Till
from passes.people.actor import SYSTEM
from passes.programmes import programme as programmes
from tests.benchmarks.figures import Figure
from tests.makers import make_card, make_programme
from wallet_apple import authority, certificates, registrations
from wallet_apple.standin.apns import ApnsStandin
from wallet_apple.tables import Device, Registration
from web import services, worker
from web.config import Settings
from web.services import Services

CARDS = 60
ROUNDS = 3
_PATIENCE = 10.0
_P50_MS = 60.0
_P99_MS = 500.0


class Pushed:
    """When each token was pushed to, by the stand-in's own clock."""

    def __init__(self) -> None:
        self._heard = threading.Condition()
        self._at: dict[str, float] = {}

    def __call__(self, token: str) -> None:
        """Hear of an accepted push."""
        with self._heard:
            self._at[token] = time.perf_counter()
            self._heard.notify_all()

    def after(self, token: str, began: float) -> float:
        """Wait for a push to *token* that came after *began*; return the seconds."""
        with self._heard:
            came = self._heard.wait_for(
                lambda: self._at.get(token, 0.0) > began, _PATIENCE
            )
            if not came:
                raise TimeoutError("no push came")
            return self._at[token] - began


def figures() -> Iterator[Figure]:
    """Yield the median and the 99th percentile, beside their goals."""
    with tempfile.TemporaryDirectory() as folder:
        waits = sorted(_waits(Path(folder)))
    median = statistics.median(waits) * 1000
    longest = waits[int(0.99 * len(waits))] * 1000
    yield Figure(
        "commit → push accepted, median",
        *(median, "ms", _P50_MS, median / _P50_MS, 1.0, True),
    )
    yield Figure(
        "commit → push accepted, 99th percentile",
        *(longest, "ms", _P99_MS, longest / _P99_MS, 1.0, True),
    )


def _waits(folder: Path) -> Iterator[float]:
    heard = Pushed()
    with _shop(folder, heard) as (made, cards):
        for number in range(ROUNDS):
            for card_id, token in cards:
                yield _earn(made, card_id, f"{number}", heard, token)
            # Changes within this time would be merged, which is another figure.
            time.sleep(3.2)


def _earn(
    made: Services, card_id: int, receipt: str, heard: Pushed, token: str
) -> float:
    with made.write() as session:
        programme = programmes.by_slug(session, "cafe")
        purchases.earn(
            session,
            programme,
            card_id,
            Till(500, f"{card_id}-{receipt}"),
            actor=SYSTEM,
            at=made.clock(),
        )
        began = time.perf_counter()
    return heard.after(token, began)


@contextmanager
def _shop(
    folder: Path, heard: Pushed
) -> Iterator[tuple[Services, list[tuple[int, str]]]]:
    settings = Settings.model_validate({"data_dir": folder / "data"})
    settings.prepare()
    authority.write(settings.certs_dir, at=datetime.now(UTC))
    names = (certificates.ROOT_FILE, certificates.INTERMEDIATE_FILE)
    issuers = "".join((settings.certs_dir / name).read_text() for name in names)
    with ApnsStandin(folder / "apns", issuers, on_push=heard) as apns:
        pushing = {"apns_url": apns.url, "apns_ca_file": apns.ca_file}
        engine = worker.open_engine(settings)
        made = services.build(settings.model_copy(update=pushing), wake=engine.wake)
        migrations.upgrade(made.sessions.engine)
        cards = _cards(made)
        engine.start(made)
        yield made, cards
        engine.stop()
        made.sessions.engine.dispose()


def _cards(made: Services) -> list[tuple[int, str]]:
    at = made.clock()
    with made.write() as session:
        programme = make_programme(session, at=at)
        for _ in range(CARDS):
            make_card(session, programme, at=at)
        for card_id in session.scalars(select(Card.id)).all():
            device = Device(
                library_identifier=f"device-{card_id}",
                pass_type=authority.PASS_TYPE_IDENTIFIER,
                push_token=f"{card_id:064x}",
                kind="apns",
                registered_at=at,
            )
            session.add(device)
            session.flush()
            session.add(
                Registration(
                    card_id=card_id,
                    device_id=device.id,
                    lane=registrations.lane(authority.PASS_TYPE_IDENTIFIER),
                    wanted=1,
                    delivered=1,
                    due_at=at,
                    registered_at=at,
                )
            )
        found = session.scalars(select(Card.id).order_by(Card.id)).all()
    return [(card_id, f"{card_id:064x}") for card_id in found]
