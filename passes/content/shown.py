"""The parts of a shown card: plain values, free of platform and of database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from passes.cards.announcement import Announcement

Text = Mapping[str, str]
"""One text in every language of the card: ``{"fr": "Café", "en": "Coffee"}``."""


class Standing(StrEnum):
    """Whether the card still counts at the till."""

    ACTIVE = "active"
    VOID = "void"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a shop is; a wallet shows the card there. Degrees, WGS 84."""

    latitude: float
    longitude: float
    text: Text


@dataclass(frozen=True, slots=True)
class Look:
    """The published design: everything that every card of a programme shares.

    Colours are ``#rrggbb``. Pictures are media hashes (passes.programmes.media),
    None where the owner gave none. *programme_id*, *version* and *rules_version*
    (which the tiers are of) together name it for good: what is made from a look can
    be cached under them. A whole unit of *currency* (ISO 4217) earns
    *points_per_unit*. *rotating_code* asks for a code that changes with the time, of
    a wallet that can show one.
    """

    programme_id: int
    version: int
    rules_version: int
    programme: str
    organisation: str
    currency: str
    points_per_unit: int
    description: Text
    background: str
    foreground: str
    label: str
    logo: str | None
    strip: str | None
    tiers: tuple["Tier", ...]
    rules: tuple[Text, ...]
    terms: Text
    contact: str
    website: str | None
    places: tuple[Place, ...]
    rotating_code: bool = False


@dataclass(frozen=True, slots=True)
class Tier:
    """A rung of the ladder; *rank* 0 is the entry, *colour* is ``#rrggbb``."""

    rank: int
    name: Text
    threshold: int
    colour: str


@dataclass(frozen=True, slots=True)
class Progress:
    """The way to the next tier.

    *missing* is in status points; *step* of *steps* is the drawn part, so that
    every picture of progress is one of few.
    """

    tier: Tier
    missing: int
    step: int
    steps: int


@dataclass(frozen=True, slots=True)
class Movement:
    """One change of the spendable points, newest first on the card."""

    at: datetime
    points: int
    text: Text


@dataclass(frozen=True, slots=True)
class CardContent:
    """What one card shows now.

    *revision* rises with every shown change and *revised_at* strictly with it, by
    a second or more. *progress* is None on the top tier. *page_url* is the
    holder's private page, absolute.
    """

    card_id: int
    look: Look
    standing: Standing
    revision: int
    revised_at: datetime
    expires_at: datetime | None
    holder: str | None
    code: str
    short_code: str
    points: int
    tier: Tier
    progress: Progress | None
    movements: tuple[Movement, ...]
    announcement: Announcement
    page_url: str
