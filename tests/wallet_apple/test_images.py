"""Icon, logo and strip: sizes, weight, and what they show."""

import io
from typing import Any

import pytest
from PIL import Image

from tests.wallet_apple.cards import png
from wallet_apple import colours, errors, images, strip
from wallet_apple.images import Brand
from wallet_apple.strip import Scene

LADDER = ("#b08d57", "#c0c6cc", "#e2b93b")


def media(data: bytes) -> images.Media:
    return lambda _name: data


def picture(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGBA")


def make_scene(**changes: Any) -> Scene:
    usual: dict[str, Any] = {
        "background": "#1f3a34",
        "foreground": "#ffffff",
        "picture": None,
        "ladder": LADDER,
        "rank": 0,
        "filled": 5,
        "steps": 10,
    }
    return Scene(**(usual | changes))


def drawn(**changes: Any) -> Image.Image:
    """The strip at 1x, where a pixel is a point."""
    files = strip.strips(make_scene(**changes), media(b""))
    return picture(files["strip.png"]).convert("RGB")


def test_icons_have_apples_sizes() -> None:
    files = images.icons(Brand("Café", "#1f3a34", "#ffffff", None), media(b""))

    sizes = {name: picture(data).size for name, data in files.items()}
    assert sizes == {
        "icon.png": (38, 38),
        "icon@2x.png": (76, 76),
        "icon@3x.png": (114, 114),
    }


@pytest.mark.parametrize("size", [(2000, 100), (100, 2000), (64, 64), (1, 1)])
def test_a_logo_of_any_shape_fits_its_box(size: tuple[int, int]) -> None:
    brand = Brand("Café", "#1f3a34", "#ffffff", "logo")

    files = images.logos(brand, media(png(size)))

    for scale, name in enumerate(("logo.png", "logo@2x.png", "logo@3x.png"), 1):
        width, height = picture(files[name]).size
        assert (width <= 160 * scale, height <= 50 * scale) == (True, True)


def test_a_logo_keeps_its_transparency() -> None:
    ring = Image.new("RGBA", (60, 60), (200, 0, 0, 255))
    ring.paste((0, 0, 0, 0), (20, 20, 40, 40))
    file = io.BytesIO()
    ring.save(file, "PNG")

    files = images.logos(Brand("C", "#1f3a34", "#ffffff", "x"), media(file.getvalue()))

    middle = picture(files["logo@3x.png"]).getpixel((75, 75))
    assert isinstance(middle, tuple)
    assert middle[3] == 0


def test_an_icon_has_no_transparency() -> None:
    brand = Brand("C", "#1f3a34", "#ffffff", "logo")

    files = images.icons(brand, media(png((60, 20))))

    assert picture(files["icon.png"]).getpixel((0, 0)) == (31, 58, 52, 255)


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Café des Halles", "CH"),
        ("boulangerie", "B"),
        ("L'Atelier", "L"),
        ("Saint-Jean", "SJ"),
        ("3 Rivières", "3R"),
        ("Épicerie Île-Verte", "ÉÎ"),
        ("  ", ""),
        ("✿✿", ""),
    ],
)
def test_a_monogram_is_made_of_names(name: str, letters: str) -> None:
    assert images.monogram(name) == letters


@pytest.mark.parametrize(
    ("name", "same"),
    [("Épicerie Île", "Epicerie Ile"), ("本屋", "✿✿"), ("Ça", "Ca")],
)
def test_what_the_font_lacks_is_drawn_without_it(name: str, same: str) -> None:
    drawn = [
        images.icons(Brand(one, "#1f3a34", "#ffffff", None), media(b""))
        for one in (name, same, "Box")
    ]

    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]


@pytest.mark.parametrize("data", [b"", b"GIF89a", png()[:40]])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(errors.PictureError):
        images.opened(data)


def test_a_wholly_transparent_logo_is_refused() -> None:
    brand = Brand("C", "#1f3a34", "#ffffff", "logo")

    with pytest.raises(errors.PictureError, match="transparent"):
        images.logos(brand, media(png(colour=(0, 0, 0, 0))))


def test_strips_have_apples_sizes() -> None:
    files = strip.strips(make_scene(), media(b""))

    assert {name: picture(data).size for name, data in files.items()} == {
        "strip.png": (375, 144),
        "strip@2x.png": (750, 288),
        "strip@3x.png": (1125, 432),
    }


def test_a_strip_of_our_own_is_light() -> None:
    files = strip.strips(make_scene(), media(b""))

    assert sum(map(len, files.values())) < 40_000


def test_every_step_draws_another_strip() -> None:
    seen = {drawn(filled=step).tobytes() for step in (*range(10), None)}

    assert len(seen) == 11


def test_the_filled_part_ends_where_the_step_says() -> None:
    track = drawn(filled=5)
    left, right, y = 42, 333, 100

    filled = track.getpixel((left + (right - left) // 5, y))
    empty = track.getpixel((left + (right - left) * 4 // 5, y))

    warm = colours.parse(LADDER[0])
    assert distance(filled, warm) < distance(empty, warm) / 2


def test_a_reached_tier_is_lit_and_the_next_one_waits() -> None:
    entry, second = (drawn(rank=rank) for rank in (0, 1))

    assert entry.getpixel((200, 130)) != second.getpixel((200, 130))


def test_the_owners_picture_shows_at_the_top_and_sinks_below() -> None:
    red = media(png((900, 400), (255, 0, 0, 255)))
    files = strip.strips(make_scene(picture="strip"), red)
    shown = picture(files["strip.png"]).convert("RGB")

    top, bottom = shown.getpixel((5, 5)), shown.getpixel((5, 140))

    ground = colours.parse("#1f3a34")
    assert distance(bottom, ground) < distance(top, ground) / 3


@pytest.mark.parametrize("ladder", [LADDER[:1], LADDER[:2], LADDER * 3])
def test_ladders_of_any_length_are_drawn(ladder: tuple[str, ...]) -> None:
    assert drawn(ladder=ladder, rank=len(ladder) - 1, filled=None).size == (375, 144)


@pytest.mark.parametrize("ground", ["#000000", "#ffffff", "#808080", "#e4572e"])
def test_a_tier_like_the_ground_is_still_seen(ground: str) -> None:
    foreground = "#ffffff" if ground != "#ffffff" else "#000000"
    track = drawn(background=ground, foreground=foreground, ladder=(ground,) * 2)

    ends = track.getpixel((42 - 13, 100))
    assert isinstance(ends, tuple)
    assert colours.contrast((ends[0], ends[1], ends[2]), colours.parse(ground)) > 1.5


def distance(one: Any, other: Any) -> int:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True))
