"""Whether news reach the phones, in facts that an owner can act on."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from sqlalchemy.orm import Session

from passes.delivery.lanes import Lane
from wallet_apple import reach, registrations
from wallet_apple.errors import CertificateError
from wallet_apple.reach import Reach
from wallet_apple.wallet import AppleWallet

SOON, SOONER, NOW = 60, 30, 7
"""Days before the certificate ends at which the studio says so, ever louder."""

# A push takes a second or two: what waits for less is on its way.
_PATIENCE = timedelta(seconds=20)


class Certificate(Enum):
    """The state of what signs the cards."""

    GOOD = "good"
    ENDS = "ends"
    """Within `SOON` days."""
    ENDED = "ended"
    MISSING = "missing"
    """Not there, or of no use."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How delivery stands. *waited* is since when the longest waiting phone waits.

    *stopped* is a pause that a person may have to end, in the words of the log;
    *days_left* are the certificate's.
    """

    reach: Reach
    waited: timedelta | None
    stopped: str | None
    stopped_until: datetime | None
    certificate: Certificate
    days_left: int

    @property
    def late(self) -> bool:
        """Whether phones wait for longer than news take."""
        return self.waited is not None and self.waited > _PATIENCE


def now(
    session: Session, apple: AppleWallet, programme_id: int, at: datetime
) -> Delivery:
    """Return how delivery stands for the programme at *at*."""
    found = reach.of_programme(session, programme_id)
    lane = _lane(session, apple, at)
    certificate, days_left = _certificate(apple, at)
    since = found.waiting_since
    return Delivery(
        reach=found,
        waited=max(at - since, timedelta()) if since else None,
        stopped=lane.reason if lane else None,
        stopped_until=lane.paused_until if lane else None,
        certificate=certificate,
        days_left=days_left,
    )


def _lane(session: Session, apple: AppleWallet, at: datetime) -> Lane | None:
    pass_type = apple.identity.pass_type
    lane = session.get(Lane, registrations.lane(pass_type)) if pass_type else None
    return lane if lane and lane.rests(at) else None


def _certificate(apple: AppleWallet, at: datetime) -> tuple[Certificate, int]:
    try:
        days = apple.identity.loaded(at).facts.days_left(at)
    except CertificateError:
        return Certificate.MISSING, 0
    if days < 0:
        return Certificate.ENDED, 0
    return (Certificate.ENDS if days <= SOON else Certificate.GOOD), days
