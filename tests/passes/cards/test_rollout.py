"""A new design reaches every card."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.orm import Session

from passes.cards import card as cards
from passes.cards import rollout
from passes.cards.announcement import Announcement
from passes.delivery import changes
from passes.programmes import design
from passes.programmes.programme import Programme
from tests.makers import NOON, make_card, make_programme


def publish(session: Session, programme: Programme, name: str) -> None:
    """Publish a design that differs in its name, and begin its rollout."""
    look = replace(design.live(session, programme), name=name)
    design.publish(session, programme, look, by="account:1", at=NOON)
    rollout.begin(session, programme, NOON)


def explained(session: Session, statement: str, values: Any) -> str:
    """Return how the database would find what *statement* asks for."""
    connection = session.connection()
    word = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    rows = connection.exec_driver_sql(f"{word} {statement}", values)
    return "\n".join(str(row[-1]) for row in rows)


def test_every_card_is_raised_and_the_rollout_ends(session: Session) -> None:
    programme = make_programme(session)
    made = [make_card(session, programme) for _ in range(7)]
    publish(session, programme, "New")

    assert rollout.behind(session) == [programme.id]
    assert rollout.step(session, programme.id, NOON) == 7
    assert rollout.step(session, programme.id, NOON) == 0

    assert {card.design_version for card in made} == {2}
    assert {card.revision for card in made} == {2}
    assert rollout.behind(session) == []


def test_progress_is_told_in_cards(session: Session) -> None:
    programme = make_programme(session)
    for _ in range(3):
        make_card(session, programme)
    publish(session, programme, "New")

    before = rollout.progress(session, programme)
    rollout.step(session, programme.id, NOON)
    after = rollout.progress(session, programme)

    assert before is not None
    assert after is not None
    assert (before.raised, before.total) == (0, 3)
    assert (after.raised, after.total) == (3, 3)


def test_the_most_recently_active_cards_come_first(session: Session) -> None:
    programme = make_programme(session)
    made = [make_card(session, programme) for _ in range(rollout.CHUNK + 1)]
    for number, card in enumerate(made):
        card.last_active_at = NOON + timedelta(seconds=number)
    session.flush()
    publish(session, programme, "New")

    rollout.step(session, programme.id, NOON)

    assert made[0].design_version == 1
    assert made[1].design_version == 2


def test_a_chunk_is_found_in_the_index_and_not_sorted(session: Session) -> None:
    programme = make_programme(session)
    make_card(session, programme)
    publish(session, programme, "New")
    statements: list[tuple[str, Any]] = []

    def hear(*told: Any) -> None:
        statements.append((told[2], told[3]))

    connection = session.connection()
    if connection.dialect.name == "postgresql":
        # So few rows are quicker read whole.
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        connection.execute(text("SET LOCAL enable_bitmapscan = off"))
    event.listen(connection, "before_cursor_execute", hear)
    rollout.step(session, programme.id, NOON)
    event.remove(connection, "before_cursor_execute", hear)

    chosen = [one for one in statements if "last_active_at DESC" in one[0]]
    assert chosen
    for statement, values in chosen:
        plan = explained(session, statement, values)
        assert "ix_card_rollout" in plan
        assert "Sort" not in plan
        assert "ORDER BY" not in plan


def test_looking_at_the_progress_counts_no_cards(session: Session) -> None:
    programme = make_programme(session)
    make_card(session, programme)
    publish(session, programme, "New")
    statements: list[str] = []

    def hear(*told: Any) -> None:
        statements.append(told[2])

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", hear)
    session.expire_all()
    rollout.progress(session, programme)
    event.remove(connection, "before_cursor_execute", hear)

    assert statements
    assert not any("count(" in statement for statement in statements)


def test_a_new_design_does_not_silence_a_tier_that_was_just_reached(
    session: Session,
) -> None:
    programme = make_programme(session)
    card = make_card(session, programme)
    held = cards.lock(session, card.id)
    cards.revise(session, held, NOON, announce=Announcement.TIER)
    changes.settle(session, (), NOON)
    publish(session, programme, "New")

    rollout.step(session, programme.id, NOON + timedelta(minutes=1))

    assert card.announcement == "tier"


def test_a_paused_rollout_waits(session: Session) -> None:
    programme = make_programme(session)
    make_card(session, programme)
    publish(session, programme, "New")

    rollout.pause(session, programme, NOON)
    session.flush()
    assert rollout.step(session, programme.id, NOON) == 0
    assert rollout.behind(session) == []

    rollout.pause(session, programme, None)
    session.flush()
    assert rollout.step(session, programme.id, NOON) == 1


def test_a_newer_design_takes_over_an_unfinished_rollout(session: Session) -> None:
    programme = make_programme(session)
    card = make_card(session, programme)
    publish(session, programme, "Second")
    publish(session, programme, "Third")

    rollout.step(session, programme.id, NOON)
    rollout.step(session, programme.id, NOON)

    assert card.design_version == 3
    assert rollout.behind(session) == []


def test_cards_that_are_further_behind_come_first(session: Session) -> None:
    programme = make_programme(session)
    first = make_card(session, programme)
    publish(session, programme, "Second")
    second = make_card(session, programme, at=NOON + timedelta(hours=1))
    publish(session, programme, "Third")

    rollout.step(session, programme.id, NOON)
    assert (first.design_version, second.design_version) == (3, 2)

    rollout.step(session, programme.id, NOON)
    assert second.design_version == 3


def test_a_card_that_was_opened_meanwhile_does_not_count(session: Session) -> None:
    programme = make_programme(session)
    make_card(session, programme)
    publish(session, programme, "New")
    late = make_card(session, programme)
    late.design_version = 1
    session.flush()

    rollout.step(session, programme.id, NOON)

    progress = rollout.progress(session, programme)
    assert progress is not None
    assert (progress.raised, progress.total) == (1, 1)


def test_cards_of_other_programmes_stay_as_they_are(session: Session) -> None:
    programme, other = make_programme(session), make_programme(session, "other")
    theirs = make_card(session, other)
    make_card(session, programme)
    publish(session, programme, "New")

    rollout.step(session, programme.id, NOON)

    assert theirs.revision == 1


def test_raised_cards_wait_behind_people(session: Session) -> None:
    programme = make_programme(session)
    card = make_card(session, programme)
    changes.settle(session, (), NOON)
    publish(session, programme, "New")

    rollout.step(session, programme.id, NOON)

    assert session.info["palier.changed"] == {card.id: changes.Priority.MASS}
