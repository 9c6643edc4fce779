"""Slots: when a request may leave, so that all together never ask too much of Google.

Google takes 20 requests in a second. They leave one after the other, 19 in a second,
whichever thread, process or machine they come from: a slot is reserved in the database
and is good for a moment, and whoever comes too late for it reserves another.
https://developers.google.com/wallet/retail/loyalty-cards/resources/faq
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import cast

from sqlalchemy import Table, Update, bindparam, case, select, update
from sqlalchemy.orm import Session

from passes import clock as clocks
from passes import db
from passes.clock import Clock
from passes.errors import BusyError
from wallet_google import errors
from wallet_google.tables import GoogleSlot

RATE = 19
"""Requests in a second."""

PATIENCE = 2.0
"""The seconds that a single request waits for its turn."""

_SECOND = 1_000_000
_STEP = _SECOND // RATE + 1
# 19 slots and those of this moment more are 20.
_GOOD_FOR = 50_000
_AHEAD = 100_000
_LONGEST = 3_600 * _SECOND
_TRIES = 10

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_slots = cast("Table", GoogleSlot.__table__)


class Slots:
    """Implements `client.Pace` for one quota; safe to share between threads.

    A quota is named by the issuer id that it is of.
    """

    def __init__(
        self,
        sessions: db.Sessions,
        name: str,
        *,
        clock: Clock = clocks.now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Reserve nothing yet."""
        self._sessions = sessions
        self._name = name
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._ready: deque[int] = deque()
        self._spare = 0
        self._took = 0

    def reserve(self, many: int) -> int:
        """Have slots for *many* requests, or for fewer; return for how many.

        They are of this second or the next one. It is none where others were first:
        see `ahead`.
        """
        if spare := self._take_spare(many):
            return spare
        return len(self._reserve(min(many, RATE), _AHEAD))

    def give_back(self, many: int) -> None:
        """Say that *many* requests will not be sent, for which there are slots."""
        with self._lock:
            self._spare += many

    def ahead(self) -> float:
        """Return how many seconds it is until `reserve` may give something."""
        with db.read(self._sessions) as session:
            query = select(GoogleSlot.next_at).where(GoogleSlot.name == self._name)
            reserved = session.scalar(query)
        now = self._now()
        if reserved is None or reserved > now + _LONGEST:
            return 0.0
        return max(0, reserved - _AHEAD - now) / _SECOND

    def wait(self) -> None:
        """Return when one request may leave.

        Raises:
            NoTurnError: it has no turn within `PATIENCE`.
        """
        for _ in range(_TRIES):
            try:
                slot = self._next()
            except BusyError as error:
                raise errors.NoTurnError(str(error)) from error
            if (early := slot - self._now()) > 0:
                self._sleep(early / _SECOND)
            if self._now() <= slot + _GOOD_FOR:
                return
        raise errors.NoTurnError("This machine is too busy to keep Google's pace.")

    def slow_down(self, seconds: float) -> None:
        """Let no request leave for so long, whoever it is from.

        Raises:
            UnavailableError: the others could not be told.
        """
        pause = min(int(seconds * _SECOND), _LONGEST)
        with self._lock:
            self._ready.clear()
            self._spare = 0
        moved = {"of": self._name, "until": self._now() + pause}

        def move(session: Session) -> None:
            self._create(session)
            session.connection().execute(_MOVE, moved)

        try:
            db.transact(self._sessions, move)
        except BusyError as error:
            raise errors.UnavailableError(str(error)) from error

    def _next(self) -> int:
        """Return a slot that is at hand, or reserve one."""
        with self._lock:
            self._forget_missed()
            if self._ready:
                return self._ready.popleft()
        if reserved := self._reserve(1, int(PATIENCE * _SECOND), keep=False):
            return reserved[0]
        raise errors.NoTurnError(
            "Requests to Google are waiting for their turn.", retry_after=self.ahead()
        )

    def _take_spare(self, many: int) -> int:
        with self._lock:
            self._forget_missed()
            taken = min(many, self._spare, len(self._ready))
            self._spare = min(self._spare, len(self._ready)) - taken
            return taken

    def _forget_missed(self) -> None:
        now = self._now()
        while self._ready and self._ready[0] + _GOOD_FOR < now:
            self._ready.popleft()

    def _reserve(self, many: int, within: int, *, keep: bool = True) -> list[int]:
        """Reserve all of *many* slots, if the first one is *within* microseconds."""
        now = self._now()
        # Where a commit takes longer than a slot is good for, reserve later ones.
        start = now + (self._took if self._took > _GOOD_FOR // 2 else 0)
        asked = {
            "of": self._name,
            "start": start,
            "latest": start + within,
            "farthest": now + _LONGEST + _SECOND,
            "length": many * _STEP,
        }

        def take(session: Session) -> list[int]:
            row = session.connection().execute(_TAKE, asked).first()
            if row is None and self._create(session):
                row = session.connection().execute(_TAKE, asked).first()
            return [] if row is None else list(range(row.begins_at, row.next_at, _STEP))

        taken = db.transact(self._sessions, take)
        self._took = min(self._now() - now, _SECOND)
        if keep:
            with self._lock:
                self._ready.extend(taken)
        return taken

    def _create(self, session: Session) -> bool:
        statement = db.insert_new(session, GoogleSlot, _slots.c.name)
        values = {"name": self._name, "begins_at": 0, "next_at": 0}
        return session.connection().execute(statement, values).first() is not None

    def _now(self) -> int:
        return (self._clock() - _EPOCH) // _MICROSECOND


def _take() -> Update:
    """Return the statement that reserves slots, and gives the first and the next."""
    given, start = _slots.c.next_at, bindparam("start", type_=_slots.c.next_at.type)
    # What lies beyond the longest pause is of a clock that was ahead.
    ahead = given.between(start, bindparam("farthest", type_=given.type))
    first = case((ahead, given), else_=start)
    length = bindparam("length", type_=given.type)
    return (
        update(_slots)
        .where(
            _slots.c.name == bindparam("of"),
            first <= bindparam("latest", type_=given.type),
        )
        .values(begins_at=first, next_at=first + length)
        .returning(_slots.c.begins_at, _slots.c.next_at)
    )


def _move() -> Update:
    given, until = _slots.c.next_at, bindparam("until", type_=_slots.c.next_at.type)
    return (
        update(_slots)
        .where(_slots.c.name == bindparam("of"), given < until)
        .values(next_at=until)
    )


_TAKE, _MOVE = _take(), _move()
