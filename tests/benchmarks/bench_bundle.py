"""A whole pass of a heavy and of a light design, beside raw RSA."""

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime

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
from tests.benchmarks import apple_signer
from tests.benchmarks.figures import Figure, rates
from wallet_apple import images
from wallet_apple.bundle import Draw, PassFactory
from wallet_apple.pass_json import PassIdentity

IDENTITY = PassIdentity("s" * 22, "t" * 43, "https://cards.example.org/apple")
SHARES = {"icon": 0.04, "logo": 0.16, "strip": 0.8}
GOALS = {250: 0.9, 10: None}
SCALES = {"": 0.1, "@2x": 0.3, "@3x": 0.6}


def figures() -> Iterator[Figure]:
    """Yield the figures of row 2 of the goals."""
    signer = apple_signer.make()
    cards = [_card(points) for points in range(64)]
    raw = apple_signer.raw(signer)
    for size, goal in GOALS.items():
        factory = PassFactory(signer, _no_media, draw=_pictures(size * 1000))
        turn = iter(range(1_000_000_000))

        def build(factory: PassFactory = factory, turn: Iterator[int] = turn) -> None:
            card = cards[next(turn) % len(cards)]
            factory.build(card, IDENTITY, at=apple_signer.NOW)

        measured = rates(
            {"raw": raw, "pass": build},
            rounds=11,
            seconds=0.2,
            clock=time.thread_time,
        )
        limit = measured["raw"]
        yield Figure(
            f"a pass of a {size} KB design, one core",
            *(measured["pass"], "/s", limit, measured["pass"] / limit, goal),
        )


def _no_media(name: str) -> bytes:
    raise AssertionError(name)


def _pictures(size: int) -> Draw:
    """Draws nothing: gives bytes that weigh what the pictures of a design weigh."""
    bits = random.Random(1)  # noqa: S311 - the same weight in every run
    made = {
        f"{kind}{scale}.png": bits.randbytes(int(size * share * part))
        for kind, share in SHARES.items()
        for scale, part in SCALES.items()
    }

    def draw(_content: CardContent, _media: images.Media) -> dict[str, bytes]:
        return made

    return draw


def _both(french: str, english: str) -> Text:
    return {"fr": french, "en": english}


def _card(number: int) -> CardContent:
    """A card with a full back, different from every other one."""
    tiers = (
        Tier(0, _both("Bronze", "Bronze"), 0, "#b08d57"),
        Tier(1, _both("Argent", "Silver"), 500, "#c0c6cc"),
    )
    look = Look(
        programme_id=1,
        version=1,
        rules_version=1,
        programme="Café des Halles",
        organisation="Café des Halles SARL",
        currency="EUR",
        points_per_unit=1,
        description=_both("Carte de fidélité", "Loyalty card"),
        background="#1f3a34",
        foreground="#ffffff",
        label="#c9d8d2",
        logo=None,
        strip=None,
        tiers=tiers,
        rules=(_both("1 € = 1 point", "€1 = 1 point"),) * 3,
        terms=_both("Les conditions. " * 20, "The terms. " * 20),
        contact="bonjour@example.org",
        website="https://cafe.example.org",
        places=(Place(48.86, 2.34, _both("Tout près", "Close by")),),
    )
    moved = tuple(
        Movement(
            datetime(2026, 11, 1 + (number + one) % 28, tzinfo=UTC),
            number + one,
            _both(f"Achat {one}", f"Purchase {one}"),
        )
        for one in range(5)
    )
    return CardContent(
        card_id=number,
        look=look,
        standing=Standing.ACTIVE,
        revision=1,
        revised_at=apple_signer.NOW,
        expires_at=None,
        holder=f"Camille Martin {number}",
        code=f"PAL1ABCDEFGHJKMNPQRSTV{number:04}",
        short_code=f"ABCDE F{number:04}",
        points=number * 17,
        tier=tiers[0],
        progress=Progress(tiers[1], 500 - number, 3, 10),
        movements=moved,
        announcement=Announcement.POINTS,
        page_url=f"https://cards.example.org/card/{number}",
    )
