"""What every surface needs, put together once and handed to the apps."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TypeVar, cast

from flask import current_app
from sqlalchemy.orm import Session

from passes import clock as clocks
from passes import db
from passes.clock import Clock
from passes.db import Sessions
from passes.delivery import changes
from passes.delivery.wallet import Wallet
from passes.programmes.media import MediaFiles
from wallet_apple import certificates
from wallet_apple.connections import Connections
from wallet_apple.identity import Files, Identity
from wallet_apple.wallet import AppleWallet
from wallet_google.wallet import GoogleWallet
from web import google, limits
from web.config import Settings
from web.limits import Limits

T = TypeVar("T")

EXTENSION = "palier"
"""Where an app keeps its services, among its extensions."""


@dataclass(frozen=True)
class Services:
    """The database, the wallets, the pictures, the time; made once per process.

    *google* is None where Google Wallet is not set up.
    """

    settings: Settings
    sessions: Sessions
    apple: AppleWallet
    media: MediaFiles
    limits: Limits
    clock: Clock
    wake: Callable[[], None]
    google: GoogleWallet | None = None

    @property
    def wallets(self) -> tuple[Wallet, ...]:
        """Every wallet that a changed card may owe something to."""
        return (self.apple,) if self.google is None else (self.apple, self.google)

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

    def transact(self, work: Callable[[Session], T]) -> T:
        """Return what *work* gives, committed, wallets told; again when another won.

        Raises:
            BusyError: it lost every time; nothing was changed.
        """
        return changes.transact(
            self.sessions, self.wallets, self.clock(), self.wake, work
        )


def build(
    settings: Settings,
    *,
    wake: Callable[[], None] = lambda: None,
    clock: Clock = clocks.now,
) -> Services:
    """Put the services together; nothing is connected or read yet.

    *wake* is the hint, after a commit, that a wallet is owed something.
    """
    sessions = Sessions(db.open_engine(settings.database))
    media = MediaFiles(settings.media_dir)
    return Services(
        settings=settings,
        sessions=sessions,
        apple=_apple(settings, sessions, media, clock),
        media=media,
        limits=_limits(settings, sessions, clock),
        clock=clock,
        wake=wake,
        google=google.wallet(settings, sessions, media, clock),
    )


def services() -> Services:
    """Return the services of the app that answers the present request."""
    return cast("Services", current_app.extensions[EXTENSION])


def _apple(
    settings: Settings, sessions: Sessions, media: MediaFiles, clock: Clock
) -> AppleWallet:
    return AppleWallet(
        sessions,
        Identity(apple_files(settings), media.load),
        Connections(url=settings.apns_url, ca_file=settings.apns_ca_file),
        base_url=settings.base_url,
        clock=clock,
    )


def apple_files(settings: Settings) -> Files:
    """Return where certificate, key and intermediate are looked for.

    What is not set lies in the data directory; only there, and only while the base
    URL is this machine's own, a development root is believed.
    """
    folder = settings.certs_dir
    certificate = settings.apple_certificate
    password = settings.apple_private_key_password
    return Files(
        certificate=certificate or folder / certificates.CERTIFICATE_FILE,
        key=settings.apple_private_key or folder / certificates.KEY_FILE,
        intermediate=settings.apple_wwdr or folder / certificates.INTERMEDIATE_FILE,
        root=folder / certificates.ROOT_FILE if settings.local else None,
        passphrase=password.get_secret_value() if password else None,
    )


def _limits(settings: Settings, sessions: Sessions, clock: Clock) -> Limits:
    key = settings.key("limits")
    if settings.limits_url is not None:
        return limits.at(settings.limits_url.get_secret_value(), clock, key)
    return limits.in_database(sessions, clock, key)
