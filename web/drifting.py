"""Each night what Google holds is compared with what it should, and mended.

Nothing of it is needed as long as all goes well. A night compares so many cards and no
more, since each is a request; another night takes the next ones.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

import structlog
from sqlalchemy import func, select

from passes.clock import Clock
from wallet_google import drift
from wallet_google.drift import Drift
from wallet_google.errors import GoogleWalletError
from wallet_google.tables import GoogleObject
from wallet_google.wallet import GoogleWallet
from web import nights
from web.services import Services

_log = structlog.get_logger()

NAME = "google-drift"
A_NIGHT = 5_000
"""How many cards are compared in a night: some ten minutes of questions."""

_HOUR = 4


def compare_when_due(
    services: Services, go_on: Callable[[], bool] = lambda: True
) -> int | None:
    """Compare and mend once a night, of all workers; return how much differed.

    Returns None when nothing was due, or when Google could not be asked: the next
    night comes. *go_on* is asked between the steps.
    """
    wallet, at = services.google, services.clock()
    if wallet is None or not nights.claimed(services, NAME, _HOUR, at):
        return None
    after = _part(services, at)
    found = compared(
        wallet, services.clock, repair=True, after=after, go_on=go_on, most=A_NIGHT
    )
    try:
        drifts = list(found)
    except GoogleWalletError as error:
        _log.warning("google_not_compared", error=str(error))
        return None
    finally:
        wallet.client.close()
    if drifts:
        _log.warning("google_drifted", count=len(drifts), reason=told(drifts[0]))
        services.wake()
    return len(drifts)


def compared(
    wallet: GoogleWallet,
    clock: Clock,
    *,
    repair: bool,
    after: int = 0,
    most: int | None = None,
    go_on: Callable[[], bool] = lambda: True,
) -> Iterator[Drift]:
    """Yield what Google holds otherwise: of all classes, and of the rows *after* one.

    *most* is how far the rows' ids may go from there. With *repair* what differs is
    sent anew, classes at once and cards by a worker.

    Raises:
        GoogleWalletError: Google cannot be asked.
    """
    yield from drift.check_classes(wallet, repair=repair)
    last: int | None = after
    while last is not None and go_on() and (most is None or last < after + most):
        step = drift.check_cards(wallet, clock(), after=last, repair=repair)
        yield from step.drifts
        last = step.after


def told(found: Drift) -> str:
    """Return a sentence for the operator; it names no person."""
    if found.given_up is not None:
        return f"{found.resource_id} was given up: {found.given_up}"
    said = []
    if found.missing:
        said.append("is not there")
    if found.fields:
        said.append(f"differs in {', '.join(found.fields)}")
    if found.refused is not None:
        said.append(f"cannot be compared or mended: {found.refused}")
    return f"{found.resource_id} {', '.join(said)}"


def _part(services: Services, at: datetime) -> int:
    """Return the row after which this night begins."""
    with services.read() as session:
        newest = session.scalar(select(func.max(GoogleObject.id))) or 0
    parts = max(1, -(-newest // A_NIGHT))
    return at.toordinal() % parts * A_NIGHT
