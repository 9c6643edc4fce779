"""A peer that costs next to nothing: it frames HTTP/2 and accepts every push.

Run as its own process, it lets a benchmark measure the client alone. It judges nothing:
whether pushes are right is the stand-in's matter. It does not even read their headers,
unless a client needs its own apns-id back.
"""

import argparse
import asyncio
import ssl
import struct
import sys
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path

from hpack import Decoder

DATA, HEADERS, SETTINGS, PING = 0, 1, 4, 6
END_STREAM = ACK = 1
PREFACE = 24
# Both windows as wide as the protocol allows: no push ever waits for one.
WIDE = 2**31 - 1 - 65_535
# ":status: 200" by index, then the apns-id that Apple sends with every answer.
ACCEPTED = b"\x88\x00\x07apns-id\x24"
ANY_ID = b"eabeae54-14a8-11e5-b60b-1697f925ec7b"
# Answers due within one tick leave together, as they would from a busy server.
TICK = 0.001


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """One HTTP/2 frame."""
    size = len(payload)
    head = struct.pack(">BHBBI", size >> 16, size & 0xFFFF, kind, flags, stream)
    return head + payload


class Peer(asyncio.Protocol):
    """One connection; answers each finished request after *latency* seconds."""

    def __init__(self, streams: int, latency: float, *, echo: bool) -> None:
        self._streams = streams
        self._latency = latency
        self._decoder = Decoder() if echo else None
        self._names: dict[int, bytes] = {}
        self._seen = b""
        self._greeted = False
        self._due: deque[tuple[float, int]] = deque()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Announce the streams allowed and open the window."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        transport.write(frame(SETTINGS, 0, 0, struct.pack(">HI", 3, self._streams)))
        transport.write(frame(8, 0, 0, struct.pack(">I", WIDE)))

    def data_received(self, data: bytes) -> None:
        """Take whole frames off what has arrived."""
        seen = self._seen + data
        at = 0
        if not self._greeted:
            if len(seen) < PREFACE:
                self._seen = seen
                return
            self._greeted, at = True, PREFACE
        while len(seen) >= at + 9:
            size = int.from_bytes(seen[at : at + 3], "big")
            if len(seen) < at + 9 + size:
                break
            stream = int.from_bytes(seen[at + 5 : at + 9], "big")
            self._take(seen[at + 3], seen[at + 4], stream, seen[at + 9 : at + 9 + size])
            at += 9 + size
        self._seen = seen[at:]

    def _take(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == HEADERS and self._decoder:
            named = dict(self._decoder.decode(payload, raw=True))
            self._names[stream] = named.get(b"apns-id", ANY_ID)
        if kind in {DATA, HEADERS} and flags & END_STREAM:
            if not self._due:
                self._loop.call_later(max(self._latency, TICK), self._answer)
            self._due.append((self._loop.time() + self._latency, stream))
        elif kind in {SETTINGS, PING} and not flags & ACK:
            echo = payload if kind == PING else b""
            self._transport.write(frame(kind, ACK, 0, echo))

    def _answer(self) -> None:
        due, now, ready = self._due, self._loop.time() + TICK / 2, []
        while due and due[0][0] <= now:
            stream = due.popleft()[1]
            name = self._names.pop(stream, ANY_ID)
            ready.append(frame(HEADERS, 5, stream, ACCEPTED + name))
        self._transport.write(b"".join(ready))
        if due:
            wait = max(due[0][0] - self._loop.time(), TICK)
            self._loop.call_later(wait, self._answer)


async def serve(pem: Path, peer: Callable[[], Peer]) -> None:
    """Print the port on the first line, then serve until stdin closes."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    context.set_alpn_protocols(["h2"])
    loop = asyncio.get_running_loop()
    server = await loop.create_server(peer, "127.0.0.1", 0, ssl=context)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    async with server:
        await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pem", type=Path)
    parser.add_argument("--streams", type=int, default=100)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--echo", action="store_true")
    given = parser.parse_args()
    make = partial(Peer, given.streams, given.latency, echo=given.echo)
    asyncio.run(serve(given.pem, make))
