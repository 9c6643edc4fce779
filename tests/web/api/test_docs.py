"""The documentation page: from this server alone, under a policy without inline."""

from collections.abc import Iterator
from threading import Thread

import pytest
from playwright.sync_api import Page
from werkzeug.serving import make_server

from tests.web.api.callers import Till


@pytest.fixture
def address(sqlite_till: Till) -> Iterator[str]:
    """The address of the API, served on loopback."""
    server = make_server("127.0.0.1", 0, sqlite_till.caller.api, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}/api/v1"
    server.shutdown()
    thread.join()


@pytest.mark.browser
def test_the_page_shows_the_calls_and_asks_nobody_else(
    page: Page, address: str
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.goto(f"{address}/docs")
    page.get_by_text("/api/v1/cards/{card}/earn", exact=True).first.click()
    page.get_by_text("Credit a purchase to the card.").first.wait_for()

    foreign = [url for url in asked if not url.startswith((address, "data:", "blob:"))]
    assert foreign == []


def test_only_two_files_of_the_viewer_are_served(sqlite_till: Till) -> None:
    def status(name: str) -> int:
        with sqlite_till.caller.get(f"/docs/swagger/{name}") as answer:
            return answer.status_code

    assert status("swagger-ui.css") == 200
    assert status("swagger-ui-standalone-preset.js") == 404
    assert status("..%2f__init__.py") == 404
