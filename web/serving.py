"""Serving: one process that listens, and web workers with the background inside.

granian takes connections in its own threads and calls WSGI in ours. SIGTERM: no new
connection is taken, requests under way are answered, then the background finishes.
"""

import importlib
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import MPServer

from web.config import Settings

DRAIN = 25
"""Seconds that a worker has to answer and finish what is under way."""

_HEADERS_MS = 10_000


def serve(
    settings: Settings,
    *,
    host: str,
    port: int,
    workers: int = 1,
    threads: int = 8,
    pretty: bool = False,
    application: str = "web.wsgi:application",
) -> None:
    """Serve until SIGTERM or Ctrl-C.

    *application* names the function that makes the app from the settings, in each
    worker's process: this one stays small.
    """
    server = MPServer(
        application,
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
        log_level=LogLevels.error,
        websockets=False,
    )
    loader = partial(_load, application, settings, pretty)
    server.serve(target_loader=loader, wrap_loader=False)


def _load(name: str, settings: Settings, pretty: bool) -> Callable[..., Any]:
    module, _, function = name.partition(":")
    make = getattr(importlib.import_module(module), function)
    return cast("Callable[..., Any]", make(settings, pretty=pretty))
