"""The studio on either engine, and an owner who works in it."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from passes.cards import rollout
from passes.cards.rollout import Progress
from passes.people.actor import Role
from passes.programmes import design, programme
from passes.programmes.design import Design
from passes.programmes.programme import Programme
from tests import makers
from tests.web import servers
from tests.web.servers import Browser, Server
from web.config import Settings
from web.studio import fields


@pytest.fixture
def settings(database_url: str, tmp_path: Path, certificates: Path) -> Settings:
    """Settings of a server on each engine in turn."""
    return servers.settings_in(tmp_path, database_url, certificates)


@dataclass(frozen=True, slots=True)
class Studio:
    """An owner's browser, and what a test wants to know of the programme."""

    server: Server
    browser: Browser
    programme_id: int

    def token(self) -> str:
        """Return the session's token, from a page that is quickly drawn."""
        return self.browser.token("/account/browsers")

    def form(self, **changes: object) -> dict[str, object]:
        """Return what the editor's form would send, with some fields changed."""
        token = self.token()
        return {**fields.values(self.draft()), "csrf_token": token, **changes}

    def send(self, **changes: object) -> TestResponse:
        """Send the editor's form: ``send(name="Chez nous", action="publish")``."""
        return self.browser.post("/studio/card", data=self.form(**changes))

    def press(self, path: str, **values: str) -> TestResponse:
        """Press a button that leads to *path*."""
        token = self.token()
        return self.browser.post(path, data={"csrf_token": token, **values})

    def draft(self) -> Design:
        """Return what the editor shows."""
        with self.server.services.read() as session:
            return design.draft(session, programme.by_id(session, self.programme_id))

    def live(self) -> Design:
        """Return what is published."""
        with self.server.services.read() as session:
            return design.live(session, programme.by_id(session, self.programme_id))

    def programme(self) -> Programme:
        """Return the programme as it is now."""
        with self.server.services.read() as session:
            return programme.by_id(session, self.programme_id)

    def progress(self) -> Progress | None:
        """Return how far the published version has come."""
        with self.server.services.read() as session:
            found = programme.by_id(session, self.programme_id)
            return rollout.progress(session, found)

    def step(self) -> int:
        """Let a worker raise a chunk of cards."""
        at = self.server.services.clock()
        with self.server.services.write() as session:
            return rollout.step(session, self.programme_id, at)

    def open_cards(self, count: int) -> list[int]:
        """Give *count* members a card and return the cards' ids."""
        with self.server.services.write() as session:
            found = programme.by_id(session, self.programme_id)
            return [makers.make_card(session, found).id for _ in range(count)]


@pytest.fixture
def studio(server: Server) -> Studio:
    """The owner of a café, signed in."""
    owner = server.sign_in(Role.OWNER)
    return Studio(server, owner.browser, owner.programme_id)
