"""The services of the whole house, for commands that need more than the database."""

from collections.abc import Iterator
from contextlib import contextmanager

from web import services
from web.commands import running
from web.config import Settings
from web.services import Services


@contextmanager
def opened(settings: Settings) -> Iterator[Services]:
    """Put the services together on a database that is at this version.

    Raises:
        ConfigurationError: it is older or newer.
    """
    made = services.build(settings)
    try:
        running.require_schema(made.sessions)
        yield made
        for wallet in made.wallets:
            wallet.close()
    finally:
        made.sessions.engine.dispose()
