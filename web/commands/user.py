"""``palier user``: people who sign in."""

import sys

import click

from passes import clock, db
from passes.people import audit, team
from passes.people.actor import Role
from passes.programmes import programme as programmes
from web.accounts import invitations, store
from web.accounts.account import Account
from web.commands import running
from web.config import Settings


@click.group(cls=running.Group)
def user() -> None:
    """Look after people with an account."""


@user.command()
@click.option("--email", required=True)
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--programme", "slug", required=True, help="The programme's SLUG.")
@click.option("--name", help="The person's name.")
@click.option("--language", type=click.Choice(programmes.LANGUAGES), default="fr")
@click.option("--invite", is_flag=True, help="Print a link to choose a password with.")
def create(
    email: str, role: str, slug: str, name: str | None, language: str, *, invite: bool
) -> None:
    """Let a person work for a programme in one role.

    A new account's password is asked for, or read from a pipe. With --invite, or
    where nothing can be typed or read, a link is printed instead: with it the person
    chooses a password, once and within three days. Somebody who has an account keeps
    it, and gets the role as well; --invite lets them choose a new password.
    """
    settings = running.settings()
    at = clock.now()
    with running.database(settings) as sessions:
        with db.read(sessions) as session:
            programmes.by_slug(session, slug)
            known = store.by_email(session, email) is not None
        password = None if known or invite else _ask_password()
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
    if invite or account.password is None:
        click.echo(f"{account.email} is {role} of {slug}. To choose a password:")
        click.echo(_link(settings, account))
        return
    click.echo(
        f"{account.email} is {role} of {slug}. Sign in at {settings.base_url}/login"
    )


def _link(settings: Settings, account: Account) -> str:
    key = settings.key(invitations.PURPOSE)
    return invitations.link(account, base_url=settings.base_url, key=key)


def _ask_password() -> str | None:
    """Return what was typed or piped, or None where there is nothing to read."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n") or None
    typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return typed
