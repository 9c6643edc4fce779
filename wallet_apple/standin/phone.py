"""A stand-in for iOS Wallet: it does what Apple's documents say that a device does.

It opens passes, registers them, asks what changed when it is pushed to, fetches,
compares, tells its owner, and complains to ``/v1/log`` in words like a phone's.
https://developer.apple.com/documentation/walletpasses/adding-a-web-service-to-update-passes
"""

import json
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from urllib.parse import quote, urlencode

from cryptography import x509

from passes import clock as clocks
from passes.clock import Clock
from wallet_apple.bundle import MEDIA_TYPE
from wallet_apple.standin import line, pass_on_phone
from wallet_apple.standin.carrier import Carrier, Http, Reply
from wallet_apple.standin.line import Line
from wallet_apple.standin.pass_on_phone import PassRefusedError, PhonePass

_TOKEN_BYTES = 32
_REMEMBERED = 200

Key = tuple[str, str]
"""A pass type and a serial number."""


@dataclass(frozen=True, slots=True)
class Message:
    """What the phone showed its owner about a pass, on the lock screen."""

    at: datetime
    serial_number: str
    title: str
    text: str


class Phone:
    """One phone with its passes; safe to share between threads.

    *messages* (newest last) is what it showed its owner; *line* is its connection,
    which can be cut.
    """

    def __init__(
        self,
        library_identifier: str,
        *,
        roots: Sequence[x509.Certificate] = (),
        language: str = "fr",
        carrier: Carrier | None = None,
        clock: Clock = clocks.now,
        sleep: Callable[[float], None] = time.sleep,
        waits: Sequence[float] = line.WAITS,
    ) -> None:
        """Trust *roots* besides Apple's; wait *waits* seconds between attempts."""
        self.library_identifier = library_identifier
        self.language = language
        self.push_token = secrets.token_hex(_TOKEN_BYTES)
        self.messages: list[Message] = []
        self.line = Line(carrier or Http(), clock=clock, sleep=sleep, waits=waits)
        self._roots = roots
        self._clock = clock
        self._lock = threading.RLock()
        self._held: dict[Key, PhonePass] = {}
        self._registered: set[Key] = set()
        self._tags: dict[tuple[str, str], str] = {}

    @property
    def log(self) -> list[str]:
        """What it complained of to servers, newest last."""
        return self.line.log

    @property
    def passes(self) -> list[PhonePass]:
        """The installed passes, oldest first."""
        with self._lock:
            return list(self._held.values())

    def pass_of(self, serial_number: str) -> PhonePass | None:
        """Return the installed pass, or None."""
        return next(
            (one for one in self.passes if one.serial_number == serial_number), None
        )

    def add(self, data: bytes) -> PhonePass:
        """Add a .pkpass, register for its changes, and ask for them at once.

        A pass that is there already is replaced.

        Raises:
            PassRefusedError: Wallet would not add it.
        """
        new = pass_on_phone.opened(data, self._roots, self._clock())
        with self._lock:
            self._held[new.pass_type, new.serial_number] = new
            if self._register(new):
                self._ask(*_service(new))
            return self._held[new.pass_type, new.serial_number]

    def pushed(self) -> list[Message]:
        """Do what a push, or a device's own daily turn, makes it do: ask and fetch.

        Returns the messages that the owner was shown.
        """
        with self._lock:
            before = len(self.messages)
            for one in list(self._held.values()):
                if one.service and not self._is_registered(one):
                    self._register(one)
            for service in dict.fromkeys(
                _service(one) for one in self._held.values() if one.service
            ):
                self._ask(*service)
            return self.messages[before:]

    def refresh(self, serial_number: str) -> None:
        """Pull the back of the pass down: fetch it without asking first."""
        with self._lock:
            if one := self.pass_of(serial_number):
                self._fetch(one, listed=False)

    def remove(self, serial_number: str) -> None:
        """Delete the pass from the phone."""
        with self._lock:
            if one := self.pass_of(serial_number):
                self.line.insist(
                    "DELETE", one, self._registration(one), task="Unregister task"
                )
                key = (one.pass_type, one.serial_number)
                self._registered.discard(key)
                del self._held[key]

    def renew_token(self) -> None:
        """Get a new push token, as after a restore, and register everything again."""
        with self._lock:
            self.push_token = secrets.token_hex(_TOKEN_BYTES)
            self._registered.clear()
            for one in list(self._held.values()):
                self._register(one)

    def _is_registered(self, one: PhonePass) -> bool:
        return (one.pass_type, one.serial_number) in self._registered

    def _register(self, one: PhonePass) -> bool:
        if not (one.service and one.token):
            return False
        said = json.dumps({"pushToken": self.push_token}).encode()
        path = self._registration(one)
        reply = self.line.insist("POST", one, path, task="Register task", body=said)
        if reply is None or reply.status not in {HTTPStatus.OK, HTTPStatus.CREATED}:
            return False
        self._registered.add((one.pass_type, one.serial_number))
        return True

    def _ask(self, service: str, pass_type: str) -> None:
        """Ask what changed since the last tag, and fetch that."""
        tag = self._tags.get((service, pass_type))
        path = f"devices/{self.library_identifier}/registrations/{pass_type}"
        query = f"?{urlencode({'passesUpdatedSince': tag})}" if tag else ""
        reply = self.line.send("GET", f"{service}/v1/{path}{query}")
        if reply is None or reply.status == HTTPStatus.NO_CONTENT:
            return
        if reply.status != HTTPStatus.OK:
            self.line.complain(service, f"Unexpected response code {reply.status}")
            return
        listed = self._read_list(service, reply, tag)
        if listed is None:
            return
        serials, newest = listed
        # Kept only when everything is there, or the change would be forgotten.
        done = [self._fetch_listed(service, pass_type, serial) for serial in serials]
        if all(done):
            self._tags[service, pass_type] = newest

    def _read_list(
        self, service: str, reply: Reply, tag: str | None
    ) -> tuple[list[str], str] | None:
        what = "Response to 'What changed?' request"
        try:
            said = json.loads(reply.body)
            serials, newest = said["serialNumbers"], said.get("lastUpdated")
        except (ValueError, KeyError, TypeError, AttributeError):
            self.line.complain(service, f"{what} cannot be read")
            return None
        if not isinstance(newest, str):
            self.line.complain(
                service,
                f"{what} included {len(serials)} serial numbers but no lastUpdated tag",
            )
            return None
        if newest == tag:
            self.line.complain(
                service,
                f"{what} included {len(serials)} serial numbers but the lastUpdated "
                f"tag ({tag}) remained the same.",
            )
        return serials, newest

    def _fetch_listed(self, service: str, pass_type: str, serial: str) -> bool:
        one = self._held.get((pass_type, serial))
        if one is None:
            self.line.complain(
                service,
                f"Server requested update to unregistered serial number '{serial}'",
            )
            return True
        return self._fetch(one, listed=True)

    def _fetch(self, one: PhonePass, *, listed: bool) -> bool:
        """Bring one pass up to date; return whether that is settled."""
        path = f"passes/{one.pass_type}/{quote(one.serial_number, safe='')}"
        reply = self.line.insist("GET", one, path, since=one.last_modified)
        if reply is None:
            return False
        if reply.status == HTTPStatus.NOT_MODIFIED:
            if listed:
                self.line.complain_of(
                    one, "Server requested update, but it was unchanged."
                )
            return True
        return reply.status != HTTPStatus.OK or self._take(one, reply)

    def _take(self, old: PhonePass, reply: Reply) -> bool:
        modified = reply.headers.get("last-modified")
        if modified is None:
            self.line.complain_of(
                old, "Server response is missing a Last-Modified header."
            )
        if reply.headers.get("content-type") != MEDIA_TYPE:
            self.line.complain_of(old, "Received invalid pass data (its type)")
            return False
        try:
            new = pass_on_phone.opened(reply.body, self._roots, self._clock(), modified)
        except PassRefusedError as error:
            self.line.complain_of(old, f"Received invalid pass data ({error})")
            return False
        if _named(new) != _named(old):
            self.line.complain_of(old, "Received invalid pass data (another pass)")
            return False
        if old.last_modified and new.content == old.content:
            self.line.complain_of(
                old,
                f"Server ignored the 'if-modified-since' header ({old.last_modified}) "
                "and returned the full unchanged pass data.",
            )
        self._held[new.pass_type, new.serial_number] = new
        self._tell(old, new)
        return True

    def _tell(self, old: PhonePass, new: PhonePass) -> None:
        text = pass_on_phone.announced(old, new, self.language)
        if text is not None:
            title = new.text(str(new.document["organizationName"]), self.language)
            said = Message(self._clock(), new.serial_number, title, text)
            self.messages.append(said)
            del self.messages[:-_REMEMBERED]

    def _registration(self, one: PhonePass) -> str:
        return (
            f"devices/{self.library_identifier}/registrations/{one.pass_type}/"
            f"{quote(one.serial_number, safe='')}"
        )


def _service(one: PhonePass) -> tuple[str, str]:
    return str(one.service), one.pass_type


def _named(one: PhonePass) -> tuple[str, str, str | None]:
    return one.pass_type, one.serial_number, one.token
