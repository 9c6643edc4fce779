"""``palier pass``: a card's file, written and judged."""

from pathlib import Path

import click
from sqlalchemy import select

from passes import clock
from passes.cards.card import Card
from passes.errors import NotFoundError
from wallet_apple import certificates, keyfiles, validation
from wallet_apple.validation import Severity
from web.commands import opening, running


@click.group("pass", cls=running.Group)
def pass_() -> None:
    """Write and judge .pkpass files."""


@pass_.command()
@click.argument("card")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write it.",
)
def build(card: str, output: Path) -> None:
    """Write the pass of the card with the id CARD, as a phone would get it now."""
    with opening.opened(running.settings()) as made, made.read() as session:
        found = session.scalar(select(Card.id).where(Card.public_id == card))
        if found is None:
            raise NotFoundError("card")
        data = made.apple.pass_file(session, found, clock.now())
    output.write_bytes(data)
    click.echo(f"{output}: {len(data)} bytes.")


@pass_.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def validate(file: Path) -> None:
    """Judge any .pkpass in plain words; exit status 1 when a phone refuses it."""
    settings = running.settings()
    root = settings.certs_dir / certificates.ROOT_FILE
    roots = keyfiles.read(root.read_bytes()) if root.is_file() else []
    findings = validation.validate(file.read_bytes(), roots=roots, at=clock.now())
    for found in findings:
        place = f" ({found.place})" if found.place else ""
        click.echo(f"{found.severity.value}: {found.text}{place}")
    errors = sum(found.severity is Severity.ERROR for found in findings)
    if errors:
        raise click.ClickException(f"A phone refuses this pass for {errors} reasons.")
    click.echo("A phone accepts this pass.")
