"""What devices were seen to do, kept in memory and written down in batches.

Anybody can send a GET, so a GET must not write. What is lost when a process dies
is only what the operator would have read of it.
"""

import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from sqlalchemy import Table, bindparam, case, select, update
from sqlalchemy.orm import Session

from wallet_apple import device_log
from wallet_apple.device_log import Complaint
from wallet_apple.tables import ApplePass, Device, Registration

_ROOM = 50_000
_COMPLAINTS = 1_000

_passes = cast("Table", ApplePass.__table__)
_devices = cast("Table", Device.__table__)
_rows = cast("Table", Registration.__table__)


@dataclass(slots=True)
class _Seen:
    fetched: dict[int, tuple[int, datetime]] = field(default_factory=dict)
    listed: dict[int, tuple[int, datetime]] = field(default_factory=dict)
    registered: dict[int, datetime] = field(default_factory=dict)
    complaints: list[Complaint] = field(default_factory=list)


class Sightings:
    """A bounded buffer; safe to share between threads."""

    def __init__(self, room: int = _ROOM) -> None:
        """Keep at most *room* cards and as many devices; what comes then is dropped."""
        self._room = room
        self._lock = threading.Lock()
        self._seen = _Seen()

    def fetched(self, card_id: int, revision: int, at: datetime) -> None:
        """Note that some device has the card's *revision* now."""
        with self._lock:
            held = self._seen.fetched
            if card_id in held or len(held) < self._room:
                newest = max(revision, held.get(card_id, (0, at))[0])
                held[card_id] = (newest, at)

    def listed(self, device_id: int, tag: int, at: datetime) -> None:
        """Note that the device knows of every change up to *tag*."""
        with self._lock:
            held = self._seen.listed
            if device_id in held or len(held) < self._room:
                newest = max(tag, held.get(device_id, (0, at))[0])
                held[device_id] = (newest, at)

    def registered(self, device_id: int, at: datetime) -> None:
        """Note that a known device said again that its push token is alive."""
        with self._lock:
            held = self._seen.registered
            if device_id in held or len(held) < self._room:
                held[device_id] = at

    def complained(self, complaints: list[Complaint]) -> None:
        """Note what a device logged."""
        with self._lock:
            room = _COMPLAINTS - len(self._seen.complaints)
            self._seen.complaints.extend(complaints[:room])

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write down."""
        seen = self._seen
        return not (seen.fetched or seen.listed or seen.registered or seen.complaints)

    def flush(self, session: Session, at: datetime) -> int:
        """Write everything down; return how many rows were to be touched."""
        with self._lock:
            seen, self._seen = self._seen, _Seen()
        _write_devices(session, seen)
        _write_fetched(session, seen.fetched)
        device_log.write(session, seen.complaints, at)
        return (
            len(seen.fetched)
            + len(seen.listed)
            + len(seen.registered)
            + len(seen.complaints)
        )


def _write_devices(session: Session, seen: _Seen) -> None:
    devices = sorted({*seen.listed, *seen.registered})
    if not devices:
        return
    connection = session.connection()
    # Devices, then rows, each by its key: the one order of locks.
    connection.execute(
        select(_devices.c.id)
        .where(_devices.c.id.in_(devices))
        .order_by(_devices.c.id)
        .with_for_update()
    )
    if seen.registered:
        connection.execute(
            update(_devices)
            .where(_devices.c.id == bindparam("device"))
            .values(registered_at=bindparam("at")),
            [
                {"device": device, "at": at}
                for device, at in sorted(seen.registered.items())
            ],
        )
    if seen.listed:
        connection.execute(
            select(_rows.c.id)
            .where(_rows.c.device_id.in_(sorted(seen.listed)))
            .order_by(_rows.c.id)
            .with_for_update()
        )
        connection.execute(
            update(_rows)
            .where(
                _rows.c.device_id == bindparam("device"),
                _rows.c.tag <= bindparam("known"),
            )
            .values(listed_tag=bindparam("known"), listed_at=bindparam("at")),
            [
                {"device": device, "known": tag, "at": at}
                for device, (tag, at) in sorted(seen.listed.items())
            ],
        )


def _write_fetched(session: Session, fetched: dict[int, tuple[int, datetime]]) -> None:
    if not fetched:
        return
    newer = _passes.c.fetched_revision < bindparam("revision")
    session.connection().execute(
        update(_passes)
        .where(_passes.c.card_id == bindparam("card"))
        .values(
            fetched_revision=case(
                (newer, bindparam("revision")), else_=_passes.c.fetched_revision
            ),
            fetched_at=bindparam("at"),
        ),
        [
            {"card": card, "revision": revision, "at": at}
            for card, (revision, at) in sorted(fetched.items())
        ],
    )
