"""Programmes and their business day."""

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from passes import db
from passes.db import Sessions
from passes.errors import InvalidError, NotFoundError
from passes.programmes import programme as programmes
from passes.programmes.programme import Programme
from tests.makers import NOON, make_programme


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slug", ""),
        ("slug", "Café"),
        ("slug", "-a"),
        ("slug", "a" * 41),
        ("name", "  "),
        ("currency", "EURO"),
        ("language", "de"),
        ("timezone", "Paris"),
        ("timezone", "../etc/passwd"),
    ],
)
def test_bad_input_names_its_field(session: Session, field: str, value: str) -> None:
    right = {"slug": "cafe", "name": "Café"}

    with pytest.raises(InvalidError) as refusal:
        programmes.create(session, at=NOON, **(right | {field: value}))

    assert refusal.value.field == field


def test_an_address_belongs_to_one_programme(session: Session) -> None:
    make_programme(session)

    with pytest.raises(InvalidError) as refusal:
        make_programme(session)

    assert refusal.value.field == "slug"


def test_of_two_who_take_an_address_at_once_one_is_refused(
    sessions: Sessions,
) -> None:
    def create() -> None:
        with db.write(sessions) as session:
            programmes.create(session, slug="cafe", name="Café", at=NOON)

    with ThreadPoolExecutor(1) as pool:
        with db.write(sessions) as session:
            programmes.create(session, slug="cafe", name="Café", at=NOON)
            second = pool.submit(create)
            wait([second], timeout=0.3)

        with pytest.raises(InvalidError) as refusal:
            second.result()

    assert refusal.value.field == "slug"


def test_an_unknown_address_is_said_so(session: Session) -> None:
    with pytest.raises(NotFoundError):
        programmes.by_slug(session, "nowhere")


@pytest.mark.parametrize(
    ("utc", "day"),
    [
        (datetime(2026, 11, 24, 12, tzinfo=UTC), date(2026, 11, 24)),
        # 03:59 and 04:00 in Paris.
        (datetime(2026, 11, 25, 2, 59, tzinfo=UTC), date(2026, 11, 24)),
        (datetime(2026, 11, 25, 3, 0, tzinfo=UTC), date(2026, 11, 25)),
        # The night in which summer time ends has 02:30 twice.
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), date(2026, 10, 24)),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), date(2026, 10, 24)),
        (datetime(2026, 10, 25, 3, 0, tzinfo=UTC), date(2026, 10, 25)),
    ],
)
def test_a_night_counts_for_the_day_before(utc: datetime, day: date) -> None:
    assert Programme(timezone="Europe/Paris").business_day(utc) == day


def test_every_hour_of_a_year_has_a_day_and_days_never_go_back() -> None:
    shop = Programme(timezone="America/Montreal")
    hours = (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=n) for n in range(8760))
    days = [shop.business_day(hour) for hour in hours]

    assert days == sorted(days)
    assert len(set(days)) in {365, 366}


def test_money_has_its_currencys_decimals() -> None:
    assert Programme(currency="EUR").decimals == 2
    assert Programme(currency="JPY").decimals == 0
