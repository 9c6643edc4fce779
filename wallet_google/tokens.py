"""What Google answers to somebody who asks for an access token.

https://developers.google.com/identity/protocols/oauth2/service-account#error-codes
"""

import json
from http import HTTPStatus

from wallet_google import errors

_NOT_NOW = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
_TIMEFRAME = "timeframe"
_LONGEST = 60


def refuse(status: int, body: bytes) -> None:
    """Let an answer with a token pass.

    Raises:
        RevokedError: there is no token for this account and key.
        ClockError: nor for one whose clock is wrong.
        UnavailableError: there may be one later.
    """
    held = _read(body)
    if status == HTTPStatus.OK and held and _is_token(held):
        return
    error = held.get("error") if held else None
    if not isinstance(error, str) or status in _NOT_NOW or _is_trouble(status):
        raise errors.UnavailableError(f"Google gives no access tokens now ({status}).")
    description = str(held.get("error_description", "")) if held else ""
    if _TIMEFRAME in description:
        raise errors.ClockError(
            "Google gives no access token: this machine's clock is wrong.",
            remedy="Set the clock, and have it kept by NTP.",
        )
    raise errors.RevokedError(
        f"Google gives the service account no access token ({error[:_LONGEST]}).",
        remedy="Its key was deleted, or the account was deleted or disabled: see to it "
        "in the Google Cloud console, or give the file of a new key.",
    )


def _is_token(held: dict[str, object]) -> bool:
    lifetime = held.get("expires_in")
    return isinstance(held.get("access_token"), str) and type(lifetime) is int


def _is_trouble(status: int) -> bool:
    return not HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR


def _read(body: bytes) -> dict[str, object] | None:
    try:
        held = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return held if isinstance(held, dict) else None
