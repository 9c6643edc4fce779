"""What calls have in common: their programme, their answer, their repetition."""

from http import HTTPStatus
from typing import cast

import orjson
from flask import Response, request
from sqlalchemy.orm import Session

from passes.errors import ConflictError
from passes.people import audit
from passes.programmes import programme as programmes
from passes.programmes.programme import Programme
from web import idempotency
from web.api import access, problems
from web.api.reading import StrictRequest
from web.idempotency import Answer, Asked, Work
from web.services import services


def ok(
    document: object,
    status: HTTPStatus = HTTPStatus.OK,
    *,
    subject: str | None = None,
) -> Answer:
    """Return a good answer; *subject* names the member it speaks of."""
    return Answer(status.value, orjson.dumps(document), subject)


def created(document: object, *, subject: str | None = None) -> Answer:
    """Return the answer to something that was written."""
    return ok(document, HTTPStatus.CREATED, subject=subject)


def programme(session: Session) -> Programme:
    """Return the programme that the key is for."""
    return programmes.by_id(session, access.caller().programme_id)


def read(work: Work) -> Response:
    """Answer from one snapshot of the database."""
    with services().read() as session:
        return respond(work(session))


def write(work: Work) -> Response:
    """Do the work, from the start when another won, and answer once it is committed."""
    return respond(services().transact(work))


def once(work: Work) -> Response:
    """Do the work for the request's idempotency key, once, however often it comes."""
    asked = Asked(
        idempotency.read_key(request.headers.get(idempotency.HEADER)),
        idempotency.fingerprint(
            request.method, request.path, cast("StrictRequest", request).canonical()
        ),
    )

    return respond(
        idempotency.once(
            services().transact,
            lambda _: access.caller().programme_id,
            asked,
            work,
            refused=_refused,
            at=services().clock(),
        )
    )


def note(
    session: Session, action: str, subject: str, facts: dict[str, object] | None = None
) -> None:
    """Write into the audit log what the key does, with the change itself."""
    audit.record(
        session,
        access.actor(),
        action,
        subject,
        programme_id=access.caller().programme_id,
        at=services().clock(),
        facts=facts,
    )


def key() -> str | None:
    """Return the request's idempotency key, when it has one."""
    written = request.headers.get(idempotency.HEADER)
    return None if written is None else idempotency.read_key(written)


def _refused(error: ConflictError) -> Answer:
    told = problems.of_domain(error)
    return Answer(told.status, told.body)


def respond(given: Answer) -> Response:
    """Return an answer as a response."""
    good = given.status < HTTPStatus.BAD_REQUEST
    response = Response(
        given.body,
        given.status,
        mimetype="application/json" if good else problems.MEDIA_TYPE,
    )
    if given.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response
