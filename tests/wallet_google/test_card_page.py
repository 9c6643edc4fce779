"""The page behind a save link: the card as a phone shows it, and its two buttons."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import zxingcpp
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page

from tests.makers import NOON
from tests.wallet_google import accounts, shop
from tests.wallet_google.shop import CLASS_ID, OBJECT_ID
from wallet_google.client import Client
from wallet_google.identity import Identity
from wallet_google.save_link import SaveLinks
from wallet_google.standin import barcodes, card_page, fields
from wallet_google.standin.accounts import ISSUER_ID
from wallet_google.standin.server import GoogleStandin

CODE = "PAL1.0123456789ABCDEFGHJK"
_RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"],
    }
}


def both(french: str, english: str) -> dict[str, Any]:
    translated = [{"language": "en-GB", "value": english}]
    return {
        "defaultValue": {"language": "fr", "value": french},
        "translatedValues": translated,
    }


TEMPLATE = {
    "cardTemplateOverride": {
        "cardRowTemplateInfos": [
            {
                "twoItems": {
                    "startItem": {
                        "firstValue": {
                            "fields": [{"fieldPath": "object.loyaltyPoints.balance"}]
                        }
                    },
                    "endItem": {
                        "firstValue": {
                            "fields": [
                                {"fieldPath": "object.textModulesData['next']"},
                                {"fieldPath": "object.accountName"},
                            ]
                        }
                    },
                }
            }
        ]
    }
}


@pytest.fixture
def link(client: Client, google: GoogleStandin) -> str:
    client.put(
        "loyaltyClass",
        shop.loyalty_class(
            hexBackgroundColor="#0f4c5c",
            classTemplateInfo=TEMPLATE,
            linksModuleData={
                "uris": [
                    {"id": "w", "uri": "https://shop.example/", "description": "W"}
                ]
            },
        ),
    )
    client.put(
        "loyaltyObject",
        shop.loyalty_object(
            1240,
            accountName="Anna Bell",
            barcode={"type": "QR_CODE", "value": CODE, "alternateText": "7K2M 9XQ4"},
            textModulesData=[
                {
                    "id": "next",
                    "header": "Points avant Or",
                    "localizedHeader": both("Points avant Or", "Points to Gold"),
                    "body": "260",
                }
            ],
        ),
    )
    links = SaveLinks(client.identity, google.save_url)
    return links.link(OBJECT_ID, datetime.now(UTC))


def phone(
    browser: Browser, language: str = "fr-FR", scheme: str = "light"
) -> BrowserContext:
    context = browser.new_context(
        viewport={"width": 360, "height": 740},
        device_scale_factor=2,
        locale=language,
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    # Pictures of shops that do not exist.
    context.route("https://shop.example/**", lambda route: route.abort())
    return context


@pytest.fixture
def screen(browser: Browser) -> Iterator[Page]:
    context = phone(browser)
    yield context.new_page()
    context.close()


@pytest.mark.browser
def test_the_card_is_shown_and_saved_and_removed(
    screen: Page, link: str, google: GoogleStandin
) -> None:
    screen.goto(link)
    assert screen.get_by_role("heading", name="Les Habitués").is_visible()
    assert OBJECT_ID not in google.wallets.holdings
    screen.get_by_role("button", name="Ajouter à Google Wallet").click()
    assert screen.get_by_text("Cette carte est dans le portefeuille").is_visible()
    assert google.wallets.holdings[OBJECT_ID].class_id == CLASS_ID
    screen.get_by_role("button", name="Retirer").click()
    assert screen.get_by_role("button", name="Ajouter").is_visible()
    assert OBJECT_ID not in google.wallets.holdings


@pytest.mark.browser
def test_a_scanner_reads_the_code_on_the_screen(screen: Page, link: str) -> None:
    screen.goto(link)
    picture = Image.open(io.BytesIO(screen.screenshot()))
    assert [one.text for one in zxingcpp.read_barcodes(picture)] == [CODE]


@pytest.mark.browser
def test_what_the_phone_was_told_is_listed(
    screen: Page, link: str, google: GoogleStandin, client: Client
) -> None:
    google.counter.save(OBJECT_ID)
    body = {"id": OBJECT_ID, "loyaltyPoints": {"balance": {"int": 1300}}}
    client.put("loyaltyObject", body | {"notifyPreference": "NOTIFY_ON_UPDATE"})
    client.add_message("loyaltyObject", OBJECT_ID, shop.message(1))
    screen.goto(link)
    assert screen.get_by_text("Points 1300").is_visible()
    assert screen.get_by_text("Come and see.").is_visible()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["fr-FR", "en-GB", "de-DE"])
def test_axe_finds_nothing(
    browser: Browser, link: str, client: Client, scheme: str, language: str
) -> None:
    client.add_message("loyaltyObject", OBJECT_ID, shop.message(1))
    context = phone(browser, language, scheme)
    page = context.new_page()
    page.goto(link)
    assert violations(page) == []
    page.get_by_role("button").click()
    page.get_by_text("Come and see.").wait_for()
    assert violations(page) == []
    context.close()


@pytest.mark.browser
def test_axe_finds_nothing_on_a_page_of_trouble(screen: Page, link: str) -> None:
    screen.goto(f"{link}x")
    assert screen.get_by_role("heading", name="Une erreur").is_visible()
    assert violations(screen) == []


@pytest.mark.browser
def test_nothing_is_wider_than_the_narrowest_phone(screen: Page, link: str) -> None:
    screen.set_viewport_size({"width": 320, "height": 640})
    screen.goto(link)
    assert screen.evaluate("document.documentElement.scrollWidth") <= 320


def violations(page: Page) -> list[str]:
    found = Axe().run(page, options=_RULES).response["violations"]
    return [
        f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]
    ]


def ask(url: str, **headers: str) -> requests.Response:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return requests.get(url, headers=named, timeout=10)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr-CH,fr;q=0.9", "Points avant Or"),
        ("en-US", "Points to Gold"),
        ("de", "Points to Gold"),
    ],
)
def test_the_page_speaks_the_phones_language(
    link: str, language: str, words: str
) -> None:
    assert words in ask(link, Accept_Language=language).text


def test_the_page_loads_nothing_but_pictures(link: str) -> None:
    answer = ask(link)
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "<script" not in answer.text
    assert "<link" not in answer.text


@pytest.mark.asvs("9.1.1")
@pytest.mark.parametrize("tail", ["x", ".x", "/"])
def test_a_link_that_was_touched_is_refused(link: str, tail: str) -> None:
    answer = ask(link + tail)
    assert answer.status_code == 400
    assert "Anna Bell" not in answer.text


@pytest.mark.asvs("9.1.1")
def test_a_link_of_a_key_that_nobody_knows_is_refused(
    google: GoogleStandin, link: str, tmp_path: Any
) -> None:
    other = Identity(accounts.write(tmp_path / "x", name="other"), ISSUER_ID)
    forged = SaveLinks(other, google.save_url).link(OBJECT_ID, NOON)
    assert ask(forged).status_code == 400


def test_a_link_to_nothing_is_refused(google: GoogleStandin, client: Client) -> None:
    links = SaveLinks(client.identity, google.save_url)
    answer = ask(links.link(OBJECT_ID, NOON))
    assert answer.status_code == 400


def test_a_link_of_another_issuers_card_is_refused(
    google: GoogleStandin, client: Client
) -> None:
    links = SaveLinks(client.identity, google.save_url)
    assert ask(links.link("3388000000000000777.c-1", NOON)).status_code == 400


def test_a_link_of_an_account_that_may_no_more_is_refused(
    google: GoogleStandin, link: str
) -> None:
    google.office.users.clear()
    assert ask(link).status_code == 400


def test_a_link_of_an_account_that_nobody_knows_is_refused(
    google: GoogleStandin, link: str
) -> None:
    google.office.accounts.clear()
    assert ask(link).status_code == 400


def test_another_site_saves_nothing(link: str, google: GoogleStandin) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    answer = requests.post(link, {"do": "save"}, headers=headers, timeout=10)
    assert answer.status_code == 403
    assert not google.wallets.holdings


def test_what_a_body_says_is_text_on_the_page(link: str, client: Client) -> None:
    wicked = '<img src=x onerror="x">'
    client.put("loyaltyObject", {"id": OBJECT_ID, "accountId": wicked})
    client.add_message(
        "loyaltyObject", OBJECT_ID, {"id": "m", "header": wicked, "body": wicked}
    )
    requests.post(link, {"do": "save"}, timeout=10)
    text = ask(link).text
    assert "&lt;img src=x" in text
    assert "<img src=x" not in text


def test_a_card_that_counts_no_more_says_so(link: str, client: Client) -> None:
    client.put("loyaltyObject", {"id": OBJECT_ID, "state": "INACTIVE"})
    assert "no longer counts" in ask(link, Accept_Language="en").text


def test_an_erased_card_is_shown_bare(link: str, client: Client) -> None:
    erased = {"id": OBJECT_ID, "classId": CLASS_ID, "state": "INACTIVE"}
    client.replace("loyaltyObject", erased)
    text = ask(link).text
    assert "Anna Bell" not in text
    assert "<svg" not in text


@pytest.mark.parametrize(
    ("path", "label", "value"),
    [
        ("object.accountName", "Member", "Anna"),
        ("object.loyaltyPoints.balance", "Points", "1,240"),
        ("object.textModulesData['next']", "Next", "260"),
        ("class.programName", "", "Café"),
        ("class.textModulesData['x']", "", ""),
    ],
)
def test_a_field_is_found_by_its_path(path: str, label: str, value: str) -> None:
    body = {
        "accountName": "Anna",
        "loyaltyPoints": {"label": "Points", "balance": {"int": 1240}},
        "textModulesData": [{"id": "next", "header": "Next", "body": "260"}],
    }
    shared = {"programName": "Café", "accountNameLabel": "Member"}
    shown = fields.at(path, body, shared, "en")
    assert (shown.label, shown.value) == (label, value) if shown else not value


def test_money_is_shown_in_its_units() -> None:
    money = {"micros": "12500000", "currencyCode": "EUR"}
    body = {"loyaltyPoints": {"balance": {"money": money}}}
    shown = fields.points(body, "loyaltyPoints", "en")
    assert shown is not None
    assert shown.value == "12.50 EUR"


@pytest.mark.parametrize(
    ("seconds", "digits"),
    # RFC 6238, appendix B, SHA-1.
    [(59, "94287082"), (1111111109, "07081804"), (20000000000, "65353130")],
)
def test_a_rotating_code_shows_the_value_of_its_time(seconds: int, digits: str) -> None:
    key = b"12345678901234567890".hex()
    rotating = {
        "type": "QR_CODE",
        "valuePattern": "x.{totp_value_0}.{totp_timestamp_seconds}",
        "totpDetails": {
            "periodMillis": "30000",
            "parameters": [{"key": key, "valueLength": 8}],
        },
    }
    at = datetime.fromtimestamp(seconds, UTC)
    assert barcodes.rotated(rotating, at) == f"x.{digits}.{seconds}"
    shown = barcodes.of({"rotatingBarcode": rotating, "barcode": {}}, at)
    assert shown is not None
    assert shown.path


def test_a_kind_of_code_that_is_not_drawn_is_read() -> None:
    shown = barcodes.of({"barcode": {"type": "CODE_128", "value": "123"}}, NOON)
    assert shown == barcodes.Barcode("", 0, "123")


@pytest.mark.parametrize(
    ("ground", "ink"), [("#ffffff", "#000000"), ("#000", "#ffffff"), ("x", "#ffffff")]
)
def test_the_text_can_be_read_on_its_ground(
    google: GoogleStandin, client: Client, link: str, ground: str, ink: str
) -> None:
    card = google.counter.card(OBJECT_ID)
    card.loyalty_class["hexBackgroundColor"] = ground
    assert card_page.view(card, [], "en", NOON).ink == ink
