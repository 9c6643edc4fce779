"""The examination behind ``palier doctor``: what is well, and what needs a hand."""

import shutil
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from passes import db, migrations
from passes.db import Sessions
from passes.delivery import debts, lanes, schedule
from passes.delivery.debts import Debt
from passes.delivery.lanes import Lane
from passes.loyalty import proofs
from passes.people.audit import AuditRecord
from wallet_apple import certificates, chains
from wallet_apple.certificates import Credentials
from wallet_apple.errors import CertificateError
from wallet_apple.tables import Registration
from wallet_google.errors import CredentialsError
from wallet_google.tables import GoogleClass, GoogleObject
from web import google, queues, services, upkeep
from web.config import ConfigurationError, Settings

RENEW_DAYS = 30
"""From here on a certificate is to be renewed."""

_LATE = timedelta(minutes=5)
_SILENT = timedelta(minutes=10)
_UNPROVED = timedelta(days=2)
_FAST = timedelta(minutes=2)
_ROOM = 512 * 1024 * 1024
_OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence *about* a part; *well* is false when somebody is needed."""

    about: str
    well: bool
    sentence: str


def examine(settings: Settings, at: datetime) -> Iterator[Finding]:
    """Yield what was found, part by part; nothing is changed."""
    yield _address(settings)
    yield from _modes(settings.data_dir)
    yield _certificates(settings, at)
    yield _google(settings)
    yield _disk(settings.data_dir)
    yield _queue(settings)
    engine = db.open_engine(settings.database)
    try:
        yield from _database(engine, at)
    finally:
        engine.dispose()


def credentials(settings: Settings, at: datetime) -> Credentials:
    """Return the pass type certificate that the settings name, all checked.

    Raises:
        CertificateError: one of its kinds, with the remedy.
    """
    files = services.apple_files(settings)
    return certificates.load(
        files.certificate,
        files.key,
        files.intermediate,
        passphrase=files.passphrase,
        trust=trust(settings),
        at=at,
    )


def trust(settings: Settings) -> chains.Trust:
    """Return whom to trust: Apple, and in development its stand-in too."""
    root = services.apple_files(settings).root
    return certificates.trust_of(root) if root else chains.APPLE


def _address(settings: Settings) -> Finding:
    if settings.local:
        told = f"The base URL is {settings.base_url}: development, no phone reaches it."
        return Finding("settings", True, told)
    return Finding("settings", True, f"Phones and people come to {settings.base_url}.")


def _modes(folder: Path) -> Iterator[Finding]:
    wide = [path for path in _secret_files(folder) if path.stat().st_mode & _OTHERS]
    for path in wide:
        mode = stat.S_IMODE(path.stat().st_mode)
        told = f"Others can reach {path} (mode {mode:04o}); run `chmod 600 {path}`."
        yield Finding("keys", False, told)
    if not wide:
        yield Finding(
            "keys", True, "Keys and database are readable by their owner alone."
        )


def _secret_files(folder: Path) -> Iterator[Path]:
    yield from folder.glob("*.db*")
    yield from folder.glob("SECRET_KEY")
    yield from (folder / "certs").glob("*.key")


def _certificates(settings: Settings, at: datetime) -> Finding:
    try:
        facts = credentials(settings, at).facts
    except CertificateError as error:
        return Finding("certificates", False, str(error))
    days = facts.days_left(at)
    told = f"{facts.pass_type_identifier} is valid for {days} more days."
    if days < RENEW_DAYS:
        return Finding("certificates", False, f"{told} Renew it: `palier certs csr`.")
    return Finding("certificates", True, told)


def _google(settings: Settings) -> Finding:
    """Look at what is here; `palier google check` asks Google."""
    identity = google.identity(settings)
    if identity is None:
        told = "Google Wallet is not set up; cards go to Apple Wallet alone."
        return Finding("google", True, told)
    try:
        email = identity.loaded().email
    except CredentialsError as error:
        return Finding("google", False, str(error))
    if problem := google.address_problem(settings):
        return Finding("google", False, problem)
    told = f"{email} writes cards for the issuer {identity.issuer_id}."
    return Finding("google", True, f"{told} `palier google check` asks Google.")


def _disk(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    told = f"{free // 2**20} MB are free in {folder}."
    if free < _ROOM:
        told += " Make room: a full disk takes no points."
    return Finding("disk", free >= _ROOM, told)


def _queue(settings: Settings) -> Finding:
    try:
        with closing(queues.open_queue(settings).storage) as storage:
            waiting = storage.queue_size()
    except ConfigurationError as error:
        return Finding("queue", False, str(error))
    return Finding("queue", True, f"The queue answers; {waiting} hints wait.")


def _database(engine: Engine, at: datetime) -> Iterator[Finding]:
    try:
        if problem := migrations.problem(engine):
            yield Finding("database", False, problem)
            return
        told = f"{engine.dialect.name} answers, at {migrations.newest()}."
        yield Finding("database", True, told)
        with db.read(Sessions(engine)) as session:
            yield from _owed(session, at)
            yield _worker(session, at)
            yield _ledger(session, at)
            yield _clock(session, at)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).splitlines()[0]
        yield Finding("database", False, f"The database cannot be used: {reason}.")


def _owed(session: Session, at: datetime) -> Iterator[Finding]:
    for wallet, about, rows, whom in (
        ("apple", "phones", Registration, "phones"),
        ("google", "google", GoogleObject, "Google Wallet"),
    ):
        mine = Lane.name.startswith(f"{wallet}:")
        for lane in session.scalars(select(Lane).where(lanes.paused(at), mine)):
            until = f"{lane.paused_until:%H:%M} UTC"
            told = f"{lane.name} pauses until {until}: {lane.reason}."
            yield Finding(about, False, told)
        yield from _debt(about, debts.of_wallet(session, rows), whom, at)
    refused = select(GoogleClass).where(GoogleClass.last_error.is_not(None))
    for shared in session.scalars(refused):
        told = f"Google does not take {shared.class_id}: {shared.last_error}"
        yield Finding("google", False, told)


def _debt(about: str, debt: Debt, whom: str, at: datetime) -> Iterator[Finding]:
    if debt.dead:
        yield Finding(about, False, f"{debt.dead} updates were given up.")
    waited = at - debt.since if debt.since else timedelta()
    told = f"{debt.waiting} updates are owed to {whom}"
    if waited > _LATE:
        minutes = waited // timedelta(minutes=1)
        yield Finding(about, False, f"{told}, the oldest for {minutes} minutes.")
    else:
        yield Finding(about, True, f"{told}, none for long.")


def _worker(session: Session, at: datetime) -> Finding:
    due = schedule.upcoming(session).get(upkeep.PULSE.name)
    if due is None:
        told = "No background worker has run yet; `palier serve` brings one."
        return Finding("worker", True, told)
    if at - due > _SILENT:
        told = "No background worker runs; start `palier serve` or `palier worker`."
        return Finding("worker", False, told)
    return Finding("worker", True, "A background worker runs.")


def _ledger(session: Session, at: datetime) -> Finding:
    proof = proofs.latest(session)
    if proof is None:
        told = "The ledger has not been proved yet; a worker does it each night."
        return Finding("ledger", True, told)
    told = f"The ledger was proved on {proof.at:%Y-%m-%d %H:%M} UTC"
    if proof.differences:
        told += f", and differs: {proof.example}. Run `palier verify-ledger`."
        return Finding("ledger", False, told)
    if at - proof.at > _UNPROVED:
        return Finding("ledger", False, f"{told}, and not since; look at the log.")
    return Finding("ledger", True, f"{told}, and is as its entries say.")


def _clock(session: Session, at: datetime) -> Finding:
    latest = session.scalar(select(func.max(AuditRecord.at)))
    if session.get_bind().dialect.name == "postgresql":
        there: datetime = session.scalar(text("SELECT clock_timestamp()")) or at
        if abs(there - at) > _FAST:
            told = (
                f"This machine's clock and the database's differ by {abs(there - at)}."
            )
            return Finding("clock", False, told)
    if latest and latest > at + _FAST:
        told = (
            f"The clock says {at:%Y-%m-%d %H:%M} UTC, before what is recorded already."
        )
        return Finding("clock", False, told)
    return Finding("clock", True, f"It is {at:%Y-%m-%d %H:%M} UTC.")
