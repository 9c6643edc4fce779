"""Requests, and what people bring back from Apple or from their Macs."""

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.makers import NOON
from tests.wallet_apple import openssl
from tests.wallet_apple.conftest import Office
from wallet_apple import authority, certificates, chains, enrolment, errors, folders

SESAME = "sésame"
DER = serialization.Encoding.DER


@pytest.fixture
def folder(office: Office, tmp_path: Path) -> Path:
    """A folder in which the intermediate lies already."""
    path = tmp_path / "certs"
    folders.make(path)
    folders.write_certificates(
        path / certificates.INTERMEDIATE_FILE, office.authority.intermediate
    )
    return path


def certified(office: Office, request: Path) -> x509.Certificate:
    """What Apple would answer to the request."""
    asked = x509.load_pem_x509_csr(request.read_bytes())
    assert asked.is_signature_valid
    public = asked.public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    return office.authority.pass_type_certificate(
        public, begin=NOON - timedelta(days=1)
    )


def p12(
    office: Office, tmp_path: Path, *options: str, passphrase: str = SESAME
) -> bytes:
    """A .p12 made by OpenSSL, as Keychain Access makes them with ``-legacy``."""
    key, leaf = tmp_path / "k.pem", tmp_path / "c.pem"
    folders.write_key(key, office.key)
    folders.write_certificates(leaf, office.certify())
    made = tmp_path / "made.p12"
    done = openssl.run(
        *("pkcs12", "-export", "-inkey", str(key), "-in", str(leaf)),
        *("-out", str(made), "-passout", f"pass:{passphrase}", *options),
    )
    assert done.returncode == 0, done.stderr
    return made.read_bytes()


def test_what_apple_answers_to_the_request_is_stored_with_its_key(
    office: Office, folder: Path
) -> None:
    request = enrolment.request(folder, email="a@example.org", name="Café")
    answer = certified(office, request).public_bytes(DER)

    enrolment.store(folder, answer, trust=office.trust, at=NOON)

    folders.write_certificates(folder / certificates.ROOT_FILE, office.authority.root)
    loaded = certificates.load_folder(folder, at=NOON)
    assert loaded.facts.pass_type_identifier == authority.PASS_TYPE_IDENTIFIER
    assert not request.exists()


def test_another_pass_type_than_the_passes_have_is_refused(
    office: Office, folder: Path
) -> None:
    request = enrolment.request(folder, email="a@example.org", name="Café")
    answer = certified(office, request).public_bytes(DER)

    with pytest.raises(errors.CertificateError, match=r"people hold are of pass\.old"):
        enrolment.store(
            folder, answer, trust=office.trust, pass_type="pass.old", at=NOON
        )
    assert not (folder / certificates.CERTIFICATE_FILE).exists()

    same = authority.PASS_TYPE_IDENTIFIER
    enrolment.store(folder, answer, trust=office.trust, pass_type=same, at=NOON)
    assert (folder / certificates.CERTIFICATE_FILE).exists()


def test_a_second_request_is_the_first_one(folder: Path) -> None:
    first = enrolment.request(folder, email="a@example.org", name="Café").read_bytes()
    again = enrolment.request(folder, email="a@example.org", name="Café").read_bytes()

    assert again == first


def test_a_renewal_leaves_the_key_in_use_alone_until_it_comes(
    office: Office, folder: Path
) -> None:
    folders.write_key(folder / certificates.KEY_FILE, office.key)
    before = (folder / certificates.KEY_FILE).read_bytes()

    enrolment.request(folder, email="a@example.org", name="Café")

    assert (folder / certificates.KEY_FILE).read_bytes() == before


@pytest.mark.parametrize(
    "options",
    [
        pytest.param((), id="today's"),
        pytest.param(("-legacy",), id="rc2-40, as Keychain Access writes"),
        pytest.param(("-legacy", "-descert"), id="triple des"),
    ],
)
def test_a_p12_is_taken(
    office: Office, folder: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    data = p12(office, tmp_path, *options)

    facts = enrolment.store(
        folder, data, passphrase=SESAME, trust=office.trust, at=NOON
    )

    assert facts.team_identifier == authority.TEAM_IDENTIFIER
    assert (folder / certificates.KEY_FILE).stat().st_mode & 0o777 == 0o600


def test_a_p12_without_a_passphrase_needs_none(office: Office, tmp_path: Path) -> None:
    parcel = enrolment.opened(p12(office, tmp_path, "-legacy", passphrase=""), None)

    assert parcel.key is not None


@pytest.mark.parametrize("passphrase", [None, "", "wrong"])
def test_a_p12_with_a_wrong_passphrase_is_told_apart(
    office: Office, tmp_path: Path, passphrase: str | None
) -> None:
    with pytest.raises(errors.PassphraseError, match=r"\.p12"):
        enrolment.opened(p12(office, tmp_path, "-legacy"), passphrase)


def test_a_pem_with_key_and_certificate_is_taken(
    office: Office, folder: Path, tmp_path: Path
) -> None:
    key, leaf = tmp_path / "k.pem", tmp_path / "c.pem"
    folders.write_key(key, office.key)
    folders.write_certificates(leaf, office.certify())
    data = leaf.read_bytes() + key.read_bytes()

    facts = enrolment.store(folder, data, trust=office.trust, at=NOON)

    assert facts.pass_type_identifier == authority.PASS_TYPE_IDENTIFIER


def test_a_certificate_without_any_key_is_refused(office: Office, folder: Path) -> None:
    with pytest.raises(errors.KeyMismatchError, match="without its key"):
        enrolment.store(
            folder, office.certify().public_bytes(DER), trust=office.trust, at=NOON
        )


def test_a_refused_certificate_changes_nothing(office: Office, folder: Path) -> None:
    folders.write_key(folder / certificates.KEY_FILE, office.key)
    before = sorted(path.name for path in folder.iterdir())
    ended = office.certify(end=NOON - timedelta(days=1)).public_bytes(DER)

    with pytest.raises(errors.ExpiredError):
        enrolment.store(folder, ended, trust=office.trust, at=NOON)

    assert sorted(path.name for path in folder.iterdir()) == before


def test_without_the_intermediate_the_remedy_is_named(
    office: Office, tmp_path: Path
) -> None:
    data = p12(office, tmp_path)

    with pytest.raises(errors.ChainError, match="certs wwdr"):
        enrolment.store(
            tmp_path / "empty",
            data,
            passphrase=SESAME,
            trust=office.trust,
            at=NOON,
        )


def test_an_authority_alone_is_refused(office: Office, folder: Path) -> None:
    data = office.authority.intermediate.public_bytes(DER)

    with pytest.raises(errors.WrongCertificateError, match="the authority"):
        enrolment.store(folder, data, trust=office.trust, at=NOON)


def test_only_the_published_intermediate_is_stored(
    office: Office, tmp_path: Path
) -> None:
    with pytest.raises(errors.ChainError, match="fingerprint"):
        enrolment.store_intermediate(
            tmp_path, office.authority.intermediate.public_bytes(DER)
        )


def test_an_intermediate_with_the_right_fingerprint_is_stored(
    office: Office, tmp_path: Path
) -> None:
    intermediate = office.authority.intermediate
    trust = chains.Trust(fingerprints=frozenset({chains.fingerprint(intermediate)}))

    enrolment.store_intermediate(
        tmp_path / "new", intermediate.public_bytes(DER), trust=trust
    )

    assert (tmp_path / "new" / certificates.INTERMEDIATE_FILE).is_file()
