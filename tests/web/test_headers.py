"""The headers of every page that can be asked for."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from passes.people.actor import Role
from tests.web import routes, servers
from tests.web.clocks import HeldClock
from tests.web.servers import Server
from web import headers

CONTENT = (
    "default-src 'none'; script-src 'self'; style-src 'self';"
    " img-src 'self' data: blob:; connect-src 'self'; media-src 'self' blob:;"
    " worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'; object-src 'none'"
)


@pytest.fixture(scope="module")
def world(
    migrated_sqlite: Path,
    tmp_path_factory: pytest.TempPathFactory,
    certificates: Path,
) -> Iterator[routes.World]:
    """One server for all, whose pages have something to show."""
    folder = tmp_path_factory.mktemp("headers")
    with routes.world(folder, migrated_sqlite, certificates) as made:
        yield made


def answers(world: routes.World) -> Iterator[tuple[str, TestResponse]]:
    """Ask for every address there is, as the owner."""
    owner = world.server.sign_in(Role.OWNER).browser
    for rule in routes.rules(world.server.app, "GET"):
        address = world.address(rule)
        yield address, owner.get(address)


@pytest.mark.asvs("v5.0.0-3.4.3")
def test_every_answer_says_what_a_browser_may_do(world: routes.World) -> None:
    lacking = {
        address: policy
        for address, answer in answers(world)
        if (policy := answer.headers.get("Content-Security-Policy"))
        not in (CONTENT, headers.FILE)
        and "'wasm-unsafe-eval'" not in (policy or "")
    }

    assert lacking == {}


@pytest.mark.asvs("v5.0.0-3.4.4")
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("X-Content-Type-Options", {"nosniff"}),
        ("Cross-Origin-Opener-Policy", {"same-origin"}),
        ("Referrer-Policy", {"strict-origin-when-cross-origin", "no-referrer"}),
    ],
)
def test_every_answer_carries_the_header(
    world: routes.World, name: str, values: set[str]
) -> None:
    wrong = {
        address: answer.headers.get(name)
        for address, answer in answers(world)
        if answer.headers.get(name) not in values
    }

    assert wrong == {}


def test_no_page_is_stored_unless_it_can_never_change(world: routes.World) -> None:
    stored = {
        address.split("/")[1]
        for address, answer in answers(world)
        if answer.headers["Cache-Control"] != "no-store"
    }

    assert stored <= {"brand", "media", "robots.txt", "static"}


@pytest.mark.asvs("v5.0.0-14.2.1")
def test_a_private_link_is_told_to_nobody(world: routes.World) -> None:
    policies = {
        answer.headers["Referrer-Policy"]
        for address, answer in answers(world)
        if address.startswith("/card/")
    }

    assert policies == {"no-referrer"}


def test_no_page_has_a_script_or_a_style_of_its_own(world: routes.World) -> None:
    found = [
        address
        for address, answer in answers(world)
        if answer.mimetype == "text/html"
        and any(
            bad in answer.text
            for bad in (" style=", "<style", "onclick=", "javascript:", "<script>")
        )
    ]

    assert found == []


@pytest.mark.asvs("v5.0.0-3.4.1")
def test_https_is_asked_for_over_https_alone(server: Server, clock: HeldClock) -> None:
    public = server.services.settings.model_copy(
        update={"base_url": "https://shop.example"}
    )
    with servers.serving(public, clock) as serving:
        browser = serving.browser()
        browser.base = "https://shop.example"
        over_https = browser.get("/")

    assert over_https.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Strict-Transport-Security" not in server.browser().get("/").headers


@pytest.mark.asvs("v5.0.0-3.5.3")
def test_asking_for_every_page_changes_nothing(world: routes.World) -> None:
    list(answers(world))
    before = world.contents()

    list(answers_of_a_stranger(world))

    assert world.contents() == before


def answers_of_a_stranger(world: routes.World) -> Iterator[TestResponse]:
    """Ask for every address there is, as somebody who is not signed in."""
    for rule in routes.rules(world.server.app, "GET"):
        yield world.server.browser().get(world.address(rule))


@pytest.mark.asvs("v5.0.0-3.4.2")
@pytest.mark.parametrize(
    "origin", ["null", "https://evil.example", "http://127.0.0.1:8000.evil.example"]
)
def test_no_other_site_may_read_our_pages(world: routes.World, origin: str) -> None:
    browser = world.server.browser()

    allowed = [
        address
        for rule in routes.rules(world.server.app, "GET")
        if "Access-Control-Allow-Origin"
        in browser.get(
            address := world.address(rule), headers={"Origin": origin}
        ).headers
    ]

    assert allowed == []
