"""Save links: what makes Android ask whether a card shall go into Google Wallet.

A link names an object that was stored before, and nothing else: it stays short enough
for every browser, and tells nothing of the member. It has no end, and
whoever has it can save the card: mint it at the click, for the member alone.
https://developers.google.com/wallet/reference/rest/v1/Jwt
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from wallet_google.identity import Identity, Loaded

SAVE_URL = "https://pay.google.com/gp/v/save/"

_PADDING = padding.PKCS1v15()
_HASH = hashes.SHA256()


@dataclass(frozen=True, slots=True)
class _Beginning:
    """What every JWT of an identity begins with, encoded once."""

    loaded: Loaded
    text: str


class SaveLinks:
    """Mints links with an identity's key; safe to share between threads."""

    def __init__(
        self, identity: Identity, save_url: str = SAVE_URL, origins: Sequence[str] = ()
    ) -> None:
        """Read nothing yet. *origins* are the sites, as https://shop.example."""
        self._identity = identity
        self._save_url = save_url
        self._origins = tuple(origins)
        self._beginning: _Beginning | None = None

    def link(self, object_id: str, at: datetime) -> str:
        """Return the address that offers to save the card.

        The object has to be stored at Google already; the link changes nothing of it.

        Raises:
            CredentialsError: there is no usable service account.
        """
        return self._save_url + self.jwt(object_id, at)

    def jwt(self, object_id: str, at: datetime) -> str:
        """Return the signed part of a link, which Google can judge by itself.

        Raises:
            CredentialsError: there is no usable service account.
        """
        beginning = self._begun()
        named = {"loyaltyObjects": [{"id": object_id}]}
        end = {"iat": int(at.timestamp()), "payload": named}
        signed = beginning.text + _encoded(orjson.dumps(end)[1:])
        key = beginning.loaded.account.key
        return f"{signed}.{_encoded(key.sign(signed.encode(), _PADDING, _HASH))}"

    def _begun(self) -> _Beginning:
        loaded = self._identity.loaded()
        held = self._beginning
        if held is None or held.loaded is not loaded:
            held = self._beginning = _begin(loaded, self._origins)
        return held


def _begin(loaded: Loaded, origins: Sequence[str]) -> _Beginning:
    # Without the key's id, as in Google's own samples: `iss` says whose it is.
    header = {"alg": "RS256", "typ": "JWT"}
    claims = {
        "iss": loaded.email,
        "aud": "google",
        "typ": "savetowallet",
        "origins": list(origins),
    }
    opened = orjson.dumps(claims)[:-1] + b","
    # In base64 three bytes are four letters: so far, what follows changes nothing.
    opened += b" " * (-len(opened) % 3)
    return _Beginning(loaded, f"{_encoded(orjson.dumps(header))}.{_encoded(opened)}")


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
