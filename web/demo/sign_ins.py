"""The demo's accounts and its API key: drawn at first, kept to be printed again."""

import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from passes import names
from passes.people import team
from passes.people.actor import SYSTEM, Role
from passes.programmes import programme as programmes
from passes.programmes.programme import Programme
from web.accounts import store
from web.api import keys
from web.demo.shop import SLUG
from web.services import Services

FILE = "demo.json"
"""Where they are kept in the data directory, for its owner alone."""

_KEY = "demo till"


@dataclass(frozen=True, slots=True)
class _Person:
    email: str
    name: str
    role: Role


_PEOPLE = (
    _Person("owner@mirabelle.example", "Hélène Armand", Role.OWNER),
    _Person("manager@mirabelle.example", "Paul Nemeth", Role.MANAGER),
    _Person("staff@mirabelle.example", "Lou Ferrand", Role.STAFF),
)


@dataclass(frozen=True, slots=True)
class SignIns:
    """Passwords by e-mail address, and a key that may do everything at the till."""

    passwords: dict[str, str]
    api_key: str


def given(services: Services) -> SignIns:
    """Return the demo's sign-ins; make them when they are not there."""
    path = services.settings.data_dir / FILE
    try:
        return SignIns(**json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        made = _make(services)
    _keep(path, made)
    return made


def _make(services: Services) -> SignIns:
    at = services.clock()
    with services.write() as session:
        programme = programmes.by_slug(session, SLUG)
        passwords = {
            person.email: _admit(session, programme, person, at) for person in _PEOPLE
        }
        known = [key.name for key in keys.every(session, programme.id)]
        name = _KEY if _KEY not in known else f"{_KEY} {len(known) + 1}"
        scopes = ("read", "earn", "members")
        key = keys.create(session, programme, name, scopes, by=SYSTEM, at=at)
    return SignIns(passwords, key)


def _admit(
    session: Session, programme: Programme, person: _Person, at: datetime
) -> str:
    password = "-".join(names.draw(4).lower() for _ in range(4))
    account = store.by_email(session, person.email)
    if account is None:
        account = store.create(session, email=person.email, at=at, name=person.name)
    store.set_password(session, account, password)
    team.join(session, account.id, programme.id, person.role, at)
    return password


def _keep(path: Path, made: SignIns) -> None:
    path.unlink(missing_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "w") as written:
        json.dump(asdict(made), written)
