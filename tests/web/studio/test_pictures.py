"""Logo and strip, from the file to the card."""

import io

import pytest
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from passes.people.actor import Role
from passes.programmes.media import Media
from tests.makers import NOON
from tests.web import pictures
from tests.web.studio.conftest import Studio
from web import bodies
from web.studio import pictures as studio_pictures

PNG = pictures.file(pictures.drawn())


def upload(studio: Studio, data: bytes, kind: str = "logo") -> TestResponse:
    """Send the file as the editor's script does."""
    boundary, body = encode_multipart(
        {
            "csrf_token": studio.token(),
            f"{kind}_file": FileStorage(io.BytesIO(data), "picture.png"),
        }
    )
    # As bytes: for a large form the client would leave a file open.
    return studio.browser.post(
        f"/studio/card/pictures/{kind}",
        data=body,
        content_type=f'multipart/form-data; boundary="{boundary}"',
    )


def held(studio: Studio) -> list[str]:
    with studio.server.services.read() as session:
        return list(session.scalars(select(Media.hash)))


def test_an_uploaded_picture_is_kept_and_put_in_its_row(studio: Studio) -> None:
    answer = upload(studio, PNG)

    (name,) = held(studio)
    assert answer.status_code == 200
    assert f'name="logo" value="{name}"' in answer.text
    assert studio.draft().logo is None


def test_a_kept_picture_is_served_as_it_was_cleaned(studio: Studio) -> None:
    upload(studio, PNG)
    (name,) = held(studio)

    answer = studio.browser.get(f"/media/{name}.png")

    assert answer.mimetype == "image/png"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")


def test_the_same_picture_twice_is_kept_once(studio: Studio) -> None:
    upload(studio, PNG)
    upload(studio, PNG, "strip")

    assert len(held(studio)) == 1


def test_without_scripts_the_picture_comes_with_the_form(studio: Studio) -> None:
    studio.send(logo_file=(io.BytesIO(PNG), "logo.png"), action="save")

    assert studio.draft().logo == held(studio)[0]


def test_a_picture_is_left_out_by_its_tick(studio: Studio) -> None:
    studio.send(logo_file=(io.BytesIO(PNG), "logo.png"), action="save")

    studio.send(logo_remove="yes", action="save")

    assert studio.draft().logo is None


def test_a_refused_picture_says_why_and_changes_nothing(studio: Studio) -> None:
    answer = upload(studio, b"GIF89a" + bytes(50))

    assert answer.status_code == 422
    assert "logo-error" in answer.text
    assert held(studio) == []


def test_a_refused_picture_keeps_the_rest_of_the_form(studio: Studio) -> None:
    answer = studio.send(
        name="Chez Anna", logo_file=(io.BytesIO(b"%PDF-1.7"), "a.pdf"), action="save"
    )

    assert answer.status_code == 422
    assert 'value="Chez Anna"' in answer.text
    assert studio.draft() == studio.live()


def test_a_picture_of_nearly_five_megabytes_passes(studio: Studio) -> None:
    padded = PNG + bytes(bodies.PICTURE - len(PNG))

    assert upload(studio, padded).status_code == 200


@pytest.mark.parametrize("more", [1, bodies.FORM * 2])
def test_a_heavier_one_does_not(studio: Studio, more: int) -> None:
    answer = upload(studio, PNG + bytes(bodies.PICTURE - len(PNG) + more))

    assert answer.status_code in {413, 422}
    assert held(studio) == []


def test_there_is_an_end_to_what_a_programme_may_keep(studio: Studio) -> None:
    with studio.server.services.write() as session:
        session.add(
            Media(
                programme_id=studio.programme_id,
                hash="0" * 64,
                width=1,
                height=1,
                size=studio_pictures.ROOM - 10,
                created_at=NOON,
            )
        )

    assert upload(studio, PNG).status_code == 422


def test_only_an_owner_uploads(studio: Studio) -> None:
    manager = studio.server.sign_in(Role.MANAGER).browser

    answer = manager.post(
        "/studio/card/pictures/logo",
        data={
            "csrf_token": manager.token("/account/browsers"),
            "logo_file": (io.BytesIO(PNG), "a.png"),
        },
    )

    assert answer.status_code == 403
