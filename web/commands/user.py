"""``palier user``: people who sign in."""

import sys

import click

from passes import clock, db
from passes.people import audit, team
from passes.people.actor import Role
from passes.programmes import programme as programmes
from web.accounts import store
from web.commands import running


@click.group(cls=running.Group)
def user() -> None:
    """Look after people with an account."""


@user.command()
@click.option("--email", required=True)
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--programme", "slug", required=True, help="The programme's SLUG.")
@click.option("--name", help="The person's name.")
@click.option("--language", type=click.Choice(programmes.LANGUAGES), default="fr")
def create(email: str, role: str, slug: str, name: str | None, language: str) -> None:
    """Let a person work for a programme in one role.

    A new account's password is asked for, or read from a pipe. Somebody who has an
    account keeps it, and gets the role as well.
    """
    settings = running.settings()
    at = clock.now()
    with running.database(settings) as sessions:
        with db.read(sessions) as session:
            programmes.by_slug(session, slug)
            known = store.by_email(session, email) is not None
        password = None if known else _ask_password()
        with db.write(sessions) as session:
            programme = programmes.by_slug(session, slug)
            account = store.by_email(session, email) or store.create(
                session,
                email=email,
                at=at,
                name=name,
                password=password,
                language=language,
            )
            team.join(session, account.id, programme.id, Role(role), at)
            audit.record(
                session,
                running.OPERATOR,
                "team.join",
                f"account:{account.id}",
                programme_id=programme.id,
                at=at,
                facts={"role": role},
            )
    click.echo(
        f"{account.email} is {role} of {slug}. Sign in at {settings.base_url}/login"
    )


def _ask_password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return typed
