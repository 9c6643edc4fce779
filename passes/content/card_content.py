"""Card content: what one card shows now, read in one snapshot."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from passes.cards import codes
from passes.cards.announcement import Announcement
from passes.cards.card import Card, Status
from passes.content import explanations
from passes.content.shown import (
    CardContent,
    Look,
    Movement,
    Place,
    Progress,
    Standing,
    Tier,
)
from passes.errors import NotFoundError
from passes.loyalty import ledger, tiers
from passes.loyalty.entry import Entry
from passes.people.member import Member
from passes.programmes import design as designs
from passes.programmes import rules as ruleset
from passes.programmes.design import Design
from passes.programmes.programme import Programme
from passes.programmes.rules import Rules

_MOVEMENTS = 5


def shown(session: Session, card_id: int, base_url: str) -> CardContent:
    """Return what the card shows; *base_url* begins the address of its page.

    Everything comes from the session's one snapshot, the revision included.

    Raises:
        NotFoundError: there is no such card.
    """
    row = session.execute(
        select(Card, Programme, Member.name)
        .join(Programme, Programme.id == Card.programme_id)
        .join(Member, Member.id == Card.member_id)
        .where(Card.id == card_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError("card")
    card, programme, holder = row
    rules = ruleset.live(session, programme)
    look = look_of(programme, designs.live(session, programme), rules)
    return CardContent(
        card_id=card.id,
        look=look,
        standing=Standing.ACTIVE if card.status == Status.ACTIVE else Standing.VOID,
        revision=card.revision,
        revised_at=card.revised_at,
        expires_at=None,
        holder=holder,
        code=card.code,
        short_code=codes.grouped(card.short_code),
        points=card.available,
        tier=look.tiers[card.tier],
        progress=_progress(look, rules, card.status_points),
        movements=_movements(
            programme, ledger.of_card(session, card.id, limit=_MOVEMENTS)
        ),
        announcement=Announcement(card.announcement),
        page_url=f"{base_url}/card/{card.page_token}",
    )


def look_of(programme: Programme, design: Design, rules: Rules) -> Look:
    """Return the look that a design gives the programme's cards.

    The rules' version is in the look's, since tiers are part of what is drawn.
    """
    return Look(
        programme_id=programme.id,
        version=programme.design_version,
        rules_version=rules.version,
        programme=design.name,
        organisation=design.organisation,
        description=design.description,
        background=design.background,
        foreground=design.foreground,
        label=design.label,
        logo=design.logo,
        strip=design.strip,
        tiers=tuple(
            Tier(number, tier.name, tier.threshold, tier.colour)
            for number, tier in enumerate(rules.tiers)
        ),
        rules=design.rules,
        terms=design.terms,
        contact=design.contact,
        website=design.website,
        places=tuple(
            Place(place.latitude, place.longitude, place.text)
            for place in design.places
        ),
    )


def sample(look: Look, at: datetime) -> CardContent:
    """Return a card that exists nowhere, to preview *look* with."""
    first = look.tiers[0]
    progress = None
    if len(look.tiers) > 1:
        missing = look.tiers[1].threshold * 2 // 5
        progress = Progress(look.tiers[1], missing, 6, tiers.STEPS)
    return CardContent(
        card_id=0,
        look=look,
        standing=Standing.ACTIVE,
        revision=1,
        revised_at=at.replace(microsecond=0),
        expires_at=None,
        holder="Camille Martin",
        code="L1.PREVEWPREVEWPREVEW00.00",
        short_code="PREVE-WCARD",
        points=look.tiers[1].threshold * 3 // 5 if progress else 128,
        tier=first,
        progress=progress,
        movements=(
            Movement(at, 12, explanations.purchase(1250, "EUR")),
            Movement(at, 8, explanations.purchase(840, "EUR")),
        ),
        announcement=Announcement.NOTHING,
        page_url="https://example.org/card/preview",
    )


def _progress(look: Look, rules: Rules, status_points: int) -> Progress | None:
    way = tiers.way(rules, status_points)
    if way is None:
        return None
    return Progress(look.tiers[way.rank], way.missing, way.step, tiers.STEPS)


def _movements(programme: Programme, entries: Sequence[Entry]) -> tuple[Movement, ...]:
    return tuple(
        Movement(
            entry.occurred_at,
            entry.amount,
            explanations.entry(entry, programme.currency),
        )
        for entry in entries
    )
