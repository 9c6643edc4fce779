"""Health, figures, pictures and colours; nothing here needs a session."""

import hmac
import ipaddress
from datetime import timedelta
from http import HTTPStatus

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from passes.programmes import design
from passes.programmes import programme as programmes
from web import brand as colours
from web import headers
from web.ops import figures, readiness
from web.services import services

bp = Blueprint("ops", __name__)

_IMMUTABLE = "public, max-age=31536000, immutable"
_REPORTS = timedelta(days=180)
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")
_DAY = "public, max-age=86400"
_OPEN = ("/join/", "/brand/", "/static/", "/media/", "/google/callback")
_CRAWLED = ("/join/", "/brand/", "/static/", "/media/", "/google/callback")


@bp.get("/")
def landing() -> ResponseReturnValue:
    """Say what this is, and nothing about who uses it."""
    return render_template("ops/landing.html")


@bp.get("/healthz")
def alive() -> ResponseReturnValue:
    """Answer that the process is alive."""
    return Response("ok\n", mimetype="text/plain")


@bp.get("/readyz")
def ready() -> ResponseReturnValue:
    """Answer whether requests can be served, and what is missing if not."""
    missing = readiness.missing(services())
    status = HTTPStatus.SERVICE_UNAVAILABLE if missing else HTTPStatus.OK
    return {"ready": not missing, "missing": missing}, status


@bp.get("/metrics")
def metrics() -> ResponseReturnValue:
    """Give Prometheus its figures; they are for the operator alone."""
    if not _is_operator():
        abort(HTTPStatus.NOT_FOUND)
    return Response(figures.text(services()), mimetype=figures.MEDIA_TYPE)


@bp.get("/media/<name>.png")
def picture(name: str) -> ResponseReturnValue:
    """Give a picture by its hash; it can never change."""
    answer = Response(services().media.load(name), mimetype="image/png")
    answer.headers["Cache-Control"] = _IMMUTABLE
    answer.headers["Content-Security-Policy"] = headers.FILE
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer


@bp.get("/brand/<slug>.css")
def brand(slug: str) -> ResponseReturnValue:
    """Give a programme's colours as a stylesheet; ``?v=`` is the design's version."""
    with services().read() as session:
        programme = programmes.by_slug(session, slug)
        live = design.live(session, programme)
        version = programme.design_version
    sheet = colours.stylesheet(live.background, live.foreground, live.label)
    answer = Response(sheet, mimetype="text/css")
    current = request.args.get("v") == str(version)
    answer.headers["Cache-Control"] = _IMMUTABLE if current else "no-cache"
    return answer


@bp.get("/.well-known/security.txt")
def security() -> ResponseReturnValue:
    """Say where to report a weakness (RFC 9116), if the operator wants reports."""
    settings, now = services().settings, services().clock()
    if settings.security_contact is None:
        abort(HTTPStatus.NOT_FOUND)
    expires = (now + _REPORTS).replace(microsecond=0)
    lines = (
        f"Contact: {settings.security_contact}",
        f"Expires: {expires.isoformat().replace('+00:00', 'Z')}",
        "Preferred-Languages: fr, en",
        f"Canonical: {settings.base_url}/.well-known/security.txt",
    )
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


@bp.get("/robots.txt")
def robots() -> ResponseReturnValue:
    """Ask crawlers to stay with the join pages.

    Google fetches the cards' pictures and calls back only where it may.
    """
    allowed = "".join(f"Allow: {path}\n" for path in _CRAWLED)
    text = f"User-agent: *\n{allowed}Disallow: /\n"
    answer = Response(text, mimetype="text/plain")
    answer.headers["Cache-Control"] = _DAY
    return answer


def _is_operator() -> bool:
    token = services().settings.metrics_token
    if token is not None:
        given = request.authorization.token if request.authorization else None
        wanted = token.get_secret_value().encode()
        return hmac.compare_digest((given or "").encode(), wanted)
    if any(name in request.headers for name in _FORWARDED):
        # The neighbour is a proxy: everybody would come from this machine.
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
