"""The limiter's counters in our own database."""

from datetime import timedelta
from typing import Any

from limits.storage import Storage
from sqlalchemy import case, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from passes import db
from passes.clock import Clock
from passes.db import Sessions
from web.tables import RateCounter


class DatabaseStorage(Storage):
    """Counters in ``rate_counter``; one statement counts, whoever counts beside."""

    STORAGE_SCHEME = ["palier"]  # noqa: RUF012  (the library's own contract)

    def __init__(self, uri: str | None = None, **options: Any) -> None:
        super().__init__(uri)
        self._sessions: Sessions = options["sessions"]
        self._clock: Clock = options["clock"]

    @property
    def base_exceptions(self) -> type[Exception]:
        """What the storage raises when the database is away."""
        return DBAPIError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count *amount* and return the window's count, which ends *expiry* s on."""
        now = self._clock()
        ends = now + timedelta(seconds=expiry)
        with db.write(self._sessions) as session:
            insert = _insert(session)(RateCounter).values(
                key=key, hits=amount, expires_at=ends
            )
            over = RateCounter.expires_at <= now
            counted = insert.on_conflict_do_update(
                index_elements=["key"],
                set_={
                    "hits": case((over, amount), else_=RateCounter.hits + amount),
                    "expires_at": case(
                        (over, insert.excluded.expires_at),
                        else_=RateCounter.expires_at,
                    ),
                },
            ).returning(RateCounter.hits)
            return int(session.execute(counted).scalar_one())

    def get(self, key: str) -> int:
        """Return the window's count, 0 when it is over."""
        row = self._row(key)
        return row.hits if row else 0

    def get_expiry(self, key: str) -> float:
        """Return when the window ends, in seconds since 1970."""
        row = self._row(key)
        return (row.expires_at if row else self._clock()).timestamp()

    def check(self) -> bool:
        """Tell whether the database answers."""
        try:
            self._row("")
        except DBAPIError:
            return False
        return True

    def reset(self) -> int | None:
        """Forget everything."""
        with db.write(self._sessions) as session:
            session.execute(delete(RateCounter))
        return None

    def clear(self, key: str) -> None:
        """Forget one counter."""
        with db.write(self._sessions) as session:
            session.execute(delete(RateCounter).where(RateCounter.key == key))

    def _row(self, key: str) -> RateCounter | None:
        with db.read(self._sessions) as session:
            return session.scalar(
                select(RateCounter).where(
                    RateCounter.key == key, RateCounter.expires_at > self._clock()
                )
            )


def _insert(session: Session) -> Any:
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert
    return postgresql.insert
