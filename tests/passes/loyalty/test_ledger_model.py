"""Long random lives of a card, held against a model that knows only sums."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from passes import db
from passes.cards import card as cards
from passes.cards.card import Card
from passes.db import Sessions
from passes.delivery import changes
from passes.errors import ConflictError
from passes.loyalty import adjustments, purchases, undo, verification
from passes.loyalty.entry import Appended, Entry
from passes.loyalty.purchases import Till
from passes.programmes import programme as programmes
from passes.programmes.rules import STARTER
from tests.makers import MANAGER, NOON, make_shop


@dataclass
class Model:
    """What a card must hold: sums of what was done and not undone."""

    done: dict[str, tuple[int, int]] = field(default_factory=dict)
    revision: int = 1

    @property
    def balance(self) -> int:
        """Points given, less those taken."""
        return sum(points for points, _ in self.done.values())

    @property
    def status(self) -> int:
        """Status earned."""
        return sum(status for _, status in self.done.values())

    @property
    def tier(self) -> int:
        """The tier that status reaches."""
        return sum(self.status >= tier.threshold for tier in STARTER.tiers[1:])


class CardLife(RuleBasedStateMachine):
    """Earn, adjust and undo in any order, with refusals and crashes between."""

    sessions: Sessions

    @initialize()
    def open(self) -> None:
        self.model = Model()
        self.at = NOON
        self.entries: list[str] = []
        with db.write(self.sessions) as session:
            slug = f"life-{session.scalar(select(func.count()).select_from(Card))}"
            shop = make_shop(session, slug)
            self.programme, self.card_id = shop.programme.id, shop.card.id

    @rule(amount=st.integers(1, 30_000))
    def earn(self, amount: int) -> None:
        with changes.write(self.sessions, [], self._later(), lambda: None) as session:
            earned = purchases.earn(
                session,
                programmes.by_id(session, self.programme),
                self.card_id,
                Till(amount),
                actor=MANAGER,
                at=self.at,
            )
        if earned.entries:
            self._done(earned.entries, amount // 100, amount // 100)

    @rule(points=st.integers(-200, 200).filter(bool))
    def adjust(self, points: int) -> None:
        try:
            with changes.write(
                self.sessions, [], self._later(), lambda: None
            ) as session:
                entries = adjustments.adjust(
                    session,
                    programmes.by_id(session, self.programme),
                    self.card_id,
                    points,
                    reason="Model",
                    actor=MANAGER,
                    at=self.at,
                )
        except ConflictError:
            assert max(0, self.model.balance) + points < 0
            return
        self._done(entries, points, 0)

    @rule(pick=st.integers(0, 10_000))
    def undo(self, pick: int) -> None:
        if not self.entries:
            return
        entry = self.entries[pick % len(self.entries)]
        try:
            with changes.write(
                self.sessions, [], self._later(), lambda: None
            ) as session:
                undo.undo(
                    session,
                    programmes.by_id(session, self.programme),
                    entry,
                    actor=MANAGER,
                    at=self.at,
                )
        except ConflictError:
            assert entry not in self.model.done
            return
        del self.model.done[entry]
        self.model.revision += 1

    @rule(amount=st.integers(100, 30_000))
    def crash_before_the_commit(self, amount: int) -> None:
        with pytest.raises(KeyboardInterrupt):
            self._crash(amount)

    def _crash(self, amount: int) -> None:
        with changes.write(self.sessions, [], self._later(), lambda: None) as session:
            purchases.earn(
                session,
                programmes.by_id(session, self.programme),
                self.card_id,
                Till(amount),
                actor=MANAGER,
                at=self.at,
            )
            raise KeyboardInterrupt

    @rule(minutes=st.integers(-90, 90))
    def clock_jump(self, minutes: int) -> None:
        self.at += timedelta(minutes=minutes)

    @invariant()
    def the_card_is_as_the_model(self) -> None:
        if not hasattr(self, "model"):
            return
        with db.read(self.sessions) as session:
            card = session.get_one(Card, self.card_id)
            assert (card.balance, card.status_points, card.tier, card.revision) == (
                self.model.balance,
                self.model.status,
                self.model.tier,
                self.model.revision,
            )
            assert card.available >= 0

    def teardown(self) -> None:
        with db.read(self.sessions) as session:
            assert list(verification.verify(session)) == []

    def _later(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at

    def _done(self, entries: list[Appended], points: int, status: int) -> None:
        self.entries.append(entries[0].public_id)
        self.model.done[entries[0].public_id] = (points, status)
        self.model.revision += 1


def test_a_cards_life_is_as_its_model(sessions: Sessions) -> None:
    class Life(CardLife):
        pass

    Life.sessions = sessions
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_all_of_a_card_can_be_replayed(sessions: Sessions) -> None:
    with db.write(sessions) as session:
        shop = make_shop(session)
        for amount in (1250, 9900, 30_000):
            purchases.earn(
                session,
                shop.programme,
                shop.card.id,
                Till(amount),
                actor=MANAGER,
                at=NOON,
            )
        card = cards.lock(session, shop.card.id)
        rows = session.execute(
            select(Entry.unit, func.sum(Entry.amount))
            .where(Entry.card_id == card.id)
            .group_by(Entry.unit)
        )
        assert {unit: int(total) for unit, total in rows} == {
            "points": card.balance,
            "status": card.status_points,
        }
