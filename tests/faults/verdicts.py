"""The judge: what the tills were told, compared with what the database holds."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from passes import db
from passes.cards.card import Card
from passes.db import Sessions
from passes.loyalty import verification
from passes.loyalty.entry import Account, Entry, Kind, Unit
from passes.loyalty.purchases import Purchase
from tests.faults.harness import Till


@dataclass
class Verdict:
    """The judge's figures, and what the tills saw meanwhile."""

    acknowledged: int = 0
    lost: int = 0
    doubled: int = 0
    mismatched: int = 0
    overdrawn: int = 0
    broken: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"acknowledged={self.acknowledged} lost={self.lost}"
            f" doubled={self.doubled} mismatch={self.mismatched}"
            f" overdrawn={self.overdrawn} invariants={len(self.broken)}"
        )

    @property
    def clean(self) -> bool:
        """Whether nothing was lost, doubled or broken, and something happened."""
        found = (self.lost, self.doubled, self.mismatched, self.overdrawn)
        return self.acknowledged > 0 and not any(found) and not self.broken


def kinds(running: Sequence[Till]) -> Counter[str]:
    """Count what was acknowledged by what it was."""
    return Counter(move["kind"] for move in _told(running))


def _told(running: Sequence[Till]) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for till in running
        for line in till.book.read_text().splitlines()
    ]


def judge(sessions: Sessions, running: Sequence[Till]) -> Verdict:
    """Compare what was acknowledged with what the database holds."""
    told = _told(running)
    verdict = Verdict(acknowledged=len(told))
    with db.read(sessions) as session:
        receipts = Counter(session.scalars(select(Purchase.receipt)))
        points = _points(session)
        balances = dict(session.execute(select(Card.public_id, Card.balance)).all())
        verdict.overdrawn = _overdrawn(session)
        verdict.broken = [str(each) for each in verification.verify(session)]
    due: Counter[str] = Counter()
    for move in told:
        given = points.get(move["key"], [])
        verdict.lost += not given
        verdict.doubled += len(given) > 1 or receipts[move["key"]] > 1
        verdict.mismatched += bool(given) and given[0] != move["points"]
        due[move["card"]] += move["points"]
    # What nobody was told of must not be there either, once all tills are answered.
    verdict.mismatched += len(set(points) - {move["key"] for move in told})
    sales = {move["key"] for move in told if move["kind"] == "earn"}
    verdict.mismatched += len(set(receipts) - sales)
    verdict.mismatched += sum(due[card] != held for card, held in balances.items())
    return verdict


def _points(session: Session) -> dict[str, list[int]]:
    """Return the points that the ledger has under each key."""
    rows = session.execute(
        select(Entry.idempotency_key, Entry.amount).where(
            Entry.account == Account.CARD, Entry.unit == Unit.POINTS
        )
    )
    found: dict[str, list[int]] = {}
    for key, amount in rows:
        found.setdefault(str(key), []).append(amount)
    return found


def _overdrawn(session: Session) -> int:
    """Count the corrections that took more than there was; an undo alone may."""
    rows = session.execute(
        select(Entry.card_id, Entry.kind, Entry.amount)
        .where(Entry.account == Account.CARD, Entry.unit == Unit.POINTS)
        .order_by(Entry.card_id, Entry.sequence)
    )
    held: Counter[int | None] = Counter()
    found = 0
    for card, kind, amount in rows:
        held[card] += amount
        found += kind == Kind.ADJUST and amount < 0 and held[card] < 0
    return found
