"""Which pass is on which device, and what changed on it: the web service's reads.

Each is one statement, over indexes, however many cards there are.
https://developer.apple.com/documentation/walletpasses/adding-a-web-service-to-update-passes
"""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Table, and_, bindparam, or_, select
from sqlalchemy.engine import Connection

from passes.cards.card import Card
from passes.content import card_content
from passes.prepared import Prepared, Row
from wallet_apple.tables import ApplePass, Device, Registration

_GREATEST_TAG = 2**63 - 1
_TAG_DIGITS = 19

_passes = cast("Table", ApplePass.__table__)
_devices = cast("Table", Device.__table__)
_rows = cast("Table", Registration.__table__)
_cards = cast("Table", Card.__table__)


@dataclass(frozen=True, slots=True)
class Pass:
    """A pass by its serial number, and its card's present revision.

    *card* is what `card_content.read` wants, of the same moment.
    """

    authentication_token: str
    web_service_url: str
    revision: int
    revised_at: datetime
    card: Row


@dataclass(frozen=True, slots=True)
class Held:
    """A pass, and the device that asks for it.

    *device_id* is None unless it is registered for the pass; *push_token* and
    *kind* are what the device said last, *said_at* when that was written down.
    """

    card_id: int
    authentication_token: str
    device_id: int | None
    push_token: str | None
    kind: str | None
    said_at: datetime | None


@dataclass(frozen=True, slots=True)
class Listing:
    """The passes of a device that changed after its tag.

    *tag* is the greatest of theirs, or the device's own when nothing changed; -1
    when it had none.
    """

    device_id: int
    serial_numbers: tuple[str, ...]
    tag: int


_IS_DEVICE = and_(
    _devices.c.library_identifier == bindparam("library_identifier"),
    _devices.c.pass_type == bindparam("pass_type"),
)

_PASS = Prepared(
    card_content.ROWS.add_columns(
        _passes.c.authentication_token, _passes.c.web_service_url
    )
    .join(_passes, _passes.c.card_id == _cards.c.id)
    .where(_passes.c.serial_number == bindparam("serial_number"))
)

_ON_CARD = and_(
    _rows.c.card_id == _passes.c.card_id, _rows.c.device_id == _devices.c.id
)

_HELD = Prepared(
    select(
        _passes.c.card_id,
        _passes.c.authentication_token,
        _rows.c.device_id,
        _devices.c.push_token,
        _devices.c.kind,
        _devices.c.registered_at,
    )
    .select_from(_passes.outerjoin(_devices, _IS_DEVICE).outerjoin(_rows, _ON_CARD))
    .where(_passes.c.serial_number == bindparam("serial_number"))
)

_NEWER = and_(
    _rows.c.device_id == _devices.c.id,
    or_(
        _rows.c.tag > bindparam("since"),
        # From another time: a backup was restored since.
        _devices.c.counter < bindparam("since"),
    ),
)

_LISTED = Prepared(
    select(_devices.c.id, _passes.c.serial_number, _rows.c.tag)
    .select_from(
        _devices.outerjoin(_rows, _NEWER).outerjoin(
            _passes, _passes.c.card_id == _rows.c.card_id
        )
    )
    .where(_IS_DEVICE)
    .order_by(_rows.c.tag)
)


def by_serial_number(connection: Connection, serial_number: str) -> Pass | None:
    """Return the pass, or None when there is no such one."""
    row = _PASS.first(connection, serial_number=serial_number)
    if row is None:
        return None
    return Pass(
        row.authentication_token,
        row.web_service_url,
        row.revision,
        row.revised_at,
        row,
    )


def held(
    connection: Connection, serial_number: str, library_identifier: str, pass_type: str
) -> Held | None:
    """Return the pass and whether the device is registered for it."""
    row = _HELD.first(
        connection,
        serial_number=serial_number,
        library_identifier=library_identifier,
        pass_type=pass_type,
    )
    return None if row is None else Held(*row)


def read_tag(text: str | None) -> int:
    """Return the tag that a device gave back; -1, before every tag, when it is none."""
    if not text or len(text) > _TAG_DIGITS or not (text.isascii() and text.isdecimal()):
        return -1
    tag = int(text)
    return tag if tag <= _GREATEST_TAG else -1


def listed(
    connection: Connection, library_identifier: str, pass_type: str, since: int
) -> Listing | None:
    """Return the device's passes whose tag is above *since*; None for a stranger.

    A *since* above anything that was ever given to the device counts as absent.
    """
    rows = _LISTED.rows(
        connection,
        library_identifier=library_identifier,
        pass_type=pass_type,
        since=since,
    )
    if not rows:
        return None
    device_id, _, tag = rows[-1]
    if tag is None:
        return Listing(device_id, (), since)
    return Listing(device_id, tuple(row[1] for row in rows), tag)
