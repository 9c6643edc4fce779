"""``palier serve`` and ``palier worker``."""

import sys

import click

from passes import db, migrations
from passes.db import Sessions
from web import serving
from web.commands import running
from web.config import Settings


@running.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes that answer.",
)
@click.option(
    "--threads",
    type=click.IntRange(1, 16),
    default=8,
    show_default=True,
    help="Requests that each process answers at the same time.",
)
@click.option("--migrate", is_flag=True, help="Bring the database up to date first.")
def serve(host: str, port: int, workers: int, threads: int, migrate: bool) -> None:
    """Serve the site.

    The background worker runs inside, unless PALIER_WORKER=off. SIGTERM answers
    what is under way and ends.
    """
    settings = running.settings(port=port)
    prepare(settings, migrate=migrate)
    serving.serve(
        settings,
        host=host,
        port=port,
        workers=workers,
        threads=threads,
        pretty=sys.stderr.isatty(),
    )


def prepare(settings: Settings, *, migrate: bool) -> None:
    """Refuse to start on a database of another version, or bring it to this one.

    Raises:
        ConfigurationError: it is older and *migrate* was not asked for, or newer.
    """
    engine = db.open_engine(settings.database)
    try:
        if migrate:
            migrations.upgrade(engine)
        running.require_schema(Sessions(engine))
    finally:
        # What is forked must not inherit a connection.
        engine.dispose()
