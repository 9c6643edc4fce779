"""Makers: what a card shows, with everything else as it usually is."""

import io
from typing import Any

from PIL import Image

from passes.cards.announcement import Announcement
from passes.content.shown import (
    CardContent,
    Look,
    Movement,
    Place,
    Progress,
    Standing,
    Text,
    Tier,
)
from tests.makers import NOON
from wallet_apple.pass_json import Issuer, PassIdentity

ISSUER = Issuer("pass.example.cafe", "TEAM123456")
IDENTITY = PassIdentity("s" * 22, "t" * 43, "https://cards.example.org/apple/")


def both(french: str, english: str) -> Text:
    return {"fr": french, "en": english}


TIERS = (
    Tier(0, both("Bronze", "Bronze"), 0, "#b08d57"),
    Tier(1, both("Argent", "Silver"), 500, "#c0c6cc"),
    Tier(2, both("Or", "Gold"), 2000, "#e2b93b"),
)


def make_look(**changes: Any) -> Look:
    usual: dict[str, Any] = {
        "programme_id": 1,
        "version": 1,
        "rules_version": 1,
        "programme": "Café des Halles",
        "organisation": "Café des Halles SARL",
        "currency": "EUR",
        "points_per_unit": 1,
        "description": both("Carte de fidélité", "Loyalty card"),
        "background": "#1f3a34",
        "foreground": "#ffffff",
        "label": "#c9d8d2",
        "logo": None,
        "strip": None,
        "tiers": TIERS,
        "rules": (
            both("1 € = 1 point", "€1 = 1 point"),
            both("100 points = un café", "100 points = a coffee"),
            both("Les points restent un an", "Points stay for a year"),
        ),
        "terms": both("Les conditions.", "The terms."),
        "contact": "bonjour@example.org",
        "website": "https://cafe.example.org",
        "places": (Place(48.86, 2.34, both("Tout près", "Close by")),),
    }
    return Look(**(usual | changes))


def make_content(look: Look | None = None, **changes: Any) -> CardContent:
    usual: dict[str, Any] = {
        "card_id": 1,
        "look": look or make_look(),
        "standing": Standing.ACTIVE,
        "revision": 1,
        "revised_at": NOON,
        "expires_at": None,
        "holder": "Camille Martin",
        "code": "PAL1ABCDEFGHJKMNPQRSTVWXYZ",
        "short_code": "ABCDE FGHJK",
        "points": 1240,
        "tier": TIERS[1],
        "progress": Progress(TIERS[2], 340, 6, 10),
        "movements": (
            Movement(NOON, 12, both("Achat", "Purchase")),
            Movement(NOON, -100, both("Café offert", "Free coffee")),
        ),
        "announcement": Announcement.POINTS,
        "page_url": "https://cards.example.org/card/abc",
    }
    return CardContent(**(usual | changes))


def png(size: tuple[int, int] = (64, 64), colour: Any = (200, 30, 30, 255)) -> bytes:
    file = io.BytesIO()
    Image.new("RGBA", size, colour).save(file, "PNG")
    return file.getvalue()
