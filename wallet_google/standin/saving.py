"""Saving a card from a link, and removing it again.

https://developers.google.com/wallet/retail/loyalty-cards/use-cases/use-callbacks-for-saves-and-deletions
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from passes.clock import Clock
from wallet_google.standin import links
from wallet_google.standin.links import LinkError
from wallet_google.standin.offices import Office
from wallet_google.standin.replies import RefusedError
from wallet_google.standin.resources import OBJECT, Resource, Resources
from wallet_google.standin.wallets import Holding


@dataclass(frozen=True, slots=True)
class Event:
    """Somebody saved or removed a card; *url* wants to hear of it, where there is one.

    *count* tells how many people hold the card now.
    """

    kind: Literal["save", "del"]
    object_id: str
    class_id: str
    url: str | None
    count: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Card:
    """A card as a phone knows it: object and class as Google shows them."""

    body: Resource
    loyalty_class: Resource
    held: bool

    @property
    def object_id(self) -> str:
        """The card's id."""
        return str(self.body["id"])


@dataclass(frozen=True, slots=True)
class Counter:
    """Where people save and remove cards; *tell* hears of each time."""

    office: Office
    resources: Resources
    clock: Clock
    tell: Callable[[Event], None]

    def cards(self, jwt: str) -> list[Card]:
        """Return the cards that a link brings.

        What a link says of something known changes nothing of it; something new is
        stored.

        Raises:
            LinkError: Google would not follow it.
        """
        try:
            found = links.read(jwt, self.office)
            for kind, body in found:
                self._bring(kind, body)
            return [
                self.card(str(body["id"])) for kind, body in found if kind == OBJECT
            ]
        except RefusedError as error:
            raise LinkError(error.reply.body.decode()) from error

    def card(self, object_id: str) -> Card:
        """Return a card.

        Raises:
            RefusedError: there is none.
        """
        body = self.resources.get(OBJECT, object_id)
        return Card(body, body["classReference"], body["hasUsers"])

    def save(self, object_id: str) -> None:
        """Put the card into the wallet, once."""
        card = self.card(object_id)
        if not card.held:
            class_id, at = str(card.body["classId"]), self.clock()
            held = Holding(object_id, class_id, at)
            self.resources.wallets.holdings[object_id] = held
            self.tell(_event("save", card, 1, at))

    def remove(self, object_id: str) -> None:
        """Take the card out of the wallet; the object stays."""
        card = self.card(object_id)
        if self.resources.wallets.holdings.pop(object_id, None):
            self.tell(_event("del", card, 0, self.clock()))

    def _bring(self, kind: str, body: Resource) -> None:
        try:
            self.resources.get(kind, str(body.get("id")))
        except RefusedError:
            self.resources.insert(kind, body, self.clock())


def _event(kind: Literal["save", "del"], card: Card, count: int, at: datetime) -> Event:
    options = card.loyalty_class.get("callbackOptions", {})
    class_id = str(card.body["classId"])
    return Event(kind, card.object_id, class_id, options.get("url"), count, at)
