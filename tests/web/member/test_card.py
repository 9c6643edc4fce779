"""The card's private page, and the pass it gives."""

import io
import zipfile

import pytest

from passes.cards import card as cards
from passes.loyalty import purchases
from passes.loyalty.purchases import Till
from tests.makers import NOON, STAFF, Shop, make_shop
from tests.web.servers import Browser
from web.member import browser
from web.services import Services

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/604.1"
INSTAGRAM = f"{IPHONE} Instagram 300.0"


@pytest.fixture
def shop(services: Services) -> Shop:
    """A café with one member's card."""
    with services.write() as session:
        return make_shop(session)


@pytest.fixture
def address(shop: Shop) -> str:
    """The private page of that card."""
    return f"/card/{shop.card.page_token}"


def read(site_client: Browser, address: str, **headers: str) -> str:
    """Return the page, in English."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return site_client.get(f"{address}?lang=en", headers=given).text


def test_a_new_card_says_that_points_will_come(
    site_client: Browser, address: str
) -> None:
    page = read(site_client, address)

    assert "No points yet" in page
    assert "Add to Apple Wallet" in page


def test_points_are_shown_with_their_reasons(
    site_client: Browser, services: Services, shop: Shop, address: str
) -> None:
    with services.write() as session:
        purchases.earn(
            session, shop.programme, shop.card.id, Till(1250), actor=STAFF, at=NOON
        )

    page = read(site_client, address)

    assert '<span class="balance__points" data-points>12</span>' in page
    assert "Purchase of €12.50" in page


def test_the_page_is_in_the_members_language(
    site_client: Browser, address: str
) -> None:
    page = site_client.get(address, headers={"Accept-Language": "en"}).text

    assert "À la caisse" in page


def test_the_address_is_told_to_nobody(site_client: Browser, address: str) -> None:
    answer = site_client.get(address)

    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_pass_is_a_signed_file_of_apples_type(
    site_client: Browser, address: str
) -> None:
    answer = site_client.get(f"{address}/pass.pkpass")

    assert answer.mimetype == "application/vnd.apple.pkpass"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as file:
        assert {"pass.json", "manifest.json", "signature"} <= set(file.namelist())


def test_a_computer_is_shown_the_way_to_the_phone(
    site_client: Browser, address: str
) -> None:
    assert "Put it on your phone" in read(site_client, address)
    assert "Put it on your phone" not in read(site_client, address, User_Agent=IPHONE)


def test_a_browser_inside_an_app_is_told_how_to_open_the_page(
    site_client: Browser, address: str
) -> None:
    page = read(site_client, address, User_Agent=INSTAGRAM)

    assert "Instagram cannot put cards into the wallet" in page
    assert "in Safari" in page


def test_a_browser_inside_an_app_on_android_is_not_sent_to_safari(
    site_client: Browser, address: str
) -> None:
    agent = "Mozilla/5.0 (Linux; Android 16; Pixel 9) Instagram 300.0"

    page = read(site_client, address, User_Agent=agent)

    assert "Instagram cannot put cards into a wallet" in page
    assert "Safari" not in page


def test_a_void_card_says_so_and_offers_no_wallet(
    site_client: Browser, services: Services, shop: Shop, address: str
) -> None:
    with services.write() as session:
        cards.void(session, cards.lock(session, shop.card.id), NOON)

    page = read(site_client, address)

    assert "no longer valid" in page
    assert "Add to Apple Wallet" not in page


@pytest.mark.parametrize("token", ["x", "0" * 26, "%00", "a" * 300])
def test_another_address_is_a_calm_404(site_client: Browser, token: str) -> None:
    assert site_client.get(f"/card/{token}").status_code == 404
    assert site_client.get(f"/card/{token}/pass.pkpass").status_code == 404


def test_the_owners_badge_takes_the_buttons_place(
    site_client: Browser, services: Services, address: str
) -> None:
    folder = services.settings.data_dir / "badges"
    folder.mkdir()
    (folder / "apple-en.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")

    page = read(site_client, address)

    assert 'class="wallet-badge"' in page
    assert "button--wallet" not in page


@pytest.mark.parametrize(
    ("agent", "apple", "android", "app"),
    [
        (IPHONE, True, False, None),
        (INSTAGRAM, True, False, "Instagram"),
        ("Mozilla/5.0 (Linux; Android 16; Pixel 9)", False, True, None),
        ("Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", False, False, None),
        ("", False, False, None),
    ],
)
def test_browsers_are_told_apart(
    agent: str, *, apple: bool, android: bool, app: str | None
) -> None:
    assert browser.recognise(agent) == browser.Browser(apple, android, app)
