"""The demo's page: a phone with the card on it, and everything to try around it.

Cards that were saved in Google Wallet are listed below the phone.
"""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import cast

from flask import (
    Blueprint,
    Response,
    current_app,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound

from passes.cards import finding
from passes.cards.card import Card, Status
from passes.people import member as members
from passes.people.member import Member
from passes.programmes import programme as programmes
from wallet_apple.standin.pass_on_phone import PhonePass
from wallet_apple.standin.phone import Message, Phone
from web import languages, previews, shops
from web.access import ANYONE
from web.demo import google, standins
from web.demo.google import SavedCard
from web.demo.shop import SLUG
from web.demo.standins import StandIns
from web.previews import Images, PassView
from web.services import services
from web.site import Surface

bp = Blueprint("demo", __name__, url_prefix="/demo")

EXTENSION = "palier-demo"
"""Where the app keeps the stand-ins, among its extensions."""

SURFACE = Surface(
    bp,
    {
        "demo.home": ANYONE,
        "demo.install": ANYONE,
        "demo.phone": ANYONE,
        "demo.picture": ANYONE,
    },
)
"""The demo's pages, and that anybody at this machine may see them."""

_NOTICE = timedelta(seconds=9)
_NOTICES = 2
_OFFERED = 8


@dataclass(frozen=True, slots=True)
class Screen:
    """What the phone shows, and what was *saved* in Google Wallet.

    *state* changes whenever anything of it does.
    """

    state: str
    views: tuple[PassView, ...]
    notices: tuple[Message, ...]
    saved: tuple[SavedCard, ...]


@bp.get("/")
def home() -> ResponseReturnValue:
    """Show the phone, and where to join, award and design. ``?card=`` offers one."""
    wanted = request.args.get("card", "")
    with services().read() as session:
        programme = programmes.by_slug(session, SLUG)
        shop = shops.present(session, programme)
        offered = _offered(session, programme.id)
        chosen = finding.by_page_token(session, wanted) if wanted else None
    # The phone is held by whoever reads the page.
    _phone().language = languages.current()
    join_url = f"{services().settings.base_url}/join/{SLUG}"
    return render_template(
        "demo/home.html",
        programme_name=shop.name,
        join_url=join_url,
        screen=_screen(),
        offered=offered,
        chosen=chosen,
    )


@bp.post("/")
def install() -> ResponseReturnValue:
    """Add a card to the phone, as a customer's tap on the button does.

    For Google Wallet it is only offered: the next tap leads to Google.
    """
    with services().read() as session:
        card = finding.by_page_token(session, request.form.get("card", ""))
    if request.form.get("wallet") == "google":
        return redirect(address_of(card.page_token), HTTPStatus.SEE_OTHER)
    standins.install(services(), _phone(), card.id)
    return redirect(url_for("demo.home"), HTTPStatus.SEE_OTHER)


@bp.get("/phone")
def phone() -> ResponseReturnValue:
    """Give the phone's screen again, or nothing when *seen* is what it shows."""
    screen = _screen()
    if request.args.get("seen") == screen.state:
        return "", HTTPStatus.NO_CONTENT
    return render_template("demo/screen.html", screen=screen)


@bp.get("/picture/<digest>.png")
def picture(digest: str) -> ResponseReturnValue:
    """Give a picture of a pass that the phone holds."""
    pictures = [data for held in _phone().passes for data in held.images.values()]
    found = next((data for data in pictures if _digest(data) == digest), None)
    if found is None:
        raise NotFound
    answer = Response(found, mimetype="image/png")
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return answer


def address_of(token: str) -> str:
    """Return where the card can be put onto the demo's phone."""
    return url_for("demo.home", card=token)


def _played() -> StandIns:
    return cast("StandIns", current_app.extensions[EXTENSION])


def _phone() -> Phone:
    return _played().phone


def _screen() -> Screen:
    held = _phone().passes
    language = languages.current()
    now = services().clock()
    notices = tuple(
        said for said in reversed(_phone().messages) if now - said.at < _NOTICE
    )[:_NOTICES]
    # The newest change lies on top, as in a wallet that was just looked at.
    shown = sorted(held, key=lambda one: one.received_at, reverse=True)
    with services().read() as session:
        saved = google.saved(session, _played().google)
    marks = [(one.serial_number, one.last_modified, one.received_at) for one in shown]
    seen = repr((marks, [said.at for said in notices], saved, language))
    return Screen(
        state=_digest(seen.encode()),
        views=tuple(_view(one, language) for one in shown),
        notices=notices,
        saved=tuple(saved),
    )


def _view(held: PhonePass, language: str) -> PassView:
    return previews.card(
        held.document,
        held.strings.get(language, {}),
        Images(*(_address(held, name) for name in ("icon", "logo", "strip"))),
        locale=language,
        at=services().clock(),
    )


def _address(held: PhonePass, name: str) -> str | None:
    for scale in ("@2x", "@3x", ""):
        if data := held.images.get(f"{name}{scale}.png"):
            return url_for("demo.picture", digest=_digest(data))
    return None


def _offered(session: Session, programme_id: int) -> list[tuple[str, str]]:
    """Return the newest cards, each with its page's token and its holder."""
    query = (
        select(Card.page_token, Member)
        .join(Member, Member.id == Card.member_id)
        .where(Card.programme_id == programme_id, Card.status == Status.ACTIVE)
        .order_by(Card.id.desc())
        .limit(_OFFERED)
    )
    return [
        (token, members.short_name(member) or token[:6])
        for token, member in session.execute(query)
    ]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]
