"""Pictures to upload, good and bad, made on the spot."""

import io
import struct
import zlib

from PIL import Image

RED, BLUE = (200, 30, 30), (30, 30, 200)


def drawn(
    size: tuple[int, int] = (120, 80), mode: str = "RGB", colour: object = RED
) -> Image.Image:
    """A picture of one colour."""
    return Image.new(mode, size, colour)  # type: ignore[arg-type]


def file(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """The picture as a file."""
    held = io.BytesIO()
    picture.save(held, kind, **options)
    return held.getvalue()


def halves(size: tuple[int, int] = (40, 20)) -> Image.Image:
    """Red on the left, blue on the right."""
    picture = drawn(size)
    picture.paste(BLUE, (size[0] // 2, 0, *size))
    return picture


def chunk(name: bytes, data: bytes) -> bytes:
    """One chunk of a PNG."""
    check = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", check)


def bomb(width: int = 12_000, height: int = 12_000) -> bytes:
    """A PNG of 144 megapixels and some 140 kB: rows of nothing, packed."""
    packer = zlib.compressobj(9)
    row = bytes(1 + width * 3)
    rows = b"".join(packer.compress(row) for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", rows + packer.flush())
        + chunk(b"IEND", b"")
    )
