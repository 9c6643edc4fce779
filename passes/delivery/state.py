"""The columns that a wallet's table needs to be delivered from."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column


class DeliveryState:
    """A row owes revision *wanted* while *delivered* is lower.

    *claim* is the worker's that is delivering revision *sent*; until *due_at* the
    row is nobody else's. A row with *dead_at* is not tried again until its card
    changes. *sent_at* is when the last attempt began, *owed_since* when the oldest
    change came that the row still owes.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    lane: Mapped[str]
    wanted: Mapped[int] = mapped_column(default=0)
    delivered: Mapped[int] = mapped_column(default=0)
    sent: Mapped[int] = mapped_column(default=0)
    claim: Mapped[str | None]
    due_at: Mapped[datetime]
    owed_since: Mapped[datetime | None]
    priority: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]
