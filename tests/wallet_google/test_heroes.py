"""The banner: its size and weight, and that it shows how far the way is."""

from typing import Any

import pytest
from PIL import Image

from tests.wallet_apple.cards import png
from tests.wallet_google.drawing import opened
from wallet_google import colours, heroes
from wallet_google.colours import Colour
from wallet_google.heroes import Scene

LADDER = ("#b08d57", "#c0c6cc", "#e2b93b")


def made(media: bytes = b"", **changes: Any) -> bytes:
    usual: dict[str, Any] = {
        "background": "#1f3a34",
        "foreground": "#ffffff",
        "picture": None,
        "ladder": LADDER,
        "rank": 0,
        "filled": 5,
        "steps": 10,
    }
    return heroes.hero(Scene(**(usual | changes)), lambda _name: media)


def drawn(media: bytes = b"", **changes: Any) -> Image.Image:
    return opened(made(media, **changes)).convert("RGB")


def colour(picture: Image.Image, at: tuple[float, float]) -> Colour:
    found = picture.getpixel((round(at[0]), round(at[1])))
    assert isinstance(found, tuple)
    red, green, blue = found
    return red, green, blue


def far(one: Colour, other: Colour) -> int:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True))


def on_the_path(share: float) -> tuple[float, float]:
    return heroes._at(share)


def test_a_banner_is_three_times_as_wide_as_high() -> None:
    assert drawn().size == (1032, 336)


def test_our_own_banner_is_light() -> None:
    assert len(made()) < 30_000


def test_the_same_scene_is_the_same_file() -> None:
    assert made() == made()


def test_every_step_draws_another_banner() -> None:
    assert len({made(filled=step) for step in (*range(10), None)}) == 11


def test_every_tier_draws_another_banner() -> None:
    assert len({made(rank=rank) for rank in (0, 1)}) == 2


@pytest.mark.parametrize("step", range(2, 9))
def test_the_done_part_ends_where_the_step_says(step: int) -> None:
    """Before the holder's place the path has a tier's colours, behind it none."""
    picture = drawn(filled=step, ladder=("#e2b93b", "#e2b93b"))
    gold, share = colours.parse("#e2b93b"), step / 10

    assert far(colour(picture, on_the_path(share - 0.07)), gold) < 30
    assert far(colour(picture, on_the_path(share + 0.07)), gold) > 100


def test_the_top_tier_is_a_whole_way_and_a_medal() -> None:
    top = drawn(rank=2, filled=None)
    waiting = drawn(rank=1, filled=9)
    medal = (heroes._RIGHT + 38, heroes._HIGH)

    gold = colours.parse("#e2b93b")
    assert far(colour(top, on_the_path(0.87)), gold) < 60
    assert far(colour(top, medal), gold) < far(
        colour(waiting, (medal[0] - 5, 116)), gold
    )


def test_the_owners_picture_is_the_sky() -> None:
    picture = drawn(png((900, 400), (255, 0, 0, 255)), picture="strip")

    assert far(colour(picture, (40, 40)), (255, 0, 0)) < 6
    assert far(colour(picture, (516, 320)), colours.parse("#1f3a34")) < 6


@pytest.mark.parametrize("size", [(10, 400), (2000, 30), (1, 1)])
def test_a_picture_of_any_shape_fits(size: tuple[int, int]) -> None:
    assert drawn(png(size), picture="strip").size == (1032, 336)


@pytest.mark.parametrize("ladder", [LADDER[:1], LADDER[:2], LADDER * 4])
def test_ladders_of_any_length_are_drawn(ladder: tuple[str, ...]) -> None:
    picture = drawn(ladder=ladder, rank=len(ladder) - 1, filled=None)

    assert picture.size == (1032, 336)


@pytest.mark.parametrize("ground", ["#000000", "#ffffff", "#808080", "#e4572e"])
def test_a_tier_like_the_ground_is_still_seen(ground: str) -> None:
    text = "#000000" if ground == "#ffffff" else "#ffffff"
    picture = drawn(background=ground, foreground=text, ladder=(ground,) * 2)

    medal = colour(picture, (heroes._LEFT - 34, heroes._LOW))

    assert colours.contrast(medal, colours.parse(ground)) > 1.8
