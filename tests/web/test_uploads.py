"""What is taken of an uploaded picture, and what is refused (trust rule 10)."""

import io
import tracemalloc
from collections.abc import Callable

import pytest
from PIL import Image

from tests.web import pictures
from web import bodies, uploads
from web.uploads import Picture, Reason, UploadError

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n"
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(64)


def opened(found: Picture) -> Image.Image:
    return Image.open(io.BytesIO(found.png), formats=("PNG",))


def refusal(data: bytes, clean: Callable[[bytes], Picture] = uploads.logo) -> Reason:
    with pytest.raises(UploadError) as refused:
        clean(data)
    return refused.value.reason


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_the_three_kinds_are_taken_and_become_png(kind: str) -> None:
    found = uploads.logo(pictures.file(pictures.drawn(), kind))

    assert opened(found).size == found.size == (120, 80)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_every_way_to_keep_pixels_is_understood(mode: str) -> None:
    colour = {"LA": (90, 255), "RGBA": (9, 9, 9, 255), "CMYK": (9, 9, 9, 0)}
    kind = "JPEG" if mode == "CMYK" else "PNG"
    drawn = pictures.drawn(mode=mode, colour=colour.get(mode, 1))

    found = uploads.logo(pictures.file(drawn, kind))

    assert opened(found).mode in {"RGB", "RGBA"}


def test_sixteen_bits_of_grey_keep_their_brightness() -> None:
    found = uploads.logo(pictures.file(pictures.drawn(mode="I;16", colour=128 * 256)))

    assert opened(found).getpixel((5, 5)) == (128, 128, 128)


def test_transparency_stays() -> None:
    clear = pictures.drawn(mode="RGBA", colour=(0, 0, 0, 0))
    clear.paste((255, 0, 0, 255), (0, 0, 60, 80))

    found = opened(uploads.logo(pictures.file(clear)))

    assert found.getpixel((100, 40)) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    "data",
    [
        SVG,
        pictures.file(pictures.drawn(), "GIF"),
        pictures.file(pictures.drawn(), "BMP"),
        pictures.file(pictures.drawn(), "TIFF"),
        PDF,
        HEIC,
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"PK\x03\x04" + bytes(100),
    ],
    ids=["svg", "gif", "bmp", "tiff", "pdf", "heic", "empty", "magic", "zip"],
)
def test_every_other_kind_is_refused(data: bytes) -> None:
    assert refusal(data) is Reason.KIND


def test_what_follows_the_picture_is_dropped() -> None:
    polyglot = pictures.file(pictures.drawn()) + b"<script>alert(1)</script>PK\x03\x04"

    found = uploads.logo(polyglot)

    assert b"script" not in found.png
    assert b"PK\x03\x04" not in found.png


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_picture_stands_upright(kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: the left side is the top
    turned = pictures.file(pictures.halves(), kind, exif=exif)

    found = opened(uploads.logo(turned)).convert("RGB")

    assert found.size == (20, 40)
    top, bottom = found.getpixel((10, 4)), found.getpixel((10, 35))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[0] > top[2]
    assert bottom[2] > bottom[0]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_nothing_but_pixels_stays(kind: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = "48.8566 N, chez Anna"
    options: dict[str, object] = {"exif": exif, "icc_profile": b"profile" * 20}
    if kind == "JPEG":
        options["comment"] = b"chez Anna"

    found = uploads.logo(pictures.file(pictures.drawn(), kind, **options))

    picture = opened(found)
    picture.load()
    assert picture.info == {}
    assert not picture.getexif()
    assert b"Anna" not in found.png


def test_a_picture_of_144_megapixels_is_refused_unopened() -> None:
    data = pictures.bomb()
    assert len(data) < 450_000

    tracemalloc.start()
    reason = refusal(data)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert reason is Reason.PIXELS
    # Unpacking it would take 432 MB.
    assert most < 5_000_000


@pytest.mark.parametrize("size", [(8_001, 20), (5_001, 5_001), (20_000, 20_000)])
def test_too_many_pixels_are_refused(size: tuple[int, int]) -> None:
    assert refusal(pictures.bomb(*size)) is Reason.PIXELS


def test_a_tiny_picture_is_refused() -> None:
    assert refusal(pictures.file(pictures.drawn((200, 15)))) is Reason.TINY


def test_a_heavy_file_is_refused_before_it_is_looked_at() -> None:
    assert refusal(bytes(bodies.PICTURE + 1)) is Reason.WEIGHT


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_half_a_file_is_refused(kind: str) -> None:
    noise = Image.effect_noise((300, 300), 90).convert("RGB")
    whole = pictures.file(noise, kind)

    assert refusal(whole[: len(whole) // 2]) in {Reason.BROKEN, Reason.KIND}


def test_a_picture_with_nothing_on_it_is_refused() -> None:
    clear = pictures.drawn(mode="RGBA", colour=(255, 255, 255, 0))

    assert refusal(pictures.file(clear)) is Reason.EMPTY


def test_a_large_logo_becomes_smaller() -> None:
    found = uploads.logo(pictures.file(pictures.drawn((3000, 1500))))

    assert found.size == (1200, 600)


@pytest.mark.parametrize(
    ("given", "kept"),
    [((4000, 3000), (1125, 432)), ((1125, 432), (1125, 432)), ((900, 700), (900, 700))],
)
def test_the_strip_is_cut_to_its_shape_and_never_enlarged(
    given: tuple[int, int], kept: tuple[int, int]
) -> None:
    assert uploads.strip(pictures.file(pictures.drawn(given), "JPEG")).size == kept


def test_a_moving_picture_becomes_its_first_one() -> None:
    moving = pictures.file(
        pictures.drawn(colour=pictures.RED),
        "WEBP",
        save_all=True,
        append_images=[pictures.drawn(colour=pictures.BLUE)],
        lossless=True,
    )

    assert opened(uploads.logo(moving)).getpixel((3, 3)) == pictures.RED
