"""The whole server in a test, and browsers that come to it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from werkzeug.test import Client, TestResponse

from passes.errors import NotFoundError
from passes.people import team
from passes.people.actor import Role
from passes.programmes import programme as programmes
from tests.makers import NOON, make_programme
from tests.web.clocks import HeldClock
from web import services as making
from web.accounts import store
from web.app import Palier, create_app
from web.config import Settings
from web.services import Services

BASE = "http://127.0.0.1:8000"
PASSWORD = "tricot-lampe-58-navet"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Browser(Client):
    """A client that comes to the base URL and can fill in forms."""

    base = BASE

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send a request as a browser of this machine."""
        if args and isinstance(args[0], str):
            kwargs.setdefault("base_url", self.base)
            # Read to the end and closed, as a browser does.
            kwargs.setdefault("buffered", True)
        answer = super().open(*args, **kwargs)
        # A large form lies in a temporary file, which the client leaves open.
        answer.request.environ["wsgi.input"].close()
        return answer

    def token(self, page: str) -> str:
        """Return the form token that *page* carries."""
        found = _TOKEN.search(self.get(page).text)
        assert found, f"{page} has no form"
        return found[1]

    def send(self, page: str, to: str | None = None, **fields: str) -> TestResponse:
        """Open *page* and send its form with these fields."""
        return self.post(to or page, data={"csrf_token": self.token(page), **fields})


@dataclass(frozen=True, slots=True)
class Worker:
    """A person of a programme's team, signed in on *browser*."""

    browser: Browser
    account_id: int
    programme_id: int
    email: str


class Server:
    """The server, its services and the people who work with it."""

    def __init__(self, services: Services, app: Palier) -> None:
        self.services = services
        self.app = app

    def browser(self) -> Browser:
        """Return a browser that nobody has signed in on."""
        return Browser(self.app)

    def employ(self, role: Role, slug: str = "cafe", email: str | None = None) -> str:
        """Give a person a role in the programme, made if needed; return the e-mail."""
        email = email or f"{role.value}@{slug}.example"
        with self.services.write() as session:
            try:
                programme = programmes.by_slug(session, slug)
            except NotFoundError:
                programme = make_programme(session, slug)
            account = store.by_email(session, email) or store.create(
                session, email=email, password=PASSWORD, at=NOON
            )
            team.join(session, account.id, programme.id, role, NOON)
        return email

    def sign_in(self, role: Role, slug: str = "cafe") -> Worker:
        """Return a person with that role, signed in."""
        email = self.employ(role, slug)
        browser = self.browser()
        answer = browser.send("/login", email=email, password=PASSWORD)
        assert answer.status_code == 303, answer.text
        with self.services.read() as session:
            account = store.by_email(session, email)
            programme = programmes.by_slug(session, slug)
        assert account is not None
        return Worker(browser, account.id, programme.id, email)


def settings_in(folder: Path, database_url: str, certificates: Path) -> Settings:
    """Return a development server's settings, with its data below *folder*."""
    made = Settings.model_validate(
        {"data_dir": folder / "var", "database_url": database_url}
    )
    made.prepare()
    made.certs_dir.symlink_to(certificates)
    return made


@contextmanager
def serving(settings: Settings, clock: HeldClock) -> Iterator[Server]:
    """Give the server that *settings* ask for, on a migrated database."""
    services = making.build(settings, clock=clock)
    app = create_app(services)
    # Behind proxies it is wrapped; the one inside is what tests talk about.
    palier = getattr(app, "app", app)
    assert isinstance(palier, Palier)
    yield Server(services, palier)
    for wallet in services.wallets:
        wallet.close()
    services.sessions.engine.dispose()
