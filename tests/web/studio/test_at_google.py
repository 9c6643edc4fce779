"""The first page says how the cards stand at Google."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from passes.delivery.lanes import Lane
from passes.people.actor import Role
from tests.makers import NOON
from tests.wallet_google import accounts
from tests.web import servers
from tests.web.clocks import HeldClock
from tests.web.servers import Server
from tests.web.studio.conftest import Studio
from wallet_google import objects
from wallet_google.standin.accounts import ISSUER_ID
from wallet_google.tables import GoogleClass, GoogleObject
from web.config import Settings


@pytest.fixture
def server(settings: Settings, clock: HeldClock, tmp_path: Path) -> Iterator[Server]:
    """A server with an issuer at Google."""
    given = {
        "google_issuer_id": ISSUER_ID,
        "google_service_account": accounts.write(tmp_path / "google"),
    }
    made = settings.model_copy(update=given)
    with servers.serving(made, clock) as serving:
        yield serving


def page(studio: Studio) -> str:
    """Return the first page in English."""
    return studio.browser.get("/studio/?lang=en").text


def want(studio: Studio, count: int) -> list[int]:
    """Have *count* new cards wanted in Google Wallet, and return their rows."""
    cards = studio.open_cards(count)
    services = studio.server.services
    with services.write() as session:
        return [
            objects.want(session, card, ISSUER_ID, services.clock()).row_id
            for card in cards
        ]


def change(studio: Studio, row_id: int, **values: object) -> None:
    """Change what is known of a card's object."""
    with studio.server.services.write() as session:
        row = session.get_one(GoogleObject, row_id)
        for name, value in values.items():
            setattr(row, name, value)


def test_nobody_has_a_card_there_at_first(studio: Studio) -> None:
    assert "No card is in Google Wallet yet." in page(studio)


def test_cards_that_were_saved_are_counted_until_they_are_removed(
    studio: Studio,
) -> None:
    for number, row_id in enumerate(want(studio, 3)):
        removed = NOON + timedelta(hours=1) if number == 0 else None
        change(studio, row_id, saved_at=NOON, removed_at=removed)

    assert "2 cards are in Google Wallet." in page(studio)


def test_it_says_how_many_wait_for_google_and_since_when(
    studio: Studio, clock: HeldClock
) -> None:
    want(studio, 2)
    clock.move(minutes=2)

    told = page(studio)

    assert "The newest of 2 cards waits for Google, the first since 2 minutes." in told
    assert "all of them are there in" in told


def test_what_is_on_its_way_needs_no_word(studio: Studio, clock: HeldClock) -> None:
    want(studio, 2)
    clock.move(seconds=5)

    assert "waits for Google" not in page(studio)


def test_what_google_refuses_is_told(studio: Studio) -> None:
    (row_id,) = want(studio, 1)
    change(studio, row_id, dead_at=NOON)

    assert "Google refuses the newest of 1 card;" in page(studio)


def test_a_card_that_google_does_not_take_at_all_is_told(studio: Studio) -> None:
    with studio.server.services.write() as session:
        session.add(
            GoogleClass(
                programme_id=studio.programme_id,
                class_id=f"{ISSUER_ID}.p-cafe",
                last_error="Google Wallet answered 400 (Image cannot be loaded).",
            )
        )

    told = page(studio)

    assert "Google does not take the card as it was published" in told
    assert "Image cannot be loaded" in told


def test_a_pause_is_told_with_its_remedy(studio: Studio) -> None:
    until = NOON + timedelta(minutes=15)
    with studio.server.services.write() as session:
        lane = objects.lane(ISSUER_ID)
        session.add(Lane(name=lane, paused_until=until, reason="403", failures=1))

    told = page(studio)

    assert "as soon as Google can be reached" in told
    assert "palier google check" in told


def test_another_programme_counts_for_itself(studio: Studio) -> None:
    change(studio, want(studio, 1)[0], saved_at=NOON)

    other = studio.server.sign_in(Role.OWNER, "bakery").browser

    assert "No card is in Google Wallet yet." in other.get("/studio/?lang=en").text
