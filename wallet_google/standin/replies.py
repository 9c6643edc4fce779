"""Google's answers: resources and errors, in the shape that its own have.

https://developers.google.com/wallet/retail/loyalty-cards/resources/error-codes
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

_DOMAIN = "walletobjects"


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back over the wire."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=UTF-8"


class RefusedError(Exception):
    """There is nothing more to do than to answer *reply*."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


def said(resource: object) -> Reply:
    """Answer with a resource."""
    return Reply(HTTPStatus.OK, json.dumps(resource).encode())


def no(
    status: int,
    reason: str,
    message: str,
    *,
    domain: str = _DOMAIN,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Answer with an error of Google's."""
    one = {"message": message, "domain": domain, "reason": reason}
    error = {"code": int(status), "message": message, "errors": [one]}
    return Reply(status, json.dumps({"error": error}).encode(), headers or {})


def invalid(message: str) -> RefusedError:
    """What was sent cannot be taken."""
    return RefusedError(no(HTTPStatus.BAD_REQUEST, "invalidResource", message))


def denied(message: str = "Permission denied.") -> RefusedError:
    """The service account is no user of the issuer, or of another one."""
    return RefusedError(no(HTTPStatus.FORBIDDEN, "permissionDenied", message))


def absent(reason: str, message: str) -> RefusedError:
    """There is no such thing."""
    return RefusedError(no(HTTPStatus.NOT_FOUND, reason, message))


def taken(resource_id: str) -> RefusedError:
    """The id is in use."""
    message = f"A resource with the id {resource_id} exists already."
    return RefusedError(no(HTTPStatus.CONFLICT, "existingResource", message))


def unauthenticated(message: str) -> RefusedError:
    """The access token is missing, unknown or has ended."""
    return RefusedError(
        no(HTTPStatus.UNAUTHORIZED, "authError", message, domain="global")
    )


def too_fast(status: int = HTTPStatus.TOO_MANY_REQUESTS) -> Reply:
    """Answer that there were too many requests; 403 is the other way to say so."""
    return no(status, "rateLimitExceeded", "Rate limit exceeded.", domain="usageLimits")


def not_enabled() -> Reply:
    """Answer that nobody enabled the interface in the account's project."""
    return no(
        HTTPStatus.FORBIDDEN,
        "accessNotConfigured",
        "The Google Wallet API is disabled or was never used in this project.",
        domain="usageLimits",
    )


def no_more_messages(issuer_id: str, where: str) -> RefusedError:
    """Answer that its holders were told enough for a day."""
    return RefusedError(
        no(
            HTTPStatus.FORBIDDEN,
            "quotaExceeded",
            f"Quota exceeded for issuer {issuer_id} when adding TEXT_AND_NOTIFY "
            f"message to {where}",
        )
    )


def trouble(status: int = HTTPStatus.SERVICE_UNAVAILABLE) -> Reply:
    """Answer that Google has trouble of its own."""
    return no(status, "backendError", "Backend error.", domain="global")
