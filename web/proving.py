"""Each night the whole ledger is computed again from its entries, and told loudly.

It reads one snapshot and holds no write transaction meanwhile, so that no till
waits, however long the ledger is.
"""

from collections.abc import Callable

import structlog

from passes import db
from passes.delivery import schedule
from passes.loyalty import proofs
from web import nights
from web.services import Services

_log = structlog.get_logger()

NAME = "verify-ledger"
_HOUR = 3


def prove_when_due(
    services: Services, go_on: Callable[[], bool] = lambda: True
) -> proofs.Result | None:
    """Prove the ledger once a night, of all workers; return what was found.

    Returns None when nothing was due, or when *go_on* put an end to it: then it is
    due again.
    """
    at = services.clock()
    if not nights.claimed(services, NAME, _HOUR, at):
        return None
    with services.read() as session:
        result = proofs.prove(session, go_on)
    with db.write(services.sessions) as session:
        if result is None:
            schedule.put_back(session, NAME, at)
            return None
        proofs.record(session, result, at)
    if result.differences:
        said = "; ".join(result.examples)
        _log.error("ledger_differs", count=result.differences, reason=said)
    else:
        _log.info("ledger_proved")
    return result
