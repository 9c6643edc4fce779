"""Save links as Google reads them: a JWT signed with a service account's key.

https://developers.google.com/wallet/reference/rest/v1/Jwt
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from wallet_google.standin.offices import Office
from wallet_google.standin.resources import CLASS, OBJECT, Resource, issuer_of

_PARTS = 3
_LONGEST = 10_000
_PAYLOAD = {"loyaltyClasses": CLASS, "loyaltyObjects": OBJECT}


class LinkError(Exception):
    """The link is not one that Google would follow; the text is for its maker."""


def read(jwt: str, office: Office) -> list[tuple[str, Resource]]:
    """Return kind and body of what the link brings, classes before objects.

    Raises:
        LinkError: it is malformed, not signed by a known account, or brings what is
            another issuer's.
    """
    claims = _verified(jwt, office)
    wanted = {"aud": "google", "typ": "savetowallet"}
    for name, value in wanted.items():
        if claims.get(name) != value:
            raise LinkError(f"The claim {name} is not {value}.")
    if type(claims.get("iat")) is not int:
        raise LinkError("The claim iat is no time in seconds.")
    found = bodies(claims.get("payload"))
    for _, body in found:
        if not office.may(claims["iss"], issuer_of(body.get("id"))):
            raise LinkError("The account is no user of the issuer.")
    return found


def bodies(payload: object) -> list[tuple[str, Resource]]:
    """Return kind and body of everything in a payload.

    Raises:
        LinkError: there is nothing, or something else.
    """
    if not isinstance(payload, dict) or set(payload) - set(_PAYLOAD):
        raise LinkError("The payload holds something else than loyalty cards.")
    found = [
        (kind, body)
        for name, kind in _PAYLOAD.items()
        for body in _list(payload.get(name, []))
    ]
    if not found:
        raise LinkError("The payload is empty.")
    return found


def _list(given: object) -> list[Resource]:
    if isinstance(given, list) and all(isinstance(one, dict) for one in given):
        return given
    raise LinkError("The payload does not list its cards.")


def _verified(jwt: str, office: Office) -> Mapping[str, Any]:
    parts = jwt.split(".")
    if len(parts) != _PARTS or len(jwt) > _LONGEST:
        raise LinkError("This is no JWT.")
    header, claims = _json(parts[0]), _json(parts[1])
    if header.get("alg") != "RS256":
        raise LinkError("The JWT is not signed with RS256.")
    account = office.accounts.get(str(claims.get("iss")))
    if account is None or header.get("kid", account.key_id) != account.key_id:
        raise LinkError("The claim iss or the kid is of no service account known.")
    try:
        account.key.public_key().verify(
            _bytes(parts[2]),
            f"{parts[0]}.{parts[1]}".encode(),
            padding.PKCS1v15(),
            hashes.SHA256(),
        )
    except InvalidSignature as error:
        raise LinkError("The JWT is not signed with the account's key.") from error
    return claims


def _json(part: str) -> dict[str, Any]:
    try:
        held = json.loads(_bytes(part))
    except (ValueError, RecursionError):
        held = None
    if isinstance(held, dict):
        return held
    raise LinkError("A part of the JWT is no JSON object.")


def _bytes(part: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), b"-_", validate=True)
    except ValueError as error:
        raise LinkError("A part of the JWT is not in base64url.") from error
