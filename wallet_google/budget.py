"""How often a holder may be told of a card's changes, and what that is spent on.

Google tells of three updates of a pass in 24 hours; what comes after them changes the
pass without a word. So the last one is kept for what matters most.
https://developers.google.com/wallet/retail/loyalty-cards/use-cases/trigger-push-notifications
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from passes.cards.announcement import Announcement

UPDATES = 3
"""How many updates Google tells of in a `WINDOW`."""

WINDOW = timedelta(hours=24)

_KEPT = {Announcement.TIER: 0, Announcement.POINTS: 1}
"""What may be announced, and how many updates it leaves for the weightier things."""


def spend(
    told: Sequence[int], announcement: Announcement, at: datetime
) -> list[int] | None:
    """Return what to remember when the holder is told now; None to tell nothing.

    *told* is what was to be remembered before, in seconds since 1970.
    """
    now = int(at.timestamp())
    # A time that is still to come is of a clock that was ahead.
    recent = [one for one in told if 0 <= now - one < WINDOW.total_seconds()]
    kept = _KEPT.get(announcement)
    if kept is None or len(recent) >= UPDATES - kept:
        return None
    return [*recent, now]
