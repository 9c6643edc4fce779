"""The card's page with both wallets in a browser, and the page that waits."""

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from tests import databases
from tests.makers import make_shop
from tests.web import google as fakes
from tests.web import servers
from tests.web.clocks import HeldClock
from tests.web.google import FakeGoogle
from wallet_google.errors import NotYetError
from web.app import StartResponse, Wsgi, create_app
from web.config import Settings

pytestmark = pytest.mark.browser

ANDROID = "Mozilla/5.0 (Linux; Android 16; Pixel 9) Chrome/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/604.1"
HEAVIEST = 100_000
TOO_WIDE = "Math.max(0, document.documentElement.scrollWidth - 320)"
LOW_TARGETS = """buttons => buttons
    .filter(button => button.getBoundingClientRect().height < 48)
    .map(button => button.outerHTML)"""

Scheme = Literal["light", "dark"]


class Heard:
    """Hands on to *app*, and remembers who each browser said had sent it."""

    app: Wsgi

    def __init__(self) -> None:
        self.referers: list[tuple[str, str | None]] = []

    def __call__(
        self, environ: dict[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer one request."""
        sent_by = environ.get("HTTP_REFERER")
        self.referers.append((environ["PATH_INFO"], sent_by))
        return self.app(environ, start_response)


@dataclass(frozen=True, slots=True)
class Live:
    """A card's private page on a server that listens."""

    base: str
    address: str
    google: FakeGoogle
    heard: Heard


@pytest.fixture(scope="module")
def listening(
    migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory, certificates: Path
) -> Iterator[Live]:
    """A café where Google Wallet is set up, served on loopback."""
    folder = tmp_path_factory.mktemp("member")
    heard = Heard()
    listener = make_server("127.0.0.1", 0, heard, threaded=True)
    base = f"http://127.0.0.1:{listener.server_port}"
    settings = Settings.model_validate(
        {
            "base_url": base,
            "data_dir": folder / "var",
            "database_url": databases.copied_sqlite(migrated_sqlite, folder),
        }
    )
    settings.prepare()
    settings.certs_dir.symlink_to(certificates)
    google = FakeGoogle()
    with servers.serving(settings, HeldClock()) as server:
        with server.services.write() as session:
            token = make_shop(session).card.page_token
        heard.app = create_app(fakes.shown_by(server.services, google))
        thread = threading.Thread(target=listener.serve_forever)
        thread.start()
        yield Live(base, f"{base}/card/{token}", google, heard)
        listener.shutdown()
        thread.join()
        listener.server_close()


@pytest.fixture
def live(listening: Live) -> Live:
    """The same for every test, with nothing told and nothing refused."""
    listening.google.told, listening.google.refusal = "none", None
    return listening


def phone(
    browser: Browser, agent: str = ANDROID, scheme: Scheme = "light", **more: object
) -> Page:
    """Return a page on a French phone."""
    page = browser.new_page(
        viewport={"width": 390, "height": 844},
        locale="fr-FR",
        user_agent=agent,
        color_scheme=scheme,
        reduced_motion="reduce",
        **more,  # type: ignore[arg-type]
    )
    page.set_default_timeout(20_000)
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", ["none", "saved", "removed", "waiting"])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    browser: Browser, live: Live, state: str, scheme: Scheme
) -> None:
    live.google.told = state
    live.google.refusal = NotYetError(60) if state == "waiting" else None
    page = phone(browser, scheme=scheme)
    page.goto(f"{live.address}/google" if state == "waiting" else live.address)

    found = Axe().run(page)
    page.set_viewport_size({"width": 320, "height": 640})
    too_wide = page.evaluate(TOO_WIDE)
    page.close()

    assert found.violations_count == 0, found.generate_report()
    assert too_wide == 0


def test_the_page_stays_light(browser: Browser, live: Live) -> None:
    page = phone(browser)
    sizes: list[int] = []
    page.on("response", lambda answer: sizes.append(len(answer.body())))

    page.goto(live.address, wait_until="networkidle")
    page.close()

    assert 0 < sum(sizes) <= HEAVIEST


@pytest.mark.parametrize("agent", [ANDROID, IPHONE])
def test_both_buttons_are_as_high_as_google_asks(
    browser: Browser, live: Live, agent: str
) -> None:
    page = phone(browser, agent)
    page.goto(live.address)
    buttons = ".wallets > a"

    count, low = (
        page.locator(buttons).count(),
        page.eval_on_selector_all(buttons, LOW_TARGETS),
    )
    page.close()

    assert (count, low) == (2, [])


def test_the_keyboard_reaches_the_devices_own_wallet_first(
    browser: Browser, live: Live
) -> None:
    page = phone(browser)
    page.goto(live.address)
    reached: list[str] = []
    for _ in range(3):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent.trim()"))
    page.close()

    assert reached[1:] == ["Ajouter à Google Wallet", "Ajouter à Apple Wallet"]


def test_who_waits_gets_there_without_a_script_and_tells_no_address(
    browser: Browser, live: Live
) -> None:
    live.google.refusal = NotYetError(1)
    live.google.url = f"{live.base}/healthz"
    page = phone(browser, java_script_enabled=False)
    page.goto(live.address)
    page.locator(".wallets > a").first.click()
    page.get_by_role("heading", name="Un instant").wait_for()
    live.google.refusal = None

    page.wait_for_url(live.google.url)
    page.close()

    assert ("/healthz", None) in live.heard.referers
    assert {sent_by for path, sent_by in live.heard.referers if "/card/" in path} == {
        None
    }
