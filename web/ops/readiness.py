"""Whether requests can be served: database, migrations, keys."""

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from passes import migrations
from web.services import Services

_log = structlog.get_logger()


def missing(services: Services) -> list[str]:
    """Return the names of what is not there: nothing is a good answer."""
    found = []
    try:
        with services.read() as session:
            session.execute(text("SELECT 1"))
        if migrations.current(services.sessions.engine) != migrations.newest():
            found.append("migrations")
    except SQLAlchemyError as error:
        _log.warning("not ready", error=type(error).__name__)
        found.append("database")
    try:
        services.settings.key("check")
    except OSError:
        found.append("keys")
    return found
