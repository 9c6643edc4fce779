"""``palier doctor``: what needs a hand."""

import click

from passes import clock
from web import doctor as examination
from web.commands import running


@running.command()
def doctor() -> None:
    """Check settings, keys, certificates, database, worker, clock and disk.

    Exit status 1 when something needs a hand.
    """
    settings = running.settings()
    needed = 0
    for found in examination.examine(settings, clock.now()):
        needed += not found.well
        mark = "ok  " if found.well else "HAND"
        click.echo(f"{mark} {found.about + ':':<13} {found.sentence}")
    if needed:
        things = "One thing needs" if needed == 1 else f"{needed} things need"
        raise click.ClickException(f"{things} a hand.")
    click.echo("Nothing needs a hand.")
