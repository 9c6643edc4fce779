"""Colours: read from a design, mixed, and compared as an eye does."""

from PIL import ImageColor

Colour = tuple[int, int, int]

_LINEAR_UNTIL = 0.04045


def parse(spelled: str) -> Colour:
    """The colour of ``#rrggbb``."""
    red, green, blue = ImageColor.getrgb(spelled)[:3]
    return red, green, blue


def css(spelled: str) -> str:
    """``#rrggbb`` as passes want it: ``rgb(r, g, b)``."""
    return f"rgb{parse(spelled)}"


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """*one* with the *share* (0 to 1) of *other* in it."""
    red, green, blue = (
        round(a + (b - a) * share) for a, b in zip(one, other, strict=True)
    )
    return red, green, blue


def luminance(colour: Colour) -> float:
    """How light it looks, 0 to 1 (WCAG 2.1 relative luminance)."""
    red, green, blue = (_linear(channel / 255) for channel in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    if channel <= _LINEAR_UNTIL:
        return channel / 12.92
    return float(((channel + 0.055) / 1.055) ** 2.4)


def contrast(one: Colour, other: Colour) -> float:
    """WCAG 2.1 contrast, 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def apart(colour: Colour, ground: Colour, end: Colour, ratio: float) -> Colour:
    """*colour*, moved towards *end* until its contrast with *ground* is *ratio*."""
    moved = (mix(colour, end, share / 10) for share in range(10))
    return next((one for one in moved if contrast(one, ground) >= ratio), end)
