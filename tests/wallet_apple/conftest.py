"""Certificates made for the run, and a factory of passes that they sign."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.makers import NOON
from wallet_apple import authority, certificates, chains
from wallet_apple.authority import ORGANISATION, PASS_TYPE_IDENTIFIER, Authority
from wallet_apple.bundle import PassFactory
from wallet_apple.certificates import Credentials
from wallet_apple.signing import Signer


@dataclass(frozen=True, slots=True)
class Office:
    """A development authority, and one key that it certifies as a test likes."""

    authority: Authority
    key: rsa.RSAPrivateKey
    other_key: rsa.RSAPrivateKey

    @property
    def trust(self) -> chains.Trust:
        return chains.Trust((self.authority.root,))

    def certify(
        self,
        *,
        begin: datetime = NOON - timedelta(days=30),
        end: datetime | None = None,
        pass_type: str = PASS_TYPE_IDENTIFIER,
        organisation: str = ORGANISATION,
    ) -> x509.Certificate:
        return self.authority.pass_type_certificate(
            self.key.public_key(),
            pass_type_identifier=pass_type,
            organisation=organisation,
            begin=begin,
            end=end,
        )


@pytest.fixture(scope="session")
def office() -> Office:
    made = Authority(at=NOON - timedelta(days=60))
    return Office(made, authority.new_key(), authority.new_key())


@pytest.fixture(scope="session")
def credentials(office: Office) -> Credentials:
    return certificates.match(
        office.certify(),
        office.key,
        [office.authority.intermediate],
        trust=office.trust,
        at=NOON,
    )


@pytest.fixture(scope="session")
def signer(credentials: Credentials) -> Signer:
    return Signer(credentials)


@pytest.fixture(scope="session")
def development(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `palier certs dev` fills it; not to be written to."""
    folder = tmp_path_factory.mktemp("development") / "certs"
    authority.write(folder, at=NOON)
    return folder


def no_media(name: str) -> bytes:
    """A design without pictures asks for none."""
    raise AssertionError(name)


@pytest.fixture
def factory(signer: Signer) -> PassFactory:
    return PassFactory(signer, no_media)
