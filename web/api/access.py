"""Who may call what: one table of scopes, and nothing without an entry in it."""

from http import HTTPStatus

import structlog
from flask import Flask, Response, g, request
from sqlalchemy.exc import SQLAlchemyError

from passes import db
from passes.errors import BusyError
from passes.people.actor import Actor
from web import requests
from web.api import keys
from web.api.keys import Caller, Scope
from web.api.problems import RefusedError
from web.services import services

_log = structlog.get_logger()

SCOPES: dict[str, frozenset[Scope]] = {
    "members.add": frozenset({Scope.MEMBERS}),
    "members.search": frozenset({Scope.MEMBERS}),
    "members.show": frozenset({Scope.MEMBERS}),
    "members.change": frozenset({Scope.MEMBERS}),
    "members.erase": frozenset({Scope.MEMBERS}),
    "cards.lookup": frozenset({Scope.READ, Scope.EARN, Scope.REDEEM}),
    "cards.show": frozenset({Scope.READ, Scope.EARN, Scope.REDEEM}),
    "cards.quote": frozenset({Scope.READ, Scope.EARN}),
    "cards.earn": frozenset({Scope.EARN}),
    "cards.adjust": frozenset({Scope.ADMIN}),
    "cards.ledger": frozenset({Scope.READ}),
    "cards.replace_code": frozenset({Scope.MEMBERS, Scope.ADMIN}),
    "entries.undo": frozenset({Scope.EARN, Scope.ADMIN}),
    "programme.show": frozenset(Scope),
    "programme.tiers": frozenset(Scope),
}
"""The scopes of each call; a key needs one of them."""

PUBLIC = frozenset({"docs.page", "docs.specification", "docs.static", "docs.swagger"})
"""What needs no key: the documentation."""


def register(app: Flask) -> None:
    """Ask every request for its key, before anything of it is read."""
    app.before_request(_admit)
    app.after_request(_note_use)


def check(app: Flask) -> None:
    """Refuse to start with a route that nobody has given scopes."""
    known = SCOPES.keys() | PUBLIC
    missing = {rule.endpoint for rule in app.url_map.iter_rules()} - known
    if missing:
        raise RuntimeError(f"no scope is declared for {', '.join(sorted(missing))}")


def caller() -> Caller:
    """Return the key that the present request came with."""
    found: Caller = g.caller
    return found


def actor() -> Actor:
    """Return the key as the author of a change."""
    return caller().actor(requests.address(), requests.request_id())


def _admit() -> None:
    endpoint = request.endpoint
    if endpoint in PUBLIC:
        return
    with services().read() as session:
        found = keys.find(session, _token())
    if found is None:
        raise RefusedError("unauthorized")
    g.caller = found
    if endpoint is None:
        # Routing has a 404 or a 405 for it.
        return
    if not SCOPES[endpoint] & found.scopes:
        needed = " or ".join(sorted(SCOPES[endpoint]))
        raise RefusedError("forbidden", f"The key needs the scope {needed}.")


def _token() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _note_use(response: Response) -> Response:
    found: Caller | None = g.get("caller")
    now = services().clock()
    # A server in trouble is not asked for a write more.
    trouble = response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR
    if found is None or trouble or not keys.stale(found, now):
        return response
    try:
        with db.write(services().sessions) as session:
            keys.note_use(session, found, now)
    except (BusyError, SQLAlchemyError):
        # The answer stands; a full disk or a busy moment only delays the note.
        _log.warning("key_use_not_noted", key_id=found.key_id)
    return response
