"""Time, passed in rather than taken, so that a test can hold it still."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Something that tells an aware UTC time."""


def now() -> datetime:
    """Return the present in UTC."""
    return datetime.now(UTC)
