"""The ledger: points move in balanced movements, appended and never edited.

Whoever moves points locks the card first (`passes.cards.card.lock`); the balance in
the card's row is written with the entries and proved by `verification`.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import Table, insert, select
from sqlalchemy.orm import Session

from passes import db, names, prepared
from passes.cards import card as cards
from passes.cards.announcement import Announcement
from passes.cards.card import CardRow
from passes.errors import InvalidError
from passes.loyalty import tiers
from passes.loyalty.entry import Account, Appended, Entry, Kind, Note, Unit
from passes.people.actor import Actor
from passes.prepared import Prepared
from passes.programmes.rules import Rules

MAX_CHANGE = 1_000_000
"""The most points that one movement may give or take."""

_sorted = json.JSONEncoder(sort_keys=True).encode
_TOLD = tuple(field.name for field in fields(Appended))
_TABLE = cast("Table", Entry.__table__)
_INSERT = Prepared(
    insert(_TABLE).values(
        prepared.values(*(column.name for column in _TABLE.c if column.name != "id"))
    )
)


@dataclass(frozen=True, slots=True)
class Posting:
    """An amount that goes onto the card (or off it) against *account*.

    *explanation* is the arithmetic, as lists, words and whole numbers.
    """

    unit: Unit
    amount: int
    account: Account
    rule: str = ""
    explanation: dict[str, object] = field(default_factory=dict)
    reverses: str | None = None


@dataclass(frozen=True, slots=True)
class Movement:
    """Why points move: *source_type* and *source_id* name it once and for all."""

    kind: Kind
    source_type: str
    source_id: str
    actor: Actor
    occurred_at: datetime
    note: str | None = None
    idempotency_key: str | None = None


def append(
    session: Session,
    card: CardRow,
    rules: Rules,
    movement: Movement,
    postings: Sequence[Posting],
    *,
    at: datetime,
) -> list[Appended]:
    """Write the movement onto the locked card and return the card's entries.

    Each posting stands twice: on the card, and negated on the programme's side.
    Balance, status and tier follow, and the wallets owe the new revision.

    Raises:
        InvalidError: a posting is zero or beyond `MAX_CHANGE`.
    """
    _check(postings)
    name = names.ordered_id(at)
    digest = _keep_note(session, name, movement.note)
    mine: list[dict[str, object]] = []
    theirs: list[dict[str, object]] = []
    for posting in postings:
        common = _common(card, rules, movement, posting, name, digest=digest, at=at)
        before = mine[-1]["hash"] if mine else card.chain
        mine.append(_card_row(card, common, card.sequence + len(mine) + 1, before))
        theirs.append(_programme_row(common, posting, at))
    _INSERT.many(db.connection(session), mine + theirs)
    _apply(session, card, rules, postings, mine[-1], at=at)
    return [_told(row) for row in mine]


def of_card(
    session: Session, card_id: int, *, before: int | None = None, limit: int = 50
) -> list[Entry]:
    """Return the card's entries of points, newest first.

    *before* is the sequence number of the last one seen.
    """
    query = (
        select(Entry)
        .where(Entry.card_id == card_id, Entry.unit == Unit.POINTS)
        .order_by(Entry.sequence.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(Entry.sequence < before)
    return list(session.scalars(query))


def of_source(
    session: Session, programme_id: int, source_type: str, source_id: str
) -> list[Entry]:
    """Return what one source put onto cards, in order."""
    query = select(Entry).where(
        Entry.programme_id == programme_id,
        Entry.source_type == source_type,
        Entry.source_id == source_id,
        Entry.account == Account.CARD,
    )
    return list(session.scalars(query.order_by(Entry.id)))


def fingerprint(row: dict[str, object]) -> str:
    """Return the hash that an entry with these values must have.

    SHA-256 over the values that are never erased, as sorted JSON, the hash of the
    card's entry before among them.
    """
    parts = {name: _plain(row[name]) for name in _HASHED}
    return hashlib.sha256(_sorted(parts).encode()).hexdigest()


_HASHED = (
    "public_id",
    "movement",
    "programme_id",
    "card_id",
    "unit",
    "amount",
    "kind",
    "rule",
    "source_type",
    "source_id",
    "reverses",
    "rules_version",
    "explanation",
    "actor",
    "note_digest",
    "occurred_at",
    "recorded_at",
    "sequence",
    "prev_hash",
)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value


def _check(postings: Sequence[Posting]) -> None:
    for posting in postings:
        if not 0 < abs(posting.amount) <= MAX_CHANGE:
            raise InvalidError("points", f"Use 1 to {MAX_CHANGE} points.")


def _common(
    card: CardRow,
    rules: Rules,
    movement: Movement,
    posting: Posting,
    name: str,
    *,
    digest: str | None,
    at: datetime,
) -> dict[str, object]:
    return {
        "public_id": names.ordered_id(at),
        "movement": name,
        "programme_id": card.programme_id,
        "unit": posting.unit.value,
        "kind": movement.kind.value,
        "rule": posting.rule,
        "source_type": movement.source_type,
        "source_id": movement.source_id,
        "reverses": posting.reverses,
        "rules_version": rules.version,
        "explanation": posting.explanation,
        "actor": movement.actor.name,
        "note_digest": digest,
        "idempotency_key": movement.idempotency_key,
        "occurred_at": movement.occurred_at,
        "recorded_at": at,
        "amount": posting.amount,
    }


def _card_row(
    card: CardRow, common: dict[str, object], sequence: int, before: object
) -> dict[str, object]:
    row = common | {
        "account": Account.CARD.value,
        "card_id": card.id,
        "sequence": sequence,
        "prev_hash": before,
    }
    row["hash"] = fingerprint(row)
    return row


def _programme_row(
    common: dict[str, object], posting: Posting, at: datetime
) -> dict[str, object]:
    return common | {
        "public_id": names.ordered_id(at),
        "account": posting.account.value,
        "amount": -posting.amount,
        "card_id": None,
        "sequence": None,
        "prev_hash": None,
        "hash": None,
    }


def _told(row: Mapping[str, Any]) -> Appended:
    return Appended(**{name: row[name] for name in _TOLD})


def _keep_note(session: Session, movement: str, text: str | None) -> str | None:
    if not text:
        return None
    salt = secrets.token_hex(16)
    session.add(Note(movement=movement, salt=salt, text=text))
    return note_digest(salt, text)


def note_digest(salt: str, text: str) -> str:
    """Return what an entry keeps of a reason, so that the words can be erased."""
    return hashlib.sha256(f"{salt}:{text}".encode()).hexdigest()


def _apply(
    session: Session,
    card: CardRow,
    rules: Rules,
    postings: Sequence[Posting],
    last: Mapping[str, object],
    *,
    at: datetime,
) -> None:
    status = card.status_points + _sum(postings, Unit.STATUS)
    tier = tiers.rank(rules, status)
    cards.revise(
        session,
        card,
        at,
        announce=Announcement.TIER if tier > card.tier else Announcement.POINTS,
        balance=card.balance + _sum(postings, Unit.POINTS),
        status_points=status,
        tier=tier,
        sequence=last["sequence"],
        chain=last["hash"],
        last_active_at=max(card.last_active_at, at),
    )


def _sum(postings: Sequence[Posting], unit: Unit) -> int:
    return sum(posting.amount for posting in postings if posting.unit is unit)
