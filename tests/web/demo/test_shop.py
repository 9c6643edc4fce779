"""The demo café: plausible, proved, and the same every time."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from passes import migrations
from passes.cards.card import Card
from passes.loyalty import verification
from passes.loyalty.entry import Entry
from passes.loyalty.purchases import Purchase
from passes.people.member import Member
from tests.makers import make_programme
from tests.web.clocks import HeldClock
from wallet_apple.tables import ApplePass
from web import services
from web.config import ConfigurationError, Settings
from web.demo import history, preparing, shop, sign_ins
from web.services import Services


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """A server's services on a database with the demo in it."""
    folder = tmp_path_factory.mktemp("demo")
    settings = Settings.model_validate({"data_dir": folder / "var"})
    settings.prepare()
    made = services.build(settings, clock=HeldClock())
    migrations.upgrade(made.sessions.engine)
    shop.build(made)
    yield made
    made.sessions.engine.dispose()


def test_the_same_people_come_every_time() -> None:
    crowd = history.guests()

    assert crowd == history.guests()
    assert list(history.visits(crowd)) == list(history.visits(crowd))


def test_nobody_buys_before_joining() -> None:
    crowd = history.guests()

    assert all(
        visit.after >= crowd[visit.guest].joined for visit in history.visits(crowd)
    )


def test_forty_members_hold_a_card_and_its_pass(built: Services) -> None:
    with built.read() as session:
        counted = [
            session.scalar(select(func.count()).select_from(table))
            for table in (Member, Card, ApplePass)
        ]

    assert counted == [history.MEMBERS] * 3


def test_the_history_is_proved(built: Services) -> None:
    with built.read() as session:
        assert list(verification.verify(session)) == []


def test_nothing_happens_in_the_future(built: Services) -> None:
    with built.read() as session:
        latest = session.scalar(select(func.max(Entry.recorded_at)))

    assert latest is not None
    assert latest < built.clock()


def test_the_history_spans_three_months(built: Services) -> None:
    with built.read() as session:
        days = session.scalars(select(Purchase.business_day)).all()

    assert len(days) > 300
    assert len(set(days)) > 75


def test_members_are_on_every_tier(built: Services) -> None:
    with built.read() as session:
        tiers = Counter(session.scalars(select(Card.tier)))

    assert set(tiers) == {0, 1, 2}


def test_the_sign_ins_stay_the_same(built: Services) -> None:
    first = sign_ins.given(built)

    assert sign_ins.given(built) == first
    kept = built.settings.data_dir / sign_ins.FILE
    assert kept.stat().st_mode & 0o077 == 0


def test_lost_sign_ins_are_replaced(built: Services) -> None:
    first = sign_ins.given(built)
    (built.settings.data_dir / sign_ins.FILE).unlink()

    again = sign_ins.given(built)

    assert again.passwords.keys() == first.passwords.keys()
    assert again.passwords != first.passwords


def test_the_demo_is_refused_for_a_public_address(tmp_path: Path) -> None:
    public = {"data_dir": tmp_path / "var", "base_url": "https://shop.example"}

    with pytest.raises(ConfigurationError, match="this machine alone"):
        preparing.prepare(Settings.model_validate(public))


def test_beginning_anew_never_removes_another_programme(tmp_path: Path) -> None:
    settings = Settings.model_validate({"data_dir": tmp_path / "var"})
    settings.prepare()
    made = services.build(settings)
    migrations.upgrade(made.sessions.engine)
    with made.write() as session:
        make_programme(session, "bakery")
    made.sessions.engine.dispose()

    with pytest.raises(ConfigurationError, match="holds bakery too"):
        preparing.reset(settings)

    assert (tmp_path / "var" / "palier.db").exists()
