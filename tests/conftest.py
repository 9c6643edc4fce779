"""What every test may ask for: a database, a session, a browser.

``PALIER_TESTS_POSTGRESQL`` is the address of a server's maintenance database, when
it is not where servers usually are. ``PALIER_TESTS_REQUIRE`` names what must be
there (``postgresql,browser``): lacking it fails then, where it skips otherwise.
"""

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import NoReturn

import hypothesis
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from passes import db
from passes.db import Sessions
from tests import browsers, databases
from tests.databases import PostgresqlServer

SERVER = os.environ.get("PALIER_TESTS_POSTGRESQL")
REQUIRED = os.environ.get("PALIER_TESTS_REQUIRE", "").split(",")

# A slow machine is no mistake of the code.
hypothesis.settings.register_profile("palier", deadline=None)
hypothesis.settings.load_profile("palier")

# A setting of the person who runs the tests is no setting of a test.
for _name in [name for name in os.environ if name.startswith("PALIER_")]:
    if not _name.startswith("PALIER_TESTS_"):
        del os.environ[_name]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let fault tests have a long form, and the security requirements a table."""
    parser.addoption("--long", action="store_true", help="fault tests in full length")
    parser.addoption(
        "--asvs", action="store_true", help="which test shows what of ASVS"
    )


def pytest_report_collectionfinish(
    config: pytest.Config, items: list[pytest.Item]
) -> list[str]:
    """List each requirement of ASVS with the tests that show it, when asked to."""
    if not config.getoption("--asvs"):
        return []
    shown = {
        (str(requirement), item.nodeid.partition("[")[0])
        for item in items
        for marker in item.iter_markers("asvs")
        for requirement in marker.args
    }
    return [f"{requirement}  {test}" for requirement, test in sorted(shown)]


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, object, object]:
    """Let a report with half a character in it reach the process that prints it."""
    return _writable((yield))


def _writable(part: object) -> object:
    if isinstance(part, str):
        return part.encode("utf-8", "backslashreplace").decode()
    if isinstance(part, dict):
        return {_writable(name): _writable(value) for name, value in part.items()}
    if isinstance(part, list | tuple):
        return type(part)(map(_writable, part))
    return part


def lacking(what: str, reason: str) -> NoReturn:
    """Skip the test for lack of *what*, or fail it where that must be there."""
    if what in REQUIRED:
        pytest.fail(f"{what} is required here: {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the schema, to be copied."""
    return databases.migrated_sqlite(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    """A PostgreSQL server."""
    server = databases.find_server(SERVER)
    if isinstance(server, str):
        lacking("postgresql", f"no PostgreSQL server answers ({server})")
    yield server
    server.close()


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    """The address of a migrated SQLite database without rows."""
    return databases.copied_sqlite(migrated_sqlite, tmp_path)


@pytest.fixture
def postgresql_url(postgresql: PostgresqlServer) -> str:
    """The address of a migrated PostgreSQL database without rows."""
    return postgresql.fresh()


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
)
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a migrated database without rows, of either engine in turn."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
)
def blank_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database with nothing in it, of either engine in turn."""
    if request.param == "sqlite":
        yield databases.sqlite_url(tmp_path / "blank.db")
        return
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    with server.blank() as url:
        yield url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a migrated database without rows."""
    opened = db.open_engine(database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def sessions(engine: Engine) -> Sessions:
    """What opens sessions on that database."""
    return Sessions(engine)


@pytest.fixture
def session(sessions: Sessions) -> Iterator[Session]:
    """A session in one write transaction, committed when the test ends."""
    with db.write(sessions) as opened:
        yield opened


@pytest.fixture(scope="session")
def long_form(request: pytest.FixtureRequest) -> bool:
    """Whether a fault test should take its time, as `dev.py bench --faults` asks."""
    return bool(request.config.getoption("--long"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A Chromium without a window."""
    path = browsers.find()
    if path is None:
        lacking("browser", f"no Chromium found ({', '.join(browsers.NAMES)})")
    with sync_playwright() as playwright:
        started = browsers.launch(playwright.chromium, path)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page on a French phone; an uncaught error or a refused script fails."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844},
        device_scale_factor=2,
        has_touch=True,
        is_mobile=True,
        locale="fr-FR",
    )
    troubles: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            troubles.append(message.text)

    opened = context.new_page()
    opened.set_default_timeout(10_000)
    opened.on("console", hear)
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    yield opened
    context.close()
    assert troubles == []
