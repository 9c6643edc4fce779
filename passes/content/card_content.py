"""Card content: what one card shows now, read in one snapshot."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, cast
from zoneinfo import ZoneInfo

from babel.numbers import get_currency_precision
from sqlalchemy import Table, bindparam, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from passes.cards import card as cards
from passes.cards import codes
from passes.cards.announcement import Announcement
from passes.cards.card import Card
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
from passes.loyalty import tiers
from passes.loyalty.entry import Entry, Unit
from passes.people.member import Member
from passes.prepared import Prepared, Row
from passes.programmes import design as designs
from passes.programmes import rules as ruleset
from passes.programmes.design import Design
from passes.programmes.programme import Programme
from passes.programmes.rules import Rules

_MOVEMENTS = 5
_LOOKS = 256

_cards = cast("Table", Card.__table__)
_programmes = cast("Table", Programme.__table__)
_members = cast("Table", Member.__table__)
_entries = cast("Table", Entry.__table__)

# Read for each pass that a phone fetches: made once, and without objects to track.
ROWS = (
    select(
        _cards.c.id,
        _cards.c.programme_id,
        _cards.c.code,
        _cards.c.short_code,
        _cards.c.page_token,
        _cards.c.status,
        _cards.c.balance,
        _cards.c.status_points,
        _cards.c.tier,
        _cards.c.sequence,
        _cards.c.revision,
        _cards.c.revised_at,
        _cards.c.announcement,
        _cards.c.expires_at,
        _programmes.c.design_version.label("live_design"),
        _programmes.c.rules_version.label("live_rules"),
        _programmes.c.currency,
        _programmes.c.timezone,
        _members.c.name.label("holder"),
    )
    .join_from(_cards, _programmes, _programmes.c.id == _cards.c.programme_id)
    .join(_members, _members.c.id == _cards.c.member_id)
)
"""What `read` wants to know of a card; a wallet finds its card by names of its own."""

_CARD = Prepared(ROWS.where(_cards.c.id == bindparam("card")))
_LATEST = Prepared(
    select(
        _entries.c.kind,
        _entries.c.amount,
        _entries.c.occurred_at,
        _entries.c.explanation,
    )
    .where(_entries.c.card_id == bindparam("card"), _entries.c.unit == Unit.POINTS)
    .order_by(_entries.c.sequence.desc())
    .limit(_MOVEMENTS)
)


class _Kept(NamedTuple):
    look: Look
    rules: Rules


class Looks:
    """Looks that were read before: a published version never changes.

    For one database, and for connections that see nothing but what is committed; a
    version that is rolled back would otherwise stay. Safe to share between threads.
    """

    def __init__(self, room: int = _LOOKS) -> None:
        """Keep at most *room* looks, those asked for last."""
        self._room = room
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[int, int, int], _Kept] = OrderedDict()

    def of(self, connection: Connection, key: tuple[int, int, int]) -> _Kept:
        """Return the look of a programme, design version and rules version."""
        with self._lock:
            if kept := self._kept.get(key):
                self._kept.move_to_end(key)
                return kept
        found = _look(connection, key)
        with self._lock:
            self._kept[key] = found
            if len(self._kept) > self._room:
                self._kept.popitem(last=False)
        return found


def shown(
    session: Session, card_id: int, base_url: str, at: datetime | None = None
) -> CardContent:
    """Return what the card shows; *base_url* begins the address of its page.

    Everything comes from the session's one snapshot, the revision included. A card
    whose end has come says so from *at*, or else from its own last change.

    Raises:
        NotFoundError: there is no such card.
    """
    session.flush()
    connection = session.connection()
    card = _CARD.first(connection, card=card_id)
    if card is None:
        raise NotFoundError("card")
    return read(connection, card, base_url, Looks(), at)


def read(
    connection: Connection,
    card: Row,
    base_url: str,
    looks: Looks,
    at: datetime | None = None,
) -> CardContent:
    """Do as `shown` does, for a *card* that was read as one of `ROWS` before."""
    key = (card.programme_id, card.live_design, card.live_rules)
    look, rules = looks.of(connection, key)
    latest = _LATEST.rows(connection, card=card.id) if card.sequence else ()
    return CardContent(
        card_id=card.id,
        look=look,
        standing=_standing(card, at or card.revised_at),
        revision=card.revision,
        revised_at=card.revised_at,
        expires_at=card.expires_at,
        holder=card.holder,
        code=card.code,
        short_code=codes.grouped(card.short_code),
        points=max(0, card.balance),
        tier=look.tiers[card.tier],
        progress=_progress(look, rules, card.status_points),
        movements=_movements(card.currency, card.timezone, latest),
        announcement=Announcement(card.announcement),
        page_url=f"{base_url}/card/{card.page_token}",
    )


def _standing(card: Row, at: datetime) -> Standing:
    return Standing(cards.status_at(card.status, card.expires_at, at).value)


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
        currency=programme.currency,
        points_per_unit=rules.points_per_unit,
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
        rotating_code=design.rotating_code,
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
        movements=tuple(_bought(look, amount, at) for amount in (1250, 840)),
        announcement=Announcement.NOTHING,
        page_url="https://example.org/card/preview",
    )


def _bought(look: Look, amount: int, at: datetime) -> Movement:
    units = Decimal(amount).scaleb(-get_currency_precision(look.currency))
    points = int(units * look.points_per_unit)
    return Movement(at, points, explanations.purchase(amount, look.currency))


def _progress(look: Look, rules: Rules, status_points: int) -> Progress | None:
    way = tiers.way(rules, status_points)
    if way is None:
        return None
    return Progress(look.tiers[way.rank], way.missing, way.step, tiers.STEPS)


def _look(connection: Connection, key: tuple[int, int, int]) -> _Kept:
    programme_id, design_version, rules_version = key
    with Session(connection, autoflush=False) as session:
        programme = session.get_one(Programme, programme_id)
        design = designs.version(session, programme_id, design_version)
        rules = ruleset.version(session, programme_id, rules_version)
        return _Kept(look_of(programme, design, rules), rules)


def _movements(
    currency: str, timezone: str, latest: Sequence[Row]
) -> tuple[Movement, ...]:
    # A card tells the day that it was in the shop.
    zone = ZoneInfo(timezone)
    return tuple(
        Movement(
            row.occurred_at.astimezone(zone),
            row.amount,
            explanations.sentence(row.kind, row.explanation, currency),
        )
        for row in latest
    )
