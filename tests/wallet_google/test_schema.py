"""The strict judge: it passes every body of ours, and sees each mistake."""

import json
import string
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passes.content.shown import (
    CardContent,
    Look,
    Movement,
    Place,
    Progress,
    Standing,
    Tier,
)
from passes.programmes.programme import LANGUAGES
from tests.makers import NOON
from tests.wallet_apple.cards import both, make_content, make_look, png
from tests.wallet_google import discovery
from tests.wallet_google.drawing import Shelf, make_pictures
from wallet_google import loyalty_class, loyalty_object, schema, template_paths
from wallet_google.prose import Json

CLASS = "3388000000012345678.p-cafe"
OBJECT = "3388000000012345678.c-abc"
PICTURES = make_pictures(Shelf(logo=png(), strip=png((900, 300))), room=5_000)
CALLBACK = "https://cards.example.org/google/callback"


def class_body(look: Look | None = None, **options: Any) -> Json:
    return loyalty_class.body(look or make_look(), CLASS, PICTURES, **options)


def object_body(content: CardContent | None = None, **options: Any) -> Json:
    shown = content or make_content()
    return loyalty_object.body(shown, OBJECT, CLASS, PICTURES, **options)


def test_the_file_is_googles_document_reduced() -> None:
    assert schema.FILE.read_text() == discovery.written()


def test_what_is_written_is_what_was_reduced() -> None:
    assert json.loads(discovery.written()) == discovery.reduced()


def test_every_limit_in_prose_is_of_something_that_there_is() -> None:
    # A renamed field would fail in here, and its limit would be gone.
    assert schema.definitions()["LoyaltyClass"]["properties"]["messages"] == {
        "type": "array",
        "items": {"$ref": "#/$defs/Message"},
        "maxItems": 10,
    }


# What people call themselves and their shops, emoji and all.
NAMES = st.text(
    st.one_of(
        st.sampled_from(string.ascii_letters + "éàçñ \u202f-'"),
        st.characters(blacklist_categories=["Cs", "Cc", "Cn"]),
        st.sampled_from("👩\u200d🍳🥐☕️🇫🇷"),
    ),
    min_size=1,
    max_size=40,
)
LINES = NAMES.map(lambda name: both(name, name[::-1]))
TEXTS = st.integers(0, 1200).map(lambda size: both("mot " * size, "word " * size))
COLOURS = st.sampled_from(["#ffffff", "#1f3a34"])
DEGREES = st.floats(-90, 90, allow_nan=False)


@st.composite
def contents(draw: st.DrawFn) -> CardContent:
    tiers = tuple(
        Tier(rank, draw(LINES), rank * 500, "#b08d57")
        for rank in range(draw(st.sampled_from([1, 3, 12])))
    )
    place = st.builds(Place, DEGREES, st.floats(-180, 180), LINES)
    look = make_look(
        programme=draw(NAMES),
        organisation=draw(NAMES),
        background=draw(COLOURS),
        logo=draw(st.sampled_from([None, "logo"])),
        strip=draw(st.sampled_from([None, "strip"])),
        tiers=tiers,
        rules=tuple(draw(st.lists(LINES, max_size=3))),
        terms=draw(TEXTS),
        contact=draw(st.one_of(NAMES, st.emails(), st.just(""))),
        website=draw(st.sampled_from([None, "https://example.org/à-la-carte"])),
        places=tuple(draw(st.lists(place, max_size=14))),
    )
    # Few banners, each of which takes a while to draw.
    rank = draw(st.sampled_from([0, len(tiers) - 1]))
    step = Progress(tiers[-1], draw(st.integers(1, 10**9)), 6, 10)
    moved = st.builds(
        Movement, st.just(NOON), st.integers(-(10**9), 10**9), st.one_of(LINES, TEXTS)
    )
    return make_content(
        look,
        tier=tiers[rank],
        progress=None if rank + 1 == len(tiers) else step,
        holder=draw(st.one_of(st.none(), NAMES)),
        points=draw(st.integers(0, 2**40)),
        standing=draw(st.sampled_from(Standing)),
        expires_at=draw(st.one_of(st.none(), st.datetimes(timezones=st.just(UTC)))),
        movements=tuple(draw(st.lists(moved, max_size=5))),
    )


LANGUAGE = st.sampled_from(LANGUAGES)


@settings(max_examples=150)
@given(contents(), LANGUAGE, st.sampled_from([None, CALLBACK]))
def test_no_class_of_ours_has_a_finding(
    content: CardContent, language: str, callback: str | None
) -> None:
    whole = class_body(content.look, language=language, callback_url=callback)

    assert schema.findings("loyaltyClass", whole) == []
    assert schema.findings("loyaltyClass", loyalty_class.patch(whole), patch=True) == []


@settings(max_examples=150)
@given(contents(), LANGUAGE, st.booleans(), st.sampled_from([None, b"s" * 20]))
def test_no_object_of_ours_has_a_finding(
    content: CardContent, language: str, notify: bool, seed: bytes | None
) -> None:
    whole = object_body(content, language=language, seed=seed)

    assert schema.findings("loyaltyObject", whole) == []
    loud = {"notifyPreference": "NOTIFY_ON_UPDATE"} if notify else {}
    patch = {**loyalty_object.patch(whole), **loud}
    assert schema.findings("loyaltyObject", patch, patch=True) == []


@given(contents())
def test_nothing_on_a_front_stays_empty(content: CardContent) -> None:
    assert (
        template_paths.unresolved(class_body(content.look), object_body(content)) == []
    )


# Google's advice for what still fits, by field; a balance has half a row with us.
LENGTHS = {
    "issuerName": 20,
    "programName": 20,
    "accountName": 20,
    "accountId": 20,
    "accountNameLabel": 15,
    "accountIdLabel": 15,
    "label": 9,
    "header": 35,
    "body": 500,
    "description": 20,
    "string": 20,
}


WRAPPERS = {"defaultValue", "translatedValues", "value"}


@given(contents(), LANGUAGE)
def test_every_text_fits_a_small_phone(content: CardContent, language: str) -> None:
    for body in (class_body(content.look), object_body(content, language=language)):
        for name, value in texts(body):
            assert len(value) <= LENGTHS.get(name, 2000), name


def texts(part: Any, of: str = "") -> list[tuple[str, str]]:
    """Every text and the plain field that it belongs to."""
    if isinstance(part, dict):
        found = []
        for name, value in part.items():
            plain = name.removeprefix("localized")
            named = plain[0].lower() + plain[1:] if plain != name else name
            inner = (
                of if name in {"defaultValue", "translatedValues", "value"} else named
            )
            found += texts(value, inner)
        return found
    if isinstance(part, list):
        return [found for one in part for found in texts(one, of)]
    return [(of, part)] if isinstance(part, str) else []


def test_an_erased_card_is_a_whole_object() -> None:
    erased = loyalty_object.erased(OBJECT, CLASS)

    assert schema.findings("loyaltyObject", erased) == []


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("addMessage", {"message": {"id": "a", "header": "A", "body": "B"}}),
        ("addMessage", {"message": {"messageType": "TEXT_AND_NOTIFY"}}),
        ("validate", {"jwtResource": {"jwt": "a.b.c"}}),
        ("validate", {"jsonResource": {"json": "{}"}}),
    ],
)
def test_other_requests_pass_too(kind: str, body: Json) -> None:
    assert schema.findings(kind, body) == []


def test_a_place_that_no_card_fills_is_told() -> None:
    whole = object_body()
    del whole["accountName"], whole["accountId"]

    (place,) = template_paths.unresolved(class_body(), whole)

    assert place.startswith("cardTemplateOverride.cardRowTemplateInfos[1].twoItems.end")


def test_a_path_leads_to_what_it_names() -> None:
    bodies = {"class": class_body(), "object": object_body()}

    value = template_paths.value
    assert value("object.loyaltyPoints.balance", bodies) == {"int": 1240}
    assert value("object.textModulesData['next']", bodies)["body"] == "340"
    assert value("class.programName", bodies) == "Café des Halles"
    assert value("class.textModulesData['gone']", bodies) is None
    assert value("object.nothing.there", bodies) is None


def test_a_finding_is_found_on_any_date() -> None:
    late = make_content(expires_at=datetime(9999, 12, 31, tzinfo=UTC))

    assert schema.findings("loyaltyObject", object_body(late)) == []
