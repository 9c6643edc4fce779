"""Save links: short, without anything personal, and as Google's library reads them."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from google.auth import crypt, jwt
from hypothesis import given, settings
from hypothesis import strategies as st

from passes import names
from tests.makers import NOON
from tests.wallet_google import accounts, shop
from tests.wallet_google.shop import OBJECT_ID
from wallet_google import errors
from wallet_google.client import Client
from wallet_google.identity import Identity
from wallet_google.save_link import SAVE_URL, SaveLinks
from wallet_google.standin.accounts import EMAIL, ISSUER_ID
from wallet_google.standin.server import GoogleStandin

ORIGIN = "https://cartes.cafe-du-port.example"


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return Identity(accounts.write(tmp_path_factory.mktemp("google")), ISSUER_ID)


@pytest.fixture
def links(account: Identity) -> SaveLinks:
    return SaveLinks(account, origins=[ORIGIN])


def verified(token: str, name: str = "usual") -> bool:
    key = accounts.key(name).public_key()
    signed, _, signature = token.rpartition(".")
    return bool(
        crypt.verify_signature(
            signed,
            base64.urlsafe_b64decode(signature + "=="),
            [key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)],
        )
    )


def claims(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, verify=False))


def test_googles_library_reads_what_google_asks_for(links: SaveLinks) -> None:
    token = links.jwt(OBJECT_ID, NOON)
    assert claims(token) == {
        "iss": EMAIL,
        "aud": "google",
        "typ": "savetowallet",
        "iat": int(NOON.timestamp()),
        "origins": [ORIGIN],
        "payload": {"loyaltyObjects": [{"id": OBJECT_ID}]},
    }


@pytest.mark.asvs("9.1.1")
def test_googles_library_verifies_the_signature(links: SaveLinks) -> None:
    token = links.jwt(OBJECT_ID, NOON)
    assert verified(token)
    assert not verified(token.replace(".", "x.", 1))


def test_the_header_names_the_algorithm(links: SaveLinks) -> None:
    header = jwt.decode_header(links.jwt(OBJECT_ID, NOON))
    assert header == {"alg": "RS256", "typ": "JWT"}


def test_a_link_is_googles_address_and_the_jwt(links: SaveLinks) -> None:
    link = links.link(OBJECT_ID, NOON)
    assert link == SAVE_URL + links.jwt(OBJECT_ID, NOON)


def test_the_longest_link_is_short(tmp_path: Path) -> None:
    file = accounts.write(tmp_path)
    # As long as Google lets names of accounts and projects be.
    email = f"{'a' * 30}@{'p' * 30}.iam.gserviceaccount.com"
    file.write_text(json.dumps(accounts.held(file) | {"client_email": email}))
    links = SaveLinks(Identity(file, "3" * 20), origins=[ORIGIN])
    assert len(links.link(f"{'3' * 20}.c-{names.public_id()}", NOON)) < 800


@settings(max_examples=30)
@given(
    card=st.from_regex(r"[\w.-]{1,40}", fullmatch=True),
    email=st.from_regex(r"[a-z-]{1,30}@[a-z-]{1,30}\.example", fullmatch=True),
    origins=st.lists(st.from_regex(r"https://[a-z]{1,20}\.example", fullmatch=True)),
)
def test_every_link_can_be_read(
    tmp_path_factory: pytest.TempPathFactory,
    card: str,
    email: str,
    origins: list[str],
) -> None:
    file = accounts.write(tmp_path_factory.mktemp("google"))
    file.write_text(json.dumps(accounts.held(file) | {"client_email": email}))
    links = SaveLinks(Identity(file, ISSUER_ID), origins=origins)
    token = links.jwt(f"{ISSUER_ID}.{card}", NOON)
    said = claims(token)
    assert verified(token)
    assert (said["iss"], said["origins"]) == (email, origins)
    assert said["payload"]["loyaltyObjects"][0]["id"] == f"{ISSUER_ID}.{card}"


def test_a_renewed_key_signs(tmp_path: Path) -> None:
    file = accounts.write(tmp_path)
    links = SaveLinks(Identity(file, ISSUER_ID, look_again=0))
    assert verified(links.jwt(OBJECT_ID, NOON))
    accounts.write(tmp_path, name="other")
    token = links.jwt(OBJECT_ID, NOON)
    assert verified(token, "other")


def test_without_a_service_account_there_is_no_link(tmp_path: Path) -> None:
    links = SaveLinks(Identity(tmp_path / "none.json", ISSUER_ID))
    with pytest.raises(errors.CredentialsMissingError):
        links.link(OBJECT_ID, NOON)


def test_google_takes_the_link_of_a_stored_card(
    google: GoogleStandin, client: Client
) -> None:
    links = SaveLinks(client.identity, google.save_url, [ORIGIN])
    token = links.jwt(OBJECT_ID, NOON)
    client.put("loyaltyClass", shop.loyalty_class())
    client.put("loyaltyObject", shop.loyalty_object())
    client.validate(token)
    with pytest.raises(errors.RefusedError, match="not signed"):
        client.validate(f"{token[:-20]}{'A' * 20}")
