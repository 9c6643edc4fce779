"""What a benchmark gives: figures, each beside the limit measured in the same run.

A module named ``bench_*.py`` in this folder has a function ``figures`` that yields
them. Times depend on the machine; ratios carry over, so goals are on ratios.
"""

import json
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; *ratio* is what the goal is on, *goal* the least or most."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    ratio: float | None = None
    goal: float | None = None
    at_most: bool = False

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; nothing when there is none."""
        if self.goal is None or self.ratio is None:
            return None
        return self.ratio <= self.goal if self.at_most else self.ratio >= self.goal

    def line(self) -> str:
        """The figure as one line of JSON."""
        return json.dumps(asdict(self))

    def row(self) -> str:
        """The figure as one row of the table."""
        limit = "" if self.limit is None else f"{self.limit:,.4g}"
        ratio = "" if self.ratio is None else f"{self.ratio:.3g}"
        sign = "≤" if self.at_most else "≥"
        goal = "" if self.goal is None else f"{sign} {self.goal:g}"
        said = {True: "reached", False: "MISSED", None: ""}[self.reached]
        return (
            f"{self.name:<52} {self.value:>12,.4g} {self.unit:<10}"
            f" {limit:>12} {ratio:>8} {goal:>8} {said}"
        )


def rates(
    cases: Mapping[str, Callable[[], object]],
    *,
    rounds: int = 5,
    seconds: float = 0.5,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Return calls per second of each case: the median of interleaved rounds.

    A machine that slows down in between slows every case, so ratios stand. With
    `time.thread_time` as *clock* they are calls per second of one core.
    """
    for work in cases.values():
        work()
    measured: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, work in cases.items():
            measured[name].append(_rate(work, seconds, clock))
    return {name: statistics.median(values) for name, values in measured.items()}


def _rate(
    work: Callable[[], object], seconds: float, clock: Callable[[], float]
) -> float:
    calls, started = 0, clock()
    while (spent := clock() - started) < seconds:
        work()
        calls += 1
    return calls / spent
