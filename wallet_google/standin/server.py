"""A stand-in for Google Wallet on loopback: REST interface, tokens, links, callbacks.

It runs in threads of its own, in a test as well as in the demo.
"""

import ipaddress
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric import rsa
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from passes import clock as clocks
from passes.clock import Clock
from wallet_google import schema, service_account
from wallet_google.service_account import ServiceAccount
from wallet_google.standin import accounts
from wallet_google.standin.accounts import ISSUER_ID
from wallet_google.standin.book import Book
from wallet_google.standin.courier import Courier, Parcel
from wallet_google.standin.offices import Office
from wallet_google.standin.pages import KEYS, SAVE, Pages
from wallet_google.standin.resources import Judge, Resources
from wallet_google.standin.saving import Counter, Event
from wallet_google.standin.service import Service
from wallet_google.standin.signing import CallbackSigner
from wallet_google.standin.wallets import Wallets

_PATIENCE_SECONDS = 10
_POLL_SECONDS = 0.02


def judged(kind: str, body: Mapping[str, Any], patch: bool) -> list[str]:
    """Return what Google would not take, or would drop without a word."""
    return schema.findings(kind, body, patch=patch, local=True)


class GoogleStandin:
    """The server, what it holds, and the book of how it is to behave.

    *folder* receives the service account's file, anew at each start. `book` is where
    a test writes answers and reads requests; `wallets` is what people hold and what
    their phones told them.
    """

    def __init__(
        self,
        folder: Path,
        judge: Judge = judged,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Clock = clocks.now,
        key: rsa.RSAPrivateKey | None = None,
        fetch: Callable[[str], bytes] | None = None,
        courier: Courier | None = None,
    ) -> None:
        """Prepare; nothing listens yet. Only loopback is served.

        *judge* tells what is wrong with a body. *key* is the service account's, made
        when it is absent. *fetch* gets each new picture, as Google does; without it
        their addresses are believed.
        """
        if not ipaddress.ip_address(host).is_loopback:
            raise ValueError("A stand-in serves loopback only.")
        self.book = Book()
        self.office = Office(clock)
        self.resources = Resources(judge, fetch=fetch)
        self.courier = courier or Courier()
        self.signer = CallbackSigner(at=clock())
        self.counter = Counter(self.office, self.resources, clock, self._told)
        self._folder = folder
        self._host = host
        self._port = port
        self._clock = clock
        self._key = key or accounts.new_key()
        self._service = Service(
            self.office,
            self.resources,
            clock,
            self.book,
            Pages(self.counter, self.signer),
        )
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def wallets(self) -> Wallets:
        """What people hold, and what their phones told them."""
        return self.resources.wallets

    @property
    def url(self) -> str:
        """What to give a client as the interface's address, once started."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    @property
    def save_url(self) -> str:
        """What save links begin with."""
        return self.url + SAVE

    @property
    def keys_url(self) -> str:
        """Where the root keys of callbacks are."""
        return self.url + KEYS

    @property
    def account_file(self) -> Path:
        """The service account's file, once started."""
        return self._folder / accounts.FILE

    @property
    def account(self) -> ServiceAccount:
        """The service account."""
        return service_account.read(self.account_file.read_bytes(), local=True)

    def start(self) -> Self:
        """Listen, and return once a client can connect."""
        self._listen()
        accounts.write(self._folder, f"{self.url}/token", key=self._key)
        self.office.admit(self.account, ISSUER_ID)
        self.courier.start()
        return self

    def stop(self) -> None:
        """Close everything; a second time does nothing."""
        self._service.closing.set()
        self.refuse()
        self.courier.stop()

    def refuse(self) -> None:
        """Begin an outage in which nothing listens."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._thread.join(_PATIENCE_SECONDS)
        self._server.server_close()
        self._server = self._thread = None

    def restore(self) -> None:
        """End an outage."""
        self._listen()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _listen(self) -> None:
        self._server = make_server(
            self._host,
            self._port,
            self._service,
            threaded=True,
            request_handler=_Quiet,
        )
        self._port = self._server.port
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            args=(_POLL_SECONDS,),
            name="google-standin",
            daemon=True,
        )
        self._thread.start()

    def _told(self, event: Event) -> None:
        if event.url is None:
            return
        body = self.signer.callback(
            event.kind,
            object_id=event.object_id,
            class_id=event.class_id,
            at=event.at,
            count=event.count,
        )
        self.courier.take(Parcel(event.url, body))


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: what came stands in the book."""
