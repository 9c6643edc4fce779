"""Whole passes: archive, manifest, signature, and what is kept between cards."""

import hashlib
import io
import threading
import zipfile
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from passes.content.shown import CardContent, Progress
from tests.makers import NOON
from tests.wallet_apple import openssl
from tests.wallet_apple.cards import IDENTITY, TIERS, make_content, make_look, png
from tests.wallet_apple.conftest import Office, no_media
from wallet_apple import errors, folders, images, validation
from wallet_apple.bundle import PassFactory
from wallet_apple.signing import Signer


class Shelf:
    """Media that remember how often they were asked for."""

    def __init__(self, **pictures: bytes) -> None:
        self.pictures = pictures
        self.asked: list[str] = []

    def __call__(self, name: str) -> bytes:
        self.asked.append(name)
        return self.pictures[name]


def opened(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_pass_holds_all_that_apple_asks_for(factory: PassFactory) -> None:
    files = opened(factory.build(make_content(), IDENTITY, at=NOON))

    assert files.keys() == {
        *(
            f"{kind}{scale}.png"
            for kind in ("icon", "logo", "strip")
            for scale in ("", "@2x", "@3x")
        ),
        *("pass.json", "en.lproj/pass.strings", "fr.lproj/pass.strings"),
        *("manifest.json", "signature"),
    }


def test_the_manifest_has_the_sha1_of_every_other_file(factory: PassFactory) -> None:
    files = opened(factory.build(make_content(), IDENTITY, at=NOON))

    assert orjson.loads(files["manifest.json"]) == {
        name: hashlib.sha1(data, usedforsecurity=False).hexdigest()
        for name, data in files.items()
        if name not in ("manifest.json", "signature")
    }


@pytest.mark.parametrize("tool", ["smime", "cms"])
def test_openssl_accepts_a_pass(
    office: Office, factory: PassFactory, tmp_path: Path, tool: str
) -> None:
    files = opened(factory.build(make_content(), IDENTITY, at=NOON))
    for name in ("signature", "manifest.json"):
        (tmp_path / name).write_bytes(files[name])
    folders.write_certificates(tmp_path / "root.pem", office.authority.root)

    verdict = openssl.run(
        *(tool, "-verify", "-binary", "-inform", "DER"),
        *("-in", str(tmp_path / "signature")),
        *("-content", str(tmp_path / "manifest.json")),
        *("-CAfile", str(tmp_path / "root.pem")),
        *("-attime", str(int(NOON.timestamp())), "-out", "/dev/null"),
    )

    assert verdict.returncode == 0, verdict.stderr


def test_our_own_judge_finds_nothing(office: Office, factory: PassFactory) -> None:
    data = factory.build(make_content(), IDENTITY, at=NOON)

    found = validation.validate(data, roots=[office.authority.root], at=NOON)

    assert [one.code for one in found] == ["development"]


def test_the_certificate_names_pass_type_and_team(
    factory: PassFactory, signer: Signer
) -> None:
    files = opened(factory.build(make_content(), IDENTITY, at=NOON))

    document = orjson.loads(files["pass.json"])
    assert document["passTypeIdentifier"] == signer.facts.pass_type_identifier
    assert document["teamIdentifier"] == signer.facts.team_identifier


def test_equal_cards_at_one_time_give_equal_bytes(signer: Signer) -> None:
    made = {
        PassFactory(signer, Shelf()).build(make_content(), IDENTITY, at=NOON)
        for _ in range(2)
    }

    assert len(made) == 1


def test_pictures_are_drawn_once_for_a_design(signer: Signer) -> None:
    shelf = Shelf(logo=png())
    factory = PassFactory(signer, shelf)
    look = make_look(logo="logo")
    factory.build(make_content(look), IDENTITY, at=NOON)
    asked = len(shelf.asked)

    factory.build(make_content(look, points=5000), IDENTITY, at=NOON)

    assert asked > 0
    assert len(shelf.asked) == asked


def test_another_step_has_another_strip_and_the_same_icon(
    factory: PassFactory,
) -> None:
    early, late = (
        opened(
            factory.build(
                make_content(progress=Progress(TIERS[2], 340, step, 10)),
                IDENTITY,
                at=NOON,
            )
        )
        for step in (2, 8)
    )

    assert early["strip@2x.png"] != late["strip@2x.png"]
    assert early["icon@2x.png"] == late["icon@2x.png"]


@pytest.mark.parametrize(
    "change", [{"version": 2}, {"rules_version": 2}, {"programme_id": 2}]
)
def test_another_version_is_drawn_anew(
    factory: PassFactory, change: dict[str, int]
) -> None:
    factory.build(make_content(make_look()), IDENTITY, at=NOON)
    changed = make_look(background="#7a1f3d", **change)

    files = opened(factory.build(make_content(changed), IDENTITY, at=NOON))

    assert orjson.loads(files["pass.json"])["backgroundColor"] == "rgb(122, 31, 61)"


def test_no_more_pictures_are_kept_than_there_is_room_for(signer: Signer) -> None:
    shelf = Shelf(logo=png())
    factory = PassFactory(signer, shelf, room=1)
    look = make_look(logo="logo")
    steps = [
        make_content(look, progress=Progress(TIERS[2], 1, step, 10)) for step in (1, 2)
    ]
    factory.build(steps[0], IDENTITY, at=NOON)
    once = len(shelf.asked)

    for content in (steps[1], steps[0], steps[0]):
        factory.build(content, IDENTITY, at=NOON)

    assert len(shelf.asked) == 3 * once


def test_threads_that_want_one_design_draw_it_once(signer: Signer) -> None:
    shelf = Shelf(logo=png())
    factory = PassFactory(signer, shelf)
    content = make_content(make_look(logo="logo"))
    alone = Shelf(logo=png())
    PassFactory(signer, alone).build(content, IDENTITY, at=NOON)
    made: list[bytes] = []

    threads = [
        threading.Thread(
            target=lambda: made.append(factory.build(content, IDENTITY, at=NOON))
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(made)) == 1
    assert shelf.asked == alone.asked


def test_a_design_that_is_being_drawn_holds_up_no_other(signer: Signer) -> None:
    drawing, finished = threading.Event(), threading.Event()

    def draw(content: CardContent, _media: images.Media) -> dict[str, bytes]:
        if content.look.version == 1:
            drawing.set()
            assert finished.wait(30)
        return {}

    factory = PassFactory(signer, no_media, draw=draw)
    slow = threading.Thread(
        target=factory.build, args=(make_content(), IDENTITY), kwargs={"at": NOON}
    )
    slow.start()
    assert drawing.wait(30)

    other = factory.build(make_content(make_look(version=2)), IDENTITY, at=NOON)

    finished.set()
    slow.join()
    assert "pass.json" in opened(other)


def test_a_design_that_could_not_be_drawn_is_tried_again(signer: Signer) -> None:
    shelf = Shelf(logo=b"no picture")
    factory = PassFactory(signer, shelf)
    content = make_content(make_look(logo="logo"))
    with pytest.raises(errors.PictureError):
        factory.build(content, IDENTITY, at=NOON)
    shelf.pictures["logo"] = png()

    assert "logo.png" in opened(factory.build(content, IDENTITY, at=NOON))


def test_a_preview_shows_a_draft_that_has_no_version_yet(
    factory: PassFactory,
) -> None:
    factory.build(make_content(), IDENTITY, at=NOON)
    draft = make_content(make_look(background="#7a1f3d"))

    files = factory.files(draft, IDENTITY)

    assert files["strip.png"] != factory.files(make_content(), IDENTITY)["strip.png"]
    assert "signature" not in files


def test_an_ended_certificate_signs_no_pass(
    factory: PassFactory, signer: Signer
) -> None:
    late = signer.facts.not_after + timedelta(days=1)

    with pytest.raises(errors.ExpiredError):
        factory.build(make_content(), IDENTITY, at=late)


def test_a_picture_that_cannot_be_read_is_refused(signer: Signer) -> None:
    factory = PassFactory(signer, Shelf(logo=b"no picture"))

    with pytest.raises(errors.PictureError):
        factory.build(make_content(make_look(logo="logo")), IDENTITY, at=NOON)
