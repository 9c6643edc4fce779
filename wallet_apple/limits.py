"""How often one device or address may ask, counted in this process alone.

Counters in memory, so that a GET of a stranger writes nothing, and bounded, so that
a flood of names fills nothing.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

_ROOM = 10_000
MINUTE, HOUR = 60.0, 3600.0


class Limit:
    """At most *times* a window for each key; safe to share between threads."""

    def __init__(
        self,
        times: int,
        *,
        window: float = MINUTE,
        room: int = _ROOM,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Remember at most *room* keys, the latest ones; *window* is in seconds."""
        self._times = times
        self._window = window
        self._room = room
        self._monotonic = monotonic
        self._lock = threading.Lock()
        # For each key: when it will have used up what it was given.
        self._until: OrderedDict[str, float] = OrderedDict()

    def wait(self, key: str) -> int:
        """Count one more for *key*: 0, or how many seconds too early it is.

        A burst of a whole window's worth is fine; after it, one at a time is given
        back.
        """
        now = self._monotonic()
        step = self._window / self._times
        with self._lock:
            until = max(self._until.pop(key, now), now) + step
            refused = until - now > self._window + step / 2
            self._until[key] = until - step if refused else until
            if len(self._until) > self._room:
                self._until.popitem(last=False)
        return int(until - now - self._window) + 1 if refused else 0
