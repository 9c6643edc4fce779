"""The card's page: the balance, the way ahead, and the card for the wallet."""

import math
from http import HTTPStatus

from flask import (
    Blueprint,
    Response,
    abort,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from passes.cards import finding
from passes.cards.card import Card, Status
from passes.content import card_content, explanations
from passes.content.shown import CardContent, Movement
from passes.loyalty import ledger
from passes.people.member import Member
from passes.programmes import programme as programmes
from passes.programmes.programme import Programme
from wallet_google.errors import CredentialsError, NotYetError
from web import languages, limits, requests, shops
from web.member import browser, offers
from web.services import services
from web.shops import Shop

bp = Blueprint("member", __name__, url_prefix="/card")

MEDIA_TYPE = "application/vnd.apple.pkpass"
_HISTORY = 50
# A page that asks again sooner, or later, than a person would.
_SHORTEST, _LONGEST = 3, 60


@bp.get("/<token>")
def card(token: str) -> ResponseReturnValue:
    """Show the card to whoever holds its private link."""
    with services().read() as session:
        found, programme = _open(session, token)
        content = card_content.shown(
            session,
            found.id,
            services().settings.base_url,
            services().clock(),
        )
        installed = services().apple.installed(session, found.id)
        in_google = _in_google(session, found.id)
        shop = shops.present(session, programme)
        history = _history(session, programme, found)
    device = browser.recognise(request.user_agent.string)
    return render_template(
        "member/card.html",
        shop=shop,
        language=languages.current(),
        content=content,
        ladder=_ladder(content),
        history=history,
        installed=installed,
        in_google=in_google,
        browser=device,
        offers=offers.made(token, device, in_apple=installed > 0, in_google=in_google),
        token=token,
    )


@bp.get("/<token>/pass.pkpass")
def apple_pass(token: str) -> ResponseReturnValue:
    """Give the signed pass, as it is now."""
    services().limits.take(limits.PASS_DOWNLOAD, requests.network(requests.address()))
    with services().read() as session:
        found, _ = _open(session, token)
        file = services().apple.pass_file(session, found.id, services().clock())
    answer = Response(file, mimetype=MEDIA_TYPE)
    answer.headers["Content-Disposition"] = 'attachment; filename="card.pkpass"'
    return answer


@bp.get("/<token>/google")
def google(token: str) -> ResponseReturnValue:
    """Lead to Google, where the holder saves the card; until it can be, wait."""
    wallet = services().google
    if wallet is None:
        abort(HTTPStatus.NOT_FOUND)
    services().limits.take(limits.SAVE_LINK, requests.network(requests.address()))
    at = services().clock()
    with services().read() as session:
        found, programme = _open(session, token)
        card_id, status = found.id, found.status_at(at)
        shop = shops.present(session, programme)
    if status is not Status.ACTIVE:
        # The card's own page says why, and what to do.
        return redirect(url_for("member.card", token=token), HTTPStatus.SEE_OTHER)
    try:
        address = wallet.save_url(card_id, at)
    except NotYetError as error:
        return _wait(shop, token, error.seconds)
    return redirect(address, HTTPStatus.SEE_OTHER)


def _in_google(session: Session, card_id: int) -> str | None:
    """Return how the card stands there, None where Google cannot be given any."""
    wallet = services().google
    if wallet is None:
        return None
    try:
        wallet.identity.loaded()
    except CredentialsError:
        # A way that leads nowhere helps no customer; `palier doctor` says why.
        return None
    return wallet.state(session, card_id)


def _wait(shop: Shop, token: str, seconds: float) -> ResponseReturnValue:
    """Show a page that asks for itself again, with or without scripts."""
    pause = min(max(math.ceil(seconds), _SHORTEST), _LONGEST)
    page = render_template("member/waiting.html", shop=shop, token=token, pause=pause)
    answer = make_response(page, HTTPStatus.ACCEPTED)
    answer.headers["Refresh"] = str(pause)
    return answer


def _open(session: Session, token: str) -> tuple[Card, Programme]:
    found = finding.by_page_token(session, token)
    member = session.get_one(Member, found.member_id)
    languages.choose(member.language)
    return found, programmes.by_id(session, found.programme_id)


def _history(session: Session, programme: Programme, found: Card) -> list[Movement]:
    return [
        Movement(
            entry.occurred_at,
            entry.amount,
            explanations.entry(entry, programme.currency),
        )
        for entry in ledger.of_card(session, found.id, limit=_HISTORY)
    ]


def _ladder(content: CardContent) -> list[tuple[str, int, bool]]:
    """Return each tier's name, threshold, and whether the card is there."""
    language = languages.current()
    return [
        (tier.name[language], tier.threshold, tier.rank == content.tier.rank)
        for tier in content.look.tiers
    ]
