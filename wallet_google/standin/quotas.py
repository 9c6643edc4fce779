"""Google's limits: requests in a second, and notifications in a day.

https://developers.google.com/wallet/retail/loyalty-cards/resources/faq
https://developers.google.com/wallet/retail/loyalty-cards/use-cases/trigger-push-notifications
"""

from collections import defaultdict, deque
from collections.abc import Hashable
from datetime import datetime, timedelta

REQUESTS_A_SECOND = 20
NOTIFICATIONS_A_DAY = 3


class Quota:
    """At most *most* in each *window*, for every key of its own."""

    def __init__(self, most: int, window: timedelta) -> None:
        self._most = most
        self._window = window
        self._taken: defaultdict[Hashable, deque[datetime]] = defaultdict(deque)

    def take(self, key: Hashable, at: datetime) -> bool:
        """Count one more and return True, or return False if it is one too many."""
        taken = self._taken[key]
        while taken and at - taken[0] >= self._window:
            taken.popleft()
        if len(taken) >= self._most:
            return False
        taken.append(at)
        return True


def of_requests() -> Quota:
    """The quota of an issuer's requests."""
    return Quota(REQUESTS_A_SECOND, timedelta(seconds=1))


def of_notifications() -> Quota:
    """The quota of a card's notifications of one kind."""
    return Quota(NOTIFICATIONS_A_DAY, timedelta(hours=24))
