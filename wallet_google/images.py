"""The logo of a class, and what all pictures for Google are made with.

Google cuts the logo into a circle by itself: it wants a full square of 660 pixels at
least, and nothing that matters in the outer 15 %.
https://developers.google.com/wallet/retail/loyalty-cards/resources/brand-guidelines
"""

import io
import math
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont, ImageOps

from wallet_google import colours, errors

Media = Callable[[str], bytes]
"""Gives the PNG bytes of a media hash."""

LOGO = 660
MARGIN = 0.15
"""Pixels of a side, and how much of it stays empty on each of the four."""

_LETTERS = 2
_MOST_PIXELS = 40_000_000


@dataclass(frozen=True, slots=True)
class Brand:
    """What a logo is drawn from."""

    name: str
    background: str
    foreground: str
    logo: str | None


def logo(brand: Brand, media: Media) -> bytes:
    """The logo as PNG: the owner's, or a monogram, on the card's background.

    Raises:
        PictureError: the owner's picture cannot be drawn.
    """
    ground = colours.parse(brand.background)
    side = round(LOGO * (1 - 2 * MARGIN))
    if brand.logo is None:
        mark = _monogram(brand, side)
    else:
        picture = opened(media(brand.logo))
        ground = _surround(picture) or ground
        mark = _inside(picture, side)
    square = Image.new("RGB", (LOGO, LOGO), ground)
    place = (LOGO - mark.width) // 2, (LOGO - mark.height) // 2
    square.paste(mark, place, mark)
    return encoded(square, 128)


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


def encoded(picture: Image.Image, palette: int) -> bytes:
    """An optimised PNG of at most *palette* colours, the same for the same picture."""
    few = picture.quantize(
        palette, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
    )
    file = io.BytesIO()
    few.save(file, "PNG", optimize=True)
    return file.getvalue()


def _inside(picture: Image.Image, side: int) -> Image.Image:
    """The picture without its empty border, as large as the square allows."""
    edges = picture.getchannel("A").getbbox()
    if edges is None:
        raise errors.PictureError("The picture is wholly transparent.")
    return ImageOps.contain(picture.crop(edges), (side, side), Image.Resampling.LANCZOS)


def _surround(picture: Image.Image) -> colours.Colour | None:
    """The colour of all four corners: a picture with its own ground goes on in it."""
    right, low = picture.width - 1, picture.height - 1
    corners = {
        picture.getpixel(at) for at in ((0, 0), (right, 0), (0, low), (right, low))
    }
    match corners.pop(), corners:
        case (int(red), int(green), int(blue), 255), rest if not rest:
            return red, green, blue
    return None


def _monogram(brand: Brand, side: int) -> Image.Image:
    """The letters of a name, no wider than the square; a star where it has none."""
    colour = colours.parse(brand.foreground)
    font = ImageFont.load_default(side * 0.62)
    letters = monogram(brand.name)
    # The font has no É; French signs do without the accent of a capital.
    text = unicodedata.normalize("NFKD", letters).encode("ascii", "ignore").decode()
    if not text or len(text) < len(letters):
        return _star(side, colour)
    left, top, right, bottom = font.getbbox(text)
    size = max(1, round(right - left)), max(1, round(bottom - top))
    drawn = Image.new("RGBA", size, (*colour, 0))
    ImageDraw.Draw(drawn).text((-left, -top), text, fill=(*colour, 255), font=font)
    drawn.thumbnail((side, side), Image.Resampling.LANCZOS)
    return drawn


def _star(side: int, colour: colours.Colour) -> Image.Image:
    large = Image.new("RGBA", (side * 2, side * 2), (*colour, 0))
    points = star((side, side), side * 0.8)
    ImageDraw.Draw(large).polygon(points, fill=(*colour, 255))
    return large.resize((side, side), Image.Resampling.LANCZOS)


def star(centre: tuple[float, float], radius: float) -> list[tuple[float, float]]:
    """The corners of a five-pointed star that stands on two of them."""
    return [
        (
            centre[0] + radius * length * math.sin(math.pi * corner / 5),
            centre[1] - radius * length * math.cos(math.pi * corner / 5),
        )
        for corner in range(10)
        for length in (0.46 if corner % 2 else 1.0,)
    ]


def monogram(name: str) -> str:
    """The first letters of the first two names in it; none where it has no letters."""
    words = [word for word in name.replace("-", " ").split() if word[0].isalnum()]
    # “Café des Halles” is CH: what is not capitalised only joins names.
    words = [word for word in words if not word[0].islower()] or words
    return "".join(word[0] for word in words[:_LETTERS]).upper()
