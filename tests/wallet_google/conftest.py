"""Google's stand-in, started for a test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wallet_google import accounts
from wallet_google.client import Client
from wallet_google.identity import Identity
from wallet_google.standin.accounts import ISSUER_ID
from wallet_google.standin.server import GoogleStandin


@pytest.fixture
def google(tmp_path: Path) -> Iterator[GoogleStandin]:
    made = GoogleStandin(tmp_path / "google", key=accounts.key("usual"))
    with made as started:
        yield started


@pytest.fixture
def identity(google: GoogleStandin) -> Identity:
    return Identity(google.account_file, ISSUER_ID, local=True, look_again=0)


@pytest.fixture
def client(google: GoogleStandin, identity: Identity) -> Iterator[Client]:
    made = Client(identity, google.url)
    yield made
    made.close()
