"""``palier db``: the schema of the database."""

import click

from passes import db as databases
from passes import migrations
from web.commands import running


@click.group(cls=running.Group)
def db() -> None:
    """Look after the database's schema."""


@db.command()
def upgrade() -> None:
    """Bring the database to this version; do nothing when it is there."""
    engine = databases.open_engine(running.settings().database)
    migrations.upgrade(engine)
    click.echo(f"The database is at {migrations.current(engine)}.")
    engine.dispose()


@db.command()
def current() -> None:
    """Say which version the database is at, and which one it should be."""
    engine = databases.open_engine(running.settings().database)
    found, newest = migrations.current(engine), migrations.newest()
    engine.dispose()
    if found == newest:
        click.echo(f"The database is at {found}, as it should be.")
    else:
        click.echo(
            f"The database is at {found}; `palier db upgrade` makes it {newest}."
        )
