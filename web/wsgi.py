"""The application of one web worker, made in the worker's own process."""

import multiprocessing.util

from web import app, logs, services, worker
from web.app import Wsgi
from web.config import Settings

_BACKGROUND = 15.0
"""Seconds that the background has to finish once no request is under way."""


def application(settings: Settings, *, pretty: bool) -> Wsgi:
    """Return the whole server, its background running.

    *pretty*: log for a person's eyes.
    """
    logs.configure(pretty=pretty)
    engine = worker.open_engine(settings)
    made = services.build(settings, wake=engine.wake)
    server = app.create_app(made)
    engine.start(made, delivering=settings.worker == "inline")
    # A forked process ends without atexit; this is what it runs instead.
    multiprocessing.util.Finalize(None, engine.stop, (_BACKGROUND,), exitpriority=10)
    return server
