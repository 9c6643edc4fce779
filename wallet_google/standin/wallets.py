"""What people hold in Google Wallet, and what their phones told them.

Google writes the words of a notification; an issuer cannot.
https://developers.google.com/wallet/retail/loyalty-cards/use-cases/trigger-push-notifications
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from wallet_google.standin import quotas
from wallet_google.standin.quotas import Quota

_REMEMBERED = 1000

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Notification:
    """What a phone showed, or would have: *shown* is False beyond the day's limit.

    *kind* is ``update`` or ``message``; *title* and *text* are Google's and the
    message's words, as the issuer gave them for no language in particular.
    """

    at: datetime
    object_id: str
    kind: str
    title: str
    text: str
    shown: bool


@dataclass(frozen=True, slots=True)
class Holding:
    """That somebody saved a card, and when."""

    object_id: str
    class_id: str
    saved_at: datetime


@dataclass(slots=True)
class Wallets:
    """Who holds which card; *notifications* are the latest, oldest first."""

    holdings: dict[str, Holding] = field(default_factory=dict)
    notifications: deque[Notification] = field(
        default_factory=lambda: deque(maxlen=_REMEMBERED)
    )
    _updates: Quota = field(default_factory=quotas.of_notifications)
    _messages: Quota = field(default_factory=quotas.of_notifications)

    def updated(
        self, object_id: str, title: str, changes: Iterable[str], at: datetime
    ) -> None:
        """Tell the card's holder of *changes* that the issuer wants told.

        Beyond the day's limit the data changes all the same, and nobody is told.
        """
        told = list(changes)
        if told and object_id in self.holdings:
            shown = self._updates.take(object_id, at)
            self._tell(at, object_id, "update", title, "; ".join(told), shown=shown)

    def may_message(self, resource_id: str, at: datetime) -> bool:
        """Count a message that notifies; False when there were enough for a day."""
        return self._messages.take(resource_id, at)

    def message(self, object_id: str, message: Body, at: datetime) -> None:
        """Tell the card's holder of a new message."""
        if object_id in self.holdings:
            title, text = str(message.get("header", "")), str(message.get("body", ""))
            self._tell(at, object_id, "message", title, text, shown=True)

    def told(self, object_id: str) -> list[Notification]:
        """What the phones of the card's holder showed, newest first."""
        return [
            one
            for one in reversed(self.notifications)
            if one.object_id == object_id and one.shown
        ]

    def _tell(
        self,
        at: datetime,
        object_id: str,
        kind: str,
        title: str,
        text: str,
        *,
        shown: bool,
    ) -> None:
        self.notifications.append(Notification(at, object_id, kind, title, text, shown))


def changes_of_object(before: Body, after: Body) -> list[str]:
    """What of an object's change Google tells: the balances, and nothing else."""
    return [
        said
        for name in ("loyaltyPoints", "secondaryLoyaltyPoints")
        if (said := _points(after.get(name))) != _points(before.get(name)) and said
    ]


def changes_of_class(before: Body, after: Body) -> list[str]:
    """What of a class's change Google tells its holders."""
    return [
        str(after[name])
        for name in ("programName", "rewardsTier", "secondaryRewardsTier")
        if name in after and after[name] != before.get(name)
    ]


def new_messages(before: Body, after: Body) -> list[dict[str, Any]]:
    """The messages that notify and were not there under their id before."""
    known = {one.get("id") for one in before.get("messages", [])}
    return [
        one
        for one in after.get("messages", [])
        if one.get("messageType") == "TEXT_AND_NOTIFY" and one.get("id") not in known
    ]


def balance(points: Body) -> str:
    """A balance of any kind, as a card shows it."""
    held = points.get("balance", {})
    if "money" in held:
        money = held["money"]
        amount = int(money.get("micros", "0")) / 1_000_000
        return f"{amount:.2f} {money.get('currencyCode', '')}".strip()
    return next((str(value) for value in held.values()), "")


def _points(points: Body | None) -> str:
    if not points:
        return ""
    return f"{points.get('label', '')} {balance(points)}".strip()
