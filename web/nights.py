"""What is done once a night, by one of all workers, outside of any transaction."""

from datetime import datetime, timedelta

from passes import db
from passes.delivery import schedule
from web.services import Services

_DAY = timedelta(days=1)


def claimed(services: Services, name: str, hour: int, at: datetime) -> bool:
    """Tell whether this worker is the one to do the work called *name* now.

    The next time is the night after, at *hour* UTC.
    """
    with services.read() as session:
        due = schedule.upcoming(session).get(name)
    # Most looks find nothing due, and those must not take the database's one writer.
    if not schedule.is_due(due, _DAY, at):
        return False
    with db.write(services.sessions) as session:
        return schedule.claim(session, name, _DAY, at, then=_after(at, hour))


def _after(at: datetime, hour: int) -> datetime:
    night = at.replace(hour=hour, minute=0, second=0, microsecond=0)
    return night if night > at else night + _DAY
