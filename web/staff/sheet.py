"""What the till may see of a member and a card: nothing private."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from passes.cards.card import Card, Status
from passes.content import explanations
from passes.loyalty import ledger, tiers, undo
from passes.loyalty.entry import Entry, Kind
from passes.people import member as members
from passes.people.actor import Actor, Role
from passes.people.member import Member
from passes.programmes import rules as ruleset
from passes.programmes.programme import Programme

_RECENT = 5


@dataclass(frozen=True, slots=True)
class Line:
    """One movement; *undoable* says whether this person may take it back now."""

    entry: str
    at: datetime
    points: int
    text: str
    undone: bool
    undoable: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """A card as the till shows it. *missing* points lead to *next_tier*, if any."""

    card: str
    name: str | None
    active: bool
    points: int
    tier: str
    next_tier: str | None
    missing: int
    recent: tuple[Line, ...]


def of(
    session: Session,
    programme: Programme,
    card: Card,
    *,
    viewer: Actor,
    at: datetime,
    language: str,
) -> Sheet:
    """Return what *viewer* may see of the card."""
    rules = ruleset.live(session, programme)
    way = tiers.way(rules, card.status_points)
    member = session.get_one(Member, card.member_id)
    entries = ledger.of_card(session, card.id, limit=_RECENT)
    return Sheet(
        card=card.public_id,
        name=members.short_name(member),
        active=card.status_at(at) is Status.ACTIVE,
        points=card.available,
        tier=rules.tiers[card.tier].name[language],
        next_tier=rules.tiers[way.rank].name[language] if way else None,
        missing=way.missing if way else 0,
        recent=tuple(
            line(session, programme, entry, viewer=viewer, at=at, language=language)
            for entry in entries
        ),
    )


def line(
    session: Session,
    programme: Programme,
    entry: Entry,
    *,
    viewer: Actor,
    at: datetime,
    language: str,
) -> Line:
    """Return one movement as the till lists it."""
    undone = undo.is_undone(session, entry)
    in_time = viewer.role is not Role.STAFF or (
        entry.actor == viewer.name and at <= entry.recorded_at + undo.OWN
    )
    return Line(
        entry=entry.public_id,
        at=entry.occurred_at,
        points=entry.amount,
        text=explanations.entry(entry, programme.currency)[language],
        undone=undone,
        undoable=in_time and not undone and entry.kind != Kind.UNDO,
    )
