"""The till's pages: a code becomes a card, an amount becomes points."""

from collections.abc import Mapping
from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString, gettext, lazy_gettext, ngettext
from sqlalchemy.orm import Session

from passes import names
from passes.cards import card as cards
from passes.cards.card import Card
from passes.errors import ConflictError, InvalidError, NotFoundError
from passes.loyalty import adjustments, ledger, purchases, undo
from passes.loyalty.purchases import Till
from passes.people import audit
from passes.people.actor import Role
from passes.programmes.programme import Programme
from web import access, languages, scans
from web.idempotency import Answer
from web.services import services
from web.staff import amounts, once, sheet

bp = Blueprint("staff", __name__, url_prefix="/staff")

_KEY = 20
_NO_CARD: Mapping[str, LazyString] = {
    "not_found": lazy_gettext("No card has this code. Check it and try again."),
    "code_replaced": lazy_gettext("This code was replaced. Ask for the new card."),
    "code_used": lazy_gettext(
        "This code was already used. The phone shows a new one every 30 seconds: wait"
        " for it, then scan again."
    ),
    "code_expired": lazy_gettext(
        "This code is out of date. Scan it on the phone itself, or type the short code"
        " below it."
    ),
}
"""Why a code leads to no card, by the code of the refusal."""


@bp.get("/")
def home() -> ResponseReturnValue:
    """Ask for a code, typed or from a scanner that types."""
    with services().read() as session:
        programme = access.current_programme(session)
    return render_template("staff/home.html", programme_name=programme.name)


@bp.post("/find")
def find() -> ResponseReturnValue:
    """Lead to the card whose code was given, of whatever kind."""
    code, person = request.form.get("code", ""), access.current_actor().name
    try:
        found = scans.look_up(
            code,
            person,
            access.current_programme,
            lambda _, __, card: card.public_id,
        )
    except (ConflictError, NotFoundError) as error:
        if error.code not in _NO_CARD:
            raise
        return _ask_again(str(_NO_CARD[error.code]))
    return redirect(url_for("staff.card", card_id=found), HTTPStatus.SEE_OTHER)


@bp.get("/cards/<card_id>")
def card(card_id: str) -> ResponseReturnValue:
    """Show the card and ask for the amount."""
    return _card_page(card_id)


@bp.post("/cards/<card_id>/quote")
def quote(card_id: str) -> ResponseReturnValue:
    """Show what the amount would give, before anything is written."""
    typed = request.form.get("amount", "")
    try:
        with services().read() as session:
            programme, found = once.card_of(session, card_id)
            amount = amounts.read(typed, programme.decimals)
            quoted = purchases.quote(session, programme, Till(amount))
            shown = _sheet(session, programme, found)
    except InvalidError:
        message = gettext("Enter an amount such as 12.50.")
        return _card_page(card_id, typed=typed, error=message), 422
    return render_template(
        "staff/confirm.html",
        programme_name=programme.name,
        currency=programme.currency,
        sheet=shown,
        typed=typed,
        value=amount / 10**programme.decimals,
        quoted=quoted,
        key=names.draw(_KEY),
    )


@bp.post("/cards/<card_id>/earn")
def earn(card_id: str) -> ResponseReturnValue:
    """Write the points, once for the form's key, and show what was done."""

    def work(session: Session, programme: Programme, found: Card) -> Answer:
        earned = purchases.earn(
            session,
            programme,
            found.id,
            Till(amounts.read(request.form.get("amount", ""), programme.decimals)),
            actor=access.current_actor(),
            at=services().clock(),
            idempotency_key=request.form.get("key"),
        )
        return Answer(HTTPStatus.OK, earned.purchase.public_id.encode())

    given = once.do(card_id, work)
    if given.status != HTTPStatus.OK:
        return _back_to_card(card_id)
    purchase = given.body.decode()
    return redirect(url_for("staff.done", purchase_id=purchase), HTTPStatus.SEE_OTHER)


@bp.get("/purchases/<purchase_id>")
def done(purchase_id: str) -> ResponseReturnValue:
    """Show what a purchase gave, with the way to take it back."""
    with services().read() as session:
        programme = access.current_programme(session)
        purchase = purchases.by_public_id(session, programme.id, purchase_id)
        found = session.get_one(Card, purchase.card_id)
        entries = ledger.of_source(
            session, programme.id, purchases.SOURCE, purchase.public_id
        )
        shown = _sheet(session, programme, found)
        given = (
            sheet.line(
                session,
                programme,
                entries[0],
                viewer=access.current_actor(),
                at=services().clock(),
                language=languages.current(),
            )
            if entries
            else None
        )
    return render_template(
        "staff/done.html",
        programme_name=programme.name,
        sheet=shown,
        given=given,
        key=names.draw(_KEY),
    )


@bp.post("/cards/<card_id>/entries/<entry_id>/undo")
def take_back(card_id: str, entry_id: str) -> ResponseReturnValue:
    """Undo one movement: staff their own for 15 minutes, managers any."""

    def work(session: Session, programme: Programme, found: Card) -> Answer:
        entries = undo.undo(
            session,
            programme,
            entry_id,
            actor=access.current_actor(),
            at=services().clock(),
            card_id=found.id,
            idempotency_key=request.form.get("key"),
        )
        return Answer(HTTPStatus.OK, str(entries[0].amount).encode())

    given = once.do(card_id, work)
    if given.status == HTTPStatus.OK:
        points = abs(int(given.body))
        flash(
            ngettext(
                "Undone: %(num)s point is off the card again.",
                "Undone: %(num)s points are off the card again.",
                points,
            )
            if int(given.body) < 0
            else ngettext(
                "Undone: %(num)s point is back on the card.",
                "Undone: %(num)s points are back on the card.",
                points,
            ),
            "success",
        )
    return _back_to_card(card_id)


@bp.post("/cards/<card_id>/adjust")
def adjust(card_id: str) -> ResponseReturnValue:
    """Give or take points by hand, with a reason; for managers."""

    def work(session: Session, programme: Programme, found: Card) -> Answer:
        entries = adjustments.adjust(
            session,
            programme,
            found.id,
            _points(request.form.get("points", "")),
            reason=request.form.get("reason", ""),
            actor=access.current_actor(),
            at=services().clock(),
            idempotency_key=request.form.get("key"),
        )
        return Answer(HTTPStatus.OK, entries[0].public_id.encode())

    try:
        given = once.do(card_id, work)
    except InvalidError as error:
        message = (
            gettext("Say why, in a few words.")
            if error.field == "reason"
            else gettext("Enter whole points, such as 20 or -20.")
        )
        return _card_page(card_id, adjust_error=message), 422
    if given.status == HTTPStatus.OK:
        flash(gettext("The points are corrected."), "success")
    return _back_to_card(card_id)


@bp.post("/cards/<card_id>/void")
def void(card_id: str) -> ResponseReturnValue:
    """End the card, here and on every phone; for managers."""
    with services().write() as session:
        programme, found = once.card_of(session, card_id)
        cards.void(session, cards.lock(session, found.id), services().clock())
        audit.record(
            session,
            access.current_actor(),
            "card.void",
            f"card:{found.public_id}",
            programme_id=programme.id,
            at=services().clock(),
        )
    flash(
        gettext("The card is no longer valid, and its phones will show it."), "success"
    )
    return _back_to_card(card_id)


def _ask_again(message: str) -> ResponseReturnValue:
    with services().read() as session:
        programme = access.current_programme(session)
    page = render_template(
        "staff/home.html", programme_name=programme.name, error=message
    )
    return page, HTTPStatus.NOT_FOUND


def _card_page(
    card_id: str, *, typed: str = "", error: str = "", adjust_error: str = ""
) -> str:
    with services().read() as session:
        programme, found = once.card_of(session, card_id)
        shown = _sheet(session, programme, found)
    return render_template(
        "staff/card.html",
        programme_name=programme.name,
        decimals=programme.decimals,
        currency=programme.currency,
        sheet=shown,
        typed=typed,
        error=error,
        adjust_error=adjust_error,
        form=request.form,
        manager=access.current_role() in {Role.OWNER, Role.MANAGER},
        key=names.draw(_KEY),
    )


def _sheet(session: Session, programme: Programme, found: Card) -> sheet.Sheet:
    return sheet.of(
        session,
        programme,
        found,
        viewer=access.current_actor(),
        at=services().clock(),
        language=languages.current(),
    )


def _back_to_card(card_id: str) -> ResponseReturnValue:
    return redirect(url_for("staff.card", card_id=card_id), HTTPStatus.SEE_OTHER)


def _points(typed: str) -> int:
    plain = typed.strip().replace("\N{MINUS SIGN}", "-").removeprefix("+")
    digits = plain.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 7:  # noqa: PLR2004
        raise InvalidError("points", "Use whole points.")
    return int(plain)
