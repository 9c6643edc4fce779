"""The whole server on a database of the test, with the clock held at noon."""

import io
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO, cast

import pytest

from tests.web import servers
from tests.web.clocks import HeldClock
from tests.web.servers import Browser, Server, Worker
from wallet_apple import authority
from web import logs
from web.app import Palier
from web.config import Settings
from web.services import Services


class _Stderr(io.TextIOBase):
    """Whatever the standard error is at the moment: pytest changes it."""

    def write(self, text: str) -> int:
        """Write *text* there."""
        return sys.stderr.write(text)


@pytest.fixture(autouse=True)
def logged() -> None:
    """Write the log as production does, whatever the test before made of it."""
    logs.configure(pretty=False, stream=cast("TextIO", _Stderr()))


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
    return servers.settings_in(tmp_path, sqlite_url, certificates)


@pytest.fixture
def server(settings: Settings, clock: HeldClock) -> Iterator[Server]:
    """The server on an empty, migrated database."""
    with servers.serving(settings, clock) as serving:
        yield serving


@pytest.fixture
def services(server: Server) -> Services:
    """The services of that server."""
    return server.services


@pytest.fixture
def app(server: Server) -> Palier:
    """The server as a WSGI callable."""
    return server.app


@pytest.fixture
def site_client(server: Server) -> Browser:
    """A browser that nobody has signed in on."""
    return server.browser()


@pytest.fixture
def sign_in(server: Server) -> Callable[..., Worker]:
    """Signs a person in: ``sign_in(Role.STAFF, "cafe")``; makes what is missing."""
    return server.sign_in
