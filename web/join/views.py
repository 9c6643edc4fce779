"""Joining: the poster's QR leads here, and the form leads to the card at once."""

import re
from datetime import timedelta
from http import HTTPStatus

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session

from passes import names
from passes.cards import card as cards
from passes.errors import InvalidError
from passes.people import audit, consent
from passes.people import member as members
from passes.people.actor import Actor
from passes.programmes import programme as programmes
from passes.programmes.programme import Programme
from web import idempotency, languages, limits, requests, shops
from web.idempotency import Answer, Asked
from web.join.forms import TEXT_VERSION, JoinForm
from web.services import services

bp = Blueprint("join", __name__, url_prefix="/join")

_MAX_SOURCE = 40
_DRAWN = 20
_KEY = re.compile(f"[{names.ALPHABET}]{{{_DRAWN}}}")
# Long enough for a form that is sent again by a bad network, and too short for the
# next person at a shop's tablet to find the form of the one before.
_REPEATED = timedelta(minutes=3)


@bp.get("/<slug>")
def form(slug: str) -> ResponseReturnValue:
    """Show the form; ``?via=`` says which poster or link led here."""
    return _page(slug, JoinForm(), key=names.draw(_DRAWN))


@bp.post("/<slug>")
def join(slug: str) -> ResponseReturnValue:
    """Make the card and lead to it. The same form sent twice makes one card.

    That is so for a few minutes: then, or without a key that a form of ours can
    have carried, it is somebody else who joins.
    """
    filled = JoinForm(request.form)
    # Counted before the transaction: the counters have one of their own.
    circumstances = _circumstances()
    try:
        given = _joined(slug, filled, circumstances, _key())
        if not _is_own(given):
            given = _joined(slug, filled, circumstances, names.draw(_DRAWN))
    except InvalidError as error:
        return _refuse(slug, filled, error), HTTPStatus.UNPROCESSABLE_ENTITY
    except idempotency.KeyReusedError:
        # The person went back and changed the form: that is a new joining.
        return _page(slug, filled, key=names.draw(_DRAWN))
    address = url_for("member.card", token=given.body.decode())
    return redirect(address, HTTPStatus.SEE_OTHER)


def _key() -> str:
    sent = request.form.get("key", "")
    # A key that many could send must not lead all of them to one card.
    return sent if _KEY.fullmatch(sent) else names.draw(_DRAWN)


def _is_own(given: Answer) -> bool:
    """Tell whether it answers who is there now, and leads to a card still."""
    age = services().clock() - (given.given_at or services().clock())
    return age <= _REPEATED and given.status == HTTPStatus.SEE_OTHER


def _joined(
    slug: str, filled: JoinForm, circumstances: dict[str, object], key: str
) -> Answer:
    asked = Asked(
        f"join:{key}",
        idempotency.fingerprint("POST", request.path, repr(filled.data).encode()),
    )

    def work(session: Session) -> Answer:
        programme = programmes.by_slug(session, slug)
        return idempotency.answer(
            session,
            programme.id,
            asked,
            lambda session: _join(session, programme, filled, circumstances),
            at=services().clock(),
        )

    return services().transact(work)


def _join(
    session: Session,
    programme: Programme,
    filled: JoinForm,
    circumstances: dict[str, object],
) -> Answer:
    at = services().clock()
    member = members.add(
        session, programme, filled.details(languages.current()), confirmed=False, at=at
    )
    for purpose in filled.consents():
        consent.record(
            session,
            member.id,
            purpose,
            granted=True,
            text_version=TEXT_VERSION,
            source="join",
            at=at,
        )
    card = cards.open_card(session, programme, member.id, at)
    audit.record(
        session,
        Actor("member", member.public_id, request_id=requests.request_id()),
        "member.join",
        f"card:{card.public_id}",
        programme_id=programme.id,
        at=at,
        facts=circumstances,
    )
    return Answer(
        HTTPStatus.SEE_OTHER,
        card.page_token.encode(),
        idempotency.about(member.public_id),
    )


def _circumstances() -> dict[str, object]:
    """Return where the person came from, and whether many came from there.

    A shop's Wi-Fi is one address for everybody: nobody is refused, it is noted.
    """
    network = requests.network(requests.address())
    usual = services().limits.allows(limits.JOIN, network)
    return {"via": request.args.get("via", "")[:_MAX_SOURCE], "many": not usual}


def _refuse(slug: str, filled: JoinForm, error: InvalidError) -> str:
    contact = {"email", "phone"}
    message = {
        "email": gettext("This does not look like an e-mail address."),
        "phone": gettext("This does not look like a telephone number."),
        "name": gettext("Please use a shorter name, in plain letters."),
    }.get(error.field, gettext("Please check this."))
    field = "contact" if error.field in contact else error.field
    return _page(slug, filled, key=names.draw(_DRAWN), errors={field: message})


def _page(
    slug: str, filled: JoinForm, *, key: str, errors: dict[str, str] | None = None
) -> str:
    with services().read() as session:
        programme = programmes.by_slug(session, slug)
        shop = shops.present(session, programme)
    return render_template(
        "join/form.html",
        shop=shop,
        language=languages.current(),
        form=filled,
        key=key,
        errors=errors or {},
    )
