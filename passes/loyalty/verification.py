"""Proof of the ledger: everything derived is computed again from the entries.

Nothing is repaired: a difference is named, for a person to judge.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from passes.cards.card import Card
from passes.loyalty import ledger, tiers
from passes.loyalty.entry import Account, Entry, Note, Unit
from passes.programmes import programme as programmes
from passes.programmes import rules as ruleset

_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as the entries say. *subject* is a card or a movement."""

    subject: str
    problem: str


def verify(
    session: Session, go_on: Callable[[], bool] = lambda: True
) -> Iterator[Difference]:
    """Yield every difference in the whole database, in bounded memory.

    *go_on* is asked before each batch of cards; the rest is left out once it says no.
    """
    yield from _unbalanced(session)
    yield from _reversed_twice(session)
    yield from _notes(session)
    for programme in programmes.every(session):
        rules = ruleset.live(session, programme) if programme.rules_version else None
        yield from _cards(session, programme.id, rules, go_on)


def _unbalanced(session: Session) -> Iterator[Difference]:
    query = (
        select(Entry.movement, Entry.unit, func.sum(Entry.amount))
        .group_by(Entry.movement, Entry.unit)
        .having(func.sum(Entry.amount) != 0)
    )
    for movement, unit, total in session.execute(query):
        yield Difference(f"movement {movement}", f"{unit} sum to {total}, not to 0")


def _reversed_twice(session: Session) -> Iterator[Difference]:
    original, undo = aliased(Entry), aliased(Entry)
    query = (
        select(original.public_id, original.amount, func.sum(undo.amount))
        .join(undo, undo.reverses == original.public_id)
        .where(undo.account == Account.CARD)
        .group_by(original.public_id, original.amount)
    )
    for entry, amount, taken in session.execute(query):
        if abs(taken) > abs(amount) or taken * amount > 0:
            yield Difference(f"entry {entry}", f"{amount} was reversed by {taken}")


def _notes(session: Session) -> Iterator[Difference]:
    query = (
        select(Note.movement, Note.salt, Note.text, Entry.note_digest)
        .join(Entry, Entry.movement == Note.movement)
        .where(Entry.account == Account.CARD)
    )
    for movement, salt, text, digest in session.execute(query):
        if ledger.note_digest(salt, text) != digest:
            yield Difference(f"movement {movement}", "the reason was changed")


def _cards(
    session: Session,
    programme_id: int,
    rules: ruleset.Rules | None,
    go_on: Callable[[], bool],
) -> Iterator[Difference]:
    after = 0
    while go_on():
        cards = list(
            session.scalars(
                select(Card)
                .where(Card.programme_id == programme_id, Card.id > after)
                .order_by(Card.id)
                .limit(_BATCH)
            )
        )
        if not cards:
            return
        entries = _entries(session, [card.id for card in cards])
        for card in cards:
            yield from _card(card, entries.get(card.id, []), rules)
        after = cards[-1].id
        session.expunge_all()


def _entries(session: Session, card_ids: list[int]) -> dict[int, list[Entry]]:
    query = select(Entry).where(Entry.card_id.in_(card_ids)).order_by(Entry.sequence)
    grouped: dict[int, list[Entry]] = {}
    for entry in session.scalars(query):
        grouped.setdefault(entry.card_id or 0, []).append(entry)
    return grouped


def _card(
    card: Card, entries: list[Entry], rules: ruleset.Rules | None
) -> Iterator[Difference]:
    subject = f"card {card.public_id}"
    chain = ""
    for number, entry in enumerate(entries, start=1):
        if entry.sequence != number:
            yield Difference(subject, f"entry {number} is missing")
            return
        row = {
            column.key: getattr(entry, column.key) for column in Entry.__table__.columns
        }
        if entry.prev_hash != chain or entry.hash != ledger.fingerprint(row):
            yield Difference(subject, f"entry {number} was changed")
            return
        chain = entry.hash or ""
    points = _sum(entries, Unit.POINTS)
    status = _sum(entries, Unit.STATUS)
    expected = {
        "sequence": len(entries),
        "chain": chain,
        "balance": points,
        "status_points": status,
        "tier": tiers.rank(rules, status) if rules else 0,
    }
    for name, value in expected.items():
        if getattr(card, name) != value:
            yield Difference(
                subject, f"{name} is {getattr(card, name)!r}, the entries say {value!r}"
            )


def _sum(entries: list[Entry], unit: Unit) -> int:
    return sum(entry.amount for entry in entries if entry.unit == unit)
