"""Connections to Apple's push service, kept open and lent to one thread at a time."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from wallet_apple import apns
from wallet_apple.apns_answers import Answer
from wallet_apple.apns_batch import Limits
from wallet_apple.identity import Loaded

_NO_LIMITS_GIVEN = Limits()


class Pushes(Protocol):
    """Something that pushes to tokens with an identity, and answers for each."""

    def push(self, loaded: Loaded, tokens: Iterable[str]) -> dict[str, Answer]:
        """Push once to each distinct token; see `apns.Connection.push`."""

    def close(self) -> None:
        """Let go of what is open."""


class Connections:
    """As many connections as threads push at the same time, each used again."""

    def __init__(
        self,
        url: str = apns.URL,
        ca_file: Path | None = None,
        limits: Limits = _NO_LIMITS_GIVEN,
    ) -> None:
        """Connect to nothing yet."""
        self._url = url
        self._ca_file = ca_file
        self._limits = limits
        self._lock = threading.Lock()
        self._idle: list[tuple[Loaded, apns.Connection]] = []

    def push(self, loaded: Loaded, tokens: Iterable[str]) -> dict[str, Answer]:
        """Push once to each distinct token; see `apns.Connection.push`."""
        with self._lent(loaded) as connection:
            return connection.push(tokens)

    def close(self) -> None:
        """Close what nobody is using; the others close when they come back."""
        with self._lock:
            idle, self._idle = self._idle, []
        for _, connection in idle:
            connection.close()

    @contextmanager
    def _lent(self, loaded: Loaded) -> Iterator[apns.Connection]:
        connection = self._take(loaded) or apns.Connection(
            loaded.pass_type,
            loaded.push,
            url=self._url,
            ca_file=self._ca_file,
            limits=self._limits,
        )
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        with self._lock:
            self._idle.append((loaded, connection))

    def _take(self, loaded: Loaded) -> apns.Connection | None:
        with self._lock:
            mine = [entry for entry in self._idle if entry[0] is loaded]
            # Those of a certificate that was renewed are of no use any more.
            outdated = [entry for entry in self._idle if entry[0] is not loaded]
            self._idle = mine[:-1]
        for _, connection in outdated:
            connection.close()
        return mine[-1][1] if mine else None
