"""Links that save a card to Google Wallet, beside raw RSA."""

import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from google.auth import jwt

from tests.benchmarks.figures import Figure, rates
from wallet_google import service_account
from wallet_google.identity import Identity, Loaded
from wallet_google.save_link import SAVE_URL, SaveLinks
from wallet_google.standin import accounts
from wallet_google.standin.accounts import ISSUER_ID

NOW = datetime.now(UTC)
OBJECT_ID = f"{ISSUER_ID}.c-0123456789abcdef"
ORIGIN = "https://cartes.cafe.example"


def figures() -> Iterator[Figure]:
    """Yield the figures of row 6 of the goals."""
    with tempfile.TemporaryDirectory() as folder:
        file = accounts.write(Path(folder), service_account.TOKEN_URL)
        identity = Identity(file, ISSUER_ID)
        loaded = identity.loaded()
        links = SaveLinks(identity, origins=[ORIGIN])
        measured = rates(
            {
                "raw": _raw(loaded),
                "ours": lambda: links.link(OBJECT_ID, NOW),
                "google-auth": _googles(loaded),
            },
            rounds=45,
            seconds=0.05,
            clock=time.thread_time,
        )
        length = len(links.link(OBJECT_ID, NOW))
    limit = measured["raw"]
    yield Figure(
        "save link, one core",
        *(measured["ours"], "/s", limit, measured["ours"] / limit, 0.95),
    )
    yield Figure(
        "the same by google-auth with its signer kept",
        *(measured["google-auth"], "/s", limit, measured["google-auth"] / limit),
    )
    yield Figure("length of a save link", length, "characters")


def _raw(loaded: Loaded) -> Callable[[], bytes]:
    """What no link can be faster than: one RSA operation."""
    sign, text = loaded.account.key.sign, bytes(420)
    pad, algorithm = padding.PKCS1v15(), hashes.SHA256()
    return lambda: sign(text, pad, algorithm)


def _googles(loaded: Loaded) -> Callable[[], object]:
    signer: Any = loaded.credentials.signer

    def link() -> object:
        claims = {
            "iss": loaded.email,
            "aud": "google",
            "typ": "savetowallet",
            "iat": int(NOW.timestamp()),
            "origins": [ORIGIN],
            "payload": {"loyaltyObjects": [{"id": OBJECT_ID}]},
        }
        return SAVE_URL + jwt.encode(signer, claims).decode()

    return link
