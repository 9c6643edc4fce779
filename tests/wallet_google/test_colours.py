"""Colours: mixtures and what can be told from its ground."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet_google import colours
from wallet_google.colours import Colour

COLOURS = st.tuples(*[st.integers(0, 255)] * 3)


def test_a_colour_is_read_from_a_design() -> None:
    assert colours.parse("#1f3a34") == (31, 58, 52)


@given(COLOURS, COLOURS)
def test_a_mixture_begins_and_ends_with_what_it_is_of(one: Colour, two: Colour) -> None:
    assert colours.mix(one, two, 0) == one
    assert colours.mix(one, two, 1) == two


def test_the_middle_of_two_colours_is_no_grey() -> None:
    """Blue and yellow, which meet in a dull grey where channels are averaged."""
    red, green, blue = colours.mix((0, 0, 255), (255, 255, 0), 0.5)

    assert max(red, green, blue) - min(red, green, blue) > 40


def test_black_and_white_are_as_far_apart_as_can_be() -> None:
    assert colours.contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)


@given(COLOURS)
def test_a_colour_is_moved_until_it_is_seen(colour: Colour) -> None:
    ground, text = (31, 58, 52), (255, 255, 255)

    seen = colours.apart(colour, ground, text, 2.2)

    assert colours.contrast(seen, ground) >= 2.2


def test_a_colour_that_is_seen_stays() -> None:
    assert colours.apart((226, 185, 59), (31, 58, 52), (255, 255, 255), 2.2) == (
        *(226, 185, 59),
    )
