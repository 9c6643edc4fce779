"""Problems: every refusal as ``application/problem+json`` with a stable code.

The table here is the contract (https://www.rfc-editor.org/rfc/rfc9457): the OpenAPI
document lists its codes, and a refusal that is not in it cannot be written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import orjson
from flask import Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails
from werkzeug.exceptions import HTTPException

from passes.errors import BusyError, ConflictError, NotFoundError, PassesError
from web.limits import TooOftenError

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = "1"
"""Seconds after which a request that met a busy database may come again."""

WORDS: dict[str, tuple[HTTPStatus, str]] = {
    "malformed": (HTTPStatus.BAD_REQUEST, "The body cannot be read."),
    "idempotency_key_missing": (HTTPStatus.BAD_REQUEST, "The key is missing."),
    "idempotency_key_invalid": (HTTPStatus.BAD_REQUEST, "The key cannot be used."),
    "unauthorized": (HTTPStatus.UNAUTHORIZED, "A valid API key is needed."),
    "forbidden": (HTTPStatus.FORBIDDEN, "The key may not do this."),
    "not_found": (HTTPStatus.NOT_FOUND, "There is no such thing."),
    "method_not_allowed": (HTTPStatus.METHOD_NOT_ALLOWED, "Not with this method."),
    "conflict": (HTTPStatus.CONFLICT, "Not in the present state."),
    "not_enough_points": (HTTPStatus.CONFLICT, "The card has fewer points."),
    "card_void": (HTTPStatus.CONFLICT, "The card no longer counts."),
    "card_expired": (HTTPStatus.CONFLICT, "The card has expired."),
    "code_replaced": (HTTPStatus.CONFLICT, "The code was replaced."),
    "code_used": (HTTPStatus.CONFLICT, "The code was used before."),
    "code_expired": (HTTPStatus.CONFLICT, "The code is out of date."),
    "contact_taken": (HTTPStatus.CONFLICT, "Another member has this contact."),
    "receipt_used": (HTTPStatus.CONFLICT, "The receipt was credited before."),
    "already_undone": (HTTPStatus.CONFLICT, "This was undone before."),
    "undo_too_late": (HTTPStatus.CONFLICT, "The time to undo is over."),
    "erased": (HTTPStatus.GONE, "The member was erased."),
    "too_large": (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large."),
    "unsupported_media_type": (
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "The body must be application/json.",
    ),
    "invalid": (HTTPStatus.UNPROCESSABLE_ENTITY, "A value is not acceptable."),
    "unknown_field": (HTTPStatus.UNPROCESSABLE_ENTITY, "A field is unknown."),
    "lines_sum": (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The lines do not add up to the amount.",
    ),
    "not_supported_yet": (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "This version cannot honour the field.",
    ),
    "idempotency_key_reused": (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The key was used for another request.",
    ),
    "too_many_requests": (HTTPStatus.TOO_MANY_REQUESTS, "Too many requests."),
    "internal": (HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong here."),
    "busy": (HTTPStatus.SERVICE_UNAVAILABLE, "Busy; nothing was changed."),
}


class FieldProblem(BaseModel):
    """One field that is not acceptable; lines are counted from 0."""

    field: str
    detail: str


class Problem(BaseModel):
    """Why a request was refused; *code* is stable, *detail* is for people."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:palier:problem:not_enough_points"])
    title: str
    status: int
    code: str
    detail: str
    field: str | None = Field(default=None, description="The first field to correct.")
    errors: list[FieldProblem] | None = None


class RefusedError(Exception):
    """A refusal of the API itself, by its *code* in the table."""

    def __init__(
        self, code: str, detail: str | None = None, *, field: str | None = None
    ) -> None:
        super().__init__(detail or WORDS[code][1])
        self.code = code
        self.field = field


@dataclass(frozen=True, slots=True)
class Told:
    """A problem ready to be sent, or to be kept under an idempotency key."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """Return it as a response."""
        sent = Response(self.body, self.status, mimetype=MEDIA_TYPE)
        sent.headers.update(self.headers)
        return sent


def codes(status: HTTPStatus) -> list[str]:
    """Return the codes that come with *status*."""
    return [code for code, (used, _) in WORDS.items() if used is status]


def tell(code: str, detail: str | None = None, **facts: object) -> Told:
    """Return the problem of that *code*; *facts* that are None are left out."""
    status, title = WORDS[code]
    document: dict[str, object] = {
        "type": f"urn:palier:problem:{code}",
        "title": title,
        "status": status.value,
        "code": code,
        "detail": detail or title,
    }
    document |= {name: fact for name, fact in facts.items() if fact is not None}
    headers = {}
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="palier"'
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = RETRY_AFTER
    return Told(status.value, orjson.dumps(document), headers)


def of_refusal(error: RefusedError) -> Told:
    """Return a refusal of the API itself."""
    return tell(error.code, str(error), field=error.field)


def of_domain(error: PassesError) -> Told:
    """Return what the domain refused, with the facts that a till acts on."""
    code = error.code if error.code in WORDS else _FALLBACK[_kind(error)]
    facts = {name: _plain(getattr(error, name, None)) for name in _FACTS}
    return tell(code, str(error), **facts)


def of_validation(error: ValidationError) -> Told:
    """Return which fields of a body or a query are not acceptable."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    named = [(_path(one), _sentence(one)) for one in found]
    unknown = all(one["type"] == "extra_forbidden" for one in found)
    name, detail = named[0]
    return tell(
        "unknown_field" if unknown else "invalid",
        detail,
        field=name,
        errors=[{"field": path, "detail": words} for path, words in named[:20]],
    )


def of_http(error: HTTPException) -> Told:
    """Return what Flask or Werkzeug refused."""
    told = of_status(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    if isinstance(error, TooOftenError):
        wait = {"Retry-After": str(error.palier_retry_after)}
        return Told(told.status, told.body, wait)
    allowed = getattr(error, "valid_methods", None)
    if allowed:
        return Told(told.status, told.body, {"Allow": ", ".join(sorted(allowed))})
    return told


def of_status(status: int) -> Told:
    """Return the problem that says no more than *status* does."""
    theirs = status < HTTPStatus.INTERNAL_SERVER_ERROR
    code = _HTTP.get(status, "malformed" if theirs else "internal")
    return tell(code, field="body" if code == "too_large" else None)


_FACTS = ("field", "available", "asked", "purchase", "until")
_FALLBACK: dict[type[PassesError], str] = {
    ConflictError: "conflict",
    NotFoundError: "not_found",
    BusyError: "busy",
    PassesError: "invalid",
}
_HTTP: dict[int, str] = {
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "too_many_requests",
    503: "busy",
}


def _kind(error: PassesError) -> type[PassesError]:
    return next(kind for kind in _FALLBACK if isinstance(error, kind))


def _plain(fact: Any) -> object:
    if isinstance(fact, datetime):
        return f"{fact.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return fact


def _path(error: ErrorDetails) -> str:
    places: Sequence[int | str] = error["loc"]
    return ".".join(str(place) for place in places) or "body"


def _sentence(error: ErrorDetails) -> str:
    if error["type"] == "extra_forbidden":
        return "This field is unknown."
    return f"{error['msg'].removeprefix('Value error, ').rstrip('.')}."
