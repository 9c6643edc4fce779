"""The server as a process: its memory at rest, its start, what it does when idle."""

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from passes import db, migrations
from tests.benchmarks.figures import Figure
from tests.faults.harness import Server

ROUNDS = 3
_MEGABYTE = 1024
_MOST_MEGABYTES = 300.0
_MOST_SECONDS = 6.0
_REST = 3.0
_IDLE = 10.0


def figures() -> Iterator[Figure]:
    """Yield the group's memory, the time to the first answer and the idle CPU."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'palier.db'}"
        engine = db.open_engine(url)
        migrations.upgrade(engine)
        engine.dispose()
        server = Server(folder, url)
        starts = []
        for _ in range(ROUNDS):
            server.kill()
            starts.append(server.start())
        time.sleep(_REST)
        group = _group(server.pid)
        memory = sum(_resident(pid) for pid in group) / _MEGABYTE
        shared = sum(_proportional(pid) for pid in group) / _MEGABYTE
        idle = _idle(group)
        server.kill()
    start = sorted(starts)[len(starts) // 2]
    yield Figure(
        "memory of the process group at rest",
        *(memory, "MB", _MOST_MEGABYTES, memory / _MOST_MEGABYTES, 1.0, True),
    )
    yield Figure("the same, shared pages counted once", shared, "MB")
    yield Figure(
        "start to first answer",
        *(start, "s", _MOST_SECONDS, start / _MOST_SECONDS, 1.0, True),
    )
    yield Figure("processor time when idle", idle * 100, "% of one core")


def _group(leader: int) -> list[int]:
    every = (entry for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [int(entry.name) for entry in every if _group_of(entry) == leader]


def _group_of(entry: Path) -> int | None:
    try:
        return os.getpgid(int(entry.name))
    except ProcessLookupError:
        return None


def _resident(pid: int) -> int:
    return _kilobytes(pid, "Rss:")


def _proportional(pid: int) -> int:
    return _kilobytes(pid, "Pss:")


def _kilobytes(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def _idle(group: list[int]) -> float:
    """Return the share of one core that the group takes while nobody asks."""
    before = sum(map(_ticks, group))
    time.sleep(_IDLE)
    ticks = sum(map(_ticks, group)) - before
    return ticks / os.sysconf("SC_CLK_TCK") / _IDLE


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
