"""Wallets are told once, last before the commit, of everything that changed."""

from collections.abc import Sequence
from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from passes import db
from passes.cards import card as cards
from passes.cards.card import Card
from passes.db import Sessions
from passes.delivery import changes, lanes
from passes.delivery.wallet import Claimed, Report, Room
from passes.errors import BusyError
from tests.makers import NOON, make_card, make_programme
from wallet_apple.tables import Registration


class FakeWallet:
    """A wallet that remembers what it was told, and what it then read."""

    name = "fake"
    rows = Registration

    def __init__(self) -> None:
        self.told: list[tuple[str, list[int], int]] = []
        self.revisions: list[int] = []

    owes = True

    def opened(self, session: Session, card_ids: Sequence[int], at: datetime) -> None:
        """Remember the new cards."""
        self.told.append(("opened", list(card_ids), 0))

    def changed(
        self, session: Session, card_ids: Sequence[int], at: datetime, *, priority: int
    ) -> bool:
        """Remember the changed cards and the revisions that the database has."""
        self.told.append(("changed", list(card_ids), priority))
        query = select(Card.revision).where(Card.id.in_(card_ids))
        self.revisions += session.scalars(query)
        return self.owes

    def tick(self) -> None:
        """Have nothing to do."""

    def close(self) -> None:
        """Close nothing."""

    def room(self, lane: str, at: datetime) -> Room:
        """Set no bound."""
        return Room(lanes.BATCH)

    def deliver(self, lane: str, claimed: Sequence[Claimed], at: datetime) -> Report:
        """Deliver nothing."""
        return Report([])


class OvertakenError(Exception):
    """What a driver says when another transaction won."""

    sqlstate = "40001"


def test_a_change_that_was_overtaken_is_made_again_from_the_start(
    sessions: Sessions,
) -> None:
    wallet, woken = FakeWallet(), []
    with db.write(sessions) as session:
        card = make_card(session, make_programme(session))
        changes.settle(session, (), NOON)
    tries: list[int] = []

    def work(session: Session) -> str:
        cards.revise(session, cards.lock(session, card.id), NOON)
        tries.append(1)
        if len(tries) < 3:
            raise OperationalError("", {}, OvertakenError())
        return "done"

    said = changes.transact(sessions, [wallet], NOON, lambda: woken.append(1), work)

    assert said == "done"
    assert wallet.told == [("changed", [card.id], 0)]
    assert wallet.revisions == [2]
    assert woken == [1]


def test_a_change_that_is_always_overtaken_is_given_up(sessions: Sessions) -> None:
    woken: list[int] = []

    def work(session: Session) -> None:
        raise OperationalError("", {}, OvertakenError())

    with pytest.raises(BusyError):
        changes.transact(sessions, [FakeWallet()], NOON, lambda: woken.append(1), work)

    assert woken == []


def test_a_change_is_told_with_its_revision_and_then_woken(sessions: Sessions) -> None:
    wallet, woken = FakeWallet(), []
    with db.write(sessions) as session:
        card = make_card(session, make_programme(session))
        changes.settle(session, (), NOON)

    with changes.write(sessions, [wallet], NOON, lambda: woken.append(1)) as session:
        cards.revise(session, cards.lock(session, card.id), NOON)
        assert wallet.told == []

    assert wallet.told == [("changed", [card.id], 0)]
    assert wallet.revisions == [2]
    assert woken == [1]


def test_new_cards_are_told_and_nobody_is_woken_for_them(sessions: Sessions) -> None:
    wallet, woken = FakeWallet(), []

    with changes.write(sessions, [wallet], NOON, lambda: woken.append(1)) as session:
        programme = make_programme(session)
        made = [make_card(session, programme).id for _ in range(2)]

    assert wallet.told == [("opened", made, 0)]
    assert woken == []


def test_what_was_rolled_back_is_not_told(sessions: Sessions) -> None:
    wallet, woken = FakeWallet(), []
    with db.write(sessions) as session:
        card = make_card(session, make_programme(session))
        changes.settle(session, (), NOON)

    def fail() -> None:
        with changes.write(
            sessions, [wallet], NOON, lambda: woken.append(1)
        ) as session:
            cards.revise(session, cards.lock(session, card.id), NOON)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert wallet.told == []
    assert woken == []


def test_nobody_is_woken_for_a_card_that_no_wallet_has(sessions: Sessions) -> None:
    wallet, woken = FakeWallet(), []
    wallet.owes = False
    with db.write(sessions) as session:
        card = make_card(session, make_programme(session))
        changes.settle(session, (), NOON)

    with changes.write(sessions, [wallet], NOON, lambda: woken.append(1)) as session:
        cards.revise(session, cards.lock(session, card.id), NOON)

    assert wallet.told == [("changed", [card.id], 0)]
    assert woken == []
