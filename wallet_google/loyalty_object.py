"""What one card shows now, in the words of a LoyaltyObject.

https://developers.google.com/wallet/reference/rest/v1/loyaltyobject
"""

from datetime import UTC
from typing import Final

from passes.content.shown import CardContent, Standing, Text
from wallet_google import localisation, loyalty_class, rotating
from wallet_google.localisation import Json
from wallet_google.pictures import Pictures

MOST_POINTS = 2**31 - 1
"""Google counts in 32 bits."""

ACCOUNT = 20
LABEL = 9
TIER = 20
"""Google advises 7 for a balance in its own layout; ours gives it half a row."""

_MAY_BE_ABSENT = ("validTimeInterval", "rotatingBarcode")
_STATES: Final = {
    Standing.ACTIVE: "ACTIVE",
    Standing.VOID: "INACTIVE",
    Standing.EXPIRED: "EXPIRED",
}


def body(
    content: CardContent,
    object_id: str,
    class_id: str,
    pictures: Pictures,
    *,
    language: str = "fr",
    seed: bytes | None = None,
) -> Json:
    """The whole object, for an insert or a replacement.

    *language* is the holder's or the programme's: a tier's name can be told in one
    alone. A *seed* adds a barcode that changes with the time (`rotating`).

    Raises:
        PictureError: the owner's picture cannot be drawn.
    """
    whole: Json = {
        "id": object_id,
        "classId": class_id,
        "state": _STATES[content.standing],
        # Empty rather than absent: a PATCH without it would leave a name there.
        "accountName": localisation.shorten(content.holder or "", ACCOUNT),
        "accountId": content.short_code,
        "barcode": {
            "type": "QR_CODE",
            "value": content.code,
            "alternateText": content.short_code,
            "renderEncoding": "UTF_8",
        },
        "loyaltyPoints": _points(content, language),
        "secondaryLoyaltyPoints": _tier(content, language),
        "heroImage": _hero(content, pictures, language),
        "textModulesData": _texts(content, language),
        "linksModuleData": {
            "uris": [
                loyalty_class.link(
                    "page", content.page_url, localisation.PAGE, language
                )
            ]
        },
    }
    if content.expires_at is not None:
        end = content.expires_at.astimezone(UTC).isoformat(timespec="seconds")
        whole["validTimeInterval"] = {"end": {"date": end.replace("+00:00", "Z")}}
    if seed is not None:
        whole["rotatingBarcode"] = rotating.barcode(
            seed, content.code, content.short_code
        )
    return whole


def patch(whole: Json) -> Json:
    """*whole* as a PATCH: what it lacks, Google is asked to forget."""
    return {**dict.fromkeys(_MAY_BE_ABSENT), **whole}


def erased(object_id: str, class_id: str) -> Json:
    """What is left of an erased card, for a PUT: it wipes all that is not named."""
    return {"id": object_id, "classId": class_id, "state": "INACTIVE"}


def _points(content: CardContent, language: str) -> Json:
    return {
        **localisation.field("label", localisation.POINTS, language, LABEL),
        "balance": {"int": min(content.points, MOST_POINTS)},
    }


def _tier(content: CardContent, language: str) -> Json:
    name = localisation.said(content.tier.name, language)
    return {
        **localisation.field("label", localisation.TIER, language, LABEL),
        # Always a string: another kind would stand beside it after a PATCH.
        "balance": {"string": localisation.shorten(name, TIER)},
    }


def _hero(content: CardContent, pictures: Pictures, language: str) -> Json:
    address = pictures.hero(content.look, content.tier, content.progress)
    told = localisation.sentence(content.tier.name, *_next(content))
    return loyalty_class.image(address, told, language)


def _texts(content: CardContent, language: str) -> list[Json]:
    header, text = _next(content)
    moved = localisation.movements(content.movements, loyalty_class.BODY)
    return [
        loyalty_class.module("next", header, text, language),
        loyalty_class.module("history", localisation.HISTORY, moved, language),
    ]


def _next(content: CardContent) -> tuple[Text, Text]:
    """The way to the next tier: what it is called, and what is missing."""
    if content.progress is None:
        return localisation.LAST, localisation.TOP
    header = localisation.way(content.progress.tier.name)
    return header, localisation.number(content.progress.missing)
