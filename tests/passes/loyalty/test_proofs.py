"""The last proof of the ledger is kept for the operator."""

from sqlalchemy import update

from passes import db
from passes.cards.card import Card
from passes.db import Sessions
from passes.loyalty import proofs
from passes.loyalty.proofs import Result
from tests.makers import NOON, make_card, make_programme


def spoil(sessions: Sessions, cards: int = 1) -> None:
    """Make cards whose balance no entry explains."""
    with db.write(sessions) as session:
        programme = make_programme(session)
        made = [make_card(session, programme).id for _ in range(cards)]
        session.execute(update(Card).where(Card.id.in_(made)).values(balance=7))


def prove(sessions: Sessions) -> Result | None:
    """Prove the ledger in a snapshot."""
    with db.read(sessions) as session:
        return proofs.prove(session)


def test_a_good_ledger_has_no_differences(sessions: Sessions) -> None:
    assert prove(sessions) == Result(0, ())


def test_every_difference_is_counted_and_a_few_are_told(sessions: Sessions) -> None:
    spoil(sessions, cards=7)

    result = prove(sessions)

    assert result is not None
    assert result.differences == 7
    assert len(result.examples) == 5
    assert "balance is 7, the entries say 0" in result.examples[0]


def test_a_proof_that_was_ended_says_nothing(sessions: Sessions) -> None:
    spoil(sessions)

    with db.read(sessions) as session:
        assert proofs.prove(session, lambda: False) is None


def test_the_newest_proof_is_the_one_that_counts(sessions: Sessions) -> None:
    with db.write(sessions) as session:
        assert proofs.latest(session) is None
        proofs.record(session, Result(2, ("card x: spoilt", "card y: spoilt")), NOON)
        proofs.record(session, Result(0, ()), NOON)

    with db.read(sessions) as session:
        newest = proofs.latest(session)
    assert newest is not None
    assert (newest.differences, newest.example, newest.at) == (0, None, NOON)
