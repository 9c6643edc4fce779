"""``palier google``: what Google Wallet makes of this service."""

import click
from sqlalchemy import select

from passes import clock, db
from wallet_google import setup
from wallet_google.client import Client
from wallet_google.identity import Identity
from wallet_google.tables import GoogleObject
from web import drifting
from web import google as putting_together
from web.commands import opening, running
from web.config import ConfigurationError, Settings

_NOT_SET_UP = (
    "Google Wallet is not set up: give PALIER_GOOGLE_ISSUER_ID and"
    " PALIER_GOOGLE_SERVICE_ACCOUNT."
)


@click.group(cls=running.Group)
def google() -> None:
    """Look after Google Wallet."""


@google.command()
def check() -> None:
    """Ask Google whether it lets this service in, and have it judge a save link.

    Nothing is stored. Exit status 1, with what to do, when cards cannot be.
    """
    settings = running.settings()
    identity = _identity(settings)
    client = Client(identity, settings.google_api_url)
    try:
        outcome = setup.check(client, _jwt(settings, identity))
    finally:
        client.close()
    if not outcome.good:
        raise click.ClickException(f"{outcome.message} {outcome.remedy}")
    if problem := putting_together.address_problem(settings):
        raise click.ClickException(problem)
    click.echo(f"issuer:  {identity.issuer_id}")
    click.echo(f"account: {identity.loaded().email}")
    click.echo(outcome.message)
    click.echo(
        "Whether everybody may save them, Google does not tell: a card with [TEST"
        " ONLY] in its title is for test accounts, until you have publishing access."
    )


@google.command()
@click.option("--repair", is_flag=True, help="Send anew what differs.")
def drift(*, repair: bool) -> None:
    """Compare what Google holds with what it should, and name what differs.

    Each card is one request. Exit status 1 when something differs and was not to be
    repaired. What was changed less than a minute ago is left out.
    """
    settings = running.settings()
    _identity(settings)
    differs = 0
    with opening.opened(settings) as services:
        if services.google is None:
            raise ConfigurationError([_NOT_SET_UP])
        for found in drifting.compared(services.google, services.clock, repair=repair):
            differs += 1
            click.echo(drifting.told(found))
        services.google.client.close()
    if differs == 0:
        click.echo("Google holds everything as it should.")
    elif repair:
        click.echo("What differed is sent anew, cards by the worker.")
    else:
        raise click.ClickException("Google holds something else; --repair mends it.")


def _identity(settings: Settings) -> Identity:
    identity = putting_together.identity(settings)
    if identity is None:
        raise ConfigurationError([_NOT_SET_UP])
    # What is wrong with the file is told before Google is asked.
    identity.loaded()
    return identity


def _jwt(settings: Settings, identity: Identity) -> str | None:
    """Return a save link's JWT for some card that Google has, None before the first."""
    stored = GoogleObject.balances.is_not(None)
    query = select(GoogleObject.object_id).where(stored).limit(1)
    try:
        with running.database(settings) as sessions, db.read(sessions) as session:
            object_id = session.scalar(query)
    except ConfigurationError:
        # The account may come before the database.
        return None
    if object_id is None:
        return None
    return putting_together.save_links(settings, identity).jwt(object_id, clock.now())
