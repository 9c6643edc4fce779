"""A form at the till that is sent twice does its work once."""

import json
from collections.abc import Callable
from http import HTTPStatus

from flask import flash, request
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session

from passes.cards import finding
from passes.cards.card import Card
from passes.errors import (
    AlreadyReversedError,
    ConflictError,
    InsufficientPointsError,
    UndoTooLateError,
)
from passes.programmes.programme import Programme
from web import access, idempotency, languages
from web.idempotency import Answer, Asked
from web.services import services


def do(card_id: str, work: Callable[[Session, Programme, Card], Answer]) -> Answer:
    """Do *work* once for the form's key; flash why when it was refused."""
    asked = Asked(
        f"staff:{idempotency.read_key(request.form.get('key'))}",
        idempotency.fingerprint(
            "POST",
            request.path,
            json.dumps(sorted(request.form.items(multi=True))).encode(),
        ),
    )

    given = idempotency.once(
        services().transact,
        lambda session: access.current_programme(session).id,
        asked,
        lambda session: work(session, *card_of(session, card_id)),
        refused=lambda error: Answer(HTTPStatus.CONFLICT, _why(error).encode()),
        at=services().clock(),
    )
    if given.status != HTTPStatus.OK:
        flash(given.body.decode(), "error")
    return given


def _why(error: ConflictError) -> str:
    if isinstance(error, InsufficientPointsError):
        said = ngettext(
            "The card has only %(num)s point.",
            "The card has only %(num)s points.",
            error.available,
        )
    elif isinstance(error, AlreadyReversedError):
        said = gettext("This was undone before.")
    elif isinstance(error, UndoTooLateError):
        said = gettext("Ask a manager: you can undo your own entries for 15 minutes.")
    else:
        said = gettext("This card is no longer valid.")
    return str(said)


def card_of(session: Session, card_id: str) -> tuple[Programme, Card]:
    """Return the programme worked in and its card, or raise `NotFoundError`."""
    programme = access.current_programme(session)
    languages.choose_zone(programme.timezone)
    return programme, finding.by_public_id(session, programme.id, card_id)
