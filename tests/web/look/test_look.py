"""What screens.md asks of every screen, asked of every component."""

from collections.abc import Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, ViewportSize, expect

from tests.web.look import sheet

READABLE_SHOPS = [shop for shop in sheet.SHOPS if shop != "taxi"]
SHEETS = [
    "studio",
    "till",
    "error",
    *(f"customer?shop={shop}" for shop in READABLE_SHOPS),
]
PHONE: ViewportSize = {"width": 390, "height": 844}
SMALLEST: ViewportSize = {"width": 320, "height": 640}

Scheme = Literal["light", "dark"]

# What a finger aims at. Links inside a sentence may be as high as the sentence.
TARGETS = (
    ".button, .input, .nav__link, .tabs__tab, .keypad__key, .list-row[href], .tick"
)

WIDER_THAN_SCREEN = (
    "document.documentElement.scrollWidth > document.documentElement.clientWidth"
)
LOW_TARGETS = """targets => targets
    .filter(target => target.checkVisibility())
    .filter(target => target.getBoundingClientRect().height < 43.9)
    .map(target => target.outerHTML)"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with sheet.served() as at:
        yield at


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport=PHONE, has_touch=True, locale="en-GB")
    yield page
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", SHEETS)
def test_axe_finds_nothing(
    browser: Browser, address: str, name: str, scheme: Scheme
) -> None:
    page = browser.new_page(
        viewport=PHONE, color_scheme=scheme, reduced_motion="reduce"
    )
    page.goto(f"{address}/{name}")

    found = Axe().run(page)

    page.close()
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_is_readable_even_where_the_card_on_it_is_not(
    browser: Browser, address: str, scheme: Scheme
) -> None:
    page = browser.new_page(
        viewport=PHONE, color_scheme=scheme, reduced_motion="reduce"
    )
    page.goto(f"{address}/customer?shop=taxi")

    # The card is drawn as the owner made it: white on yellow.
    found = Axe().run(page, context={"exclude": [[".pass"]]})

    page.close()
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("name", SHEETS)
def test_the_policy_refuses_nothing_that_a_page_needs(
    phone: Page, address: str, name: str
) -> None:
    complaints: list[str] = []
    phone.on("console", lambda message: complaints.append(message.text))
    phone.on("pageerror", lambda error: complaints.append(str(error)))

    phone.goto(f"{address}/{name}", wait_until="networkidle")

    assert complaints == []


@pytest.mark.parametrize("name", SHEETS)
def test_nothing_scrolls_sideways_on_the_smallest_screen(
    phone: Page, address: str, name: str
) -> None:
    phone.set_viewport_size(SMALLEST)
    phone.goto(f"{address}/{name}")

    assert not phone.evaluate(WIDER_THAN_SCREEN)


@pytest.mark.parametrize("name", ["studio", "till", "customer"])
def test_a_finger_finds_every_target(phone: Page, address: str, name: str) -> None:
    phone.goto(f"{address}/{name}")

    assert phone.eval_on_selector_all(TARGETS, LOW_TARGETS) == []


def test_a_customer_page_weighs_less_than_60_kb(phone: Page, address: str) -> None:
    sizes: list[int] = []
    phone.on("response", lambda response: sizes.append(len(response.body())))

    phone.goto(f"{address}/customer", wait_until="networkidle")

    assert len(sizes) > 4
    assert sum(sizes) < 60_000


def test_the_card_wears_its_own_colours_beside_another_shop(
    phone: Page, address: str
) -> None:
    phone.goto(f"{address}/studio?shop=salon")

    expect(phone.locator(".pass")).to_have_css("background-color", "rgb(247, 217, 224)")


def test_keys_fill_the_amount_from_the_right(phone: Page, address: str) -> None:
    phone.goto(f"{address}/till?lang=fr")
    for key in ("1", "2", "5", "0", "0"):
        phone.get_by_role("button", name=key, exact=True).tap()
    phone.locator("[data-key=back]").tap()

    expect(phone.locator("#amount")).to_have_value("12,50")


def test_keys_go_on_from_what_a_keyboard_wrote(phone: Page, address: str) -> None:
    phone.goto(f"{address}/till")
    phone.fill("#amount", "7.5")
    phone.get_by_role("button", name="3", exact=True).tap()

    expect(phone.locator("#amount")).to_have_value("75.03")


def test_a_dialog_opens_from_its_button_and_closes_by_escape(
    phone: Page, address: str
) -> None:
    phone.goto(f"{address}/studio")
    phone.get_by_role("button", name="Publish…").tap()
    expect(phone.get_by_role("dialog")).to_be_visible()

    phone.keyboard.press("Escape")

    expect(phone.get_by_role("dialog")).to_be_hidden()


def test_arrows_move_between_tabs(phone: Page, address: str) -> None:
    phone.goto(f"{address}/studio")
    phone.get_by_role("tab", name="Colours").focus()

    phone.keyboard.press("ArrowRight")

    expect(phone.get_by_role("tabpanel", name="Texts")).to_be_visible()
    expect(phone.get_by_role("tabpanel", name="Colours")).to_be_hidden()


def test_a_slash_goes_to_the_search(phone: Page, address: str) -> None:
    phone.goto(f"{address}/studio")

    phone.keyboard.press("/")

    expect(phone.get_by_role("searchbox")).to_be_focused()


def test_a_form_is_not_sent_twice(phone: Page, address: str) -> None:
    sent: list[str] = []

    def answer(route: Route) -> None:
        sent.append(route.request.method)
        # "No content": the browser stays on the page, as if it still waited.
        route.fulfill(status=204)

    phone.goto(f"{address}/customer")
    phone.route("**/customer", answer)

    for _ in range(2):
        phone.evaluate("document.querySelector('form button').click()")
    phone.wait_for_timeout(100)

    assert sent == ["POST"]


def test_a_page_without_scripts_shows_every_part(
    browser: Browser, address: str
) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto(f"{address}/studio")

    expect(page.locator("#look")).to_be_visible()
    expect(page.locator("#texts")).to_be_visible()
    page.close()
