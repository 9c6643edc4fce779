"""The whole server as one WSGI callable: the site, the API, and what wallets call."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from http import HTTPStatus
from typing import Any, cast

import structlog
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wsgi import ClosingIterator

from wallet_apple.webservice import WebService
from web import google, requests
from web.api.app import create_api
from web.config import Settings
from web.ops import figures
from web.services import Services
from web.site import Surface, create_site

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Wsgi = Callable[[Environ, StartResponse], Iterable[bytes]]

API = "/api/v1"
APPLE = "/apple"
GOOGLE = "/google"
# Load balancers and Prometheus call by a machine's address.
_ANY_HOST = frozenset({"/healthz", "/readyz", "/metrics"})
_REFUSED = b"This host name is not served here.\n"


class Palier:
    """Sends a request to the app it is for, and notes how it went.

    *site* is the Flask app, for test clients that want its sessions.
    """

    def __init__(
        self, settings: Settings, site: Flask, mounts: dict[str, Wsgi]
    ) -> None:
        self.site = site
        self._hosts = settings.hosts
        self._scheme = "https" if settings.https else "http"
        self._mounts = mounts
        # As it is configured now: looking that up for each line costs more than it.
        self._log = structlog.get_logger().bind()

    def __call__(
        self, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer one request."""
        began = time.monotonic()
        environ["wsgi.url_scheme"] = self._scheme
        request_id = environ[requests.ENVIRON] = requests.new_id()
        surface, app = self._app(environ.get("PATH_INFO", ""))
        noted: list[int] = []

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            noted.append(int(status[:3]))
            headers.append(("X-Request-Id", request_id))
            return start_response(status, headers, *rest)

        if not self._serves(environ):
            app = _misdirected
        # The log speaks of the address as it came, before a mount shortens it.
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        bound = structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            body = app(environ, start)
        finally:
            structlog.contextvars.reset_contextvars(**bound)

        def close() -> None:
            seconds = time.monotonic() - began
            status = noted[-1] if noted else 500
            figures.count(surface, status, seconds)
            self._log.info(
                "request",
                request_id=request_id,
                method=method,
                path=path,
                status=status,
                surface=surface,
                duration_ms=round(seconds * 1000, 1),
            )

        if isinstance(body, list):
            # All of it is there, and granian takes a list sooner than an iterator.
            close()
            return body
        return ClosingIterator(body, [close])

    def _app(self, path: str) -> tuple[str, Wsgi]:
        for prefix, app in self._mounts.items():
            if path == prefix or path.startswith(f"{prefix}/"):
                return prefix.split("/")[1], app
        return "site", cast("Wsgi", self.site.wsgi_app)

    def _serves(self, environ: Environ) -> bool:
        if environ.get("PATH_INFO") in _ANY_HOST:
            return True
        host = environ.get("HTTP_HOST", _server(environ))
        return host.lower() in self._hosts


def create_app(services: Services, extra: Sequence[Surface] = ()) -> Wsgi:
    """Return the server on *services*; *extra* are the demo's own pages."""
    settings = services.settings
    site = create_site(services, extra)
    palier: Wsgi = Palier(settings, site, mounts(services))
    if settings.trusted_proxy_hops:
        hops = settings.trusted_proxy_hops
        # The base URL says scheme and host: only the visitor's address is asked for.
        palier = ProxyFix(palier, x_for=hops, x_proto=0, x_host=0)
    return palier


def mounts(services: Services) -> dict[str, Wsgi]:
    """Return what is served beside the site, by the address it begins with."""
    mounted: dict[str, Wsgi] = {
        # Its routes are written out as the contract has them.
        API: create_api(services),
        APPLE: _below(APPLE, WebService(services.apple)),
    }
    heard = google.callbacks(services.settings, services.sessions, services.clock)
    if heard is not None:
        mounted[GOOGLE] = _below(GOOGLE, heard)
    return mounted


def _below(prefix: str, app: Wsgi) -> Wsgi:
    """Let *app* see addresses without *prefix*, as a WSGI mount does."""

    def mounted(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + prefix
        environ["PATH_INFO"] = environ["PATH_INFO"][len(prefix) :]
        return app(environ, start_response)

    return mounted


def _server(environ: Environ) -> str:
    return f"{environ.get('SERVER_NAME', '')}:{environ.get('SERVER_PORT', '')}"


def _misdirected(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
    status = HTTPStatus.BAD_REQUEST
    headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(_REFUSED)))]
    start_response(f"{status.value} {status.phrase}", headers)
    yield _REFUSED
