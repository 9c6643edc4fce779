"""Small fakes for the web's tests, which remember what they were asked."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from passes.delivery.state import DeliveryState
from passes.delivery.wallet import Claimed, Report
from tests.makers import NOON
from wallet_apple.tables import Registration


class FakeApple:
    """Apple's wallet without keys and network."""

    name = "apple"
    rows: type[DeliveryState] = Registration

    def __init__(self) -> None:
        self.opened_cards: list[int] = []
        self.changed_cards: list[int] = []

    def opened(self, session: Session, card_ids: Sequence[int], at: datetime) -> None:
        """Remember the new cards."""
        self.opened_cards += card_ids

    def changed(
        self, session: Session, card_ids: Sequence[int], at: datetime, *, priority: int
    ) -> None:
        """Remember the changed cards."""
        self.changed_cards += card_ids

    def deliver(self, lane: str, claimed: Sequence[Claimed], at: datetime) -> Report:
        """Say that nothing was owed."""
        return Report(())

    def pass_file(self, session: Session, card_id: int) -> bytes:
        """Return something that names the card."""
        return f"pass of card {card_id}".encode()

    def installed(self, session: Session, card_id: int) -> int:
        """Say that no device holds it."""
        return 0


class HeldClock:
    """A clock that stands at noon until somebody moves it."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.at

    def move(self, **by: float) -> None:
        """Let time pass: ``move(minutes=5)``."""
        self.at += timedelta(**by)
