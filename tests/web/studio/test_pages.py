"""The studio in a browser: what an owner sees while working on the card."""

import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Dialog,
    Page,
    ViewportSize,
    expect,
)
from werkzeug.serving import make_server

from passes.cards import rollout
from passes.people.actor import Role
from passes.programmes import programme as programmes
from tests import databases, makers
from tests.web import pictures, servers
from tests.web.clocks import HeldClock
from tests.web.servers import Server
from web import brand
from web.config import Settings

CARDS = 3
PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
WIDER_THAN_SCREEN = (
    "document.documentElement.scrollWidth > document.documentElement.clientWidth"
)
LOW_TARGETS = """targets => targets
    .filter(target => target.checkVisibility())
    .filter(target => target.getBoundingClientRect().height < 43.9)
    .map(target => target.outerHTML.slice(0, 120))"""

# What the script says of a pair of colours: its ratio, and whether it warns.
JUDGED = """pairs => {
    const form = document.getElementById("design");
    const doubt = document.getElementById("doubt-foreground");
    return pairs.map(([text, ground]) => {
        form.elements.foreground.value = text;
        form.elements.background.value = ground;
        form.dispatchEvent(new Event("input"));
        return [doubt.querySelector("[data-ratio]").textContent, !doubt.hidden];
    });
}"""


@dataclass(frozen=True, slots=True)
class Live:
    """A server that listens, with an owner who has signed in."""

    server: Server
    base: str
    state: object

    def step(self) -> int:
        """Let a worker raise the next chunk of cards."""
        services = self.server.services
        with services.write() as session:
            cafe = programmes.by_slug(session, "cafe")
            return rollout.step(session, cafe.id, services.clock())


@pytest.fixture(scope="module")
def live(
    migrated_sqlite: Path,
    tmp_path_factory: pytest.TempPathFactory,
    certificates: Path,
    browser: Browser,
) -> Iterator[Live]:
    """A café with a few cards, served on loopback."""
    folder = tmp_path_factory.mktemp("studio")
    port = free_port()
    settings = Settings.model_validate(
        {
            "base_url": f"http://127.0.0.1:{port}",
            "data_dir": folder / "var",
            "database_url": databases.copied_sqlite(migrated_sqlite, folder),
        }
    )
    settings.prepare()
    settings.certs_dir.symlink_to(certificates)
    with servers.serving(settings, HeldClock()) as server:
        email = server.employ(Role.OWNER)
        with server.services.write() as session:
            cafe = programmes.by_slug(session, "cafe")
            for _ in range(CARDS):
                makers.make_card(session, cafe)
        listening = make_server("127.0.0.1", port, server.app, threaded=True)
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        base = settings.base_url
        yield Live(server, base, signed_in(browser, base, email))
        listening.shutdown()
        thread.join()
        listening.server_close()


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def signed_in(browser: Browser, base: str, email: str) -> object:
    context = browser.new_context(base_url=base)
    page = context.new_page()
    page.goto("/login")
    page.fill("[name=email]", email)
    page.fill("[name=password]", servers.PASSWORD)
    page.locator("main button[type=submit]").click()
    page.wait_for_url("**/studio/")
    state = context.storage_state()
    context.close()
    return state


def opened(
    browser: Browser, live: Live, viewport: ViewportSize = DESKTOP, **options: object
) -> BrowserContext:
    context = browser.new_context(
        base_url=live.base,
        viewport=viewport,
        locale="en-GB",
        storage_state=live.state,  # type: ignore[arg-type]
        reduced_motion="reduce",
        **options,  # type: ignore[arg-type]
    )
    context.set_default_timeout(20_000)
    return context


@pytest.fixture
def page(browser: Browser, live: Live) -> Iterator[Page]:
    """The card's editor on a computer; an error or a refused script fails."""
    context = opened(browser, live)
    troubles: list[str] = []
    shown = context.new_page()
    shown.on("pageerror", lambda error: troubles.append(str(error)))
    shown.on(
        "console",
        lambda message: (
            troubles.append(message.text)
            if "Content Security Policy" in message.text
            else None
        ),
    )
    shown.goto("/studio/card?lang=en")
    yield shown
    context.close()
    assert troubles == []


def test_a_colour_is_on_the_card_before_the_server_has_drawn_it(page: Page) -> None:
    page.route("**/studio/card/preview", lambda route: route.abort())

    page.fill("[name=background]", "#5b3423")

    expect(page.locator(".pass")).to_have_css("background-color", "rgb(91, 52, 35)")
    expect(page.locator("[data-colour-of=background]")).to_have_text("#5b3423")


def test_the_server_then_draws_the_card_exactly(page: Page) -> None:
    before = page.locator(".pass__strip-image").get_attribute("src")

    with page.expect_response("**/studio/card/preview"):
        page.fill("[name=background]", "#5b3423")

    expect(page.locator(".pass__strip-image")).not_to_have_attribute(
        "src", before or ""
    )
    expect(page.locator(".pass")).to_have_css("background-color", "rgb(91, 52, 35)")


def test_the_other_language_and_the_worst_card_are_a_press_away(page: Page) -> None:
    page.get_by_role("radio", name="Français").check()
    expect(page.locator(".pass [data-field=tier] .pass__label")).to_have_text("NIVEAU")

    page.get_by_label("With a long name and many points").check()

    points = page.locator(".pass [data-field=points] .pass__value")
    expect(points).to_have_text("1\u202f234\u202f567")


def test_a_text_that_cannot_be_read_is_flagged_and_mended(page: Page) -> None:
    doubt = page.locator("#doubt-foreground")
    expect(doubt).to_be_hidden()

    page.fill("[name=background]", "#ffe600")
    expect(doubt).to_be_visible()
    page.locator("[data-use=foreground]").click()

    expect(doubt).to_be_hidden()
    mended = page.input_value("[name=foreground]")
    assert brand.contrast(mended, "#ffe600") >= brand.READABLE


def test_the_script_judges_colours_as_the_server_does(page: Page) -> None:
    page.route("**/studio/card/preview", lambda route: route.abort())
    greys = [f"#{level:02x}{level:02x}{level:02x}" for level in range(0, 256, 15)]
    vivid = ["#1f3a34", "#cfe3dc", "#ffe600", "#2f49c9", "#b42318", "#767676"]
    pairs = [(one, other) for one in vivid for other in (*greys, *vivid)]

    judged = page.evaluate(JUDGED, pairs)

    for (text, ground), (said, warned) in zip(pairs, judged, strict=True):
        ratio = brand.contrast(text, ground)
        assert abs(float(said) - ratio) < 0.1001, (text, ground)
        assert warned == (ratio < brand.READABLE), (text, ground)


def test_a_picture_is_sent_when_it_is_chosen(page: Page) -> None:
    file = {
        "name": "logo.png",
        "mimeType": "image/png",
        "buffer": pictures.file(pictures.halves((200, 100))),
    }

    page.set_input_files("#logo_file", file)  # type: ignore[arg-type]

    expect(page.locator("#picture-logo img")).to_be_visible()
    expect(page.locator(".pass__logo-text")).to_have_count(0)
    expect(page.locator("#logo_file")).to_be_focused()


def test_a_refused_picture_says_why_at_its_place(page: Page) -> None:
    file = {
        "name": "logo.svg",
        "mimeType": "image/svg+xml",
        "buffer": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    }

    page.set_input_files("#logo_file", file)  # type: ignore[arg-type]

    expect(page.locator("#logo-error")).to_be_visible()


def test_leaving_with_unsaved_changes_asks_first(page: Page) -> None:
    page.fill("[name=name]", "Chez Anna")
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", answer)

    page.get_by_role("link", name="Home").click()
    page.wait_for_url("**/studio/")

    assert asked == ["beforeunload"]


def test_a_design_is_published_and_watched(page: Page, live: Live) -> None:
    page.fill("[name=label]", "#ffd9a0")
    page.get_by_role("button", name="Publish…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"{CARDS} cards change by themselves")
    dialog.get_by_role("button", name="Publish", exact=True).click()
    page.wait_for_url("**/studio/rollout")
    expect(page.locator("#cards-raised")).to_have_attribute("value", "0")

    live.step()

    # The page asks by itself.
    expect(page.locator("#cards-raised")).to_have_attribute("value", str(CARDS))
    expect(page.locator("#progress .badge--good")).to_be_visible()


def test_a_keyboard_reaches_every_field_and_button(page: Page) -> None:
    page.locator("[name=side][value=front]").focus()
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.name || ''"))

    wanted = {"shown_in", "worst", "name", "background", "logo_file", "terms_en"}
    assert wanted | {"action"} <= reached


def test_a_field_is_never_hidden_behind_what_stays_in_sight(
    browser: Browser, live: Live
) -> None:
    context = opened(browser, live, PHONE)
    phone = context.new_page()
    phone.goto("/studio/card")
    phone.locator("[name=contact]").focus()

    # The middle of the focused field is the field, not a bar above it.
    seen = phone.evaluate(
        """() => {
            const box = document.activeElement.getBoundingClientRect();
            const x = box.x + box.width / 2, y = box.y + box.height / 2;
            return document.elementFromPoint(x, y) === document.activeElement;
        }"""
    )

    context.close()
    assert seen


PLACES = ["/studio/", "/studio/card", "/studio/rollout", "/studio/card/publish"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_axe_finds_nothing(
    browser: Browser,
    live: Live,
    viewport: ViewportSize,
    scheme: Literal["light", "dark"],
) -> None:
    context = opened(browser, live, viewport, color_scheme=scheme)
    shown = context.new_page()
    found: list[str] = []
    for place in PLACES:
        shown.goto(place)
        found += findings(shown)
    shown.goto("/studio/card")
    shown.fill("[name=foreground]", shown.input_value("[name=background]"))
    expect(shown.locator("[data-use=foreground]")).to_be_visible()
    # The card itself is drawn as it was made: its text cannot be read.
    found += findings(shown, but=".pass")
    shown.locator("[data-open=publish]").click()
    found += findings(shown, but=".pass")

    context.close()
    assert found == []


def findings(page: Page, but: str | None = None) -> list[str]:
    context = {"exclude": [[but]]} if but else None
    violations = Axe().run(page, context=context).response["violations"]
    return [
        f"{page.url} {one['id']}: {node['html'][:120]}"
        for one in violations
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("place", PLACES)
def test_a_small_phone_shows_everything_without_scrolling_sideways(
    browser: Browser, live: Live, place: str
) -> None:
    context = opened(browser, live, {"width": 320, "height": 640}, has_touch=True)
    shown = context.new_page()
    shown.goto(f"{place}?lang=fr")

    wide = shown.evaluate(WIDER_THAN_SCREEN)
    low = shown.eval_on_selector_all(
        ".button, .input, .nav__link, .choice__one, .tick, summary", LOW_TARGETS
    )

    context.close()
    assert not wide
    assert low == []


def test_without_scripts_a_draft_is_saved_and_published(
    browser: Browser, live: Live
) -> None:
    context = opened(browser, live, java_script_enabled=False)
    plain = context.new_page()
    plain.goto("/studio/card?lang=en")
    plain.fill("[name=contact]", "ici@example.org")

    plain.get_by_role("button", name="Publish…").click()
    plain.wait_for_url("**/studio/card/publish")
    plain.get_by_role("button", name=re.compile("Publi")).click()
    plain.wait_for_url("**/studio/rollout")

    expect(plain.locator("#cards-raised")).to_be_visible()
    context.close()
