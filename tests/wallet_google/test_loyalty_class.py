"""What every card of a programme shares."""

from typing import Any

import pytest

from passes.content.shown import Look, Place
from tests.wallet_apple.cards import both, make_look
from tests.wallet_google.drawing import Shelf, make_pictures
from wallet_google import loyalty_class

ID = "3388000000012345678.p-1"


def body(look: Look | None = None, **options: Any) -> dict[str, Any]:
    shown = look or make_look()
    return loyalty_class.body(shown, ID, make_pictures(), **options)


def modules(whole: dict[str, Any]) -> dict[str, str]:
    return {one["id"]: one["body"] for one in whole["textModulesData"]}


def links(whole: dict[str, Any]) -> dict[str, str]:
    return {one["id"]: one["uri"] for one in whole["linksModuleData"]["uris"]}


def test_the_class_says_who_gives_the_card() -> None:
    whole = body()

    assert whole["id"] == ID
    assert whole["issuerName"] == "Café des Halles SARL"
    assert whole["programName"] == "Café des Halles"
    assert whole["hexBackgroundColor"] == "#1f3a34"


def test_long_names_are_as_short_as_google_shows_them() -> None:
    long = make_look(programme="Boulangerie Pâtisserie du Marché des Halles")

    assert body(long)["programName"] == "Boulangerie…"


def test_every_write_asks_for_a_review() -> None:
    assert body()["reviewStatus"] == "UNDER_REVIEW"


def test_one_member_may_hold_the_card_on_all_devices() -> None:
    assert body()["multipleDevicesAndHoldersAllowedStatus"] == "ONE_USER_ALL_DEVICES"


def test_the_logo_stands_at_an_address_of_its_own() -> None:
    shelf = Shelf()

    whole = loyalty_class.body(make_look(), ID, make_pictures(shelf))

    assert shelf.at(whole["programLogo"]["sourceUri"]["uri"]).size == (660, 660)


def test_rules_contact_and_terms_are_texts() -> None:
    assert modules(body()) == {
        "rules": "1 € = 1 point\n100 points = un café\nLes points restent un an",
        "contact": "bonjour@example.org",
        "terms": "Les conditions.",
    }


def test_what_a_design_lacks_takes_no_room() -> None:
    bare = make_look(rules=(), terms=both("", ""), contact="", website=None, places=())

    whole = body(bare)

    assert modules(whole) == {"contact": "Café des Halles SARL"}
    # Empty rather than absent: a PATCH would leave what was there.
    assert whole["linksModuleData"] == {"uris": []}
    assert whole["merchantLocations"] == []


def test_long_terms_end_where_google_would_end_them() -> None:
    whole = body(make_look(terms=both("mot " * 400, "word " * 400)))

    assert len(modules(whole)["terms"]) <= 500
    assert modules(whole)["terms"].endswith("…")


def test_website_and_mail_are_links() -> None:
    assert links(body()) == {
        "website": "https://cafe.example.org",
        "mail": "mailto:bonjour@example.org",
    }


def test_a_contact_that_is_no_mail_address_is_no_link() -> None:
    assert list(links(body(make_look(contact="+33 3 83 00 00 00")))) == ["website"]


def test_a_mail_address_is_written_as_an_address() -> None:
    odd = make_look(contact="a&b?c@example.org", website=None)

    assert links(body(odd)) == {"mail": "mailto:a%26b%3Fc@example.org"}


def test_more_than_ten_places_would_cost_the_whole_class() -> None:
    many = tuple(Place(48 + n, 2, both("Ici", "Here")) for n in range(12))

    places = body(make_look(places=many))["merchantLocations"]

    assert places == [{"latitude": 48 + n, "longitude": 2} for n in range(10)]


def test_the_front_has_at_most_three_rows() -> None:
    override = body()["classTemplateInfo"]["cardTemplateOverride"]

    assert 1 <= len(override["cardRowTemplateInfos"]) <= 3


def test_google_calls_back_only_where_it_is_told_to() -> None:
    assert "callbackOptions" not in body()
    assert body(callback_url="https://x.example/google/callback")[
        "callbackOptions"
    ] == {"url": "https://x.example/google/callback"}


@pytest.mark.parametrize(("language", "label"), [("fr", "Membre"), ("en", "Member")])
def test_the_programme_chooses_the_language_of_the_rest(
    language: str, label: str
) -> None:
    assert body(language=language)["accountNameLabel"] == label


def test_a_patch_takes_away_what_is_no_more() -> None:
    assert loyalty_class.patch(body())["callbackOptions"] is None


def test_a_patch_keeps_what_there_is() -> None:
    whole = body(callback_url="https://x.example/google/callback")

    assert loyalty_class.patch(whole) == whole
