"""A running demo on either database, and windows of a browser onto it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page

from tests.journeys import demo as demos
from tests.journeys.demo import Demo


@pytest.fixture
def demo(
    blank_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Demo]:
    """The demo, just started, on SQLite and on PostgreSQL in turn."""
    with demos.running(tmp_path_factory.mktemp("demo"), blank_database_url) as started:
        yield started


class Windows:
    """Opens windows; an error of a page, or a refused script, fails the test."""

    def __init__(self, browser: Browser, base: str) -> None:
        self._browser = browser
        self._base = base
        self.troubles: list[str] = []

    @contextmanager
    def open(self, *, phone: bool = True, dark: bool = False) -> Iterator[Page]:
        """Give a window with cookies of its own, on a phone or on a computer."""
        size = (
            {"width": 390, "height": 844} if phone else {"width": 1280, "height": 900}
        )
        context = self._browser.new_context(
            base_url=self._base,
            viewport=size,  # type: ignore[arg-type]
            locale="fr-FR",
            color_scheme="dark" if dark else "light",
            has_touch=phone,
            user_agent=_IPHONE if phone else None,
        )
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("console", self._hear)
        yield page
        context.close()

    def _hear(self, message: object) -> None:
        text = str(getattr(message, "text", ""))
        if "Content Security Policy" in text:
            self.troubles.append(text)


_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/604.1"


@pytest.fixture
def windows(browser: Browser, demo: Demo) -> Iterator[Windows]:
    """Windows onto the demo."""
    made = Windows(browser, demo.base)
    yield made
    assert made.troubles == []
