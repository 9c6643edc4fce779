"""Erasure: whoever meets it, a person that was forgotten stays so."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError

import pytest
from sqlalchemy.orm import Session

from passes import db
from passes.cards import card as cards
from passes.cards import finding, holder
from passes.db import Sessions
from passes.errors import NotFoundError
from passes.people import member as members
from passes.people.member import Details, Member
from passes.privacy import erasure
from passes.programmes.programme import Programme
from tests.makers import MANAGER, NOON, Shop, make_shop

NEW = Details(name="Bea Cole", email="bea@example.org", birthday="02-03")

Work = Callable[[Session, Programme, Member], None]


def change(session: Session, programme: Programme, member: Member) -> None:
    """Tell other details of the member."""
    holder.change(session, programme, member, NEW, at=NOON)


def erase(session: Session, _: Programme, member: Member) -> None:
    """Forget the member."""
    erasure.erase(session, member, actor=MANAGER, at=NOON)


def found(session: Session) -> Shop:
    """Return a shop whose member holds a second card."""
    shop = make_shop(session)
    cards.open_card(session, shop.programme, shop.member.id, NOON)
    return shop


def test_erasing_voids_every_card(session: Session) -> None:
    shop = found(session)

    erasure.erase(session, shop.member, actor=MANAGER, at=NOON)

    held = finding.of_member(session, shop.member.id)
    assert [card.status for card in held] == ["void", "void"]


@pytest.mark.parametrize("work", [change, erase])
def test_whoever_read_the_member_before_finds_nobody(
    session: Session, work: Work
) -> None:
    shop = found(session)
    erasure.erase(session, shop.member, actor=MANAGER, at=NOON)

    with pytest.raises(NotFoundError):
        work(session, shop.programme, shop.member)

    assert shop.member.name is None


@pytest.mark.parametrize("first", [change, erase])
def test_a_change_that_meets_an_erasure_brings_nobody_back(
    sessions: Sessions, first: Work
) -> None:
    with db.write(sessions) as session:
        shop = found(session)
    # On SQLite the second one begins when the first one has ended.
    read = Barrier(2, timeout=0.5)

    def run(work: Work) -> None:
        with suppress(NotFoundError), db.write(sessions) as session:
            programme = session.get_one(Programme, shop.programme.id)
            member = members.by_public_id(session, programme.id, shop.member.public_id)
            with suppress(BrokenBarrierError):
                read.wait()
            work(session, programme, member)

    second = erase if first is change else change
    with ThreadPoolExecutor(2) as pool:
        for running in [pool.submit(run, first), pool.submit(run, second)]:
            running.result()

    with db.read(sessions) as session:
        member = session.get_one(Member, shop.member.id)
    assert member.erased_at == NOON
    assert (member.name, member.email, member.birthday) == (None, None, None)
