"""The texts of a pass in both languages."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passes.content.shown import CardContent, Movement
from tests.wallet_apple.cards import TIERS, both, make_content, make_look
from wallet_apple import localisation, strings


def file(content: CardContent, language: str) -> bytes:
    own = dict(zip(localisation.LANGUAGES, localisation.own(content), strict=True))
    return localisation.opening(
        localisation.shared(content, language)
    ) + localisation.following(own[language])


def read(content: CardContent, language: str) -> dict[str, str]:
    return strings.read(file(content, language))


def test_both_languages_have_the_same_keys() -> None:
    content = make_content()

    assert read(content, "fr").keys() == read(content, "en").keys()


def test_a_text_is_in_its_language() -> None:
    assert read(make_content(), "fr")["palier.description"] == "Carte de fidélité"
    assert read(make_content(), "en")["palier.description"] == "Loyalty card"


def test_the_next_tier_is_named_in_the_label() -> None:
    assert read(make_content(), "fr")["palier.label.next"] == "POINTS AVANT OR"


def test_movements_stand_a_line_each_with_their_reason() -> None:
    at = datetime(2026, 3, 9, 10, tzinfo=UTC)
    content = make_content(
        movements=(
            Movement(at, 12, both("Achat", "Purchase")),
            Movement(at, -100, both("Café offert", "Free coffee")),
        )
    )

    assert read(content, "fr")["palier.history"].splitlines() == [
        "09/03/2026   +12   Achat",
        "09/03/2026   \u2212100   Café offert",
    ]
    assert read(content, "en")["palier.history"].splitlines()[0] == (
        "9 Mar 2026   +12   Purchase"
    )


def test_a_card_without_movements_says_so() -> None:
    content = make_content(movements=())

    assert read(content, "en")["palier.history"] == "No movement yet."


@pytest.mark.parametrize("language", localisation.LANGUAGES)
def test_change_messages_have_the_place_for_the_value(language: str) -> None:
    texts = read(make_content(), language)

    messages = [text for key, text in texts.items() if ".change." in key]
    assert len(messages) == 2
    assert all(text.count("%@") == 1 for text in messages)


def test_a_language_that_lacks_a_text_takes_the_other() -> None:
    assert localisation.said({"fr": "Or"}, "en") == "Or"


hostile = st.text(max_size=60)


@given(hostile)
def test_no_text_breaks_the_file(text: str) -> None:
    content = make_content(
        make_look(terms=both(text, text)),
        movements=(Movement(datetime(2026, 1, 1, tzinfo=UTC), 1, both(text, text)),),
        tier=TIERS[0],
    )

    texts = read(content, "fr")

    assert len(texts) == len(read(make_content(), "fr"))
    kept = re.sub(r"[\x00-\x08\x0b-\x1f]", "", text).replace("\t", " ")
    assert texts["palier.terms"] == kept


def test_a_broken_character_becomes_a_mark() -> None:
    content = make_content(make_look(terms=both("a\ud800b", "")))

    assert read(content, "fr")["palier.terms"] == "a?b"
