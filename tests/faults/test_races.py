"""R5: however many tills race, the ledger's sum is the balance at every look."""

import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from passes import db
from passes.cards.card import Card
from passes.db import Sessions
from passes.loyalty.entry import Account, Entry, Unit
from tests.faults import harness, verdicts
from tests.faults.harness import Server

SEED = 5
TILLS = 32
SHORT, LONG = 6.0, 180.0


class Observer(threading.Thread):
    """Compares balances with the entries' sums in a snapshot, every 50 ms."""

    def __init__(self, sessions: Sessions) -> None:
        super().__init__(name="observer", daemon=True)
        self.looks = 0
        self.violations: list[tuple[int, int, int]] = []
        self.ended = threading.Event()
        self._sessions = sessions

    def run(self) -> None:
        """Look until told to stop."""
        while not self.ended.wait(0.05):
            self.looks += 1
            self.violations += self._look()

    def _look(self) -> list[tuple[int, int, int]]:
        entries = (
            select(Entry.card_id, func.sum(Entry.amount).label("sum"))
            .where(Entry.account == Account.CARD, Entry.unit == Unit.POINTS)
            .group_by(Entry.card_id)
            .subquery()
        )
        query = select(Card.id, Card.balance, func.coalesce(entries.c.sum, 0)).join(
            entries, entries.c.card_id == Card.id, isouter=True
        )
        with db.read(self._sessions) as session:
            rows = [tuple(row) for row in session.execute(query)]
        return [row for row in rows if row[1] != row[2]]


@pytest.mark.faults
def test_balances_are_the_sums_of_their_entries_at_every_look(
    tmp_path: Path,
    engine: Engine,
    database_url: str,
    long_form: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sessions = Sessions(engine)
    # Few cards, so that the tills meet on each, and undo one another's work.
    shop = harness.found(sessions, cards=2)
    observer = Observer(sessions)
    server = Server(tmp_path, database_url)
    with server, harness.tills(server, shop, TILLS, SEED, harness.Manager) as running:
        observer.start()
        time.sleep(LONG if long_form else SHORT)
        harness.close(running)
        observer.ended.set()
        observer.join()
        verdict = verdicts.judge(sessions, running)

    kinds = verdicts.kinds(running)
    refused = sum(till.statuses[409] for till in running)
    harness.say(
        capsys,
        f"R5 {engine.dialect.name} tills={TILLS} looks={observer.looks}"
        f" violations={len(observer.violations)} kinds={dict(kinds)}"
        f" refused={refused} {verdict}",
    )
    assert observer.looks > 10
    assert observer.violations == []
    assert verdict.clean, verdict.broken[:3]
    # The race was one: every kind of movement took part, and some had to lose.
    assert set(kinds) == {"earn", "adjust", "undo"}
    assert refused > 0
    assert sum(till.broken for till in running) == 0
