"""A published design on its way, held, and published again."""

from typing import cast

from sqlalchemy import Table, update

from tests.web.studio.conftest import Studio
from wallet_apple import reach, registrations
from wallet_apple.registrations import Client
from wallet_apple.tables import ApplePass, Registration


def register(studio: Studio, card_id: int, device: str) -> None:
    """A phone takes the card."""
    services = studio.server.services
    client = Client(device, "pass.example", f"token-{device}", registrations.APNS)
    with services.write() as session:
        registrations.register(session.connection(), card_id, client, services.clock())


def told(studio: Studio) -> None:
    """Apple has taken every push."""
    rows = cast("Table", Registration.__table__)
    with studio.server.services.write() as session:
        session.execute(update(rows).values(delivered=rows.c.wanted))


def test_the_page_shows_how_many_cards_and_phones_have_it(studio: Studio) -> None:
    first, *_ = studio.open_cards(2)
    register(studio, first, "phone")
    studio.send(name="Chez Anna", action="publish")
    studio.step()

    page = studio.browser.get("/studio/rollout/progress?lang=en").text

    assert "2 of 2" in page
    assert "0 of 1" in page
    assert "every 1s" in page


def test_the_page_no_longer_asks_once_every_phone_was_told(studio: Studio) -> None:
    (card,) = studio.open_cards(1)
    register(studio, card, "phone")
    studio.send(name="Chez Anna", action="publish")
    studio.step()
    told(studio)

    page = studio.browser.get("/studio/rollout/progress?lang=en").text

    assert "hx-trigger" not in page
    assert "Every phone was told." in page


def test_a_card_that_a_phone_loaded_is_done(studio: Studio) -> None:
    (card,) = studio.open_cards(1)
    register(studio, card, "phone")
    studio.send(name="Chez Anna", action="publish")
    studio.step()
    told(studio)
    with studio.server.services.write() as session:
        session.get_one(ApplePass, card).fetched_revision = 2

    page = studio.browser.get("/studio/rollout/progress?lang=en").text

    assert "Done: every phone shows this version." in page


def test_a_rollout_is_held_and_goes_on(studio: Studio) -> None:
    studio.open_cards(2)
    studio.send(name="Chez Anna", action="publish")

    studio.press("/studio/rollout/pause", held="yes")
    raised_while_held = studio.step()
    studio.press("/studio/rollout/pause", held="no")
    raised_after = studio.step()

    assert (raised_while_held, raised_after) == (0, 2)


def test_an_earlier_version_is_published_again_as_a_new_one(studio: Studio) -> None:
    studio.send(name="Chez Anna", action="publish")

    studio.press("/studio/versions/1/publish")

    assert studio.live().name == "Café cafe"
    assert studio.programme().design_version == 3


def test_publishing_the_present_version_again_changes_nothing(studio: Studio) -> None:
    studio.press("/studio/versions/1/publish")

    assert studio.programme().design_version == 1


def test_a_version_that_never_was_is_not_found(studio: Studio) -> None:
    assert studio.press("/studio/versions/7/publish").status_code == 404


def test_versions_tell_who_published_them(studio: Studio) -> None:
    studio.send(name="Chez Anna", action="publish")

    page = studio.browser.get("/studio/rollout").text

    assert "owner@cafe.example" in page


def test_the_time_left_is_told_while_cards_are_raised(studio: Studio) -> None:
    studio.open_cards(501)
    studio.send(name="Chez Anna", action="publish")
    studio.step()
    studio.server.services.clock.move(minutes=10)  # type: ignore[attr-defined]

    page = studio.browser.get("/studio/rollout/progress?lang=en").text

    assert "500 of 501" in page
    assert "About 1 second to go." in page


def test_reach_counts_phones_of_the_version_alone(studio: Studio) -> None:
    cards = studio.open_cards(3)
    for card in cards:
        register(studio, card, f"phone-{card}")
    register(studio, cards[0], "second-phone")
    studio.send(name="Chez Anna", action="publish")

    with studio.server.services.read() as session:
        before = reach.of_programme(session, studio.programme_id, 2)
        everywhere = reach.of_programme(session, studio.programme_id)

    assert (before.phones, before.cards) == (0, 0)
    assert (everywhere.phones, everywhere.cards, everywhere.waiting) == (4, 3, 0)
