"""What a card shows, in the words of ``pass.json``: a store card.

https://developer.apple.com/documentation/walletpasses/pass
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from passes.cards.announcement import Announcement
from passes.content.shown import CardContent, Look, Standing
from wallet_apple import colours, localisation

MOST_PLACES = 10
"""Apple shows a pass at ten places at most."""

Json = dict[str, Any]

_LINKS = ["PKDataDetectorTypeLink"]


@dataclass(frozen=True, slots=True)
class PassIdentity:
    """What names a pass for good and never changes in an update.

    *web_service_url* is the address without ``/v1``; *authentication_token* is the
    secret that the phone shows there, 16 characters at least.
    """

    serial_number: str
    authentication_token: str
    web_service_url: str


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who signs, as the certificate says."""

    pass_type_identifier: str
    team_identifier: str


def build(content: CardContent, identity: PassIdentity, issuer: Issuer) -> Json:
    """The whole ``pass.json`` of a card: its design's part and its own."""
    look = content.look
    return {**shared(look, issuer), **own(content, identity, back(look))}


def shared(look: Look, issuer: Issuer) -> Json:
    """The part that every card of a design has."""
    document: Json = {
        "formatVersion": 1,
        "passTypeIdentifier": issuer.pass_type_identifier,
        "teamIdentifier": issuer.team_identifier,
        "organizationName": look.organisation,
        "description": localisation.key("description"),
        "backgroundColor": colours.css(look.background),
        "foregroundColor": colours.css(look.foreground),
        "labelColor": colours.css(look.label),
        "sharingProhibited": True,
    }
    if look.logo is None:
        document["logoText"] = look.programme
    if look.places:
        document["locations"] = _locations(look)
    return document


def back(look: Look) -> list[Json]:
    """What stands on the back of every card of a design.

    Apple wants the organisation's contact there.
    """
    fields = [_text("contact", look.contact or look.organisation)]
    if look.rules:
        fields.insert(0, _text("rules", localisation.key("rules")))
    if look.website:
        fields.append(_text("website", look.website) | {"dataDetectorTypes": _LINKS})
    if any(look.terms.values()):
        fields.append(_text("terms", localisation.key("terms")))
    return fields


def own(content: CardContent, identity: PassIdentity, back: Iterable[object]) -> Json:
    """The part that is this card's own, now.

    *back* are the fields that every card of the design has on its back, ready to
    be written.
    """
    document: Json = {
        "serialNumber": identity.serial_number,
        "authenticationToken": identity.authentication_token,
        "webServiceURL": identity.web_service_url.rstrip("/"),
        "barcodes": [_barcode(content)],
        "storeCard": _fields(content, back),
    }
    if content.expires_at is not None:
        end = content.expires_at.astimezone(UTC)
        document["expirationDate"] = end.strftime("%Y-%m-%dT%H:%M:%SZ")
    if _void(content):
        document["voided"] = True
    return document


def _void(content: CardContent) -> bool:
    """Whether the phone should grey the card out; an end date does so by itself."""
    if content.standing is Standing.EXPIRED:
        return content.expires_at is None
    return content.standing is Standing.VOID


def _barcode(content: CardContent) -> Json:
    return {
        "format": "PKBarcodeFormatQR",
        "message": content.code,
        "messageEncoding": "iso-8859-1",
        "altText": content.short_code,
    }


def _fields(content: CardContent, back: Iterable[object]) -> Json:
    points: Json = {
        "key": "points",
        "label": _LABELS["points"],
        "value": content.points,
        "numberStyle": "PKNumberStyleDecimal",
    }
    tier = _text("tier", localisation.key(localisation.tier(content)))
    # Two messages in one update become one that says nothing: only one field has any.
    if content.announcement is Announcement.POINTS:
        points["changeMessage"] = _CHANGE_POINTS
    elif content.announcement is Announcement.TIER:
        tier["changeMessage"] = _CHANGE_TIER
    page = {
        "key": "page",
        "label": _LABELS["page"],
        "value": content.page_url,
        "dataDetectorTypes": _LINKS,
    }
    return {
        "headerFields": [points],
        "secondaryFields": [tier, _next(content)],
        "auxiliaryFields": [_text("holder", content.holder)] if content.holder else [],
        "backFields": [_HISTORY, page, *back],
    }


def _next(content: CardContent) -> Json:
    """The way to the next tier, told in a number: the strip only draws it."""
    if content.progress is None:
        return _text("next", _TOP)
    return {
        "key": "next",
        "label": _LABELS["next"],
        "value": content.progress.missing,
        "numberStyle": "PKNumberStyleDecimal",
    }


def _locations(look: Look) -> list[Json]:
    return [
        {
            "latitude": place.latitude,
            "longitude": place.longitude,
            "relevantText": localisation.key(f"place.{number}"),
        }
        for number, place in enumerate(look.places[:MOST_PLACES])
    ]


def _text(name: str, value: str) -> Json:
    return {"key": name, "label": _LABELS[name], "value": value}


_LABELS = {
    name: localisation.key(f"label.{name}")
    for name in (
        *("points", "tier", "next", "holder", "history", "page"),
        *("rules", "contact", "website", "terms"),
    )
}
_TOP = localisation.key("top")
_CHANGE_POINTS = localisation.key("change.points")
_CHANGE_TIER = localisation.key("change.tier")
_HISTORY = _text("history", localisation.key("history"))
