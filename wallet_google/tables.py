"""What is kept of Google's side: classes, objects, its pace, callbacks that came.

Google keeps the cards itself; an object's row says what it is owed, and whether its
holder has it in the wallet.
https://developers.google.com/wallet/reference/rest/v1/loyaltyobject
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from passes.db import Base, Json
from passes.delivery.state import DeliveryState
from wallet_google import rotating


class GoogleClass(Base):
    """A programme's class. *class_id* never changes; *fingerprint* is what was sent.

    Until *busy_until* somebody is sending it. It was sent *tries* times. What Google
    refused has *last_error*: the fingerprint of that is *refused*, and the same is not
    sent again before *retry_at*.
    """

    __tablename__ = "google_class"

    programme_id: Mapped[int] = mapped_column(
        ForeignKey("programme.id"), primary_key=True
    )
    class_id: Mapped[str] = mapped_column(unique=True)
    fingerprint: Mapped[str | None]
    busy_until: Mapped[datetime | None]
    last_error: Mapped[str | None]
    refused: Mapped[str | None]
    retry_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)


class GoogleObject(DeliveryState, Base):
    """A card's object, which is owed the card's newest revision.

    It is there from the first time that the card was to be saved. Its ids never
    change. *fingerprint* is what Google was known to hold when it last took it,
    *balances* what a holder is told of in it, and *told* are the times of the latest
    updates that asked for that, in seconds since 1970. *saved_at* and *removed_at*
    are when the newest callback of either kind came; the later one is how things
    stand. A code that changes is made from the secret *seed*; *last_step* is the
    period of the latest one that was accepted (`rotating`).
    """

    __tablename__ = "google_object"
    __table_args__ = (
        Index(
            "ix_google_object_owed",
            "lane",
            "priority",
            "due_at",
            sqlite_where=text("wanted > delivered AND dead_at IS NULL"),
            postgresql_where=text("wanted > delivered AND dead_at IS NULL"),
        ),
        Index(
            "ix_google_object_dead",
            "lane",
            sqlite_where=text("dead_at IS NOT NULL"),
            postgresql_where=text("dead_at IS NOT NULL"),
        ),
    )

    card_id: Mapped[int] = mapped_column(ForeignKey("card.id"), unique=True)
    object_id: Mapped[str] = mapped_column(unique=True)
    class_id: Mapped[str]
    fingerprint: Mapped[str | None]
    balances: Mapped[str | None]
    told: Mapped[object] = mapped_column(Json, nullable=True)
    saved_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    seed: Mapped[bytes] = mapped_column(LargeBinary, default=rotating.new_seed)
    last_step: Mapped[int | None]

    @property
    def in_wallet(self) -> bool:
        """Whether the holder has it, as far as Google told."""
        if self.saved_at is None:
            return False
        return self.removed_at is None or self.removed_at < self.saved_at


class GoogleSlot(Base):
    """When requests that count for one quota may leave, in microseconds since 1970.

    *next_at* is the first moment that nobody has reserved; those who were last to
    reserve did so from *begins_at* on.
    """

    __tablename__ = "google_slot"

    name: Mapped[str] = mapped_column(primary_key=True)
    begins_at: Mapped[int]
    next_at: Mapped[int]


class GoogleNonce(Base):
    """A callback that was heard; until *expires_at* the same one could come again."""

    __tablename__ = "google_nonce"
    __table_args__ = (Index("ix_google_nonce_expires_at", "expires_at"),)

    nonce: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime]
