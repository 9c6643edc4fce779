"""Stand-in phones that reach a web service without a network, and one that has one."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import Client

from wallet_apple.standin.carrier import Reply


class InProcess:
    """A carrier that calls the WSGI application itself.

    *trouble* is asked before each request: an OSError is raised, a status answered.
    """

    def __init__(
        self,
        client: Client,
        prefix: str = "/apple",
        trouble: Callable[[], int | None] = lambda: None,
    ) -> None:
        self._client = client
        self._prefix = prefix
        self._trouble = trouble
        self.asked: list[tuple[str, str, int]] = []

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Reply:
        parts = urlsplit(url)
        path = parts.path.removeprefix(self._prefix)
        if status := self._trouble():
            return Reply(status, {}, b"")
        answer = self._client.open(
            path, method=method, query_string=parts.query, headers=headers, data=body
        )
        self.asked.append((method, path, answer.status_code))
        named = {name.lower(): value for name, value in answer.headers}
        return Reply(answer.status_code, named, answer.data)


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: a test's output is its own."""


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Serve *app* on loopback and give its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


def roots_of(folder: Any) -> list[x509.Certificate]:
    """The development root that signs a folder's passes."""
    return x509.load_pem_x509_certificates((folder / "root.pem").read_bytes())
