"""Drafts that come and go, the versions there were, the pictures that are kept."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from passes.programmes import design, media
from passes.programmes.media import MediaFiles
from tests.makers import NOON, make_programme


def test_a_discarded_draft_leaves_what_is_published(session: Session) -> None:
    cafe = make_programme(session)
    look = design.live(session, cafe)
    design.save(session, cafe, replace(look, name="Chez Anna"), NOON)

    design.discard(session, cafe)

    assert design.draft(session, cafe) == look
    assert design.drafted_at(session, cafe) is None


def test_a_draft_tells_when_it_was_saved(session: Session) -> None:
    cafe = make_programme(session)
    at = NOON + timedelta(hours=1)
    design.save(session, cafe, design.live(session, cafe), at)

    assert design.drafted_at(session, cafe) == at


def test_versions_are_listed_newest_first(session: Session) -> None:
    cafe, bar = make_programme(session), make_programme(session, "bar")
    for name in ("Un", "Deux"):
        look = replace(design.live(session, cafe), name=name)
        design.publish(session, cafe, look, by="account:1", at=NOON)

    found = design.versions(session, cafe.id)

    assert [one.version for one in found] == [3, 2, 1]
    assert [one.version for one in design.versions(session, bar.id)] == [1]


def test_a_programmes_pictures_are_weighed(session: Session, tmp_path: Path) -> None:
    cafe, bar = make_programme(session), make_programme(session, "bar")
    files = MediaFiles(tmp_path)
    for png in (b"one", b"three", b"one"):
        media.add(session, files, cafe.id, png, size=(1, 1), at=NOON)

    assert media.held(session, cafe.id) == 8
    assert media.held(session, bar.id) == 0
