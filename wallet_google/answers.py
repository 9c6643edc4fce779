"""What Google's answers mean: a resource, a no, or not now.

https://developers.google.com/wallet/retail/loyalty-cards/resources/error-codes
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from wallet_google import errors
from wallet_google.errors import GoogleWalletError

_RATES = {"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"}
_LATER = {
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}
_LONGEST_MESSAGE = 500
_READ = 4_000
_PERSONAL = (
    "accountName",
    "accountId",
    "barcode",
    "rotatingBarcode",
    "textModulesData",
    "linksModuleData",
)
# These say nothing of a person, and errors are hard to read without them.
_PLAIN = {"id", "type", "renderEncoding", "language"}
# Google may quote what it was sent: the secret of a code that changes, for one.
_SECRET = re.compile(r"[0-9A-Fa-f]{40}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; the names of *headers* are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def read(answer: Answer, sent: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the resource that Google answered with.

    What an error quotes of a person, from the object that was *sent*, is cut from it.

    Raises:
        RefusedError: Google said no, by one of its kinds.
        RevokedError: Google does not take the access token.
        UnavailableError: Google, or something before it, has trouble.
    """
    if answer.status not in {HTTPStatus.OK, HTTPStatus.CREATED}:
        raise _error(answer, sent or {})
    held = _object(answer.body)
    if held is None:
        raise errors.UnavailableError("Google Wallet's answer cannot be read.")
    return held


def _error(answer: Answer, sent: Mapping[str, Any]) -> GoogleWalletError:
    reason, message = _explained(answer.body, sent)
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS or reason in _RATES:
        return errors.ThrottledError(
            "Google Wallet takes no more requests for now.",
            retry_after=_retry_after(answer),
        )
    if answer.status in _LATER:
        return errors.UnavailableError(
            f"Google Wallet has trouble ({answer.status}).",
            retry_after=_retry_after(answer),
        )
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return errors.RevokedError(
            "Google does not take the service account's access token.",
            remedy="See whether the account and its key still exist, and whether this "
            "machine's clock is right.",
        )
    return _refused(answer.status, reason, message)


def _refused(status: int, reason: str, message: str) -> errors.RefusedError:
    # Only a malformed body stays wrong: the others depend on what else there is.
    permanent = status == HTTPStatus.BAD_REQUEST
    kind = errors.RefusedError
    if reason == "quotaExceeded":
        kind = errors.QuotaExceededError
    elif status == HTTPStatus.FORBIDDEN:
        kind = errors.ForbiddenError
    # Without Google's words the answer is of somebody else on the way.
    elif status == HTTPStatus.NOT_FOUND and message:
        kind = errors.AbsentError
    elif status == HTTPStatus.CONFLICT and message:
        kind = errors.ExistsError
    return kind(status, reason, message or "no explanation", permanent=permanent)


def _explained(body: bytes, sent: Mapping[str, Any]) -> tuple[str, str]:
    """The reason and message of Google's error, both empty where it is not Google's."""
    error = (_object(body) or {}).get("error")
    if not isinstance(error, dict):
        return "", ""
    message = error.get("message")
    told = message[:_READ] if isinstance(message, str) else ""
    told = _SECRET.sub("…", told)
    for value in _personal(sent):
        told = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "…", told)
    told = told[:_LONGEST_MESSAGE]
    for one in (*_dicts(error.get("errors")), *_dicts(error.get("details")), error):
        reason = one.get("reason", one.get("status") if one is error else None)
        if isinstance(reason, str):
            return reason, told
    return "", told


def _personal(sent: Mapping[str, Any]) -> list[str]:
    """What a sent object says of its holder; the longest first."""
    # A class is of nobody, and its owner has to read what is wrong with it.
    if "classId" not in sent:
        return []
    found = {text for name in _PERSONAL for text in _texts(sent.get(name))}
    return sorted(found, key=len, reverse=True)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str) and value:
        yield value
    for one in value if isinstance(value, list) else ():
        yield from _texts(one)
    for name, one in value.items() if isinstance(value, dict) else ():
        if name not in _PLAIN:
            yield from _texts(one)


def _dicts(given: object) -> list[dict[str, Any]]:
    listed = given if isinstance(given, list) else []
    return [one for one in listed if isinstance(one, dict)]


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        held = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return held if isinstance(held, dict) else None


def _retry_after(answer: Answer) -> float | None:
    """The pause that the answer asks for, in seconds."""
    said = answer.headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return float(said)
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())
