"""What callers get: the shape of every answer, for the OpenAPI document."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Tier(_Document):
    """A tier; *rank* 0 is the first. The name is in the programme's language."""

    name: str
    rank: int


class NextTier(Tier):
    """The tier that comes next, and how many status points are *missing*."""

    missing: int


class ApplePass(_Document):
    """The card in Apple Wallet."""

    pass_url: str
    installed_devices: int


class GoogleCard(_Document):
    """The card in Google Wallet."""

    save_url: str = Field(
        description="Leads the holder to Google, and waits while Google is not ready."
    )
    state: Literal["none", "offered", "saved", "removed"] = Field(
        description="`none` was never led to Google, `offered` was; by what Google"
        " told last, `saved` is in the holder's wallet and `removed` no longer is."
    )


class Card(_Document):
    """A card. *code* is there for keys with the scope `redeem` alone."""

    id: str
    member: str
    code: str | None = None
    short_code: str
    status: str = Field(description="`active`, `void` or `expired`")
    points: int = Field(description="What can be spent; never below zero.")
    pending: int
    status_points: int
    tier: Tier
    next_tier: NextTier | None
    next_reward: None = Field(description="Always null in this version.")
    vouchers: list[Any] = Field(description="Always empty in this version.")
    expiring: list[Any] = Field(description="Always empty in this version.")
    apple: ApplePass
    google: GoogleCard | None = Field(
        description="Null where Google Wallet is not set up."
    )
    page_url: str


class ConsentAnswers(_Document):
    """The member's last answers; false where never asked."""

    email_offers: bool
    wallet_offers: bool


class Member(_Document):
    """A member and the ids of their cards."""

    id: str
    name: str | None
    email: str | None
    phone: str | None
    birthday: str | None = Field(description="MM-DD")
    locale: str
    consents: ConsentAnswers
    cards: list[str]
    created_at: str


class MemberAdded(_Document):
    """A new member with their card."""

    member: Member
    card: Card


class Members(_Document):
    """A part of the members, oldest first."""

    items: list[Member]
    next_cursor: str | None


class Purchase(_Document):
    """A purchase as it was credited."""

    id: str
    amount: str
    receipt: str | None
    channel: str
    occurred_at: str


class Entry(_Document):
    """Points that came or went. *explanation* is the arithmetic behind it."""

    id: str
    kind: str = Field(description="`earn`, `adjust` or `undo`")
    points: int
    occurred_at: str
    explanation: dict[str, Any]
    purchase: Purchase | None = None


class Entries(_Document):
    """A part of the ledger, newest first."""

    items: list[Entry]
    next_cursor: str | None


class Moved(_Document):
    """What a call wrote, and the card as it is now."""

    entries: list[Entry]
    card: Card


class Earned(Moved):
    """A credited purchase; *entries* is empty when it was too small for a point."""

    purchase: Purchase


class QuoteLine(_Document):
    """What one rule would give."""

    rule: str
    points: int
    status_points: int
    explanation: dict[str, Any]


class Quote(_Document):
    """What a purchase would earn."""

    points: int
    status_points: int
    rules_version: int
    rules: list[QuoteLine]


class ProgrammeTier(Tier):
    """A tier as the programme has it."""

    threshold: int = Field(description="Status points from which it is reached.")
    names: dict[str, str]
    colour: str


class Tiers(_Document):
    """The tiers in force, the first one first."""

    items: list[ProgrammeTier]
    next_cursor: None


class Programme(_Document):
    """The programme of the key, and the rules in force."""

    name: str
    slug: str
    currency: str
    decimals: int
    language: str
    timezone: str
    rules_version: int
    points_per_unit: int
    tiers: list[ProgrammeTier]
