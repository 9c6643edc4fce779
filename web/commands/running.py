"""What commands share: settings, the database, and how a refusal reads."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from sqlalchemy.exc import OperationalError

from passes import db, migrations
from passes.db import Sessions
from passes.errors import PassesError
from passes.people.actor import Actor
from web import logs
from web.config import ConfigurationError, Settings

OPERATOR = Actor("system", "command-line")
"""Who the audit log names for what was done here."""


class Command(click.Command):
    """A command whose refusals are one plain sentence, and exit status 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (PassesError, ConfigurationError) as error:
            raise click.ClickException(str(error)) from error
        except OperationalError as error:
            reason = str(error.orig).strip().splitlines()[0]
            message = f"The database cannot be used: {reason}."
            raise click.ClickException(message) from error


class Group(click.Group):
    """Commands of one noun."""

    command_class = Command


def command(name: str | None = None) -> Callable[[Callable[..., Any]], Command]:
    """Make a function a command of its own."""
    return click.command(name, cls=Command)


def settings(*, port: int | None = None) -> Settings:
    """Read the settings, and log for a person where one is looking.

    Raises:
        ConfigurationError: a setting is wrong.
    """
    logs.configure(pretty=sys.stderr.isatty())
    return Settings.load(port=port)


@contextmanager
def database(of: Settings) -> Iterator[Sessions]:
    """Open the database, which must be at this version.

    Raises:
        ConfigurationError: it is older or newer.
    """
    engine = db.open_engine(of.database)
    try:
        require_schema(Sessions(engine))
        yield Sessions(engine)
    finally:
        engine.dispose()


def require_schema(sessions: Sessions) -> None:
    """Refuse a database that is not at this version.

    Raises:
        ConfigurationError: with the way out.
    """
    if problem := migrations.problem(sessions.engine):
        raise ConfigurationError([problem])
