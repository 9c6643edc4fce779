"""The certificate in use: the newest that can be, whatever happens to the files."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from tests.makers import NOON
from tests.wallet_apple.counters import no_media
from wallet_apple import authority
from wallet_apple.errors import CertificateError, CertificateMissingError
from wallet_apple.identity import Files, Identity

LATER = NOON + timedelta(days=3650)


@pytest.fixture
def folder(development: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(development, tmp_path / "certs"))


@pytest.fixture
def identity(folder: Path) -> Identity:
    return Identity(Files.in_folder(folder), no_media, look_again=0)


def test_it_is_loaded_once_while_its_files_stay(identity: Identity) -> None:
    assert identity.loaded(NOON) is identity.loaded(NOON)


def test_a_renewed_certificate_is_taken(identity: Identity, folder: Path) -> None:
    before = identity.loaded(NOON)
    shutil.rmtree(folder)
    authority.write(folder, at=NOON)
    assert identity.loaded(NOON).facts.serial_number != before.facts.serial_number


def test_half_a_renewal_leaves_the_former_in_use(
    identity: Identity, folder: Path, tmp_path: Path
) -> None:
    before = identity.loaded(NOON)
    authority.write(tmp_path / "new", at=NOON)
    shutil.copy(tmp_path / "new" / "pass.pem", folder)
    assert identity.loaded(NOON) is before


def test_files_that_go_away_leave_it_in_use(identity: Identity, folder: Path) -> None:
    before = identity.loaded(NOON)
    shutil.rmtree(folder)
    assert identity.loaded(NOON) is before
    assert identity.pass_type == authority.PASS_TYPE_IDENTIFIER


def test_files_that_never_were_there_are_refused_with_the_remedy(
    tmp_path: Path,
) -> None:
    identity = Identity(Files.in_folder(tmp_path / "none"), no_media)
    with pytest.raises(CertificateMissingError, match="palier certs"):
        identity.loaded(NOON)
    with pytest.raises(CertificateError):
        identity.loaded(NOON)
    assert identity.pass_type is None


def test_an_ended_certificate_still_names_its_pass_type(identity: Identity) -> None:
    with pytest.raises(CertificateError):
        identity.loaded(LATER)
    assert identity.pass_type == authority.PASS_TYPE_IDENTIFIER


def test_what_could_not_be_used_yet_is_tried_again(identity: Identity) -> None:
    with pytest.raises(CertificateError):
        identity.loaded(NOON - timedelta(days=3650))
    assert identity.loaded(NOON).pass_type == identity.pass_type


def test_its_text_has_no_secret(folder: Path) -> None:
    files = Files.in_folder(folder, "passphrase")
    assert "passphrase" not in repr(files)
    assert "PRIVATE" not in repr(Identity(files, no_media).loaded(NOON))
