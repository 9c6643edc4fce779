"""How the push service's stand-in is to behave, and what it was sent."""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto

from wallet_apple.standin.apns_rules import Reply

_REMEMBERED = 10_000


class Trick(Enum):
    """What a service may do instead of answering a push."""

    SILENCE = auto()
    RESET = auto()
    CUT = auto()


Behaviour = Reply | Trick
ACCEPTED = Reply()


@dataclass(frozen=True, slots=True)
class Push:
    """A push as it arrived, at the monotonic time *at*.

    *status* is what it is answered with; 0 when it gets no answer.
    """

    token: str
    topic: str
    push_type: str
    priority: str
    expiration: str
    payload: bytes
    status: int
    at: float


@dataclass(slots=True)
class Book:
    """How to behave, for a test to write, and what was sent, for it to read.

    *answers* maps a token to what it gets, or to a list of what it gets one time
    after the other. When that is used up, and for other tokens, *decide* is asked;
    without it a push that keeps Apple's rules is accepted. *latency* is in seconds.
    *streams* holds for connections made later. After *goaway_after* or *cut_after*
    requests a connection is asked to leave, or is cut before the last one's answer.
    *on_push* is told the token of every push that was accepted.
    """

    answers: dict[str, Behaviour | list[Behaviour]] = field(default_factory=dict)
    decide: Callable[[str], Behaviour | None] | None = None
    on_push: Callable[[str], None] | None = None
    latency: float = 0.0
    streams: int = 1000
    goaway_after: int | None = None
    cut_after: int | None = None
    pushes: deque[Push] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    """The latest pushes, those that were refused included."""
    accepted: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    """How often a push was refused, by Apple's word."""
    connections: int = 0
    most_streams: int = 0
    """The most requests that ever waited for an answer on one connection."""
    violations: deque[str] = field(default_factory=lambda: deque(maxlen=100))
    """Clients' breaches of HTTP/2; a stream too many is one."""

    def answer(self, token: str) -> Behaviour:
        """Take the next answer to *token*."""
        planned = self.answers.get(token)
        if isinstance(planned, list):
            planned = planned.pop(0) if planned else None
        if planned is None and self.decide:
            planned = self.decide(token)
        return planned or ACCEPTED
