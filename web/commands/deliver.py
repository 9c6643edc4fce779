"""``palier deliver``: what is owed to the wallets, sent now."""

import click

from web import services, worker
from web.commands import running


@running.command()
@click.option("--once", is_flag=True, required=True, help="End when nothing is due.")
def deliver(once: bool) -> None:
    """Send what the wallets are owed, and end.

    `palier worker` goes on doing so.
    """
    settings = running.settings()
    with running.database(settings):
        made = services.build(settings, wake=lambda: None)
        sent = worker.drain(made, set())
        made.apple.close()
        made.sessions.engine.dispose()
    click.echo(f"{sent} updates were sent.")
