"""Pictures that people upload: decoded, made small, and written anew.

What is kept are pixels alone: nothing else of an uploaded file survives, and a file
is looked at before it is unpacked, so that a small one cannot become a huge picture.
"""

import io
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from PIL import Image, ImageOps

from passes.errors import BusyError, InvalidError
from web import bodies

FORMATS = ("PNG", "JPEG", "WEBP")
MOST_PIXELS = 25_000_000
LONGEST_SIDE = 8_000
SHORTEST_SIDE = 16

_PATIENCE = 10.0
_DEEP = 256
_NOTHING_SEEN = 8

# A picture that unpacks to far more than it weighs is refused, not warned about.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)

# One at a time: a picture of the largest size takes some 200 MB while it is worked on.
_decoding = threading.BoundedSemaphore(1)


class Reason(Enum):
    """Why a picture is refused."""

    KIND = "kind"
    """Neither PNG nor JPEG nor WebP, whatever its name says."""
    WEIGHT = "weight"
    """More bytes than `bodies.PICTURE`."""
    PIXELS = "pixels"
    """More than `MOST_PIXELS`, or a side beyond `LONGEST_SIDE`."""
    TINY = "tiny"
    """A side below `SHORTEST_SIDE`."""
    BROKEN = "broken"
    """It ends too early or is damaged."""
    EMPTY = "empty"
    """Nothing is to be seen on it."""


class UploadError(InvalidError):
    """The file cannot be taken; *reason* says why."""

    def __init__(self, field: str, reason: Reason) -> None:
        super().__init__(field, f"The picture is refused: {reason.value}.")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Picture:
    """A clean PNG: pixels and nothing else. *size* is width and height."""

    png: bytes
    size: tuple[int, int]


Shape = Callable[[Image.Image], Image.Image]


def logo(data: bytes) -> Picture:
    """Return the uploaded logo, within 1200 × 1200 pixels; transparency stays.

    Raises:
        UploadError: it is no picture that can be taken.
        BusyError: others are being worked on.
    """
    return _clean("logo", data, (1200, 1200), lambda picture: picture)


def strip(data: bytes) -> Picture:
    """Return the uploaded picture of the strip, cut to its shape at 3x.

    Raises:
        UploadError: it is no picture that can be taken.
        BusyError: others are being worked on.
    """
    return _clean("strip", data, (2250, 2250), _cut)


def _cut(picture: Image.Image) -> Image.Image:
    """The middle of the picture in the strip's shape, never made larger."""
    wanted = (1125, 432)
    if picture.width < wanted[0] or picture.height < wanted[1]:
        return picture
    return ImageOps.fit(picture, wanted, Image.Resampling.LANCZOS)


def _clean(field: str, data: bytes, within: tuple[int, int], shape: Shape) -> Picture:
    if len(data) > bodies.PICTURE:
        raise UploadError(field, Reason.WEIGHT)
    if not _decoding.acquire(timeout=_PATIENCE):
        raise BusyError
    try:
        return _written(shape(_pixels(field, data, within)))
    finally:
        _decoding.release()


def _pixels(field: str, data: bytes, within: tuple[int, int]) -> Image.Image:
    """The upright picture as RGB or RGBA, made to fit *within*."""
    with _opened(field, data) as source:
        _refuse_size(field, source.size)
        try:
            # A JPEG can be unpacked at a fraction of its size.
            source.draft("RGB", within)
            upright = ImageOps.exif_transpose(_in_eight_bits(source))
        # What is wrong inside a file comes out as almost anything.
        except (OSError, SyntaxError, ValueError, EOFError, IndexError) as error:
            raise UploadError(field, Reason.BROKEN) from error
    picture = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    _refuse_empty(field, picture)
    picture.thumbnail(within, Image.Resampling.LANCZOS)
    return picture


def _opened(field: str, data: bytes) -> Image.Image:
    """The file with its size known and nothing unpacked yet."""
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise UploadError(field, Reason.PIXELS) from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise UploadError(field, Reason.KIND) from error


def _refuse_size(field: str, size: tuple[int, int]) -> None:
    if max(size) > LONGEST_SIDE or size[0] * size[1] > MOST_PIXELS:
        raise UploadError(field, Reason.PIXELS)
    if min(size) < SHORTEST_SIDE:
        raise UploadError(field, Reason.TINY)


def _in_eight_bits(source: Image.Image) -> Image.Image:
    """Grey pictures of 16 bits brought down to 8; others only unpacked."""
    source.load()
    if not source.mode.startswith("I"):
        return source
    return source.convert("I").point(lambda value: value / _DEEP).convert("L")


def _refuse_empty(field: str, picture: Image.Image) -> None:
    if picture.mode == "RGBA":
        _, most = picture.getchannel("A").getextrema()
        if int(str(most)) < _NOTHING_SEEN:
            raise UploadError(field, Reason.EMPTY)


def _written(picture: Image.Image) -> Picture:
    """The pixels in a new file. A copy has no texts, profile or orientation."""
    bare = Image.frombytes(picture.mode, picture.size, picture.tobytes())
    file = io.BytesIO()
    bare.save(file, "PNG", compress_level=7)
    return Picture(file.getvalue(), bare.size)
