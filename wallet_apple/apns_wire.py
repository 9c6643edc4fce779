"""Many requests in flight on one HTTP/2 connection, by libcurl.

It knows nothing of what an answer means: it sends tokens and brings back statuses.
"""

import re
import select
import selectors
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Any, NamedTuple

import pycurl

_URL, _STATUS = pycurl.URL, pycurl.RESPONSE_CODE
_OK = 200
_MAX_BODY = 4096
_MANY = 50
_GATHER_SECONDS = 0.0005
# The peer says how many streams it allows; ours is only what libcurl can count to.
_STREAMS = 2**31 - 1
_KEEP_OPEN_SECONDS = 7 * 24 * 3600
# libcurl's CURLE_HTTP2_STREAM, which pycurl does not name.
_HTTP2_STREAM = 92
_ALERT = re.compile(
    r"alert.*(certificate|unknown ca|access denied|decrypt error)", re.IGNORECASE
)
_UNREACHABLE = {
    pycurl.E_COULDNT_RESOLVE_HOST,
    pycurl.E_COULDNT_CONNECT,
    pycurl.E_OPERATION_TIMEDOUT,
    pycurl.E_SSL_CONNECT_ERROR,
    pycurl.E_PEER_FAILED_VERIFICATION,
    pycurl.E_SSL_CACERT_BADFILE,
}


class Trouble(Enum):
    """Why a request got no answer."""

    LOST = auto()
    """The connection broke; the push may have arrived."""
    RESET = auto()
    """The peer ended this one stream, and the connection goes on."""
    UNREACHABLE = auto()
    """No connection could be made, or none that can be trusted."""
    CREDENTIALS = auto()
    """The peer does not take our certificate, or it cannot be used at all."""


class Arrived(NamedTuple):
    """The end of one request: a *status* with its *body*, or else a *trouble*."""

    token: str
    status: int
    body: bytes
    trouble: Trouble | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """The client certificate and its key, as PEM; the chain may follow the first."""

    certificate: bytes
    key: bytes
    key_password: str | None = None

    def __repr__(self) -> str:
        """Say nothing of the key."""
        return "Identity(…)"


class _Slot:
    """A handle that is used again and again, with the request that it carries."""

    __slots__ = ("body", "connect_seconds", "dated", "handle", "setopt", "token")

    def __init__(self) -> None:
        self.handle = pycurl.Curl()
        self.token = ""
        self.dated = -1
        self.connect_seconds = 0
        self.body = bytearray()
        self.setopt = self.handle.setopt
        self.setopt(pycurl.WRITEFUNCTION, self._take)

    def _take(self, data: bytes) -> int:
        room = _MAX_BODY - len(self.body)
        self.body += data[:room]
        # Taking less than was offered makes libcurl end the transfer.
        return min(len(data), room)


class Wire:
    """One connection, opened by the first request and kept until `drop`.

    Nothing here blocks longer than asked. For one thread at a time.
    """

    def __init__(self, url: str, identity: Identity, *, ca_file: Path | None) -> None:
        self._base = f"{url.rstrip('/')}/3/device/"
        self._identity = identity
        self._ca_file = ca_file
        self._headers: list[str] = []
        self._dated = 0
        self._free: list[_Slot] = []
        self.flying: dict[pycurl.Curl, _Slot] = {}
        self._open()

    def dress(self, headers: Sequence[str]) -> None:
        """Send these headers with every request from now on."""
        if headers != self._headers:
            self._headers = list(headers)
            self._dated += 1

    def send(self, tokens: Iterable[str], *, connect_seconds: int = 0) -> None:
        """Send a push to each of *tokens* as soon as the peer has a stream for it.

        *connect_seconds* is how long connecting may take when that has to come first.
        """
        free, flying, base = self._free, self.flying, self._base
        add, dated = self._multi.add_handle, self._dated
        for token in tokens:
            slot = free.pop() if free else self._slot()
            if slot.dated != dated:
                slot.setopt(pycurl.HTTPHEADER, self._headers)
                slot.dated = dated
            if slot.connect_seconds != connect_seconds:
                # libcurl counts the wait for a stream too, so most set no time.
                slot.setopt(pycurl.CONNECTTIMEOUT, connect_seconds)
                slot.connect_seconds = connect_seconds
            slot.token = token
            slot.setopt(_URL, base + token)
            flying[slot.handle] = slot
            add(slot.handle)

    def receive(self, seconds: float) -> tuple[list[str], list[Arrived]]:
        """Return what ended, after waiting for *seconds* at most.

        The tokens of the accepted pushes come by themselves, since nearly all are.
        """
        self._turn(seconds)
        accepted: list[str] = []
        others: list[Arrived] = []
        left = 1
        while left:
            left, done, failed = self._multi.info_read(1000)
            for handle in done:
                status = handle.getinfo(_STATUS)
                slot = self._release(handle)
                if status == _OK and not slot.body:
                    accepted.append(slot.token)
                else:
                    others.append(Arrived(slot.token, status, bytes(slot.body)))
                    slot.body.clear()
            others.extend([self._failure(*failure) for failure in failed])
        return accepted, others

    def streams(self) -> int:
        """How many of those in flight have a stream; the others wait for one."""
        return sum(1 for handle in self.flying if handle.getinfo(pycurl.REQUEST_SIZE))

    def is_quiet(self) -> bool:
        """Whether nothing came since the last answer: no farewell, no end."""
        poll = select.poll()
        if self._descriptor < 0:
            return False
        poll.register(self._descriptor, select.POLLIN)
        return not poll.poll(0)

    def drop(self) -> list[str]:
        """Close the connection at once and return the tokens left without answer."""
        unanswered = [slot.token for slot in self.flying.values()]
        for handle in list(self.flying):
            self._release(handle)
        self._shut()
        self._open()
        return unanswered

    def close(self) -> None:
        """Close the connection and free everything; the wire is of no use after."""
        for handle in list(self.flying):
            self._release(handle)
        while self._free:
            self._free.pop().handle.close()
        self._shut()

    def _open(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._descriptor = -1
        self._due: float | None = None
        multi = self._multi = pycurl.CurlMulti()
        multi.setopt(pycurl.M_PIPELINING, pycurl.PIPE_MULTIPLEX)
        multi.setopt(pycurl.M_MAX_HOST_CONNECTIONS, 1)
        multi.setopt(pycurl.M_MAX_CONCURRENT_STREAMS, _STREAMS)
        # Sockets are watched here, for libcurl's own waiting ends at descriptor 1023.
        multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        multi.setopt(pycurl.M_TIMERFUNCTION, self._time)

    def _shut(self) -> None:
        self._multi.close()
        self._selector.close()

    def _slot(self) -> _Slot:
        slot = _Slot()
        option = slot.setopt
        option(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE)
        option(pycurl.PROTOCOLS, pycurl.PROTO_HTTPS)
        option(pycurl.POSTFIELDS, "{}")
        option(pycurl.USERAGENT, "")
        option(pycurl.PIPEWAIT, 1)
        option(pycurl.NOSIGNAL, 1)
        # The environment must not choose where pushes go.
        option(pycurl.PROXY, "")
        option(pycurl.MAXAGE_CONN, _KEEP_OPEN_SECONDS)
        option(pycurl.TCP_KEEPALIVE, 1)
        self._secure(option)
        return slot

    def _secure(self, option: Callable[[int, Any], None]) -> None:
        option(pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2)
        option(pycurl.SSLCERTTYPE, "PEM")
        option(pycurl.SSLCERT_BLOB, self._identity.certificate)
        option(pycurl.SSLKEYTYPE, "PEM")
        option(pycurl.SSLKEY_BLOB, self._identity.key)
        if self._identity.key_password is not None:
            option(pycurl.KEYPASSWD, self._identity.key_password)
        # A libcurl from a wheel does not know where this system keeps its roots.
        system = ssl.get_default_verify_paths()
        if authority := self._ca_file or system.cafile:
            option(pycurl.CAINFO, str(authority))
        if system.capath and not self._ca_file:
            option(pycurl.CAPATH, system.capath)

    def _watch(
        self, event: int, descriptor: int, _multi: object, _data: object
    ) -> None:
        if descriptor in self._selector.get_map():
            self._selector.unregister(descriptor)
        if event in {pycurl.POLL_IN, pycurl.POLL_OUT, pycurl.POLL_INOUT}:
            # They are the selectors' READ and WRITE: 1, 2 and both.
            self._selector.register(descriptor, event)
            self._descriptor = descriptor

    def _time(self, milliseconds: int) -> None:
        self._due = None
        if milliseconds >= 0:
            self._due = time.monotonic() + milliseconds / 1000

    def _turn(self, seconds: float) -> None:
        if self._due is not None:
            seconds = min(seconds, self._due - time.monotonic())
        ready = self._selector.select(seconds) if seconds > 0 else []
        if ready and len(self.flying) >= _MANY:
            # For every wake libcurl looks at all that is in flight: let answers gather.
            time.sleep(_GATHER_SECONDS)
        for key, events in ready:
            self._multi.socket_action(key.fd, events)
        if self._due is not None and self._due <= time.monotonic():
            self._due = None
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)

    def _failure(self, handle: pycurl.Curl, code: int, message: str) -> Arrived:
        slot = self._release(handle)
        slot.body.clear()
        trouble = Trouble.LOST
        if code == pycurl.E_SSL_CERTPROBLEM or _ALERT.search(message):
            trouble = Trouble.CREDENTIALS
        elif code in _UNREACHABLE:
            trouble = Trouble.UNREACHABLE
        elif code == _HTTP2_STREAM:
            trouble = Trouble.RESET
        return Arrived(slot.token, 0, b"", trouble, f"{message} ({code})")

    def _release(self, handle: pycurl.Curl) -> _Slot:
        self._multi.remove_handle(handle)
        slot = self.flying.pop(handle)
        self._free.append(slot)
        return slot
