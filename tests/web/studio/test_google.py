"""Publishing where Google Wallet is set up: only what Google could fetch."""

from dataclasses import replace

import pytest

from passes.people.actor import Role
from tests.web import google as fakes
from tests.web.google import FakeGoogle
from tests.web.servers import Browser, Server
from tests.web.studio.conftest import Studio
from web.app import Palier, create_app

GOOGLE, STAND_IN = "https://walletobjects.googleapis.com", "http://127.0.0.1:9000"
PRIVATE = ["http://127.0.0.1:8000", "https://127.0.0.1", "https://palier.local"]


class _Reached(Server):
    """A server at the base URL that its settings name."""

    def browser(self) -> Browser:
        """Return a browser that comes to that address."""
        browser = super().browser()
        browser.base = self.services.settings.base_url
        return browser


def studio_at(server: Server, base_url: str, google_api_url: str) -> Studio:
    """Return the studio of that server at another address, with that Google."""
    told = {"base_url": base_url, "google_api_url": google_api_url}
    settings = server.services.settings.model_copy(update=told)
    services = replace(server.services, settings=settings)
    app = create_app(fakes.shown_by(services, FakeGoogle()))
    assert isinstance(app, Palier)
    reached = _Reached(services, app)
    owner = reached.sign_in(Role.OWNER)
    return Studio(reached, owner.browser, owner.programme_id)


@pytest.mark.parametrize("base_url", PRIVATE)
def test_what_google_cannot_fetch_is_not_published(
    server: Server, base_url: str
) -> None:
    studio = studio_at(server, base_url, GOOGLE)

    studio.send(name="Chez Anna", action="publish")

    assert studio.programme().design_version == 1
    page = studio.browser.get("/studio/card").text
    assert f"les images de la carte à l’adresse {base_url}" in page
    # It is kept as a draft, and can be published once that is mended.
    assert studio.draft().name == "Chez Anna"


def test_nobody_is_asked_to_publish_what_cannot_be(server: Server) -> None:
    studio = studio_at(server, PRIVATE[0], GOOGLE)

    page = studio.browser.get("/studio/card/publish?lang=en").text

    assert "could not fetch the card’s pictures" in page
    assert 'action="/studio/card/publish"' not in page


def test_an_earlier_version_is_not_published_again_either(
    server: Server, studio: Studio
) -> None:
    studio.send(name="Chez Anna", action="publish")
    hindered = studio_at(server, PRIVATE[0], GOOGLE)

    answer = hindered.press("/studio/versions/1/publish")

    assert answer.location.endswith("/studio/rollout")
    page = hindered.browser.get("/studio/rollout").text
    assert f"les images de la carte à l’adresse {PRIVATE[0]}" in page
    assert hindered.live().name == "Chez Anna"


@pytest.mark.parametrize(
    ("base_url", "google_api_url"),
    [("https://shop.example", GOOGLE), (PRIVATE[0], STAND_IN)],
)
def test_a_public_address_and_a_stand_in_are_as_good_as_any(
    server: Server, base_url: str, google_api_url: str
) -> None:
    studio = studio_at(server, base_url, google_api_url)

    answer = studio.send(name="Chez Anna", action="publish")

    assert answer.location.endswith("/studio/rollout")
    assert studio.live().name == "Chez Anna"


def test_the_owner_may_have_the_code_change(server: Server) -> None:
    studio = studio_at(server, PRIVATE[0], STAND_IN)
    page = studio.browser.get("/studio/card?lang=en").text
    assert 'id="rotating_code"' in page
    assert "changes every 30 seconds" in page

    studio.send(rotating_code="yes", action="publish")
    assert studio.live().rotating_code

    studio.send(rotating_code="", action="publish")
    assert not studio.live().rotating_code


def test_without_google_nothing_is_asked_and_nothing_lost(studio: Studio) -> None:
    studio.send(rotating_code="yes", action="save")

    page = studio.browser.get("/studio/card?lang=en").text

    assert 'type="hidden" name="rotating_code" value="yes"' in page
    assert "changes every 30 seconds" not in page
