"""The demo as it is started: the card on its phone follows the till."""

import json
import re
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.faults import harness
from tests.faults.harness import ROOT

_START_SECONDS = 180


class Demo:
    """A running demo, seen from outside."""

    def __init__(self, folder: Path) -> None:
        self.port = harness.free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self.process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "web.cli", "demo", "--port", str(self.port)],
            cwd=folder,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    def get(self, path: str) -> str:
        """Return a page, or nothing when there is none yet."""
        try:
            with urllib.request.urlopen(self.address + path, timeout=10) as answer:  # noqa: S310
                return str(answer.read().decode())
        except OSError:
            return ""

    def send(self, url: str, **fields: str) -> str:
        """Send a form to one of the stand-ins, and return the page that follows."""
        form = urllib.parse.urlencode(fields).encode()
        with urllib.request.urlopen(url, form, timeout=10) as answer:  # noqa: S310
            return str(answer.read().decode())

    def led(self, path: str) -> str:
        """Return the address that a page leads to."""
        with urllib.request.urlopen(self.address + path, timeout=20) as answer:  # noqa: S310
            return str(answer.url)

    def in_google(self, holder: str) -> str | None:
        """Return the points of a holder's card in Google Wallet, None without one."""
        found = re.search(
            rf'list-row__title">{re.escape(holder)}</span></span>'
            r'<span class="list-row__end">([^<]*)<',
            self.get("/demo/phone?lang=en"),
        )
        return found[1] if found else None

    def call(self, path: str, body: object, key: str = "") -> Any:
        """Call the API with the demo's key."""
        kept = json.loads((self._folder / "var" / "demo.json").read_text())
        headers = {
            "Authorization": f"Bearer {kept['api_key']}",
            "Content-Type": "application/json",
            "Idempotency-Key": key,
        }
        asked = urllib.request.Request(  # noqa: S310
            self.address + path, json.dumps(body).encode(), headers
        )
        with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310
            return json.load(answer)

    def points(self) -> str | None:
        """Return what the card on the phone says, None without one."""
        found = re.search(
            r'data-field="points">.*?<dd[^>]*>([^<]*)<',
            self.get("/demo/phone?lang=en"),
            re.DOTALL,
        )
        return found[1] if found else None


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo with a card on its phone."""
    running = Demo(tmp_path_factory.mktemp("demo"))
    try:
        assert eventually(lambda: running.points() is not None, _START_SECONDS)
        yield running
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(30) == 0
    finally:
        running.process.kill()
        running.process.wait()


def eventually(fact: Callable[[], bool], seconds: float) -> bool:
    """Tell whether *fact* becomes true within *seconds*."""
    until = time.monotonic() + seconds
    while not fact() and time.monotonic() < until:
        time.sleep(0.05)
    return fact()


def test_points_from_the_till_reach_the_card_on_the_phone(demo: Demo) -> None:
    before = demo.points()
    code = re.findall(r"pass__code-text\">([^<]*)<", demo.get("/demo/phone"))[0]
    card = demo.call("/api/v1/cards/lookup", {"code": code})["id"]

    earned = demo.call(f"/api/v1/cards/{card}/earn", {"amount": "12.00"}, "a")

    wanted = str(earned["card"]["points"])
    assert wanted != before
    assert eventually(lambda: demo.points() == wanted, 10)
    assert "notice__text" in demo.get("/demo/phone")


def test_the_screen_is_not_sent_again_while_nothing_changes(demo: Demo) -> None:
    time.sleep(10)
    seen = re.findall(r"seen=(\w+)", demo.get("/demo/phone?lang=en"))[0]

    assert demo.get(f"/demo/phone?lang=en&seen={seen}") == ""


def test_points_from_the_till_reach_the_card_in_google_wallet(demo: Demo) -> None:
    token, holder = re.findall(
        r'<option value="(\w+)"[^>]*>([^<]+)<', demo.get("/demo/?lang=en")
    )[0]
    page = f"/card/{token}"
    assert eventually(lambda: "/gp/v/save/" in demo.led(f"{page}/google"), 20)

    kept = demo.send(demo.led(f"{page}/google"), do="save")
    assert "This card is in the wallet." in kept
    assert eventually(lambda: "is in Google Wallet" in demo.get(f"{page}?lang=en"), 20)
    code = re.findall(r'code--large">([^<]*)<', demo.get(page))[0]
    card = demo.call("/api/v1/cards/lookup", {"code": code})["id"]
    earned = demo.call(f"/api/v1/cards/{card}/earn", {"amount": "12.00"}, "google")

    wanted = str(earned["card"]["points"])
    assert eventually(lambda: demo.in_google(holder) == wanted, 20)


@pytest.mark.browser
def test_a_customer_joins_and_puts_the_card_on_the_phone(
    demo: Demo, page: Page
) -> None:
    page.goto(f"{demo.address}/join/mirabelle")
    page.get_by_label("Prénom").or_(page.locator("input[name=name]")).first.fill(
        "Ondine"
    )
    page.locator("form button[type=submit]").first.click()
    page.wait_for_url("**/card/**")

    page.get_by_role("link", name="téléphone de la démonstration").click()
    page.get_by_role("button", name="Ajouter à ce téléphone").first.click()

    page.locator("#phone").get_by_text("Ondine").wait_for()
