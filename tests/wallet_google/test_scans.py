"""A code that changes at the till: the card it is of, now and once."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from passes import db
from passes.cards import card as cards
from passes.cards.card import Card
from passes.errors import CodeReplacedError, NotFoundError
from tests import makers
from tests.makers import NOON
from tests.wallet_google import tills
from wallet_google import errors, objects, rotating, scans
from wallet_google.errors import CodeExpiredError, CodeUsedError
from wallet_google.standin import barcodes, replies
from wallet_google.standin.accounts import ISSUER_ID
from wallet_google.tables import GoogleObject

PERIOD = rotating.PERIOD


def make_saved(session: Session, slug: str = "cafe") -> makers.Shop:
    """Return a shop whose card is to be in Google Wallet."""
    shop = makers.make_shop(session, slug)
    session.flush()
    objects.want(session, shop.card.id, ISSUER_ID, NOON)
    return shop


def shown(session: Session, card: Card, at: datetime) -> str:
    """Return what the card's phone shows, by the row of the card."""
    row = session.scalars(
        select(GoogleObject).where(GoogleObject.card_id == card.id)
    ).one()
    return f"{card.code}.{rotating.value(row.seed, rotating.step(at))}"


def accept(session: Session, shop: makers.Shop, code: str, at: datetime) -> str:
    return scans.accept(session, shop.programme.id, code, at).public_id


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_what_the_phone_shows_is_its_card(session: Session, off: int) -> None:
    shop = make_saved(session)
    code = shown(session, shop.card, NOON + off * PERIOD)

    assert scans.rotates(code)
    assert accept(session, shop, f" {code.lower()}\n", NOON) == shop.card.public_id


@pytest.mark.parametrize("off", [-10_000, -2, 2, 10_000])
def test_a_photo_is_worth_nothing_soon(session: Session, off: int) -> None:
    shop = make_saved(session)
    code = shown(session, shop.card, NOON + off * PERIOD)

    with pytest.raises(CodeExpiredError):
        accept(session, shop, code, NOON)


def test_the_same_code_counts_once(session: Session) -> None:
    shop = make_saved(session)
    code = shown(session, shop.card, NOON)
    accept(session, shop, code, NOON)

    with pytest.raises(CodeUsedError):
        accept(session, shop, code, NOON + PERIOD)
    with pytest.raises(CodeUsedError):
        accept(session, shop, shown(session, shop.card, NOON - PERIOD), NOON)

    later = NOON + PERIOD
    assert accept(session, shop, shown(session, shop.card, later), later)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 200), st.integers(-1, 1)), max_size=12))
def test_each_period_counts_once_and_none_before_it(
    sessions: db.Sessions, moments: list[tuple[int, int]]
) -> None:
    counted: list[int] = []
    with db.write(sessions) as session:
        shop = make_saved(session)
        for seconds, off in sorted(moments):
            at = NOON + timedelta(seconds=seconds)
            code = shown(session, shop.card, at + off * PERIOD)
            try:
                accept(session, shop, code, at)
            except CodeUsedError:
                assert counted[-1] >= rotating.step(at) + off
            else:
                counted.append(rotating.step(at) + off)
        session.rollback()

    assert counted == sorted(set(counted))


def test_of_many_tills_with_one_code_one_has_the_card(sessions: db.Sessions) -> None:
    with db.write(sessions) as session:
        shop = make_saved(session)
        programme_id = shop.programme.id
        code = shown(session, shop.card, NOON)
    together = threading.Barrier(6)

    def ask(_: int) -> bool:
        together.wait(10)
        try:
            db.transact(
                sessions, lambda own: scans.accept(own, programme_id, code, NOON)
            )
        except CodeUsedError:
            return False
        return True

    with ThreadPoolExecutor(6) as tills_:
        served = list(tills_.map(ask, range(6)))

    assert sorted(served) == [False] * 5 + [True]


def test_a_code_is_of_its_own_card_and_programme(session: Session) -> None:
    shop, other = make_saved(session), make_saved(session, "bar")
    code = shown(session, shop.card, NOON)

    with pytest.raises(NotFoundError):
        accept(session, other, code, NOON)
    digits = code.rpartition(".")[2]
    with pytest.raises(CodeExpiredError):
        accept(session, other, f"{other.card.code}.{digits}", NOON)


@pytest.mark.parametrize(
    "code", ["", "x", "L1.00000000000000000000.00.01234567", "é.01234567"]
)
def test_what_is_no_code_has_no_card(session: Session, code: str) -> None:
    shop = make_saved(session)

    with pytest.raises(NotFoundError):
        accept(session, shop, code, NOON)


def test_a_card_that_is_not_at_google_has_no_such_code(session: Session) -> None:
    shop = makers.make_shop(session)

    with pytest.raises(NotFoundError):
        accept(session, shop, f"{shop.card.code}.01234567", NOON)


def test_a_replaced_code_is_told_apart(session: Session) -> None:
    shop = make_saved(session)
    code = shown(session, shop.card, NOON)
    cards.replace_code(session, cards.lock(session, shop.card.id), NOON)

    with pytest.raises(CodeReplacedError):
        accept(session, shop, code, NOON)


def test_a_plain_code_is_no_code_that_changes(session: Session) -> None:
    shop = make_saved(session)

    assert not scans.rotates(shop.card.code)
    assert not scans.rotates(shop.card.short_code)


class TestAtGoogle:
    """The secret goes to Google when the owner wants it, and nowhere else."""

    @pytest.fixture
    def shop(self, sessions: db.Sessions, tmp_path: Path) -> Iterator[tills.Shop]:
        opened = tills.open_shop(sessions, tmp_path / "google")
        yield opened
        opened.wallet.close()
        opened.google.stop()

    def publish(self, shop: tills.Shop, rotating_code: bool) -> None:
        shop.time.sleep(5)
        with shop.changing() as session:
            tills.publish(session, shop, rotating_code=rotating_code)
        shop.settle()

    def test_the_owner_decides_for_every_card(self, shop: tills.Shop) -> None:
        card = shop.new_card()
        assert "rotatingBarcode" not in shop.at_google(card)

        self.publish(shop, True)
        body = shop.at_google(card)
        code = barcodes.rotated(body["rotatingBarcode"], shop.time.now)
        with db.write(shop.sessions) as session:
            found = shop.wallet.accept(session, shop.programme_id, code, shop.time.now)
            assert found.id == card
        # Apple's cards have that one alone, and it stays where no clock is right.
        assert code.startswith(f"{body['barcode']['value']}.")

        self.publish(shop, False)
        assert "rotatingBarcode" not in shop.at_google(card)

    def test_a_secret_is_the_cards_own_and_stays(self, shop: tills.Shop) -> None:
        first, second = shop.new_card(), shop.new_card()
        seed = shop.row(first).seed

        with db.write(shop.sessions) as session:
            objects.want(session, first, ISSUER_ID, shop.time.now)

        assert len(seed) == rotating.SEED
        assert shop.row(first).seed == seed != shop.row(second).seed

    def test_a_refusal_that_quotes_the_secret_is_kept_without(
        self, shop: tills.Shop, capsys: pytest.CaptureFixture[str]
    ) -> None:
        card = shop.new_card()
        key = shop.row(card).seed.hex().upper()
        refused = replies.invalid(f"Invalid key: {key}.").reply
        # The update, and the whole card that follows it.
        shop.google.book.planned += [refused, refused]

        self.publish(shop, True)

        told = shop.row(card).last_error or ""
        assert "Invalid key" in told
        assert key not in told
        assert key not in "".join(capsys.readouterr())

    def test_no_link_and_no_description_of_it_has_the_secret(
        self, shop: tills.Shop
    ) -> None:
        self.publish(shop, True)
        card = shop.new_card()
        seed = shop.row(card).seed

        link = shop.wallet.save_url(card, shop.time.now)
        (parcel,) = shop.wallet.parcels([shop.row(card).id], shop.time.now)

        assert seed == parcel.seed
        for told in (link, repr(parcel)):
            assert seed.hex() not in told.lower()
            assert repr(seed) not in told


def test_the_refusals_are_the_tills_affair() -> None:
    for kind in (CodeUsedError, CodeExpiredError):
        assert not issubclass(kind, errors.GoogleWalletError)
