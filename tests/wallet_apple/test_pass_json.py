"""A card's pass.json, and the limits that Apple sets."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passes.cards.announcement import Announcement
from passes.content.shown import CardContent, Place, Progress, Standing
from tests.makers import NOON
from tests.wallet_apple.cards import (
    IDENTITY,
    ISSUER,
    TIERS,
    both,
    make_content,
    make_look,
)
from wallet_apple import pass_json

FRONT = ("headerFields", "primaryFields", "secondaryFields", "auxiliaryFields")


def built(content: CardContent) -> dict[str, Any]:
    return pass_json.build(content, IDENTITY, ISSUER)


def fields(document: dict[str, Any], *groups: str) -> list[dict[str, Any]]:
    card = document["storeCard"]
    named = groups or (*FRONT, "backFields")
    return [field for group in named for field in card.get(group, [])]


def test_the_points_stand_in_the_header_as_a_number() -> None:
    (points,) = fields(built(make_content(points=1240)), "headerFields")

    assert (points["key"], points["value"]) == ("points", 1240)


def test_the_way_to_the_next_tier_is_told_in_a_number() -> None:
    values = {f["key"]: f["value"] for f in fields(built(make_content()), *FRONT)}

    assert values["next"] == 340


def test_the_top_tier_has_a_text_in_place_of_a_number() -> None:
    content = make_content(tier=TIERS[2], progress=None)

    values = {f["key"]: f["value"] for f in fields(built(content), *FRONT)}

    assert values["next"] == "palier.top"


def test_the_qr_holds_the_member_code_and_shows_the_short_one() -> None:
    (barcode,) = built(make_content())["barcodes"]

    assert barcode == {
        "format": "PKBarcodeFormatQR",
        "message": "PAL1ABCDEFGHJKMNPQRSTVWXYZ",
        "messageEncoding": "iso-8859-1",
        "altText": "ABCDE FGHJK",
    }


def test_the_back_has_the_contact_that_apple_asks_for() -> None:
    back = fields(built(make_content()), "backFields")

    assert "bonjour@example.org" in [field["value"] for field in back]


def test_without_a_contact_the_organisation_is_named() -> None:
    back = fields(built(make_content(make_look(contact=""))), "backFields")

    assert {f["key"]: f["value"] for f in back}["contact"] == "Café des Halles SARL"


def test_the_address_of_the_service_ends_without_a_slash() -> None:
    assert built(make_content())["webServiceURL"] == "https://cards.example.org/apple"


def test_colours_are_spelled_as_passes_want_them() -> None:
    assert built(make_content())["backgroundColor"] == "rgb(31, 58, 52)"


def test_a_programme_with_a_logo_does_not_repeat_its_name() -> None:
    assert "logoText" not in built(make_content(make_look(logo="a" * 64)))


def test_another_tier_is_another_value_in_either_reading() -> None:
    bronze, silver = (
        fields(built(make_content(tier=tier)), "secondaryFields")[0]
        for tier in TIERS[:2]
    )

    assert bronze["key"] == silver["key"] == "tier"
    assert bronze["value"] != silver["value"]


@pytest.mark.parametrize(
    ("announcement", "told"),
    [
        (Announcement.POINTS, ["points"]),
        (Announcement.TIER, ["tier"]),
        (Announcement.NOTHING, []),
    ],
)
def test_one_update_tells_one_thing(
    announcement: Announcement, told: list[str]
) -> None:
    document = built(make_content(announcement=announcement))

    assert [f["key"] for f in fields(document) if "changeMessage" in f] == told


@pytest.mark.parametrize(
    ("standing", "voided"),
    [(Standing.ACTIVE, False), (Standing.VOID, True), (Standing.EXPIRED, False)],
)
def test_only_a_void_card_is_voided(standing: Standing, voided: bool) -> None:
    content = make_content(standing=standing, expires_at=NOON - timedelta(days=1))

    assert built(content).get("voided", False) is voided


def test_a_card_that_expired_without_a_date_is_voided() -> None:
    content = make_content(standing=Standing.EXPIRED, expires_at=None)

    assert built(content)["voided"] is True


def test_the_end_is_written_in_utc() -> None:
    paris = timezone(timedelta(hours=1))
    content = make_content(expires_at=datetime(2027, 1, 1, 0, 30, tzinfo=paris))

    assert built(content)["expirationDate"] == "2026-12-31T23:30:00Z"


texts = st.text(max_size=40)
contents = st.builds(
    make_content,
    st.builds(
        make_look,
        rules=st.lists(st.builds(both, texts, texts), max_size=3).map(tuple),
        terms=st.builds(both, texts, texts),
        contact=texts,
        website=st.none() | texts,
        places=st.lists(
            st.builds(
                Place,
                st.floats(-90, 90),
                st.floats(-180, 180),
                st.builds(both, texts, texts),
            ),
            max_size=15,
        ).map(tuple),
    ),
    standing=st.sampled_from(Standing),
    expires_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    holder=st.none() | texts,
    points=st.integers(0, 2**53),
    progress=st.none()
    | st.builds(Progress, st.just(TIERS[2]), st.integers(1), st.just(3), st.just(10)),
    announcement=st.sampled_from(Announcement),
)


@given(contents)
def test_no_card_passes_a_limit_of_apple(content: CardContent) -> None:
    document = built(content)

    every = fields(document)
    keys = [field["key"] for field in every]
    assert len(fields(document, "headerFields")) <= 3
    assert len(fields(document, "secondaryFields", "auxiliaryFields")) <= 4
    assert len(keys) == len(set(keys))
    assert len(document.get("locations", [])) <= 10
    assert sum("changeMessage" in field for field in every) <= 1
    assert all(field["value"] not in (None, "") for field in every)
