"""The card's page: the balance, the way ahead, and the card for the wallet."""

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from passes.cards import finding
from passes.cards.card import Card
from passes.content import card_content, explanations
from passes.content.shown import CardContent, Movement
from passes.loyalty import ledger
from passes.people.member import Member
from passes.programmes import programme as programmes
from passes.programmes.programme import Programme
from web import badges, languages, limits, requests, shops
from web.member import browser
from web.services import services

bp = Blueprint("member", __name__, url_prefix="/card")

MEDIA_TYPE = "application/vnd.apple.pkpass"
_HISTORY = 50


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
        shop = shops.present(session, programme)
        history = _history(session, programme, found)
    return render_template(
        "member/card.html",
        shop=shop,
        language=languages.current(),
        content=content,
        ladder=_ladder(content),
        history=history,
        installed=installed,
        browser=browser.recognise(request.user_agent.string),
        badge=badges.find(services().settings.data_dir, "apple", languages.current()),
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
