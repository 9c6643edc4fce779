"""The command palier google: what Google says of a setup, in plain words."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from passes import db
from passes.db import Sessions
from tests.makers import NOON, make_card, make_programme
from tests.web import googles
from tests.web.test_cli import _quiet_logs, refused  # noqa: F401  (a fixture)
from wallet_google.standin.accounts import EMAIL, ISSUER_ID
from wallet_google.standin.server import GoogleStandin
from wallet_google.tables import GoogleObject
from web import cli

Palier = Callable[..., Result]


@pytest.fixture
def google(tmp_path: Path) -> Iterator[GoogleStandin]:
    """What plays Google."""
    with googles.standin(tmp_path / "google") as started:
        yield started


@pytest.fixture
def palier(tmp_path: Path, database_url: str, google: GoogleStandin) -> Palier:
    """Runs the command for a shop whose Google is the stand-in."""

    def run(*words: str, **changes: str) -> Result:
        environment = {
            "PALIER_DATA_DIR": str(tmp_path / "var"),
            "PALIER_DATABASE_URL": database_url,
            **googles.environment(google),
            **changes,
        }
        given = {name: value or None for name, value in environment.items()}
        with contextlib.chdir(tmp_path):
            return CliRunner().invoke(
                cli.main, words, env=given, catch_exceptions=False
            )

    return run


def test_a_good_setup_is_told_with_what_google_does_not_tell(palier: Palier) -> None:
    told = palier("google", "check")

    assert told.exit_code == 0
    assert ISSUER_ID in told.output
    assert EMAIL in told.output
    assert "[TEST ONLY]" in told.output


def test_without_a_setup_the_settings_are_named(palier: Palier) -> None:
    none = {"PALIER_GOOGLE_ISSUER_ID": "", "PALIER_GOOGLE_SERVICE_ACCOUNT": ""}

    sentence = refused(palier("google", "check", **none))

    assert "PALIER_GOOGLE_ISSUER_ID and PALIER_GOOGLE_SERVICE_ACCOUNT" in sentence


def test_a_file_that_is_no_service_account_is_refused_without_asking(
    palier: Palier, google: GoogleStandin
) -> None:
    google.account_file.write_text('{"type": "authorized_user"}')

    assert "not a service account's key" in refused(palier("google", "check"))
    assert not google.book.requests


def test_an_account_that_nobody_invited_is_told_whom_to_invite(
    palier: Palier, google: GoogleStandin
) -> None:
    google.office.users[ISSUER_ID].clear()

    assert f"Invite {EMAIL} as Developer" in refused(palier("google", "check"))


def test_an_issuer_that_google_does_not_know_is_told_where_to_look(
    palier: Palier,
) -> None:
    told = palier("google", "check", PALIER_GOOGLE_ISSUER_ID="3388000000000009999")

    assert "3388000000000009999" in refused(told)
    assert "Google Pay & Wallet Console" in refused(told)


def test_an_api_that_is_off_is_told_where_to_enable_it(
    palier: Palier, google: GoogleStandin
) -> None:
    google.book.not_enabled = True

    assert "Enable “Google Wallet API”" in refused(palier("google", "check"))


def test_a_revoked_key_is_told_as_one(palier: Palier, google: GoogleStandin) -> None:
    google.book.revoked = True

    assert "no access token" in refused(palier("google", "check"))


def test_a_card_that_google_has_is_judged_with_its_link(
    palier: Palier, sessions: Sessions, google: GoogleStandin
) -> None:
    with db.write(sessions) as session:
        session.add(
            GoogleObject(
                card_id=make_card(session, make_programme(session)).id,
                object_id=f"{ISSUER_ID}.c-1",
                class_id=f"{ISSUER_ID}.p-cafe",
                lane=f"google:{ISSUER_ID}",
                balances="0/0",
                due_at=NOON,
            )
        )

    # The stand-in was started anew and knows nothing of the card any more.
    assert "not its cards" in refused(palier("google", "check"))
    assert google.book.requests[-1].path.endswith("/jwt/validate")
