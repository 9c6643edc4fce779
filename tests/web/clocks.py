"""A clock for tests."""

from datetime import datetime, timedelta

from tests.makers import NOON


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
