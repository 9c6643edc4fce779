"""``palier verify-ledger`` and ``palier verify-audit``: proof, by recomputing."""

import click

from passes import db
from passes.loyalty import verification
from passes.people import audit
from web.commands import running


@running.command("verify-ledger")
def ledger() -> None:
    """Recompute everything from the entries, and name what differs."""
    differences = 0
    with running.database(running.settings()) as sessions, db.read(sessions) as session:
        for found in verification.verify(session):
            differences += 1
            click.echo(f"{found.subject}: {found.problem}")
    _conclude(differences, "The ledger is as its entries say.")


@running.command("verify-audit")
def audit_log() -> None:
    """Recompute the seals of the audit log, and name those that are broken."""
    with running.database(running.settings()) as sessions, db.read(sessions) as session:
        broken = audit.verify(session)
    for seal in broken:
        click.echo(f"records {seal.first_id} to {seal.last_id} are not what was sealed")
    _conclude(len(broken), "The audit log is as it was sealed.")


def _conclude(differences: int, praise: str) -> None:
    if differences:
        raise click.ClickException(f"{differences} differences.")
    click.echo(praise)
