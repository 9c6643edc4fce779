"""The demo café in the database: its card, its members, three months of visits."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy.orm import Session

from passes.cards import card as cards
from passes.delivery import changes
from passes.errors import NotFoundError
from passes.loyalty import adjustments, purchases
from passes.loyalty.purchases import Till
from passes.people import member as members
from passes.people.actor import Actor, Role
from passes.people.member import Details
from passes.programmes import design, media, rules
from passes.programmes import programme as programmes
from passes.programmes.design import Spot
from passes.programmes.programme import Programme
from web.demo import artwork, history
from web.demo.history import Guest, Visit
from web.services import Services

SLUG = "mirabelle"
NAME = "Café Mirabelle"
_TILL = Actor("system", "demo", Role.MANAGER)


def exists(session: Session) -> bool:
    """Tell whether the demo café is in the database."""
    try:
        programmes.by_slug(session, SLUG)
    except NotFoundError:
        return False
    return True


def build(services: Services) -> None:
    """Found the café and let its three months pass, as far as its clock goes."""
    began = history.opening(services.clock())
    crowd = history.guests()
    with _day(services, began) as session:
        _found(session, services, began)
    held: dict[int, int] = {}
    coming = [visit for visit in history.visits(crowd) if _past(services, began, visit)]
    for day, todays in groupby(coming, key=lambda visit: visit.after.days):
        at = began + timedelta(days=day)
        with _day(services, at) as session:
            programme = programmes.by_slug(session, SLUG)
            until = timedelta(days=day + 1)
            _join(session, programme, held, began, _new(crowd, held, until))
            _sell(session, programme, held, began, todays)
    with _day(services, services.clock()) as session:
        programme = programmes.by_slug(session, SLUG)
        adjustments.adjust(
            session,
            programme,
            held[0],
            25,
            reason="Premier membre du café : merci !",
            actor=_TILL,
            at=services.clock() - timedelta(hours=3),
        )


def _day(services: Services, at: datetime) -> AbstractContextManager[Session]:
    # Nobody waits for the past: the wallets are marked, and no worker is woken.
    return changes.write(services.sessions, services.wallets, at, lambda: None)


def _past(services: Services, began: datetime, visit: Visit) -> bool:
    return began + visit.after < services.clock() - timedelta(hours=4)


def _found(session: Session, services: Services, at: datetime) -> None:
    programme = programmes.create(session, slug=SLUG, name=NAME, at=at)
    rules.publish(session, programme, rules.STARTER, at)

    def keep(png: bytes, size: tuple[int, int]) -> str:
        return media.add(session, services.media, programme.id, png, size=size, at=at)

    look = replace(
        design.starter(NAME, "bonjour@mirabelle.example"),
        background="#3b2340",
        foreground="#ffffff",
        label="#f4d9a0",
        website="https://mirabelle.example",
        logo=keep(artwork.logo(), artwork.LOGO),
        strip=keep(artwork.strip(), artwork.STRIP),
        places=(
            Spot(
                48.8709,
                2.3617,
                {
                    "fr": "Un café au Mirabelle ? Votre carte est prête.",
                    "en": "A coffee at Mirabelle? Your card is ready.",
                },
            ),
        ),
    )
    design.publish(session, programme, look, by=_TILL.name, at=at)


def _new(
    crowd: list[Guest], held: dict[int, int], until: timedelta
) -> list[tuple[int, Guest]]:
    """Return who joined before *until* and has no card yet."""
    return [
        (number, guest)
        for number, guest in enumerate(crowd)
        if number not in held and guest.joined < until
    ]


def _join(
    session: Session,
    programme: Programme,
    held: dict[int, int],
    began: datetime,
    joining: list[tuple[int, Guest]],
) -> None:
    for number, guest in joining:
        at = began + guest.joined
        told = Details(name=guest.name, email=guest.email, language=guest.language)
        member = members.add(session, programme, told, confirmed=True, at=at)
        held[number] = cards.open_card(session, programme, member.id, at).id


def _sell(
    session: Session,
    programme: Programme,
    held: dict[int, int],
    began: datetime,
    todays: Iterable[Visit],
) -> None:
    for number, visit in enumerate(todays):
        at = began + visit.after
        receipt = f"{at:%m%d}-{number + 1:03d}"
        purchases.earn(
            session,
            programme,
            held[visit.guest],
            Till(visit.amount, receipt),
            actor=_TILL,
            at=at,
        )
