"""Members: what they tell, and who a contact belongs to."""

from dataclasses import replace
from functools import partial

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from passes.errors import ContactTakenError, InvalidError, NotFoundError
from passes.people import member as members
from passes.people.member import Details
from passes.programmes.programme import Programme
from tests.makers import NOON, make_member, make_programme


def test_a_member_needs_neither_name_nor_contact(session: Session) -> None:
    member = make_member(session, make_programme(session), Details())

    assert (member.name, member.email, member.phone) == (None, None, None)
    assert member.language == "fr"


@pytest.mark.parametrize("typed", ["06 12 34 56 78", "+33612345678", "0612-345-678"])
def test_a_telephone_number_is_kept_in_one_form(session: Session, typed: str) -> None:
    member = make_member(session, make_programme(session), Details(phone=typed))

    assert member.phone == "+33612345678"


def test_an_address_is_kept_in_lower_case(session: Session) -> None:
    told = Details(email=" Anna@Example.ORG ")

    assert (
        make_member(session, make_programme(session), told).email == "anna@example.org"
    )


@pytest.mark.parametrize(
    ("details", "field"),
    [
        (Details(email="anna"), "email"),
        (Details(email="a@b"), "email"),
        (Details(email="a b@example.org"), "email"),
        (Details(email=f"{'a' * 65}@example.org"), "email"),
        (Details(phone="12"), "phone"),
        (Details(phone="0" * 500), "phone"),
        (Details(phone="call me"), "phone"),
        (Details(birthday="02-30"), "birthday"),
        (Details(birthday="1990-02-03"), "birthday"),
        (Details(name="x" * 81), "name"),
        (Details(name="a\u202eb"), "name"),
        (Details(language="de"), "locale"),
    ],
)
def test_bad_input_names_its_field(
    session: Session, details: Details, field: str
) -> None:
    programme = make_programme(session)

    with pytest.raises(InvalidError) as refusal:
        make_member(session, programme, details)

    assert refusal.value.field == field


def test_the_29th_of_february_is_a_birthday(session: Session) -> None:
    told = Details(birthday="02-29")

    assert make_member(session, make_programme(session), told).birthday == "02-29"


@pytest.mark.parametrize(
    ("details", "field"),
    [
        (Details(email="anna@example.org"), "email"),
        (Details(email="anna@phone.example"), "email"),
        (Details(phone="06 12 34 56 78"), "phone"),
    ],
)
def test_a_confirmed_contact_belongs_to_one_member(
    session: Session, details: Details, field: str
) -> None:
    programme = make_programme(session)
    make_member(session, programme, details)

    with pytest.raises(ContactTakenError) as refusal:
        make_member(session, programme, details)

    assert refusal.value.field == field


def test_an_unconfirmed_contact_says_nothing_of_who_is_a_member(
    session: Session,
) -> None:
    programme = make_programme(session)
    told = Details(email="anna@example.org")
    first = make_member(session, programme, told)

    second = members.add(session, programme, told, confirmed=False, at=NOON)

    assert first.email_confirmed_at == NOON
    assert second.email_confirmed_at is None


def test_any_other_refusal_of_the_database_is_no_taken_contact(
    session: Session,
) -> None:
    unknown = Programme(id=404, language="fr", region="FR")

    with pytest.raises(IntegrityError):
        make_member(session, unknown, Details(email="anna@example.org"))


def test_another_programme_may_know_the_same_person(session: Session) -> None:
    told = Details(email="anna@example.org")
    make_member(session, make_programme(session), told)

    make_member(session, make_programme(session, "other"), told)


def test_a_refused_change_leaves_the_member_as_it_was(session: Session) -> None:
    programme = make_programme(session)
    make_member(session, programme, Details(email="anna@example.org"))
    member = make_member(session, programme, Details(email="bea@example.org"))

    with pytest.raises(ContactTakenError):
        members.change(
            session, programme, member, Details(email="anna@example.org"), NOON
        )

    session.refresh(member)
    assert member.email == "bea@example.org"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("anna", True),
        ("BELL", True),
        ("06 12 34", True),
        ("+33 6 12", True),
        ("", True),
        ("%", False),
        ("_", False),
        ("bea", False),
        ("07 99", False),
    ],
)
def test_search_takes_words_as_they_are(
    session: Session, words: str, *, found: bool
) -> None:
    programme = make_programme(session)
    make_member(session, programme, Details(name="Anna Bell", phone="+33612345678"))

    assert bool(members.search(session, programme.id, words, after=0, limit=9)) is found


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Élodie Œuvrard", "élodie"),
        ("Élodie Œuvrard", "ELODIE  oeuv"),
        ("Elodie", "ÉLODIE"),
        ("E\u0301lodie", "élo"),
        ("Jürgen Groß", "GROSS"),
        ("Søren Łuczak", "soren l"),
    ],
)
def test_search_minds_neither_accents_nor_case(
    session: Session, name: str, words: str
) -> None:
    programme = make_programme(session)
    member = make_member(session, programme, Details(name=name))

    assert members.search(session, programme.id, words, after=0, limit=9) == [member]


def test_search_knows_a_new_name_and_forgets_the_old_one(session: Session) -> None:
    programme = make_programme(session)
    member = make_member(session, programme, Details(name="Élodie"))

    members.change(session, programme, member, Details(name="Chloé"), NOON)

    found = partial(members.search, session, programme.id, after=0, limit=9)
    assert found("chloe") == [member]
    assert found("elodie") == []


def test_erasing_forgets_the_person_and_keeps_the_row(session: Session) -> None:
    programme = make_programme(session)
    told = Details(name="Anna", email="a@example.org", phone="0612345678")
    member = make_member(session, programme, replace(told, birthday="02-03"))

    members.erase(session, member, NOON)

    assert (member.name, member.email, member.phone, member.birthday) == (None,) * 4
    assert member.name_search is None
    with pytest.raises(NotFoundError):
        members.by_public_id(session, programme.id, member.public_id)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Anna Bell", "Anna B."),
        ("Anna", "Anna"),
        (None, None),
        ("Ann de la Tour", "Ann T."),
    ],
)
def test_the_till_sees_first_name_and_initial(
    session: Session, name: str | None, shown: str | None
) -> None:
    member = make_member(session, make_programme(session), Details(name=name))

    assert members.short_name(member) == shown
