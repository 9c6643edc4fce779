"""Sending one card: what it shows now, if Google does not hold that already."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus
from typing import cast

from sqlalchemy import Table
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from passes.cards.announcement import Announcement
from passes.cards.card import Card
from passes.content import card_content
from passes.content.card_content import Looks
from passes.content.shown import CardContent
from passes.delivery.wallet import Claimed
from passes.people.member import Member
from passes.programmes.programme import Programme
from wallet_google import (
    budget,
    classes,
    deliveries,
    errors,
    fingerprint,
    loyalty_object,
)
from wallet_google.classes import Held
from wallet_google.client import Client
from wallet_google.deliveries import Ended, Outcome
from wallet_google.errors import GoogleWalletError
from wallet_google.localisation import Json
from wallet_google.pictures import Pictures
from wallet_google.tables import GoogleObject

_objects = cast("Table", GoogleObject.__table__)
_cards = cast("Table", Card.__table__)
_members = cast("Table", Member.__table__)
_programmes = cast("Table", Programme.__table__)

_QUERY = card_content.ROWS.add_columns(
    _objects.c.id.label("row_id"),
    _objects.c.object_id,
    _objects.c.class_id,
    _objects.c.fingerprint,
    _objects.c.balances,
    _objects.c.told,
    _objects.c.seed,
    _members.c.erased_at,
    _members.c.language,
    _programmes.c.language.label("of_programme"),
).join(_objects, _objects.c.card_id == _cards.c.id)


@dataclass(frozen=True, slots=True)
class Parcel:
    """An object's row and everything that is sent for it, read in one snapshot.

    *language* is the holder's, *class_language* the programme's. *loyalty_class* is
    what was known of the class then.
    """

    row_id: int
    object_id: str
    class_id: str
    programme_id: int
    content: CardContent
    language: str
    class_language: str
    erased: bool
    fingerprint: str | None
    balances: str | None
    told: tuple[int, ...]
    seed: bytes = field(repr=False)
    loyalty_class: Held | None

    @property
    def balances_now(self) -> str:
        """What a holder is told of when it changes: points, and the tier's rank."""
        return f"{self.content.points}/{self.content.tier.rank}"

    def body(self, pictures: Pictures) -> Json:
        """Return the whole object.

        Raises:
            PictureError: the owner's picture cannot be drawn.
        """
        if self.erased:
            return loyalty_object.erased(self.object_id, self.class_id)
        return loyalty_object.body(
            self.content,
            self.object_id,
            self.class_id,
            pictures,
            language=self.language,
            seed=self.seed if self.content.look.rotating_code else None,
        )


def read(
    connection: Connection,
    row_ids: Sequence[int],
    base_url: str,
    looks: Looks,
    at: datetime,
) -> list[Parcel]:
    """Return the parcels of rows, all of the *connection*'s snapshot.

    What a person waits for comes first.
    """
    query = _QUERY.where(_objects.c.id.in_(row_ids)).order_by(
        _objects.c.priority, _objects.c.id
    )
    rows = connection.execute(query).all()
    with Session(connection, autoflush=False) as session:
        known = classes.held(session, sorted({row.programme_id for row in rows}))
    return [
        Parcel(
            row_id=row.row_id,
            object_id=row.object_id,
            class_id=row.class_id,
            programme_id=row.programme_id,
            content=card_content.read(connection, row, base_url, looks, at),
            language=row.language,
            class_language=row.of_programme,
            erased=row.erased_at is not None,
            fingerprint=row.fingerprint,
            balances=row.balances,
            told=tuple(row.told or ()),
            seed=row.seed,
            loyalty_class=known.get(row.programme_id),
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Letter:
    """A parcel's body, made; *same* says that Google holds it."""

    row: Claimed
    parcel: Parcel
    body: Json
    fingerprint: str
    same: bool


def write(row: Claimed, parcel: Parcel, pictures: Pictures) -> Letter:
    """Return what is to be sent for a row.

    Raises:
        PictureError: the owner's picture cannot be drawn.
    """
    body = parcel.body(pictures)
    name = fingerprint.of(body)
    # A former attempt may have reached Google without anybody knowing.
    same = name == parcel.fingerprint and row.attempts == 1
    return Letter(row, parcel, body, name, same)


def send(client: Client, letter: Letter, within: float, at: datetime) -> Ended:
    """Have Google take it in *within* seconds, and return how that ended."""
    parcel = letter.parcel
    try:
        if parcel.erased:
            _erase(client, letter.body, within)
            told: Sequence[int] = parcel.told
        else:
            told = _put(client, letter, within, at)
    except GoogleWalletError as error:
        ended = deliveries.failed(letter.row, error, at, left=True)
        return replace(ended, erasing=parcel.erased)
    notes: Mapping[str, object] = {
        "fingerprint": letter.fingerprint,
        "balances": parcel.balances_now,
        "told": list(told),
    }
    return Ended(letter.row, Outcome.TAKEN, notes=notes)


def lacks_class(error: GoogleWalletError | None, class_id: str) -> bool:
    """Tell whether Google refused an object because its class is not there."""
    if isinstance(error, errors.AbsentError):
        return True
    # Google says so with 400 too, and with no reason of its own for it.
    return isinstance(error, errors.RefusedError) and class_id in error.message


def _put(client: Client, letter: Letter, within: float, at: datetime) -> Sequence[int]:
    """Put the object; return which updates its holder was to be told of since."""
    told = _news(letter.parcel, at)
    if told is None:
        _store(client, letter.body, within)
        return letter.parcel.told
    try:
        loud = {**letter.body, "notifyPreference": "NOTIFY_ON_UPDATE"}
        _store(client, loud, within)
    except errors.QuotaExceededError:
        _store(client, letter.body, within)
    return told


def _store(client: Client, whole: Json, within: float) -> None:
    """Have Google hold the *whole* object, and nothing more of ours."""
    body = loyalty_object.patch(whole)
    try:
        client.put("loyaltyObject", body, within=within)
    except errors.RefusedError as error:
        malformed = error.status == HTTPStatus.BAD_REQUEST
        if not malformed or None not in body.values():
            raise
        # Nothing promises that null takes a field away; a PUT without it does.
        try:
            client.replace("loyaltyObject", whole, within=within)
        except errors.RefusedError:
            raise error from None


def _news(parcel: Parcel, at: datetime) -> list[int] | None:
    """Return the updates to remember if the holder is to hear of this one."""
    announcement = parcel.content.announcement
    # A card that Google has not got cannot change, nor what it holds already.
    if parcel.balances in {None, parcel.balances_now}:
        return None
    if announcement is Announcement.NOTHING:
        return None
    return budget.spend(parcel.told, announcement, at)


def _erase(client: Client, body: Json, within: float) -> None:
    try:
        client.replace("loyaltyObject", body, within=within)
    except errors.AbsentError:
        # Google never got it, and is not to get it now.
        return
