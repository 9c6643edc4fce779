"""``palier deliver``: what is owed to the wallets, sent now."""

import time
from datetime import datetime

import click

from passes.delivery.held import Held
from web import draining
from web.commands import opening, running


@running.command()
@click.option("--once", is_flag=True, required=True, help="End when nothing is due.")
def deliver(once: bool) -> None:
    """Send what the wallets are owed, and end.

    `palier worker` goes on doing so.
    """
    sent = 0
    with opening.opened(running.settings()) as services:
        while True:
            full: list[datetime] = []
            sent += draining.drain(services, Held(), later=full.append)
            if not full:
                break
            wait = min(full) - services.clock()
            time.sleep(max(0.0, wait.total_seconds()))
    click.echo(f"{sent} updates were sent.")
