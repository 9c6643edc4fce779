"""Designs: drafts, versions, and what is refused."""

from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from passes import db
from passes.db import Sessions
from passes.errors import InvalidError, NotFoundError
from passes.programmes import design, media
from passes.programmes.design import Design, Spot
from passes.programmes.media import MediaFiles
from tests.makers import NOON, make_programme

LOOK = design.starter("Café", "bonjour@example.org")


@pytest.mark.parametrize(
    ("currency", "rate", "french", "english"),
    [
        ("EUR", 1, "1 € dépensé = 1 point.", "1 point for each euro you spend."),
        (
            "CAD",
            10,
            "1 $CA dépensé = 10 points.",
            "10 points for each Canadian dollar you spend.",
        ),
        (
            "JPY",
            1,
            "1 JPY dépensé = 1 point.",
            "1 point for each Japanese yen you spend.",
        ),
    ],
)
def test_a_new_programmes_card_says_what_its_own_money_earns(
    currency: str, rate: int, french: str, english: str
) -> None:
    look = design.starter("Café", "tel", currency=currency, points_per_unit=rate)

    assert look.rules[0] == {"fr": french, "en": english}


def test_what_is_saved_is_a_draft_that_nobody_sees(session: Session) -> None:
    programme = make_programme(session)

    design.save(session, programme, replace(LOOK, name="New"), NOON)

    assert design.draft(session, programme).name == "New"
    assert design.live(session, programme).name != "New"
    assert programme.design_version == 1


def test_publishing_makes_a_version_and_empties_the_draft(session: Session) -> None:
    programme = make_programme(session)
    look = replace(LOOK, name="New")
    design.save(session, programme, look, NOON)

    assert design.publish(session, programme, look, by="account:1", at=NOON) == 2

    assert design.live(session, programme) == look
    assert design.draft(session, programme) == look
    assert design.version(session, programme.id, 1).name == programme.name


def test_publishing_what_is_live_changes_nothing(session: Session) -> None:
    programme = make_programme(session)
    live = design.live(session, programme)

    assert design.publish(session, programme, live, by="account:1", at=NOON) == 1


def test_a_design_is_read_back_whole(session: Session) -> None:
    programme = make_programme(session)
    here = Spot(48.85, 2.35, {"fr": "Tout près", "en": "Nearby"})
    look = replace(LOOK, website="https://example.org", places=(here,))

    design.save(session, programme, look, NOON)

    assert design.draft(session, programme) == look


def test_a_version_from_before_the_changing_code_has_none() -> None:
    old = dict(design.document(replace(LOOK, rotating_code=True)))
    del old["rotating_code"]

    assert design.read(old).rotating_code is False


def test_a_text_in_good_french_is_taken_as_it_is(session: Session) -> None:
    programme = make_programme(session)
    said = "Un café\N{NARROW NO-BREAK SPACE}! À 1\N{NO-BREAK SPACE}€."
    look = replace(LOOK, terms={"fr": said, "en": "A coffee! For €1."})

    design.save(session, programme, look, NOON)

    assert design.draft(session, programme).terms["fr"] == said


@pytest.mark.parametrize(
    ("look", "field"),
    [
        (replace(LOOK, name=" "), "name"),
        (replace(LOOK, name="x" * 41), "name"),
        (replace(LOOK, organisation="a\x00"), "organisation"),
        (replace(LOOK, background="red"), "background"),
        (replace(LOOK, label="#12345"), "label"),
        (replace(LOOK, foreground="#FFFFFF"), "foreground"),
        (replace(LOOK, rules=LOOK.rules * 2), "rules"),
        (replace(LOOK, terms={"fr": "Oui"}), "terms"),
        (replace(LOOK, website="javascript:alert(1)"), "website"),
        (replace(LOOK, logo="0" * 64), "logo"),
        (replace(LOOK, places=(Spot(91.0, 0.0, LOOK.terms),)), "places"),
        (replace(LOOK, places=(Spot(0.0, 0.0, LOOK.terms),) * 11), "places"),
        (replace(LOOK, places=(Spot(float("nan"), 0.0, LOOK.terms),)), "places"),
    ],
)
def test_bad_input_names_its_field(session: Session, look: Design, field: str) -> None:
    programme = make_programme(session)

    with pytest.raises(InvalidError) as refusal:
        design.save(session, programme, look, NOON)

    assert refusal.value.field == field
    assert programme.design_version == 1


def test_a_picture_belongs_to_the_programme_that_gave_it(
    session: Session, tmp_path: Path
) -> None:
    programme, other = make_programme(session), make_programme(session, "other")
    files = MediaFiles(tmp_path / "media")
    logo = media.add(session, files, programme.id, b"png", size=(10, 10), at=NOON)

    design.save(session, programme, replace(LOOK, logo=logo), NOON)
    with pytest.raises(InvalidError):
        design.save(session, other, replace(LOOK, logo=logo), NOON)


def test_a_picture_is_named_by_what_it_holds(session: Session, tmp_path: Path) -> None:
    programme = make_programme(session)
    files = MediaFiles(tmp_path / "media")

    names = {
        media.add(session, files, programme.id, b"png", size=(1, 1), at=NOON)
        for _ in range(2)
    }

    (name,) = names
    assert files.load(name) == b"png"


def test_two_may_give_the_same_picture_at_once(
    sessions: Sessions, tmp_path: Path
) -> None:
    files = MediaFiles(tmp_path / "media")
    with db.write(sessions) as session:
        programme = make_programme(session)

    def add() -> str:
        with db.write(sessions) as session:
            return give(session)

    def give(session: Session) -> str:
        return media.add(session, files, programme.id, b"png", size=(1, 1), at=NOON)

    with ThreadPoolExecutor(1) as pool:
        with db.write(sessions) as session:
            first = give(session)
            second = pool.submit(add)
            wait([second], timeout=0.3)

        assert second.result() == first


@pytest.mark.parametrize("name", ["", "../palier.db", "0" * 63, "0" * 64, "A" * 64])
def test_no_other_name_reaches_a_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "palier.db").write_bytes(b"secret")

    with pytest.raises(NotFoundError):
        MediaFiles(tmp_path).load(name)
