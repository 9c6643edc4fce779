"""The site: every page that people see, as one Flask app."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, Flask
from flask_security import Security
from werkzeug.routing import IntegerConverter

from web import access, bodies, csrf, errors, folders, headers, languages, qr
from web.access import Permission
from web.accounts import sessions
from web.accounts.sessions import ServerSessions
from web.accounts.store import AccountStore
from web.assets import Assets
from web.join.views import bp as join
from web.login.views import bp as login
from web.member.views import bp as member
from web.ops.views import bp as ops
from web.services import EXTENSION, Services
from web.staff.views import bp as staff
from web.studio.views import bp as studio

_SURFACES = (join, login, member, ops, staff, studio)
_YEAR = timedelta(days=365)


class _Whole(IntegerConverter):
    """A number in an address: ASCII digits, and no more than a column holds."""

    regex = "[0-9]{1,18}"


@dataclass(frozen=True, slots=True)
class Surface:
    """Pages that only some servers show, with who may ask for each."""

    bp: Blueprint
    permissions: Mapping[str, Permission]


def create_site(services: Services, extra: Sequence[Surface] = ()) -> Flask:
    """Return the site on *services*; *extra* are the demo's own pages.

    Raises:
        UndeclaredError: an endpoint is not in the table of `web.access`.
    """
    app = Flask(
        "web",
        template_folder=str(folders.templates()),
        static_folder=str(folders.static()),
    )
    _configure(app, services)
    app.extensions[EXTENSION] = services
    app.url_map.converters["int"] = _Whole
    Assets(folders.static()).offer(app.jinja_env)
    app.jinja_env.globals["qr"] = qr.svg
    languages.register(app)
    _remember_people(app, services)
    headers.register(app, https=services.settings.https)
    app.before_request(sessions.raise_trouble)
    bodies.register(app)
    more = {name: who for one in extra for name, who in one.permissions.items()}
    access.register(app, more)
    csrf.register(app)
    errors.register(app)
    for blueprint in _SURFACES:
        app.register_blueprint(blueprint)
    for surface in extra:
        app.register_blueprint(surface.bp)
    access.check(app)
    return app


def _configure(app: Flask, services: Services) -> None:
    app.secret_key = services.settings.key("flask")
    app.config.update(
        SEND_FILE_MAX_AGE_DEFAULT=_YEAR,
        PREFERRED_URL_SCHEME="https" if services.settings.https else "http",
        # Errors have pages; a debugger is never an answer.
        PROPAGATE_EXCEPTIONS=False,
        TRAP_HTTP_EXCEPTIONS=False,
    )


def _remember_people(app: Flask, services: Services) -> None:
    settings = services.settings
    app.session_interface = ServerSessions(
        services.sessions,
        services.clock,
        key=settings.key("session"),
        https=settings.https,
    )
    app.config.update(
        # Sessions are ours: they end by time and by hand, not by a changed address.
        SESSION_PROTECTION=None,
        SECURITY_PASSWORD_SALT=settings.key("security").hex(),
        SECURITY_REMEMBER_SALT="palier-remember",
        SECURITY_POST_LOGIN_VIEW="/home",
    )
    security = Security(app, AccountStore(services.sessions), register_blueprint=False)
    app.security = security  # type: ignore[attr-defined]  # where the library looks
    # Bearer tokens belong to the API; a page takes its session and nothing else.
    app.login_manager.request_loader(lambda _: None)  # type: ignore[attr-defined]
