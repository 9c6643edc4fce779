"""Who asks the web service: the secret they show, what kind of client they are.

iPhones say ``ApplePass``; wallets on Android follow Apple's protocol with words of
their own (https://walletpasses.io/developer/, https://walletunion.com/developer/).
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass

from passes import networks
from wallet_apple import registrations

_SCHEMES = {
    "applepass": registrations.APNS,
    "androidpass": "walletpasses",
    "walletunionpass": "walletunion",
}
_NAME = re.compile(r"[\x21-\x7e]{1,200}")
_PUSH_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")
_APNS_TOKEN = re.compile(r"(?:[0-9a-fA-F]{2}){1,100}")
_NOBODY = hashlib.sha256(b"").digest()

Environ = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a request shows: its scheme's kind (None for a strange one), a token."""

    kind: str | None
    token: str


def shown(environ: Environ) -> Shown:
    """Return what stands in the ``Authorization`` header."""
    scheme, _, token = str(environ.get("HTTP_AUTHORIZATION", "")).partition(" ")
    return Shown(_SCHEMES.get(scheme.lower()), token.strip())


def matches(given: Shown, stored: str | None) -> bool:
    """Tell whether the token is the stored one; it takes as long when there is none."""
    digest = hashlib.sha256(given.token.encode("utf-8", "replace")).digest()
    wanted = _NOBODY if stored is None else hashlib.sha256(stored.encode()).digest()
    same = hmac.compare_digest(digest, wanted)
    return same and stored is not None and given.kind is not None


def kind(environ: Environ, given: Shown, push_token: str) -> str:
    """Return the kind of client, `registrations.APNS` only for what Apple pushes to.

    A foreign token that is sent to Apple costs the connection its good name.
    """
    if "WalletPasses/" in str(environ.get("HTTP_USER_AGENT", "")):
        return "walletpasses"
    if "HTTP_X_PASS_CLIENT" in environ:
        return "pass2u"
    if given.kind == registrations.APNS and not _APNS_TOKEN.fullmatch(push_token):
        return "other"
    return given.kind or "other"


def is_name(text: str) -> bool:
    """Tell whether a part of the path can be a serial number or a device's name."""
    return _NAME.fullmatch(text) is not None


def is_push_token(value: object) -> bool:
    """Tell whether a value can be a push token, Apple's or another's."""
    return isinstance(value, str) and _PUSH_TOKEN.fullmatch(value) is not None


def address(environ: Environ) -> str:
    """Return what to count a stranger by: the address, or its IPv6 network."""
    return networks.of(str(environ.get("REMOTE_ADDR", "")))
