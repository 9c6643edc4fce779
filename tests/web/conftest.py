"""The whole server on a database of the test, with the clock held at noon."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from werkzeug.test import Client, TestResponse

from passes.people import team
from passes.people.actor import Role
from passes.programmes import programme as programmes
from passes.errors import NotFoundError
from tests.makers import NOON, make_programme
from tests.web.clocks import HeldClock
from wallet_apple import authority
from web import services as making
from web.accounts import store
from web.app import Palier, create_app
from web.config import Settings
from web.services import Services

BASE = "http://127.0.0.1:8000"
PASSWORD = "tricot-lampe-58-navet"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Browser(Client):
    """A client that comes from the base URL and can fill in forms."""

    base = BASE

    def open(self, *args: object, **kwargs: object) -> TestResponse:
        """Send a request as a browser of this machine."""
        if isinstance(args[0] if args else None, str):
            kwargs.setdefault("base_url", self.base)
        return super().open(*args, **kwargs)  # type: ignore[arg-type]

    def token(self, page: str) -> str:
        """Return the form token that *page* carries."""
        found = _TOKEN.search(self.get(page).text)
        assert found, f"{page} has no form"
        return found[1]

    def send(self, page: str, to: str | None = None, **fields: str) -> TestResponse:
        """Open *page* and send its form with these fields."""
        return self.post(to or page, data={"csrf_token": self.token(page), **fields})


@pytest.fixture
def clock() -> HeldClock:
    """A clock that stands at noon until it is moved."""
    return HeldClock()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with development certificates of a throw-away authority."""
    folder = tmp_path_factory.mktemp("certs")
    authority.write(folder, at=datetime.now(UTC))
    return folder


@pytest.fixture
def settings(sqlite_url: str, tmp_path: Path, certificates: Path) -> Settings:
    """Settings of a development server on SQLite."""
    made = Settings.model_validate(
        {"data_dir": tmp_path / "var", "database_url": sqlite_url}
    )
    made.prepare()
    made.certs_dir.symlink_to(certificates)
    return made


@pytest.fixture
def services(settings: Settings, clock: HeldClock) -> Iterator[Services]:
    """The services on an empty, migrated database."""
    made = making.build(settings, clock=clock)
    yield made
    made.sessions.engine.dispose()


@pytest.fixture
def app(services: Services) -> Palier:
    """The whole server."""
    made = create_app(services)
    assert isinstance(made, Palier)
    return made


@pytest.fixture
def browser_of(app: Palier) -> Callable[[], Browser]:
    """Opens another browser, with cookies of its own."""
    return lambda: Browser(app)


@pytest.fixture
def site_client(app: Palier) -> Browser:
    """A browser that nobody has signed in on."""
    return Browser(app)


@dataclass(frozen=True, slots=True)
class Worker:
    """A person of a programme's team, signed in."""

    browser: Browser
    account_id: int
    programme_id: int


@pytest.fixture
def sign_in(services: Services, app: Palier) -> Callable[..., Worker]:
    """Signs a new person in: ``sign_in(Role.STAFF, "cafe")`` makes what is missing."""

    def signed_in(role: Role, slug: str = "cafe") -> Worker:
        with services.write() as session:
            try:
                programme = programmes.by_slug(session, slug)
            except NotFoundError:
                programme = make_programme(session, slug)
            email = f"{role.value}-{services.clock().timestamp():.0f}@{slug}.example"
            account = store.by_email(session, email) or store.create(
                session, email=email, password=PASSWORD, at=NOON
            )
            team.join(session, account.id, programme.id, role, NOON)
        browser = Browser(app)
        answer = browser.send("/login", email=email, password=PASSWORD)
        assert answer.status_code == 303, answer.text
        return Worker(browser, account.id, programme.id)

    return signed_in
