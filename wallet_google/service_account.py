"""A service account's key as Google hands it out: one JSON file, read strictly.

https://developers.google.com/wallet/retail/loyalty-cards/getting-started/auth/rest
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from wallet_google import errors

TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
MOST_BYTES = 64 * 1024

_SHORTEST_KEY = 2048
_LOOPBACK = re.compile(
    r"https?://(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?(/[\w./-]*)?", re.ASCII
)
_ANOTHER_FILE = (
    "Give the JSON file of a service account's key: Google Cloud console, "
    "IAM & Admin, Service accounts, the account, Keys, Add key."
)
_MADE_ANEW = "Make a new key for the service account and give its JSON file unchanged."
_ISSUER_ID = re.compile(r"[0-9]{1,20}")


@dataclass(frozen=True, slots=True, repr=False)
class ServiceAccount:
    """Who asks Google, and the key that proves it."""

    email: str
    key_id: str
    key: rsa.RSAPrivateKey
    token_url: str

    def __repr__(self) -> str:
        """Say who it is, and nothing of the key."""
        return f"ServiceAccount({self.email}, key {self.key_id})"


def read(data: bytes, *, local: bool = False) -> ServiceAccount:
    """Return the service account whose JSON file holds *data*.

    *local*: this is a development instance, whose tokens a stand-in on this machine
    may give. What is refused never quotes the file.

    Raises:
        CredentialsUnreadableError: the file is something else, or not whole.
        TokenAddressError: tokens would be asked of somebody else than Google.
    """
    held = _object(data)
    if held.get("type") != "service_account":
        raise errors.CredentialsUnreadableError(
            "The file is not a service account's key.", remedy=_ANOTHER_FILE
        )
    return ServiceAccount(
        email=_email(held),
        key_id=_text(held, "private_key_id"),
        key=_key(_text(held, "private_key")),
        token_url=_token_url(_text(held, "token_uri"), local=local),
    )


def issuer_id(given: str) -> str:
    """Return the issuer id *given*, once it is certain that it can be one.

    Raises:
        IssuerIdError: it is not a number.
    """
    if _ISSUER_ID.fullmatch(given):
        return given
    raise errors.IssuerIdError(
        f"“{given}” is no issuer id: Google's are numbers of about 19 digits.",
        remedy="Take the issuer id from the Google Pay & Wallet Console, “Google "
        "Wallet API”; the merchant id, which begins with letters, is another one.",
    )


def _object(data: bytes) -> Mapping[str, object]:
    try:
        held = json.loads(data) if len(data) <= MOST_BYTES else None
    except (ValueError, RecursionError):
        held = None
    if isinstance(held, dict):
        return held
    raise errors.CredentialsUnreadableError(
        "The file is not JSON as Google writes it.", remedy=_ANOTHER_FILE
    )


def _text(held: Mapping[str, object], name: str) -> str:
    value = held.get(name)
    if isinstance(value, str) and value:
        return value
    raise errors.CredentialsUnreadableError(
        f"The service account's file has no “{name}”.", remedy=_MADE_ANEW
    )


def _email(held: Mapping[str, object]) -> str:
    email = _text(held, "client_email")
    if re.fullmatch(r"[^@\s]+@[^@\s]+", email):
        return email
    raise errors.CredentialsUnreadableError(
        "The service account's “client_email” is no address.", remedy=_MADE_ANEW
    )


def _key(pem: str) -> rsa.RSAPrivateKey:
    try:
        key = serialization.load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # What went wrong in a key is not told: the words could quote it.
        key = None
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _SHORTEST_KEY:
        return key
    raise errors.CredentialsUnreadableError(
        "The service account's “private_key” is no RSA key.", remedy=_MADE_ANEW
    )


def _token_url(url: str, *, local: bool) -> str:
    if url == TOKEN_URL or (local and _LOOPBACK.fullmatch(url)):
        return url
    raise errors.TokenAddressError(
        f"The service account's “token_uri” is not {TOKEN_URL}: whoever is there "
        "would be asked for the tokens.",
        remedy="Give the file as Google made it; a stand-in's works on a base URL of "
        "this machine only.",
    )
