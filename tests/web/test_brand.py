import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from web import brand

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
LIGHT_PAGE, DARK_PAGE = "#f6f5f3", "#1d1c1b"


def pairs(sheet: str) -> dict[str, tuple[str, str]]:
    """The properties that differ by day and by night, as (light, dark)."""
    found = re.findall(
        r"(--[a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", sheet
    )
    return {name: (light, dark) for name, light, dark in found}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("#ffffff", "#000000", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#777777", "#ffffff", 4.48),
        ("#0000ff", "#ffffff", 8.59),
    ],
)
def test_contrast_is_the_one_of_wcag_2_1(one: str, other: str, expected: float) -> None:
    assert brand.contrast(one, other) == pytest.approx(expected, abs=0.005)


@given(COLOURS, COLOURS)
@example("#777777", "#777777")
@example("#000000", "#000000")
def test_a_readable_colour_always_exists(colour: str, ground: str) -> None:
    assert brand.contrast(brand.readable(colour, ground), ground) >= brand.READABLE


@given(COLOURS, COLOURS)
def test_a_colour_that_reads_well_is_kept(colour: str, ground: str) -> None:
    found = brand.readable(colour, ground)

    assert (found == colour) == (brand.contrast(colour, ground) >= brand.READABLE)


def test_the_nearest_readable_colour_only_just_passes() -> None:
    found = brand.readable("#e9a36b", "#ffffff")

    assert 4.5 <= brand.contrast(found, "#ffffff") < 4.65


def test_the_nearest_readable_colour_keeps_its_hue() -> None:
    red, green, blue = bytes.fromhex(brand.readable("#e9a36b", "#ffffff")[1:])

    assert red > green > blue


@given(COLOURS, COLOURS, COLOURS)
@example("#ffffff", "#ffffff", "#ffffff")
@example("#f6f5f3", "#1d1c1b", "#282725")
def test_every_text_of_a_dressed_page_is_readable(
    background: str, foreground: str, label: str
) -> None:
    found = pairs(brand.stylesheet(background, foreground, label))

    for light_or_dark, page in enumerate((LIGHT_PAGE, DARK_PAGE)):
        ink = found["--brand-ink"][light_or_dark]
        button = found["--on-brand"][light_or_dark], found["--brand"][light_or_dark]
        assert brand.contrast(ink, page) >= brand.READABLE
        assert (
            brand.contrast(ink, found["--brand-soft"][light_or_dark]) >= brand.READABLE
        )
        assert brand.contrast(*button) >= brand.READABLE


def test_the_card_keeps_the_colours_that_the_owner_chose() -> None:
    sheet = brand.stylesheet("#FFE600", "#ffffff", "#eeeeee")

    assert "--pass-background: #ffe600;" in sheet
    assert "--pass-foreground: #ffffff;" in sheet
    assert "--pass-label: #eeeeee;" in sheet


def test_a_yellow_shop_keeps_its_yellow_buttons_by_day() -> None:
    assert (
        pairs(brand.stylesheet("#ffe600", "#222222", "#222222"))["--brand"][0]
        == "#ffe600"
    )


def test_a_white_card_lends_the_page_its_ink() -> None:
    found = pairs(brand.stylesheet("#ffffff", "#1f3d2b", "#5c7a68"))

    assert found["--brand"][0] == "#1f3d2b"
    assert found["--on-brand"][0] == "#ffffff"


def test_browsers_without_light_dark_get_the_light_colours() -> None:
    sheet = brand.stylesheet("#5b3423", "#fff4e6", "#e9c39b")
    before = sheet.split("@supports")[0]

    assert f"--brand: {pairs(sheet)['--brand'][0]};" in before
    assert f"--brand-ink: {pairs(sheet)['--brand-ink'][0]};" in before


@pytest.mark.parametrize(
    "text",
    [
        "",
        "red",
        "#fff",
        "#12345g",
        "#1234567",
        "#123456;}",
        "rgb(0, 0, 0)",
        "\uff03123456",
        "#123456\n",
        "#١٢٣٤٥٦",
    ],
)
def test_nothing_but_a_colour_reaches_the_stylesheet(text: str) -> None:
    with pytest.raises(brand.ColourError):
        brand.stylesheet("#000000", text, "#ffffff")


def test_a_pale_card_lends_the_page_its_darker_colour() -> None:
    found = pairs(brand.stylesheet("#f7d9e0", "#4a1230", "#8a3a5c"))

    assert found["--brand-ink"][0] == "#8a3a5c"
