"""What went wrong, as a status, a stable code and a calm page: one table.

The text of an exception is never shown: pages have sentences of their own, by code.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

import structlog
from flask import Flask, make_response, render_template
from flask.typing import ResponseReturnValue
from flask_babel import LazyString, lazy_gettext
from jinja2 import TemplateNotFound
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    InterfaceError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException, InternalServerError

from passes import errors as domain
from wallet_apple.errors import CertificateError
from wallet_google.errors import GoogleWalletError
from web import requests

_log = structlog.get_logger()
_RETRY = 2

STATUSES: Mapping[type[Exception], HTTPStatus] = {
    domain.InvalidError: HTTPStatus.UNPROCESSABLE_ENTITY,
    domain.NotFoundError: HTTPStatus.NOT_FOUND,
    domain.ConflictError: HTTPStatus.CONFLICT,
    domain.BusyError: HTTPStatus.SERVICE_UNAVAILABLE,
    domain.PassesError: HTTPStatus.CONFLICT,
    # Nothing can be signed until the operator has mended the certificate.
    CertificateError: HTTPStatus.SERVICE_UNAVAILABLE,
    # Nor saved at Google while it refuses us.
    GoogleWalletError: HTTPStatus.SERVICE_UNAVAILABLE,
    # A database that is away, locked, full or not migrated comes back by itself.
    OperationalError: HTTPStatus.SERVICE_UNAVAILABLE,
    InterfaceError: HTTPStatus.SERVICE_UNAVAILABLE,
    PoolTimeoutError: HTTPStatus.SERVICE_UNAVAILABLE,
    # Numbers that no column holds, brackets without end, bytes that are no text.
    DataError: HTTPStatus.BAD_REQUEST,
    OverflowError: HTTPStatus.BAD_REQUEST,
    RecursionError: HTTPStatus.BAD_REQUEST,
    UnicodeError: HTTPStatus.BAD_REQUEST,
}
"""The status of each error; the nearest class of an error's ancestry counts."""

_TEXTS: Mapping[str, LazyString] = {
    "not_enough_points": lazy_gettext("There are not enough points on the card."),
    "card_void": lazy_gettext("This card is no longer valid."),
    "card_expired": lazy_gettext("This card is no longer valid."),
    "code_replaced": lazy_gettext(
        "This code was replaced by a newer one. Ask for the card on the phone."
    ),
    "receipt_used": lazy_gettext("This receipt was already credited."),
    "already_undone": lazy_gettext("This was already undone."),
    "undo_too_late": lazy_gettext("It is too late to undo this here. Ask a manager."),
    "csrf": lazy_gettext(
        "The form was open for too long or came from another page."
        " Please go back, load it again and send it once more."
    ),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What a caller is told: *code* is stable, *field* names the bad input."""

    status: int
    code: str
    field: str | None = None
    retry_after: int | None = None


def problem(error: Exception) -> Problem:
    """Return what to tell about *error*; anything unknown is a 500."""
    if isinstance(error, InternalServerError) and error.original_exception:
        return problem(_as_exception(error.original_exception))
    if isinstance(error, HTTPException):
        return _http_problem(error)
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return Problem(503, "unavailable", retry_after=_RETRY)
    status = _status(error)
    code = (
        getattr(error, "code", None) if isinstance(error, domain.PassesError) else None
    )
    return Problem(
        status=status,
        code=code or _phrase(status),
        field=getattr(error, "field", None),
        retry_after=_RETRY if status == HTTPStatus.SERVICE_UNAVAILABLE else None,
    )


def text(found: Problem) -> str | None:
    """Return the page's own sentence for the problem, in the reader's language."""
    told = _TEXTS.get(found.code)
    return str(told) if told else None


def register(app: Flask) -> None:
    """Make the site answer every error with a page."""
    app.register_error_handler(Exception, _answer)


def page(found: Problem) -> ResponseReturnValue:
    """Render the problem's page; it needs neither session nor database."""
    response = make_response(
        _render(found.status, text(found), found.retry_after), found.status
    )
    if found.retry_after:
        response.headers["Retry-After"] = str(found.retry_after)
    return response


def note(error: Exception, found: Problem) -> None:
    """Log what is the server's fault, with its traceback."""
    if found.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("failed", status=found.status, code=found.code, exc_info=error)


def _answer(error: Exception) -> ResponseReturnValue:
    if isinstance(error, HTTPException) and error.get_response().location:
        # A redirect that routing asks for is no error.
        return error.get_response()
    found = problem(error)
    note(error, found)
    response = make_response(page(found))
    if isinstance(error, HTTPException):
        for name in ("Allow", "WWW-Authenticate"):
            if value := error.get_response().headers.get(name):
                response.headers[name] = value
    return response


def _render(status: int, detail: str | None, retry_after: int | None) -> str:
    shown = {
        "request_id": requests.request_id(),
        "detail": detail,
        "retry_after": retry_after,
    }
    try:
        return render_template(f"errors/{status}.html", **shown)
    except TemplateNotFound:
        return render_template("errors/error.html", **shown)


def _http_problem(error: HTTPException) -> Problem:
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    code = getattr(error, "palier_code", None) or _phrase(status)
    return Problem(status, code, retry_after=getattr(error, "palier_retry_after", None))


def _status(error: Exception) -> HTTPStatus:
    for ancestor in type(error).__mro__:
        if found := STATUSES.get(ancestor):
            return found
    return HTTPStatus.INTERNAL_SERVER_ERROR


def _as_exception(error: BaseException) -> Exception:
    return error if isinstance(error, Exception) else RuntimeError()


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase.lower().replace(" ", "_").replace("-", "_")
