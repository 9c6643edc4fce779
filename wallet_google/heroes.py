"""The banner of a card: the climb to the next tier, under the owner's picture.

Google shows it over the whole width of the card, whose corners it rounds, three times
as wide as high. Progress comes in steps, so that a design has few banners and each is
made once. Nothing here is text: the card's fields tell the same.
https://developers.google.com/wallet/retail/loyalty-cards/resources/brand-guidelines
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageOps

from wallet_google import colours, images
from wallet_google.colours import Colour

SIZE = (1032, 336)
"""Pixels."""

_FINE = 3
"""Drawn this much larger and shrunk, for smooth edges."""

_LEFT, _RIGHT = 118, 914
_LOW, _HIGH = 232, 116
"""Where the path begins and ends, clear of the card's rounded corners."""

_PATH = 13
_KNOB = 24
_GOAL = 46
_START = 40
_RIM = 6
_STOPS = 3
_DABS = 320
"""Discs that the whole path is made of, and its shades."""

_RINGS = ((330, 0.05), (230, 0.1), (140, 0.16))
_SPARKS = ((806, 66, 12), (846, 30, 8), (772, 106, 7), (978, 44, 10), (996, 128, 7))

_Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Scene:
    """What a banner is drawn from.

    *ladder* are the colours of the tiers from the entry up; *rank* the one held;
    *filled* of *steps* is the drawn part, None on the top tier.
    """

    background: str
    foreground: str
    picture: str | None
    ladder: tuple[str, ...]
    rank: int
    filled: int | None
    steps: int


@dataclass(frozen=True, slots=True)
class _Paint:
    """The colours of a scene, each to be seen on the others."""

    base: Colour
    text: Colour
    here: Colour
    there: Colour


def hero(scene: Scene, media: images.Media) -> bytes:
    """The banner as PNG.

    Raises:
        PictureError: the owner's picture cannot be drawn.
    """
    paint = _paint(scene)
    large = _ground(scene, paint, media)
    _draw_path(large, scene, paint)
    return images.encoded(large.reduce(_FINE), 192)


def _paint(scene: Scene) -> _Paint:
    base, text = colours.parse(scene.background), colours.parse(scene.foreground)
    # A tier's colour goes nearer to the text's where it would drown in the ground.
    ladder = [
        colours.apart(colours.parse(one), base, text, 2.2) for one in scene.ladder
    ]
    held = ladder[min(scene.rank, len(ladder) - 1)]
    if scene.filled is None:
        return _Paint(base, text, ladder[0], held)
    return _Paint(base, text, held, ladder[min(scene.rank + 1, len(ladder) - 1)])


def _share(scene: Scene) -> float:
    """How much of the way is done, 0 to 1."""
    return 1.0 if scene.filled is None else scene.filled / max(scene.steps, 1)


def _px(pixels: float) -> int:
    return round(pixels * _FINE)


def _ground(scene: Scene, paint: _Paint, media: images.Media) -> Image.Image:
    """A sky, and before it the hill whose crest the path follows."""
    if scene.picture is None:
        ground = _dawn(paint)
        near = colours.mix(paint.base, paint.here, 0.13)
    else:
        ground = _pictured(images.opened(media(scene.picture)), paint.base)
        near = paint.base
    crest = [_at(share / 100) for share in range(101)]
    _hill(ground, [(0, _LOW), *crest, (SIZE[0], _HIGH)], near)
    return ground


def _pictured(picture: Image.Image, base: Colour) -> Image.Image:
    """The owner's picture as the sky: its upper part, which stays to be seen."""
    flat = Image.new("RGBA", picture.size, (*base, 255))
    flat.alpha_composite(picture)
    size = _px(SIZE[0]), _px(SIZE[1])
    return ImageOps.fit(
        flat.convert("RGB"), size, Image.Resampling.LANCZOS, centering=(0.5, 0.2)
    )


def _dawn(paint: _Paint) -> Image.Image:
    """Our own sky: rings of light around the goal, and two hills further away."""
    sky = Image.new("RGB", (_px(SIZE[0]), _px(SIZE[1])), paint.base)
    for radius, light in _RINGS:
        _disc(sky, _at(1), radius, colours.mix(paint.base, paint.there, light))
    for height, swing, light in ((128, 26, 0.1), (178, 20, 0.18)):
        waves = (
            (x, height + swing * math.sin(x / 150 + height))
            for x in range(0, SIZE[0] + 8, 8)
        )
        _hill(sky, waves, colours.mix(paint.base, paint.there, light))
    return sky


def _hill(ground: Image.Image, crest: Iterable[_Place], colour: Colour) -> None:
    """Fill everything below the *crest*, which goes from side to side."""
    feet = [(SIZE[0], SIZE[1]), (0, SIZE[1])]
    outline = [(_px(x), _px(y)) for x, y in (*crest, *feet)]
    ImageDraw.Draw(ground).polygon(outline, fill=colour)


def _draw_path(large: Image.Image, scene: Scene, paint: _Paint) -> None:
    """The path, its done part in the tiers' colours, its stops, and both ends."""
    share = _share(scene)
    _stroke(large, 1, paint.base, paint.base, _PATH + _RIM)
    waiting = colours.mix(paint.base, paint.text, 0.28)
    _stroke(large, 1, waiting, waiting, _PATH)
    if share:
        _stroke(large, share, paint.here, paint.there, _PATH)
    for stop in range(1, _STOPS + 1):
        at = stop / (_STOPS + 1)
        ahead = colours.mix(paint.base, paint.text, 0.8)
        _disc(large, _at(at), 4, paint.base if at <= share else ahead)
    _reached(large, _at(0), _START, paint.here, paint.base)
    if scene.filled is None:
        _reached(large, _at(1), _GOAL, paint.there, paint.base)
        for x, y, radius in _SPARKS:
            _star(large, (x, y), radius + 4, paint.base)
            _star(large, (x, y), radius, paint.there)
        return
    _waiting(large, _at(1), _GOAL, paint.there, paint.base)
    if share:
        here = colours.mix(paint.here, paint.there, share)
        _knob(large, _at(share), here, paint)


def _at(share: float) -> _Place:
    """The place on the path, level at both ends."""
    risen = share * share * (3 - 2 * share)
    return _LEFT + (_RIGHT - _LEFT) * share, _LOW + (_HIGH - _LOW) * risen


def _stroke(
    large: Image.Image, until: float, first: Colour, last: Colour, half: float
) -> None:
    """The path *until* a share of it; *last* is the colour that its end would have."""
    for dab in range(round(_DABS * until) + 1):
        share = dab / _DABS
        _disc(large, _at(share), half, colours.mix(first, last, round(share, 2)))


def _reached(
    large: Image.Image, at: _Place, radius: float, colour: Colour, base: Colour
) -> None:
    """A medal."""
    _disc(large, at, radius + _RIM, base)
    _disc(large, at, radius, colour)
    _star(large, at, radius * 0.62, base)


def _waiting(
    large: Image.Image, at: _Place, radius: float, colour: Colour, base: Colour
) -> None:
    """The place of a medal that is still to come."""
    _disc(large, at, radius + _RIM, base)
    _disc(large, at, radius, colour)
    _disc(large, at, radius - 8, colours.mix(colour, base, 0.78))
    _star(large, at, radius * 0.5, colours.mix(colour, base, 0.25))


def _knob(large: Image.Image, at: _Place, colour: Colour, paint: _Paint) -> None:
    """Where the holder stands."""
    _disc(large, at, _KNOB + _RIM, paint.base)
    _disc(large, at, _KNOB, paint.text)
    _disc(large, at, _KNOB - 8, colour)


def _disc(large: Image.Image, at: _Place, radius: float, colour: Colour) -> None:
    x, y = at
    box = [_px(side) for side in (x - radius, y - radius, x + radius, y + radius)]
    ImageDraw.Draw(large).ellipse(box, fill=colour)


def _star(large: Image.Image, at: _Place, radius: float, colour: Colour) -> None:
    points = images.star((at[0] * _FINE, at[1] * _FINE), radius * _FINE)
    ImageDraw.Draw(large).polygon(points, fill=colour)
