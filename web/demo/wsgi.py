"""The demo's application: the whole server, with the stand-ins beside it."""

import logging
import multiprocessing.util

import structlog

from web import app, logs, services, worker
from web.app import Palier, Wsgi
from web.config import Settings
from web.demo import standins, views

_FINISH = 5.0


def application(settings: Settings, *, pretty: bool) -> Wsgi:
    """Return the server with its background and stand-ins running.

    *pretty*: log for a person's eyes; only what is wrong, since a page asks each
    second.
    """
    logs.configure(pretty=pretty)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING)
    )
    played = standins.start(settings)
    engine = worker.open_engine(settings)
    made = services.build(played.settings(settings), wake=engine.wake)
    server = app.create_app(made, [views.SURFACE])
    if not isinstance(server, Palier):
        raise TypeError("The demo is for this machine alone, without proxies.")
    site = server.site
    site.extensions[views.EXTENSION] = played
    site.jinja_env.globals["demo_phone"] = views.address_of
    engine.start(made)
    standins.restore(made, played)

    def finish() -> None:
        engine.stop(_FINISH)
        played.stop()

    multiprocessing.util.Finalize(None, finish, exitpriority=10)
    return server
