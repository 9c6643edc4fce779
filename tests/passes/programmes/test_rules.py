"""Rules are versions; a bad one is refused by name."""

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from passes import db
from passes.db import Sessions
from passes.errors import InvalidError, NotFoundError
from passes.programmes import rules
from passes.programmes.programme import Programme
from passes.programmes.rules import STARTER, Rules, TierRule
from tests.makers import NOON, make_programme

BRONZE = STARTER.tiers[0]


def test_a_new_version_leaves_the_old_one_as_it_was(session: Session) -> None:
    programme = make_programme(session)

    rules.publish(session, programme, replace(STARTER, points_per_unit=5), NOON)

    assert rules.live(session, programme).points_per_unit == 5
    assert rules.live(session, programme).version == 2
    assert rules.version(session, programme.id, 1) == replace(STARTER, version=1)


def test_an_unknown_version_is_said_so(session: Session) -> None:
    programme = make_programme(session)

    with pytest.raises(NotFoundError):
        rules.version(session, programme.id, 9)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (replace(STARTER, points_per_unit=0), "points_per_unit"),
        (replace(STARTER, points_per_unit=1001), "points_per_unit"),
        (replace(STARTER, tiers=()), "tiers"),
        (replace(STARTER, tiers=(replace(BRONZE, threshold=5),)), "tiers"),
        (replace(STARTER, tiers=(BRONZE, BRONZE)), "tiers"),
        (replace(STARTER, tiers=STARTER.tiers[:1] * 13), "tiers"),
        (replace(STARTER, tiers=(TierRule({"fr": "Un"}, 0, "#000000"),)), "tiers"),
    ],
)
def test_bad_rules_name_their_field(session: Session, wrong: Rules, field: str) -> None:
    programme = make_programme(session)

    with pytest.raises(InvalidError) as refusal:
        rules.publish(session, programme, wrong, NOON)

    assert refusal.value.field == field
    assert programme.rules_version == 1


def test_rules_that_were_undone_are_not_remembered(sessions: Sessions) -> None:
    with db.write(sessions) as session:
        shop = make_programme(session).id

    def fail() -> None:
        with db.write(sessions) as session:
            programme = session.get_one(Programme, shop)
            rules.publish(session, programme, replace(STARTER, points_per_unit=9), NOON)
            assert rules.live(session, programme).points_per_unit == 9
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    with db.write(sessions) as session:
        programme = session.get_one(Programme, shop)
        with pytest.raises(NotFoundError):
            rules.version(session, shop, 2)
        rules.publish(session, programme, replace(STARTER, points_per_unit=5), NOON)
    with db.read(sessions) as session:
        assert rules.version(session, shop, 2).points_per_unit == 5


def test_what_was_read_is_remembered_for_later_transactions(
    sessions: Sessions,
) -> None:
    with db.write(sessions) as session:
        shop = make_programme(session).id
    with db.read(sessions) as session:
        first = rules.version(session, shop, 1)

    with db.read(sessions) as session:
        assert rules.version(session, shop, 1) is first
