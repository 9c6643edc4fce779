"""What the doctor makes of the settings, and of the database on either engine."""

from datetime import timedelta
from pathlib import Path

import pytest

from passes import db
from passes.db import Sessions
from passes.delivery import lanes
from passes.delivery.lanes import Lane
from passes.delivery.wallet import Outcome
from tests.makers import NOON, make_card, make_programme
from tests.passes.delivery.test_lanes import LANE, FakeWallet, make_rows
from tests.wallet_google import accounts
from wallet_apple.tables import Registration
from wallet_google.standin.accounts import EMAIL, ISSUER_ID
from wallet_google.tables import GoogleClass, GoogleObject
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


def with_google(settings: Settings, file: Path, **more: object) -> Settings:
    """Return *settings* with an issuer whose service account is in *file*."""
    given = {"google_issuer_id": ISSUER_ID, "google_service_account": file, **more}
    return settings.model_copy(update=given)


@pytest.fixture
def account(tmp_path: Path) -> Path:
    """The file of a service account."""
    return accounts.write(tmp_path / "google")


def test_a_shop_without_google_needs_no_hand(settings: Settings) -> None:
    (found, _) = told(settings, "google")

    assert found == (
        True,
        "Google Wallet is not set up; cards go to Apple Wallet alone.",
    )


def test_a_service_account_is_named_with_its_issuer(
    settings: Settings, account: Path
) -> None:
    public = with_google(settings, account, base_url="https://shop.example")

    well, sentence = told(public, "google")[0]

    assert well
    assert sentence.startswith(f"{EMAIL} writes cards for the issuer {ISSUER_ID}.")


def test_a_service_account_that_others_can_read_needs_a_hand(
    settings: Settings, account: Path
) -> None:
    account.chmod(0o640)

    well, sentence = told(with_google(settings, account), "google")[0]

    assert not well
    assert f"chmod 600 {account}" in sentence


def test_google_fetches_no_pictures_from_this_machine(
    settings: Settings, account: Path
) -> None:
    well, sentence = told(with_google(settings, account), "google")[0]

    assert not well
    assert "PALIER_BASE_URL" in sentence


def test_what_plays_google_here_reaches_this_machine(
    settings: Settings, account: Path
) -> None:
    here = with_google(settings, account, google_api_url="http://127.0.0.1:9999")

    assert told(here, "google")[0][0]


def test_what_google_is_owed_is_told_apart_from_the_phones(
    settings: Settings, sessions: Sessions
) -> None:
    with db.write(sessions) as session:
        session.add(
            GoogleObject(
                card_id=make_card(session, make_programme(session)).id,
                object_id=f"{ISSUER_ID}.c-1",
                class_id=f"{ISSUER_ID}.p-cafe",
                lane=f"google:{ISSUER_ID}",
                wanted=2,
                owed_since=NOON,
                due_at=NOON,
            )
        )
        until = LATER + timedelta(minutes=5)
        lane = f"google:{ISSUER_ID}"
        session.add(Lane(name=lane, paused_until=until, reason="403", failures=1))

    assert told(settings, "google")[1:] == [
        (False, f"google:{ISSUER_ID} pauses until 15:05 UTC: 403."),
        (False, "1 updates are owed to Google Wallet, the oldest for 180 minutes."),
    ]
    assert told(settings, "phones") == [
        (True, "0 updates are owed to phones, none for long.")
    ]


def test_what_google_does_not_take_of_a_programme_needs_a_hand(
    settings: Settings, sessions: Sessions
) -> None:
    with db.write(sessions) as session:
        session.add(
            GoogleClass(
                programme_id=make_programme(session).id,
                class_id=f"{ISSUER_ID}.p-cafe",
                last_error="Google Wallet answered 400 (Image cannot be loaded).",
            )
        )

    well, sentence = told(settings, "google")[-1]

    assert not well
    assert "Image cannot be loaded" in sentence
