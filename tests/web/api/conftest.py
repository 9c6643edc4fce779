"""An API on a real database, and callers whose keys have every scope or few."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.makers import make_shop
from tests.web.api.callers import Caller, HeldClock, Till, make_key, opened, served
from web.api.keys import Scope
from web.services import Services


@pytest.fixture
def clock() -> HeldClock:
    """The time that the API believes in."""
    return HeldClock()


@pytest.fixture
def services(database_url: str, clock: HeldClock, tmp_path: Path) -> Iterator[Services]:
    """Services on the test's database, of either engine in turn."""
    with served(database_url, clock, tmp_path) as made:
        yield made


@pytest.fixture
def sqlite_till(sqlite_url: str, clock: HeldClock, tmp_path: Path) -> Iterator[Till]:
    """A till on SQLite, for what the engine makes no difference to."""
    with served(sqlite_url, clock, tmp_path) as made:
        yield opened(made)


@pytest.fixture
def till(services: Services) -> Till:
    """A shop with one card, and a caller who may do everything there."""
    return opened(services)


@pytest.fixture
def caller_with(services: Services, till: Till) -> Callable[..., Caller]:
    """Return a maker of callers in the shop, with only the scopes named."""

    def make(*scopes: Scope) -> Caller:
        with services.write() as session:
            token = make_key(session, till.shop.programme, *scopes)
        return Caller(till.caller.api, token)

    return make


@pytest.fixture
def caller_with_all(caller_with: Callable[..., Caller]) -> Caller:
    """Another key of the same shop."""
    return caller_with(*Scope)


@pytest.fixture
def other_till(services: Services, till: Till) -> Till:
    """A shop of somebody else, on the same server."""
    with services.write() as session:
        shop = make_shop(session, "bakery")
        token = make_key(session, shop.programme, *Scope)
    return Till(Caller(till.caller.api, token), shop)
