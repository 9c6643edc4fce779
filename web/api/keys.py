"""API keys: shown once, kept as a digest, each for one programme and few scopes."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import cast

from sqlalchemy import Table, bindparam, or_, select, update
from sqlalchemy.orm import Session

from passes import db, names
from passes.errors import InvalidError, NotFoundError
from passes.people import audit
from passes.people.actor import Actor, Role
from passes.prepared import Prepared
from passes.programmes.programme import Programme
from web.tables import ApiKey

_MARK = "palier"
_PREFIX = 8
_MAX_NAME = 64
_LONGEST = 200
# A key in use is noted this often: noting each use would cost a write each.
_NOTED_EVERY = timedelta(minutes=10)


_KEYS = cast("Table", ApiKey.__table__)
_FIND = Prepared(
    select(
        _KEYS.c.id,
        _KEYS.c.programme_id,
        _KEYS.c.digest,
        _KEYS.c.scopes,
        _KEYS.c.used_at,
    ).where(_KEYS.c.digest == bindparam("hashed"), _KEYS.c.revoked_at.is_(None))
)


class Scope(StrEnum):
    """What a key may do; README says which call needs which."""

    READ = "read"
    EARN = "earn"
    REDEEM = "redeem"
    MEMBERS = "members"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose request this is: a key of one programme, with its *scopes*."""

    key_id: int
    programme_id: int
    scopes: frozenset[Scope]
    noted_at: datetime | None

    def actor(self, ip: str | None = None, request_id: str | None = None) -> Actor:
        """Return who the ledger and the audit log name.

        Without the scope ``admin`` a key undoes as staff do: its own, for a while.
        """
        role = Role.MANAGER if Scope.ADMIN in self.scopes else Role.STAFF
        return Actor("key", str(self.key_id), role, ip, request_id)


def create(
    session: Session,
    programme: Programme,
    name: str,
    scopes: Iterable[str],
    *,
    by: Actor,
    at: datetime,
) -> str:
    """Add a key and return it; nobody can see it again.

    Raises:
        InvalidError: the name is taken or not acceptable, or a scope is unknown.
    """
    _check_name(session, programme, name)
    granted = _scopes(scopes)
    prefix = names.draw(_PREFIX).lower()
    token = f"{_MARK}_{prefix}_{secrets.token_urlsafe(32)}"
    session.add(
        ApiKey(
            programme_id=programme.id,
            name=name,
            prefix=f"{_MARK}_{prefix}",
            digest=_digest(token),
            scopes=granted,
            created_at=at,
        )
    )
    _audit(session, programme, "key.create", name, by=by, at=at)
    return token


def every(session: Session, programme_id: int) -> list[ApiKey]:
    """Return the programme's keys, oldest first, revoked ones too."""
    query = select(ApiKey).where(ApiKey.programme_id == programme_id)
    return list(session.scalars(query.order_by(ApiKey.id)))


def revoke(
    session: Session, programme: Programme, name: str, *, by: Actor, at: datetime
) -> None:
    """End the key of that name, from the next request on.

    Raises:
        NotFoundError: the programme has no such key in force.
    """
    found = session.scalar(
        select(ApiKey).where(
            ApiKey.programme_id == programme.id,
            ApiKey.name == name,
            ApiKey.revoked_at.is_(None),
        )
    )
    if found is None:
        raise NotFoundError("key")
    found.revoked_at = at
    _audit(session, programme, "key.revoke", name, by=by, at=at)


def find(session: Session, token: str) -> Caller | None:
    """Return whose *token* it is, or None when it opens nothing."""
    if len(token) > _LONGEST or not token.isascii():
        return None
    digest = _digest(token)
    found = _FIND.first(db.connection(session), hashed=digest)
    # The index found it by the digest already: this keeps the timing ours.
    if found is None or not hmac.compare_digest(found.digest, digest):
        return None
    return Caller(
        key_id=found.id,
        programme_id=found.programme_id,
        scopes=frozenset(map(Scope, cast("list[str]", found.scopes))),
        noted_at=found.used_at,
    )


def stale(caller: Caller, at: datetime) -> bool:
    """Tell whether the key's last use was noted long enough ago."""
    return caller.noted_at is None or at - caller.noted_at >= _NOTED_EVERY


def note_use(session: Session, caller: Caller, at: datetime) -> None:
    """Write down that the key was used, unless somebody just has."""
    session.execute(
        update(ApiKey)
        .where(
            ApiKey.id == caller.key_id,
            or_(ApiKey.used_at.is_(None), ApiKey.used_at <= at - _NOTED_EVERY),
        )
        .values(used_at=at)
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _scopes(asked: Iterable[str]) -> list[str]:
    wanted = set(asked)
    if not wanted or not wanted <= set(Scope):
        raise InvalidError("scope", f"Use some of {', '.join(Scope)}.")
    return [scope.value for scope in Scope if scope in wanted]


def _check_name(session: Session, programme: Programme, name: str) -> None:
    if not 0 < len(name) <= _MAX_NAME or not name.isprintable():
        raise InvalidError("name", f"Use 1 to {_MAX_NAME} printable characters.")
    taken = select(ApiKey.id).where(
        ApiKey.programme_id == programme.id, ApiKey.name == name
    )
    if session.scalar(taken) is not None:
        raise InvalidError("name", "Another key has this name.")


def _audit(
    session: Session,
    programme: Programme,
    action: str,
    name: str,
    *,
    by: Actor,
    at: datetime,
) -> None:
    session.flush()
    audit.record(session, by, action, f"key:{name}", programme_id=programme.id, at=at)
