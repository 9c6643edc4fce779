"""Registrations: a device holds a pass, and is owed what its card came to show.

Every function takes a fixed number of statements, however many cards there are,
and its locks in the one order: cards, devices, delivery rows.
https://developer.apple.com/documentation/walletpasses/adding-a-web-service-to-update-passes
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import cast

from sqlalchemy import (
    ColumnElement,
    Table,
    Update,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import Insert as PostgresqlInsert
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Connection

from passes.cards.card import Card
from passes.delivery import state
from passes.prepared import Prepared
from wallet_apple.tables import Device, Registration

APNS = "apns"
"""The kind of a device that Apple pushes to; every other kind asks by itself."""

CAP = 20
"""How many devices one card may be on."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

_devices = cast("Table", Device.__table__)
_rows = cast("Table", Registration.__table__)
_cards = cast("Table", Card.__table__)


class Registered(StrEnum):
    """How a registration ended."""

    NEW = "new"
    KNOWN = "known"
    FULL = "full"
    """The card is on `CAP` other devices; nothing was written."""


@dataclass(frozen=True, slots=True)
class Client:
    """A device, as it presents itself; *kind* is `APNS` or an Android client's."""

    library_identifier: str
    pass_type: str
    push_token: str
    kind: str


def lane(pass_type: str) -> str:
    """Return the name of the lane in which a pass type's pushes go."""
    return f"apple:{pass_type}"


def register(
    connection: Connection, card_id: int, client: Client, at: datetime
) -> Registered:
    """Note that the device holds the card's pass, with its newest push token.

    The pass on the device may be older than the card: it can have been downloaded
    long ago and added today. So it is owed a push, unless the card never changed.
    """
    revision = connection.execute(
        select(_cards.c.revision).where(_cards.c.id == card_id).with_for_update()
    ).scalar_one()
    if _full(connection, card_id, client):
        return Registered.FULL
    device_id, tag = _enter(connection, client, at)
    pushed = client.kind == APNS
    added = connection.execute(
        _insert(connection, _rows)
        .values(
            card_id=card_id,
            device_id=device_id,
            lane=lane(client.pass_type),
            tag=tag,
            wanted=revision if pushed else 0,
            delivered=1 if pushed and revision == 1 else 0,
            # The device asks by itself right after registering; this is in case.
            due_at=at + state.MERGE,
            owed_since=at if pushed and revision > 1 else None,
            registered_at=at,
            sent=0,
            priority=0,
            attempts=0,
            listed_tag=0,
        )
        .on_conflict_do_nothing()
        .returning(_rows.c.id)
    ).first()
    return Registered.KNOWN if added is None else Registered.NEW


def confirm(connection: Connection, device_id: int, at: datetime) -> None:
    """Note that the device still has its push token: it does not die before *at*."""
    connection.execute(
        update(_devices).where(_devices.c.id == device_id).values(registered_at=at)
    )


def unregister(
    connection: Connection, card_id: int, library_identifier: str, pass_type: str
) -> None:
    """Forget that the device holds the pass, and the device with its last one."""
    connection.execute(
        select(_cards.c.id).where(_cards.c.id == card_id).with_for_update()
    )
    device_id = connection.execute(
        select(_devices.c.id)
        .where(_is(library_identifier, pass_type))
        .with_for_update()
    ).scalar()
    if device_id is None:
        return
    connection.execute(
        delete(_rows).where(_rows.c.card_id == card_id, _rows.c.device_id == device_id)
    )
    left = exists().where(_rows.c.device_id == device_id)
    connection.execute(delete(_devices).where(_devices.c.id == device_id, ~left))


def remove(
    connection: Connection, pass_type: str, gone: Mapping[str, datetime | None]
) -> set[str]:
    """Forget the devices of push tokens that died; return the tokens removed.

    Each token comes with the time of its death: a device that registered it again
    since stays. None says that the token never was one.
    """
    mine = and_(
        _devices.c.pass_type == pass_type, _devices.c.push_token.in_(sorted(gone))
    )
    found = connection.execute(
        select(_devices.c.id, _devices.c.push_token, _devices.c.registered_at)
        .where(mine)
        .order_by(_devices.c.id)
        .with_for_update()
    ).all()
    dead = [row.id for row in found if _died(gone[row.push_token], row.registered_at)]
    connection.execute(delete(_rows).where(_rows.c.device_id.in_(dead)))
    connection.execute(delete(_devices).where(_devices.c.id.in_(dead)))
    return set(gone) - {row.push_token for row in found if row.id not in dead}


def changed(
    connection: Connection, card_ids: Sequence[int], at: datetime, *, priority: int
) -> bool:
    """Give every registration of these locked cards a new tag, and owe it a push.

    A device's counter is raised once, under its row lock and in the same
    transaction: what commits late never slips below a tag already handed out.

    Returns:
        Whether there is any registration.
    """
    now, moments = _milliseconds(at), state.moments(at)
    if len(card_ids) == 1:
        # A till waits for this one.
        card = card_ids[0]
        raised = _RAISE.rows(connection, card=card, now=now)
        if raised:
            _OWE.run(connection, card=card, wait=int(priority), **moments)
        return bool(raised)
    cards = {"cards": list(card_ids)}
    devices = connection.execute(_RAISE_MANY, {**cards, "now": now}).all()
    if devices:
        connection.execute(_OWE_MANY, {**cards, "wait": priority, **moments})
    return bool(devices)


def _raise(of_cards: ColumnElement[bool]) -> Update:
    """Return the statement that gives the devices of some cards their next tag."""
    held = select(_rows.c.device_id).where(of_cards).distinct()
    # Devices are locked in the order of their ids, whatever order they are read in.
    locked = (
        select(_devices.c.id)
        .where(_devices.c.id.in_(held))
        .order_by(_devices.c.id)
        .with_for_update()
        .cte("locked")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    now = bindparam("now", type_=_devices.c.counter.type)
    return (
        update(_devices)
        .where(_devices.c.id == locked.c.id)
        .values(counter=_raised(_devices.c.counter, now))
        # SQLite's driver does not count what a WITH … UPDATE touched.
        .returning(_devices.c.id)
    )


def _owe(of_cards: ColumnElement[bool]) -> Update:
    """Return the statement that owes the registrations of some cards a push."""
    priority = bindparam("wait", type_=_rows.c.priority.type)
    locked = (
        select(_rows.c.id)
        .where(of_cards)
        .order_by(_rows.c.id)
        .with_for_update()
        .cte("locked")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    owing = and_(_rows.c.wanted > _rows.c.delivered, _rows.c.dead_at.is_(None))
    pushed = _devices.c.kind == APNS
    return (
        update(_rows)
        .where(
            _rows.c.id == locked.c.id,
            _devices.c.id == _rows.c.device_id,
            _cards.c.id == _rows.c.card_id,
        )
        .values(
            tag=_devices.c.counter,
            wanted=case((pushed, _cards.c.revision), else_=_rows.c.wanted),
            due_at=state.due_after_change(Registration),
            owed_since=case(
                (pushed, state.owed_since(Registration)), else_=_rows.c.owed_since
            ),
            # What a person waits for stays in front of a whole programme's turn.
            priority=case(
                (and_(owing, _rows.c.priority < priority), _rows.c.priority),
                else_=priority,
            ),
            attempts=case((owing, _rows.c.attempts), else_=0),
            dead_at=None,
        )
    )


def _full(connection: Connection, card_id: int, client: Client) -> bool:
    query = (
        select(func.count())
        .select_from(_rows.join(_devices, _devices.c.id == _rows.c.device_id))
        .where(
            _rows.c.card_id == card_id,
            ~_is(client.library_identifier, client.pass_type),
        )
    )
    return connection.execute(query).scalar_one() >= CAP


def _enter(connection: Connection, client: Client, at: datetime) -> tuple[int, int]:
    """Write the device down, locked, and return its id and a fresh tag."""
    before = connection.execute(
        select(_devices.c.push_token, _devices.c.kind)
        .where(_is(client.library_identifier, client.pass_type))
        .with_for_update()
    ).first()
    row = connection.execute(
        _insert(connection, _devices)
        .values(
            library_identifier=client.library_identifier,
            pass_type=client.pass_type,
            push_token=client.push_token,
            kind=client.kind,
            counter=_milliseconds(at),
            registered_at=at,
        )
        .on_conflict_do_update(
            index_elements=[_devices.c.library_identifier, _devices.c.pass_type],
            set_={
                "push_token": client.push_token,
                "kind": client.kind,
                "counter": _raised(_devices.c.counter, _milliseconds(at)),
                "registered_at": at,
            },
        )
        .returning(_devices.c.id, _devices.c.counter)
    ).one()
    if before and tuple(before) != (client.push_token, client.kind):
        _owe_anew(connection, row.id, client.kind, at)
    return row.id, row.counter


def _owe_anew(connection: Connection, device_id: int, kind: str, at: datetime) -> None:
    """Owe the device what was pushed to its former token and not asked for since."""
    unheard = and_(_rows.c.device_id == device_id, _rows.c.tag > _rows.c.listed_tag)
    revision = select(_cards.c.revision).where(_cards.c.id == _rows.c.card_id)
    connection.execute(
        update(_rows)
        .where(unheard if kind == APNS else _rows.c.device_id == device_id)
        .values(
            wanted=revision.scalar_subquery() if kind == APNS else 0,
            delivered=0,
            # A worker that is pushing to the former token must not mark the row.
            claim=None,
            due_at=at,
            owed_since=at,
            attempts=0,
            dead_at=None,
        )
    )


def _is(library_identifier: str, pass_type: str) -> ColumnElement[bool]:
    return and_(
        _devices.c.library_identifier == library_identifier,
        _devices.c.pass_type == pass_type,
    )


def _insert(connection: Connection, table: Table) -> SqliteInsert | PostgresqlInsert:
    if connection.dialect.name == "sqlite":
        return sqlite_insert(table)
    return postgresql_insert(table)


def _raised(
    counter: ColumnElement[int], now: ColumnElement[int] | int
) -> ColumnElement[int]:
    return case((counter >= now, counter + 1), else_=now)


def _milliseconds(at: datetime) -> int:
    return (at - _EPOCH) // _MILLISECOND


def _died(gone_at: datetime | None, registered_at: datetime) -> bool:
    return gone_at is None or registered_at < gone_at


_OF_CARD = _rows.c.card_id == bindparam("card")
_OF_CARDS = _rows.c.card_id.in_(bindparam("cards", expanding=True))
_RAISE, _OWE = Prepared(_raise(_OF_CARD)), Prepared(_owe(_OF_CARD))
_RAISE_MANY, _OWE_MANY = _raise(_OF_CARDS), _owe(_OF_CARDS)
