"""A circuit: after repeated outages a provider is tried rarely, and with one probe."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

OPENS_AFTER: Final = 3
SHORTEST: Final = timedelta(seconds=30)
LONGEST: Final = timedelta(hours=1)


class Circuit:
    """Whether to try a provider now; it opens after outages that follow each other.

    While it is open, `admits` lets one probe through, and the next one not before
    `SHORTEST` has passed; the pauses double up to `LONGEST`.
    """

    def __init__(self, spread: Callable[[], float] = random.random) -> None:
        """Spread the pauses by *spread*, which gives numbers from 0 to 1."""
        self._spread = spread
        self._outages = 0
        self._since: datetime | None = None
        self._until: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether only probes go through."""
        return self._until is not None

    def admits(self, at: datetime) -> bool:
        """Whether to try now. While open, a True is the probe and is given once."""
        if self._until is None or self._since is None:
            return True
        # A clock that was set back must not keep the circuit open for longer.
        if self._since <= at < self._until:
            return False
        # A probe that never comes back counts like one that failed.
        self._since, self._until = at, at + SHORTEST
        return True

    def failed(self, at: datetime) -> datetime | None:
        """Note an outage and return until when to pause, or None to go on."""
        self._outages += 1
        if self._outages < OPENS_AFTER:
            return None
        self._since, self._until = at, at + self._pause()
        return self._until

    def succeeded(self) -> None:
        """Note that the provider is there."""
        self._outages = 0
        self._since = self._until = None

    def _pause(self) -> timedelta:
        doublings = min(self._outages - OPENS_AFTER, 12)
        # Workers that met the same outage must not come back at the same moment.
        pause: timedelta = SHORTEST * 2**doublings * (1 + self._spread() / 2)
        return min(pause, LONGEST * (1 - self._spread() / 4))
