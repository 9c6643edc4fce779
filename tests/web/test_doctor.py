"""What the doctor makes of the database, on either engine."""

from datetime import timedelta
from pathlib import Path

import pytest

from passes import db
from passes.db import Sessions
from passes.delivery import lanes
from passes.delivery.wallet import Outcome
from tests.makers import NOON
from tests.passes.delivery.test_lanes import LANE, FakeWallet, make_rows
from wallet_apple.tables import Registration
from web import doctor
from web.config import Settings

LATER = NOON + timedelta(hours=3)


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """The settings of a shop."""
    data = tmp_path / "data"
    made = Settings.model_validate({"data_dir": data, "database_url": database_url})
    made.prepare()
    return made


def told(settings: Settings, about: str) -> list[tuple[bool, str]]:
    """Return what the doctor says about a part, three hours after noon."""
    return [
        (found.well, found.sentence)
        for found in doctor.examine(settings, LATER)
        if found.about == about
    ]


def test_an_outage_is_as_old_as_the_oldest_change(
    settings: Settings, sessions: Sessions
) -> None:
    with db.write(sessions) as session:
        make_rows(session, 2, owed_since=NOON)
    lanes.drain(sessions, FakeWallet(Outcome.RETRY), LANE, lambda: LATER)

    assert told(settings, "phones") == [
        (False, "2 updates are owed to phones, the oldest for 180 minutes.")
    ]


def test_what_was_given_up_is_not_owed_too(
    settings: Settings, sessions: Sessions
) -> None:
    with db.write(sessions) as session:
        rows = make_rows(session, 2, owed_since=NOON, delivered=2)
        given_up = session.get_one(Registration, rows[0])
        given_up.delivered, given_up.dead_at = 1, NOON

    assert told(settings, "phones") == [
        (False, "1 updates were given up."),
        (True, "0 updates are owed to phones, none for long."),
    ]
