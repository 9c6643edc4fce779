"""What devices were seen to do, kept in memory and written down in batches.

Anybody can send a GET, so a GET must not write. What is lost when a process dies
costs little: the operator reads a fetch or a complaint less, a device with a new
push token is told once more of what it had listed (*listed_tag*), and a token that
was alive is as old as the last time it was written down, minutes ago at most.
"""

import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from sqlalchemy import Table, bindparam, case, select, update
from sqlalchemy.orm import Session

from passes import db
from wallet_apple import device_log
from wallet_apple.device_log import Complaint
from wallet_apple.tables import ApplePass, Device, Registration

_ROOM = 50_000
_COMPLAINTS = 1_000

_passes = cast("Table", ApplePass.__table__)
_devices = cast("Table", Device.__table__)
_rows = cast("Table", Registration.__table__)


# By card or device: the greatest revision or tag, and the latest time.
_Newest = dict[int, tuple[int, datetime]]


@dataclass(slots=True)
class _Seen:
    fetched: _Newest = field(default_factory=dict)
    listed: _Newest = field(default_factory=dict)
    registered: _Newest = field(default_factory=dict)
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
            self._note(self._seen.fetched, card_id, (revision, at))

    def listed(self, device_id: int, tag: int, at: datetime) -> None:
        """Note that the device knows of every change up to *tag*."""
        with self._lock:
            self._note(self._seen.listed, device_id, (tag, at))

    def registered(self, device_id: int, at: datetime) -> None:
        """Note that a known device said again that its push token is alive."""
        with self._lock:
            self._note(self._seen.registered, device_id, (0, at))

    def complained(self, complaints: list[Complaint]) -> None:
        """Note what a device logged."""
        with self._lock:
            self._keep(complaints)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write down."""
        seen = self._seen
        return not (seen.fetched or seen.listed or seen.registered or seen.complaints)

    def flush(self, sessions: db.Sessions, at: datetime) -> int:
        """Write everything down; return how many rows were to be touched.

        What cannot be written now stays, and is written the next time.
        """
        with self._lock:
            seen, self._seen = self._seen, _Seen()
        try:
            db.transact(sessions, lambda session: _write(session, seen, at))
        except Exception:
            self._take_back(seen)
            raise
        return (
            len(seen.fetched)
            + len(seen.listed)
            + len(seen.registered)
            + len(seen.complaints)
        )

    def _take_back(self, seen: _Seen) -> None:
        with self._lock:
            now = self._seen
            for held, before in (
                (now.fetched, seen.fetched),
                (now.listed, seen.listed),
                (now.registered, seen.registered),
            ):
                for key, known in before.items():
                    self._note(held, key, known)
            self._keep(seen.complaints)

    def _note(self, held: _Newest, key: int, known: tuple[int, datetime]) -> None:
        before = held.get(key)
        if before is not None:
            held[key] = (max(before[0], known[0]), max(before[1], known[1]))
        elif len(held) < self._room:
            held[key] = known

    def _keep(self, complaints: list[Complaint]) -> None:
        room = _COMPLAINTS - len(self._seen.complaints)
        self._seen.complaints.extend(complaints[:room])


def _write(session: Session, seen: _Seen, at: datetime) -> None:
    _write_devices(session, seen)
    _write_fetched(session, seen.fetched)
    device_log.write(session, seen.complaints, at)


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
                for device, (_, at) in sorted(seen.registered.items())
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


def _write_fetched(session: Session, fetched: _Newest) -> None:
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
