"""``palier deliver``: what is owed to the wallets, sent now."""

import click

from passes.delivery.held import Held
from web import worker
from web.commands import opening, running


@running.command()
@click.option("--once", is_flag=True, required=True, help="End when nothing is due.")
def deliver(once: bool) -> None:
    """Send what the wallets are owed, and end.

    `palier worker` goes on doing so.
    """
    with opening.opened(running.settings()) as services:
        sent = worker.drain(services, Held())
    click.echo(f"{sent} updates were sent.")
