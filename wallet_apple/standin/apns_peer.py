"""One client's connection to the push service's stand-in."""

import asyncio
import json
import logging
import ssl
import time
import uuid
from collections import deque
from collections.abc import Callable

from cryptography import x509
from cryptography.x509.oid import NameOID
from h2 import events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings
from hyperframe.frame import GoAwayFrame

from wallet_apple.standin import apns_rules
from wallet_apple.standin.apns_book import ACCEPTED, Book, Push, Trick
from wallet_apple.standin.apns_rules import MAX_PAYLOAD, Reply, Request

_log = logging.getLogger(__name__)
# What comes in is checked; what goes out is written below and right.
_CONFIG = H2Configuration(
    client_side=False,
    header_encoding=None,
    validate_outbound_headers=False,
    normalize_outbound_headers=False,
)
# Answers that fall due within this time leave together.
_TICK = 0.001
_GRACE_SECONDS = 1.0
_MAX_HEADERS = 65_536


class Peer(asyncio.Protocol):
    """Reads requests, has them judged, and answers as the book says.

    *peers* holds the connections that are open.
    """

    def __init__(self, book: Book, peers: set["Peer"]) -> None:
        self._book = book
        self._peers = peers
        self._h2 = H2Connection(_CONFIG)
        self._reading: dict[int, tuple[dict[str, str], bool, bytearray]] = {}
        self._unanswered: set[int] = set()
        self._due: deque[tuple[float, int, str, Reply]] = deque()
        self._requests = 0
        self._newest = 0
        self._last: int | None = None
        self._silent = False
        self._topic: str | None = None
        self._react: dict[type[events.Event], Callable[..., None]] = {
            events.RequestReceived: self._begin,
            events.DataReceived: self._read,
            events.StreamEnded: self._end,
            events.StreamReset: self._reset,
            events.ConnectionTerminated: self._terminated,
        }

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the topic from the certificate and send the settings."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("A connection of bytes is expected.")
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        secure: ssl.SSLObject = transport.get_extra_info("ssl_object")
        if secure.selected_alpn_protocol() != "h2":
            transport.abort()
            return
        self._topic = _topic(secure.getpeercert(binary_form=True))
        self._peers.add(self)
        self._book.connections += 1
        self._h2.local_settings = Settings(
            client=False,
            initial_values={SettingCodes.MAX_HEADER_LIST_SIZE: _MAX_HEADERS},
        )
        self._h2.initiate_connection()
        # In force once the client has acknowledged it, as the protocol has it.
        self._h2.update_settings(
            {SettingCodes.MAX_CONCURRENT_STREAMS: self._book.streams}
        )
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._silent = True
        self._peers.discard(self)

    def data_received(self, data: bytes) -> None:
        """Handle what came, in one go and with one write."""
        if self._silent:
            return
        try:
            for event in self._h2.receive_data(data):
                react = self._react.get(type(event))
                # Whatever came after the cut never arrived.
                if react and not self._silent:
                    react(event)
        except ProtocolError as error:
            self._book.violations.append(f"{type(error).__name__}: {error}")
            self._flush()
            self._transport.close()
            return
        self._flush()

    def silence(self) -> None:
        """Answer nothing any more."""
        self._silent = True

    def cut(self) -> None:
        """Cut the connection without a word."""
        self._silent = True
        self._transport.abort()

    def goaway(self, reason: str) -> None:
        """Take no further requests, answer those that came, and then close."""
        if self._last is not None or self._silent:
            return
        # h2 reads ahead of what it tells: its own count would promise too much.
        self._last = self._newest
        # h2's own GOAWAY ends the connection at once, with answers still owed.
        frame = GoAwayFrame(0, last_stream_id=self._last)
        frame.additional_data = json.dumps({"reason": reason}).encode()
        self._flush()
        self._transport.write(frame.serialize())
        self._close_when_done()

    def _begin(self, event: events.RequestReceived) -> None:
        if self._last is not None or event.headers is None:
            return
        headers = ((name.decode(), value.decode()) for name, value in event.headers)
        self._reading[event.stream_id] = (
            *apns_rules.read_headers(headers),
            bytearray(),
        )
        self._newest = event.stream_id
        self._unanswered.add(event.stream_id)
        self._book.most_streams = max(self._book.most_streams, len(self._unanswered))

    def _read(self, event: events.DataReceived) -> None:
        self._h2.acknowledge_received_data(
            event.flow_controlled_length, event.stream_id
        )
        reading = self._reading.get(event.stream_id)
        if reading and len(reading[2]) <= MAX_PAYLOAD:
            reading[2].extend(event.data)

    def _end(self, event: events.StreamEnded) -> None:
        if reading := self._reading.pop(event.stream_id, None):
            self._requests += 1
            headers, twice, body = reading
            self._handle(event.stream_id, Request(headers, twice, bytes(body)))

    def _reset(self, event: events.StreamReset) -> None:
        self._reading.pop(event.stream_id, None)
        self._unanswered.discard(event.stream_id)

    def _terminated(self, _event: events.ConnectionTerminated) -> None:
        self._transport.close()

    def _handle(self, stream: int, request: Request) -> None:
        book = self._book
        verdict = apns_rules.judge(request, self._topic)
        behaviour = verdict or book.answer(request.token)
        if self._requests == book.cut_after:
            behaviour = Trick.CUT
        self._note(request, behaviour.status if isinstance(behaviour, Reply) else 0)
        if isinstance(behaviour, Reply):
            self._plan(stream, request.headers.get("apns-id"), behaviour)
            self._tell(request.token, behaviour)
        elif behaviour is Trick.RESET:
            self._h2.reset_stream(stream, ErrorCodes.INTERNAL_ERROR)
            self._unanswered.discard(stream)
        elif behaviour is Trick.CUT:
            self.cut()
        if self._requests == book.goaway_after:
            self.goaway("Shutdown")

    def _note(self, request: Request, status: int) -> None:
        headers = request.headers
        self._book.pushes.append(
            Push(
                token=request.token,
                topic=headers.get("apns-topic", ""),
                push_type=headers.get("apns-push-type", ""),
                priority=headers.get("apns-priority", ""),
                expiration=headers.get("apns-expiration", ""),
                payload=request.body,
                status=status,
                at=time.monotonic(),
            )
        )

    def _tell(self, token: str, reply: Reply) -> None:
        if reply != ACCEPTED:
            self._book.reasons[reply.reason] += 1
            return
        self._book.accepted += 1
        if self._book.on_push:
            try:
                self._book.on_push(token)
            except Exception:
                # The service must go on whatever becomes of the phone.
                _log.exception("The stand-in's listener failed.")

    def _plan(self, stream: int, name: str | None, reply: Reply) -> None:
        # Apple keeps the name that a push came with, or gives it one.
        name = name or str(uuid.uuid4()).upper()
        if not self._book.latency:
            self._reply(stream, name, reply)
            return
        if not self._due:
            self._loop.call_later(self._book.latency, self._answer_due)
        at = self._loop.time() + self._book.latency
        self._due.append((at, stream, name, reply))

    def _answer_due(self) -> None:
        if self._silent:
            return
        due, now = self._due, self._loop.time() + _TICK / 2
        while due and due[0][0] <= now:
            self._reply(*due.popleft()[1:])
        self._flush()
        if due:
            wait = max(due[0][0] - self._loop.time(), _TICK)
            self._loop.call_later(wait, self._answer_due)

    def _reply(self, stream: int, name: str, reply: Reply) -> None:
        if stream not in self._unanswered:
            return
        self._unanswered.discard(stream)
        body = reply.body()
        headers = [(":status", str(reply.status)), ("apns-id", name)]
        self._h2.send_headers(stream, headers, end_stream=not body)
        if body:
            self._h2.send_data(stream, body, end_stream=True)
        self._close_when_done()

    def _close_when_done(self) -> None:
        if self._last is not None and not self._unanswered:
            self._flush()
            # Closing now, with a client's frames on the way, would reset the
            # connection and take the last answers with it: the client goes first.
            self._loop.call_later(_GRACE_SECONDS, self._transport.close)

    def _flush(self) -> None:
        if not self._silent and (data := self._h2.data_to_send()):
            self._transport.write(data)


def _topic(certificate: bytes | None) -> str | None:
    """The pass type: the user id in the certificate's subject."""
    if not certificate:
        return None
    subject = x509.load_der_x509_certificate(certificate).subject
    found = subject.get_attributes_for_oid(NameOID.USER_ID)
    return str(found[0].value) if len(found) == 1 else None
