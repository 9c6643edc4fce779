"""The card as a draft would make it, drawn from what would be signed."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from flask_babel import gettext

from passes.cards.announcement import Announcement
from passes.content import card_content
from passes.content.shown import CardContent, Look
from passes.errors import NotFoundError
from wallet_apple import drafts, localisation, strings
from wallet_apple.errors import PictureError
from web import brand, previews
from web.previews import Images, PassView

READ = ("foreground", "label")
"""The colours that have to be readable on the background."""

_LOCALES = {"fr": "fr_FR", "en": "en_GB"}
_SHARPNESS = "@2x"
# Manifest, signature and the archive's own lines.
_WRAPPING = 6_000

Load = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Warned:
    """A colour that is hard to read on the background, and the nearest that is not."""

    field: str
    text: str
    ratio: float
    instead: str


@dataclass(frozen=True, slots=True)
class Preview:
    """A card to show. *weight* is about what a phone downloads, in bytes.

    *notice* is what a lock screen says of new points; *trouble* a sentence when a
    picture cannot be drawn.
    """

    view: PassView
    notice: str
    weight: int
    trouble: str


def draw(
    look: Look, load: Load, *, language: str, worst: bool, at: datetime
) -> Preview:
    """Return the card of a member who exists nowhere, in *language*.

    With *worst* the name is long and the balance has seven digits. *load* gives the
    pictures' bytes.
    """
    content = sample(look, at, worst=worst)
    try:
        files, trouble = drafts.files(content, load), ""
    except (PictureError, NotFoundError):
        content = replace(content, look=replace(look, logo=None, strip=None))
        files, trouble = drafts.files(content, load), _cannot_be_drawn()
    document = json.loads(files["pass.json"])
    shown = strings.read(files[localisation.file_name(language)])
    view = previews.card(
        document, shown, _images(files), locale=_LOCALES[language], at=at
    )
    return Preview(
        view=view,
        notice=_notice(content, view, shown, load),
        weight=sum(map(len, files.values())) + _WRAPPING,
        trouble=trouble,
    )


def sample(look: Look, at: datetime, *, worst: bool = False) -> CardContent:
    """Return the card that the preview shows."""
    content = card_content.sample(look, at)
    if not worst:
        return content
    return replace(
        content, holder="Marie-Antoinette de La Rochefoucauld-Liancourt", points=1234567
    )


def warnings(look: Look) -> list[Warned]:
    """Return what cannot be read on the card; an owner may publish it all the same."""
    found = []
    for field in READ:
        colour = str(getattr(look, field))
        ratio = brand.contrast(colour, look.background)
        if ratio < brand.READABLE:
            instead = brand.readable(colour, look.background)
            found.append(Warned(field, warning(field), ratio, instead))
    return found


def warning(field: str) -> str:
    """Return the sentence that warns of the text's or the labels' colour."""
    sentences = {
        "label": gettext("The small labels are hard to read on this background."),
        "foreground": gettext("The text is hard to read on this background."),
    }
    return str(sentences[field])


def _cannot_be_drawn() -> str:
    return str(gettext("One of the pictures cannot be drawn."))


def _notice(
    content: CardContent, view: PassView, shown: Mapping[str, str], load: Load
) -> str:
    """What the lock screen says when the card's points have just become these."""
    told = replace(content, announcement=Announcement.POINTS)
    document = json.loads(drafts.files(told, load)["pass.json"])
    header = tuple(replace(field, value="") for field in view.header)
    before = replace(view, header=header)
    return previews.notification(before, view, document, shown) or ""


def _images(pictures: Mapping[str, bytes]) -> Images:
    """The pictures inside the page: a draft has no address that could be kept."""

    def inside(name: str) -> str | None:
        if png := pictures.get(f"{name}{_SHARPNESS}.png"):
            return f"data:image/png;base64,{base64.b64encode(png).decode()}"
        return None

    return Images(icon=inside("icon"), logo=inside("logo"), strip=inside("strip"))
