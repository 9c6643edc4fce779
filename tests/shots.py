"""The README's pictures, taken from the running demo: ``python3 dev.py shots``."""

import base64
import re
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    expect,
    sync_playwright,
)

from tests import browsers
from tests.journeys import demo as demos
from tests.journeys.demo import Demo

PICTURES = Path(__file__).parents[1] / ".github" / "pictures"
_TEASER = """<!doctype html><meta charset="utf-8"><style>
body {
  margin: 0;
  background: #eef0f7;
  color: #1d2440;
  font: 600 20px/1.3 system-ui, sans-serif;
}
main {
  display: flex;
  justify-content: center;
  gap: 44px;
  width: max-content;
  padding: 44px 40px 40px;
}
figure {
  display: grid;
  justify-items: center;
  gap: 18px;
  margin: 0;
}
img {
  display: block;
  height: 720px;
  border-radius: 26px;
}
img:not(.bare) {
  box-shadow: 0 18px 50px rgb(29 36 64 / 18%);
}
</style><main>"""


def main() -> int:
    """Take every picture anew; 1 when there is no Chromium."""
    path = browsers.find()
    if path is None:
        sys.stderr.write("There is no Chromium to take pictures with.\n")
        return 1
    PICTURES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        demos.running(Path(folder)) as demo,
        sync_playwright() as playwright,
    ):
        browser = browsers.launch(playwright.chromium, path)
        _take(browser, demo)
        browser.close()
    return 0


def _take(browser: Browser, demo: Demo) -> None:
    customer = _phone(browser, demo)
    customer.goto("/join/mirabelle?lang=en")
    customer.get_by_label("First name").fill("Zoé")
    joining = customer.screenshot()
    customer.locator("main form button").click()
    token = customer.url.split("/card/")[1].split("?")[0]

    computer = _computer(browser, demo)
    computer.goto(f"/demo/?card={token}&lang=en")
    computer.locator("main form button").first.click()
    computer.goto("/demo/?lang=en")
    short_code = computer.locator("#phone .pass__code-text").inner_text()

    till = _phone(browser, demo)
    _sign_in(till, demo, "staff")
    points = computer.locator("#phone [data-field=points] dd").first
    for amount, whole in (("38.00", "38"), ("55.50", "93")):
        _award(till, short_code, amount)
        expect(points).to_have_text(whole, timeout=20_000)
    expect(computer.locator("#phone .notice")).to_have_count(0, timeout=30_000)
    _award(till, short_code, "24.00")
    # What the phone says stays for some seconds: the picture is taken at once.
    expect(computer.locator("#phone .notice")).to_have_count(1, timeout=20_000)
    wallet = computer.locator("#phone .phone").screenshot()
    (PICTURES / "demo.png").write_bytes(computer.screenshot())
    till.goto(f"{till.url}?lang=en")
    till.locator(".verdict").wait_for()
    verdict = till.screenshot()
    (PICTURES / "till.png").write_bytes(verdict)

    studio = _computer(browser, demo)
    _sign_in(studio, demo, "owner")
    studio.goto("/studio/card?lang=en")
    studio.wait_for_timeout(500)
    (PICTURES / "studio.png").write_bytes(studio.screenshot())

    parts = ((joining, "Join"), (verdict, "Award"), (wallet, "It changes by itself"))
    (PICTURES / "palier.png").write_bytes(_teaser(browser, parts))


def _teaser(browser: Browser, parts: tuple[tuple[bytes, str], ...]) -> bytes:
    figures = "".join(
        f'<figure><img src="data:image/png;base64,{base64.b64encode(png).decode()}">'
        f"<figcaption>{words}</figcaption></figure>"
        for png, words in parts
    )
    page = browser.new_page(viewport={"width": 1400, "height": 860})
    page.set_content(f"{_TEASER}{figures}</main>")
    taken = page.locator("main").screenshot()
    page.close()
    return taken


def _award(page: Page, code: str, amount: str) -> None:
    page.goto("/staff/?lang=en")
    page.locator("[name=code]").fill(code)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/staff/cards/"))
    page.goto(f"{page.url}?lang=en")
    page.locator("[name=amount]").fill(amount)
    page.locator("main form button[type=submit]").first.click()
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url(re.compile("/staff/purchases/"))


def _sign_in(page: Page, demo: Demo, role: str) -> None:
    email, password = demo.person(role)
    page.goto("/login")
    page.locator("[name=email]").fill(email)
    page.locator("[name=password]").fill(password)
    page.locator("main button[type=submit]").click()
    page.wait_for_url(re.compile("/(staff|studio)/"))


def _phone(browser: Browser, demo: Demo) -> Page:
    return _context(browser, demo, 390, 760, 2).new_page()


def _computer(browser: Browser, demo: Demo) -> Page:
    return _context(browser, demo, 1280, 860, 2).new_page()


def _context(
    browser: Browser, demo: Demo, width: int, height: int, scale: int
) -> BrowserContext:
    return browser.new_context(
        base_url=demo.base,
        viewport={"width": width, "height": height},
        device_scale_factor=scale,
        locale="en-GB",
        color_scheme="light",
    )


if __name__ == "__main__":
    sys.exit(main())
