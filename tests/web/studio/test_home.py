"""The first page: figures, the address to join at, and what is wrong, calmly."""

from datetime import timedelta

import pytest

from passes.delivery.lanes import Lane
from passes.people.actor import Role
from tests.makers import NOON
from tests.web.studio.conftest import Studio
from tests.web.studio.test_rollouts import register
from wallet_apple import registrations
from web.studio import delivery
from web.studio.delivery import Certificate


def test_it_shows_the_address_to_join_at(studio: Studio) -> None:
    page = studio.browser.get("/studio/").text

    assert "http://127.0.0.1:8000/join/cafe" in page
    assert 'href="/join/cafe"' in page


def test_it_says_how_many_phones_wait_and_since_when(studio: Studio) -> None:
    (card,) = studio.open_cards(1)
    register(studio, card, "phone")
    studio.send(name="Chez Anna", action="publish")
    studio.step()
    studio.server.services.clock.move(minutes=2)  # type: ignore[attr-defined]

    page = studio.browser.get("/studio/?lang=en").text

    assert "1 phone waits for news, since 2 minutes." in page


def test_a_pause_is_told_with_its_remedy(studio: Studio) -> None:
    services = studio.server.services
    pass_type = services.apple.identity.pass_type
    assert pass_type is not None
    with services.write() as session:
        session.add(
            Lane(
                name=registrations.lane(pass_type),
                paused_until=NOON + timedelta(minutes=5),
                reason="403 BadCertificate",
                failures=1,
            )
        )

    page = studio.browser.get("/studio/?lang=en").text

    assert "Delivery pauses until" in page
    assert "palier doctor" in page
    assert "403 BadCertificate" in page


@pytest.mark.parametrize(
    ("days", "found"),
    [
        (200, Certificate.GOOD),
        (61, Certificate.GOOD),
        (60, Certificate.ENDS),
        (7, Certificate.ENDS),
        (0, Certificate.ENDS),
        (-1, Certificate.ENDED),
    ],
)
def test_the_certificate_is_told_of_in_time(
    studio: Studio, days: int, found: Certificate
) -> None:
    services = studio.server.services
    ends = services.apple.identity.loaded(services.clock()).facts.not_after
    at = ends - timedelta(days=days, seconds=-1 if days < 0 else 0)

    with services.read() as session:
        state = delivery.now(session, services.apple, studio.programme_id, at)

    assert state.certificate is found


def test_a_draft_waits_to_be_published(studio: Studio) -> None:
    studio.send(name="Chez Anna", action="save")

    assert "not published yet" in studio.browser.get("/studio/?lang=en").text


def test_an_auditor_sees_no_way_to_the_till(studio: Studio) -> None:
    auditor = studio.server.sign_in(Role.AUDITOR).browser

    assert "/staff/" not in auditor.get("/studio/").text
    assert "/staff/" in studio.browser.get("/studio/").text
