"""The demo café's pictures: a mirabelle and an orchard, drawn here."""

import io
import math
import random

from PIL import Image, ImageDraw, ImageFilter

LOGO = (480, 480)
STRIP = (1125, 432)
"""Pixels."""

_FINE = 3
"""Drawn so many times larger, then made smaller: the edges come out smooth."""

_PLUM = "#f2b134"
_LIGHT = "#ffd777"
_LEAF = "#5d8a4a"
_STALK = "#6b4a2f"


def logo() -> bytes:
    """A plum with a leaf, on nothing."""
    side = LOGO[0] * _FINE
    picture = Image.new("RGBA", (side, side))
    _plum(ImageDraw.Draw(picture), side / 2, side * 0.56, side * 0.36)
    return _png(picture)


def strip() -> bytes:
    """Plums and leaves against a dark wall."""
    width, height = (side * _FINE for side in STRIP)
    picture = Image.new("RGB", (width, height), "#3b2340")
    draw = ImageDraw.Draw(picture)
    for line in range(height):
        share = line / height
        shade = (59 - round(20 * share), 35 - round(14 * share), 64 - round(18 * share))
        draw.line([(0, line), (width, line)], fill=shade)
    place = random.Random(7)  # noqa: S311  (where leaves hang)
    for _ in range(16):
        _leaf(draw, place, width, height, "#4a3350")
    soft = picture.filter(ImageFilter.GaussianBlur(6 * _FINE))
    draw = ImageDraw.Draw(soft)
    for _ in range(14):
        _leaf(draw, place, width, height, _LEAF)
    for x, y, radius in (
        (0.06, 0.2, 42),
        (0.15, 0.05, 34),
        (0.93, 0.16, 50),
        (0.83, 0.02, 36),
    ):
        _plum(draw, width * x, height * y + 40 * _FINE, radius * _FINE)
    return _png(soft)


def _plum(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float) -> None:
    top = y - radius
    draw.line(
        [(x, top + radius * 0.2), (x + radius * 0.18, top - radius * 0.42)],
        _STALK,
        round(radius * 0.11),
    )
    leaf = [
        (
            x + radius * (0.16 + 0.78 * step / 24),
            top - radius * (0.18 + 0.34 * math.sin(math.pi * step / 24)),
        )
        for step in range(25)
    ]
    back = [
        (
            x + radius * (0.16 + 0.78 * step / 24),
            top - radius * (0.18 - 0.16 * math.sin(math.pi * step / 24)),
        )
        for step in range(24, -1, -1)
    ]
    draw.polygon([*leaf, *back], fill=_LEAF)
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=_PLUM)
    draw.ellipse(
        (x - radius * 0.62, y - radius * 0.66, x - radius * 0.08, y - radius * 0.1),
        fill=_LIGHT,
    )


def _leaf(
    draw: ImageDraw.ImageDraw,
    place: random.Random,
    width: int,
    height: int,
    colour: str,
) -> None:
    # Leaves hang from above and at the sides: the middle is for the points.
    side = place.choice((0.0, 1.0))
    x = width * (side + (1 - 2 * side) * abs(place.gauss(0, 0.12)))
    y = height * abs(place.gauss(0, 0.22))
    length, turn = place.uniform(40, 84) * _FINE, place.uniform(0, math.pi)
    spine = [(step / 20, math.sin(math.pi * step / 20) * 0.26) for step in range(21)]
    outline = [*spine, *((along, -across) for along, across in reversed(spine))]
    draw.polygon(
        [
            (
                x + length * (along * math.cos(turn) - across * math.sin(turn)),
                y + length * (along * math.sin(turn) + across * math.cos(turn)),
            )
            for along, across in outline
        ],
        fill=colour,
    )


def _png(picture: Image.Image) -> bytes:
    small = picture.resize(
        (picture.width // _FINE, picture.height // _FINE), Image.Resampling.LANCZOS
    )
    written = io.BytesIO()
    small.save(written, "PNG", optimize=True)
    return written.getvalue()
