"""Serving: one process that listens, and web workers with the background inside.

granian takes connections in its own threads and calls WSGI in ours. SIGTERM: no new
connection is taken, requests under way are answered, then the background finishes.
"""

import multiprocessing.util
import signal
import threading
from functools import partial

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import MPServer

from web import app, logs, services, worker
from web.app import Wsgi
from web.config import Settings

DRAIN = 25
"""Seconds that a worker has to answer and finish what is under way."""

_BACKGROUND = 15.0
_HEADERS_MS = 10_000


def serve(
    settings: Settings,
    *,
    host: str,
    port: int,
    workers: int,
    threads: int,
    pretty: bool = False,
) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    server = MPServer(
        "palier",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        workers=workers,
        blocking_threads=threads,
        # Somebody who sends headers by the drop holds a connection for so long.
        http1_settings=HTTP1Settings(header_read_timeout=_HEADERS_MS),
        respawn_failed_workers=True,
        workers_kill_timeout=DRAIN,
        log_level=LogLevels.warning,
        websockets=False,
    )
    loader = partial(_load, settings, pretty)
    server.serve(target_loader=loader, wrap_loader=False)


def work(settings: Settings) -> None:
    """Run the background alone until SIGTERM or Ctrl-C."""
    engine = worker.open_engine(settings, alone=True)
    made = services.open_services(settings, wake=engine.wake)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    engine.start(made)
    ended.wait()
    engine.stop(DRAIN)


def _load(settings: Settings, pretty: bool) -> Wsgi:
    """Make the app of one web worker, in its own process."""
    logs.configure(pretty=pretty)
    engine = worker.open_engine(settings)
    made = services.open_services(settings, wake=engine.wake)
    server = app.create_app(made)
    engine.start(made, delivering=settings.worker == "inline")
    # A forked process ends without atexit; this is what it runs instead.
    multiprocessing.util.Finalize(None, engine.stop, (_BACKGROUND,), exitpriority=10)
    return server
