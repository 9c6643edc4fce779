"""A card's whole life, as people see it: in windows, on a phone, to its end."""

import json
import re
import subprocess
import urllib.request
import zipfile
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Windows
from tests.journeys.demo import Demo

pytestmark = pytest.mark.browser


def join(page: Page) -> str:
    """Become a member, and return the address of the card's page."""
    page.goto("/join/mirabelle")
    page.get_by_label("Prénom").fill("Zoé Marchand")
    page.get_by_role("button", name="Obtenir ma carte").click()
    expect(page.get_by_role("heading", name="Bonjour Zoé")).to_be_visible()
    return page.url


def sign_in(page: Page, demo: Demo, role: str) -> None:
    """Sign a person of the team in."""
    email, password = demo.person(role)
    page.goto("/login")
    page.locator("[name=email]").fill(email)
    page.locator("[name=password]").fill(password)
    page.locator("main button[type=submit]").click()
    page.wait_for_url(re.compile(r"/(staff|studio)/"))


def award(page: Page, code: str, amount: str) -> None:
    """Find a card and give points for an amount, through to the verdict."""
    page.goto("/staff/")
    # A scanner that plugs in types the code and ends it with Enter.
    expect(page.locator("[name=code]")).to_be_focused()
    page.keyboard.type(code)
    page.keyboard.press("Enter")
    page.get_by_label(re.compile("Montant")).fill(amount)
    page.get_by_role("button", name="Continuer").click()
    page.get_by_role("button", name=re.compile("^Donner")).click()
    expect(page.locator(".verdict")).to_be_visible()


def field(page: Page, key: str) -> str:
    """Return what a field of the card on the phone says."""
    return page.locator(f"#phone [data-field={key}] dd").first.inner_text()


def scanned(page: Page, folder: Path) -> str:
    """Return what a scanner reads off the phone's screen."""
    shot = folder / "phone.png"
    page.locator("#phone .pass__code").screenshot(path=shot)
    (found,) = zxingcpp.read_barcodes(Image.open(shot))
    return str(found.text)


def called(demo: Demo, path: str, body: dict[str, object]) -> dict[str, object]:
    """Return what the API answers."""
    request = urllib.request.Request(  # noqa: S310
        f"{demo.base}/api/v1/{path}",
        data=json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {demo.api_key}",
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
        said: dict[str, object] = json.load(answer)
    return said


def verified(file: Path, demo: Demo, folder: Path) -> str:
    """Return what OpenSSL says of a pass's signature against the chain."""
    with zipfile.ZipFile(file) as archive:
        archive.extractall(folder)
    done = subprocess.run(  # noqa: S603
        [  # noqa: S607
            "openssl",
            "smime",
            "-verify",
            "-binary",
            "-inform",
            "DER",
            "-in",
            folder / "signature",
            "-content",
            folder / "manifest.json",
            "-CAfile",
            demo.data_dir / "certs" / "root.pem",
            "-purpose",
            "any",
            "-out",
            "/dev/null",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr


def test_a_cards_whole_life(demo: Demo, windows: Windows, tmp_path: Path) -> None:
    with (
        windows.open() as customer,
        windows.open(phone=False) as phone,
        windows.open() as till,
        windows.open(phone=False) as studio,
    ):
        # A customer joins and puts the card on the phone.
        card_page = join(customer)
        token = card_page.split("/card/")[1].split("?")[0].split("#")[0]
        phone.goto(f"/demo/?card={token}&lang=fr")
        phone.locator("main form button").first.click()
        expect(phone.locator("#phone [data-field=points] dd").first).to_have_text("0")

        # Anybody can check the signature of what was put there.
        pass_file = tmp_path / "card.pkpass"
        answer = customer.request.get(f"/card/{token}/pass.pkpass")
        pass_file.write_bytes(answer.body())
        assert "Verification successful" in verified(pass_file, demo, tmp_path)

        # The code on the phone works at the till and in the API.
        code = scanned(phone, tmp_path)
        found = called(demo, "cards/lookup", {"code": code})
        sign_in(till, demo, "staff")
        award(till, code, "42,50")

        # The card on the phone changes by itself, and the phone says so once.
        points = phone.locator("#phone [data-field=points] dd").first
        expect(points).to_have_text("42", timeout=5_000)
        expect(phone.locator("#phone .notice")).to_have_count(1)
        assert called(demo, "cards/lookup", {"code": code})["points"] == 42
        assert found["points"] == 0

        # Enough points lift the tier, and that is what the phone tells.
        award(till, code, "70")
        expect(points).to_have_text("112", timeout=8_000)
        expect(phone.locator("#phone [data-field=tier] dd").first).to_have_text(
            "Argent"
        )
        expect(phone.locator("#phone .notice").first).to_contain_text("Argent")

        # What was given by mistake is taken back.
        till.get_by_role("button", name="Annuler").click()
        expect(points).to_have_text("42", timeout=8_000)
        expect(phone.locator("#phone [data-field=tier] dd").first).to_have_text(
            "Bronze"
        )

        # A new design reaches the phone.
        sign_in(studio, demo, "owner")
        before = phone.locator("#phone pass-card").get_attribute("background")
        publish_colour(studio, "#0b3d91")
        expect(phone.locator("#phone pass-card")).to_have_attribute(
            "background", "#0b3d91", timeout=15_000
        )
        assert before != "#0b3d91"

        # And a card that was ended shows it, and takes nothing more.
        end_card(studio, str(found["id"]))
        expect(phone.locator("#phone .pass--dead")).to_be_visible(timeout=8_000)
        till.goto("/staff/")
        expect(till.locator("[name=code]")).to_be_focused()
        till.keyboard.type(code)
        till.keyboard.press("Enter")
        expect(till.locator("[role=alert]")).to_be_visible()


def publish_colour(page: Page, colour: str) -> None:
    """Give the card another background, and publish it."""
    page.goto("/studio/card")
    page.locator("[name=background]").fill(colour)
    page.locator("[data-open=publish]").click()
    page.locator("dialog[open] button[type=submit]").click()
    page.wait_for_url(re.compile("/studio/(versions|rollout)"))


def end_card(page: Page, card: str) -> None:
    """End a card for good, as a manager does."""
    page.goto(f"/staff/cards/{card}")
    page.get_by_text("Pour les responsables").click()
    page.locator("[data-open=end-card]").click()
    page.locator("dialog[open] form button[type=submit]").click()
    page.wait_for_url(re.compile(f"/staff/cards/{card}"))
