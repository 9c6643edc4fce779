"""Who may ask for what: one table, which is also the documentation and the test.

Every endpoint of the site stands in `PERMISSIONS`; the app does not start with one
that does not. Roles belong to a programme: what a role allows, it allows in the
programme that the person works in now.
"""

from collections.abc import Mapping
from enum import Enum
from http import HTTPStatus
from typing import cast

from flask import Flask, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy.orm import Session
from werkzeug.exceptions import Forbidden

from passes.people import audit, team
from passes.people.actor import Actor, Role
from passes.programmes import programme as programmes
from passes.programmes.programme import Programme
from web import languages, limits, requests
from web.accounts.account import Account
from web.limits import TooOftenError
from web.services import services


class Audience(Enum):
    """Those who need no role."""

    ANYONE = "anyone"
    SIGNED_IN = "anyone with an account"


ANYONE = Audience.ANYONE
SIGNED_IN = Audience.SIGNED_IN
OWNERS = frozenset({Role.OWNER})
MANAGERS = OWNERS | {Role.MANAGER}
TEAM = MANAGERS | {Role.STAFF}
READERS = MANAGERS | {Role.AUDITOR}

Permission = Audience | frozenset[Role]

PERMISSIONS: Mapping[str, Permission] = {
    "static": ANYONE,
    # login
    "login.sign_in": ANYONE,
    "login.sign_out": ANYONE,
    "login.welcome": ANYONE,
    "login.accept": ANYONE,
    "login.home": SIGNED_IN,
    "login.programmes": SIGNED_IN,
    "login.choose_programme": SIGNED_IN,
    "login.browsers": SIGNED_IN,
    "login.end_browser": SIGNED_IN,
    # join and card: the customers' pages
    "join.form": ANYONE,
    "join.join": ANYONE,
    "member.card": ANYONE,
    "member.apple_pass": ANYONE,
    "member.google": ANYONE,
    # the till
    "staff.home": TEAM,
    "staff.find": TEAM,
    "staff.card": TEAM,
    "staff.quote": TEAM,
    "staff.earn": TEAM,
    "staff.done": TEAM,
    "staff.take_back": TEAM,
    "staff.adjust": MANAGERS,
    "staff.void": MANAGERS,
    # the studio
    "studio.home": READERS,
    "studio.card": READERS,
    "studio.preview": READERS,
    "studio.save": OWNERS,
    "studio.upload": OWNERS,
    "studio.review": OWNERS,
    "studio.publish": OWNERS,
    "studio.discard": OWNERS,
    "studio.rollout": READERS,
    "studio.progress": READERS,
    "studio.pause": OWNERS,
    "studio.again": OWNERS,
    # ops
    "ops.landing": ANYONE,
    "ops.alive": ANYONE,
    "ops.ready": ANYONE,
    "ops.metrics": ANYONE,
    "ops.picture": ANYONE,
    "ops.brand": ANYONE,
    "ops.security": ANYONE,
    "ops.robots": ANYONE,
}
"""Who may ask for each endpoint. Order of power: owner, manager, staff; an auditor
reads what managers read and changes nothing."""

_TABLE = "palier.access"

PROGRAMME = "programme_id"
"""Where a session keeps the programme that the person works in now."""


class UndeclaredError(RuntimeError):
    """Endpoints that `PERMISSIONS` does not name."""

    def __init__(self, endpoints: list[str]) -> None:
        super().__init__(f"web/access.py does not say who may: {', '.join(endpoints)}")


class DeniedError(Forbidden):
    """The person's role in the programme does not allow it."""

    palier_code = "denied"


def register(app: Flask, more: Mapping[str, Permission] | None = None) -> None:
    """Ask the table before every view; *more* is what the demo adds to it."""
    app.extensions[_TABLE] = {**PERMISSIONS, **(more or {})}
    app.before_request(enforce)


def check(app: Flask) -> None:
    """Refuse an app that has an endpoint nobody has thought about.

    Raises:
        UndeclaredError: it names them.
    """
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    if missing := sorted(endpoints - set(app.extensions[_TABLE])):
        raise UndeclaredError(missing)


def enforce() -> ResponseReturnValue | None:
    """Let the request through, or answer it."""
    if request.endpoint is None:
        return None
    permission = current_app.extensions[_TABLE][request.endpoint]
    if permission is ANYONE:
        return None
    if not current_user.is_authenticated:
        return _ask_to_sign_in()
    languages.choose(account().language)
    if permission is SIGNED_IN:
        return None
    held = roles()
    chosen = session.get(PROGRAMME)
    if chosen not in held:
        if len(held) != 1:
            return _ask_for_programme(held)
        (chosen,) = held
    g.programme_id = chosen
    if held[chosen] not in cast("frozenset[Role]", permission):
        _note_denial()
        raise DeniedError
    return None


def account() -> Account:
    """Return the account of the person who is signed in."""
    return cast("Account", current_user._get_current_object())  # noqa: SLF001


def roles() -> dict[int, Role]:
    """Return the person's role in each of their programmes, as it is now."""
    if "roles" not in g:
        with services().read() as reading:
            g.roles = team.roles(reading, account().id)
    return cast("dict[int, Role]", g.roles)


def current_role() -> Role:
    """Return the person's role in the present programme."""
    return roles()[g.programme_id]


def current_programme(reading: Session) -> Programme:
    """Return the programme that the person works in, and show times by its clocks.

    `enforce` has checked that it is theirs.
    """
    found = programmes.by_id(reading, g.programme_id)
    languages.choose_zone(found.timezone)
    return found


def current_actor() -> Actor:
    """Return who does this, for the ledger and the audit log."""
    return Actor(
        kind="account",
        id=str(account().id),
        role=roles().get(g.get("programme_id", 0)),
        ip=requests.address(),
        request_id=requests.request_id(),
    )


def _ask_to_sign_in() -> ResponseReturnValue:
    here = request.full_path.rstrip("?") if request.method == "GET" else None
    address = url_for("login.sign_in", next=here)
    if "HX-Request" in request.headers:
        return "", HTTPStatus.UNAUTHORIZED, {"HX-Redirect": url_for("login.sign_in")}
    if request.accept_mimetypes.best == "application/json":
        return {"code": "sign_in", "url": address}, HTTPStatus.UNAUTHORIZED
    return redirect(address, HTTPStatus.SEE_OTHER)


def _ask_for_programme(held: dict[int, Role]) -> ResponseReturnValue:
    if not held:
        _note_denial()
        raise DeniedError
    return redirect(url_for("login.programmes"), HTTPStatus.SEE_OTHER)


def _note_denial() -> None:
    actor = current_actor()
    try:
        services().limits.take(limits.DENIED, actor.name)
    except TooOftenError:
        return
    with services().write() as writing:
        audit.record(
            writing,
            actor,
            "access.denied",
            str(request.endpoint),
            programme_id=g.get("programme_id"),
            at=services().clock(),
        )
