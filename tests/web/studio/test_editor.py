"""A draft is saved, refused, published and forgotten."""

import pytest
from flask import Flask, before_render_template
from jinja2 import Template
from sqlalchemy import select
from sqlalchemy.pool import QueuePool

from passes.people.actor import Role
from passes.people.audit import AuditRecord
from tests.web.studio.conftest import Studio


def actions(studio: Studio) -> list[str]:
    with studio.server.services.read() as session:
        query = select(AuditRecord.action).order_by(AuditRecord.id)
        return [name for name in session.scalars(query) if name.startswith("design.")]


def test_saving_keeps_a_draft_that_no_phone_sees(studio: Studio) -> None:
    answer = studio.send(name="Chez Anna", action="save")

    assert answer.status_code == 303
    assert studio.draft().name == "Chez Anna"
    assert studio.live().name == "Café cafe"
    assert studio.programme().design_version == 1


def test_publishing_makes_a_version_and_begins_to_raise_the_cards(
    studio: Studio,
) -> None:
    studio.open_cards(3)

    answer = studio.send(background="#5b3423", action="publish")

    assert answer.location.endswith("/studio/rollout")
    assert studio.live().background == "#5b3423"
    progress = studio.progress()
    assert progress is not None
    assert (progress.version, progress.total, progress.raised) == (2, 3, 0)


def test_publishing_what_is_published_changes_nothing(studio: Studio) -> None:
    studio.open_cards(1)

    answer = studio.send(action="publish")

    assert answer.location.endswith("/studio/card")
    assert studio.programme().design_version == 1
    assert studio.progress() is None


def test_a_draft_is_gone_once_it_is_published(studio: Studio) -> None:
    studio.send(name="Chez Anna", action="save")

    studio.press("/studio/card/publish")

    assert studio.live().name == "Chez Anna"
    assert "Chez Anna" in studio.browser.get("/studio/card").text
    assert "studio/card/discard" not in studio.browser.get("/studio/card").text


def test_going_back_forgets_the_draft(studio: Studio) -> None:
    studio.send(name="Chez Anna", action="save")

    studio.press("/studio/card/discard")

    assert studio.draft() == studio.live()


def test_every_act_is_in_the_audit_log(studio: Studio) -> None:
    studio.send(name="Un", action="save")
    studio.press("/studio/card/discard")
    studio.send(name="Deux", action="publish")

    assert actions(studio) == [
        "design.save",
        "design.discard",
        "design.save",
        "design.publish",
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("website", "javascript:alert(1)"),
        ("place_1_longitude", "nan"),
    ],
)
def test_a_bad_value_names_its_field_and_changes_nothing(
    studio: Studio, field: str, value: str
) -> None:
    before = studio.draft()

    answer = studio.send(**{field: value, "action": "publish"})

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert studio.draft() == before
    assert studio.programme().design_version == 1


@pytest.mark.parametrize("opened", [True, False], ids=["opened", "refused"])
def test_the_card_is_drawn_when_the_database_is_let_go(
    studio: Studio, *, opened: bool
) -> None:
    held: list[int] = []
    pool = studio.server.services.sessions.engine.pool
    assert isinstance(pool, QueuePool)

    def look(app: Flask, template: Template, **context: object) -> None:
        if template.name == "studio/card.html":
            held.append(pool.checkedout())

    form = studio.form(name="")
    with before_render_template.connected_to(look, studio.server.app.site):
        if opened:
            studio.browser.get("/studio/card")
        else:
            studio.browser.post("/studio/card", data=form)

    assert held == [0]


def test_a_picture_of_another_programme_is_refused(studio: Studio) -> None:
    answer = studio.send(logo="0" * 64, action="save")

    assert answer.status_code == 422
    assert studio.draft().logo is None


def test_what_was_typed_stands_there_again_beside_the_error(studio: Studio) -> None:
    answer = studio.send(name="Chez Anna", website="ftp://x", action="save")

    assert 'value="Chez Anna"' in answer.text
    assert 'value="ftp://x"' in answer.text


def test_without_scripts_the_readable_colour_is_a_button(studio: Studio) -> None:
    studio.send(background="#ffffff", foreground="#eeeeee", action="save")
    assert 'name="use_foreground"' in studio.browser.get("/studio/card").text

    studio.send(use_foreground="#767676")

    assert studio.draft().foreground == "#767676"


def test_without_scripts_publishing_asks_on_a_page_of_its_own(studio: Studio) -> None:
    studio.open_cards(2)

    answer = studio.send(name="Chez Anna", action="review")

    assert answer.location.endswith("/studio/card/publish")
    assert "2 cartes" in studio.browser.get("/studio/card/publish?lang=fr").text
    assert studio.programme().design_version == 1


def test_a_colour_that_cannot_be_read_may_be_published(studio: Studio) -> None:
    answer = studio.send(background="#ffffff", foreground="#ffffff", action="publish")

    assert answer.location.endswith("/studio/rollout")


def test_the_preview_shows_the_fields_and_keeps_nothing(studio: Studio) -> None:
    answer = studio.browser.post(
        "/studio/card/preview", data=studio.form(name="Chez Anna", shown_in="en")
    )

    assert answer.status_code == 200
    assert "Chez Anna" in answer.text
    assert "POINTS TO SILVER" in answer.text
    assert studio.draft() == studio.live()


def test_the_preview_draws_on_while_a_field_is_half_typed(studio: Studio) -> None:
    answer = studio.browser.post(
        "/studio/card/preview",
        data=studio.form(name="Chez Anna", website="http://[", place_1_latitude="4"),
    )

    assert answer.status_code == 200
    assert "Chez Anna" in answer.text


@pytest.mark.parametrize("role", [Role.MANAGER, Role.AUDITOR])
def test_others_see_the_card_and_cannot_change_it(studio: Studio, role: Role) -> None:
    reader = studio.server.sign_in(role).browser

    page = reader.get("/studio/card")
    answer = reader.post(
        "/studio/card", data=studio.form(csrf_token=reader.token("/account/browsers"))
    )

    assert "<fieldset" in page.text
    assert 'value="publish"' not in page.text
    assert answer.status_code == 403


def test_a_form_without_its_token_changes_nothing(studio: Studio) -> None:
    form = studio.form(name="Chez Anna")
    del form["csrf_token"]

    answer = studio.browser.post("/studio/card", data=form)

    assert answer.status_code == 400
    assert studio.draft() == studio.live()
