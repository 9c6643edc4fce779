"""A Google Wallet that the pages can be shown with, without Google."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy.orm import Session

from wallet_google.errors import GoogleWalletError
from web.services import Services

SAVE_URL = "https://pay.google.com/gp/v/save/eyJ.eyJ.sig"


@dataclass
class FakeGoogle:
    """Remembers for which cards it was asked, and answers as it is told."""

    told: str = "none"
    url: str = SAVE_URL
    refusal: GoogleWalletError | None = None
    asked: list[tuple[int, datetime]] = field(default_factory=list)

    @property
    def identity(self) -> "FakeGoogle":
        """Be who the shop is for Google."""
        return self

    def loaded(self) -> None:
        """Have a key that can be used."""

    def save_url(self, card_id: int, at: datetime) -> str:
        """Give the same address to all, or refuse."""
        self.asked.append((card_id, at))
        if self.refusal is not None:
            raise self.refusal
        return self.url

    def state(self, session: Session, card_id: int) -> str:
        """Say what it was told to."""
        return self.told

    def rotates(self, scanned: str) -> bool:
        """Know no code that changes."""
        return False

    def opened(self, session: Session, card_ids: Sequence[int], at: datetime) -> None:
        """Prepare nothing."""

    def changed(
        self, session: Session, card_ids: Sequence[int], at: datetime, *, priority: int
    ) -> bool:
        """Be owed nothing."""
        return False


def shown_by(services: Services, google: FakeGoogle) -> Services:
    """Return what pages work with that offer *google* too."""
    return replace(services, google=cast("Any", google))
