"""A few threads that stay, so that each of them keeps its connections."""

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


class Crew:
    """At most *size* threads, which begin with the first work.

    *leave* is called in each of them before it ends.
    """

    def __init__(self, size: int, leave: Callable[[], None]) -> None:
        """Start nothing yet."""
        self._size = size
        self._leave = leave
        self._tasks: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()

    def run(self, works: Sequence[Callable[[], T]]) -> list[T]:
        """Do all *works*, several at a time, and return what each of them gives.

        What one of them raises is raised when all have ended.
        """
        if not works:
            return []
        self._begin()
        futures = [self._submit(work) for work in works]
        troubles = [future.exception() for future in futures]
        for trouble in troubles:
            if trouble is not None:
                raise trouble
        return [future.result() for future in futures]

    def close(self) -> None:
        """Let every thread finish what it does, and end it."""
        with self._lock:
            ending, self._threads = self._threads, []
            for _ in ending:
                self._tasks.put(None)
        for thread in ending:
            thread.join()

    def _begin(self) -> None:
        with self._lock:
            if self._threads:
                return
            self._threads = [
                threading.Thread(target=self._work, name="palier-google", daemon=True)
                for _ in range(self._size)
            ]
            for thread in self._threads:
                thread.start()

    def _submit(self, work: Callable[[], T]) -> Future[T]:
        future: Future[T] = Future()

        def task() -> None:
            try:
                future.set_result(work())
            except BaseException as error:
                future.set_exception(error)

        self._tasks.put(task)
        return future

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            task()
        self._leave()
