"""What every surface needs, put together once and handed to the apps."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol, cast

from flask import current_app
from sqlalchemy.orm import Session

from passes import db
from passes.clock import Clock
from passes.db import Sessions
from passes.delivery import changes
from passes.delivery.wallet import Wallet
from passes.programmes.media import MediaFiles
from web.config import Settings
from web.limits import Limits

EXTENSION = "palier"
"""Where an app keeps its services, among its extensions."""


class ApplePasses(Wallet, Protocol):
    """What the pages ask of Apple's wallet beside delivery."""

    def pass_file(self, session: Session, card_id: int) -> bytes:
        """Return the card's signed .pkpass, as it is now."""

    def installed(self, session: Session, card_id: int) -> int:
        """Return how many devices hold the card's pass."""


@dataclass(frozen=True)
class Services:
    """The database, the wallets, the pictures, the time; made once per process."""

    settings: Settings
    sessions: Sessions
    apple: ApplePasses
    media: MediaFiles
    limits: Limits
    clock: Clock
    wake: Callable[[], None]

    @property
    def wallets(self) -> tuple[Wallet, ...]:
        """Every wallet that a changed card may owe something to."""
        return (self.apple,)

    def read(self) -> AbstractContextManager[Session]:
        """Give a session on one snapshot of the database."""
        return db.read(self.sessions)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Give a session whose work is committed at the end, wallets told.

        Raises:
            BusyError: the database could not be had; nothing was changed.
        """
        with changes.write(
            self.sessions, self.wallets, self.clock(), self.wake
        ) as session:
            yield session


def services() -> Services:
    """Return the services of the app that answers the present request."""
    return cast("Services", current_app.extensions[EXTENSION])
