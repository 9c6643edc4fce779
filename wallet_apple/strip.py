"""The strip: the way to the next tier, drawn over the owner's picture or our own.

Progress comes in steps, so that a design has few strips and each is made once.
Nothing here is text: what the strip shows is also told in the pass's fields.
"""

import math
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageOps

from wallet_apple import colours, images

SIZE = (375, 144)
"""Points of a store card's strip."""

_LARGEST = 3
_FINE = 2
"""Drawn this much larger and shrunk, for smooth edges."""

_UNIT = _LARGEST * _FINE
_TRACK_LEFT, _TRACK_RIGHT, _TRACK_Y = 42, 333, 100
_TRACK_HALF = 6
_KNOB = 10
_END = 15
_MILESTONES = 4


@dataclass(frozen=True, slots=True)
class Scene:
    """What a strip is drawn from.

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


def strips(scene: Scene, media: images.Media) -> dict[str, bytes]:
    """``strip.png`` at every scale."""
    large = _ground(scene, media)
    _draw_track(large, scene)
    width, height = (side * _LARGEST for side in SIZE)
    return images.scaled(
        "strip", large.resize((width, height), Image.Resampling.LANCZOS)
    )


def _px(points: float) -> int:
    return round(points * _UNIT)


def _ground(scene: Scene, media: images.Media) -> Image.Image:
    size = _px(SIZE[0]), _px(SIZE[1])
    base = colours.parse(scene.background)
    if scene.picture is None:
        return _landings(scene, size, base)
    picture = images.opened(media(scene.picture))
    flat = Image.new("RGBA", picture.size, (*base, 255))
    flat.alpha_composite(picture)
    fitted = ImageOps.fit(flat.convert("RGB"), size, Image.Resampling.LANCZOS)
    # The lower part sinks into the background: the track must be seen on any picture.
    veil = _ramp(size, 0.15, 0.88)
    return Image.composite(Image.new("RGB", size, base), fitted, veil)


def _ramp(size: tuple[int, int], top: float, bottom: float) -> Image.Image:
    """A mask from *top* to *bottom*, growing from a third of the height on."""
    column = Image.new("L", (1, size[1]))
    start = size[1] / 3
    for y in range(size[1]):
        share = max(0.0, (y - start) / (size[1] - start))
        column.putpixel((0, y), round(255 * (top + (bottom - top) * share)))
    return column.resize(size)


def _landings(scene: Scene, size: tuple[int, int], base: colours.Colour) -> Image.Image:
    """Our own ground: one landing a tier, rising to the right, the reached ones lit."""
    ground = Image.new("RGB", size, base)
    draw = ImageDraw.Draw(ground)
    foreground = colours.parse(scene.foreground)
    count = max(len(scene.ladder), 2)
    for rank in range(count):
        left = size[0] * rank // count
        top = round(size[1] * (0.46 - 0.34 * rank / (count - 1)))
        reached = rank <= scene.rank and rank < len(scene.ladder)
        box = (left, top, size[0] + _px(20), size[1] + _px(20))
        tread = colours.mix(base, foreground, 0.05)
        edge = tread
        if reached:
            light = _seen(scene, scene.ladder[rank], base)
            tread, edge = colours.mix(base, light, 0.13), colours.mix(base, light, 0.5)
        draw.rounded_rectangle(box, _px(12), fill=edge)
        draw.rounded_rectangle((left, top + _px(1.6), *box[2:]), _px(12), fill=tread)
    return ground


def _draw_track(large: Image.Image, scene: Scene) -> None:
    """The track, its fill in the tier's colours, milestones, and both ends."""
    base = colours.parse(scene.background)
    here, there = _ends(scene, base)
    share = 1.0 if scene.filled is None else scene.filled / max(scene.steps, 1)
    reach = _TRACK_LEFT + (_TRACK_RIGHT - _TRACK_LEFT) * share
    _pill(large, _TRACK_RIGHT, _faint(scene, base, 0.26))
    if share:
        _fill(large, reach, here, there)
    for mark in range(1, _MILESTONES):
        x = _TRACK_LEFT + (_TRACK_RIGHT - _TRACK_LEFT) * mark / _MILESTONES
        passed = x <= reach
        _disc(large, x, 1.8, base if passed else _faint(scene, base, 0.75))
    _end(large, _TRACK_LEFT, here, base, reached=True)
    _end(large, _TRACK_RIGHT, there, base, reached=scene.filled is None)
    if scene.filled is not None and 0 < share < 1:
        _disc(large, reach, _KNOB + 2, base)
        _disc(large, reach, _KNOB, colours.parse(scene.foreground))
        _disc(large, reach, _KNOB - 3.5, colours.mix(here, there, share))


def _ends(scene: Scene, base: colours.Colour) -> tuple[colours.Colour, colours.Colour]:
    """The colours of the tier held and of the next, kept visible on the ground."""
    ladder = [_seen(scene, one, base) for one in scene.ladder]
    held = ladder[min(scene.rank, len(ladder) - 1)]
    if scene.filled is None:
        return ladder[0], held
    return held, ladder[min(scene.rank + 1, len(ladder) - 1)]


def _seen(scene: Scene, spelled: str, base: colours.Colour) -> colours.Colour:
    """A tier's colour, nearer to the text's where it would drown in the ground."""
    foreground = colours.parse(scene.foreground)
    return colours.apart(colours.parse(spelled), base, foreground, 2.0)


def _faint(scene: Scene, base: colours.Colour, share: float) -> colours.Colour:
    return colours.mix(base, colours.parse(scene.foreground), share)


def _pill(large: Image.Image, right: float, colour: colours.Colour) -> None:
    ImageDraw.Draw(large).rounded_rectangle(_bar(right), _px(_TRACK_HALF), fill=colour)


def _bar(right: float) -> tuple[int, int, int, int]:
    return (
        _px(_TRACK_LEFT),
        _px(_TRACK_Y - _TRACK_HALF),
        _px(right),
        _px(_TRACK_Y + _TRACK_HALF),
    )


def _fill(
    large: Image.Image, right: float, here: colours.Colour, there: colours.Colour
) -> None:
    """The filled part, going over from one tier's colour into the next one's."""
    mask = Image.new("L", large.size)
    ImageDraw.Draw(mask).rounded_rectangle(_bar(right), _px(_TRACK_HALF), fill=255)
    large.paste(_passage(large.size, here, there), mask=mask)


def _passage(
    size: tuple[int, int], here: colours.Colour, there: colours.Colour
) -> Image.Image:
    """From one colour to the other along the whole track, in few even shades."""
    row = Image.new("RGB", (24, 1))
    for x in range(24):
        row.putpixel((x, 0), colours.mix(here, there, x / 23))
    return row.resize(size, Image.Resampling.NEAREST)


def _end(
    large: Image.Image,
    x: float,
    colour: colours.Colour,
    base: colours.Colour,
    *,
    reached: bool,
) -> None:
    """A medallion: full where the tier is reached, a ring where it waits."""
    _disc(large, x, _END + 3, base)
    _disc(large, x, _END, colour)
    inner = colours.mix(colour, base, 0.75) if not reached else colour
    _disc(large, x, _END - 3, inner)
    if reached:
        _star(large, x, _END - 5, base)


def _disc(large: Image.Image, x: float, radius: float, colour: colours.Colour) -> None:
    box = tuple(
        _px(side)
        for side in (x - radius, _TRACK_Y - radius, x + radius, _TRACK_Y + radius)
    )
    ImageDraw.Draw(large).ellipse(box, fill=colour)


def _star(large: Image.Image, x: float, radius: float, colour: colours.Colour) -> None:
    points = [
        (
            _px(x) + _px(radius) * length * math.sin(math.pi * corner / 5),
            _px(_TRACK_Y) - _px(radius) * length * math.cos(math.pi * corner / 5),
        )
        for corner in range(10)
        for length in (0.48 if corner % 2 else 1.0,)
    ]
    ImageDraw.Draw(large).polygon(points, fill=colour)
