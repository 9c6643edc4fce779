"""No other site can send our forms: a token, and where the browser says it comes from.

Pages with a session bind the token to it. The customers' pages know no cookies, so
that they work in every in-app browser; their tokens are bound to the address.
"""

from urllib.parse import urlsplit

from flask import Flask, request
from flask_wtf.csrf import CSRFError, CSRFProtect

from web.services import services

_UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_OWN = frozenset({"same-origin", "none"})
_HOURS = 12


class ForgedError(CSRFError):  # type: ignore[misc]  # the library has no types
    """A request that our own pages did not send."""

    palier_code = "csrf"


def register(app: Flask) -> None:
    """Check every unsafe request of the site, whatever its view."""
    app.config.update(
        WTF_CSRF_CHECK_DEFAULT=False,
        # A page with a private address sends no Referer; Origin is checked instead.
        WTF_CSRF_SSL_STRICT=False,
        WTF_CSRF_TIME_LIMIT=_HOURS * 3600,
    )
    protection = CSRFProtect(app)

    @app.before_request
    def check() -> None:
        if request.method not in _UNSAFE or request.endpoint is None:
            return
        if not came_from_us():
            raise ForgedError
        try:
            protection.protect()
        except CSRFError as error:
            raise ForgedError from error


def came_from_us() -> bool:
    """Tell whether the browser says that one of our own pages sent the request.

    A browser that says neither is old, or no browser: the token alone decides then.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in _OWN
    origin = request.headers.get("Origin")
    # Pages with a private address send "null" under their no-referrer policy.
    if origin is None or origin == "null":
        return True
    settings = services().settings
    parts = urlsplit(origin)
    scheme = "https" if settings.https else "http"
    return parts.scheme == scheme and parts.netloc.lower() in settings.hosts
