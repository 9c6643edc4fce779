"""What is refused, and in which words."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.makers import NOON
from tests.wallet_apple import openssl
from tests.wallet_apple.conftest import Office
from wallet_apple import authority, certificates, chains, errors, keyfiles


def match(office: Office, leaf: x509.Certificate) -> certificates.Credentials:
    intermediates = [office.authority.intermediate]
    return certificates.match(
        leaf, office.key, intermediates, trust=office.trust, at=NOON
    )


@pytest.fixture
def folder(development: Path, tmp_path: Path) -> Path:
    """A development folder of a test's own."""
    return shutil.copytree(development, tmp_path / "certs")


def test_a_development_folder_loads(development: Path) -> None:
    facts = certificates.load_folder(development, at=NOON).facts

    assert facts.pass_type_identifier == authority.PASS_TYPE_IDENTIFIER
    assert facts.team_identifier == authority.TEAM_IDENTIFIER


def test_an_organisation_with_commas_and_equals_signs_stays_whole(
    office: Office,
) -> None:
    name = "Dupont, Fils + OU=EVIL99 = 2/3"
    facts = certificates.explain(office.certify(organisation=name))

    assert facts.organisation == name
    assert facts.team_identifier == authority.TEAM_IDENTIFIER


@pytest.mark.parametrize(("ends_in", "left"), [(30, 30), (0.5, 0), (-0.5, -1)])
def test_days_left_are_whole_days(office: Office, ends_in: float, left: int) -> None:
    end = NOON + timedelta(days=ends_in)

    assert certificates.explain(office.certify(end=end)).days_left(NOON) == left


def test_a_certificate_that_ended_is_refused_with_its_date(office: Office) -> None:
    leaf = office.certify(end=NOON - timedelta(days=1))

    with pytest.raises(errors.ExpiredError, match="ended on 2026-11-23"):
        match(office, leaf)


def test_a_clock_that_is_a_day_behind_is_named(office: Office) -> None:
    leaf = office.certify(begin=NOON + timedelta(days=1))

    with pytest.raises(errors.NotYetValidError, match="clock says 2026-11-24"):
        match(office, leaf)


def test_a_key_of_another_certificate_is_refused(office: Office) -> None:
    with pytest.raises(errors.KeyMismatchError, match="does not belong"):
        certificates.match(
            office.certify(),
            office.other_key,
            [office.authority.intermediate],
            trust=office.trust,
            at=NOON,
        )


def test_a_push_certificate_is_told_from_a_pass_type_one(office: Office) -> None:
    name = "Apple Push Services: com.example.app"
    public = office.key.public_key()
    leaf = office.authority.certificate(public, name, begin=NOON)

    with pytest.raises(errors.WrongCertificateError, match="a push certificate"):
        certificates.explain(leaf)


def test_a_certificate_for_apps_is_told_from_a_pass_type_one(office: Office) -> None:
    name = "iPhone Distribution: Example"
    public = office.key.public_key()
    leaf = office.authority.certificate(public, name, begin=NOON)

    with pytest.raises(errors.WrongCertificateError, match="a certificate for apps"):
        certificates.explain(leaf)


def test_an_authority_in_place_of_a_certificate_is_named(office: Office) -> None:
    with pytest.raises(errors.WrongCertificateError, match="the authority"):
        certificates.explain(office.authority.intermediate)


def test_an_authority_that_nobody_trusts_is_refused(office: Office) -> None:
    with pytest.raises(errors.ChainError, match="not the one Apple publishes"):
        certificates.match(
            office.certify(), office.key, [office.authority.intermediate], at=NOON
        )


def test_an_intermediate_of_another_generation_is_refused(office: Office) -> None:
    other = authority.Authority(at=NOON)

    with pytest.raises(errors.ChainError, match="certs wwdr"):
        certificates.match(
            office.certify(),
            office.key,
            [other.intermediate],
            trust=chains.Trust((other.root,)),
            at=NOON,
        )


def test_the_issuer_is_chosen_among_several_of_one_name(office: Office) -> None:
    other = authority.Authority(at=NOON)
    offered = [other.intermediate, other.root, office.authority.intermediate]

    chosen = chains.issuer_of(office.certify(), offered)

    assert chosen == office.authority.intermediate


def test_a_root_of_somebody_else_does_not_vouch(office: Office) -> None:
    other = authority.Authority(at=NOON)

    with pytest.raises(errors.ChainError, match="do not follow"):
        certificates.match(
            office.certify(),
            office.key,
            [office.authority.intermediate],
            trust=chains.Trust((other.root,)),
            at=NOON,
        )


def test_a_known_fingerprint_is_trusted_without_a_root(office: Office) -> None:
    print_ = chains.fingerprint(office.authority.intermediate)
    trust = chains.Trust(fingerprints=frozenset({print_}))

    loaded = certificates.match(
        office.certify(),
        office.key,
        [office.authority.intermediate],
        trust=trust,
        at=NOON,
    )

    assert loaded.intermediate == office.authority.intermediate


@pytest.mark.parametrize(
    "name",
    [
        certificates.CERTIFICATE_FILE,
        certificates.KEY_FILE,
        certificates.INTERMEDIATE_FILE,
    ],
)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()

    with pytest.raises(errors.CertificateMissingError, match=name):
        certificates.load_folder(folder, at=NOON)


def test_a_key_that_others_can_read_is_refused(folder: Path) -> None:
    (folder / certificates.KEY_FILE).chmod(0o640)

    with pytest.raises(errors.KeyExposedError, match="0640"):
        certificates.load_folder(folder, at=NOON)


def test_keys_are_written_for_their_owner_alone(development: Path) -> None:
    modes = {path.name: path.stat().st_mode & 0o777 for path in development.iterdir()}

    assert development.stat().st_mode & 0o777 == 0o700
    assert {mode for name, mode in modes.items() if name.endswith(".key")} == {0o600}


def test_a_passphrase_opens_an_encrypted_key(office: Office) -> None:
    pem = encrypted(office, b"secret")

    assert keyfiles.private_key(pem, "secret").key_size == 2048


@pytest.mark.parametrize("passphrase", [None, "wrong"])
def test_a_wrong_or_missing_passphrase_is_told(
    office: Office, passphrase: str | None
) -> None:
    with pytest.raises(errors.PassphraseError):
        keyfiles.private_key(encrypted(office, b"secret"), passphrase)


def test_a_passphrase_for_a_key_in_clear_does_no_harm(development: Path) -> None:
    pem = (development / certificates.KEY_FILE).read_bytes()

    assert keyfiles.private_key(pem, "unneeded").key_size == 2048


def test_a_key_in_place_of_a_certificate_is_named(development: Path) -> None:
    with pytest.raises(errors.CertificateUnreadableError, match="a private key"):
        keyfiles.read((development / certificates.KEY_FILE).read_bytes())


def test_an_elliptic_key_is_refused() -> None:
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )

    with pytest.raises(errors.CertificateUnreadableError, match="not an RSA key"):
        keyfiles.private_key(pem, None)


@pytest.mark.parametrize("data", [b"", b"hello", b"-----BEGIN CERTIFICATE-----\nx"])
def test_bytes_that_are_no_certificate_are_refused(data: bytes) -> None:
    with pytest.raises(errors.CertificateUnreadableError):
        keyfiles.read(data)


def test_openssl_accepts_the_development_chain(development: Path) -> None:
    checked = openssl.run(
        *("verify", "-x509_strict", "-purpose", "smimesign"),
        *("-attime", str(int(NOON.timestamp()))),
        *("-CAfile", str(development / certificates.ROOT_FILE)),
        *("-untrusted", str(development / certificates.INTERMEDIATE_FILE)),
        str(development / certificates.CERTIFICATE_FILE),
    )

    assert checked.returncode == 0, checked.stderr


def encrypted(office: Office, passphrase: bytes) -> bytes:
    return office.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase),
    )
