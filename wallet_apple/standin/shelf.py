"""Several phones that hear the pushes of the stand-in for APNs."""

import logging
import queue
import threading
from typing import Self

from wallet_apple.standin.phone import Phone

_log = logging.getLogger(__name__)
_PATIENCE_SECONDS = 30


class Shelf:
    """Phones by name, and a thread in which they react to pushes."""

    def __init__(self) -> None:
        self.phones: dict[str, Phone] = {}
        self._pushes: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def put(self, name: str, phone: Phone) -> Phone:
        """Lay the phone onto the shelf, under a name for people."""
        self.phones[name] = phone
        return phone

    def on_push(self, token: str) -> None:
        """Hear of an accepted push; returns at once, as `ApnsStandin` asks."""
        self._pushes.put(token)

    def start(self) -> Self:
        """Begin to react to pushes."""
        self._thread = threading.Thread(
            target=self._work, name="phones-standin", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """React to what has come, and end; a second time does nothing."""
        if self._thread is None:
            return
        self._pushes.put(None)
        self._thread.join(_PATIENCE_SECONDS)
        self._thread = None

    def _work(self) -> None:
        while (token := self._pushes.get()) is not None:
            for phone in list(self.phones.values()):
                if phone.push_token == token:
                    self._react(phone)

    def _react(self, phone: Phone) -> None:
        try:
            phone.pushed()
        except Exception:
            # One phone's trouble must not make the others deaf.
            _log.exception("A stand-in phone failed")
