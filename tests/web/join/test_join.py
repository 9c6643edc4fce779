"""A customer joins with one short form."""

import re
from typing import cast

import pytest
from sqlalchemy import func, select

from passes import names
from passes.cards.card import Card
from passes.people.audit import AuditRecord
from passes.people.consent import Consent
from passes.people.member import Member
from tests.makers import make_programme
from tests.web.clocks import HeldClock
from tests.web.servers import Browser, Server
from web import idempotency
from web.idempotency import Answer
from web.services import Services

JOIN = "/join/cafe"
KEY = "0123456789ABCDEFGHJK"


@pytest.fixture
def customer(services: Services, site_client: Browser) -> Browser:
    """A customer's browser, in front of a café that gives cards."""
    with services.write() as session:
        make_programme(session)
    return site_client


def key(page: str) -> str:
    """Return the key that the form carries."""
    found = re.search(r'name="key" value="([^"]+)"', page)
    assert found
    return found[1]


def count(services: Services, table: type) -> int:
    """Return how many rows there are."""
    with services.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_an_empty_form_gives_a_card_at_once(
    customer: Browser, services: Services
) -> None:
    answer = customer.send(JOIN, key=KEY)

    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/card/")
    assert customer.get(answer.headers["Location"]).status_code == 200
    assert count(services, Consent) == 0


def test_what_was_told_is_kept_and_the_contact_is_unconfirmed(
    customer: Browser, services: Services
) -> None:
    customer.send(JOIN, key=KEY, name=" Anna  Bell ", contact="06 12 34 56 78")

    with services.read() as session:
        member = session.scalars(select(Member)).one()
    assert (member.name, member.phone) == ("Anna Bell", "+33612345678")
    assert member.phone_confirmed_at is None


def test_an_address_with_an_at_is_an_e_mail_address(
    customer: Browser, services: Services
) -> None:
    customer.send(JOIN, key=KEY, contact="Anna@Example.org")

    with services.read() as session:
        assert session.scalars(select(Member.email)).one() == "anna@example.org"


def test_a_known_contact_looks_exactly_like_a_new_one(
    customer: Browser, services: Services
) -> None:
    first = customer.send(JOIN, key=KEY, contact="anna@example.org")
    second = customer.send(JOIN, key=names.draw(20), contact="anna@example.org")

    assert first.status_code == second.status_code == 303
    assert len(first.headers["Location"]) == len(second.headers["Location"])
    assert count(services, Card) == 2


def test_the_same_form_sent_twice_makes_one_card(
    customer: Browser, services: Services
) -> None:
    first = customer.send(JOIN, key=KEY, name="Anna")
    second = customer.send(JOIN, key=KEY, name="Anna")

    assert first.headers["Location"] == second.headers["Location"]
    assert count(services, Card) == 1


@pytest.mark.parametrize("key", [None, "", "k1", "0123456789abcdefghjk", KEY + "0"])
def test_a_form_without_a_key_of_ours_is_a_joining_of_its_own(
    customer: Browser, server: Server, key: str | None
) -> None:
    fields = {} if key is None else {"key": key}

    first = customer.send(JOIN, **fields)
    second = server.browser().send(JOIN, **fields)

    assert first.status_code == second.status_code == 303
    assert first.headers["Location"] != second.headers["Location"]


def test_a_form_found_again_later_is_a_joining_of_its_own(
    customer: Browser, clock: HeldClock
) -> None:
    first = customer.send(JOIN, key=KEY)
    clock.move(minutes=4)

    # The next customer at the shop's tablet has pressed Back.
    second = customer.send(JOIN, key=KEY)

    assert second.status_code == 303
    assert first.headers["Location"] != second.headers["Location"]


def test_a_person_erased_meanwhile_joins_anew(
    customer: Browser, services: Services
) -> None:
    first = customer.send(JOIN, key=KEY)
    with services.write() as session:
        member = session.scalars(select(Member)).one()
        idempotency.forget(
            session,
            member.programme_id,
            idempotency.about(member.public_id),
            Answer(410, b"erased"),
        )

    second = customer.send(JOIN, key=KEY)

    assert second.status_code == 303
    assert first.headers["Location"] != second.headers["Location"]


def test_each_form_has_a_key_of_its_own(customer: Browser) -> None:
    assert key(customer.get(JOIN).text) != key(customer.get(JOIN).text)


def test_only_ticked_consents_are_given(customer: Browser, services: Services) -> None:
    customer.send(JOIN, key=KEY, contact="a@example.org", email_offers="yes")

    with services.read() as session:
        given = session.scalars(select(Consent)).one()
    assert (given.purpose, given.granted, given.source) == (
        "email_offers",
        True,
        "join",
    )
    assert given.text_version


def test_consents_come_unticked(customer: Browser) -> None:
    assert "checked" not in customer.get(JOIN).text


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("contact", "call me", "contact-error"),
        ("contact", "a@b", "contact-error"),
        ("name", "x" * 81, "name-error"),
        ("name", "a\u202eb", "name-error"),
    ],
)
def test_bad_input_is_shown_at_its_field_and_makes_nothing(
    customer: Browser, services: Services, field: str, value: str, shown: str
) -> None:
    answer = customer.send(JOIN, key=KEY, **{field: value})

    assert answer.status_code == 422
    assert f'id="{shown}"' in answer.text
    assert count(services, Member) == 0


def test_a_mended_form_joins(customer: Browser, services: Services) -> None:
    refused = customer.send(JOIN, key=KEY, contact="call me")

    answer = customer.send(JOIN, key=key(refused.text), contact="0612345678")

    assert answer.status_code == 303
    assert count(services, Card) == 1


def test_a_changed_form_with_a_used_key_asks_again(customer: Browser) -> None:
    customer.send(JOIN, key=KEY, name="Anna")

    answer = customer.send(JOIN, key=KEY, name="Bea")

    assert answer.status_code == 200
    assert "Bea" in answer.text
    assert key(answer.text) != KEY


def test_a_crowd_on_one_network_is_noted_and_never_refused(
    customer: Browser, services: Services
) -> None:
    answers = [customer.send(JOIN, key=names.draw(20)) for _ in range(12)]

    assert {answer.status_code for answer in answers} == {303}
    with services.read() as session:
        query = select(AuditRecord.facts).where(AuditRecord.action == "member.join")
        rows = session.scalars(query.order_by(AuditRecord.id)).all()
    many = [cast("dict[str, bool]", facts)["many"] for facts in rows]
    assert many == [False] * 10 + [True] * 2


def test_an_unknown_programme_is_a_calm_404(customer: Browser) -> None:
    assert customer.get("/join/nowhere").status_code == 404


def test_the_page_speaks_the_readers_language(customer: Browser) -> None:
    french = customer.get(JOIN, headers={"Accept-Language": "fr-CH, de;q=0.5"}).text
    english = customer.get(f"{JOIN}?lang=en", headers={"Accept-Language": "fr"}).text

    assert "Obtenir ma carte" in french
    assert "Get my card" in english


def test_the_page_needs_no_cookie(customer: Browser) -> None:
    assert "Set-Cookie" not in customer.get(JOIN).headers


def test_a_name_is_text_and_never_markup(customer: Browser) -> None:
    evil = "<script>alert(1)</script>"
    card = customer.send(JOIN, key=KEY, name=evil).headers["Location"]

    assert evil not in customer.get(card).text
