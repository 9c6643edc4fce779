"""The card's editor: a draft beside what it would look like, and publishing it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session

from passes.content import card_content
from passes.content.shown import Look
from passes.errors import InvalidError
from passes.people import audit
from passes.people.actor import Role
from passes.programmes import design as designs
from passes.programmes import rules as ruleset
from passes.programmes.design import Design
from passes.programmes.programme import LANGUAGES, Programme
from passes.reports import overview
from web import access, bodies, languages
from web.services import services
from web.studio import fields, pictures, preview, publishing
from web.studio.blueprint import bp


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the page says of the database, read before anything is drawn."""

    programme_name: str
    version: int
    drafted_at: datetime | None
    cards: int
    look: Look


@bp.get("/card")
def card() -> ResponseReturnValue:
    """Show the draft, or what is published where there is none."""
    with services().read() as session:
        programme = access.current_programme(session)
        draft = designs.draft(session, programme)
        facts = _facts(session, programme, draft)
    return _page(facts, fields.values(draft), {})


@bp.post("/card")
@bodies.takes_pictures
def save() -> ResponseReturnValue:
    """Keep the fields as the draft; publish it where that was asked for."""
    given, errors = _given()
    with services().write() as session:
        programme = access.current_programme(session)
        reading = fields.read(given, designs.draft(session, programme))
        errors |= reading.errors
        if not errors:
            errors |= _kept(session, programme, reading.design)
        answer = None if errors else _done(session, programme, reading.design)
    if answer is None:
        # Drawn only now: no till waits for a picture.
        return _refused(reading.design, given, errors)
    services().wake()
    return answer


@bp.post("/card/preview", endpoint="preview")
@bodies.takes_pictures
def previewed() -> ResponseReturnValue:
    """Draw the card as the fields are now; nothing is kept."""
    with services().read() as session:
        programme = access.current_programme(session)
        draft = designs.draft(session, programme)
        if _may_edit():
            draft = fields.read(_chosen(), draft).design
        look = _look(session, programme, draft)
    return render_template("studio/preview.html", **_drawn(look), oob=True)


@bp.get("/card/publish")
def review() -> ResponseReturnValue:
    """Ask once more before the draft goes to every phone."""
    with services().read() as session:
        programme = access.current_programme(session)
        look = _look(session, programme, designs.draft(session, programme))
        cards = overview.cards(session, programme.id)
    return render_template(
        "studio/review.html",
        programme_name=programme.name,
        version=programme.design_version + 1,
        cards=cards,
        hindrance=publishing.hindrance(),
        **_drawn(look),
    )


@bp.post("/card/publish")
def publish() -> ResponseReturnValue:
    """Publish the draft as it was saved."""
    with services().write() as session:
        programme = access.current_programme(session)
        answer = _published(session, programme, designs.draft(session, programme))
    services().wake()
    return answer


@bp.post("/card/discard")
def discard() -> ResponseReturnValue:
    """Go back to what is published."""
    with services().write() as session:
        programme = access.current_programme(session)
        designs.discard(session, programme)
        _note(session, programme, "design.discard")
    flash(gettext("The card is again as it was published."), "success")
    return redirect(url_for("studio.card"), HTTPStatus.SEE_OTHER)


def _given() -> tuple[dict[str, str], dict[str, str]]:
    """Return the form's fields with what was uploaded, and what was wrong there."""
    given, errors = _chosen(), {}
    for kind in fields.PICTURES:
        file = request.files.get(f"{kind}_file")
        if file is None or not file.filename:
            continue
        try:
            given[kind] = pictures.kept(kind, file)
        except InvalidError as error:
            errors[kind] = pictures.why(error)
    return given, errors


def _chosen() -> dict[str, str]:
    """Return the form's fields, with the colour or the removal that was asked for."""
    given = dict(request.form.items())
    # Without scripts, "use this instead" is a button of the form itself.
    for name in fields.COLOURS:
        given[name] = given.pop(f"use_{name}", given.get(name, ""))
    for kind in fields.PICTURES:
        if given.pop(f"{kind}_remove", ""):
            given[kind] = ""
    return given


def _kept(session: Session, programme: Programme, design: Design) -> dict[str, str]:
    """Save the draft; return what the domain refuses."""
    try:
        designs.save(session, programme, design, services().clock())
    except InvalidError as error:
        return {error.field: gettext("This cannot be used. Please choose again.")}
    _note(session, programme, "design.save")
    return {}


def _refused(
    design: Design, given: Mapping[str, str], errors: Mapping[str, str]
) -> ResponseReturnValue:
    with services().read() as session:
        programme = access.current_programme(session)
        facts = _facts(session, programme, design)
    return _page(facts, given, errors), HTTPStatus.UNPROCESSABLE_ENTITY


def _done(
    session: Session, programme: Programme, design: Design
) -> ResponseReturnValue:
    action = request.form.get("action")
    if action == "publish":
        return _published(session, programme, design)
    if action == "review":
        return redirect(url_for("studio.review"), HTTPStatus.SEE_OTHER)
    flash(gettext("The draft is saved. No phone has changed."), "success")
    return redirect(url_for("studio.card"), HTTPStatus.SEE_OTHER)


def _published(
    session: Session, programme: Programme, design: Design
) -> ResponseReturnValue:
    try:
        changed = publishing.publish(session, programme, design)
    except publishing.HinderedError as error:
        flash(str(error), "error")
        return redirect(url_for("studio.card"), HTTPStatus.SEE_OTHER)
    if changed is None:
        flash(
            gettext("Nothing differs from what is published: no phone has to change."),
            "message",
        )
        return redirect(url_for("studio.card"), HTTPStatus.SEE_OTHER)
    flash(
        ngettext(
            "Version %(version)s is published. %(num)s card changes by itself.",
            "Version %(version)s is published. %(num)s cards change by themselves.",
            changed,
            version=programme.design_version,
        ),
        "success",
    )
    return redirect(url_for("studio.rollout"), HTTPStatus.SEE_OTHER)


def _facts(session: Session, programme: Programme, design: Design) -> _Facts:
    return _Facts(
        programme_name=programme.name,
        version=programme.design_version,
        drafted_at=designs.drafted_at(session, programme),
        cards=overview.cards(session, programme.id),
        look=_look(session, programme, design),
    )


def _page(facts: _Facts, values: Mapping[str, str], errors: Mapping[str, str]) -> str:
    return render_template(
        "studio/card.html",
        programme_name=facts.programme_name,
        values=values,
        errors=errors,
        places=fields.places_shown(values),
        version=facts.version,
        drafted_at=facts.drafted_at,
        cards=facts.cards,
        may_edit=_may_edit(),
        google=services().google is not None,
        limits=designs,
        **_drawn(facts.look),
    )


def _drawn(look: Look) -> dict[str, object]:
    """Return what the preview's template needs."""
    asked = request.values.get("shown_in", "")
    language = asked if asked in LANGUAGES else languages.current()
    worst = bool(request.values.get("worst"))
    return {
        "drawn": preview.draw(
            look,
            services().media.load,
            language=language,
            worst=worst,
            at=services().clock(),
        ),
        "doubts": {name: preview.warning(name) for name in preview.READ},
        "warnings": {one.field: one for one in preview.warnings(look)},
        "shown_in": language,
        "worst": worst,
    }


def _look(session: Session, programme: Programme, design: Design) -> Look:
    return card_content.look_of(programme, design, ruleset.live(session, programme))


def _may_edit() -> bool:
    return access.current_role() is Role.OWNER


def _note(session: Session, programme: Programme, action: str) -> None:
    audit.record(
        session,
        access.current_actor(),
        action,
        f"programme:{programme.slug}",
        programme_id=programme.id,
        at=services().clock(),
    )
