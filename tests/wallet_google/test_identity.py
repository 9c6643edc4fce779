"""The service account in use: the newest that can be, whatever happens to its file."""

import logging
from pathlib import Path

import pytest

from tests.wallet_google import accounts
from wallet_google import errors
from wallet_google.identity import SCOPE, Identity
from wallet_google.standin.accounts import ISSUER_ID


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return accounts.write(tmp_path)


@pytest.fixture
def identity(file: Path) -> Identity:
    return Identity(file, ISSUER_ID, look_again=0)


def test_it_is_loaded_once_while_its_file_stays(identity: Identity) -> None:
    assert identity.loaded() is identity.loaded()


def test_it_asks_for_wallets_alone(identity: Identity) -> None:
    assert identity.loaded().credentials.scopes == [SCOPE]


def test_a_renewed_key_is_taken(identity: Identity, file: Path) -> None:
    before = identity.loaded()
    accounts.write(file.parent, name="other")
    assert identity.loaded().account.key_id != before.account.key_id


def test_the_file_is_not_looked_at_all_the_time(file: Path) -> None:
    identity = Identity(file, ISSUER_ID, look_again=3600)
    before = identity.loaded()
    accounts.write(file.parent, name="other")
    assert identity.loaded() is before


@pytest.mark.parametrize("broken", ["", "{}"])
def test_a_broken_file_leaves_the_former_in_use(
    identity: Identity, file: Path, broken: str
) -> None:
    before = identity.loaded()
    file.write_text(broken)
    assert identity.loaded() is before


def test_a_file_that_goes_away_leaves_it_in_use(identity: Identity, file: Path) -> None:
    before = identity.loaded()
    file.unlink()
    assert identity.loaded() is before


def test_a_file_that_never_was_there_is_refused_with_the_remedy(tmp_path: Path) -> None:
    identity = Identity(tmp_path / "none.json", ISSUER_ID)
    with pytest.raises(
        errors.CredentialsMissingError, match="PALIER_GOOGLE_SERVICE_ACCOUNT"
    ):
        identity.loaded()


@pytest.mark.asvs("13.3.2")
def test_a_key_that_others_can_read_is_refused(identity: Identity, file: Path) -> None:
    file.chmod(0o640)
    with pytest.raises(errors.CredentialsExposedError, match="chmod 600"):
        identity.loaded()
    file.chmod(0o600)
    assert identity.loaded().issuer_id == ISSUER_ID


def test_a_merchant_id_is_refused_as_issuer(file: Path) -> None:
    with pytest.raises(errors.IssuerIdError):
        Identity(file, "BCR2DN4TYQX").loaded()


def test_a_refusal_is_logged_once_and_without_the_key(
    identity: Identity, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    secret = accounts.held(file)["private_key"]
    file.write_text(file.read_text().replace("service_account", "another"))
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            with pytest.raises(errors.CredentialsUnreadableError):
                identity.loaded()
    assert len(caplog.records) == 1
    assert secret[40:80] not in caplog.text
