"""A published design on its way to every phone, and the versions before it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session

from passes.cards import rollout
from passes.cards.rollout import Progress
from passes.people import audit
from passes.people.actor import Role
from passes.programmes import design as designs
from passes.programmes.programme import Programme
from wallet_apple import reach
from wallet_apple.reach import Reach
from web import access
from web.services import services
from web.studio import publishing
from web.studio.blueprint import bp

# Phones that are off are told when they come back: nobody watches that long.
_WATCHED = timedelta(minutes=15)
_MEASURED = timedelta(seconds=2)
# Counting takes longer than a second where there are very many cards.
_MANY = 20_000


@dataclass(frozen=True, slots=True)
class Way:
    """How far a version has come. *moving* says whether to look again soon.

    *left* is how long raising the cards will still take, None when not known.
    """

    progress: Progress
    reach: Reach
    moving: bool
    left: timedelta | None

    @property
    def raised_all(self) -> bool:
        """Whether every card carries the version."""
        return self.progress.raised >= self.progress.total

    @property
    def every(self) -> str:
        """How often the page should ask."""
        return "5s" if self.progress.total > _MANY else "1s"


@bp.get("/rollout", endpoint="rollout")
def page() -> ResponseReturnValue:
    """Show how far the published design has come, and every version."""
    with services().read() as session:
        programme = access.current_programme(session)
        versions = designs.versions(session, programme.id)
        names = publishing.authors(session, [one.published_by for one in versions])
        way = _way(session, programme, services().clock())
    return render_template(
        "studio/rollout.html",
        programme_name=programme.name,
        live=programme.design_version,
        versions=versions,
        authors=names,
        way=way,
        may_edit=_may_edit(),
    )


@bp.get("/rollout/progress")
def progress() -> ResponseReturnValue:
    """Show the progress alone, for the page that watches it."""
    with services().read() as session:
        programme = access.current_programme(session)
        way = _way(session, programme, services().clock())
    return render_template("studio/progress.html", way=way, may_edit=_may_edit())


@bp.post("/rollout/pause")
def pause() -> ResponseReturnValue:
    """Hold the rollout, or let it go on."""
    held, at = request.form.get("held") == "yes", services().clock()
    with services().write() as session:
        programme = access.current_programme(session)
        rollout.pause(session, programme, at if held else None)
        audit.record(
            session,
            access.current_actor(),
            "rollout.pause" if held else "rollout.resume",
            f"design:{programme.design_version}",
            programme_id=programme.id,
            at=at,
        )
    services().wake()
    return redirect(url_for("studio.rollout"), HTTPStatus.SEE_OTHER)


@bp.post("/versions/<int:number>/publish")
def again(number: int) -> ResponseReturnValue:
    """Publish an earlier version once more, as a new one."""
    try:
        with services().write() as session:
            programme = access.current_programme(session)
            design = designs.version(session, programme.id, number)
            cards = publishing.publish(session, programme, design)
    except publishing.HinderedError as error:
        flash(str(error), "error")
        return redirect(url_for("studio.rollout"), HTTPStatus.SEE_OTHER)
    services().wake()
    if cards is None:
        flash(gettext("This is what is published already."), "message")
    else:
        flash(
            ngettext(
                "Version %(old)s is published again. %(num)s card changes by itself.",
                "Version %(old)s is published again. %(num)s cards change by"
                " themselves.",
                cards,
                old=number,
            ),
            "success",
        )
    return redirect(url_for("studio.rollout"), HTTPStatus.SEE_OTHER)


def _way(session: Session, programme: Programme, at: datetime) -> Way | None:
    found = rollout.progress(session, programme)
    if found is None:
        return None
    on_phones = reach.of_programme(session, programme.id, found.version)
    raising = found.raised < found.total
    watched = on_phones.waiting > 0 and at - found.started_at < _WATCHED
    return Way(
        progress=found,
        reach=on_phones,
        moving=(raising and not found.paused) or watched,
        left=_left(found, at),
    )


def _left(found: Progress, at: datetime) -> timedelta | None:
    spent = at - found.started_at
    if found.paused or not 0 < found.raised < found.total or spent < _MEASURED:
        return None
    return spent * (found.total - found.raised) / found.raised


def _may_edit() -> bool:
    return access.current_role() is Role.OWNER
