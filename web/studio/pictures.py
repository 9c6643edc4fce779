"""Logo and strip: uploaded, cleaned, kept, and shown in the editor."""

from collections.abc import Callable
from http import HTTPStatus

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from passes.errors import InvalidError, NotFoundError
from passes.people import audit
from passes.programmes import media
from passes.programmes.programme import Programme
from web import access, bodies, uploads
from web.services import services
from web.studio.blueprint import bp
from web.uploads import Picture, Reason, UploadError

ROOM = 50 * 1024 * 1024
"""How many bytes of pictures a programme may keep."""

CLEANERS: dict[str, Callable[[bytes], Picture]] = {
    "logo": uploads.logo,
    "strip": uploads.strip,
}


class NoRoomError(InvalidError):
    """The programme keeps as many pictures as it may."""


@bp.post("/card/pictures/<kind>")
@bodies.takes_pictures
def upload(kind: str) -> ResponseReturnValue:
    """Keep one picture and answer with its row of the form; no design changes."""
    if kind not in CLEANERS:
        raise NotFoundError("kind of picture")
    file = request.files.get(f"{kind}_file")
    name, error = request.form.get(kind, ""), ""
    if file is None:
        error = gettext("Choose a file first.")
    else:
        try:
            name = kept(kind, file)
        except InvalidError as refused:
            error = why(refused)
    page = render_template("studio/picture.html", kind=kind, name=name, error=error)
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK


def kept(kind: str, file: FileStorage) -> str:
    """Clean the uploaded file, keep it for the programme, and return its hash.

    Raises:
        UploadError: it is no picture that can be taken.
        NoRoomError: the programme has too many already.
    """
    picture = CLEANERS[kind](file.stream.read(bodies.PICTURE + 1))
    with services().write() as session:
        programme = access.current_programme(session)
        return _add(session, programme, kind, picture)


def why(error: InvalidError) -> str:
    """Return what to tell a person whose picture was refused."""
    if isinstance(error, UploadError):
        return _sentence(error.reason)
    return str(gettext("There is no room for more pictures."))


def _add(session: Session, programme: Programme, kind: str, picture: Picture) -> str:
    if media.held(session, programme.id) + len(picture.png) > ROOM:
        raise NoRoomError(kind, "There is no room for more pictures.")
    at = services().clock()
    name = media.add(
        session,
        services().media,
        programme.id,
        picture.png,
        size=picture.size,
        at=at,
    )
    audit.record(
        session,
        access.current_actor(),
        "media.add",
        f"media:{name}",
        programme_id=programme.id,
        at=at,
        facts={"bytes": len(picture.png)},
    )
    return name


def _sentence(reason: Reason) -> str:
    sentences = {
        Reason.KIND: gettext(
            "Use a PNG, JPEG or WebP picture. SVG, GIF, HEIC and PDF files cannot be"
            " used."
        ),
        Reason.WEIGHT: gettext("The file is larger than 5 MB."),
        Reason.PIXELS: gettext(
            "The picture has too many pixels: at most 8000 on a side and 25 million in"
            " all."
        ),
        Reason.TINY: gettext("The picture is too small: at least 16 pixels on a side."),
        Reason.BROKEN: gettext("The file is damaged or incomplete."),
        Reason.EMPTY: gettext("There is nothing to see on this picture."),
    }
    return str(sentences[reason])
