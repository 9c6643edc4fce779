"""A service account's file: taken as Google makes it, refused in plain words."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.wallet_google import accounts
from wallet_google import errors, service_account
from wallet_google.errors import CredentialsUnreadableError

LOOPBACK = "http://127.0.0.1:8123/token"


@pytest.fixture
def held(tmp_path: Path) -> dict[str, Any]:
    return accounts.held(accounts.write(tmp_path))


def read(
    held: dict[str, Any], *, local: bool = False
) -> service_account.ServiceAccount:
    return service_account.read(json.dumps(held).encode(), local=local)


def pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def test_googles_file_is_taken(held: dict[str, Any]) -> None:
    account = read(held)
    assert account.email == held["client_email"]
    assert account.key_id == held["private_key_id"]
    assert account.key.public_key() == accounts.key("usual").public_key()


def test_its_text_has_no_key(held: dict[str, Any]) -> None:
    said = repr(read(held))
    assert held["client_email"] in said
    assert "PRIVATE" not in said
    assert "RSAPrivateKey" not in said


@pytest.mark.parametrize("data", [b"", b"\x00", b"[]", b"{", b"[" * 50_000, b'"x"'])
def test_what_is_no_json_object_is_refused(data: bytes) -> None:
    with pytest.raises(CredentialsUnreadableError, match="JSON"):
        service_account.read(data)


def test_a_huge_file_is_refused(held: dict[str, Any]) -> None:
    held["more"] = "x" * service_account.MOST_BYTES
    with pytest.raises(CredentialsUnreadableError):
        read(held)


@pytest.mark.parametrize("kind", ["authorized_user", None, 3])
def test_another_kind_of_key_file_is_refused(
    held: dict[str, Any], kind: object
) -> None:
    held["type"] = kind
    with pytest.raises(CredentialsUnreadableError, match="not a service account"):
        read(held)


@pytest.mark.parametrize(
    "name", ["client_email", "private_key", "private_key_id", "token_uri"]
)
@pytest.mark.parametrize("value", [None, "", 7, ["x"]])
def test_a_missing_part_is_named(
    held: dict[str, Any], name: str, value: object
) -> None:
    held[name] = value
    with pytest.raises(CredentialsUnreadableError, match=name):
        read(held)


def test_an_address_that_is_none_is_refused(held: dict[str, Any]) -> None:
    held["client_email"] = "palier"
    with pytest.raises(CredentialsUnreadableError, match="client_email"):
        read(held)


@pytest.mark.parametrize(
    "key",
    [
        "secret words",
        pem(ec.generate_private_key(ec.SECP256R1())),
        pem(rsa.generate_private_key(65537, 1024)),  # noqa: S505 - too short
    ],
)
def test_a_key_that_is_no_rsa_key_is_refused_unquoted(
    held: dict[str, Any], key: str
) -> None:
    held["private_key"] = key
    with pytest.raises(CredentialsUnreadableError, match="private_key") as refused:
        read(held)
    assert key not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.asvs("13.2.4")
@pytest.mark.parametrize("local", [False, True])
@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/token",
        "http://oauth2.googleapis.com/token",
        "https://oauth2.googleapis.com.evil.example/token",
        "https://oauth2.googleapis.com/token?x=1",
        "https://oauth2.googleapis.com/token\n",
        "http://127.0.0.1@evil.example/token",
        "http://127.0.0.1.evil.example/token",
        "http://169.254.169.254/token",
        "file:///etc/passwd",
    ],
)
def test_tokens_are_asked_of_google_alone(
    held: dict[str, Any], url: str, local: bool
) -> None:
    held["token_uri"] = url
    with pytest.raises(errors.TokenAddressError, match="token_uri"):
        read(held, local=local)


def test_a_stand_in_gives_tokens_to_a_local_instance_alone(
    held: dict[str, Any],
) -> None:
    held["token_uri"] = LOOPBACK
    assert read(held, local=True).token_url == LOOPBACK
    with pytest.raises(errors.TokenAddressError):
        read(held)


@pytest.mark.parametrize(
    "given", ["", "BCR2DN4TYQX", "3388 1", "-1", "٣٣٨٨", "3388\n", "3" * 21]
)
def test_an_issuer_id_that_is_no_number_is_refused(given: str) -> None:
    with pytest.raises(errors.IssuerIdError, match="merchant id"):
        service_account.issuer_id(given)


def test_an_issuer_id_is_taken() -> None:
    assert service_account.issuer_id("3388000000022122304") == "3388000000022122304"
