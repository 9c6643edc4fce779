"""What is typed into the editor, and the design it makes."""

from dataclasses import replace

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from passes.programmes import design as designs
from passes.programmes.design import Design, Spot
from web import languages
from web.studio import fields

BASE = designs.starter("Café", "bonjour@example.org")


@pytest.fixture
def app() -> Flask:
    made = Flask("fields")
    languages.register(made)
    return made


def read(app: Flask, **changes: str) -> fields.Reading:
    with app.test_request_context("/?lang=en"):
        return fields.read({**fields.values(BASE), **changes}, BASE)


def test_a_design_comes_back_from_its_fields(app: Flask) -> None:
    whole = replace(
        BASE,
        website="https://example.com/a?b=c",
        places=(
            Spot(48.8566, 2.3522, {"fr": "Tout près", "en": "Close by"}),
            Spot(-33.86, 151.2, {"fr": "Là-bas", "en": "Down under"}),
        ),
        rotating_code=True,
    )
    with app.test_request_context():
        reading = fields.read(fields.values(whole), BASE)

    assert reading.design == whole
    assert reading.errors == {}


def test_a_language_left_empty_says_what_the_other_does(app: Flask) -> None:
    reading = read(app, rule_1_en="", terms_fr="")

    assert reading.design.rules[0]["en"] == BASE.rules[0]["fr"]
    assert reading.design.terms["fr"] == BASE.terms["en"]


def test_an_empty_line_of_the_rules_is_left_out(app: Flask) -> None:
    reading = read(app, rule_2_fr="", rule_2_en="")

    assert reading.design.rules == (BASE.rules[0], BASE.rules[2])


def test_degrees_may_have_a_comma(app: Flask) -> None:
    reading = read(
        app,
        place_1_latitude="48,8566",
        place_1_longitude="\N{MINUS SIGN}2,35",
        place_1_fr="Ici",
    )

    assert reading.design.places == (Spot(48.8566, -2.35, {"fr": "Ici", "en": "Ici"}),)


def test_a_website_may_lack_its_scheme(app: Flask) -> None:
    assert read(app, website="cafe.example").design.website == "https://cafe.example"


def test_a_field_in_error_keeps_its_former_value_for_the_preview(app: Flask) -> None:
    reading = read(app, name="", background="?")

    assert set(reading.errors) == {"name", "background"}
    assert reading.design == BASE


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 41),
        ("organisation", " "),
        ("contact", ""),
        ("background", "red"),
        ("foreground", "#12345g"),
        ("label", "#fff"),
        ("website", "javascript:alert(1)"),
        ("website", "http://["),
        ("terms_fr", "x" * 5001),
        ("rule_1_en", "x" * 201),
        ("description_fr", "a\u0000b"),
        ("place_1_latitude", "90.5"),
        ("place_1_longitude", "nan"),
    ],
)
def test_a_bad_value_is_an_error_of_its_field(
    app: Flask, field: str, value: str
) -> None:
    assert field in read(app, **{field: value}).errors


def test_a_place_needs_all_it_says(app: Flask) -> None:
    reading = read(app, place_10_fr="Seulement un texte")

    assert set(reading.errors) == {"place_10_latitude", "place_10_longitude"}


@pytest.mark.parametrize(("filled", "shown"), [((), 1), ((1, 3), 4), ((10,), 10)])
def test_there_is_always_room_for_one_more_place(
    filled: tuple[int, ...], shown: int
) -> None:
    given_values = {f"place_{number}_latitude": "1" for number in filled}

    assert fields.places_shown(given_values) == shown


NAMES = [*fields.values(BASE), "place_1_latitude", "place_1_longitude", "place_1_fr"]


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), st.text(max_size=300)))
def test_whatever_is_typed_gives_a_design_or_an_error(typed: dict[str, str]) -> None:
    made = Flask("fields")
    languages.register(made)
    with made.test_request_context():
        reading = fields.read({**fields.values(BASE), **typed}, BASE)

    assert isinstance(reading.design, Design)
    for name in reading.errors:
        assert name in NAMES or name.startswith("place_1_")
