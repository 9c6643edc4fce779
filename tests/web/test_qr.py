import re

import zxingcpp
from PIL import Image, ImageDraw

from web import qr

CODE = "L1.7F3K9QZ2M8XW4RTB6YHC.5D"


def bars(svg: str) -> list[tuple[int, int, int]]:
    """Column, line and length of every run of black modules."""
    black = svg.partition('fill="#000"')[2]
    found = re.findall(r"M(\d+) (\d+)h(\d+)v1h", black)
    return [(int(x), int(y), int(length)) for x, y, length in found]


def drawn(svg: str, *, scale: int = 6) -> Image.Image:
    """The SVG's bars, painted: it consists of unit-high rectangles only."""
    size = int(re.findall(r'viewBox="0 0 (\d+) \1"', svg)[0])
    image = Image.new("L", (size * scale, size * scale), 255)
    pen = ImageDraw.Draw(image)
    for x, y, length in bars(svg):
        left, top = x * scale, y * scale
        pen.rectangle((left, top, left + length * scale - 1, top + scale - 1), fill=0)
    return image


def test_a_scanner_reads_what_was_written() -> None:
    (found,) = zxingcpp.read_barcodes(drawn(qr.svg(CODE, "Card")))

    assert found.text == CODE


def test_four_white_modules_lie_around_the_code() -> None:
    black = bars(qr.svg(CODE, "Card"))

    assert min(x for x, _, _ in black) == min(y for _, y, _ in black) == 4


def test_the_ground_is_white_on_any_page() -> None:
    assert '<path fill="#fff" d="M0 0h' in qr.svg(CODE, "Card")


def test_the_label_cannot_break_out_of_its_attribute() -> None:
    assert 'aria-label="&#34;&gt;&lt;script&gt;"' in qr.svg(CODE, '"><script>')
