"""A stand-in for Apple's push service on loopback: HTTP/2, TLS, client certificates.

It follows Apple's documents and not our client: what Apple refuses, it refuses, and
what Apple may do at any time (refusals, GOAWAY, outages) it does when it is told to.
It runs in a thread of its own, in a test as well as in the demo.
"""

import asyncio
import contextlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import TracebackType
from typing import Self

from wallet_apple.standin import authority
from wallet_apple.standin.apns_book import Book
from wallet_apple.standin.apns_peer import Peer

_PATIENCE_SECONDS = 10


class ApnsStandin:
    """The server, and the book of what it was sent and how it is to behave.

    `book` is where a test writes answers and reads pushes. *folder* receives the
    server's certificate; *client_authorities* is PEM of what issues pass type
    certificates: the root, and the intermediate that clients do not send.
    """

    def __init__(
        self,
        folder: Path,
        client_authorities: str,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        on_push: Callable[[str], None] | None = None,
    ) -> None:
        """Prepare; nothing listens yet. Only loopback is served.

        *on_push* is called with the token of every accepted push, in the stand-in's
        thread: it must not block.
        """
        if not ipaddress.ip_address(host).is_loopback:
            raise ValueError("A stand-in serves loopback only.")
        self._host = host
        self._port = port
        self._files = authority.server_files(folder)
        self._tls = _tls(self._files.server, client_authorities)
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop
        self._peers: set[Peer] = set()
        self._listener: socket.socket | None = None
        self._greetings: set[asyncio.Task[None]] = set()
        # What was accepted and is nobody's yet: in its handshake, or swallowed.
        self._plugs: set[socket.socket] = set()
        self._swallows = False
        self.book = Book(on_push=on_push)

    @property
    def ca_file(self) -> Path:
        """The authority that a client has to trust."""
        return self._files.authority

    @property
    def port(self) -> int:
        """The port; the one that was found when 0 was asked, once started."""
        return self._port

    @property
    def url(self) -> str:
        """What to give a client as the service's address."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"https://{host}:{self._port}"

    def start(self) -> Self:
        """Listen, and return once a client can connect."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="apns-standin", daemon=True
        )
        self._thread.start()
        try:
            self._call(self._listen())
        except OSError:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Close everything; a second time does nothing."""
        if self._thread is None:
            return
        self._call(self._leave())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE_SECONDS)
        self._loop.close()
        self._thread = None

    def refuse(self) -> None:
        """Begin an outage in which nothing listens; open connections are cut."""
        self._call(self._leave())

    def blackhole(self) -> None:
        """Begin an outage in which everything is taken and nothing answered."""
        self._call(self._swallow())

    def restore(self) -> None:
        """End an outage. Connections that were swallowed are cut."""
        self._call(self._return())

    def goaway(self, reason: str = "Shutdown") -> None:
        """Ask every client to leave; what is in flight is still answered."""
        self._call(self._ask_to_leave(reason))

    def cut(self) -> None:
        """Cut every connection at once."""
        self._call(self._cut())

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _call(self, work: Coroutine[object, object, None]) -> None:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        future.result(_PATIENCE_SECONDS)

    async def _listen(self) -> None:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listener = socket.create_server((self._host, self._port), family=family)
        listener.setblocking(False)
        self._port = listener.getsockname()[1]
        self._loop.add_reader(listener, self._accept, listener)
        self._listener = listener

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError):
            plug, _ = listener.accept()
            plug.setblocking(False)
            self._plugs.add(plug)
            if not self._swallows:
                task = self._loop.create_task(self._greet(plug))
                self._greetings.add(task)
                task.add_done_callback(self._greetings.discard)

    async def _greet(self, plug: socket.socket) -> None:
        # A client that fails the handshake is no concern of the others.
        with contextlib.suppress(OSError):
            await self._loop.connect_accepted_socket(
                lambda: Peer(self.book, self._peers), plug, ssl=self._tls
            )
        self._plugs.discard(plug)

    async def _leave(self) -> None:
        if self._listener:
            self._loop.remove_reader(self._listener)
            self._listener.close()
            self._listener = None
        greetings = list(self._greetings)
        for greeting in greetings:
            greeting.cancel()
        await asyncio.gather(*greetings, return_exceptions=True)
        await self._cut()
        while self._plugs:
            self._plugs.pop().close()
        self._swallows = False

    async def _swallow(self) -> None:
        self._swallows = True
        for peer in self._peers:
            peer.silence()

    async def _return(self) -> None:
        await self._leave()
        await self._listen()

    async def _ask_to_leave(self, reason: str) -> None:
        for peer in list(self._peers):
            peer.goaway(reason)

    async def _cut(self) -> None:
        for peer in list(self._peers):
            peer.cut()
        # A cut connection is closed in the loop's next rounds.
        for _ in range(3):
            await asyncio.sleep(0)


def _tls(server: Path, client_authorities: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(server)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=client_authorities)
    context.set_alpn_protocols(["h2"])
    return context
