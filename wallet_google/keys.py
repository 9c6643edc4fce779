"""Google's root keys for callbacks, kept at hand and asked for seldom.

A forged callback looks like one that a new root key signed. So keys are asked for
again when none of the known ones fits, but never more often than once in `PAUSE`,
whatever comes in. https://developers.google.com/wallet/retail/loyalty-cards/use-cases/use-callbacks-for-saves-and-deletions
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

import requests
from urllib3.exceptions import HTTPError

from wallet_google import ecv2, wire
from wallet_google.ecv2 import PublicKey
from wallet_google.errors import UnavailableError

_log = logging.getLogger(__name__)

URL: Final = "https://pay.google.com/gp/m/issuer/keys"

FRESH: Final = timedelta(hours=6)
"""How long keys count as new; older ones serve until newer ones are there."""

PAUSE: Final = timedelta(minutes=2)
"""The shortest time between two questions, also after a failure."""

_TIMEOUT = (3.05, 5)
# Those who have no keys wait for as long, and no longer.
_WITHIN = 8.0
_WAIT = _WITHIN
_MOST = 64 * 1024
_CHUNK = 4096

Keys = tuple[PublicKey, ...]


@dataclass(frozen=True, slots=True)
class RootKey:
    """A key of the protocol, in force before *ends_at*."""

    key: PublicKey
    ends_at: datetime


class RootKeys:
    """The root keys of one address; safe to share between threads."""

    def __init__(
        self,
        url: str = URL,
        *,
        fetch: Callable[[str], bytes] | None = None,
        fresh: timedelta = FRESH,
        pause: timedelta = PAUSE,
    ) -> None:
        """Ask for nothing yet. *fetch* gives what stands at an address: `download`."""
        self._url = url
        self._fetch = fetch or download
        self._fresh = fresh
        self._pause = pause
        self._fetching = threading.Lock()
        self._held: Sequence[RootKey] = ()
        self._fetched_at: datetime | None = None
        self._asked_at: datetime | None = None

    def current(self, at: datetime) -> Keys:
        """Return the keys in force, fetched again when those known got old.

        Raises:
            UnavailableError: none is known, and none is to be had now.
        """
        fresh = self._within(self._fetched_at, self._fresh, at)
        if not fresh or not self._in_force(at):
            self._refresh(at)
        found = self._in_force(at) or self._waited_for(at)
        if not found:
            raise UnavailableError(
                "Google's root keys are not to be had.",
                retry_after=self._pause.total_seconds(),
            )
        return found

    def newer(self, known: Keys, at: datetime) -> Keys | None:
        """Return the keys in force if they are others than those *known*, else None.

        For a callback that none of these explains: Google may have new ones.
        """
        if self._in_force(at) == known:
            self._refresh(at)
        found = self._in_force(at)
        return None if not found or found == known else found

    def _in_force(self, at: datetime) -> Keys:
        return tuple(root.key for root in self._held if at < root.ends_at)

    def _waited_for(self, at: datetime) -> Keys:
        """Return what another thread is about to bring."""
        if self._fetching.acquire(timeout=_WAIT):
            self._fetching.release()
        return self._in_force(at)

    def _refresh(self, at: datetime) -> None:
        # One thread asks; the others go on with what is known.
        if not self._fetching.acquire(blocking=False):
            return
        try:
            if not self._within(self._asked_at, self._pause, at):
                self._asked_at = at
                self._ask(at)
        finally:
            self._fetching.release()

    def _ask(self, at: datetime) -> None:
        try:
            found = read(self._fetch(self._url))
        except (UnavailableError, ValueError) as error:
            _log.warning("Google's root keys were not renewed: %s", error)
            return
        if not any(at < root.ends_at for root in found):
            _log.warning("Google's root keys were not renewed: none is in force")
            return
        self._held, self._fetched_at = found, at

    @staticmethod
    def _within(since: datetime | None, time: timedelta, at: datetime) -> bool:
        # A clock that was set back must not stop the questions.
        return since is not None and abs(at - since) < time


def read(document: bytes) -> list[RootKey]:
    """Return the keys of our protocol that the document lists, ended ones as well.

    A key that cannot be read is left out: it must not keep the others from us.

    Raises:
        ValueError: it is no document of keys.
    """
    listed = wire.mapping(document).get("keys")
    if not isinstance(listed, list):
        raise ValueError("it lists no keys")  # noqa: TRY004 - as all of `wire` says it
    return [root for entry in listed if (root := _root_key(entry))]


def _root_key(entry: object) -> RootKey | None:
    if not isinstance(entry, dict) or entry.get("protocolVersion") != ecv2.PROTOCOL:
        return None
    try:
        key = wire.public_key(entry.get("keyValue"))
        return RootKey(key, wire.moment(entry.get("keyExpiration")))
    except ValueError as error:
        _log.warning("A root key of Google's is left out: %s", error)
        return None


def download(url: str, *, seconds: float = _WITHIN) -> bytes:
    """Return what stands at *url*, within *seconds*, not elsewhere, and not too much.

    Raises:
        UnavailableError: that is not to be had.
    """
    until = time.monotonic() + seconds
    try:
        with requests.Session() as session:
            # Neither a .netrc nor a proxy of the environment: see `connections`.
            session.trust_env = False
            with session.get(
                url, timeout=_TIMEOUT, allow_redirects=False, stream=True
            ) as answer:
                if answer.status_code != HTTPStatus.OK:
                    raise UnavailableError(f"The answer was {answer.status_code}.")
                return _body(answer, until)
    except (requests.RequestException, HTTPError) as error:
        raise UnavailableError(f"No answer ({type(error).__name__}).") from error


def _body(answer: requests.Response, until: float) -> bytes:
    """The whole body, of which each part is looked at as it comes."""
    body = b""
    while part := answer.raw.read1(_CHUNK, decode_content=True):
        body += part
        if len(body) > _MOST:
            raise UnavailableError("The answer has no end.")
        if time.monotonic() > until:
            raise UnavailableError("The answer takes too long.")
    return body
