"""Texts: in both languages, as short as a phone shows them, and never cut in pieces."""

from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from passes.content.shown import Movement
from tests.makers import NOON
from tests.wallet_apple.cards import both
from wallet_google import localisation


def test_a_field_has_a_plain_text_and_its_twin() -> None:
    field = localisation.field("label", both("Niveau", "Tier"), "fr", 9)

    assert field == {
        "label": "Niveau",
        "localizedLabel": {
            "defaultValue": {"language": "fr", "value": "Niveau"},
            "translatedValues": [{"language": "en", "value": "Tier"}],
        },
    }


def test_an_english_programme_speaks_english_to_the_others() -> None:
    field = localisation.field("label", both("Niveau", "Tier"), "en", 9)

    assert field["label"] == "Tier"
    assert field["localizedLabel"]["translatedValues"] == [
        {"language": "fr", "value": "Niveau"}
    ]


def test_a_text_that_lacks_a_language_is_said_in_the_other() -> None:
    assert localisation.said({"fr": "", "en": "Terms"}, "fr") == "Terms"


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("Café des Halles", "Café des Halles"),
        ("Café des Halles SARL", "Café des Halles SARL"),
        ("Café des Halles de Nancy", "Café des Halles de…"),
        ("Boulangerie-Pâtisserie Martin", "Boulangerie-Pâtisse…"),
        ("Maximilian, the Great", "Maximilian, the…"),
        ("Anticonstitutionnellement", "Anticonstitutionnel…"),
    ],
)
def test_a_long_text_ends_between_words(text: str, short: str) -> None:
    assert localisation.shorten(text, 20) == short


def test_what_people_see_as_one_character_stays_whole() -> None:
    family = "\N{MAN}\u200d\N{WOMAN}\u200d\N{GIRL}"

    assert localisation.shorten("abcdef" + family + "xyz", 9) == "abcdef…"


@given(st.text(), st.integers(1, 40))
@example("\u0301" * 30, 5)
def test_no_text_is_longer_than_allowed(text: str, longest: int) -> None:
    short = localisation.shorten(text, longest)

    assert len(short) <= longest
    assert text.startswith(short.removesuffix("…"))


@given(st.text(max_size=20))
def test_what_fits_is_left_alone(text: str) -> None:
    assert localisation.shorten(text, 20) == text


def test_numbers_are_written_as_people_of_a_language_do() -> None:
    assert localisation.number(12400) == {"fr": "12\u202f400", "en": "12,400"}


def test_movements_stand_under_one_another_with_day_and_sign() -> None:
    moved = (
        Movement(NOON, 12, both("Achat", "Purchase")),
        Movement(NOON - timedelta(days=1), -1500, both("Cadeau", "Gift")),
    )

    assert localisation.movements(moved, 500) == {
        "fr": "24 nov. 2026 · +12 · Achat\n23 nov. 2026 · \u22121\u202f500 · Cadeau",
        "en": "24 Nov 2026 · +12 · Purchase\n23 Nov 2026 · \u22121,500 · Gift",
    }


def test_no_movement_is_said_too() -> None:
    assert localisation.movements((), 500)["en"] == "No movement yet."


@given(st.lists(st.text(min_size=1, max_size=300), min_size=1, max_size=5))
def test_only_whole_movements_are_shown(texts: list[str]) -> None:
    moved = tuple(Movement(NOON, 5, both(text, text)) for text in texts)

    shown = localisation.movements(moved, 500)["fr"]

    assert len(shown) <= 500
    assert shown.startswith("24 nov. 2026 · +5 · ")
