"""The till: find, enter, confirm, undo."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from passes.cards import card as cards
from passes.cards.card import Card
from passes.errors import InvalidError
from passes.loyalty.purchases import Purchase
from passes.people.actor import Role
from passes.programmes import programme as programmes
from tests.makers import make_card, make_programme
from tests.web.clocks import HeldClock
from tests.web.servers import Browser, Worker
from web.services import Services
from web.staff import amounts


class Till:
    """A member of the team at the till, with one card to serve."""

    def __init__(self, services: Services, worker: Worker) -> None:
        self.services = services
        self.browser: Browser = worker.browser
        with services.write() as session:
            programme = programmes.by_id(session, worker.programme_id)
            self.card = make_card(session, programme)
        self.page = f"/staff/cards/{self.card.public_id}"

    def find(self, code: str) -> TestResponse:
        """Type a code."""
        return self.browser.send("/staff/", "/staff/find", code=code)

    def send(self, to: str, **fields: str) -> TestResponse:
        """Send a form of the card's page."""
        return self.browser.send(self.page, f"{self.page}/{to}", **fields)

    def balance(self) -> int:
        """Return what the card holds."""
        with self.services.read() as session:
            return session.get_one(Card, self.card.id).balance


@pytest.fixture
def till(services: Services, sign_in: Callable[..., Worker]) -> Till:
    """Staff at the till."""
    return Till(services, sign_in(Role.STAFF))


@pytest.fixture
def managers_till(services: Services, sign_in: Callable[..., Worker]) -> Till:
    """A manager at the till."""
    return Till(services, sign_in(Role.MANAGER))


def test_either_code_leads_to_the_card(till: Till) -> None:
    for code in (till.card.code, till.card.short_code, till.card.short_code.lower()):
        answer = till.find(code)

        assert (answer.status_code, answer.headers["Location"]) == (303, till.page)


def test_a_wrong_code_says_so_and_asks_again(till: Till) -> None:
    answer = till.find("AAAAA-AAAAA")

    assert answer.status_code == 404
    assert 'id="code-error"' in answer.text


def test_too_many_wrong_codes_are_stopped(till: Till) -> None:
    answers = [till.find("AAAAA-AAAAA").status_code for _ in range(22)]

    assert answers == [404] * 20 + [429] * 2


def test_the_till_sees_nothing_private(till: Till, services: Services) -> None:
    page = till.browser.get(till.page).text

    assert "Anna B." in page
    assert "Bell" not in page
    assert till.card.code not in page
    assert till.card.page_token not in page


def test_the_preview_tells_what_will_be_given_and_writes_nothing(till: Till) -> None:
    answer = till.send("quote", amount="12,50")

    assert "+12" in answer.text
    assert till.balance() == 0


def test_confirming_gives_the_points_and_shows_them(till: Till) -> None:
    answer = till.send("earn", amount="12,50", key="k1")

    assert answer.status_code == 303
    page = till.browser.get(answer.headers["Location"]).text
    assert '<p class="verdict__points">+12</p>' in page
    assert till.balance() == 12


def test_a_double_tap_gives_once(till: Till, services: Services) -> None:
    first = till.send("earn", amount="12,50", key="k1")
    second = till.send("earn", amount="12,50", key="k1")

    assert first.headers["Location"] == second.headers["Location"]
    assert till.balance() == 12
    with services.read() as session:
        assert session.scalar(select(func.count()).select_from(Purchase)) == 1


def undo_form(page: str) -> tuple[str, str]:
    """Return where the first undo form leads, and its key."""
    found = re.search(
        r'action="(/staff/cards/[^"]+/undo)".*?name="key" value="([^"]+)"',
        page,
        re.DOTALL,
    )
    assert found
    return found[1], found[2]


def test_staff_take_back_what_they_gave(till: Till) -> None:
    done = till.send("earn", amount="12,50", key="k1").headers["Location"]
    address, key = undo_form(till.browser.get(done).text)

    answer = till.browser.send(till.page, address, key=key)

    assert answer.headers["Location"] == till.page
    assert till.balance() == 0
    assert "+12" not in till.browser.get(done).text


def test_a_card_takes_back_its_own_movements_alone(
    managers_till: Till, services: Services
) -> None:
    done = managers_till.send("earn", amount="12,50", key="k1").headers["Location"]
    address, key = undo_form(managers_till.browser.get(done).text)
    with services.write() as session:
        programme = programmes.by_slug(session, "cafe")
        other = make_card(session, programme).public_id

    answer = managers_till.browser.send(
        managers_till.page,
        address.replace(managers_till.card.public_id, other),
        key=key,
    )

    assert answer.status_code == 404
    assert managers_till.balance() == 12


def test_after_a_quarter_of_an_hour_it_is_a_managers_affair(
    till: Till, clock: HeldClock
) -> None:
    done = till.send("earn", amount="12,50", key="k1").headers["Location"]
    address, key = undo_form(till.browser.get(done).text)
    clock.move(minutes=14)
    till.browser.get(till.page)
    clock.move(minutes=2)

    assert "/undo" not in till.browser.get(till.page).text
    till.browser.send(till.page, address, key=key)
    assert till.balance() == 12
    assert "15" in till.browser.get(till.page).text


@pytest.mark.parametrize(
    "amount",
    [
        "",
        "0",
        "-5",
        "1e3",
        "12.505",
        "NaN",
        "\uff11\uff12",
        "99999999",
        "1 000 000,00x",
    ],
)
def test_an_impossible_amount_is_shown_at_its_field(till: Till, amount: str) -> None:
    answer = till.send("quote", amount=amount)

    assert answer.status_code == 422
    assert 'id="amount-error"' in answer.text


def test_an_altered_amount_is_refused_on_the_server(till: Till) -> None:
    assert till.send("earn", amount="-5", key="k1").status_code == 422
    assert till.balance() == 0


def test_a_form_without_a_key_is_refused(till: Till) -> None:
    assert till.send("earn", amount="5").status_code == 422
    assert till.balance() == 0


def test_managers_correct_points_with_a_reason(managers_till: Till) -> None:
    managers_till.send("adjust", points="+20", reason="Welcome", key="k1")
    managers_till.send("adjust", points="\N{MINUS SIGN}5", reason="Mistake", key="k2")

    assert managers_till.balance() == 15


@pytest.mark.parametrize(
    ("points", "reason"), [("x", "Why"), ("0", "Why"), ("5", " "), ("9" * 30, "Why")]
)
def test_a_bad_correction_says_why(
    managers_till: Till, points: str, reason: str
) -> None:
    answer = managers_till.send("adjust", points=points, reason=reason, key="k1")

    assert answer.status_code == 422
    assert managers_till.balance() == 0


def test_no_more_can_be_taken_than_there_is(managers_till: Till) -> None:
    answer = managers_till.send("adjust", points="-5", reason="Why", key="k1")

    page = managers_till.browser.get(answer.headers["Location"]).text
    assert 'role="alert"' in page
    assert managers_till.balance() == 0


@pytest.mark.parametrize("act", ["adjust", "void"])
def test_staff_neither_correct_nor_end_a_card(till: Till, act: str) -> None:
    answer = till.send(act, points="5", reason="Why", key="k1")

    assert answer.status_code == 403
    assert till.balance() == 0


def test_a_card_that_was_ended_takes_nothing_more(managers_till: Till) -> None:
    managers_till.send("void")

    answer = managers_till.send("earn", amount="5", key="k1")

    page = managers_till.browser.get(answer.headers["Location"]).text
    assert 'role="alert"' in page
    assert managers_till.balance() == 0
    assert 'id="amount"' not in page


def test_an_expired_card_takes_nothing_more(till: Till) -> None:
    with till.services.write() as session:
        card = cards.lock(session, till.card.id)
        cards.set_end(session, card, till.services.clock(), till.services.clock())

    answer = till.send("earn", amount="5", key="k1")

    page = till.browser.get(answer.headers["Location"]).text
    assert 'role="alert"' in page
    assert till.balance() == 0
    assert 'id="amount"' not in page


def test_a_card_of_another_programme_is_not_there(
    till: Till, services: Services
) -> None:
    with services.write() as session:
        theirs = make_card(session, make_programme(session, "other"))

    assert till.find(theirs.code).status_code == 404
    assert till.browser.get(f"/staff/cards/{theirs.public_id}").status_code == 404
    answer = till.browser.send(
        till.page, f"/staff/cards/{theirs.public_id}/earn", amount="5", key="k1"
    )
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("typed", "decimals", "minor"),
    [
        ("12", 2, 1200),
        ("12,5", 2, 1250),
        ("12.50", 2, 1250),
        ("500", 0, 500),
        ("1 234,50", 2, 123_450),
        ("1\u202f234\u202f567,5", 2, 123_456_750),
        (" 1234567 ", 2, 123_456_700),
        ("12.500", 3, 12_500),
        ("0.01", 2, 1),
    ],
)
def test_amounts_are_read_as_people_type_them(
    typed: str, decimals: int, minor: int
) -> None:
    assert amounts.read(typed, decimals) == minor


@pytest.mark.parametrize(
    "typed", ["12 50", "1 23", "1234 567", "1  234", "12, 50", "12 .5", "1,234.50"]
)
def test_an_amount_that_could_be_read_in_two_ways_is_refused(typed: str) -> None:
    with pytest.raises(InvalidError):
        amounts.read(typed, 2)


@pytest.mark.parametrize(
    ("typed", "decimals"),
    [("0.001", 2), ("1.250", 2), ("1.5", 0), ("1.0", 0), ("1.2.3", 2)],
)
def test_finer_amounts_than_the_currency_has_are_refused(
    typed: str, decimals: int
) -> None:
    with pytest.raises(InvalidError):
        amounts.read(typed, decimals)
