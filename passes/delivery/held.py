"""The claims that this process is delivering, for giving them back when it goes."""

import threading


class Held:
    """Names of claims; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._names: set[str] = set()

    def add(self, name: str) -> None:
        """Note that a claim is being delivered."""
        with self._lock:
            self._names.add(name)

    def discard(self, name: str) -> None:
        """Note that it is no longer."""
        with self._lock:
            self._names.discard(name)

    def names(self) -> list[str]:
        """Return the claims of this moment, in order."""
        with self._lock:
            return sorted(self._names)
