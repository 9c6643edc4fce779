"""Drift: what Google holds is read back, compared, and where it differs owed anew.

Nothing here is needed as long as all goes well: Google has no version of a card, so
this is how an operator can know. It is done in steps, each of which can be the last.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Table, and_, or_, select

from passes import db
from passes.cards.card import Card
from wallet_google import (
    classes,
    comparing,
    errors,
    loyalty_class,
    loyalty_object,
    objects,
)
from wallet_google.classes import Held
from wallet_google.client import Kind
from wallet_google.localisation import Json
from wallet_google.sending import Parcel
from wallet_google.tables import GoogleObject
from wallet_google.wallet import GoogleWallet

STEP = 50
"""How many cards one step reads; Google's rate makes that a few seconds."""

# Google promises nobody to read what was written a moment ago.
_SETTLED = timedelta(minutes=1)

_CLASS_SECONDS = 20.0

_ADDED = {"classReference", "hasLinkedDevice", "hasUsers", "kind", "version"}

_rows = cast("Table", GoogleObject.__table__)


@dataclass(frozen=True, slots=True)
class Drift:
    """A class or object that Google does not hold as it should be.

    *fields* are paths into it; there are none where it is *missing* there, or was
    *given_up* here for that reason. *refused* is why it could not be compared, or why
    a class is not mended.
    """

    resource_id: str
    fields: tuple[str, ...] = ()
    missing: bool = False
    given_up: str | None = None
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What one step found in *checked* cards; go on *after*, unless that is None."""

    checked: int
    drifts: tuple[Drift, ...]
    after: int | None


def check_classes(wallet: GoogleWallet, *, repair: bool) -> list[Drift]:
    """Return which of the issuer's classes differ; with *repair* they are sent anew.

    Raises:
        GoogleWalletError: Google cannot be asked.
    """
    with db.read(wallet.sessions) as session:
        known = classes.of_issuer(session, wallet.identity.issuer_id)
    found = []
    for held in known:
        drift = _class_drift(wallet, held)
        if drift is None:
            continue
        if repair and drift.refused is None:
            drift = replace(drift, refused=_mend(wallet, held))
        found.append(drift)
    return found


def check_cards(
    wallet: GoogleWallet,
    at: datetime,
    *,
    after: int = 0,
    limit: int = STEP,
    repair: bool = False,
) -> Step:
    """Compare the next cards; with *repair* those that differ are owed anew.

    What is owed already is left out: it is on its way. *after* is the last step's.

    Raises:
        GoogleWalletError: Google cannot be asked.
    """
    given_up, settled, last = _next(wallet, at, after, limit)
    drifts = dict(given_up)
    parcels = wallet.parcels(settled, at) if settled else []
    for parcel in parcels:
        drift = _card_drift(wallet, parcel)
        if drift is not None:
            drifts[parcel.row_id] = drift
    anew = [row for row, drift in drifts.items() if drift.refused is None]
    if repair and anew:
        db.transact(
            wallet.sessions,
            lambda session: objects.owe_anew(session.connection(), anew, at),
        )
    checked = len(parcels) + len(given_up)
    return Step(checked, tuple(drifts[row] for row in sorted(drifts)), last)


def _next(
    wallet: GoogleWallet, at: datetime, after: int, limit: int
) -> tuple[dict[int, Drift], Sequence[int], int | None]:
    """Return the next rows, those given up apart, and the last of them if not all."""
    settled = and_(
        _rows.c.delivered >= _rows.c.wanted,
        _rows.c.claim.is_(None),
        _rows.c.balances.is_not(None),
        _rows.c.sent_at < at - _SETTLED,
    )
    query = (
        select(_rows.c.id, _rows.c.object_id, _rows.c.dead_at, _rows.c.last_error)
        .join_from(_rows, Card, Card.id == _rows.c.card_id)
        .where(_rows.c.id > after, or_(settled, _rows.c.dead_at.is_not(None)))
        .where(_rows.c.lane == objects.lane(wallet.identity.issuer_id))
        .order_by(_rows.c.id)
        .limit(limit)
    )
    with db.read(wallet.sessions) as session:
        rows = session.execute(query).all()
    given_up = {
        row.id: Drift(row.object_id, given_up=row.last_error or "")
        for row in rows
        if row.dead_at is not None
    }
    left = [row.id for row in rows if row.dead_at is None]
    return given_up, left, rows[-1].id if len(rows) == limit else None


def _mend(wallet: GoogleWallet, held: Held) -> str | None:
    """Send a class anew; return why Google does not take it, if so."""
    brought = wallet.sender.classes
    try:
        brought.bring(held.programme_id, held.class_id, _CLASS_SECONDS, anyway=True)
    except errors.ClassRefusedError as error:
        return str(error)
    with db.read(wallet.sessions) as session:
        known = classes.held(session, [held.programme_id])
    return known[held.programme_id].last_error


def _class_drift(wallet: GoogleWallet, held: Held) -> Drift | None:
    look, language = wallet.sender.classes.look_now(held.programme_id)
    try:
        body = wallet.sender.classes.body(look, held.class_id, language)
    except errors.PictureError as error:
        return Drift(held.class_id, refused=str(error))
    return _drift(wallet, "loyaltyClass", held.class_id, loyalty_class.patch(body))


def _card_drift(wallet: GoogleWallet, parcel: Parcel) -> Drift | None:
    try:
        body = parcel.body(wallet.sender.pictures)
    except errors.PictureError as error:
        return Drift(parcel.object_id, refused=str(error))
    if not parcel.erased:
        body = loyalty_object.patch(body)
    found = _drift(
        wallet, "loyaltyObject", parcel.object_id, body, erased=parcel.erased
    )
    # An erased card need not be there at all.
    return None if found and found.missing and parcel.erased else found


def _drift(
    wallet: GoogleWallet,
    kind: Kind,
    resource_id: str,
    body: Json,
    *,
    erased: bool = False,
) -> Drift | None:
    try:
        held = wallet.client.get(kind, resource_id)
    except errors.AbsentError:
        return Drift(resource_id, missing=True)
    except errors.ForbiddenError:
        raise
    except errors.RefusedError as error:
        return Drift(resource_id, refused=str(error))
    wanted = {**dict.fromkeys(_left(held)), **body} if erased else body
    fields = comparing.differences(wanted, held)
    return Drift(resource_id, tuple(fields)) if fields else None


def _left(held: Json) -> set[str]:
    """Return what Google holds of an object besides what it adds by itself."""
    return held.keys() - _ADDED
