"""The background: wallets are told after a commit, and time is looked after.

A commit gives a hint (`Engine.wake`): a nudge to the threads of this process, or,
where others deliver, a message that huey carries to whichever worker is free. Hints
may be lost: what is owed stands in rows, and every worker sweeps them again each
second, far more often than a claim lasts. Everything here may run in any number of
threads, processes and machines.
"""

import math
import threading
import time
from datetime import datetime

import huey
import structlog

from passes import db
from passes.delivery import claims, lanes
from passes.delivery.held import Held
from web import draining, drifting, proving, queues, upkeep
from web.config import Settings
from web.services import Services

_log = structlog.get_logger()

SWEEP = 1.0
"""Seconds between two looks at what is owed; a claim lasts a minute."""

POLL = 0.05
"""Seconds between two looks at a queue that cannot wake us, in `palier worker`."""

INLINE_POLL = 0.25
"""The same where the hints are given in this very process, which needs no look."""

JOBS = 10.0
"""Seconds between two looks at the repeating jobs."""

DELIVERING = draining.PLACES + 1
"""Threads that deliver: a lane whose peer hangs never has them all."""

_BREATH = 0.02
"""Seconds in which the hints of a busy till gather: one look serves all of them."""


class Engine:
    """Gives hints to the workers, and is one itself once it was started."""

    def __init__(self, queue: huey.Huey, poll: float, rest: float) -> None:
        self._queue = queue
        self._poll = poll
        self._rest = rest
        self._hint = queue.task(name="drain")(self._drain)
        self._services: Services | None = None
        self._stopping = threading.Event()
        self._nudge = threading.Event()
        self._threads: list[threading.Thread] = []
        self._held = Held()
        self._places = draining.Places()
        self._delivers_at_a_nudge = False
        self._sooner = threading.Event()
        self._soon = math.inf
        self._sweep_at = 0.0
        self._jobs_at = 0.0

    def wake(self) -> None:
        """Tell the workers that something may be owed now.

        It never raises: a hint that is lost costs a second, until the sweep.
        """
        if self._delivers_at_a_nudge:
            self._nudge.set()
            return
        try:
            # A hint that nobody has taken yet will be taken after this moment too.
            if not self._queue.pending_count():
                self._queue.enqueue(self._hint.s())
        except Exception as error:
            _log.warning("hint_lost", error=type(error).__name__)

    def start(self, services: Services, *, delivering: bool = True) -> None:
        """Work in the background of this process until `stop`.

        Without *delivering* only what this process alone can do is done: writing
        down what its wallets saw.
        """
        self._services = services
        loops = [self._note_sightings]
        if delivering:
            loops += [self._look_after, self._examine, *[self._deliver] * DELIVERING]
            # A thread that listens to a queue elsewhere does not feel a nudge.
            self._delivers_at_a_nudge = not self._queue.storage.blocking
        self._threads = [
            threading.Thread(target=loop, name=f"palier-{loop.__name__}", daemon=True)
            for loop in loops
        ]
        for thread in self._threads:
            thread.start()

    def stop(self, seconds: float = 20) -> None:
        """Finish what is under way; after *seconds*, give it back to the others."""
        self._stopping.set()
        self._nudge.set()
        self._sooner.set()
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        if self._services is None:
            return
        if held := self._held.names():
            self._give_back(self._services, held)
        self._close(self._services)

    def _deliver(self) -> None:
        """Follow nudges and the hints of others, for as long as the engine runs."""
        while not self._stopping.is_set():
            if self._nudge.is_set():
                # Before the look: what is committed from now on may come after it.
                self._nudge.clear()
                self._drain()
                self._stopping.wait(_BREATH)
            elif not self._follow_hint() and not self._queue.storage.blocking:
                self._nudge.wait(self._poll)

    def _follow_hint(self) -> bool:
        """Take a hint from the queue and follow it; tell whether there was one."""
        try:
            task = self._queue.dequeue()
            if task is None:
                return False
            self._queue.execute(task)
        except Exception:
            _log.exception("queue_unreachable")
            self._stopping.wait(SWEEP)
        return True

    def _drain(self) -> None:
        if self._services is None:
            return
        try:
            draining.drain(
                self._services,
                self._held,
                self._places,
                go_on=self._running,
                later=self._look_again_at,
            )
            self._note_next(self._services)
        except Exception:
            _log.exception("delivery_failed")

    def _note_sightings(self) -> None:
        """Let the wallets write down what they saw, for as long as the engine runs."""
        while not self._stopping.wait(SWEEP):
            for wallet in self._given().wallets:
                try:
                    wallet.tick()
                except Exception:
                    _log.exception("upkeep_failed", code=f"sightings-{wallet.name}")

    def _look_after(self) -> None:
        """Sweep and do what time asks for, for as long as the engine runs."""
        self._sweep_at = time.monotonic() + self._rest
        while not self._stopping.is_set():
            if self._sooner.wait(self._pause()):
                # Something falls due while this thread rests: it rests anew.
                self._sooner.clear()
                continue
            self._sweep_at = time.monotonic() + self._rest
            for work in (self._sweep, self._roll_out, self._do_jobs):
                try:
                    work()
                except Exception:
                    _log.exception("upkeep_failed", code=work.__name__)

    def _examine(self) -> None:
        """Do what each night is looked into; however long that takes, nothing waits."""
        while not self._stopping.wait(JOBS):
            for work in (proving.prove_when_due, drifting.compare_when_due):
                try:
                    work(self._given(), self._running)
                except Exception:
                    _log.exception("upkeep_failed", code=work.__name__)

    def _pause(self) -> float:
        """Return how long to rest: until merged changes fall due, or the next sweep."""
        return max(_BREATH, min(self._sweep_at, self._soon) - time.monotonic())

    def _sweep(self) -> None:
        if self._soon <= time.monotonic():
            self._soon = math.inf
        services = self._given()
        with services.read() as session:
            at = services.clock()
            owed = any(lanes.active(session, wallet, at) for wallet in services.wallets)
        if owed:
            self.wake()

    def _roll_out(self) -> None:
        if upkeep.step_rollouts(self._given()):
            self._look_again_in(upkeep.STEP.total_seconds())

    def _do_jobs(self) -> None:
        if time.monotonic() >= self._jobs_at:
            self._jobs_at = time.monotonic() + JOBS
            upkeep.run_due(self._given())

    def _note_next(self, services: Services) -> None:
        """Look again when the next merged changes fall due, if that is soon."""
        with services.read() as session:
            found = [lanes.next_due(session, wallet) for wallet in services.wallets]
        at = services.clock()
        for due in found:
            if due and due > at:
                self._look_again_at(due)

    def _look_again_at(self, at: datetime) -> None:
        self._look_again_in((at - self._given().clock()).total_seconds())

    def _look_again_in(self, seconds: float) -> None:
        now = time.monotonic()
        # A look that is overdue is on its way, and may come too early for this one.
        if now + seconds < self._soon or self._soon <= now:
            self._soon = now + seconds
            self._sooner.set()

    def _given(self) -> Services:
        if self._services is None:
            raise RuntimeError("the engine has not been started")
        return self._services

    def _running(self) -> bool:
        return not self._stopping.is_set()

    def _close(self, services: Services) -> None:
        for wallet in services.wallets:
            try:
                wallet.close()
            except Exception:
                _log.exception("upkeep_failed", code=f"closing-{wallet.name}")

    def _give_back(self, services: Services, held: list[str]) -> None:
        try:
            with db.write(services.sessions) as session:
                for wallet in services.wallets:
                    claims.release(session, wallet.rows, held, services.clock())
        except Exception:
            # They fall due by themselves when the lease ends.
            _log.exception("claims_not_released", count=len(held))


def open_engine(
    settings: Settings, *, alone: bool = False, sweep: float = SWEEP
) -> Engine:
    """Return an engine on the settings' queue; it does nothing before `start`.

    *alone* says that the hints come from other processes; *sweep* is how many
    seconds pass between two looks at what is owed, whatever was hinted.

    Raises:
        ConfigurationError: the queue cannot be had.
    """
    poll = POLL if alone else INLINE_POLL
    return Engine(queues.open_queue(settings), poll, sweep)
