"""What is kept of Apple's side: passes, devices, and which device holds which pass.

The three tables of Apple's guide
(https://developer.apple.com/documentation/walletpasses/adding-a-web-service-to-update-passes),
a registration also being what a card owes to a device.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from passes.db import Base
from passes.delivery.state import DeliveryState


class ApplePass(Base):
    """A card's pass. Serial number, token and address never change once issued.

    *fetched_revision* is the newest revision that any device has downloaded.
    """

    __tablename__ = "apple_pass"

    card_id: Mapped[int] = mapped_column(ForeignKey("card.id"), primary_key=True)
    serial_number: Mapped[str] = mapped_column(unique=True)
    authentication_token: Mapped[str]
    web_service_url: Mapped[str]
    created_at: Mapped[datetime]
    fetched_revision: Mapped[int] = mapped_column(default=0)
    fetched_at: Mapped[datetime | None]


class Device(Base):
    """A device, by the library identifier that it gave this server.

    *counter* is the newest tag given to any of its passes, raised under the row's
    lock: a change that commits late can not slip below a tag already handed out.
    *kind* is ``apns`` or the name of an Android client, which is never pushed to.
    """

    __tablename__ = "device"
    __table_args__ = (
        UniqueConstraint("library_identifier", "pass_type", name="uq_device_library"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    library_identifier: Mapped[str]
    pass_type: Mapped[str]
    push_token: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    counter: Mapped[int] = mapped_column(default=0)
    registered_at: Mapped[datetime]


class Registration(DeliveryState, Base):
    """A device holds a card's pass, and is owed its newest revision."""

    __tablename__ = "registration"
    __table_args__ = (
        UniqueConstraint("card_id", "device_id", name="uq_registration_card"),
        Index("ix_registration_device", "device_id", "tag"),
        Index(
            "ix_registration_owed",
            "lane",
            "priority",
            "due_at",
            sqlite_where=text("wanted > delivered AND dead_at IS NULL"),
            postgresql_where=text("wanted > delivered AND dead_at IS NULL"),
        ),
        Index(
            "ix_registration_dead",
            "lane",
            sqlite_where=text("dead_at IS NOT NULL"),
            postgresql_where=text("dead_at IS NOT NULL"),
        ),
    )

    card_id: Mapped[int] = mapped_column(ForeignKey("card.id"))
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"))
    tag: Mapped[int] = mapped_column(default=0)
    registered_at: Mapped[datetime]
    listed_tag: Mapped[int] = mapped_column(default=0)
    listed_at: Mapped[datetime | None]


class DeviceLog(Base):
    """What devices complained of: unverified words, kept short and few."""

    __tablename__ = "device_log"
    __table_args__ = (Index("ix_device_log_at", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str]
    serial_number: Mapped[str | None]
    line: Mapped[str]
