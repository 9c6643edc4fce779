"""The card's page with both wallets, and the way to Google's."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from passes.cards import card as cards
from passes.cards.card import Card
from tests.makers import NOON, Shop, make_shop
from tests.web import google as fakes
from tests.web import servers
from tests.web.clocks import HeldClock
from tests.web.google import FakeGoogle
from tests.web.servers import Browser
from wallet_google.errors import GoogleWalletError, NotYetError
from web.app import create_app
from web.config import Settings
from web.services import Services

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/604.1"
ANDROID = "Mozilla/5.0 (Linux; Android 16; Pixel 9) Chrome/140.0"
COMPUTER = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"


@dataclass(frozen=True, slots=True)
class Shown:
    """A card's page at *address*, on a server with both wallets."""

    browser: Browser
    google: FakeGoogle
    address: str

    def read(self, agent: str = ANDROID) -> str:
        """Return the page in English, as that browser gets it."""
        return read(self.browser, self.address, agent)

    def tap(self) -> TestResponse:
        """Return the answer to a tap on the button."""
        return self.browser.get(f"{self.address}/google?lang=en")


@pytest.fixture
def shop(services: Services) -> Shop:
    """A café with one member's card."""
    with services.write() as session:
        return make_shop(session)


@pytest.fixture
def shown(services: Services, shop: Shop) -> Shown:
    """The private page of that card."""
    google = FakeGoogle()
    browser = Browser(create_app(fakes.shown_by(services, google)))
    return Shown(browser, google, f"/card/{shop.card.page_token}")


def read(browser: Browser, address: str, agent: str = ANDROID) -> str:
    """Return the page in English, as that browser gets it."""
    return browser.get(f"{address}?lang=en", headers={"User-Agent": agent}).text


def offered(page: str) -> list[str]:
    """Return the wallets that the page offers, in order."""
    return re.findall(r"Add to (\w+) Wallet</span>", page)


@pytest.mark.parametrize(
    ("agent", "wallets"),
    [
        (IPHONE, ["Apple", "Google"]),
        (ANDROID, ["Google", "Apple"]),
        (COMPUTER, ["Apple", "Google"]),
    ],
)
def test_both_wallets_are_offered_and_the_devices_own_comes_first(
    shown: Shown, agent: str, wallets: list[str]
) -> None:
    assert offered(shown.read(agent)) == wallets


@pytest.mark.parametrize(
    ("agent", "main"),
    [(IPHONE, ["Apple"]), (ANDROID, ["Google"]), (COMPUTER, ["Apple", "Google"])],
)
def test_a_phone_has_one_button_that_stands_out(
    shown: Shown, agent: str, main: list[str]
) -> None:
    page = shown.read(agent)

    buttons = re.findall(r'class="button button--wallet.*?</a>', page)
    assert offered("".join(buttons)) == main


def test_a_computer_shows_the_way_to_the_phone_too(shown: Shown) -> None:
    assert "Put it on your phone" in shown.read(COMPUTER)
    assert "Put it on your phone" not in shown.read(ANDROID)


def test_the_way_to_google_is_an_address_of_our_own(shown: Shown) -> None:
    page = shown.read()

    assert f'href="{shown.address}/google?lang=en"' in page
    assert "pay.google.com" not in page


def test_the_button_speaks_the_members_language(shown: Shown) -> None:
    assert "Ajouter à Google Wallet" in shown.browser.get(shown.address).text


def test_where_google_is_not_set_up_the_page_offers_apple_alone(
    site_client: Browser, shop: Shop
) -> None:
    address = f"/card/{shop.card.page_token}"

    page = read(site_client, address)

    assert offered(page) == ["Apple"]
    assert "a wallet app that reads Apple’s cards" in page
    assert site_client.get(f"{address}/google").status_code == 404


def test_a_service_account_that_cannot_be_used_offers_nothing(
    settings: Settings, clock: HeldClock, shop: Shop, tmp_path: Path
) -> None:
    file = tmp_path / "service-account.json"
    file.write_text("{}")
    told = {"google_issuer_id": "3388000000000000001", "google_service_account": file}
    with servers.serving(settings.model_copy(update=told), clock) as server:
        page = read(server.browser(), f"/card/{shop.card.page_token}")

    assert offered(page) == ["Apple"]
    assert "a wallet app that reads Apple’s cards" in page


def test_nobody_is_told_to_read_apples_cards_on_android(shown: Shown) -> None:
    assert "reads Apple’s cards" not in shown.read()


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("saved", "The card is in Google Wallet, and changes there by itself."),
        ("removed", "The card was removed from Google Wallet."),
    ],
)
def test_the_page_says_what_google_told(shown: Shown, state: str, words: str) -> None:
    shown.google.told = state

    page = shown.read()

    assert words in page
    # It can be added again: what Google told may be late.
    assert offered(page) == ["Google", "Apple"]


@pytest.mark.parametrize("state", ["none", "offered"])
def test_the_page_claims_nothing_that_google_did_not_tell(
    shown: Shown, state: str
) -> None:
    shown.google.told = state

    page = shown.read()

    assert "in Google Wallet" not in page
    assert "from Google Wallet" not in page


def test_a_saved_card_asks_for_nothing_more(shown: Shown) -> None:
    shown.google.told = "saved"

    assert "button--wallet" not in shown.read()


def test_the_owners_badge_for_google_takes_the_buttons_place(
    shown: Shown, services: Services
) -> None:
    folder = services.settings.data_dir / "badges"
    folder.mkdir()
    (folder / "google-en.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")

    page = shown.read()

    assert page.count('class="wallet-badge"') == 1
    assert 'alt="Add to Google Wallet"' in page
    assert offered(page) == ["Apple"]


def test_a_tap_leads_to_google(shown: Shown, shop: Shop) -> None:
    answer = shown.tap()

    assert answer.status_code == 303
    assert answer.location == fakes.SAVE_URL
    assert shown.google.asked == [(shop.card.id, NOON)]


def test_nobody_learns_or_keeps_where_the_tap_came_from(shown: Shown) -> None:
    answer = shown.tap()

    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("seconds", "pause"), [(0.2, "3"), (4.1, "5"), (30.0, "30"), (86_400.0, "60")]
)
def test_while_google_is_not_ready_a_page_waits_and_goes_on_by_itself(
    shown: Shown, seconds: float, pause: str
) -> None:
    shown.google.refusal = NotYetError(seconds)

    answer = shown.tap()

    assert answer.status_code == 202
    assert answer.headers["Refresh"] == pause
    assert f"Next try in {pause} seconds" in answer.text
    assert f'href="{shown.address}?lang=en"' in answer.text
    assert "pay.google.com" not in answer.text


def test_who_waited_gets_there_once_google_is_ready(shown: Shown) -> None:
    shown.google.refusal = NotYetError(5)
    shown.tap()
    shown.google.refusal = None

    assert shown.tap().location == fakes.SAVE_URL


def test_the_waiting_page_is_in_the_members_language(shown: Shown) -> None:
    shown.google.refusal = NotYetError(5)

    page = shown.browser.get(f"{shown.address}/google").text

    assert "Un instant" in page
    assert "Prochain essai dans 5 secondes" in page


def test_a_google_that_refuses_is_a_calm_503(shown: Shown) -> None:
    shown.google.refusal = GoogleWalletError("iam-secret@project refused")

    answer = shown.tap()

    assert answer.status_code == 503
    assert "Back in a moment" in answer.text
    assert "iam-secret" not in answer.text


def void(services: Services, shop: Shop) -> None:
    """End the card."""
    with services.write() as session:
        cards.void(session, cards.lock(session, shop.card.id), NOON)


def expire(services: Services, shop: Shop) -> None:
    """Let the card's end have come."""
    with services.write() as session:
        session.get_one(Card, shop.card.id).expires_at = NOON


@pytest.mark.parametrize("end", [void, expire])
def test_a_card_that_counts_no_more_leads_back_to_its_page_which_says_so(
    shown: Shown, services: Services, shop: Shop, end: Callable[..., None]
) -> None:
    end(services, shop)

    answer = shown.browser.get(f"{shown.address}/google")
    page = read(shown.browser, answer.location)

    assert (answer.status_code, answer.location) == (303, shown.address)
    assert shown.google.asked == []
    assert "no longer valid" in page
    assert offered(page) == []


@pytest.mark.parametrize("token", ["x", "0" * 26, "%00", "a" * 300])
def test_another_address_is_a_calm_404(shown: Shown, token: str) -> None:
    assert shown.browser.get(f"/card/{token}/google").status_code == 404
    assert shown.google.asked == []


def test_one_network_asks_google_so_often_and_no_more(shown: Shown) -> None:
    statuses = [shown.tap().status_code for _ in range(121)]

    assert statuses == [303] * 120 + [429]
    assert len(shown.google.asked) == 120
