"""How rows are worded in an answer: money as strings, times in RFC 3339."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import cast

from passes.cards.card import Card
from passes.cards.finding import Found
from passes.errors import InvalidError
from passes.loyalty import tiers
from passes.loyalty.earning import Quote
from passes.loyalty.entry import Appended, Entry
from passes.loyalty.purchases import Bought, Purchase
from passes.people.consent import Purpose
from passes.people.member import Member
from passes.programmes.programme import Programme, Shop
from passes.programmes.rules import Rules, TierRule

_CURSOR = re.compile(r"[1-9][0-9]{0,17}")


def time(at: datetime) -> str:
    """Return *at* as RFC 3339 in UTC, to the second."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def money(amount: int, decimals: int) -> str:
    """Return minor units as a string with exactly *decimals* decimals."""
    if not decimals:
        return str(amount)
    whole, part = divmod(amount, 10**decimals)
    return f"{whole}.{part:0{decimals}d}"


def minor_units(written: str, decimals: int, field: str) -> int:
    """Return the minor units that `money` writes so.

    Raises:
        InvalidError: it does not have exactly *decimals* decimals.
    """
    whole, point, part = written.partition(".")
    if len(part) != decimals or bool(point) != bool(decimals):
        raise InvalidError(field, f"Use exactly {decimals} decimals.")
    return int(whole + part)


def cursor(number: int) -> str:
    """Return where a list goes on, as an opaque word."""
    return base64.urlsafe_b64encode(str(number).encode()).decode().rstrip("=")


def read_cursor(written: str | None) -> int | None:
    """Return the number in a cursor.

    Raises:
        InvalidError: it is no cursor of ours.
    """
    if written is None:
        return None
    try:
        padded = written + "=" * (-len(written) % 4)
        number = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError) as error:
        raise InvalidError("cursor", "This is no cursor of ours.") from error
    if not _CURSOR.fullmatch(number):
        raise InvalidError("cursor", "This is no cursor of ours.")
    return int(number)


def card(
    found: Found,
    rules: Rules,
    *,
    base_url: str,
    at: datetime,
    devices: int,
    in_google: str | None,
    with_code: bool,
) -> dict[str, object]:
    """Return the card as it is *at* that time; so many *devices* hold its pass.

    *in_google* is its state there, None where Google Wallet is not set up.
    """
    row, programme = found.card, found.programme
    page = f"{base_url}/card/{row.page_token}"
    document: dict[str, object] = {"id": row.public_id, "member": found.member}
    if with_code:
        document["code"] = row.code
    return document | {
        "short_code": row.short_code,
        "status": row.status_at(at).value,
        "points": row.available,
        "pending": 0,
        "status_points": row.status_points,
        "tier": _tier(rules, programme, row.tier),
        "next_tier": _next_tier(rules, programme, row.status_points),
        "next_reward": None,
        "vouchers": [],
        "expiring": [],
        "apple": {"pass_url": f"{page}/pass.pkpass", "installed_devices": devices},
        "google": _google(page, in_google),
        "page_url": page,
    }


def member(
    row: Member, consents: Mapping[Purpose, bool], cards: Sequence[Card]
) -> dict[str, object]:
    """Return the member with their consents and the ids of their cards."""
    return {
        "id": row.public_id,
        "name": row.name,
        "email": row.email,
        "phone": row.phone,
        "birthday": row.birthday,
        "locale": row.language,
        "consents": {
            purpose.value: consents.get(purpose, False) for purpose in Purpose
        },
        "cards": [card.public_id for card in cards],
        "created_at": time(row.created_at),
    }


def purchase(row: Purchase | Bought, decimals: int) -> dict[str, object]:
    """Return the purchase."""
    return {
        "id": row.public_id,
        "amount": money(row.amount, decimals),
        "receipt": row.receipt,
        "channel": row.channel,
        "occurred_at": time(row.occurred_at),
    }


def entry(
    row: Entry | Appended, decimals: int, of: Purchase | Bought | None = None
) -> dict[str, object]:
    """Return an entry of points, with the purchase it is *of*."""
    document: dict[str, object] = {
        "id": row.public_id,
        "kind": row.kind,
        "points": row.amount,
        "occurred_at": time(row.occurred_at),
        "explanation": _explanation(row.explanation, decimals),
    }
    if of is not None:
        document["purchase"] = purchase(of, decimals)
    return document


def quote(given: Quote, decimals: int) -> dict[str, object]:
    """Return what a purchase would earn, rule by rule."""
    return {
        "points": given.points,
        "status_points": given.status,
        "rules_version": given.rules_version,
        "rules": [
            {
                "rule": line.rule,
                "points": line.points,
                "status_points": line.status,
                "explanation": _explanation(line.explanation, decimals),
            }
            for line in given.lines
        ],
    }


def ladder(programme: Programme, rules: Rules) -> list[dict[str, object]]:
    """Return the tiers in force."""
    return [
        {
            "name": _name(tier, programme),
            "rank": rank,
            "threshold": tier.threshold,
            "names": dict(tier.name),
            "colour": tier.colour,
        }
        for rank, tier in enumerate(rules.tiers)
    ]


def _google(page: str, state: str | None) -> dict[str, object] | None:
    # Our own address: a link of Google's is good for ever, and for anybody.
    return None if state is None else {"save_url": f"{page}/google", "state": state}


def _tier(rules: Rules, programme: Programme | Shop, rank: int) -> dict[str, object]:
    return {"name": _name(rules.tiers[rank], programme), "rank": rank}


def _next_tier(
    rules: Rules, programme: Programme | Shop, status_points: int
) -> dict[str, object] | None:
    way = tiers.way(rules, status_points)
    if way is None:
        return None
    return _tier(rules, programme, way.rank) | {"missing": way.missing}


def _name(tier: TierRule, programme: Programme | Shop) -> str:
    return tier.name[programme.language]


def _explanation(stored: object, decimals: int) -> dict[str, object]:
    """Return the arithmetic with its money written as money everywhere."""
    facts = dict(cast("Mapping[str, object]", stored))
    facts.pop("decimals", None)
    amount = facts.get("amount")
    if isinstance(amount, int):
        facts["amount"] = money(amount, decimals)
    return facts
