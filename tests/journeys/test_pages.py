"""Every page can be used by everybody: measured, not believed.

WCAG 2.2 AA as far as axe can tell, by day and by night; no sideways scroll on the
narrowest phone; and a customer's page that is light enough for a slow network.
"""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.journeys import demo as demos
from tests.journeys.demo import Demo

pytestmark = pytest.mark.browser

_RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    }
}
_JOIN_BYTES = 60_000
_CARD_BYTES = 100_000


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One demo for all pages."""
    with demos.running(tmp_path_factory.mktemp("pages")) as started:
        yield started


@pytest.fixture(scope="module")
def card(browser: Browser, demo: Demo) -> str:
    """The private page of a new member's card."""
    page = browser.new_page(base_url=demo.base, locale="fr-FR")
    page.goto("/join/mirabelle")
    page.locator("main form button").click()
    page.wait_for_url(re.compile("/card/"))
    address = page.url.removeprefix(demo.base)
    page.context.close()
    return address


@pytest.fixture(scope="module")
def manager(browser: Browser, demo: Demo) -> object:
    """What a signed-in owner's browser remembers."""
    email, password = demo.person("owner")
    page = browser.new_page(base_url=demo.base)
    page.goto("/login")
    page.locator("[name=email]").fill(email)
    page.locator("[name=password]").fill(password)
    page.locator("main button[type=submit]").click()
    page.wait_for_url(re.compile("/studio/"))
    state = page.context.storage_state()
    page.context.close()
    return state


def join(page: Page) -> None:
    """The form that a poster leads to."""
    page.goto("/join/mirabelle")


def join_refused(page: Page) -> None:
    """The form with something to mend."""
    page.goto("/join/mirabelle")
    page.locator("[name=contact]").fill("appelez-moi")
    page.locator("main form button").click()
    page.locator("#contact-error").wait_for()


def login(page: Page) -> None:
    """The door for people with an account."""
    page.goto("/login")


def login_refused(page: Page) -> None:
    """The door, after a wrong password."""
    page.goto("/login")
    page.locator("[name=email]").fill("nobody@example.org")
    page.locator("[name=password]").fill("wrong wrong wrong")
    page.locator("main button[type=submit]").click()
    page.locator(".banner--bad").wait_for()


def nowhere(page: Page) -> None:
    """A page that does not exist."""
    page.goto("/nowhere")


def demo_phone(page: Page) -> None:
    """The demo's phone."""
    page.goto("/demo/")


def till(page: Page) -> None:
    """The till, before a card."""
    page.goto("/staff/")


def till_unknown(page: Page) -> None:
    """The till, after a code that no card has."""
    page.goto("/staff/")
    page.locator("[name=code]").fill("AAAAA-AAAAA")
    page.keyboard.press("Enter")
    page.locator("#code-error").wait_for()


def studio(page: Page) -> None:
    """The studio's first page."""
    page.goto("/studio/")


def studio_card(page: Page) -> None:
    """The card's editor."""
    page.goto("/studio/card")


ANYBODY = (join, join_refused, login, login_refused, nowhere, demo_phone)
TEAM = (till, till_unknown, studio, studio_card)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("visit", [*ANYBODY, *TEAM], ids=lambda visit: visit.__name__)
def test_axe_finds_nothing(
    browser: Browser, demo: Demo, manager: object, visit: object, theme: str
) -> None:
    context = opened(browser, demo, manager if visit in TEAM else None, theme)
    page = context.new_page()
    assert callable(visit)
    visit(page)

    assert findings(page) == []
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_the_way_of_a_purchase(
    browser: Browser, demo: Demo, manager: object, card: str, theme: str
) -> None:
    context = opened(browser, demo, manager, theme)
    page = context.new_page()
    page.goto(card)
    assert findings(page) == []
    code = page.locator(".code--large").inner_text()
    page.goto("/staff/")
    expect(page.locator("[name=code]")).to_be_focused()
    page.keyboard.type(code)
    page.keyboard.press("Enter")
    page.locator("[name=amount]").wait_for()
    assert findings(page) == []
    page.locator("[name=amount]").fill("12,50")
    page.locator("main form button[type=submit]").first.click()
    page.locator(".sum").wait_for()
    assert findings(page) == []
    page.locator("main form button[type=submit]").first.click()
    page.locator(".verdict").wait_for()
    assert findings(page) == []
    assert narrow(page) == 0
    context.close()


@pytest.mark.parametrize("visit", [*ANYBODY, *TEAM], ids=lambda visit: visit.__name__)
def test_nothing_scrolls_sideways_at_320_pixels(
    browser: Browser, demo: Demo, manager: object, visit: object
) -> None:
    context = opened(browser, demo, manager if visit in TEAM else None, "light")
    page = context.new_page()
    assert callable(visit)
    visit(page)

    assert narrow(page) == 0
    context.close()


@pytest.mark.parametrize("what", ["join", "card"])
def test_a_customers_page_is_light(
    browser: Browser, demo: Demo, card: str, what: str
) -> None:
    page = browser.new_page(base_url=demo.base, locale="fr-FR")
    sizes: list[int] = []
    page.on("response", lambda answer: sizes.append(len(answer.body())))

    page.goto("/join/mirabelle" if what == "join" else card, wait_until="networkidle")

    assert sum(sizes) <= (_JOIN_BYTES if what == "join" else _CARD_BYTES)
    page.context.close()


def test_a_form_the_browser_remembered_is_for_the_next_person(
    browser: Browser, demo: Demo
) -> None:
    page = browser.new_page(base_url=demo.base)
    page.goto("/join/mirabelle")
    key = page.locator("[name=key]")
    expect(key).to_have_value(re.compile("."))

    # What Back shows out of the browser's memory, scripts are told of by this alone.
    page.evaluate(
        "dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))"
    )

    expect(key).to_have_value("")
    page.context.close()


def test_joining_works_without_scripts(browser: Browser, demo: Demo) -> None:
    context = browser.new_context(base_url=demo.base, java_script_enabled=False)
    page = context.new_page()
    page.goto("/join/mirabelle")
    page.keyboard.press("Tab")
    page.locator("main form button").focus()
    page.keyboard.press("Enter")

    page.wait_for_url(re.compile("/card/"))
    assert page.locator(".balance__points").inner_text() == "0"
    context.close()


@pytest.mark.parametrize("what", ["join", "card"])
def test_no_request_leaves_the_host(
    browser: Browser, demo: Demo, card: str, what: str
) -> None:
    page = browser.new_page(base_url=demo.base)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.goto("/join/mirabelle" if what == "join" else card, wait_until="networkidle")

    assert asked
    assert [url for url in asked if not url.startswith((demo.base, "data:"))] == []
    page.context.close()


def opened(browser: Browser, demo: Demo, state: object, theme: str) -> BrowserContext:
    """Return a small phone's browser."""
    return browser.new_context(
        base_url=demo.base,
        viewport={"width": 390, "height": 844},
        locale="fr-FR",
        color_scheme=theme,  # type: ignore[arg-type]
        storage_state=state,  # type: ignore[arg-type]
    )


def findings(page: Page) -> list[str]:
    """Return what axe has to say of the page."""
    found = Axe().run(page, options=_RULES).response["violations"]
    return [
        f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]
    ]


def narrow(page: Page) -> int:
    """Return by how much the page is wider than the narrowest phone."""
    page.set_viewport_size({"width": 320, "height": 640})
    return int(page.evaluate("Math.max(0, document.documentElement.scrollWidth - 320)"))
