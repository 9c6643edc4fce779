"""``palier worker``."""

import signal
import threading
from types import FrameType

from web import services
from web import worker as background
from web.commands import running, serve
from web.serving import DRAIN


@running.command()
def worker() -> None:
    """Run the background worker alone.

    Any number may run beside one PostgreSQL; with SQLite, on the same machine.
    """
    settings = running.settings()
    serve.prepare(settings, migrate=False)
    engine = background.open_engine(settings, alone=True)
    made = services.build(settings, wake=engine.wake)
    ended = threading.Event()

    def end(_: int, __: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    engine.start(made)
    ended.wait()
    engine.stop(DRAIN)
