"""Turns: threads that want the same thing get it in the order in which they came."""

from collections import deque
from threading import Lock


class Turns:
    """A lock that is handed on to whoever has waited longest.

    An ordinary lock goes to whichever thread is awake, and under load one of them
    may wait for ever.
    """

    def __init__(self) -> None:
        self._guard = Lock()
        self._waiting: deque[Lock] = deque()
        self._taken = False

    def take(self, seconds: float) -> bool:
        """Wait for the turn; False when it has not come within *seconds*."""
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            mine = Lock()
            mine.acquire()
            self._waiting.append(mine)
        return mine.acquire(timeout=seconds) or not self._gave_up(mine)

    def end(self) -> None:
        """Hand the turn on."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False

    def _gave_up(self, mine: Lock) -> bool:
        """Leave the line, unless the turn came in this very moment."""
        with self._guard:
            if mine not in self._waiting:
                return False
            self._waiting.remove(mine)
            return True
