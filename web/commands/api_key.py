"""``palier api-key``: keys for tills and shops."""

import click

from passes import clock, db
from passes.programmes import programme as programmes
from web.api import keys
from web.api.keys import Scope
from web.commands import running

_programme = click.option(
    "--programme", "slug", required=True, help="The programme's SLUG."
)


@click.group("api-key", cls=running.Group)
def api_key() -> None:
    """Look after API keys."""


@api_key.command()
@_programme
@click.option("--name", required=True, help="Where the key is used.")
@click.option(
    "--scope",
    required=True,
    help=f"What it may do, with commas between: {', '.join(Scope)}.",
)
def create(slug: str, name: str, scope: str) -> None:
    """Make a key and show it, once."""
    scopes = [part.strip() for part in scope.split(",") if part.strip()]
    with (
        running.database(running.settings()) as sessions,
        db.write(sessions) as session,
    ):
        programme = programmes.by_slug(session, slug)
        token = keys.create(
            session, programme, name, scopes, by=running.OPERATOR, at=clock.now()
        )
    click.echo(token)
    click.echo("Keep it now: it is not shown again.", err=True)


@api_key.command("list")
@_programme
def list_(slug: str) -> None:
    """List the programme's keys, without the keys themselves."""
    with running.database(running.settings()) as sessions, db.read(sessions) as session:
        programme = programmes.by_slug(session, slug)
        for key in keys.every(session, programme.id):
            used = f"used {key.used_at:%Y-%m-%d}" if key.used_at else "never used"
            state = "revoked" if key.revoked_at else used
            scopes = ",".join(map(str, _scopes(key.scopes)))
            click.echo(f"{key.name}\t{key.prefix}…\t{scopes}\t{state}")


@api_key.command()
@_programme
@click.option("--name", required=True)
def revoke(slug: str, name: str) -> None:
    """End a key, from the next request on."""
    with (
        running.database(running.settings()) as sessions,
        db.write(sessions) as session,
    ):
        programme = programmes.by_slug(session, slug)
        keys.revoke(session, programme, name, by=running.OPERATOR, at=clock.now())
    click.echo(f"The key {name} opens nothing any more.")


def _scopes(kept: object) -> list[object]:
    return list(kept) if isinstance(kept, list) else []
