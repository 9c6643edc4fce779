"""A programme: one shop or brand, the tenant that everything else belongs to."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import cast
from zoneinfo import ZoneInfo, available_timezones

from babel.numbers import get_currency_precision, list_currencies
from sqlalchemy import Table, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from passes import db
from passes.db import Base
from passes.errors import InvalidError, NotFoundError

LANGUAGES = ("fr", "en")
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
# A bar's night is one day: until four in the morning it is still yesterday.
_DAY_STARTS = time(4)


class Programme(Base):
    """One shop or brand. *design_version* and *rules_version* are the live ones."""

    __tablename__ = "programme"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    currency: Mapped[str]
    language: Mapped[str]
    region: Mapped[str]
    timezone: Mapped[str]
    design_version: Mapped[int] = mapped_column(default=0)
    rules_version: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]

    @property
    def decimals(self) -> int:
        """How many decimals an amount in the programme's currency has."""
        return get_currency_precision(self.currency)

    def business_day(self, at: datetime) -> date:
        """Return the day that *at* counts for, in the shop's own time."""
        return _business_day(self.timezone, at)


@dataclass(frozen=True, slots=True)
class Shop:
    """What a sale needs to know of its `Programme`, as it is in the transaction."""

    id: int
    currency: str
    language: str
    timezone: str
    rules_version: int

    @property
    def decimals(self) -> int:
        """How many decimals an amount in the programme's currency has."""
        return get_currency_precision(self.currency)

    def business_day(self, at: datetime) -> date:
        """Return the day that *at* counts for, in the shop's own time."""
        return _business_day(self.timezone, at)


def _business_day(timezone: str, at: datetime) -> date:
    local = at.astimezone(ZoneInfo(timezone))
    early = local.timetz().replace(tzinfo=None) < _DAY_STARTS
    return local.date() - timedelta(days=1) if early else local.date()


_PROGRAMMES = cast("Table", Programme.__table__)


def create(
    session: Session,
    *,
    slug: str,
    name: str,
    at: datetime,
    currency: str = "EUR",
    language: str = "fr",
    region: str = "FR",
    timezone: str = "Europe/Paris",
) -> Programme:
    """Add a programme without design or rules and return it.

    Raises:
        InvalidError: a value is not acceptable, or the *slug* is taken.
    """
    if not _SLUG.fullmatch(slug):
        raise InvalidError("slug", "Use 1 to 40 of a-z, 0-9 and hyphens.")
    if not name.strip():
        raise InvalidError("name", "A programme needs a name.")
    if currency not in list_currencies():
        raise InvalidError("currency", "Use an ISO 4217 code such as EUR.")
    if language not in LANGUAGES:
        raise InvalidError("language", "Use fr or en.")
    if timezone not in available_timezones():
        raise InvalidError("timezone", "Use a name such as Europe/Paris.")
    row = {
        "slug": slug,
        "name": name.strip(),
        "currency": currency,
        "language": language,
        "region": region,
        "timezone": timezone,
        "created_at": at,
    }
    # The database tells who of two came first; looking before would not.
    insert = db.insert_new(session, _PROGRAMMES, _PROGRAMMES.c.id)
    made = session.connection().execute(insert, row).scalar()
    if made is None:
        raise InvalidError("slug", "Another programme has this address.")
    return session.get_one(Programme, made)


def by_slug(session: Session, slug: str) -> Programme:
    """Return the programme at *slug*, or raise `NotFoundError`."""
    found = session.scalar(select(Programme).where(Programme.slug == slug))
    if found is None:
        raise NotFoundError("programme")
    return found


def by_id(session: Session, programme_id: int) -> Programme:
    """Return the programme, or raise `NotFoundError`."""
    found = session.get(Programme, programme_id)
    if found is None:
        raise NotFoundError("programme")
    return found


def every(session: Session) -> list[Programme]:
    """Return all programmes, by address."""
    return list(session.scalars(select(Programme).order_by(Programme.slug)))
