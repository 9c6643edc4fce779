"""The pictures of a pass: icon and logo, made from one upload or from a monogram.

Sizes in points follow https://developer.apple.com/documentation/walletpasses and
are delivered at 1x, 2x and 3x. The strip has its own module.
"""

import io
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont, ImageOps

from wallet_apple import colours, errors

Media = Callable[[str], bytes]
"""Gives the PNG bytes of a media hash."""

SCALES = (1, 2, 3)
ICON = 38
"""Points: iOS 26 draws icons at 38; older ones shrink them to 29."""
LOGO = (160, 50)

_LARGEST = 3
_LETTERS = 2
_FILL = 0.72
_MOST_PIXELS = 40_000_000


@dataclass(frozen=True, slots=True)
class Brand:
    """What icon and logo are drawn from."""

    name: str
    background: str
    foreground: str
    logo: str | None


def icons(brand: Brand, media: Media) -> dict[str, bytes]:
    """``icon.png`` at every scale: the logo, or a monogram, on the background."""
    size = ICON * _LARGEST
    ground = colours.parse(brand.background)
    largest = Image.new("RGB", (size, size), ground)
    if brand.logo is None:
        mark = _letters(brand, size, colours.parse(brand.foreground))
    else:
        picture = opened(media(brand.logo))
        mark = _inside(picture, (size, size), _share(picture))
    largest.paste(mark, _centred(mark, size), mark)
    return scaled("icon", largest)


def logos(brand: Brand, media: Media) -> dict[str, bytes]:
    """``logo.png`` at every scale, 160 by 50 points at most."""
    width, height = (side * _LARGEST for side in LOGO)
    if brand.logo is None:
        return scaled("logo", _badge(brand, height))
    picture = opened(media(brand.logo))
    return scaled("logo", _inside(picture, (width, height), 1))


def opened(png: bytes) -> Image.Image:
    """The picture with its transparency.

    Raises:
        PictureError: it cannot be read, or is far larger than a picture.
    """
    try:
        with Image.open(io.BytesIO(png), formats=("PNG",)) as picture:
            if picture.width * picture.height > _MOST_PIXELS:
                raise errors.PictureError("The picture has too many pixels.")
            return picture.convert("RGBA")
    except (OSError, SyntaxError, ValueError) as error:
        raise errors.PictureError("The picture is not a readable PNG.") from error


def scaled(name: str, largest: Image.Image) -> dict[str, bytes]:
    """The files of a picture drawn at 3x, under Apple's names."""
    return {
        f"{name}{'' if scale == 1 else f'@{scale}x'}.png": encoded(
            _at(largest, scale), 128
        )
        for scale in SCALES
    }


def _at(largest: Image.Image, scale: int) -> Image.Image:
    if scale == _LARGEST:
        return largest
    width, height = (
        max(1, round(side * scale / _LARGEST))
        for side in (largest.width, largest.height)
    )
    return largest.resize((width, height), Image.Resampling.LANCZOS)


def encoded(picture: Image.Image, palette: int) -> bytes:
    """An optimised PNG of at most *palette* colours; transparency is kept."""
    method = (
        Image.Quantize.FASTOCTREE
        if picture.mode == "RGBA"
        else Image.Quantize.MEDIANCUT
    )
    few = picture.quantize(palette, method=method, dither=Image.Dither.NONE)
    file = io.BytesIO()
    few.save(file, "PNG", optimize=True)
    return file.getvalue()


def _share(picture: Image.Image) -> float:
    """How much of the icon a logo takes: a full square keeps all of it."""
    solid = picture.getchannel("A").getextrema() == (255, 255)
    return 1 if solid and picture.width == picture.height else _FILL


def _inside(picture: Image.Image, box: tuple[int, int], share: float) -> Image.Image:
    """The picture without its empty border, as large as *share* of *box* allows."""
    edges = picture.getchannel("A").getbbox()
    if edges is None:
        raise errors.PictureError("The picture is wholly transparent.")
    width, height = (max(1, round(side * share)) for side in box)
    return ImageOps.contain(
        picture.crop(edges), (width, height), Image.Resampling.LANCZOS
    )


def _centred(mark: Image.Image, size: int) -> tuple[int, int]:
    return (size - mark.width) // 2, (size - mark.height) // 2


def _badge(brand: Brand, side: int) -> Image.Image:
    """The monogram in a rounded square of the text's colour."""
    foreground = colours.parse(brand.foreground)
    large = side * 4
    badge = Image.new("RGBA", (large, large), (*foreground, 0))
    corner = (0, 0, large - 1, large - 1)
    ImageDraw.Draw(badge).rounded_rectangle(corner, large * 0.26, (*foreground, 255))
    badge = badge.resize((side, side), Image.Resampling.LANCZOS)
    letters = _letters(brand, side, colours.parse(brand.background))
    badge.alpha_composite(letters, _centred(letters, side))
    return badge


def _letters(brand: Brand, side: int, colour: colours.Colour) -> Image.Image:
    """The monogram alone, filling a comfortable part of a square of *side*."""
    letters = monogram(brand.name)
    # The font has ASCII alone: an É does without its accent, as on French signs.
    text = unicodedata.normalize("NFKD", letters).encode("ascii", "ignore").decode()
    if len(text) < len(letters) or not text:
        return _dot(side, colour)
    font = ImageFont.load_default(side * 0.5)
    left, top, right, bottom = font.getbbox(text)
    size = (max(1, round(right - left)), max(1, round(bottom - top)))
    drawn = Image.new("RGBA", size, (*colour, 0))
    ImageDraw.Draw(drawn).text((-left, -top), text, fill=(*colour, 255), font=font)
    return drawn


def _dot(side: int, colour: colours.Colour) -> Image.Image:
    """A disc, where there are no letters that can be drawn."""
    large = Image.new("RGBA", (side, side), (*colour, 0))
    ImageDraw.Draw(large).ellipse((0, 0, side - 1, side - 1), fill=(*colour, 255))
    return large.resize((side * 3 // 10,) * 2, Image.Resampling.LANCZOS)


def monogram(name: str) -> str:
    """The first letters of the first two names in it; none where it has no letters."""
    words = [word for word in name.replace("-", " ").split() if word[0].isalnum()]
    # “Café des Halles” is CH: what is not capitalised only joins names.
    words = [word for word in words if not word[0].islower()] or words
    return "".join(word[0] for word in words[:_LETTERS]).upper()
