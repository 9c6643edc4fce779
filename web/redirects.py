"""Where a page may send somebody on: to one of our own pages."""

from urllib.parse import urlsplit

from flask import current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

_ODD = frozenset("\\\t\r\n\x00")


def inside(target: str | None, otherwise: str) -> str:
    """Return *target* if the site shows a page there, else *otherwise*."""
    if not target or not target.startswith("/") or target.startswith("//"):
        return otherwise
    if _ODD & set(target) or "%2f" in target.lower() or "%5c" in target.lower():
        return otherwise
    try:
        parts = urlsplit(target)
        adapter = current_app.create_url_adapter(request)
        if parts.netloc or parts.scheme or adapter is None:
            return otherwise
        adapter.match(parts.path, method="GET")
    except (HTTPException, RequestRedirect, ValueError):
        return otherwise
    return target
