"""Whether Google lets the service in: every outcome has its name and its remedy."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.makers import NOON
from tests.wallet_google import accounts, shop
from tests.wallet_google.shop import OBJECT_ID
from tests.wallet_google.waiting import Waiting
from wallet_google import setup
from wallet_google.client import Client
from wallet_google.identity import Identity
from wallet_google.save_link import SaveLinks
from wallet_google.setup import Finding
from wallet_google.standin import replies
from wallet_google.standin.accounts import EMAIL, ISSUER_ID
from wallet_google.standin.replies import Reply
from wallet_google.standin.server import GoogleStandin


@pytest.fixture
def client(google: GoogleStandin, identity: Identity) -> Iterator[Client]:
    made = impatient(google, identity)
    yield made
    made.close()


def impatient(google: GoogleStandin, identity: Identity) -> Client:
    waiting = Waiting()
    return Client(identity, google.url, clock=waiting.clock, sleep=waiting.sleep)


def of(google: GoogleStandin, issuer_id: str) -> Client:
    return impatient(google, Identity(google.account_file, issuer_id, local=True))


def test_a_service_that_google_lets_in_is_well(client: Client) -> None:
    outcome = setup.check(client)
    assert outcome.good
    assert outcome.finding is Finding.OK
    assert outcome.remedy == ""


def test_nothing_is_stored_by_asking(client: Client, google: GoogleStandin) -> None:
    setup.check(client, "x.y.z")
    assert [one.method for one in google.book.requests] == ["GET", "POST"]
    assert google.book.requests[1].path.endswith("/jwt/validate")


def test_an_account_that_nobody_invited_is_told_whom_to_invite(
    client: Client, google: GoogleStandin
) -> None:
    google.office.users[ISSUER_ID].clear()
    outcome = setup.check(client)
    assert outcome.finding is Finding.NOT_A_USER
    assert EMAIL in outcome.remedy


def test_an_unknown_issuer_is_named(google: GoogleStandin) -> None:
    outcome = setup.check(of(google, "3388000000000000999"))
    assert outcome.finding is Finding.WRONG_ISSUER
    assert "3388000000000000999" in outcome.message


def test_an_interface_that_nobody_enabled_is_named(
    client: Client, google: GoogleStandin
) -> None:
    google.book.not_enabled = True
    outcome = setup.check(client)
    assert outcome.finding is Finding.NOT_ENABLED
    assert "Cloud console" in outcome.remedy


def test_a_revoked_key_is_named(client: Client, google: GoogleStandin) -> None:
    google.book.revoked = True
    outcome = setup.check(client)
    assert outcome.finding is Finding.REVOKED
    assert "new key" in outcome.remedy


def test_a_wrong_clock_is_named(client: Client, google: GoogleStandin) -> None:
    said = {"error": "invalid_grant", "error_description": "Not in the timeframe."}
    google.book.planned_tokens.append(Reply(400, json.dumps(said).encode()))
    assert setup.check(client).finding is Finding.WRONG_CLOCK


def test_a_merchant_id_is_named(google: GoogleStandin) -> None:
    outcome = setup.check(of(google, "BCR2DN4TYQX"))
    assert outcome.finding is Finding.BAD_ISSUER_ID
    assert "merchant id" in outcome.remedy


def test_a_missing_file_is_named(google: GoogleStandin, tmp_path: Path) -> None:
    client = impatient(google, Identity(tmp_path / "none", ISSUER_ID))
    outcome = setup.check(client)
    assert outcome.finding is Finding.BAD_FILE
    assert "PALIER_GOOGLE_SERVICE_ACCOUNT" in outcome.remedy


def test_an_outage_is_named(client: Client, google: GoogleStandin) -> None:
    google.refuse()
    outcome = setup.check(client)
    assert outcome.finding is Finding.UNREACHABLE
    assert "walletobjects.googleapis.com" in outcome.remedy


def test_another_refusal_is_told_in_googles_words(
    client: Client, google: GoogleStandin
) -> None:
    google.book.planned.append(replies.no(400, "someReason", "Some words."))
    outcome = setup.check(client)
    assert outcome.finding is Finding.REFUSED
    assert "Some words." in outcome.message


def test_a_link_that_google_takes_is_well(
    client: Client, google: GoogleStandin
) -> None:
    client.put("loyaltyClass", shop.loyalty_class())
    client.put("loyaltyObject", shop.loyalty_object())
    links = SaveLinks(client.identity)
    assert setup.check(client, links.jwt(OBJECT_ID, NOON)).good


def test_a_link_that_google_refuses_is_told_in_its_words(
    google: GoogleStandin, client: Client, tmp_path: Path
) -> None:
    stranger = Identity(accounts.write(tmp_path, name="other"), ISSUER_ID)
    outcome = setup.check(client, SaveLinks(stranger).jwt(OBJECT_ID, NOON))
    assert outcome.finding is Finding.LINK_REFUSED
    assert "not signed" in outcome.message


def test_an_outage_in_between_is_named(client: Client, google: GoogleStandin) -> None:
    google.book.decide = lambda method, path: (
        replies.trouble() if path.endswith("validate") else None
    )
    assert setup.check(client, "x").finding is Finding.UNREACHABLE
