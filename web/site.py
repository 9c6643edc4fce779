"""The site: every page that people see, as one Flask app."""

import importlib
import importlib.util
from datetime import timedelta

from flask import Flask
from flask_security import Security

from web import access, csrf, errors, folders, headers, languages, qr
from web.accounts.sessions import ServerSessions
from web.accounts.store import AccountStore
from web.assets import Assets
from web.services import EXTENSION, Services

_FORM_BYTES = 64 * 1024
_FORM_PARTS = 200
_YEAR = timedelta(days=365)
_SURFACES = ("accounts", "ops", "join", "member", "staff", "studio")

UPLOAD_BYTES = 5 * 1024 * 1024
"""How large a request may be where a view accepts a picture."""


def create_site(services: Services) -> Flask:
    """Return the site on *services*.

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
    Assets(folders.static()).offer(app.jinja_env)
    app.jinja_env.globals["qr"] = qr.svg
    languages.register(app)
    _remember_people(app, services)
    headers.register(app, https=services.settings.https)
    csrf.register(app)
    access.register(app)
    errors.register(app)
    for surface in _SURFACES:
        if importlib.util.find_spec(f"web.{surface}") is not None:
            views = importlib.import_module(f"web.{surface}.views")
            app.register_blueprint(views.bp)
    access.check(app)
    return app


def _configure(app: Flask, services: Services) -> None:
    app.secret_key = services.settings.key("flask")
    app.config.update(
        MAX_CONTENT_LENGTH=_FORM_BYTES,
        MAX_FORM_MEMORY_SIZE=_FORM_BYTES,
        MAX_FORM_PARTS=_FORM_PARTS,
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
        SECURITY_PASSWORD_SALT=settings.key("security").hex(),
        SECURITY_REMEMBER_SALT="palier-remember",
        SECURITY_POST_LOGIN_VIEW="/home",
    )
    security = Security(app, AccountStore(services.sessions), register_blueprint=False)
    app.security = security  # type: ignore[attr-defined]  # where the library looks
    # Bearer tokens belong to the API; a page takes its session and nothing else.
    app.login_manager.request_loader(lambda _: None)  # type: ignore[attr-defined]
