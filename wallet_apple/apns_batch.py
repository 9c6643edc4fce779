"""One batch of pushes, from the first to the last answer, over any trouble.

A push is harmless to send twice, so a token whose answer got lost with a connection
is sent again on the next one. Whatever happens, every token ends with an answer.
"""

import re
import time
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

from wallet_apple import apns_answers
from wallet_apple.apns_answers import ACCEPTED, Answer, Outcome
from wallet_apple.apns_wire import Arrived, Trouble, Wire

# Apple's tokens have 32 bytes today and may grow.
_TOKEN = re.compile(r"[0-9a-fA-F]{2,200}")
# A connection that was silent for this long is tried with one push first.
_QUIET_SECONDS = 10.0
# So many refusals while no push was ever taken are not the tokens' fault.
_DOUBTS = 3
_LOOK_SECONDS = 0.1
_LOOK_AGAIN_SECONDS = 10.0
# So many failures without a success between them are an outage.
_FAILURES = 20


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a batch may take, in seconds, and how often it may try.

    A lease on the rows of a batch outlasts *batch*. *in_flight* is how much memory
    may be used; how many streams there are is the peer's to say.
    """

    connect: int = 5
    stall: float = 10
    batch: float = 30
    attempts: int = 3
    connections: int = 4
    in_flight: int = 1000


@dataclass(slots=True)
class Line:
    """What is known of the connection and of the topic; it outlives a batch.

    *heard* is when the present connection last answered, by the monotonic clock.
    *trusted* tells that a push of ours was taken once, so that the topic is right;
    *doubts* counts the pushes refused before that. *room* is how many pushes fit the
    connection, when that is fewer than we would send, and *look_at* when to see again.
    """

    heard: float | None = None
    trusted: bool = False
    doubts: int = 0
    room: int | None = None
    look_at: float = 0

    def proven(self, now: float) -> bool:
        """Whether the connection answered a moment ago."""
        return self.heard is not None and now - self.heard < _QUIET_SECONDS


class Batch:
    """The state of one batch; `run` is called once."""

    def __init__(self, wire: Wire, line: Line, limits: Limits) -> None:
        self._wire = wire
        self._line = line
        self._limits = limits
        self._answers: dict[str, Answer] = {}
        self._waiting: deque[str] = deque()
        self._lost: Counter[str] = Counter()
        self._probe: str | None = None
        # Whether the connection is known to answer, so that all may go at once.
        self._proven = line.proven(time.monotonic()) and wire.is_quiet()
        self._breaks = 0
        self._failures = 0
        # Set when the connection is to be replaced once it has nothing in flight.
        self._renew = False
        # Set when nothing more may be sent: the answer of those still waiting.
        self._rest: Answer | None = None
        self._moved = time.monotonic()
        self._end = self._moved + limits.batch

    def run(self, tokens: Iterable[str]) -> dict[str, Answer]:
        """Push to each distinct token and return an answer for each."""
        for token in dict.fromkeys(tokens):
            if _TOKEN.fullmatch(token) and len(token) % 2 == 0:
                self._waiting.append(token)
            else:
                self._answers[token] = Answer(Outcome.BAD_TOKEN, reason="not hex")
        while self._wire.flying or (self._waiting and not self._rest):
            self._step(time.monotonic())
        return self._finished()

    def _step(self, now: float) -> None:
        flying = self._wire.flying
        patience = self._moved + self._limits.stall
        if now >= self._end:
            self._give_up()
        elif flying and now >= patience:
            self._broken(self._wire.drop(), Trouble.LOST, "no answer in time")
        elif self._renew and not flying:
            self._replace_connection()
        else:
            if not self._rest and not self._renew:
                self._fill(now)
            self._listen(min(max(patience, now + 0.01), self._end) - now)

    def _fill(self, now: float) -> None:
        flying, waiting = self._wire.flying, self._waiting
        if not flying:
            self._moved = now
        if self._proven:
            room = min(len(waiting), self._room(now) - len(flying))
            self._wire.send([waiting.popleft() for _ in range(room)])
        elif waiting and not flying:
            # One push finds out what a thousand would find out at a higher price.
            self._probe = waiting.popleft()
            self._wire.send([self._probe], connect_seconds=self._limits.connect)

    def _room(self, now: float) -> int:
        """How many may be in flight: as many as the peer has streams for.

        libcurl does not tell the peer's limit, and a push that waits for a stream
        costs it as much again: so look how many of many wait, and look again at times.
        """
        line, flying = self._line, len(self._wire.flying)
        if flying and now >= line.look_at:
            streams = self._wire.streams()
            full = 0 < streams < flying
            line.room = streams if full else None
            line.look_at = now + (_LOOK_AGAIN_SECONDS if full else _LOOK_SECONDS)
        return min(line.room or self._limits.in_flight, self._limits.in_flight)

    def _listen(self, seconds: float) -> None:
        accepted, others = self._wire.receive(seconds)
        if accepted:
            self._moved = time.monotonic()
            self._answers.update(dict.fromkeys(accepted, ACCEPTED))
            self._line.trusted = True
            self._alive()
        if others:
            self._moved = time.monotonic()
            self._take(others)
        if (accepted or others) and not self._wire.flying:
            self._probe = None

    def _take(self, ends: list[Arrived]) -> None:
        broken = []
        for end in ends:
            if end.trouble is None:
                self._refused(end.token, apns_answers.read(end.status, end.body))
            elif end.trouble is Trouble.RESET:
                self._reset(end)
            else:
                broken.append(end)
        if broken:
            # What is in flight on a broken connection would make libcurl connect once
            # for each push: we connect, once and with one push.
            tokens = [end.token for end in broken] + self._wire.drop()
            self._broken(tokens, broken[0].trouble, broken[0].message)

    def _alive(self) -> None:
        self._line.heard = self._moved
        self._proven = True
        self._failures = 0

    def _refused(self, token: str, answer: Answer) -> None:
        if answer.reason in {apns_answers.IDLE_TIMEOUT, apns_answers.SHUTDOWN}:
            self._renew = True
            self._again(token, answer)
            return
        self._answers[token] = answer
        if answer.outcome is Outcome.UNAVAILABLE:
            self._count_failure(token, answer)
        elif answer.outcome.stops_the_lane:
            self._stop(answer)
        elif answer.outcome is Outcome.REFUSED and not self._line.trusted:
            self._doubt(answer)
        else:
            self._alive()

    def _doubt(self, answer: Answer) -> None:
        self._line.doubts += 1
        if self._line.doubts >= _DOUBTS:
            self._stop(answer)

    def _stop(self, answer: Answer) -> None:
        if self._rest is None:
            self._rest = Answer(Outcome.UNSENT, reason=f"after {answer.reason}")
        if answer.outcome is Outcome.CREDENTIALS:
            self._renew = True

    def _count_failure(self, token: str, answer: Answer) -> None:
        self._failures += 1
        # More pushes would only add to what the service cannot bear already.
        if token == self._probe or self._failures >= _FAILURES:
            self._rest = self._rest or answer

    def _reset(self, end: Arrived) -> None:
        self._again(end.token, Answer(Outcome.UNKNOWN, reason=end.message))
        down = Answer(Outcome.UNAVAILABLE, reason=end.message)
        self._count_failure("", down)

    def _broken(self, tokens: list[str], trouble: Trouble | None, why: str) -> None:
        """Requeue what a broken connection left without an answer."""
        heard = self._line.heard
        self._forget_connection()
        if trouble is Trouble.CREDENTIALS:
            self._stop(Answer(Outcome.CREDENTIALS, reason=why))
            self._answers[tokens.pop(0)] = Answer(Outcome.CREDENTIALS, reason=why)
        elif trouble is Trouble.UNREACHABLE:
            self._out_of_reach(why)
        elif heard is not None:
            self._count_break(why)
        elif self._probe in tokens:
            # This connection never answered at all, so the next would not either.
            self._out_of_reach(why)
        self._probe = None
        for token in tokens:
            self._again(token, Answer(Outcome.UNKNOWN, reason=why))

    def _count_break(self, why: str) -> None:
        self._breaks += 1
        if self._breaks >= self._limits.connections:
            # Apple takes connecting again and again for an attack.
            self._out_of_reach(why)

    def _again(self, token: str, answer: Answer) -> None:
        """Send once more, after all the others, or let *answer* be the last word."""
        self._lost[token] += 1
        if self._lost[token] >= self._limits.attempts:
            self._answers[token] = answer
        else:
            self._waiting.append(token)

    def _out_of_reach(self, why: str) -> None:
        self._rest = self._rest or Answer(Outcome.UNAVAILABLE, reason=why)

    def _replace_connection(self) -> None:
        self._hang_up()
        self._count_break("the service asked for another connection each time")

    def _hang_up(self) -> None:
        self._wire.drop()
        self._forget_connection()
        self._renew = False

    def _forget_connection(self) -> None:
        self._line.heard = self._line.room = None
        self._line.look_at = 0
        self._proven = False

    def _give_up(self) -> None:
        why = "the time for the batch was up"
        for token in self._wire.drop():
            self._answers[token] = Answer(Outcome.UNKNOWN, reason=why)
        self._forget_connection()
        self._rest = self._rest or Answer(Outcome.UNSENT, reason=why)

    def _finished(self) -> dict[str, Answer]:
        if self._renew:
            self._hang_up()
        if self._rest:
            self._answers.update(dict.fromkeys(self._waiting, self._rest))
        if self._line.doubts >= _DOUBTS and not self._line.trusted:
            for token, answer in self._answers.items():
                if answer.outcome is Outcome.REFUSED:
                    blamed = replace(answer, outcome=Outcome.MISCONFIGURED)
                    self._answers[token] = blamed
        return self._answers
