"""What callers send: strict types, bounded lengths, no unknown fields."""

import re
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
)

from passes import typed
from passes.loyalty.ledger import MAX_CHANGE

_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})"
)
_LATER = "Not in this version: a request with it is refused as `not_supported_yet`."


def _printable(text: str) -> str:
    if not typed.showable(text):
        raise ValueError("Use printable characters")
    return text


def _rfc3339(written: object) -> object:
    if not isinstance(written, str) or not _TIME.fullmatch(written):
        raise ValueError("Use a time with a zone such as 2026-11-24T12:00:00Z")
    return written


Text = Annotated[str, Field(strict=True), AfterValidator(_printable)]
Truth = Annotated[bool, Field(strict=True)]
Time = Annotated[AwareDatetime, BeforeValidator(_rfc3339)]
Points = Annotated[int, Field(strict=True, ge=-MAX_CHANGE, le=MAX_CHANGE)]
Money = Annotated[
    str,
    Field(
        strict=True,
        pattern=r"^(0|[1-9][0-9]{0,8})(\.[0-9]{1,4})?$",
        description="Money, with exactly the decimals of the programme's currency.",
        examples=["12.50"],
    ),
]


class Body(BaseModel):
    """The root of all bodies and queries: what is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class CardPath(BaseModel):
    """The card's id."""

    card: str = Field(description="The card's `id`.")


class MemberPath(BaseModel):
    """The member's id."""

    member: str = Field(description="The member's `id`.")


class EntryPath(BaseModel):
    """The entry's id."""

    entry: str = Field(description="The `id` of any entry of the movement.")


class PageQuery(Body):
    """Which part of a list."""

    limit: int = Field(default=50, ge=1, le=100)
    cursor: str | None = Field(
        default=None, max_length=64, description="`next_cursor` of the part before."
    )


class MembersQuery(PageQuery):
    """Which members."""

    q: Text | None = Field(
        default=None, max_length=80, description="Part of a name, address or number."
    )


class Consents(Body):
    """What the member agreed to, each purpose by itself."""

    email_offers: Truth | None = None
    wallet_offers: Truth | None = None


class MemberBody(Body):
    """What is known of a member; nothing is required."""

    name: Text | None = Field(default=None, max_length=80)
    email: Text | None = Field(default=None, max_length=254)
    phone: Text | None = Field(default=None, max_length=40)
    birthday: Text | None = Field(
        default=None,
        pattern=r"^[0-9]{2}-[0-9]{2}$",
        description="MM-DD",
        examples=["02-29"],
    )
    locale: Text | None = Field(default=None, max_length=2, examples=["fr", "en"])
    consents: Consents | None = None


class NewMember(MemberBody):
    """A member to add; the card comes with it."""

    referral: Text | None = Field(default=None, max_length=64, description=_LATER)


class ChangedMember(MemberBody):
    """What to change; null takes a name, a contact or a birthday away."""


class Code(Body):
    """A code, as it was scanned or typed."""

    code: Text = Field(
        min_length=1,
        max_length=64,
        description="Member code or short code, case and hyphens do not matter; or the"
        " code that changes in Google Wallet, as it was scanned.",
    )


class PurchaseLine(Body):
    """A line of the receipt."""

    category: Text | None = Field(default=None, max_length=64)
    item: Text | None = Field(default=None, max_length=64)
    amount: Money


class PurchaseBody(Body):
    """A purchase. *amount* is what was paid for the goods."""

    amount: Money
    lines: list[PurchaseLine] | None = Field(
        default=None, min_length=1, max_length=200, description="They sum to `amount`."
    )
    channel: str = Field(
        default="store", strict=True, pattern=r"^[a-z][a-z0-9_]{0,31}$"
    )
    receipt: Text | None = Field(
        default=None,
        min_length=1,
        max_length=64,
        description="The till's number: credited once in its business day.",
    )
    occurred_at: Time | None = Field(
        default=None, description="When, if not now: at most 48 hours ago."
    )
    tip: Money | None = Field(default=None, description=_LATER)
    voucher: Text | None = Field(default=None, max_length=64, description=_LATER)
    cashback: Money | None = Field(default=None, description=_LATER)
    location: Text | None = Field(default=None, max_length=64, description=_LATER)


class Adjustment(Body):
    """Points given by hand, or taken when negative."""

    points: Points
    reason: Text = Field(min_length=1, max_length=200)
