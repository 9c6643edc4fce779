"""A programme's colours, made readable.

Owners choose any three colours. Text on them, and they as text on our pages, must
reach the contrast of WCAG 2.1 (1.4.3: 4.5 to 1) in light and in dark; where the
choice does not, the nearest colour of the same hue does.
"""

import re
from dataclasses import dataclass

from coloraide import Color

READABLE = 4.5
"""The contrast that text needs (WCAG 2.1, 1.4.3)."""

VISIBLE = 3.0
"""The contrast that a shape needs to be made out (WCAG 2.1, 1.4.11)."""

# A filled button is known by its text; its fill has to differ, not to stand out.
# So a yellow shop keeps its yellow on white.
_DISTINCT = 1.2

# How much of the ink is in the tint behind it.
_TINT = 0.12


@dataclass(frozen=True, slots=True)
class _Scheme:
    """The surfaces of tokens.css that a brand stands on, by day or by night.

    *ground* is the one that is hardest to read on, *card* what filled things lie
    on, and *edge* how far these have to stand out from it.
    """

    ground: str
    card: str
    edge: float


_LIGHT = _Scheme(ground="#efedea", card="#ffffff", edge=_DISTINCT)
_DARK = _Scheme(ground="#282725", card="#1d1c1b", edge=VISIBLE)

_WHITE, _BLACK = "#ffffff", "#000000"

_HEX = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)


class ColourError(ValueError):
    """The text is not a colour of the form ``#rrggbb``."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text[:20]!r} is not a colour like #1a2b3c")


def checked(text: str) -> str:
    """*text* as lower-case ``#rrggbb``.

    Raises:
        ColourError: it is anything else; nothing else may reach a stylesheet.
    """
    if not _HEX.fullmatch(text):
        raise ColourError(text)
    return text.lower()


def contrast(one: str, other: str) -> float:
    """How far two colours stand apart by WCAG 2.1, from 1 to 21."""
    return float(Color(checked(one)).contrast(checked(other), method="wcag21"))


def readable(colour: str, on: str, ratio: float = READABLE) -> str:
    """The colour nearest to *colour* that reaches *ratio* on *on*.

    Hue is kept and lightness moved as little as possible, towards whichever end
    passes first. A colour that passes comes back as it is.
    """
    colour, on = checked(colour), checked(on)
    if contrast(colour, on) >= ratio:
        return colour
    found = [moved for end in (0.0, 1.0) if (moved := _towards(colour, on, ratio, end))]
    # Every background reaches 4.58 with black or with white, hence one is found
    # up to there; a caller who asks for more gets the best there is.
    return (
        min(found, key=lambda moved: _distance(colour, moved)) if found else ink_on(on)
    )


def ink_on(background: str) -> str:
    """Black or white, whichever reads better on *background*."""
    return max(_WHITE, _BLACK, key=lambda ink: contrast(ink, background))


def stylesheet(background: str, foreground: str, label: str) -> str:
    """The custom properties that dress a customer's page in a programme's colours.

    *background*, *foreground* and *label* are the card's, as ``#rrggbb``. Sets
    ``--pass-*`` (the card exactly as designed), ``--shop-ink`` (text on the card's
    background, readable) and, for the page around it, ``--brand`` with ``--on-brand``
    (filled things and their text), ``--brand-ink`` (text and lines on the page) and
    ``--brand-soft`` (a tint behind it).

    Raises:
        ColourError: one of them is not ``#rrggbb``.
    """
    exact = {
        "--pass-background": checked(background),
        "--pass-foreground": checked(foreground),
        "--pass-label": checked(label),
        "--shop-ink": readable(foreground, background),
    }
    colours = background, foreground, label
    light = _page_colours(*colours, _LIGHT)
    dark = _page_colours(*colours, _DARK)
    both = {name: f"light-dark({light[name]}, {dark[name]})" for name in light}
    supported = f"@supports (color: light-dark(red, red)) {{\n{_rule(both)}}}\n"
    return _rule(exact | light) + supported


def _page_colours(
    background: str, foreground: str, label: str, scheme: _Scheme
) -> dict[str, str]:
    fill, text = background, foreground
    if contrast(background, scheme.card) < _DISTINCT:
        # A white card on a white page: its ink is what makes the brand.
        fill, text = foreground, background
    fill = readable(fill, scheme.card, scheme.edge)
    ink = _page_ink((background, label, foreground), scheme.ground)
    soft = _hex(Color(scheme.card).mix(ink, _TINT, space="oklab"))
    return {
        "--brand": fill,
        "--on-brand": readable(text, fill),
        # Ink stands on the page as well as on the tint, whichever is harder.
        "--brand-ink": readable(ink, soft),
        "--brand-soft": soft,
    }


def _page_ink(colours: tuple[str, str, str], ground: str) -> str:
    """The first of a brand's colours that reads on *ground*, else the first made to."""
    passing = (colour for colour in colours if contrast(colour, ground) >= READABLE)
    return next(passing, readable(colours[0], ground))


def _rule(properties: dict[str, str]) -> str:
    lines = "".join(f"  {name}: {value};\n" for name, value in properties.items())
    return f":root {{\n{lines}}}\n"


def _with_lightness(colour: str, lightness: float) -> str:
    moved = Color(colour).convert("oklch").set("lightness", lightness)
    return _hex(moved.convert("srgb").fit(method="oklch-chroma"))


def _towards(colour: str, on: str, ratio: float, end: float) -> str | None:
    """The first colour that passes on the way to black (0) or white (1)."""
    if contrast(_with_lightness(colour, end), on) < ratio:
        return None
    failing, passing = float(Color(colour).convert("oklch")["lightness"]), end
    # Ten halvings are finer than one step of #rrggbb.
    for _ in range(10):
        middle = (failing + passing) / 2
        if contrast(_with_lightness(colour, middle), on) >= ratio:
            passing = middle
        else:
            failing = middle
    return _with_lightness(colour, passing)


def _hex(colour: Color) -> str:
    return colour.convert("srgb").to_string(hex=True)


def _distance(one: str, other: str) -> float:
    return float(Color(one).delta_e(other, method="ok"))
