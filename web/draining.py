"""All that is owed is delivered: every wallet, every lane, until nothing is due."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from passes.delivery import lanes
from passes.delivery.held import Held
from web.services import Services

PLACES = 2
"""Threads that may deliver in one lane at a time: while one waits, one begins."""


class Places:
    """The places in each lane, `PLACES` of them; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: Counter[str] = Counter()

    @contextmanager
    def taken(self, lane: str) -> Iterator[bool]:
        """Take a place in the lane for a while; False where none is free."""
        with self._lock:
            free = self._taken[lane] < PLACES
            self._taken[lane] += free
        try:
            yield free
        finally:
            with self._lock:
                self._taken[lane] -= free


def drain(
    services: Services,
    held: Held,
    places: Places | None = None,
    *,
    go_on: Callable[[], bool] = lambda: True,
    later: Callable[[datetime], None] = lambda at: None,
) -> int:
    """Deliver all that is due in every lane and return how many rows that was.

    *held* has the names of the claims under way; a lane in which no place is free
    is left to those who are there. *go_on* and *later*: see `lanes.drain`.
    """
    total = 0
    places = places or Places()
    for wallet in services.wallets:
        with services.read() as session:
            active = lanes.active(session, wallet, services.clock())
        for lane in active:
            with places.taken(lane) as free:
                if free:
                    total += lanes.drain(
                        services.sessions,
                        wallet,
                        lane,
                        services.clock,
                        held=held,
                        go_on=go_on,
                        later=later,
                    )
    return total
