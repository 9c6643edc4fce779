"""What one card shows in Google Wallet."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from passes.content.shown import CardContent, Look, Place, Progress, Standing
from tests.makers import NOON
from tests.wallet_apple.cards import TIERS, both, make_content, make_look
from tests.wallet_google.drawing import Shelf, make_pictures
from wallet_google import fingerprint, loyalty_object, rotating

ID = "3388000000012345678.c-abc"
CLASS = "3388000000012345678.p-1"
SHELF = Shelf()
PICTURES = make_pictures(SHELF)


def body(content: CardContent | None = None, **options: Any) -> dict[str, Any]:
    shown = content or make_content()
    return loyalty_object.body(shown, ID, CLASS, PICTURES, **options)


def modules(whole: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {one["id"]: (one["header"], one["body"]) for one in whole["textModulesData"]}


def test_points_are_a_number_with_a_label_in_both_languages() -> None:
    points = body()["loyaltyPoints"]

    assert points["balance"] == {"int": 1240}
    assert points["localizedLabel"]["translatedValues"] == [
        {"language": "en", "value": "Points"}
    ]


def test_points_stop_where_google_stops_counting() -> None:
    assert body(make_content(points=2**40))["loyaltyPoints"]["balance"] == {
        "int": 2147483647
    }


@pytest.mark.parametrize(("language", "name"), [("fr", "Argent"), ("en", "Silver")])
def test_the_tier_is_a_word_in_the_second_balance(language: str, name: str) -> None:
    tier = body(language=language)["secondaryLoyaltyPoints"]

    assert tier["balance"] == {"string": name}


def test_the_way_to_the_next_tier_is_told() -> None:
    assert modules(body())["next"] == ("Points avant Or", "340")


def test_the_top_tier_is_told_too() -> None:
    top = make_content(tier=TIERS[2], progress=None)

    assert modules(body(top))["next"] == ("Prochain niveau", "Niveau le plus haut")


def test_the_latest_movements_are_told() -> None:
    assert modules(body())["history"] == (
        "Derniers mouvements",
        "24 nov. 2026 · +12 · Achat\n24 nov. 2026 · \u2212100 · Café offert",
    )


def test_the_barcode_holds_the_member_code_and_shows_the_short_one() -> None:
    assert body()["barcode"] == {
        "type": "QR_CODE",
        "value": "PAL1ABCDEFGHJKMNPQRSTVWXYZ",
        "alternateText": "ABCDE FGHJK",
        "renderEncoding": "UTF_8",
    }


def test_the_account_is_what_staff_can_type() -> None:
    assert body()["accountId"] == "ABCDE FGHJK"


def test_the_holder_is_named_as_far_as_there_is_room() -> None:
    long = make_content(holder="Maximilienne de Montmorency-Laval")

    assert body(long)["accountName"] == "Maximilienne de…"


def test_a_holder_without_a_name_overwrites_an_older_one() -> None:
    assert body(make_content(holder=None))["accountName"] == ""


def test_the_member_page_is_a_link() -> None:
    (page,) = body()["linksModuleData"]["uris"]

    assert page["uri"] == "https://cards.example.org/card/abc"


@pytest.mark.parametrize(
    ("standing", "state"),
    [
        (Standing.ACTIVE, "ACTIVE"),
        (Standing.VOID, "INACTIVE"),
        (Standing.EXPIRED, "EXPIRED"),
    ],
)
def test_every_standing_is_a_state(standing: Standing, state: str) -> None:
    assert body(make_content(standing=standing))["state"] == state


def test_the_end_is_written_in_utc() -> None:
    paris = timezone(timedelta(hours=1))
    ends = make_content(expires_at=datetime(2027, 1, 1, 0, 30, tzinfo=paris))

    assert body(ends)["validTimeInterval"] == {"end": {"date": "2026-12-31T23:30:00Z"}}


def test_a_patch_takes_an_end_away_that_is_no_more() -> None:
    whole = body()

    assert "validTimeInterval" not in whole
    assert loyalty_object.patch(whole)["validTimeInterval"] is None


def test_a_patch_keeps_what_there_is() -> None:
    whole = body(make_content(expires_at=NOON), seed=b"s" * 20)

    assert loyalty_object.patch(whole) == whole


def test_the_banner_shows_tier_and_progress_and_says_so() -> None:
    hero = body()["heroImage"]

    assert SHELF.at(hero["sourceUri"]["uri"]).size == (1032, 336)
    assert hero["contentDescription"]["translatedValues"] == [
        {"language": "en", "value": "Silver. Points to Gold. 340"}
    ]


def test_a_further_step_is_another_banner() -> None:
    steps = (Progress(TIERS[2], 340, 6, 10), Progress(TIERS[2], 300, 7, 10))

    banners = {
        body(make_content(progress=step))["heroImage"]["sourceUri"]["uri"]
        for step in steps
    }

    assert len(banners) == 2


def test_a_barcode_changes_only_for_a_card_that_has_a_seed() -> None:
    seed = b"s" * 20
    whole = body(seed=seed)

    assert "rotatingBarcode" not in body()
    assert whole["rotatingBarcode"] == rotating.barcode(
        seed, whole["barcode"]["value"], "ABCDE FGHJK"
    )


def test_nothing_but_names_and_an_end_is_left_of_an_erased_card() -> None:
    assert loyalty_object.erased(ID, CLASS) == {
        "id": ID,
        "classId": CLASS,
        "state": "INACTIVE",
    }


def test_telling_the_holder_is_no_other_content() -> None:
    loud = {**body(), "notifyPreference": "NOTIFY_ON_UPDATE"}

    assert fingerprint.of(body()) == fingerprint.of(loud)


def test_other_points_are_other_content() -> None:
    assert fingerprint.of(body()) != fingerprint.of(body(make_content(points=1)))


def test_the_order_of_fields_is_no_other_content() -> None:
    whole = body()

    assert fingerprint.of(whole) == fingerprint.of(dict(reversed(whole.items())))


@pytest.mark.parametrize(
    "change",
    [
        {"programme": "Bar"},
        {"organisation": "SAS"},
        {"version": 3},
        {"rules_version": 3},
        {"label": "#eeeeee"},
        {"logo": "logo"},
        {"rules": (both("Un", "One"),)},
        {"terms": both("Deux", "Two")},
        {"contact": "a@example.org"},
        {"website": "https://example.org"},
        {"places": (Place(1, 2, both("Ici", "Here")),)},
        {"description": both("Deux", "Two")},
    ],
    ids=str,
)
def test_a_change_that_the_class_carries_changes_no_card(
    change: dict[str, Any],
) -> None:
    before, after = make_look(), make_look(**change)

    assert before != after
    for rank in (0, 1):
        assert on_every_tier(before, rank) == on_every_tier(after, rank)


@pytest.mark.parametrize(
    "change",
    [
        {"background": "#7a1f3d"},
        {"foreground": "#eeeeee"},
        {"tiers": (replace(TIERS[0], name=both("Cuivre", "Copper")), *TIERS[1:])},
        {"tiers": (replace(TIERS[0], colour="#000000"), *TIERS[1:])},
    ],
    ids=str,
)
def test_a_change_of_what_a_card_draws_or_tells_is_its_own(
    change: dict[str, Any],
) -> None:
    before, after = make_look(), make_look(**change)

    assert on_every_tier(before, 0) != on_every_tier(after, 0)


def on_every_tier(look: Look, rank: int) -> dict[str, Any]:
    way = Progress(look.tiers[rank + 1], 10, 5, 10)
    return body(make_content(look, tier=look.tiers[rank], progress=way))
