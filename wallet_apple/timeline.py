"""Why is this card not up to date? What is known of each device, step by step.

Wanted, pushed and listed are known per device; fetched only per card, since a
fetch does not say from which device it comes.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from passes.cards.card import Card
from passes.delivery.lanes import Lane
from passes.errors import NotFoundError
from wallet_apple import device_log
from wallet_apple.tables import ApplePass, Device, Registration

_LINES = 20


@dataclass(frozen=True, slots=True)
class Line:
    """What some device logged about the pass: reported, not verified."""

    at: datetime
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class OnDevice:
    """The card on one device.

    *wanted* and *pushed* are revisions; *pushed_at* is when the last push began and
    *listed_at* when the device last asked what changed. *informed* says that it has
    heard of the newest change. *error* is Apple's last refusal, *due_at* the next
    attempt while one is owed, *given_up* that there will be none before a change.
    *paused_until* and *pause* are the whole lane's.
    """

    device_id: int
    kind: str
    registered_at: datetime
    wanted: int
    pushed: int
    pushed_at: datetime | None
    listed_at: datetime | None
    informed: bool
    due_at: datetime | None
    error: str | None
    given_up: bool
    paused_until: datetime | None
    pause: str | None


@dataclass(frozen=True, slots=True)
class Timeline:
    """The card's pass: what it should show, what was fetched, each device, the log."""

    serial_number: str
    created_at: datetime
    revision: int
    revised_at: datetime
    fetched_revision: int
    fetched_at: datetime | None
    devices: tuple[OnDevice, ...]
    log: tuple[Line, ...]


def of_card(session: Session, card_id: int) -> Timeline:
    """Return the timeline of a card, or raise `NotFoundError` when it has no pass."""
    row = session.execute(
        select(ApplePass, Card.revision, Card.revised_at)
        .join(Card, Card.id == ApplePass.card_id)
        .where(ApplePass.card_id == card_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError("pass")
    apple, revision, revised_at = row
    return Timeline(
        serial_number=apple.serial_number,
        created_at=apple.created_at,
        revision=revision,
        revised_at=revised_at,
        fetched_revision=apple.fetched_revision,
        fetched_at=apple.fetched_at,
        devices=tuple(_devices(session, card_id)),
        log=tuple(
            Line(line.at, line.kind, line.line)
            for line in device_log.about(session, apple.serial_number, _LINES)
        ),
    )


def _devices(session: Session, card_id: int) -> list[OnDevice]:
    query = (
        select(Registration, Device, Lane)
        .join(Device, Device.id == Registration.device_id)
        .outerjoin(Lane, Lane.name == Registration.lane)
        .where(Registration.card_id == card_id)
        .order_by(Registration.id)
    )
    return [_on_device(*row) for row in session.execute(query)]


def _on_device(row: Registration, device: Device, lane: Lane | None) -> OnDevice:
    owed = row.wanted > row.delivered and row.dead_at is None
    return OnDevice(
        device_id=device.id,
        kind=device.kind,
        registered_at=row.registered_at,
        wanted=row.wanted,
        pushed=row.delivered,
        pushed_at=row.sent_at,
        listed_at=row.listed_at,
        informed=row.listed_tag >= row.tag,
        due_at=row.due_at if owed else None,
        error=row.last_error,
        given_up=row.dead_at is not None,
        paused_until=lane.paused_until if lane else None,
        pause=lane.reason if lane else None,
    )
