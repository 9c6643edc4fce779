"""``palier programme``: one shop or brand each."""

import click
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from passes import clock, db
from passes.cards.card import Card
from passes.people import audit
from passes.programmes import design, rules
from passes.programmes import programme as programmes
from passes.programmes.programme import Programme
from web.commands import running


@click.group(cls=running.Group)
def programme() -> None:
    """Look after programmes: one shop or brand each."""


@programme.command()
@click.argument("slug")
@click.option("--name", required=True, help="The shop's name, as people say it.")
@click.option("--currency", default="EUR", show_default=True, help="ISO 4217.")
@click.option(
    "--language",
    type=click.Choice(programmes.LANGUAGES),
    default="fr",
    show_default=True,
    help="What customers read when their own is not offered.",
)
@click.option("--region", default="FR", show_default=True, help="For phone numbers.")
@click.option("--timezone", default="Europe/Paris", show_default=True)
@click.option("--contact", help="Printed on the back of cards; the name by default.")
def create(  # noqa: PLR0917  (an option each)
    slug: str,
    name: str,
    currency: str,
    language: str,
    region: str,
    timezone: str,
    contact: str | None,
) -> None:
    """Add the programme at the address SLUG, ready to give cards."""
    settings = running.settings()
    at = clock.now()
    with running.database(settings) as sessions, db.write(sessions) as session:
        made = programmes.create(
            session,
            slug=slug,
            name=name,
            at=at,
            currency=currency,
            language=language,
            region=region,
            timezone=timezone,
        )
        live = rules.publish(session, made, rules.STARTER, at)
        look = design.starter(
            made.name,
            contact or made.name,
            currency=made.currency,
            points_per_unit=live.points_per_unit,
        )
        design.publish(session, made, look, by=running.OPERATOR.name, at=at)
        audit.record(
            session,
            running.OPERATOR,
            "programme.create",
            f"programme:{slug}",
            programme_id=made.id,
            at=at,
        )
    click.echo(
        f"{made.name} is there. Customers join at {_join(settings.base_url, slug)}"
    )


@programme.command("list")
def list_() -> None:
    """List the programmes with the number of their cards."""
    settings = running.settings()
    with running.database(settings) as sessions, db.read(sessions) as session:
        for made in programmes.every(session):
            click.echo(f"{made.slug}\t{made.name}\t{_cards(session, made)} cards")


@programme.command()
@click.argument("slug")
def show(slug: str) -> None:
    """Show what the programme at SLUG is like now."""
    settings = running.settings()
    with running.database(settings) as sessions, db.read(sessions) as session:
        made = programmes.by_slug(session, slug)
        live = rules.live(session, made)
        lines = {
            "name": made.name,
            "join": _join(settings.base_url, slug),
            "currency": made.currency,
            "language": made.language,
            "region": made.region,
            "time zone": made.timezone,
            "cards": _cards(session, made),
            "design": f"version {made.design_version}",
            "points": f"{live.points_per_unit} for each {made.currency}",
            "tiers": ", ".join(
                f"{tier.name[made.language]} from {tier.threshold}"
                for tier in live.tiers
            ),
        }
    for label, value in lines.items():
        click.echo(f"{label + ':':<11}{value}")


def _join(base_url: str, slug: str) -> str:
    return f"{base_url}/join/{slug}"


def _cards(session: Session, made: Programme) -> int:
    query = select(func.count()).where(Card.programme_id == made.id)
    return session.scalar(query) or 0
