"""Colours: mixed as the eye expects, and kept apart from what is behind them."""

import functools

from coloraide import Color

Colour = tuple[int, int, int]


def parse(spelled: str) -> Colour:
    """The colour of ``#rrggbb``."""
    return _plain(Color(spelled))


# A banner is made of few mixtures, which those of other steps have too.
@functools.lru_cache(maxsize=4096)
def mix(one: Colour, other: Colour, share: float) -> Colour:
    """*one* with the *share* (0 to 1) of *other* in it, without a grey middle."""
    return _plain(_colour(one).mix(_colour(other), share, space="oklab"))


def contrast(one: Colour, other: Colour) -> float:
    """WCAG 2.1 contrast, 1 to 21."""
    return float(_colour(one).contrast(_colour(other), method="wcag21"))


def apart(colour: Colour, ground: Colour, end: Colour, ratio: float) -> Colour:
    """*colour*, moved towards *end* until its contrast with *ground* is *ratio*."""
    moved = (mix(colour, end, share / 10) for share in range(10))
    return next((one for one in moved if contrast(one, ground) >= ratio), end)


def _colour(colour: Colour) -> Color:
    return Color("srgb", [channel / 255 for channel in colour])


def _plain(colour: Color) -> Colour:
    red, green, blue = (
        round(255 * channel) for channel in colour.convert("srgb").clip().coords()
    )
    return red, green, blue
