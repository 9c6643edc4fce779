"""The logo: what Google cuts into a circle still shows all of it."""

import io
from typing import Any

import pytest
from PIL import Image, ImageChops

from tests.wallet_apple.cards import png
from tests.wallet_google.drawing import opened
from wallet_google import errors, images
from wallet_google.images import Brand

GREEN = (31, 58, 52)


def drawn(
    name: str = "Café", media: bytes | None = None, **changes: Any
) -> Image.Image:
    logo = None if media is None else "logo"
    usual = {"background": "#1f3a34", "foreground": "#ffffff", "logo": logo}
    brand = Brand(name, **(usual | changes))
    return opened(images.logo(brand, lambda _name: media or b"")).convert("RGB")


def with_a_hole() -> bytes:
    ring = Image.new("RGBA", (80, 60), (0, 0, 0, 0))
    ring.paste((200, 0, 0, 255), (5, 10, 75, 50))
    ring.paste((0, 0, 0, 0), (35, 25, 45, 35))
    file = io.BytesIO()
    ring.save(file, "PNG")
    return file.getvalue()


def mark(picture: Image.Image, ground: tuple[int, int, int]) -> tuple[int, ...]:
    """The box of what differs from the ground."""
    plain = Image.new("RGB", picture.size, ground)
    box = ImageChops.difference(picture, plain).getbbox()
    assert box is not None
    return box


def test_the_logo_is_the_square_that_google_asks_for() -> None:
    assert drawn().size == (660, 660)


@pytest.mark.parametrize(
    "name", ["Café", "Mango Wow", "Wwwwww Mmmmm", "✿✿", "Épicerie", "  ", "李"]
)
def test_nothing_of_a_monogram_reaches_into_the_margin(name: str) -> None:
    left, top, right, bottom = mark(drawn(name), GREEN)

    assert min(left, top, 660 - right, 660 - bottom) >= 660 * 0.15


@pytest.mark.parametrize("shape", [(900, 60), (60, 900), (64, 64), (3000, 2000)])
def test_nothing_of_an_owners_logo_reaches_into_the_margin(
    shape: tuple[int, int],
) -> None:
    clear = Image.new("RGBA", shape)
    clear.paste((200, 30, 30, 255), (1, 1, shape[0] - 1, shape[1] - 1))
    file = io.BytesIO()
    clear.save(file, "PNG")

    left, top, right, bottom = mark(drawn(media=file.getvalue()), GREEN)

    assert min(left, top, 660 - right, 660 - bottom) >= 660 * 0.15
    assert max(right - left, bottom - top) > 660 * 0.65


def test_the_ground_shows_through_a_logo() -> None:
    assert drawn(media=with_a_hole()).getpixel((330, 330)) == GREEN


def test_a_logo_with_its_own_ground_fills_the_square() -> None:
    assert drawn(media=png((300, 200), (200, 30, 30, 255))).getpixel((0, 0)) == (
        *(200, 30, 30),
    )


def test_a_capital_with_an_accent_is_drawn_without() -> None:
    assert drawn("Épicerie").tobytes() == drawn("Epicerie").tobytes()


def test_a_name_that_the_font_cannot_write_gets_a_star() -> None:
    assert drawn("李").tobytes() == drawn("✿").tobytes() != drawn("E").tobytes()


@pytest.mark.parametrize("data", [b"", b"GIF89a", png()[:40]])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(errors.PictureError):
        images.opened(data)


def test_a_wholly_transparent_logo_is_refused() -> None:
    with pytest.raises(errors.PictureError, match="transparent"):
        drawn(media=png(colour=(0, 0, 0, 0)))


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Café des Halles", "CH"),
        ("boulangerie", "B"),
        ("Saint-Jean", "SJ"),
        ("3 Rivières", "3R"),
        ("✿✿", ""),
    ],
)
def test_a_monogram_is_made_of_names(name: str, letters: str) -> None:
    assert images.monogram(name) == letters
