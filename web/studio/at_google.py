"""How the cards stand at Google, in facts that an owner can act on."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from passes.delivery.lanes import Lane
from wallet_google import objects, reach, timeline
from wallet_google.reach import Reach
from wallet_google.tables import GoogleClass

# A change takes a second or two: what waits for less is on its way.
_PATIENCE = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class AtGoogle:
    """How delivery to Google stands. *waited* is for how long the oldest change waits.

    Everything that waits, of other programmes too, is there in *left*. *refused* says
    why Google does not take what the cards share, and *stopped* is a pause that a
    person may have to end: both in the words of the log.
    """

    reach: Reach
    waited: timedelta | None
    left: timedelta | None
    refused: str | None
    stopped: str | None
    stopped_until: datetime | None

    @property
    def late(self) -> bool:
        """Whether changes wait for longer than they take."""
        return self.waited is not None and self.waited > _PATIENCE


def now(session: Session, issuer_id: str, programme_id: int, at: datetime) -> AtGoogle:
    """Return how delivery stands for the programme at *at*."""
    found = reach.of_programme(session, programme_id)
    name = objects.lane(issuer_id)
    lane = session.get(Lane, name)
    resting = lane if lane and lane.rests(at) else None
    shared = session.get(GoogleClass, programme_id)
    since = found.waiting_since
    return AtGoogle(
        reach=found,
        waited=max(at - since, timedelta()) if since else None,
        left=_left(session, name, at),
        refused=shared.last_error if shared else None,
        stopped=resting.reason if resting else None,
        stopped_until=resting.paused_until if resting else None,
    )


def _left(session: Session, lane: str, at: datetime) -> timedelta | None:
    """Return how long it takes until nothing waits in the lane, at Google's pace."""
    for owed in timeline.figures(session, at):
        if owed.lane == lane and owed.done_at is not None:
            return owed.done_at - at
    return None
