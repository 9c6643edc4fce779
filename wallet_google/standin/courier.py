"""Brings signed callbacks to the issuer's service, again until one is taken.

Google's schedule is not known; like Google's, these may come late or twice.
"""

import http.client
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Self
from urllib.parse import urlsplit

_log = logging.getLogger(__name__)
WAITS = (0.0, 1.0, 5.0, 30.0)
_SECONDS = 10
_PATIENCE_SECONDS = 30
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True, slots=True)
class Parcel:
    """A body on its way to an address."""

    url: str
    body: bytes


class Courier:
    """A thread that carries parcels one after the other."""

    def __init__(
        self,
        *,
        waits: Sequence[float] = WAITS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Wait *waits* seconds before each attempt."""
        self.delivered: list[Parcel] = []
        self._waits = waits
        self._sleep = sleep
        self._parcels: queue.SimpleQueue[Parcel | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def take(self, parcel: Parcel) -> None:
        """Take a parcel and return at once."""
        self._parcels.put(parcel)

    def start(self) -> Self:
        """Begin to carry."""
        self._thread = threading.Thread(
            target=self._work, name="google-callbacks", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Carry what was taken, and end; a second time does nothing."""
        if self._thread is None:
            return
        self._parcels.put(None)
        self._thread.join(_PATIENCE_SECONDS)
        self._thread = None

    def _work(self) -> None:
        while (parcel := self._parcels.get()) is not None:
            try:
                self._carry(parcel)
            except Exception:
                # One parcel's trouble must not keep the others here.
                _log.exception("A stand-in callback failed")

    def _carry(self, parcel: Parcel) -> None:
        for wait in self._waits:
            self._sleep(wait)
            if _post(parcel) == HTTPStatus.OK:
                self.delivered.append(parcel)
                return
        _log.warning("Nobody took a callback at %s", parcel.url)


def _post(parcel: Parcel) -> int:
    """Bring it; return the status, 0 where nobody answered."""
    parts = urlsplit(parcel.url)
    if parts.scheme != "http" or parts.hostname not in _LOOPBACK:
        _log.warning("A stand-in calls this machine only, not %s", parcel.url)
        return 0
    connection = http.client.HTTPConnection(parts.netloc, timeout=_SECONDS)
    headers = {"Content-Type": "application/json", "User-Agent": "Googlebot"}
    try:
        connection.request("POST", parts.path or "/", parcel.body, headers)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        return 0
    else:
        return answer.status
    finally:
        connection.close()
