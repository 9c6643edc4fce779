"""How the stand-in is to behave, for a test to write, and what it was sent."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import Any

from wallet_google.standin.replies import Reply

_REMEMBERED = 10_000


class Trick(Enum):
    """What a service may do instead of a good answer."""

    CUT = auto()
    """Nothing is done and the connection is cut."""
    SILENCE = auto()
    """Nothing is done and nothing answered, as long as the stand-in runs."""
    LOSE = auto()
    """It is done, and the connection is cut before the answer."""
    HALF = auto()
    """It is done, and half of the answer arrives."""


Behaviour = Reply | Trick


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it arrived; *path* follows the host, *body* is its JSON.

    *status* is what it is answered with; 0 when it gets no answer.
    """

    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    headers: Mapping[str, str]
    """Their names are in lower case; an access token is not kept."""
    status: int
    at: datetime


@dataclass(slots=True)
class Book:
    """How to behave, and what was sent.

    *planned* are what the next requests get, one after the other; when it is used up
    *decide* is asked with method and path. *planned_tokens* are for requests for a
    token. *latency* is in real seconds.
    """

    planned: deque[Behaviour] = field(default_factory=deque)
    planned_tokens: deque[Behaviour] = field(default_factory=deque)
    decide: Callable[[str, str], Behaviour | None] | None = None
    latency: float = 0.0
    revoked: bool = False
    """The service account's key is gone: no tokens, and those given end."""
    not_enabled: bool = False
    """Nobody enabled the Google Wallet API in the project."""
    requests: deque[Sent] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    """The latest calls of the REST interface, those that were refused included."""
    assertions: deque[dict[str, Any]] = field(
        default_factory=lambda: deque(maxlen=_REMEMBERED)
    )
    """What was claimed by those who were given an access token."""

    @property
    def tokens(self) -> int:
        """How many access tokens were given of late."""
        return len(self.assertions)

    def behaviour(self, method: str, path: str) -> Behaviour | None:
        """Take what the next call is to get, None for what it deserves."""
        # Two threads may come for the last one.
        try:
            return self.planned.popleft()
        except IndexError:
            return self.decide(method, path) if self.decide else None

    def token_behaviour(self) -> Behaviour | None:
        """Take what the next request for a token is to get."""
        try:
            return self.planned_tokens.popleft()
        except IndexError:
            return None
