"""Makers: the rows a test is about, with everything else as it usually is."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from passes.cards import card as cards
from passes.cards.card import Card
from passes.people import member as members
from passes.people.actor import Actor, Role
from passes.people.member import Details, Member
from passes.programmes import design, programme, rules
from passes.programmes.programme import Programme
from passes.programmes.rules import Rules

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

STAFF = Actor("account", "1", Role.STAFF)
MANAGER = Actor("account", "2", Role.MANAGER)


@dataclass(frozen=True, slots=True)
class Shop:
    """A programme with rules, a published design and one member's card."""

    programme: Programme
    member: Member
    card: Card


def make_programme(
    session: Session,
    slug: str = "cafe",
    *,
    ruleset: Rules = rules.STARTER,
    at: datetime = NOON,
) -> Programme:
    """Return a programme that is ready to give cards."""
    made = programme.create(session, slug=slug, name=f"Café {slug}", at=at)
    rules.publish(session, made, ruleset, at)
    look = design.starter(made.name, "bonjour@example.org")
    design.publish(session, made, look, by="account:1", at=at)
    return made


def make_member(
    session: Session,
    of: Programme,
    details: Details | None = None,
    *,
    at: datetime = NOON,
) -> Member:
    """Return a member of the programme."""
    told = details or Details(name="Anna Bell")
    return members.add(session, of, told, confirmed=True, at=at)


def make_card(session: Session, of: Programme, *, at: datetime = NOON) -> Card:
    """Return a new card of a new member."""
    return cards.open_card(session, of, make_member(session, of, at=at).id, at)


def make_shop(session: Session, slug: str = "cafe", *, at: datetime = NOON) -> Shop:
    """Return a programme with one member and the member's card."""
    made = make_programme(session, slug, at=at)
    member = make_member(session, made, at=at)
    return Shop(made, member, cards.open_card(session, made, member.id, at))
